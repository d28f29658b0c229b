//! Signatures of webhooks: Stripe's, and the plain one that Riskified has.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Value of the header `Stripe-Signature`: time in unix seconds, HMAC-SHA256 of `time.payload`.
pub(crate) fn sign(secret: &str, at_s: i64, payload: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes a key of any length");
    mac.update(at_s.to_string().as_bytes());
    mac.update(b".");
    mac.update(payload);
    format!("t={at_s},v1={}", hex::encode(mac.finalize().into_bytes()))
}

/// HMAC-SHA256 of a payload, in hexadecimal digits.
pub(crate) fn hmac_hex(secret: &str, payload: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes a key of any length");
    mac.update(payload);
    hex::encode(mac.finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    #[test]
    fn it_is_the_documented_scheme() {
        // `printf '1492774577.{"id":"evt_1"}' | openssl dgst -sha256 -hmac whsec_test`
        assert_eq!(
            super::sign("whsec_test", 1_492_774_577, br#"{"id":"evt_1"}"#),
            "t=1492774577,v1=7656fc2882a7ca0a651666b36bf2f2f22ee204f54f608f227498a2419f2890b2"
        );
    }
}
