//! The plan as text, byte for byte the same for equal scenario and seed, and its hash.

use super::RunPlan;
use crate::scenario::{Scenario, Source};
use serde::Serialize;
use sha2::{Digest, Sha256};

/// What is written: the plan, and a hash of everything that a scenario means besides.
#[derive(Serialize)]
struct Canonical<'a> {
    /// SHA-256 of each file that was read, comments and layout left out.
    sources: Vec<(&'a str, String)>,
    #[serde(flatten)]
    plan: &'a RunPlan,
}

/// The plan as one line of JSON. It holds a hash of each file of the scenario, so that two scenarios that differ in
/// faults, journeys or objectives differ here too. It names no directory, no time and no machine.
///
/// # Panics
/// Never: a plan holds nothing that JSON lacks.
#[must_use]
pub fn canonical_json(plan: &RunPlan, scenario: &Scenario) -> String {
    let mut sources: Vec<(&str, String)> =
        scenario.sources.iter().map(|Source { path, meaning }| (path.as_str(), hash(meaning))).collect();
    sources.sort();
    serde_json::to_string(&Canonical { sources, plan }).expect("a plan holds numbers, texts and lists only")
}

/// SHA-256 of [`canonical_json`], in hex.
#[must_use]
pub fn plan_hash(plan: &RunPlan, scenario: &Scenario) -> String {
    hash(&canonical_json(plan, scenario))
}

fn hash(text: &str) -> String {
    hex::encode(Sha256::digest(text))
}
