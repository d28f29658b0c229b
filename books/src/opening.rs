//! What is known of a run before byte one, and is stored before byte one.

use crate::error::{Error, While};
use model::plan::{Arrival, Phase, PhaseWindow, RunPlan};
use model::record::Machine;
use model::scenario::TaxFallback;
use rusqlite::{Connection, params};
use serde_json::Value;
use std::collections::BTreeMap;

/// The fact that the orders book tells of each refund who asked for it, where somebody did.
pub const TELLS_WHO_ASKED: &str = "orders.tells_who_asked";

/// The fact that says which of the rates that a shipping provider gives the shop declares to take: `cheapest`.
pub const SHIPPING_TAKES: &str = "shipping.takes";

/// The fact that says what the shop declares to give back first of an order that was paid with more than one: `card`.
pub const REFUNDS_FIRST: &str = "refunds.first";

/// Everything that is stored before the first request is sent.
#[derive(Clone, Debug, Default)]
pub struct Opening {
    /// The run's id: the first part of every mark.
    pub run: String,
    /// Name of the scenario.
    pub scenario: String,
    /// Its description.
    pub description: String,
    /// SHA-256 of the plan, in hex.
    pub plan_hash: String,
    /// Scenario file and whatever it includes: name and text, secrets redacted.
    pub sources: Vec<(String, String)>,
    /// Unix microseconds.
    pub opened_at_us: u64,
    /// Version of the harness.
    pub tool_version: String,
    /// The machine that runs it.
    pub machine: Machine,
    /// What is under test, for people.
    pub shop: String,
    /// The command line that repeats the run.
    pub command: String,
    /// Journeys by the plan's index into the mix.
    pub mix: Vec<MixName>,
    /// Declared stock by SKU.
    pub stock: BTreeMap<String, u64>,
    /// Declared price of one by SKU, in minor units.
    pub prices: BTreeMap<String, i64>,
    /// Declared weight of one by SKU, in grams.
    pub weights_g: BTreeMap<String, i64>,
    /// What shipping costs by country when no provider is asked, in minor units; `""` is every other country.
    pub shipping: BTreeMap<String, i64>,
    /// Declared limits by promotion code.
    pub promotions: BTreeMap<String, u64>,
    /// What a promotion takes off, in basis points of the subtotal, where that is declared.
    pub discounts_bp: BTreeMap<String, u32>,
    /// Declared worth by voucher code, in minor units.
    pub vouchers: BTreeMap<String, i64>,
    /// Required laws and the least exposure of each.
    pub required_laws: BTreeMap<String, u64>,
    /// What will be broken.
    pub faults: Vec<FaultPlan>,
    /// The objectives, as their owner writes and reads them.
    pub objectives: Value,
    /// What the shop declares to do without a tax quote.
    pub tax: Option<TaxFallback>,
    /// No change for this long is quiet, in microseconds.
    pub quiet_for_us: u64,
    /// Longest wait for quiet, in microseconds.
    pub settle_within_us: u64,
    /// Whatever else readers of the file may want: name and value.
    pub facts: BTreeMap<String, String>,
}

/// An entry of the mix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MixName {
    /// Name of the journey.
    pub journey: String,
    /// Whether it buys.
    pub buys: bool,
}

/// A fault that is planned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FaultPlan {
    /// Its name.
    pub name: String,
    /// What it does, for people.
    pub what: String,
    /// What it acts on.
    pub target: FaultKind,
    /// From the start of the load, in microseconds.
    pub from_us: u64,
    /// The end.
    pub to_us: u64,
}

/// What a fault acts on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// Requests or webhooks inside a provider; it stamps the statement.
    Provider,
    /// A link; it knows bytes and connections only.
    Link,
    /// A process.
    Process,
    /// The store of the reference shop.
    Store,
    /// The clock of the reference shop.
    Clock,
}

impl FaultKind {
    /// The word in the book.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Provider => "provider",
            Self::Link => "link",
            Self::Process => "process",
            Self::Store => "store",
            Self::Clock => "clock",
        }
    }
}

/// Stores opening and plan in one transaction.
pub(crate) fn store(conn: &mut Connection, opening: &Opening, plan: &RunPlan) -> Result<(), Error> {
    let tx = conn.transaction().writing("the opening")?;
    store_run(&tx, opening, plan).writing("the opening")?;
    store_limits(&tx, opening).writing("the declared limits")?;
    store_arrivals(&tx, opening, &plan.arrivals).writing("the plan")?;
    store_phases(&tx, &plan.phases).writing("the phases")?;
    tx.commit().writing("the opening")
}

