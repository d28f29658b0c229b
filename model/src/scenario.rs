//! A scenario that can run: valid by construction.

use crate::card::Card;
use crate::fault::{
    Child, ClockHarm, Draw, Effect, LinkEffect, LinkMatch, Match, ProcessHarm, Provider, StoreHarm, Stream, Toxic,
};
use crate::journey::{Journey, Manners};
use crate::money::Currency;
use crate::objective::Objective;
use crate::scenario_file::Spot;
use crate::seed::Seed;
use crate::target::Target;
use crate::traffic::Traffic;
use std::collections::BTreeMap;
use std::time::Duration;

/// Everything that a user decides about a run.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// Name: lower-case letters, digits and dashes.
    pub name: String,
    /// One or two sentences for the report.
    pub description: String,
    /// Where all randomness comes from; the command line can set another.
    pub seed: Seed,
    /// The shop under test.
    pub shop: Shop,
    /// Where the providers are.
    pub providers: Providers,
    /// Hosts off loopback that may be sent to, as `host` or `host:port`.
    pub allow_targets: Vec<String>,
    /// When shoppers come.
    pub traffic: Traffic,
    /// Sent with every request to the shop.
    pub headers: Vec<(String, crate::template::Template)>,
    /// By name.
    pub journeys: Vec<Journey>,
    /// Which journeys shoppers take.
    pub mix: Vec<MixEntry>,
    /// Run once each before the load, in order.
    pub set_up: Vec<usize>,
    /// Run once each after the load, in order.
    pub tear_down: Vec<usize>,
    /// Rows for shoppers, by name.
    pub feeders: BTreeMap<String, Feeder>,
    /// What is broken and when.
    pub faults: Vec<Fault>,
    /// What is done besides, such as flipping a flag of the shop.
    pub actions: Vec<RunAction>,
    /// Where the run takes in events of other systems, such as alerts.
    pub take_events: Option<String>,
    /// Required laws and the least exposure of each.
    pub required_laws: BTreeMap<String, u64>,
    /// Directories of laws beside the built-in ones, relative to the scenario file.
    pub law_directories: Vec<String>,
    /// What good service is.
    pub objectives: Vec<Objective>,
    /// When the books are closed.
    pub settlement: Settlement,
    /// Which operations the shopper's history keeps.
    pub record: Record,
    /// Names of environment variables whose values are secrets.
    pub secrets: Vec<String>,
    /// Where the scenario names each required law, for messages.
    pub law_spots: BTreeMap<String, Spot>,
    /// What was read, comments left out; the plan's hash covers it.
    pub sources: Vec<Source>,
}

/// A file of a scenario and what it means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// As the scenario names it; empty for the scenario file itself.
    pub path: String,
    /// The same for two files that differ in comments and layout only.
    pub meaning: String,
}

impl Scenario {
    /// Whether requests may go to this address: loopback, and what the scenario allows.
    #[must_use]
    pub fn allows(&self, target: &Target) -> bool {
        target.is_loopback() || self.allow_targets.iter().any(|entry| target.is_allowed_by(entry))
    }
}

/// The shop under test.
#[derive(Clone, Debug)]
pub enum Shop {
    /// The one that comes with the harness, as a child process.
    Reference(Box<ReferenceShop>),
    /// Somebody's own, already running.
    Own(OwnShop),
}

/// Settings of the reference shop.
#[derive(Clone, Debug, PartialEq)]
pub struct ReferenceShop {
    /// Currency of all prices.
    pub currency: Currency,
    /// What it sells, most popular first.
    pub products: Vec<Product>,
    /// Discounts with a limit.
    pub promotions: Vec<Promotion>,
    /// Vouchers with what they are worth.
    pub vouchers: Vec<Voucher>,
    /// How many processes serve it, on one store.
    pub instances: u32,
    /// What it does without a tax quote.
    pub tax_fallback: TaxFallback,
    /// Everything else, as its configuration names it; laid over the defaults.
    pub settings: serde_json::Map<String, serde_json::Value>,
}

