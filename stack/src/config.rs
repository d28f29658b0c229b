//! What a shop is started with: one JSON document, with a default for everything that can have one.

use std::{net::SocketAddr, path::PathBuf};

use serde::{Deserialize, Serialize};

use crate::{defects::Defect, flags::FlagValues};

mod parts;

pub use parts::{BackupPayment, Capture, FlatRate, Fraud, OnTimeout, Shipping, SplitDispatch, TlsFiles, Voucher};

/// The whole configuration.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where to listen; port 0 lets the system choose.
    #[serde(default = "loopback")]
    pub listen: SocketAddr,
    /// The `SQLite` file. Its journal lies beside it.
    pub store: PathBuf,
    /// Where the log goes, as JSON lines; standard error when absent.
    #[serde(default)]
    pub log: Option<PathBuf>,
    /// ISO 4217 code of everything sold.
    #[serde(default = "usd")]
    pub currency: String,
    /// What is sold.
    pub catalogue: Catalogue,
    /// Promotion codes with their limits.
    #[serde(default)]
    pub promotions: Vec<Promotion>,
    /// Flat shipping for every order, in minor units.
    #[serde(default)]
    pub shipping_minor: i64,
    /// The payment provider.
    pub payment: Payment,
    /// The tax provider.
    pub tax: Tax,
    /// The warehouse.
    pub fulfilment: Fulfilment,
    /// How long a step waits for the store's lock while somebody else has it; then the shop says that it is busy.
    #[serde(default = "store_wait_ms")]
    pub store_wait_ms: u64,
    /// How long a failed order keeps its stock and its promotion use for a second card.
    #[serde(default = "hold_ttl_ms")]
    pub hold_ttl_ms: u64,
    /// Pause between two looks of the reconciler.
    #[serde(default = "reconcile_every_ms")]
    pub reconcile_every_ms: u64,
    /// Age from which an unsettled payment or refund is the reconciler's business.
    #[serde(default = "reconcile_after_ms")]
    pub reconcile_after_ms: u64,
    /// Headers of the shopper's request to be repeated on every provider call made for the order.
    #[serde(default = "carry_headers")]
    pub carry_headers: Vec<String>,
    /// A seeded defect, for proving that a judge finds it.
    #[serde(default)]
    pub defect: Option<Defect>,
    /// What shoppers and providers reach the shop by; `http://<listen>` when absent. All instances of one store have the same:
    /// it is part of what a payment's key stands for.
    #[serde(default)]
    pub public_url: Option<String>,
    /// When money that is reserved is taken.
    #[serde(default)]
    pub capture: Capture,
    /// Which orders leave in two dispatches; only with [`Capture::AtDispatch`].
    #[serde(default)]
    pub split_dispatch: Option<SplitDispatch>,
    /// How long the shop trusts an authorisation; what the provider says counts where it says it.
    #[serde(default = "authorisation_ttl_ms")]
    pub authorisation_ttl_ms: u64,
    /// The payment provider for when the first one cannot serve.
    #[serde(default)]
    pub backup_payment: Option<BackupPayment>,
    /// Who judges an order before it is paid.
    #[serde(default)]
    pub fraud: Option<Fraud>,
    /// Who says what shipping costs; flat when absent.
    #[serde(default)]
    pub shipping: Option<Shipping>,
    /// Vouchers with what is on them.
    #[serde(default)]
    pub vouchers: Vec<Voucher>,
    /// Store credit that each new account begins with.
    #[serde(default)]
    pub store_credit_minor: i64,
    /// Switches as they are when the store is first made.
    #[serde(default)]
    pub flags: FlagValues,
    /// Certificate and key, for serving over TLS.
    #[serde(default)]
    pub tls: Option<TlsFiles>,
}

/// What is sold.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Catalogue {
    /// Products; each `sku` once.
    pub products: Vec<Product>,
}

/// One product.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Product {
    /// Stock-keeping unit: the product's name in every book.
    pub sku: String,
    /// What shoppers read.
    #[serde(default)]
    pub name: String,
    /// Price of one, in minor units.
    pub unit_minor: i64,
    /// Declared stock when the store is first made; later starts go on with what is left.
    #[serde(default = "plenty")]
    pub stock: i64,
    /// Share of demand, a weight for browsing shoppers.
    #[serde(default)]
    pub popularity: f64,
    /// What one weighs when it is shipped, in grams.
    #[serde(default = "weight_g")]
    pub weight_g: i64,
}

