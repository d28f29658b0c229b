//! What a single run shows: whether the named law or objective caught the defect, or whether an honest shop was accused.

use super::{Catcher, Outcome};
use crate::finding::{Finding, Verdict};
use crate::record::RunRecord;

/// What a run shows.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    /// In a word.
    pub outcome: Outcome,
    /// See [`super::TrialRecord::exposure`].
    pub exposure: u64,
    /// See [`super::TrialRecord::violated`].
    pub violated: u64,
    /// See [`super::TrialRecord::first_evidence_ms`].
    pub first_evidence_ms: Option<f64>,
    /// Laws and objectives that were violated and not named.
    pub others: Vec<String>,
    /// The run's own reasons, where it did not show what was hoped for.
    pub reasons: Vec<String>,
}

/// What a run shows, with a defect that `catcher` is to catch, or of the honest shop.
#[must_use]
pub fn seen(record: &RunRecord, catcher: Option<&Catcher>) -> Seen {
    let violated = violated(record);
    let outcome = match catcher {
        Some(catcher) => with_a_defect(record, catcher, &violated),
        None => match record.verdict {
            Verdict::Pass => Outcome::Passed,
            Verdict::Inconclusive => Outcome::Inconclusive,
            Verdict::Fail => Outcome::Accused,
        },
    };
    let law = match catcher {
        Some(Catcher::Law(name)) => record.laws.iter().find(|law| law.name == *name),
        Some(Catcher::Objective(_)) | None => None,
    };
    let others = violated.into_iter().filter(|name| catcher.is_none_or(|catcher| catcher.name() != *name));
    Seen {
        outcome,
        exposure: match catcher {
            Some(_) => law.map_or(0, |law| law.exposure),
            None => record.laws.iter().map(|law| law.exposure).sum(),
        },
        violated: law.map_or(0, |law| law.violated),
        first_evidence_ms: law.and_then(|law| law.first_evidence_ms),
        others: others.map(str::to_owned).collect(),
        reasons: if outcome.is_as_hoped() { Vec::new() } else { record.reasons.clone() },
    }
}

fn with_a_defect(record: &RunRecord, catcher: &Catcher, violated: &[&str]) -> Outcome {
    if violated.contains(&catcher.name()) {
        return Outcome::Caught;
    }
    // Where the harness was slow no objective is decided: that the named one says nothing is no escape.
    let silenced = matches!(catcher, Catcher::Objective(_)) && !record.generator.valid;
    if record.verdict == Verdict::Inconclusive || silenced { Outcome::Inconclusive } else { Outcome::Escaped }
}

/// Names of the laws and objectives that are violated, each once.
fn violated(record: &RunRecord) -> Vec<&str> {
    let laws = record.laws.iter().filter(|law| law.finding == Finding::Violated).map(|law| law.name.as_str());
    let objectives = record.objectives.iter().filter(|objective| objective.finding == Finding::Violated);
    let mut names: Vec<&str> = laws.collect();
    for objective in objectives {
        if !names.contains(&objective.name.as_str()) {
            names.push(&objective.name);
        }
    }
    names
}