/// An article and its declared stock.
#[derive(Clone, Debug, PartialEq)]
pub struct Product {
    /// Stock keeping unit.
    pub sku: String,
    /// For people.
    pub name: String,
    /// Price of one, in minor units.
    pub unit_minor: i64,
    /// How many can be sold.
    pub stock: u64,
    /// Share of order lines; shoppers pick by it.
    pub popularity: f64,
}

/// A discount with a limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Promotion {
    /// What a shopper types.
    pub code: String,
    /// Discount in basis points of the subtotal.
    pub percent_bp: u32,
    /// How many accepted orders may use it.
    pub limit: u64,
}

/// A voucher that pays what it is worth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Voucher {
    /// What a shopper types.
    pub code: String,
    /// In minor units.
    pub worth_minor: i64,
}

/// What a shop does when it gets no tax quote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaxFallback {
    /// Refuses the checkout.
    Block,
    /// Charges at this rate, in basis points, and flags the order.
    Rate(u32),
}

/// A shop that is not ours.
#[derive(Clone, Debug)]
pub struct OwnShop {
    /// Base address.
    pub url: String,
    /// Where its orders book comes from; laws that need it are otherwise not exercised.
    pub orders: Option<OrdersBook>,
    /// Declared stock by SKU.
    pub stock: BTreeMap<String, u64>,
    /// Declared limits by promotion code.
    pub promotions: BTreeMap<String, u64>,
    /// Declared worth by voucher code, in minor units.
    pub vouchers: BTreeMap<String, i64>,
    /// Files and directories that the shop writes, scanned for card numbers.
    pub files: Vec<String>,
}

/// Where the orders book of a shop comes from and what its columns mean.
#[derive(Clone, Debug, PartialEq)]
pub struct OrdersBook {
    /// Where it is read.
    pub from: OrdersSource,
    /// Our name → theirs (CSV column, or JSON member; dots go into objects). Unnamed ones keep our name.
    pub columns: BTreeMap<String, String>,
    /// Their word for a state → ours (`pending`, `failed`, `paid`, `fulfilled`, `cancelled`).
    pub states: BTreeMap<String, String>,
    /// Whether amounts are in minor units or in decimal major ones.
    pub amounts: Amounts,
}

/// Where an orders book is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OrdersSource {
    /// A CSV file, relative to the scenario file.
    Csv(String),
    /// An address that answers CSV, a JSON array, or a JSON object a line; relative to the shop's base address.
    Http(String),
}

/// How a book writes amounts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Amounts {
    /// Integers of minor units.
    #[default]
    Minor,
    /// Decimal numbers of the currency.
    Major,
}

/// Where the providers are, and the accounts that the run holds there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Providers {
    /// Where.
    pub place: Place,
    /// Where the payment provider's webhooks go: path of the shop, or full address; none are sent when absent.
    pub webhooks: Option<Webhooks>,
    /// The payment account's secret key.
    pub secret_key: String,
    /// The account of the second payment provider.
    pub backup_payment: BackupAccount,
    /// The account of the fraud provider.
    pub fraud: FraudAccount,
}

/// Where the providers are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// Children of the run on loopback; with their proxies before them.
    Started {
        /// Fixed ports for a shop whose addresses are set beforehand, as the shop reaches them.
        listen: BTreeMap<Provider, String>,
    },
    /// Running elsewhere as `doorbuster providers`.
    Running {
        /// Their admin interface.
        admin: String,
        /// Fault proxies before them (Toxiproxy's interface): address, and the proxy's name by provider.
        proxy: Option<(String, BTreeMap<Provider, String>)>,
    },
}

/// An account of the second payment provider (Adyen's terms).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackupAccount {
    /// The API key.
    pub api_key: String,
    /// The merchant account.
    pub merchant_account: String,
    /// Signs webhooks; hexadecimal.
    pub hmac_key: String,
    /// Where webhooks go: path of the shop, or full address; none are sent when absent.
    pub webhooks: Option<String>,
}

/// An account of the fraud provider (Riskified's terms).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FraudAccount {
    /// Signs requests and webhooks.
    pub auth_token: String,
    /// The shop's domain.
    pub shop_domain: String,
    /// Where webhooks go: path of the shop, or full address; none are sent when absent.
    pub webhooks: Option<String>,
}

