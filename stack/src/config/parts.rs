//! The parts of the configuration that a small shop does without: a second payment provider, fraud and shipping providers,
//! capture at dispatch, vouchers, TLS.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::cart::Address;

use super::{Breaker, backoff_ms, in_flight_max, payment_timeout_ms, retries, tax_timeout_ms};

/// When money that is reserved is taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Capture {
    /// As it is authorised.
    #[default]
    AtCheckout,
    /// Just before the goods leave.
    AtDispatch,
}

/// Which orders of two lines or more leave in two dispatches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SplitDispatch {
    /// Every so-manieth order, by number.
    pub every_nth: i64,
}

/// The second payment provider, on Adyen's wire.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackupPayment {
    /// Base address, `http://host:port`, without version.
    pub url: String,
    /// `X-API-Key`.
    pub api_key: String,
    /// The merchant account that payments are made for.
    pub merchant_account: String,
    /// Hexadecimal key that signs notifications.
    #[serde(default)]
    pub hmac_key: String,
    /// Patience for one attempt.
    #[serde(default = "payment_timeout_ms")]
    pub timeout_ms: u64,
    /// Repeats with the same key after the first attempt.
    #[serde(default = "retries")]
    pub retries: u32,
    /// Pause before the first repeat; doubles each time, jittered.
    #[serde(default = "backoff_ms")]
    pub backoff_ms: u64,
    /// Most calls in flight.
    #[serde(default = "in_flight_max")]
    pub in_flight_max: usize,
    /// When to stop calling.
    #[serde(default)]
    pub breaker: Breaker,
}

/// The fraud provider, on Riskified's wire.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fraud {
    /// Base address, `http://host:port`.
    pub url: String,
    /// The shop's name at the provider.
    pub shop_domain: String,
    /// Key of the header's HMAC.
    pub auth_token: String,
    /// Patience for one attempt.
    #[serde(default = "tax_timeout_ms")]
    pub timeout_ms: u64,
    /// What an order without a decision comes to.
    #[serde(default)]
    pub on_timeout: OnTimeout,
    /// How long the desk may take before an order under review is approved; never by itself when absent.
    #[serde(default)]
    pub review_ms: Option<u64>,
}

/// What an order comes to that the fraud provider does not decide on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnTimeout {
    /// It goes on.
    #[default]
    Accept,
    /// A person looks at it.
    Review,
}

/// The provider of shipping rates, on `EasyPost`'s wire.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shipping {
    /// Base address, `http://host:port`.
    pub url: String,
    /// The user of Basic authentication.
    #[serde(default)]
    pub api_key: String,
    /// Patience for one attempt.
    #[serde(default = "tax_timeout_ms")]
    pub timeout_ms: u64,
    /// Most calls in flight.
    #[serde(default = "in_flight_max")]
    pub in_flight_max: usize,
    /// When to stop calling.
    #[serde(default)]
    pub breaker: Breaker,
    /// What shipping costs by country while the provider does not say.
    #[serde(default)]
    pub table: Vec<FlatRate>,
    /// What it costs to a country that is not in the table, in minor units.
    #[serde(default)]
    pub default_minor: i64,
    /// How long a rate holds for parcels of the same zone and weight.
    #[serde(default = "rate_ttl_ms")]
    pub cache_ms: u64,
    /// Where parcels leave from.
    #[serde(default = "warehouse")]
    pub origin: Address,
}

fn rate_ttl_ms() -> u64 {
    60_000
}

fn warehouse() -> Address {
    Address {
        name: "Warehouse".into(),
        line1: "417 Montgomery Street".into(),
        city: "San Francisco".into(),
        region: "CA".into(),
        postal_code: "94104".into(),
        country: "US".into(),
    }
}

/// One row of the backup table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FlatRate {
    /// ISO 3166 code.
    pub country: String,
    /// In minor units.
    pub amount_minor: i64,
}

/// A voucher with what is on it when the store is first made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Voucher {
    /// What the shopper types.
    pub code: String,
    /// In minor units.
    pub balance_minor: i64,
}

/// What serving over TLS needs, as PEM.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsFiles {
    /// The certificate, with its chain.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}
