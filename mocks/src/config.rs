//! What a providers' process is told at its start.

use std::net::SocketAddr;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// The file given by `--config`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The `SQLite` file in which everything is kept; made when it is missing.
    pub store: PathBuf,
    /// Where the payment provider listens; port 0 takes a free one.
    #[serde(default = "any_port")]
    pub payment: SocketAddr,
    /// Where the second payment provider listens.
    #[serde(default = "any_port")]
    pub backup_payment: SocketAddr,
    /// Where the tax provider listens.
    #[serde(default = "any_port")]
    pub tax: SocketAddr,
    /// Where the provider of fraud decisions listens.
    #[serde(default = "any_port")]
    pub fraud: SocketAddr,
    /// Where the provider of shipping rates listens.
    #[serde(default = "any_port")]
    pub shipping: SocketAddr,
    /// Where the warehouse listens.
    #[serde(default = "any_port")]
    pub warehouse: SocketAddr,
    /// Where the admin interface listens.
    #[serde(default = "any_port")]
    pub admin: SocketAddr,
    /// Bearer token demanded of admin calls that do not come from loopback; without one they are refused.
    #[serde(default)]
    pub admin_token: Option<String>,
    /// The tax provider's company.
    #[serde(default = "default_company")]
    pub company: String,
    /// Accepts keys that no run has leased; their rows carry no run.
    #[serde(default = "yes")]
    pub open_accounts: bool,
    /// How long an account's lease lasts unless the call or a renewal says otherwise, in milliseconds.
    #[serde(default = "default_account_ttl_ms")]
    pub account_ttl_ms: u64,
    /// How long a payment by bank debit stays `processing`, in milliseconds.
    #[serde(default = "default_processing_ms")]
    pub processing_ms: u64,
    /// How soon disputes are opened and decided, and refunds settle or come back.
    #[serde(default)]
    pub desk: DeskConfig,
    /// How long a 3-D Secure challenge waits for the holder before it is given up, in milliseconds.
    #[serde(default = "default_challenge_ms")]
    pub challenge_ms: u64,
    /// What browsers reach the payment provider by, such as `http://pay.example:8080`; the address that it listens on when
    /// absent.
    #[serde(default)]
    pub payment_public_url: Option<String>,
    /// What browsers reach the second payment provider by; the address that it listens on when absent.
    #[serde(default)]
    pub backup_payment_public_url: Option<String>,
    /// Rates that stand in the place of the table's (`tax/jurisdictions.csv`), by country and region.
    #[serde(default)]
    pub tax_rates: Vec<TaxRate>,
    /// Rates that change at an instant.
    #[serde(default)]
    pub tax_rate_changes: Vec<TaxRateChange>,
    /// Rate where the table knows a country but none of its rates, in basis points.
    #[serde(default = "default_rate")]
    pub tax_default_basis_points: u32,
    /// How orders are judged by the fraud provider.
    #[serde(default)]
    pub fraud_rules: FraudConfig,
    /// How webhooks are delivered.
    #[serde(default)]
    pub webhooks: WebhookConfig,
}

impl Config {
    /// A configuration with every default, for a store at `store`.
    pub fn new(store: impl Into<PathBuf>) -> Self {
        Self {
            store: store.into(),
            payment: any_port(),
            backup_payment: any_port(),
            tax: any_port(),
            fraud: any_port(),
            shipping: any_port(),
            warehouse: any_port(),
            admin: any_port(),
            admin_token: None,
            company: default_company(),
            open_accounts: true,
            account_ttl_ms: default_account_ttl_ms(),
            processing_ms: default_processing_ms(),
            desk: DeskConfig::default(),
            tax_rates: Vec::new(),
            tax_rate_changes: Vec::new(),
            challenge_ms: default_challenge_ms(),
            payment_public_url: None,
            backup_payment_public_url: None,
            tax_default_basis_points: default_rate(),
            fraud_rules: FraudConfig::default(),
            webhooks: WebhookConfig::default(),
        }
    }
}

/// A rate of tax.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaxRate {
    /// Two letters.
    pub country: String,
    /// State or province; the whole country when absent.
    #[serde(default)]
    pub region: Option<String>,
    /// Hundredths of a percent.
    pub basis_points: u32,
}

/// What banks take days for, in milliseconds.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DeskConfig {
    /// From a charge of a card whose holder disputes it to the dispute.
    pub dispute_after_ms: u64,
    /// From the evidence to the decision.
    pub dispute_decided_ms: u64,
    /// How long a pending refund is pending.
    pub refund_settles_ms: u64,
    /// From a refund that will fail to its failure.
    pub refund_fails_ms: u64,
}

impl Default for DeskConfig {
    fn default() -> Self {
        Self { dispute_after_ms: 1_000, dispute_decided_ms: 1_000, refund_settles_ms: 1_000, refund_fails_ms: 1_000 }
    }
}

/// A rate of tax that changes at an instant: documents of an earlier date keep the earlier rate.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaxRateChange {
    /// A country (`DE`), a state or province (`US-CA`), or what is local (`US-CA/LOS ANGELES CO LOCAL TAX SL`).
    pub jurisdiction: String,
    /// The instant, in unix microseconds.
    #[serde(default)]
    pub from_us: Option<i64>,
    /// Or how long after the providers came up, or were told; milliseconds.
    #[serde(default)]
    pub after_ms: Option<u64>,
    /// The rate from then on, in hundredths of a percent.
    pub basis_points: u32,
}

/// How orders are judged by the fraud provider: scores lie in 0 to 1000.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FraudConfig {
    /// Token of shops that nobody leased; without one any signature of theirs is taken.
    pub auth_token: Option<String>,
    /// Least score that is looked at by people.
    pub review_from: i64,
    /// Least score that is declined.
    pub decline_from: i64,
    /// How long people look at an order, in milliseconds.
    pub review_ms: u64,
}

impl Default for FraudConfig {
    fn default() -> Self {
        Self { auth_token: None, review_from: 500, decline_from: 800, review_ms: 2_000 }
    }
}

/// How webhooks are delivered.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WebhookConfig {
    /// Pauses before each further attempt, in milliseconds, where the endpoint sets none; after the last the event is given up.
    pub backoff_ms: Vec<u64>,
    /// How long an attempt may take, in milliseconds.
    pub timeout_ms: u64,
    /// Attempts under way at once.
    pub concurrency: usize,
    /// Deliveries kept in memory; what is beyond waits in the store.
    pub queue_max: usize,
}

impl Default for WebhookConfig {
    fn default() -> Self {
        Self {
            backoff_ms: vec![500, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000],
            timeout_ms: 10_000,
            concurrency: 32,
            queue_max: 20_000,
        }
    }
}

fn any_port() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

fn default_company() -> String {
    "DEFAULT".to_owned()
}

const fn yes() -> bool {
    true
}

const fn default_account_ttl_ms() -> u64 {
    60_000
}

const fn default_processing_ms() -> u64 {
    1_000
}

const fn default_challenge_ms() -> u64 {
    600_000
}

const fn default_rate() -> u32 {
    700
}
