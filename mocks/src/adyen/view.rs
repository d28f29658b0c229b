//! A payment as Adyen answers it.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderName, HeaderValue};
use serde::Serialize;
use serde_json::json;

use super::body::Amount;
use super::reference::{self, Kind};
use super::refusals::{Refusal, ResultCode};
use super::state::{Payment, Stage, Step};
use crate::identity::Identity;
use crate::wire::Answer;

/// Names the payment or the change that an answer is about.
pub(super) const PSP_REFERENCE: HeaderName = HeaderName::from_static("pspreference");

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PaymentView<'a> {
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    additional_data: BTreeMap<&'static str, String>,
    psp_reference: &'a str,
    result_code: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    refusal_reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refusal_reason_code: Option<String>,
    amount: Amount,
    merchant_reference: &'a str,
    payment_method: MethodView,
    #[serde(skip_serializing_if = "Option::is_none")]
    action: Option<Action>,
}

#[derive(Serialize)]
struct MethodView {
    brand: &'static str,
    #[serde(rename = "type")]
    kind: &'static str,
}

/// What the shopper's browser is to do.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Action {
    #[serde(rename = "type")]
    kind: &'static str,
    payment_method_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    method: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subtype: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    authorisation_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payment_data: Option<String>,
}

/// What Adyen tells of a card beside the result.
pub(super) fn additional(payment: &Payment, identity: Identity) -> Vec<(&'static str, String)> {
    let card = &payment.card;
    let mut pairs = vec![
        ("cardSummary", card.last4.clone()),
        ("expiryDate", format!("{}/{}", card.expiry_month, card.expiry_year)),
        ("paymentMethod", card.brand.name().to_owned()),
    ];
    if payment.stage == Stage::Authorised {
        pairs.push(("authCode", auth_code(payment)));
        pairs.push(("avsResult", "4 AVS not supported for this card type".to_owned()));
        pairs.push(("cvcResult", "1 Matches".to_owned()));
    }
    pairs.extend(payment.shopper_email.clone().map(|email| ("shopperEmail", email)));
    if let Some(shopper) = &payment.shopper_reference {
        pairs.push(("recurring.shopperReference", shopper.clone()));
        if payment.stores_card && payment.stage == Stage::Authorised {
            let id = reference::make(identity, Kind::StoredMethod, payment.n, 0);
            pairs.push(("recurring.recurringDetailReference", id.clone()));
            pairs.push(("tokenization.storedPaymentMethodId", id));
            pairs.push(("tokenization.shopperReference", shopper.clone()));
        }
    }
    pairs
}

/// Six digits, as issuers give them.
fn auth_code(payment: &Payment) -> String {
    format!("{:06}", payment.n.wrapping_mul(7_919).rem_euclid(1_000_000))
}

/// The reason of an authorisation that succeeded: its code, and what the card shows.
pub(super) fn auth_reason(payment: &Payment) -> String {
    let card = &payment.card;
    format!("{}:{}:{:02}/{}", auth_code(payment), card.last4, card.expiry_month, card.expiry_year)
}

/// What a payment came to, and why not where it was refused.
pub(super) fn result(payment: &Payment) -> (ResultCode, Option<Refusal>) {
    match payment.stage {
        Stage::Asked(step) => (step.result(), None),
        Stage::Received => (ResultCode::Received, None),
        Stage::Authorised | Stage::Expired => (ResultCode::Authorised, None),
        Stage::Cancelled => (ResultCode::Cancelled, None),
        Stage::Refused(code) => {
            let refusal = Refusal::of_code(code);
            (refusal.result, Some(refusal))
        }
    }
}

/// The answer to whoever made the payment or asks for its result.
pub(super) fn payment(payment: &Payment, base: &str, identity: Identity) -> Answer {
    let (result, refusal) = result(payment);
    let view = PaymentView {
        additional_data: additional(payment, identity).into_iter().collect(),
        psp_reference: &payment.psp,
        result_code: result.name(),
        refusal_reason: refusal.map(|refusal| refusal.reason),
        refusal_reason_code: refusal.map(|refusal| refusal.code.to_string()),
        amount: Amount { currency: payment.currency.clone(), value: payment.amount },
        merchant_reference: &payment.reference,
        payment_method: MethodView { brand: payment.card.brand.name(), kind: "scheme" },
        action: action(payment, base, identity),
    };
    named(Answer::json(200, &view), &payment.psp)
}

/// Puts a reference into an answer's header.
pub(super) fn named(answer: Answer, psp: &str) -> Answer {
    match HeaderValue::try_from(psp) {
        Ok(value) => answer.header(PSP_REFERENCE, value),
        Err(_) => answer,
    }
}

/// What identifies a payment to whoever brings the holder's reply; only we can make it.
pub(super) fn payment_data(payment: &Payment, identity: Identity) -> String {
    format!("{}.{}", payment.psp, identity.secret("payment data", payment.n))
}

/// The address of the page that asks the holder; it leads to the account, so that the page needs no key.
fn page_url(payment: &Payment, base: &str, identity: Identity) -> String {
    format!("{base}/checkoutshopper/threeDS/{:x}/{}", payment.account, payment_data(payment, identity))
}

fn action(payment: &Payment, base: &str, identity: Identity) -> Option<Action> {
    let Stage::Asked(step) = payment.stage else { return None };
    let data = payment_data(payment, identity);
    let native = |subtype: &'static str| {
        let token = json!({ "threeDSServerTransID": payment.psp, "messageVersion": "2.2.0", "subtype": subtype });
        Action {
            kind: "threeDS2",
            payment_method_type: "scheme",
            url: None,
            method: None,
            subtype: Some(subtype),
            token: Some(STANDARD.encode(token.to_string())),
            authorisation_token: Some(data.clone()),
            payment_data: Some(data.clone()),
        }
    };
    Some(match step {
        Step::Redirect => Action {
            kind: "redirect",
            payment_method_type: "scheme",
            url: Some(page_url(payment, base, identity)),
            method: Some("GET"),
            subtype: None,
            token: None,
            authorisation_token: None,
            payment_data: None,
        },
        Step::Fingerprint => native("fingerprint"),
        Step::Challenge => native("challenge"),
    })
}
