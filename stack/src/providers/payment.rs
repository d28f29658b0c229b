//! The payment provider on Stripe's wire (docs.stripe.com/api): what is sent, and what an answer proves.

use bytes::Bytes;
use http::Method;
use serde::Deserialize;

use super::{Call, Called, Guard, Link, Rejection, Silence};
use crate::{
    metrics::Operation,
    refusal::{Refusal, known},
    store::{Charge, NotCharged, Proof, Refund, RefundProof},
};

const FORM: &str = "application/x-www-form-urlencoded";

/// A payment intent, as far as the shop reads it.
#[derive(Debug, Deserialize)]
pub(crate) struct Intent {
    id: String,
    status: String,
    #[serde(default)]
    last_payment_error: Option<CardError>,
    #[serde(default)]
    metadata: Metadata,
}

/// What the shop wrote on the intent.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Metadata {
    /// The payment's row.
    #[serde(default)]
    pub(crate) payment: Option<String>,
}

#[derive(Debug, Deserialize)]
struct CardError {
    #[serde(default)]
    code: Option<String>,
    #[serde(default)]
    decline_code: Option<String>,
}

impl CardError {
    fn reason(self) -> String {
        self.decline_code.or(self.code).unwrap_or_else(|| "generic_decline".into())
    }
}

#[derive(Debug, Deserialize)]
struct ErrorBody {
    error: ErrorDetail,
}

#[derive(Debug, Deserialize)]
struct ErrorDetail {
    #[serde(rename = "type")]
    kind: String,
    #[serde(flatten)]
    card: CardError,
    #[serde(default)]
    payment_intent: Option<Named>,
}

#[derive(Debug, Deserialize)]
struct Named {
    id: String,
}

#[derive(Debug, Deserialize)]
struct Listed {
    data: Vec<Intent>,
}

#[derive(Debug, Deserialize)]
struct RefundObject {
    status: String,
}

/// What one attempt at a charge told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Attempt {
    /// The outcome is proven.
    Proven(Proof),
    /// This attempt did nothing; an earlier one may have.
    Nothing(NotCharged),
    /// Nobody knows. `again` says whether the same key can still find out.
    Doubt { again: bool },
}

/// What an intent proves; `None` while it can still go either way.
pub(crate) fn proof(intent: Intent) -> Option<Proof> {
    match intent.status.as_str() {
        "succeeded" => Some(Proof::Succeeded { intent: intent.id }),
        "requires_payment_method" => {
            intent.last_payment_error.map(|error| Proof::Declined { intent: Some(intent.id), code: error.reason() })
        }
        "canceled" => Some(Proof::Declined { intent: Some(intent.id), code: "canceled".into() }),
        _ => None,
    }
}

/// A card given to the shop itself. It has no `Debug`, is never stored and never logged.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Card {
    number: String,
    exp_month: u32,
    exp_year: u32,
    cvc: String,
}

/// The payment provider.
pub(crate) struct PaymentProvider {
    pub(crate) link: Link,
}

impl PaymentProvider {
    /// Creates and confirms a payment in one call, under a key.
    pub(crate) async fn charge(&self, charge: &Charge, key: &str, guard: Guard) -> Attempt {
        let call = post(Operation::CreatePayment, "/v1/payment_intents", charge_form(charge));
        match self.link.call(Call { key: Some(key), carried: &charge.brief.carried, guard, ..call }).await {
            Called::Answered(intent) => self.read(intent, &charge.brief.carried).await,
            Called::Rejected(rejection) => rejected(&rejection),
            Called::Silent(Silence::NotSent) => Attempt::Nothing(NotCharged::Unavailable),
            Called::Silent(Silence::Unknown) => Attempt::Doubt { again: true },
        }
    }

