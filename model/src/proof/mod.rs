//! Proofs: a shop with each seeded defect and the same shop without, run many times, and what these runs show together.

mod assemble;
mod trial;

pub use assemble::{Heading, assemble};
pub use trial::{Seen, seen};

use crate::record::Machine;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Version of the shape of `prove.json`.
pub const SCHEMA_VERSION: u32 = 1;

/// What is to catch a defect, named before the run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Catcher {
    /// A law is violated.
    Law(String),
    /// An objective is violated.
    Objective(String),
}

impl Catcher {
    /// The name of the law or objective.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Law(name) | Self::Objective(name) => name,
        }
    }
}

/// A mistake that the shop can be told to make, as the shop's own list has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeededDefect {
    /// The name on the command line and in documents.
    pub slug: String,
    /// What the shop does wrong.
    pub summary: String,
    /// Where it was reported in a real project.
    pub origin: String,
}

/// What a run of a proof showed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// A defect, and the named law or objective was violated.
    Caught,
    /// A defect, and the named law or objective was not violated.
    Escaped,
    /// The honest shop, and its run passed.
    Passed,
    /// The honest shop, and a law or an objective was violated.
    Accused,
    /// The run proves neither.
    Inconclusive,
    /// The run did not come to a verdict: the harness failed.
    Failed,
}

impl Outcome {
    /// The word for people.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Caught => "caught",
            Self::Escaped => "escaped",
            Self::Passed => "passed",
            Self::Accused => "accused",
            Self::Inconclusive => "inconclusive",
            Self::Failed => "failed",
        }
    }

    /// Whether it says nothing, so that the run is worth a second go.
    #[must_use]
    pub const fn is_open(self) -> bool {
        match self {
            Self::Inconclusive | Self::Failed => true,
            Self::Caught | Self::Escaped | Self::Passed | Self::Accused => false,
        }
    }

    /// Whether nobody needs to look at its books.
    #[must_use]
    pub const fn is_as_hoped(self) -> bool {
        match self {
            Self::Caught | Self::Passed => true,
            Self::Escaped | Self::Accused | Self::Inconclusive | Self::Failed => false,
        }
    }
}

/// Whether the machine was shared with other runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Turn {
    /// The first go, beside others.
    #[default]
    First,
    /// A second go with the machine to itself, because the first one proved neither.
    Alone,
}

/// A run of a proof: a line of `results.jsonl`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TrialRecord {
    /// Slug of the defect; none for the honest shop.
    pub defect: Option<String>,
    /// The scenario, relative to the directory of scenarios.
    pub scenario: String,
    /// The seed.
    pub seed: u64,
    /// Hash of the program, the scenario and the catcher: what changed is run again.
    pub fingerprint: String,
    /// First go, or second.
    pub turn: Turn,
    /// What it showed.
    pub outcome: Outcome,
    /// Subjects that met the hazard of the named law; without a defect, those of all laws.
    pub exposure: u64,
    /// Subjects that violated the named law.
    pub violated: u64,
    /// Milliseconds from the start of the load to the first row that the violation of the named law rests on.
    pub first_evidence_ms: Option<f64>,
    /// Laws and objectives that were violated and not named.
    pub others: Vec<String>,
    /// The run's own reasons, where it did not show what was hoped for.
    pub reasons: Vec<String>,
    /// When it was started, Unix milliseconds.
    pub began_at_ms: u64,
    /// From its start to its end, in seconds.
    pub took_s: f64,
    /// Where its books are, if they were kept.
    pub directory: Option<String>,
    /// Command line that repeats it.
    pub command: String,
}

/// A whole proof, the shape of `prove.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ProofRecord {
    /// Version of this shape.
    pub schema_version: u32,
    /// Version of the harness.
    pub doorbuster_version: String,
    /// SHA-256 of the program, in hex.
    pub program_hash: String,
    /// When it was put together, RFC 3339 in UTC.
    pub written_at: String,
    /// Command line that repeats it.
    pub command: String,
    /// The machine.
    pub machine: Machine,
    /// Seeds for each defect: 1 to this.
    pub seeds: u64,
    /// Seeds for the honest shop under each scenario: 1 to this.
    pub honest_seeds: u64,
    /// What the runs show together.
    pub verdict: ProofVerdict,
    /// In the order of the shop's list.
    pub defects: Vec<DefectRecord>,
    /// The honest shop, by scenario.
    pub honest: Vec<HonestRecord>,
    /// The figures that people ask for first.
    pub figures: Figures,
    /// Every run that counts.
    pub trials: Vec<TrialRecord>,
}

