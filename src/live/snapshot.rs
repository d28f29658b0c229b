//! One look at a run under way.

use model::finding::Finding;
use std::time::Duration;

/// One look at a run under way.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Snapshot {
    /// Name of the scenario.
    pub scenario: String,
    /// Since the start of the load.
    pub elapsed: Duration,
    /// Length of the load.
    pub duration: Duration,
    /// Label of the phase.
    pub phase: String,
    /// Names of the active faults.
    pub faults: Vec<String>,
    /// Arrivals a second that the plan has for now.
    pub planned_per_second: f64,
    /// Arrivals begun in the last second.
    pub reached_per_second: f64,
    /// Checkout over the last seconds, in milliseconds: p50, p95, p99.
    pub checkout_ms: Option<[f64; 3]>,
    /// Orders confirmed so far.
    pub confirmed: u64,
    /// Purchases refused so far.
    pub rejected: u64,
    /// Purchases with an unknown end so far.
    pub unknown: u64,
    /// Shoppers on their way.
    pub in_flight: u64,
    /// Largest dispatch lag of the last second, in milliseconds.
    pub lag_ms: f64,
    /// Arrivals begun in each second so far.
    pub begun_by_second: Vec<u64>,
    /// Laws, as far as the books are read.
    pub laws: Vec<LawSoFar>,
}

/// What a law says before the books are closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LawSoFar {
    /// Its name.
    pub name: String,
    /// What it says.
    pub finding: Finding,
    /// Subjects examined.
    pub examined: u64,
    /// Subjects for which it is violated.
    pub violated: u64,
}

impl Snapshot {
    /// p50, p95 and p99 for people.
    #[must_use]
    pub fn checkout(&self) -> String {
        match self.checkout_ms {
            Some([p50, p95, p99]) => format!("p50 {p50:.0}  p95 {p95:.0}  p99 {p99:.0} ms"),
            None => "no checkout yet".into(),
        }
    }

    /// The laws in a few words.
    #[must_use]
    pub fn laws(&self) -> String {
        let violated: Vec<&str> =
            self.laws.iter().filter(|law| law.finding == Finding::Violated).map(|law| law.name.as_str()).collect();
        if self.laws.is_empty() {
            "not looked at yet".into()
        } else if violated.is_empty() {
            "none broken so far".into()
        } else {
            format!("BROKEN: {}", violated.join(", "))
        }
    }
}
