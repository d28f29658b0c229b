//! One look at a run under way.

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
    /// How it stands.
    pub standing: Standing,
}

/// How a law stands before the books are closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nothing violates it so far, or nothing it is about has happened.
    Unbroken,
    /// Something violates it that a row which is still to come may explain.
    Suspected,
    /// Broken beyond doubt: the final books cannot say otherwise.
    Broken,
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
        let (broken, suspected) = (self.standing(Standing::Broken), self.standing(Standing::Suspected));
        match (self.laws.is_empty(), broken.is_empty(), suspected.is_empty()) {
            (true, ..) => "not looked at yet".into(),
            (false, true, true) => "none broken so far".into(),
            (false, false, true) => format!("BROKEN: {broken}"),
            (false, true, false) => format!("perhaps broken: {suspected}"),
            (false, false, false) => format!("BROKEN: {broken}; perhaps: {suspected}"),
        }
    }

    /// Whether a law is broken beyond doubt.
    #[must_use]
    pub fn is_broken(&self) -> bool {
        self.laws.iter().any(|law| law.standing == Standing::Broken)
    }

    fn standing(&self, standing: Standing) -> String {
        let names = self.laws.iter().filter(|law| law.standing == standing).map(|law| law.name.as_str());
        names.collect::<Vec<_>>().join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_suspicion_is_not_told_as_a_fact() {
        let law = |name: &str, standing| LawSoFar { name: name.into(), standing };
        let told = |laws: &[LawSoFar]| Snapshot { laws: laws.to_vec(), ..Snapshot::default() }.laws();
        let (kept, suspected) = (law("a", Standing::Unbroken), law("b", Standing::Suspected));
        let broken = law("c", Standing::Broken);
        assert_eq!(told(&[]), "not looked at yet");
        assert_eq!(told(std::slice::from_ref(&kept)), "none broken so far");
        assert_eq!(told(&[kept.clone(), suspected.clone()]), "perhaps broken: b");
        assert_eq!(told(&[kept, suspected, broken]), "BROKEN: c; perhaps: b");
    }
}
