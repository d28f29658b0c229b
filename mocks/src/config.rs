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
    /// Where the tax provider listens.
    #[serde(default = "any_port")]
    pub tax: SocketAddr,
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
    /// Rates by country and region; the most specific one counts.
    #[serde(default = "default_rates")]
    pub tax_rates: Vec<TaxRate>,
    /// Rate where none is listed, in basis points.
    #[serde(default = "default_rate")]
    pub tax_default_basis_points: u32,
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
            tax: any_port(),
            warehouse: any_port(),
            admin: any_port(),
            admin_token: None,
            company: default_company(),
            open_accounts: true,
            account_ttl_ms: default_account_ttl_ms(),
            processing_ms: default_processing_ms(),
            desk: DeskConfig::default(),
            tax_rates: default_rates(),
            tax_default_basis_points: default_rate(),
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

const fn default_rate() -> u32 {
    700
}

/// General state rates of a few large states, and standard rates of a few countries.
fn default_rates() -> Vec<TaxRate> {
    let listed = [
        ("US", Some("CA"), 725),
        ("US", Some("NY"), 400),
        ("US", Some("TX"), 625),
        ("US", Some("FL"), 600),
        ("US", Some("WA"), 650),
        ("US", Some("IL"), 625),
        ("US", Some("OR"), 0),
        ("GB", None, 2_000),
        ("DE", None, 1_900),
        ("FR", None, 2_000),
        ("CA", None, 500),
        ("JP", None, 1_000),
    ];
    listed
        .into_iter()
        .map(|(country, region, basis_points)| TaxRate {
            country: country.to_owned(),
            region: region.map(str::to_owned),
            basis_points,
        })
        .collect()
}
