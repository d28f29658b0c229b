//! Adyen's standard notification: what happened, signed inside its body.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use serde::Serialize;
use sha2::Sha256;

use super::body::Amount;
use super::state::Payment;
use crate::calendar;
use crate::sheet::json;
use crate::turn::{Happened, Turn};

/// What is told of a payment.
pub(super) struct Notice<'a> {
    /// `eventCode`.
    pub(super) event: &'static str,
    /// The reference of what happened; the payment's own, or that of a change.
    pub(super) psp: &'a str,
    /// The payment's reference, where `psp` is not it.
    pub(super) original: Option<&'a str>,
    /// The merchant's reference.
    pub(super) reference: &'a str,
    /// Minor units.
    pub(super) amount: i64,
    pub(super) is_success: bool,
    pub(super) reason: String,
    pub(super) additional: Vec<(&'static str, String)>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Envelope<'a> {
    live: &'static str,
    notification_items: [Container<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Container<'a> {
    notification_request_item: Item<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Item<'a> {
    additional_data: BTreeMap<String, String>,
    amount: Amount,
    event_code: &'static str,
    event_date: String,
    merchant_account_code: &'a str,
    merchant_reference: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    operations: Option<&'static [&'static str]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    original_reference: Option<&'a str>,
    payment_method: &'static str,
    psp_reference: &'a str,
    reason: &'a str,
    success: &'static str,
}

/// What the holder may still have done to a payment that was authorised.
const OPERATIONS: [&str; 3] = ["CANCEL", "CAPTURE", "REFUND"];

/// Queues a notification about a payment.
pub(super) fn tell(payment: &Payment, notice: &Notice<'_>, turn: &mut Turn<'_>) {
    let at_s = turn.now_s();
    let id = format!("{}.{}", notice.psp, notice.event);
    let happened = Happened {
        kind: notice.event,
        object: &(),
        parent: &payment.psp,
        brand: Some(payment.card.brand.trait_name()),
        amount_minor: notice.amount,
        intent: payment.mark.as_deref(),
        payment: payment.n,
    };
    turn.notified(&happened, &id, |secret| render(payment, notice, at_s, secret));
}

fn render(payment: &Payment, notice: &Notice<'_>, at_s: i64, secret: &str) -> Bytes {
    let success = if notice.is_success { "true" } else { "false" };
    let signed = [
        notice.psp,
        notice.original.unwrap_or_default(),
        &payment.merchant,
        notice.reference,
        &notice.amount.to_string(),
        &payment.currency,
        notice.event,
        success,
    ];
    let mut additional_data: BTreeMap<String, String> =
        notice.additional.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    additional_data.extend(payment.metadata.iter().map(|(name, value)| (format!("metadata.{name}"), value.clone())));
    additional_data.insert("hmacSignature".to_owned(), sign(secret, &signed.join(":")));
    let item = Item {
        additional_data,
        amount: Amount { currency: payment.currency.clone(), value: notice.amount },
        event_code: notice.event,
        event_date: date(at_s),
        merchant_account_code: &payment.merchant,
        merchant_reference: notice.reference,
        operations: (notice.event == "AUTHORISATION" && notice.is_success).then_some(&OPERATIONS),
        original_reference: notice.original,
        payment_method: payment.card.brand.name(),
        psp_reference: notice.psp,
        reason: &notice.reason,
        success,
    };
    json(&Envelope { live: "false", notification_items: [Container { notification_request_item: item }] })
}

/// The signature: Base64 of HMAC-SHA256 with the endpoint's hexadecimal key (Adyen, *Verify HMAC signatures*).
pub(super) fn sign(secret: &str, text: &str) -> String {
    // A secret that is not hexadecimal is used as it stands, as nobody can check it anyhow.
    let key = hex::decode(secret).unwrap_or_else(|_| secret.as_bytes().to_vec());
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("HMAC takes a key of any length");
    mac.update(text.as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}

/// A time in unix seconds as notifications and answers carry it, in UTC.
pub(super) fn date(at_s: i64) -> String {
    let (year, month, day) = calendar::day(at_s);
    let of_day = at_s.rem_euclid(86_400);
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}+00:00", of_day / 3_600, of_day / 60 % 60, of_day % 60)
}

#[cfg(test)]
mod tests {
    #[test]
    fn it_is_the_documented_scheme() {
        // The example of Adyen's own libraries' tests.
        let key = "44782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056";
        let text = "7914073381342284::TestMerchant:TestPayment-1407325143704:1130:EUR:AUTHORISATION:true";
        assert_eq!(super::sign(key, text), "coqCmt/IZ4E3CzPvMY8zTjQVL5hYJUiBRg8UU+iCWo0=");
    }

    #[test]
    fn dates_carry_their_offset() {
        assert_eq!(super::date(1_764_321_005), "2025-11-28T09:10:05+00:00");
    }
}
