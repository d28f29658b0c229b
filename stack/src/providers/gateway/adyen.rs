//! The second payment provider on Adyen's wire (docs.adyen.com/api-explorer, Checkout v72). A refusal is an answer with
//! status 200; changes of a payment are only taken in, and their end is told by notification.

use bytes::Bytes;
use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Attempt, Card, Change, Held};
use crate::{
    cart::Address,
    metrics::Operation,
    providers::{Call, Called, Guard, Link, Rejection, Silence},
    store::{CaptureOrder, CaptureTime, Challenge, Charge, NotCharged, Proof, Refund, VoidOrder},
};

/// What stands for a card that the shop does not keep.
pub(crate) const CARD_GIVEN: &str = "card";

/// The provider.
pub(crate) struct Adyen {
    pub(crate) link: Link,
    pub(crate) merchant_account: String,
    /// Where browsers come back to, up to the order's number.
    pub(crate) orders_url: String,
}

/// The answer to a payment or to its details.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Payment {
    #[serde(default)]
    psp_reference: Option<String>,
    #[serde(default)]
    result_code: String,
    #[serde(default)]
    refusal_reason: Option<String>,
    #[serde(default)]
    action: Option<Action>,
    #[serde(default)]
    amount: Option<Amount>,
}

#[derive(Debug, Deserialize)]
struct Action {
    #[serde(default)]
    url: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Amount {
    #[serde(default)]
    value: i64,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Received {
    psp_reference: String,
}

impl Payment {
    fn attempt(self, capture: CaptureTime) -> Attempt {
        let again = Attempt::Doubt { again: true };
        let declined = |intent, code: Option<String>| {
            Attempt::Proven(Proof::Declined { intent, code: code.unwrap_or_else(|| "generic_decline".into()) })
        };
        match (self.result_code.as_str(), self.psp_reference) {
            ("Authorised", Some(intent)) => Attempt::Proven(match capture {
                CaptureTime::AtOnce => Proof::Succeeded { intent },
                CaptureTime::AtDispatch => Proof::Authorised { intent, until_ms: None },
            }),
            ("Refused" | "Error", intent) => declined(intent, self.refusal_reason.map(|reason| code(&reason))),
            ("Cancelled", intent) => declined(intent, Some("canceled".into())),
            ("RedirectShopper" | "ChallengeShopper" | "IdentifyShopper", intent) => Attempt::Waiting(Challenge {
                intent: intent.unwrap_or_default(),
                client_secret: None,
                url: self.action.and_then(|action| action.url),
            }),
            // `Pending` and `Received`: a notification tells.
            _ => again,
        }
    }
}

/// A reason in the words of the shop's answers: `Not enough balance` is `not_enough_balance`.
fn code(reason: &str) -> String {
    let mut code = String::with_capacity(reason.len());
    for letter in reason.chars() {
        match letter {
            'a'..='z' | '0'..='9' => code.push(letter),
            'A'..='Z' => code.push(letter.to_ascii_lowercase()),
            _ if code.ends_with('_') || code.is_empty() => {}
            _ => code.push('_'),
        }
    }
    code
}

impl Adyen {
    /// Authorises a payment in one call, under a key.
    pub(super) async fn charge(&self, charge: &Charge, card: Option<&Card>, key: &str, guard: Guard) -> Attempt {
        // A card that was given once cannot be given again: its notification tells how it went.
        if charge.method == CARD_GIVEN && card.is_none() {
            return Attempt::Doubt { again: false };
        }
        let body = self.payment(charge, card);
        let call = post(Operation::BackupAuthorise, "/v72/payments", &body);
        match self.link.call::<Payment>(Call { key: Some(key), carried: &charge.brief.carried, guard, ..call }).await {
            Called::Answered(payment) => payment.attempt(charge.capture),
            Called::Rejected(rejection) => rejected(&rejection),
            Called::Silent(Silence::NotSent) => Attempt::Nothing(NotCharged::Unavailable),
            Called::Silent(Silence::Unknown) => Attempt::Doubt { again: true },
        }
    }

    fn payment(&self, charge: &Charge, card: Option<&Card>) -> Value {
        let means = match card {
            Some(card) if charge.method == CARD_GIVEN => json!({
                "type": "scheme",
                "number": card.number,
                "expiryMonth": format!("{:02}", card.exp_month),
                "expiryYear": card.exp_year.to_string(),
                "cvc": card.cvc,
            }),
            _ => json!({"type": "scheme", "storedPaymentMethodId": token(&charge.method)}),
        };
        let number = charge.brief.number.to_string();
        let mut payment = json!({
            "amount": {"currency": charge.brief.currency, "value": charge.amount_minor},
            "merchantAccount": self.merchant_account,
            "reference": number,
            "paymentMethod": means,
            "returnUrl": format!("{}{number}/return", self.orders_url),
            "shopperEmail": charge.brief.email,
            "shopperReference": charge.brief.email,
            "shopperInteraction": "Ecommerce",
            "channel": "Web",
            "metadata": {"order": number, "cart": charge.brief.cart, "payment": charge.payment.to_string()},
        });
        if let Some(address) = charge.brief.address() {
            payment["countryCode"] = address.country.as_str().into();
            payment["deliveryAddress"] = delivery(&address);
        }
        match charge.capture {
            CaptureTime::AtOnce => payment["captureDelayHours"] = 0.into(),
            CaptureTime::AtDispatch => payment["additionalData"] = json!({"manualCapture": "true"}),
        }
        payment
    }

    /// Hands over what the browser brought back, and learns how the payment went.
    pub(super) async fn details(&self, intent: &str, redirect_result: &str, held: &Charge) -> Option<Held> {
        let body = json!({"details": {"redirectResult": redirect_result}});
        let call = post(Operation::BackupDetails, "/v72/payments/details", &body);
        match self.link.call::<Payment>(Call { carried: &held.brief.carried, ..call }).await {
            Called::Answered(payment) => Some(Held {
                intent: payment.psp_reference.clone().unwrap_or_else(|| intent.to_owned()),
                payment: Some(held.payment),
                amount_minor: payment.amount.as_ref().map_or(held.amount_minor, |amount| amount.value),
                captured_minor: 0,
                attempt: payment.attempt(held.capture),
            }),
            Called::Rejected(_) | Called::Silent(_) => None,
        }
    }

    /// Cancels by the shop's own reference what waits for its holder, or what nobody knows of. The provider carries it out
    /// later; an authorisation that came first is told by notification and given back then.
    pub(super) async fn abandon(&self, charge: &Charge) -> Attempt {
        let number = charge.brief.number.to_string();
        let body = json!({
            "paymentReference": number,
            "reference": format!("{number}-end"),
            "merchantAccount": self.merchant_account,
        });
        let key = format!("{}-end", charge.key);
        let ended = || {
            let intent = charge.intent.clone();
            Attempt::Proven(Proof::Declined { intent, code: "canceled".into() })
        };
        match self.modify("/v72/cancels", &key, &charge.brief.carried, Operation::BackupVoid, &body).await {
            // What the provider does not know cannot be authorised any more either.
            Change::Received { .. } | Change::Done { .. } | Change::Refused => ended(),
            Change::Unknown => Attempt::Doubt { again: true },
        }
    }

    pub(super) async fn capture(&self, capture: &CaptureOrder) -> Change {
        let body = self.amount(capture.amount_minor, &capture.brief.currency, &format!("C-{}", capture.id));
        let path = format!("/v72/payments/{}/captures", capture.intent);
        self.modify(&path, &capture.key, &capture.brief.carried, Operation::BackupCapture, &body).await
    }

    pub(super) async fn void(&self, void: &VoidOrder) -> Change {
        let body = json!({"merchantAccount": self.merchant_account, "reference": format!("V-{}", void.payment)});
        let path = format!("/v72/payments/{}/cancels", void.intent);
        self.modify(&path, &void.key, &void.brief.carried, Operation::BackupVoid, &body).await
    }

    pub(super) async fn refund(&self, refund: &Refund) -> Change {
        let body = self.amount(refund.amount_minor, &refund.brief.currency, &format!("R-{}", refund.id));
        let path = format!("/v72/payments/{}/refunds", refund.intent);
        self.modify(&path, &refund.key, &refund.brief.carried, Operation::BackupRefund, &body).await
    }

    fn amount(&self, minor: i64, currency: &str, reference: &str) -> Value {
        json!({
            "amount": {"currency": currency, "value": minor},
            "merchantAccount": self.merchant_account,
            "reference": reference,
        })
    }

    async fn modify(&self, path: &str, key: &str, carried: &str, operation: Operation, body: &Value) -> Change {
        match self.link.call::<Received>(Call { key: Some(key), carried, ..post(operation, path, body) }).await {
            Called::Answered(received) => Change::Received { reference: received.psp_reference },
            Called::Rejected(rejection) if matches!(rejection.status, 400 | 403 | 404 | 422) => Change::Refused,
            Called::Rejected(_) | Called::Silent(_) => Change::Unknown,
        }
    }
}

/// An address on Adyen's wire: the number of the house is a field of its own there, and may stay with the street.
fn delivery(address: &Address) -> Value {
    let mut delivery = json!({
        "street": address.line1,
        "houseNumberOrName": "",
        "city": address.city,
        "postalCode": address.postal_code,
        "country": address.country,
    });
    if !address.region.is_empty() {
        delivery["stateOrProvince"] = address.region.as_str().into();
    }
    delivery
}

/// The provider's name of a card that a customer of the first provider keeps: the customer is left out.
fn token(method: &str) -> &str {
    let method = method.split_once('/').map_or(method, |(_, method)| method);
    method.strip_suffix("/save").unwrap_or(method)
}

fn post<'a>(operation: Operation, path: &'a str, body: &Value) -> Call<'a> {
    Call {
        operation,
        method: Method::POST,
        path,
        content_type: "application/json",
        key: None,
        carried: "",
        body: Bytes::from(body.to_string()),
        guard: Guard::None,
    }
}

