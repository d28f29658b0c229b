//! What is left of a run for those who read it: the input of every report, and the shape of `summary.json`.

pub use crate::counterexample::{Book, Chosen, Counterexample, Passage, TimelineEntry, Touch};
use crate::finding::{Finding, Verdict};
use crate::objective::{Target, Unit};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Version of `summary.json`: it rises when a member changes its meaning or goes. Since 2 `availability` counts those who were
/// turned away before they could submit.
pub const SCHEMA_VERSION: u32 = 2;

/// A run, judged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RunRecord {
    /// Version of this shape.
    pub schema_version: u32,
    /// The run's id.
    pub run: String,
    /// Name of the scenario.
    pub scenario: String,
    /// Its description.
    pub description: String,
    /// The seed.
    pub seed: u64,
    /// SHA-256 of the plan, in hex.
    pub plan_hash: String,
    /// Version of the harness.
    pub doorbuster_version: String,
    /// What was under test, for people: `reference shop`, with the seeded defect if any, or an address.
    pub shop: String,
    /// Start of the load, RFC 3339 in UTC.
    pub started_at: String,
    /// Length of the load, in seconds.
    pub duration_s: f64,
    /// Command line that repeats the run.
    pub command: String,
    /// What the run receives.
    pub verdict: Verdict,
    /// Why, the weightiest first; empty for a pass without remarks.
    pub reasons: Vec<String>,
    /// Users of a closed model; none in an open one, whose arrivals are scheduled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_users: Option<u64>,
    /// Every arrival is accounted for.
    pub arrivals: Arrivals,
    /// Refusals among the rejected, by reason.
    pub refusals: BTreeMap<String, u64>,
    /// In the order of the scenario.
    pub objectives: Vec<ObjectiveRecord>,
    /// Violated first, then undecided, not exercised, held.
    pub laws: Vec<LawRecord>,
    /// In order of time.
    pub faults: Vec<FaultRecord>,
    /// Actions, what other systems and people told, children that ended: in order of time.
    #[serde(default)]
    pub events: Vec<EventRecord>,
    /// In order of time.
    pub phases: Vec<PhaseRecord>,
    /// By journey and step.
    pub steps: Vec<StepRecord>,
    /// The load generator's own health.
    pub generator: Generator,
    /// The machine.
    pub machine: Machine,
    /// Sums of money, by currency.
    pub money: Vec<MoneyRecord>,
    /// One value a second.
    pub series: Series,
    /// Remarks of the judge that move nothing: books not given, rows of other runs set aside.
    pub remarks: Vec<String>,
}

impl RunRecord {
    /// The command line that repeats the run, its seed spelt out.
    #[must_use]
    pub fn repeat(&self) -> String {
        let seeded = self.command.split(' ').any(|word| word == "--seed" || word.starts_with("--seed="));
        if seeded { self.command.clone() } else { format!("{} --seed {}", self.command, self.seed) }
    }

    /// How a closed model counts, for every report; none for an open one.
    #[must_use]
    pub fn closed_model(&self) -> Option<String> {
        let users = self.closed_users?;
        let unit = if users == 1 { "user" } else { "users" };
        Some(format!(
            "closed model: {users} {unit}. Nothing is scheduled: there is no dispatch lag and no correction for coordinated \
             omission, and response times count from the actual start"
        ))
    }
}

/// `scheduled` is the sum of all the others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Arrivals {
    /// In the plan; in a closed model: begun.
    pub scheduled: u64,
    /// Ended with a paid order.
    pub confirmed: u64,
    /// Ended with a final no.
    pub rejected: u64,
    /// Neither was learnt.
    pub unknown: u64,
    /// Left by their own wish.
    pub abandoned: u64,
    /// Bought nothing, as meant.
    pub completed: u64,
    /// Not started by the generator.
    pub shed: u64,
    /// Under way when the run ended.
    pub in_flight: u64,
}

impl Arrivals {
    /// Whether every arrival is accounted for.
    #[must_use]
    pub const fn balance(&self) -> bool {
        self.scheduled
            == self.confirmed
                + self.rejected
                + self.unknown
                + self.abandoned
                + self.completed
                + self.shed
                + self.in_flight
    }
}

/// An objective, measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ObjectiveRecord {
    /// What is measured.
    pub name: String,
    /// Where.
    pub phase: String,
    /// What it is to be.
    pub target: Target,
    /// Unit of target, measured, low and high.
    pub unit: Unit,
    /// What it is; none when nothing was observed. Infinite latencies are written as none with `finding` violated.
    pub measured: Option<f64>,
    /// Lower end of the confidence interval.
    pub low: Option<f64>,
    /// Upper end.
    pub high: Option<f64>,
    /// Observations.
    pub samples: u64,
    /// What it says.
    pub finding: Finding,
    /// Why it is undecided, or where it was worst.
    pub remark: String,
}

/// A law, examined.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LawRecord {
    /// A sentence that should be true.
    pub name: String,
    /// The same for people.
    pub sentence: String,
    /// Whether the scenario requires it.
    pub required: bool,
    /// The least exposure that the scenario demands.
    pub exposure_min: u64,
    /// What it says.
    pub finding: Finding,
    /// Subjects.
    pub examined: u64,
    /// Subjects for which it was violated.
    pub violated: u64,
    /// Subjects for which it could not be said.
    pub undecided: u64,
    /// Subjects that met the hazard which the law is about.
    pub exposure: u64,
    /// Where it is violated: milliseconds from the start of the load to the first row that the violation rests on, the earliest
    /// of the subjects told; none when no row of theirs has a time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_evidence_ms: Option<f64>,
    /// Why nothing was examined, or why it cannot be said; empty otherwise.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub remark: String,
    /// What it excludes where it held: a higher rate of violations among exposed subjects than this is not credible, with 95%
    /// confidence; none where no subject was exposed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub excluded_rate: Option<f64>,
    /// What is at stake over all violated subjects.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub at_stake: Vec<Stake>,
    /// The first violated subject and the worst; one where they are the same.
    #[serde(default)]
    pub counterexamples: Vec<Counterexample>,
}