fn store_run(conn: &Connection, opening: &Opening, plan: &RunPlan) -> rusqlite::Result<()> {
    let (tax_policy, tax_rate_bp) = match opening.tax {
        None => (None, None),
        Some(TaxFallback::Block) => (Some("block"), None),
        Some(TaxFallback::Rate(basis_points)) => (Some("rate"), Some(basis_points)),
    };
    let machine = serde_json::to_string(&opening.machine).expect("a machine is plain JSON");
    conn.execute(
        "INSERT INTO run (only, run, scenario, description, seed, plan_hash, duration_us, opened_at_us, tool_version, shop,
             command, machine, objectives, tax_policy, tax_rate_bp, quiet_for_us, settle_within_us)
         VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)",
        params![
            opening.run,
            opening.scenario,
            opening.description,
            plan.seed.0.to_string(),
            opening.plan_hash,
            plan.duration_us as i64,
            opening.opened_at_us as i64,
            opening.tool_version,
            opening.shop,
            opening.command,
            machine,
            opening.objectives.to_string(),
            tax_policy,
            tax_rate_bp,
            opening.quiet_for_us as i64,
            opening.settle_within_us as i64,
        ],
    )?;
    let mut source = conn.prepare("INSERT INTO source (name, text) VALUES (?1, ?2)")?;
    for (name, text) in &opening.sources {
        source.execute([name, text])?;
    }
    let mut fact = conn.prepare("INSERT INTO fact (name, value) VALUES (?1, ?2)")?;
    for (name, value) in &opening.facts {
        fact.execute([name, value])?;
    }
    Ok(())
}

fn store_limits(conn: &Connection, opening: &Opening) -> rusqlite::Result<()> {
    let mut stock =
        conn.prepare("INSERT INTO stock_limit (sku, stock, unit_minor, weight_g) VALUES (?1, ?2, ?3, ?4)")?;
    for (sku, count) in &opening.stock {
        stock.execute(params![sku, *count as i64, opening.prices.get(sku), opening.weights_g.get(sku)])?;
    }
    let mut shipping = conn.prepare("INSERT INTO shipping_rate (country, amount_minor) VALUES (?1, ?2)")?;
    for (country, amount_minor) in &opening.shipping {
        shipping.execute(params![country, amount_minor])?;
    }
    let mut voucher = conn.prepare("INSERT INTO voucher_limit (code, balance_minor) VALUES (?1, ?2)")?;
    for (code, balance_minor) in &opening.vouchers {
        voucher.execute(params![code, balance_minor])?;
    }
    let mut promotion = conn.prepare("INSERT INTO promotion_limit (code, uses, percent_bp) VALUES (?1, ?2, ?3)")?;
    for (code, uses) in &opening.promotions {
        promotion.execute(params![code, *uses as i64, opening.discounts_bp.get(code)])?;
    }
    let mut law = conn.prepare("INSERT INTO required_law (name, exposure_min) VALUES (?1, ?2)")?;
    for (name, exposure_min) in &opening.required_laws {
        law.execute(params![name, *exposure_min as i64])?;
    }
    let mut fault =
        conn.prepare("INSERT INTO fault_plan (name, what, target, from_us, to_us) VALUES (?1, ?2, ?3, ?4, ?5)")?;
    for plan in &opening.faults {
        fault.execute(params![plan.name, plan.what, plan.target.name(), plan.from_us as i64, plan.to_us as i64])?;
    }
    Ok(())
}

fn store_arrivals(conn: &Connection, opening: &Opening, arrivals: &[Arrival]) -> rusqlite::Result<()> {
    let unnamed = MixName { journey: String::new(), buys: false };
    let mut insert = conn.prepare(
        "INSERT INTO arrival (number, intended_us, journey, buys, card, manner) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    for arrival in arrivals {
        let mix = opening.mix.get(arrival.mix as usize).unwrap_or(&unnamed);
        let manner = serde_json::to_string(&arrival.manner).expect("a manner is plain JSON");
        insert.execute(params![
            arrival.number as i64,
            arrival.intended_us as i64,
            mix.journey,
            mix.buys,
            arrival.card.name(),
            manner
        ])?;
    }
    Ok(())
}

fn store_phases(conn: &Connection, phases: &[PhaseWindow]) -> rusqlite::Result<()> {
    let mut insert =
        conn.prepare("INSERT INTO phase (number, kind, label, from_us, to_us) VALUES (?1, ?2, ?3, ?4, ?5)")?;
    for (number, window) in phases.iter().enumerate() {
        let kind = match window.phase {
            Phase::WarmUp => "warm-up",
            Phase::Steady => "steady",
            Phase::Fault(_) => "fault",
            Phase::Recovery(_) => "recovery",
        };
        insert.execute(params![
            number as i64,
            kind,
            window.phase.label(),
            window.from_us as i64,
            window.to_us as i64
        ])?;
    }
    Ok(())
}