/// What the runs show together; the worst wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProofVerdict {
    /// Every defect was caught with every seed, and no honest run was accused.
    Proven,
    /// Some runs prove neither, or are missing.
    Inconclusive,
    /// A run did not come to a verdict, twice.
    Failed,
    /// A defect escaped, or an honest run was accused.
    Refuted,
}

impl ProofVerdict {
    /// The word for people.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Proven => "Proven",
            Self::Inconclusive => "Inconclusive",
            Self::Failed => "Failed",
            Self::Refuted => "Refuted",
        }
    }

    /// The exit code: 0 proven, 1 refuted, 3 inconclusive, 4 an error of the harness (2 is a usage error).
    #[must_use]
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Proven => 0,
            Self::Refuted => 1,
            Self::Inconclusive => 3,
            Self::Failed => 4,
        }
    }
}

/// A defect and the runs with it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DefectRecord {
    /// Its slug.
    pub slug: String,
    /// What the shop does wrong.
    pub summary: String,
    /// Where it was reported in a real project.
    pub origin: String,
    /// The scenario that exposes it, relative to the directory of scenarios.
    pub scenario: String,
    /// What is to catch it.
    pub catcher: Catcher,
    /// Its runs.
    pub tally: Tally,
    /// Subjects that met the hazard of the named law, over all runs.
    pub exposure: u64,
    /// Subjects that violated it, over all runs.
    pub violated: u64,
    /// Other laws and objectives that were violated, and in how many runs.
    pub others: BTreeMap<String, u64>,
    /// Median over the runs that caught it, in milliseconds.
    pub first_evidence_median_ms: Option<f64>,
    /// The largest.
    pub first_evidence_max_ms: Option<f64>,
    /// Honest runs under the same scenario that came to a yes or a no.
    pub honest_runs: u64,
    /// Those of them in which the named law or objective was violated.
    pub false_accusations: u64,
}

/// The honest shop under one scenario.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct HonestRecord {
    /// The scenario, relative to the directory of scenarios.
    pub scenario: String,
    /// Its runs.
    pub tally: Tally,
    /// Laws and objectives that accused it, and in how many runs.
    pub accusations: BTreeMap<String, u64>,
    /// Why runs were inconclusive.
    pub reasons: Vec<String>,
}

/// Runs by what they showed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Tally {
    /// Planned.
    pub planned: u64,
    /// Caught, or passed.
    pub good: u64,
    /// Escaped, or accused.
    pub bad: u64,
    /// Inconclusive, also with the machine to itself.
    pub inconclusive: u64,
    /// Without a verdict.
    pub failed: u64,
    /// Those that had a second go with the machine to itself.
    pub repeated: u64,
}

impl Tally {
    /// Runs that were planned and are not there.
    #[must_use]
    pub const fn missing(&self) -> u64 {
        self.planned.saturating_sub(self.good + self.bad + self.inconclusive + self.failed)
    }
}

/// The figures that people ask for first.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Figures {
    /// Defects that were caught with every seed.
    pub caught_always: u64,
    /// Runs with a defect.
    pub defect_runs: Tally,
    /// Runs of the honest shop.
    pub honest_runs: Tally,
    /// With 95% confidence, honest runs are accused at a rate under this: 3/N without an accusation, else the exact binomial
    /// bound; none without a run that counts.
    pub accusation_rate_max: Option<f64>,
    /// Median time to first evidence over all runs that caught a defect by a law, in milliseconds.
    pub first_evidence_median_ms: Option<f64>,
    /// The largest.
    pub first_evidence_max_ms: Option<f64>,
    /// Time in which runs with a defect went on, in seconds; those beside each other count once.
    pub defects_s: f64,
    /// The same for the honest shop.
    pub honest_s: f64,
}
