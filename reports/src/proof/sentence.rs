//! What a proof shows in a few sentences, the same in every report.

use crate::numerals::{self, count, counted};
use model::proof::{Catcher, DefectRecord, Outcome, ProofRecord, ProofVerdict, Tally, TrialRecord, Turn};

/// The verdict and its two halves.
pub fn verdict(record: &ProofRecord) -> String {
    format!("{}: {}", record.verdict.name(), halves(record))
}

/// The two halves: what was caught, and whether anybody was accused falsely.
pub fn halves(record: &ProofRecord) -> String {
    let halves: Vec<String> = [caught(record), accused(record)].into_iter().flatten().collect();
    if halves.is_empty() { "nothing was run.".into() } else { format!("{}.", halves.join("; ")) }
}

fn caught(record: &ProofRecord) -> Option<String> {
    let all = record.defects.len() as u64;
    let runs = record.figures.defect_runs;
    let planned = counted(runs.planned, "run", "runs");
    let made = match runs.missing() {
        0 => planned,
        missing => format!("{} of {planned}", count(runs.planned - missing)),
    };
    (all > 0).then(|| {
        format!(
            "{} of {} caught with every seed by what was named beforehand ({made})",
            count(record.figures.caught_always),
            counted(all, "seeded defect", "seeded defects"),
        )
    })
}

fn accused(record: &ProofRecord) -> Option<String> {
    let tally = record.figures.honest_runs;
    (tally.planned > 0).then(|| {
        let runs = tally.good + tally.bad;
        let said = format!(
            "{} in {}",
            counted(tally.bad, "accusation", "accusations"),
            counted(runs, "honest run", "honest runs")
        );
        match bound(&tally, record.figures.accusation_rate_max) {
            Some(bound) => format!("{said}: {bound}"),
            None => said,
        }
    })
}

/// What the honest runs bound; nothing where they bound nothing.
fn bound(tally: &Tally, rate_max: Option<f64>) -> Option<String> {
    let rate_max = rate_max?;
    if tally.bad == 0 {
        return Some(numerals::rate_under(tally.good, rate_max));
    }
    Some(format!("a rate under {} with 95% confidence (Clopper and Pearson)", numerals::percent(rate_max)))
}

/// What is not as it should be, one sentence each.
pub fn remarks(record: &ProofRecord) -> Vec<String> {
    let mut remarks = Vec::new();
    for trial in record.trials.iter().filter(|trial| !trial.outcome.is_as_hoped()) {
        remarks.push(told(trial));
    }
    let (defects, honest) = (record.figures.defect_runs, record.figures.honest_runs);
    let missing = defects.missing() + honest.missing();
    if missing > 0 {
        remarks.push(format!("{} not made; the same command goes on", counted(missing, "run was", "runs were")));
    }
    let repeated = defects.repeated + honest.repeated;
    if repeated > 0 {
        let alone = counted(repeated, "run that proved neither was", "runs that proved neither were");
        remarks.push(format!("{alone} made a second time with the machine to itself, and only that counts"));
    }
    remarks
}

/// A run that did not show what was hoped for.
fn told(trial: &TrialRecord) -> String {
    let whom = trial.defect.as_deref().unwrap_or("the honest shop");
    let what = match trial.outcome {
        Outcome::Escaped if trial.others.is_empty() => "escaped: nothing was violated".to_owned(),
        Outcome::Escaped => format!("escaped: violated was only {}", trial.others.join(", ")),
        Outcome::Accused => format!("was accused by {}", trial.others.join(", ")),
        Outcome::Inconclusive => "proves neither".to_owned(),
        Outcome::Failed => "did not come to a verdict".to_owned(),
        Outcome::Caught | Outcome::Passed => trial.outcome.name().to_owned(),
    };
    let why = match (trial.outcome.is_open(), trial.reasons.first()) {
        (true, Some(reason)) => format!(": {reason}"),
        (true, None) | (false, _) => String::new(),
    };
    let alone = if trial.turn == Turn::Alone { ", also with the machine to itself" } else { "" };
    let books = trial.directory.as_ref().map_or_else(String::new, |directory| format!("; its books: {directory}"));
    format!("{whom} under {}, seed {}, {what}{alone}{why}{books}", trial.scenario, trial.seed)
}

/// `10 of 10`: what was hoped for, of what was planned.
pub fn caught_of(tally: &Tally) -> String {
    format!("{} of {}", count(tally.good), count(tally.planned))
}

/// How many seeds there were, for the honest shop too where it had fewer or more.
pub fn seeds(record: &ProofRecord) -> String {
    let (defects, honest) = (record.seeds, record.honest_seeds);
    let seeds = |seeds| counted(seeds, "seed", "seeds");
    match (record.defects.is_empty(), record.honest.is_empty()) {
        (true, _) => seeds(honest),
        (false, false) if defects != honest => format!("{}, {} for the honest shop", seeds(defects), count(honest)),
        (false, _) => seeds(defects),
    }
}

/// The catcher as a table names it.
pub fn catcher(catcher: &Catcher) -> String {
    match catcher {
        Catcher::Law(name) => name.clone(),
        Catcher::Objective(name) => format!("objective {name}"),
    }
}

/// Other laws and objectives that were violated, with the number of runs where it is not all of them.
pub fn others(defect: &DefectRecord) -> String {
    let told = defect.others.iter().map(|(name, runs)| {
        if *runs == defect.tally.planned { name.clone() } else { format!("{name} ({})", count(*runs)) }
    });
    told.collect::<Vec<_>>().join(", ")
}

/// Milliseconds as seconds with one digit; a dash where there are none.
pub fn first_seen(value_ms: Option<f64>) -> String {
    value_ms.map_or_else(|| numerals::NONE.into(), |value| format!("{:.1} s", value / 1e3))
}

/// Time to first evidence and total times, name and value.
pub fn figures(record: &ProofRecord) -> Vec<(&'static str, String)> {
    let figures = &record.figures;
    let mut told = Vec::new();
    if !record.defects.is_empty() {
        told.push(("time to first evidence, median", first_seen(figures.first_evidence_median_ms)));
        told.push(("time to first evidence, longest", first_seen(figures.first_evidence_max_ms)));
        told.push(("all runs with a defect", numerals::duration(figures.defects_s)));
    }
    if !record.honest.is_empty() {
        told.push(("all runs of the honest shop", numerals::duration(figures.honest_s)));
    }
    told
}

/// Whether the verdict is good news or bad; none where it is neither.
pub const fn is_good(verdict: ProofVerdict) -> Option<bool> {
    match verdict {
        ProofVerdict::Proven => Some(true),
        ProofVerdict::Refuted => Some(false),
        ProofVerdict::Inconclusive | ProofVerdict::Failed => None,
    }
}