impl Providers {
    /// The key that browsers use, derived from the secret one.
    #[must_use]
    pub fn publishable_key(&self) -> String {
        self.secret_key.replacen("sk_", "pk_", 1)
    }

    /// Whether the provider sends events to the shop.
    #[must_use]
    pub const fn tells(&self, provider: Provider) -> bool {
        match provider {
            Provider::Payment => self.webhooks.is_some(),
            Provider::BackupPayment => self.backup_payment.webhooks.is_some(),
            Provider::Fraud => self.fraud.webhooks.is_some(),
            Provider::Tax | Provider::Shipping | Provider::Warehouse => false,
        }
    }
}

/// How webhooks are delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhooks {
    /// Path of the shop, or full address.
    pub to: String,
    /// The signing secret.
    pub secret: String,
    /// Pauses before the retries.
    pub backoff: Vec<Duration>,
    /// Event types that are sent.
    pub events: Vec<String>,
}

/// A kind of shopper.
#[derive(Clone, Debug, PartialEq)]
pub struct MixEntry {
    /// Index into [`Scenario::journeys`].
    pub journey: usize,
    /// Share of arrivals, relative to the other entries.
    pub weight: f64,
    /// What they do besides.
    pub manners: Manners,
    /// Which cards they hold, with weights.
    pub cards: Vec<(Card, f64)>,
}

/// Rows for shoppers, from a CSV file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Feeder {
    /// Names of the columns.
    pub columns: Vec<String>,
    /// Their values.
    pub rows: Vec<Vec<String>>,
    /// Whether a row may be used again.
    pub reuse: Reuse,
}

/// Whether a feeder's row may be used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reuse {
    /// Each row once: arrival i takes row i.
    Once,
    /// From the first row again when they run out.
    Cycle,
}

/// Something that is broken for a while.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// Name, unique in the scenario; also the name of its phase.
    pub name: String,
    /// From the start of the load.
    pub at: Duration,
    /// How long; for a kill: until the restart.
    pub lasts: Duration,
    /// What is broken.
    pub target: FaultTarget,
}

/// What a fault breaks.
#[derive(Clone, Debug, PartialEq)]
pub enum FaultTarget {
    /// A rule inside a provider.
    Provider {
        /// Which.
        provider: Provider,
        /// Which requests.
        when: Match,
        /// Chance of each draw.
        probability: f64,
        /// What is drawn for.
        draw: Draw,
        /// What happens.
        effect: Effect,
    },
    /// The link to a provider.
    Link {
        /// Which.
        provider: Provider,
        /// What is wrong.
        toxic: Toxic,
        /// Which way.
        stream: Stream,
    },
    /// Single exchanges on the link to a provider.
    Exchange {
        /// Which provider.
        provider: Provider,
        /// Which exchanges.
        when: LinkMatch,
        /// Chance of each draw.
        probability: f64,
        /// What is drawn for.
        draw: Draw,
        /// What happens.
        effect: LinkEffect,
    },
    /// A child process of ours.
    Process {
        /// Which.
        child: Child,
        /// What is done to it.
        harm: ProcessHarm,
    },
    /// The store of the reference shop.
    Store {
        /// What is done to it.
        harm: StoreHarm,
    },
    /// The clock of the reference shop, that of every instance.
    Clock {
        /// What is done to it.
        harm: ClockHarm,
    },
}

/// A request on the run clock, by nobody's shopper.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunAction {
    /// Name, unique in the scenario.
    pub name: String,
    /// From the start of the load.
    pub at: Duration,
    /// Index into [`Scenario::journeys`]: one step, the request.
    pub journey: usize,
}

/// When the books are closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settlement {
    /// No change for this long is quiet.
    pub quiet_for: Duration,
    /// Longest wait for quiet; a doubt past it is a violation.
    pub settle_within: Duration,
}

/// Which operations the shopper's history keeps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Record {
    /// Those that can move money; the others are in the histograms only.
    #[default]
    Money,
    /// All.
    All,
}
