//! What requests say, as far as a checkout says it; unknown fields are let pass.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::errors;
use crate::wire::Answer;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Amount {
    pub(crate) currency: String,
    /// Minor units.
    pub(crate) value: i64,
}

/// `POST /payments`.
#[derive(Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct PaymentRequest {
    pub(super) amount: Option<Amount>,
    pub(super) merchant_account: Option<String>,
    pub(super) reference: Option<String>,
    pub(super) payment_method: Option<Means>,
    pub(super) return_url: Option<String>,
    pub(super) shopper_reference: Option<String>,
    pub(super) shopper_email: Option<String>,
    pub(super) shopper_interaction: Option<String>,
    pub(super) recurring_processing_model: Option<String>,
    pub(super) store_payment_method: Option<bool>,
    pub(super) capture_delay_hours: Option<u32>,
    pub(super) additional_data: BTreeMap<String, Value>,
    pub(super) metadata: BTreeMap<String, String>,
    pub(super) country_code: Option<String>,
    pub(super) billing_address: Option<Address>,
    pub(super) delivery_address: Option<Address>,
    pub(super) authentication_data: Option<AuthenticationData>,
}

#[derive(Clone, Deserialize)]
pub(super) struct Address {
    #[serde(default)]
    pub(super) country: Option<String>,
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AuthenticationData {
    #[serde(default, rename = "threeDSRequestData")]
    pub(super) three_ds: Option<ThreeDs>,
}

#[derive(Clone, Deserialize)]
pub(super) struct ThreeDs {
    #[serde(default, rename = "nativeThreeDS")]
    pub(super) native: Option<String>,
}

/// How it is paid.
#[derive(Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Means {
    #[serde(rename = "type")]
    pub(super) kind: Option<String>,
    number: Option<String>,
    encrypted_card_number: Option<String>,
    expiry_month: Option<Value>,
    encrypted_expiry_month: Option<String>,
    expiry_year: Option<Value>,
    encrypted_expiry_year: Option<String>,
    cvc: Option<String>,
    encrypted_security_code: Option<String>,
    pub(super) holder_name: Option<String>,
    pub(super) stored_payment_method_id: Option<String>,
}

/// A field as it came, or as a test encrypts it: with `test_` before it.
fn plain<'a>(open: Option<&'a str>, encrypted: Option<&'a str>) -> Option<&'a str> {
    open.or_else(|| encrypted.map(|text| text.strip_prefix("test_").unwrap_or(text)))
}

fn number(open: Option<&Value>, encrypted: Option<&str>) -> Option<u32> {
    let open = open.and_then(|value| match value {
        Value::String(text) => text.trim().parse().ok(),
        other => other.as_u64().and_then(|number| u32::try_from(number).ok()),
    });
    open.or_else(|| plain(None, encrypted)?.trim().parse().ok())
}

impl Means {
    pub(super) fn number(&self) -> Option<&str> {
        plain(self.number.as_deref(), self.encrypted_card_number.as_deref())
    }

    pub(super) fn month(&self) -> Option<u32> {
        number(self.expiry_month.as_ref(), self.encrypted_expiry_month.as_deref())
    }

    pub(super) fn year(&self) -> Option<u32> {
        number(self.expiry_year.as_ref(), self.encrypted_expiry_year.as_deref())
    }

    pub(super) fn cvc(&self) -> Option<&str> {
        plain(self.cvc.as_deref(), self.encrypted_security_code.as_deref())
    }
}

impl PaymentRequest {
    pub(super) fn additional(&self, name: &str) -> Option<String> {
        match self.additional_data.get(name)? {
            Value::String(text) => Some(text.clone()),
            Value::Null => None,
            other => Some(other.to_string()),
        }
    }

    /// The country of the card holder or of the delivery.
    pub(super) fn country(&self) -> Option<&str> {
        let addresses = [self.billing_address.as_ref(), self.delivery_address.as_ref()];
        let of_address = || addresses.into_iter().flatten().find_map(|address| address.country.as_deref());
        self.country_code.as_deref().or_else(of_address)
    }

    /// Whether the shop's own pages ask the holder, and not a page of ours.
    pub(super) fn asks_natively(&self) -> bool {
        let native = self.authentication_data.as_ref().and_then(|data| data.three_ds.as_ref()?.native.as_deref());
        matches!(native, Some("preferred" | "required")) || self.additional("allow3DS2").as_deref() == Some("true")
    }
}

/// `POST /payments/details`.
#[derive(Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct DetailsRequest {
    pub(super) details: BTreeMap<String, Value>,
    pub(super) payment_data: Option<String>,
}

impl DetailsRequest {
    pub(super) fn detail(&self, name: &str) -> Option<&str> {
        self.details.get(name)?.as_str()
    }
}

/// A change of a payment: capture, refund, cancel, reversal, another amount.
#[derive(Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct ModificationRequest {
    pub(super) amount: Option<Amount>,
    pub(super) merchant_account: Option<String>,
    pub(super) reference: Option<String>,
    /// The merchant's reference of the payment, where no psp reference is known.
    pub(super) payment_reference: Option<String>,
    pub(super) merchant_refund_reason: Option<String>,
}

/// `POST /paymentMethods`.
#[derive(Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct MethodsRequest {
    pub(super) merchant_account: Option<String>,
    pub(super) shopper_reference: Option<String>,
}

/// What a browser sends to pay a session.
#[derive(Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct SessionPayment {
    pub(super) session_data: Option<String>,
    pub(super) payment_method: Option<Means>,
}

/// What a defence of a dispute names.
#[derive(Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct DisputeRequest {
    pub(super) dispute_psp_reference: Option<String>,
    pub(super) merchant_account_code: Option<String>,
}

/// Reads a body; `what` is Adyen's name for it.
pub(super) fn read<T: DeserializeOwned>(body: &[u8], what: &str) -> Result<T, Answer> {
    // A list of the fields' values would be read as the object.
    if body.trim_ascii_start().first() != Some(&b'{') {
        return Err(errors::unexpected(what, "it is no object"));
    }
    serde_json::from_slice(body).map_err(|why| {
        // The position is told, not the text: it may be a card's number.
        errors::unexpected(what, &format!("line {}, column {}", why.line(), why.column()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cards_are_read_open_and_encrypted_for_tests() {
        let open: Means =
            serde_json::from_str(r#"{"number":"4111 1","expiryMonth":"03","expiryYear":2030,"cvc":"737"}"#).unwrap();
        let encrypted: Means = serde_json::from_str(
            r#"{"encryptedCardNumber":"test_4111 1","encryptedExpiryMonth":"test_03","encryptedExpiryYear":"test_2030","encryptedSecurityCode":"test_737"}"#,
        )
        .unwrap();
        for means in [open, encrypted] {
            assert_eq!(
                (means.number(), means.month(), means.year(), means.cvc()),
                (Some("4111 1"), Some(3), Some(2_030), Some("737"))
            );
        }
    }

    #[test]
    fn errors_tell_nothing_of_the_body() {
        let answer = read::<PaymentRequest>(br#"{"amount":"4111111111111111"}"#, "PaymentRequest").err().unwrap();
        assert_eq!(answer.status, 400);
        assert!(!String::from_utf8_lossy(&answer.body).contains("4111"));
    }
}