    /// Reads an intent; one that waits for the shopper's authentication, which this shop does not offer, is cancelled.
    async fn read(&self, intent: Intent, carried: &str) -> Attempt {
        if intent.status != "requires_action" {
            return proof(intent).map_or(Attempt::Doubt { again: true }, Attempt::Proven);
        }
        let path = format!("/v1/payment_intents/{}/cancel", intent.id);
        let call = post(Operation::CancelPayment, &path, Bytes::new());
        match self.link.call::<Intent>(Call { carried, ..call }).await {
            Called::Answered(intent) if intent.status == "canceled" => {
                Attempt::Proven(Proof::Declined { intent: Some(intent.id), code: "authentication_required".into() })
            }
            Called::Answered(_) | Called::Rejected(_) | Called::Silent(_) => Attempt::Doubt { again: true },
        }
    }

    /// Looks for a payment by what the shop wrote on it, without the key.
    pub(crate) async fn find(&self, charge: &Charge) -> Attempt {
        let query = format!("metadata['order']:'{}'", charge.brief.number);
        let query: String = form_urlencoded::byte_serialize(query.as_bytes()).collect();
        let path = format!("/v1/payment_intents/search?limit=100&query={query}");
        let call = Call { method: Method::GET, ..post(Operation::SearchPayments, &path, Bytes::new()) };
        let payment = charge.payment.to_string();
        match self.link.call::<Listed>(Call { carried: &charge.brief.carried, ..call }).await {
            Called::Answered(listed) => {
                let ours = listed.data.into_iter().find(|it| it.metadata.payment.as_deref() == Some(payment.as_str()));
                match ours {
                    Some(intent) => self.read(intent, &charge.brief.carried).await,
                    None => Attempt::Nothing(NotCharged::Unavailable),
                }
            }
            Called::Rejected(_) | Called::Silent(_) => Attempt::Doubt { again: true },
        }
    }

    /// The intent as it is now; `None` when it cannot be had.
    pub(crate) async fn retrieve(&self, intent: &str, carried: &str) -> Option<Intent> {
        let path = format!("/v1/payment_intents/{intent}");
        let call = Call { method: Method::GET, ..post(Operation::RetrievePayment, &path, Bytes::new()) };
        match self.link.call(Call { carried, ..call }).await {
            Called::Answered(intent) => Some(intent),
            Called::Rejected(_) | Called::Silent(_) => None,
        }
    }

    /// Exchanges a card for the provider's name of it.
    pub(crate) async fn tokenise(&self, card: &Card, key: &str, carried: &str) -> Result<String, Refusal> {
        let call = post(Operation::CreateMethod, "/v1/payment_methods", card_form(card));
        match self.link.call::<Named>(Call { key: Some(key), carried, guard: Guard::Breaker, ..call }).await {
            Called::Answered(method) => Ok(method.id),
            Called::Rejected(rejection) if matches!(rejection.status, 400 | 402) => {
                let mut declined = known::DECLINED;
                declined.decline_code = serde_json::from_slice::<ErrorBody>(&rejection.body)
                    .map_or(None, |body| Some(body.error.card.reason()));
                Err(declined)
            }
            Called::Rejected(_) | Called::Silent(_) => Err(known::PAYMENT_UNAVAILABLE),
        }
    }

    /// Gives a payment back; `None` while nobody knows.
    pub(crate) async fn refund(&self, refund: &Refund) -> Option<RefundProof> {
        let call = post(Operation::Refund, "/v1/refunds", refund_form(refund));
        let call = Call { key: Some(&refund.key), carried: &refund.brief.carried, ..call };
        match self.link.call::<RefundObject>(call).await {
            Called::Answered(object) => match object.status.as_str() {
                "succeeded" | "pending" => Some(RefundProof::Succeeded),
                "failed" | "canceled" => Some(RefundProof::Refused),
                _ => None,
            },
            // The provider has judged the request itself; anything else may pass.
            Called::Rejected(rejection) if matches!(rejection.status, 400 | 402 | 404) => Some(RefundProof::Refused),
            Called::Rejected(_) | Called::Silent(_) => None,
        }
    }
}

fn post(operation: Operation, path: &str, body: Bytes) -> Call<'_> {
    Call { operation, method: Method::POST, path, content_type: FORM, key: None, carried: "", body, guard: Guard::None }
}