/// Money at stake in one currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Stake {
    /// ISO 4217 code.
    pub currency: String,
    /// Minor units.
    pub amount_minor: u64,
}

/// A fault and how often it bit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FaultRecord {
    /// Its name.
    pub name: String,
    /// What it did, for people.
    pub what: String,
    /// Seconds from the start of the load.
    pub from_s: f64,
    /// The end.
    pub to_s: f64,
    /// Operations that it matched; none for faults on links and processes.
    pub matched: Option<u64>,
    /// Operations that it was applied to.
    pub applied: Option<u64>,
    /// Operations left in the hazardous state (for lost answers: charges committed whose answer was lost).
    pub hazardous: Option<u64>,
    /// Distinct intents among them.
    pub intents: Option<u64>,
    /// Seconds after its end until service was good again.
    pub recovered_after_s: Option<f64>,
}

/// Something that happened to the run beside its faults.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EventRecord {
    /// Seconds from the start of the load.
    pub at_s: f64,
    /// Which kind.
    pub kind: EventKind,
    /// The action, the alert, the child.
    pub name: String,
    /// What came of an action; what was told.
    pub text: String,
}

/// Which kind of event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// A request on the run clock that is no shopper's.
    Action,
    /// Something that another system told, such as an alert.
    External,
    /// A child process ended unasked.
    Process,
    /// A remark of the harness or of a person.
    Note,
}

/// A phase and what happened in it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PhaseRecord {
    /// Its label.
    pub label: String,
    /// Whether a fault was active.
    pub faulty: bool,
    /// Seconds from the start of the load.
    pub from_s: f64,
    /// The end.
    pub to_s: f64,
    /// Purchases begun.
    pub purchases: u64,
    /// Confirmed.
    pub confirmed: u64,
    /// Refused for technical reasons, timed out or unknown.
    pub failed: u64,
    /// Median of the checkout, in milliseconds.
    pub p50_ms: Option<f64>,
    /// 95th percentile; none also when it is infinite.
    pub p95_ms: Option<f64>,
    /// 99th percentile.
    pub p99_ms: Option<f64>,
}

/// A step of a journey and how its requests went.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StepRecord {
    /// Name of the journey.
    pub journey: String,
    /// Name of the step.
    pub step: String,
    /// Requests.
    pub requests: u64,
    /// Those whose answer was not one of the expected.
    pub failed: u64,
    /// Response time from the intended start, in milliseconds.
    pub p50_ms: f64,
    /// 95th percentile.
    pub p95_ms: f64,
    /// 99th percentile.
    pub p99_ms: f64,
    /// 99.9th percentile.
    pub p999_ms: f64,
    /// The largest.
    pub max_ms: f64,
}

/// The load generator's own health.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Generator {
    /// Whether it kept its own budgets throughout.
    pub valid: bool,
    /// Dispatch lag, in milliseconds: sent − intended of the first requests.
    pub dispatch_lag_p50_ms: f64,
    /// 99th percentile.
    pub dispatch_lag_p99_ms: f64,
    /// The largest.
    pub dispatch_lag_max_ms: f64,
    /// Its budget for the 99th percentile.
    pub dispatch_lag_budget_ms: f64,
    /// Arrivals not started.
    pub shed: u64,
    /// Requests sent.
    pub requests: u64,
    /// Processor time of the generator for each request, in microseconds.
    pub cpu_us_per_request: Option<f64>,
    /// Processor time of the shop, in seconds over the load.
    pub shop_cpu_s: Option<f64>,
    /// Of the providers.
    pub providers_cpu_s: Option<f64>,
    /// Of the proxy.
    pub proxy_cpu_s: Option<f64>,
    /// Seconds of the load whose objectives are undecided because the harness was slow.
    pub invalid_seconds: u64,
    /// Why, if it did not.
    pub reasons: Vec<String>,
}

/// The machine that ran it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Machine {
    /// Operating system and architecture.
    pub system: String,
    /// Model of the processor.
    pub processor: String,
    /// Cores.
    pub cores: u32,
    /// Memory, in MiB.
    pub memory_mib: u64,
}

/// Sums of money in one currency, minor units.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MoneyRecord {
    /// ISO 4217 code.
    pub currency: String,
    /// Captured, by the provider's statement.
    pub captured_minor: i64,
    /// Refunded.
    pub refunded_minor: i64,
    /// Owed by accepted orders, by the shop's book.
    pub owed_minor: i64,
}

/// One value for each second of the load, by the second in which a checkout (or arrival) was intended.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Series {
    /// Arrivals planned.
    pub planned: Vec<u64>,
    /// Arrivals begun.
    pub begun: Vec<u64>,
    /// Purchases confirmed.
    pub confirmed: Vec<u64>,
    /// Purchases refused for the card or for honest reasons.
    pub refused: Vec<u64>,
    /// Purchases that failed: technical, timed out, unknown.
    pub failed: Vec<u64>,
    /// Median of the checkout, in milliseconds.
    pub p50_ms: Vec<Option<f64>>,
    /// 95th percentile.
    pub p95_ms: Vec<Option<f64>>,
    /// 99th percentile.
    pub p99_ms: Vec<Option<f64>>,
    /// Largest dispatch lag, in milliseconds.
    pub lag_ms: Vec<Option<f64>>,
}