/// A promotion: a share or an amount off the subtotal, for a limited number of orders.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Promotion {
    /// What the shopper types.
    pub code: String,
    /// Share off the subtotal, in basis points.
    #[serde(default)]
    pub percent_bp: i64,
    /// Amount off the subtotal, in minor units.
    #[serde(default)]
    pub amount_minor: i64,
    /// How many orders may use it.
    #[serde(default = "plenty")]
    pub limit: i64,
}

/// The payment provider, on Stripe's wire.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Payment {
    /// Base address, `http://host:port`.
    pub url: String,
    /// Secret API key.
    pub secret_key: String,
    /// Secret that signs webhooks.
    #[serde(default)]
    pub webhook_secret: String,
    /// Key that browsers confirm with.
    #[serde(default)]
    pub publishable_key: Option<String>,
    /// What browsers reach the provider by; `url` when absent.
    #[serde(default)]
    pub browser_url: Option<String>,
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

/// When a circuit breaker opens and how long it stays so.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Breaker {
    /// Consecutive calls that could not even connect.
    pub unreachable_in_row: u32,
    /// Consecutive calls that got no usable answer (timeout, dropped connection, 5xx); high, so that a share of lost
    /// answers never opens it.
    pub unanswered_in_row: u32,
    /// How long to refuse before one call is let through as a probe.
    pub open_ms: u64,
}

impl Default for Breaker {
    fn default() -> Self {
        Self { unreachable_in_row: 10, unanswered_in_row: 200, open_ms: 1_000 }
    }
}

/// The tax provider, on `AvaTax`'s wire.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tax {
    /// Base address, `http://host:port`.
    pub url: String,
    /// Account, the user of Basic authentication.
    #[serde(default)]
    pub account: String,
    /// Licence key, its password.
    #[serde(default)]
    pub license: String,
    /// Patience for one attempt.
    #[serde(default = "tax_timeout_ms")]
    pub timeout_ms: u64,
    /// Repeats of a quote after the first attempt.
    #[serde(default = "tax_retries")]
    pub retries: u32,
    /// Pause before the first repeat; doubles each time, jittered.
    #[serde(default = "backoff_ms")]
    pub backoff_ms: u64,
    /// Most calls in flight.
    #[serde(default = "in_flight_max")]
    pub in_flight_max: usize,
    /// What to do when no quote can be had.
    #[serde(default)]
    pub fallback: Fallback,
    /// When to stop calling.
    #[serde(default)]
    pub breaker: Breaker,
}

/// What happens to a basket that the tax provider does not quote.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fallback {
    /// Nothing is sold untaxed: 503 `tax_unavailable`.
    #[default]
    Block,
    /// A declared rate in basis points; the order stays flagged.
    Rate {
        /// Basis points of the taxable amount.
        rate_bp: i64,
    },
}

impl Fallback {
    /// The policy's name in the orders book.
    #[must_use]
    pub fn policy(self) -> &'static str {
        match self {
            Self::Block => "block",
            Self::Rate { .. } => "rate",
        }
    }
}

/// The warehouse.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fulfilment {
    /// Base address, `http://host:port`.
    pub url: String,
    /// Patience for one attempt.
    #[serde(default = "fulfilment_timeout_ms")]
    pub timeout_ms: u64,
    /// How long a paid order waits before it is dispatched: the shopper's window to cancel.
    #[serde(default)]
    pub after_ms: u64,
    /// Most calls in flight.
    #[serde(default = "in_flight_max")]
    pub in_flight_max: usize,
    /// When to stop calling.
    #[serde(default)]
    pub breaker: Breaker,
}

fn loopback() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}
fn usd() -> String {
    "USD".into()
}
fn plenty() -> i64 {
    1_000_000_000
}
fn weight_g() -> i64 {
    500
}
fn authorisation_ttl_ms() -> u64 {
    7 * 24 * 3_600 * 1_000
}
fn store_wait_ms() -> u64 {
    2_000
}
fn hold_ttl_ms() -> u64 {
    30_000
}
fn reconcile_every_ms() -> u64 {
    500
}
fn reconcile_after_ms() -> u64 {
    2_000
}
fn payment_timeout_ms() -> u64 {
    2_000
}
fn tax_timeout_ms() -> u64 {
    1_000
}
fn fulfilment_timeout_ms() -> u64 {
    2_000
}
fn retries() -> u32 {
    3
}
fn tax_retries() -> u32 {
    1
}
fn backoff_ms() -> u64 {
    50
}
fn in_flight_max() -> usize {
    512
}
fn carry_headers() -> Vec<String> {
    ["doorbuster-run", "doorbuster-intent", "traceparent"].map(String::from).to_vec()
}