/// What a rejection of a payment proves.
fn rejected(rejection: &Rejection) -> Attempt {
    match rejection.status {
        // The key is in use (704): what it does is not known.
        422 if is_in_use(rejection) => Attempt::Doubt { again: true },
        400 | 404 | 422 => Attempt::Nothing(NotCharged::Refused),
        401 | 403 | 429 => Attempt::Nothing(NotCharged::Unavailable),
        _ => Attempt::Doubt { again: true },
    }
}

fn is_in_use(rejection: &Rejection) -> bool {
    serde_json::from_slice::<ErrorBody>(&rejection.body).is_ok_and(|body| body.error_code == "704")
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ErrorBody {
    #[serde(default)]
    error_code: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(body: &str, capture: CaptureTime) -> Attempt {
        serde_json::from_str::<Payment>(body).unwrap().attempt(capture)
    }

    #[test]
    fn a_refusal_with_status_200_is_a_decline() {
        let body = r#"{"pspReference":"P1","resultCode":"Refused","refusalReason":"Not enough balance"}"#;
        let declined = Proof::Declined { intent: Some("P1".into()), code: "not_enough_balance".into() };
        assert_eq!(answered(body, CaptureTime::AtOnce), Attempt::Proven(declined));
        let body = r#"{"pspReference":"P1","resultCode":"Authorised"}"#;
        assert_eq!(
            answered(body, CaptureTime::AtDispatch),
            Attempt::Proven(Proof::Authorised { intent: "P1".into(), until_ms: None })
        );
        assert_eq!(answered(r#"{"resultCode":"Pending"}"#, CaptureTime::AtOnce), Attempt::Doubt { again: true });
    }

    #[test]
    fn a_redirect_is_a_challenge() {
        let body = r#"{"resultCode":"RedirectShopper","action":{"type":"redirect","url":"http://a/b","method":"GET"}}"#;
        let challenge = Challenge { intent: String::new(), client_secret: None, url: Some("http://a/b".into()) };
        assert_eq!(answered(body, CaptureTime::AtOnce), Attempt::Waiting(challenge));
    }
}