fn charge_form(charge: &Charge) -> Bytes {
    let mut form = form_urlencoded::Serializer::new(String::with_capacity(320));
    form.append_pair("amount", &charge.amount_minor.to_string())
        .append_pair("currency", &charge.brief.currency.to_ascii_lowercase())
        .append_pair("confirm", "true")
        .append_pair("payment_method", &charge.method)
        .append_pair("receipt_email", &charge.brief.email)
        .append_pair("metadata[cart]", &charge.brief.cart);
    // A charge that comes before its order has no number to give.
    if charge.brief.number.0 > 0 {
        form.append_pair("metadata[order]", &charge.brief.number.to_string())
            .append_pair("metadata[payment]", &charge.payment.to_string());
    }
    form.finish().into()
}

fn card_form(card: &Card) -> Bytes {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("type", "card")
        .append_pair("card[number]", &card.number)
        .append_pair("card[exp_month]", &card.exp_month.to_string())
        .append_pair("card[exp_year]", &card.exp_year.to_string())
        .append_pair("card[cvc]", &card.cvc);
    form.finish().into()
}

fn refund_form(refund: &Refund) -> Bytes {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("payment_intent", &refund.intent)
        .append_pair("amount", &refund.amount_minor.to_string())
        .append_pair("metadata[order]", &refund.brief.number.to_string());
    form.finish().into()
}

/// What a rejection of a charge proves.
fn rejected(rejection: &Rejection) -> Attempt {
    let detail = serde_json::from_slice::<ErrorBody>(&rejection.body).ok().map(|body| body.error);
    match (rejection.status, detail) {
        (402, Some(error)) if error.kind == "card_error" => Attempt::Proven(Proof::Declined {
            intent: error.payment_intent.map(|intent| intent.id),
            code: error.card.reason(),
        }),
        // The key was used with other parameters: what it did then is not known.
        (400, Some(error)) if error.kind == "idempotency_error" => Attempt::Doubt { again: false },
        (400 | 404, Some(_)) => Attempt::Nothing(NotCharged::Refused),
        (401 | 403 | 429, _) => Attempt::Nothing(NotCharged::Unavailable),
        // A kept server error is replayed for ever: the key can tell no more.
        (500.., _) => Attempt::Doubt { again: !says(rejection, "idempotent-replayed", "true") },
        _ => Attempt::Doubt { again: true },
    }
}

fn says(rejection: &Rejection, header: &str, value: &str) -> bool {
    rejection.headers.get(header).is_some_and(|found| found.as_bytes().eq_ignore_ascii_case(value.as_bytes()))
}

#[cfg(test)]
mod tests {

    use super::*;

    fn rejection(status: u16, body: &'static str) -> Rejection {
        Rejection { status, headers: http::HeaderMap::new(), body: Bytes::from_static(body.as_bytes()) }
    }

    #[test]
    fn only_a_readable_card_error_is_a_decline() {
        let body = r#"{"error":{"type":"card_error","code":"card_declined","decline_code":"lost_card",
                       "payment_intent":{"id":"pi_1"}}}"#;
        let declined = Proof::Declined { intent: Some("pi_1".into()), code: "lost_card".into() };
        assert_eq!(rejected(&rejection(402, body)), Attempt::Proven(declined));
        assert_eq!(rejected(&rejection(402, "{\"err")), Attempt::Doubt { again: true });
    }

    #[test]
    fn server_errors_and_conflicts_prove_nothing() {
        for status in [409, 500, 502, 503, 504] {
            assert_eq!(rejected(&rejection(status, "")), Attempt::Doubt { again: true }, "{status}");
        }
        let reused = r#"{"error":{"type":"idempotency_error"}}"#;
        assert_eq!(rejected(&rejection(400, reused)), Attempt::Doubt { again: false });
    }

    #[test]
    fn an_intent_that_may_still_succeed_proves_nothing() {
        let intent = |status: &str| -> Intent {
            serde_json::from_value(serde_json::json!({"id": "pi_1", "status": status})).unwrap()
        };
        for status in ["processing", "requires_action", "requires_capture", "requires_payment_method"] {
            assert_eq!(proof(intent(status)), None, "{status}");
        }
        assert_eq!(proof(intent("succeeded")), Some(Proof::Succeeded { intent: "pi_1".into() }));
    }
}
