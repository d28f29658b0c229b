//! What a webhook wears on its way: each provider's user agent, and its signature where that is a header.

use http::header::{HeaderName, HeaderValue, USER_AGENT};

use model::fault::Provider;

use super::signature::{hmac_hex, sign};
use crate::wire::Headers;

const STRIPE_SIGNATURE: HeaderName = HeaderName::from_static("stripe-signature");

const RISKIFIED_SIGNATURE: HeaderName = HeaderName::from_static("x-riskified-hmac-sha256");

/// Headers of a delivery; `at_s` is in unix seconds.
pub(super) fn dress(provider: Provider, secret: &str, at_s: i64, payload: &[u8]) -> Headers {
    match provider {
        Provider::Payment => {
            let signature = HeaderValue::try_from(sign(secret, at_s, payload)).expect("digits, letters, `=` and `,`");
            vec![
                (USER_AGENT, HeaderValue::from_static("Stripe/1.0 (doorbuster simulator)")),
                (STRIPE_SIGNATURE, signature),
            ]
        }
        // Its signature is part of the body.
        Provider::BackupPayment => {
            vec![(USER_AGENT, HeaderValue::from_static("Adyen HttpClient 1.0 (doorbuster simulator)"))]
        }
        Provider::Fraud => {
            let signature = HeaderValue::try_from(hmac_hex(secret, payload)).expect("hexadecimal digits");
            vec![
                (USER_AGENT, HeaderValue::from_static("Riskified (doorbuster simulator)")),
                (RISKIFIED_SIGNATURE, signature),
            ]
        }
        Provider::Tax | Provider::Shipping | Provider::Warehouse => {
            vec![(USER_AGENT, HeaderValue::from_static("doorbuster simulator"))]
        }
    }
}
