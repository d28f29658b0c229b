//! From single runs to the table: who was caught and how often, whom the laws accused falsely, and what that bounds.

use super::{
    Catcher, DefectRecord, Figures, HonestRecord, Outcome, ProofRecord, ProofVerdict, SCHEMA_VERSION, SeededDefect,
    Tally, TrialRecord, Turn,
};
use crate::judge;
use crate::record::Machine;
use std::collections::BTreeMap;

/// Reasons that are told of a scenario.
const REASONS_MAX: usize = 3;

/// What is known before the first run.
#[derive(Clone, Debug)]
pub struct Heading {
    /// Version of the harness.
    pub doorbuster_version: String,
    /// SHA-256 of the program, in hex.
    pub program_hash: String,
    /// RFC 3339 in UTC.
    pub written_at: String,
    /// Command line that repeats it.
    pub command: String,
    /// The machine.
    pub machine: Machine,
    /// Seeds for each defect.
    pub seeds: u64,
    /// Seeds for the honest shop under each scenario.
    pub honest_seeds: u64,
    /// The defects that are to be caught: each with its scenario and its catcher.
    pub defects: Vec<(SeededDefect, String, Catcher)>,
    /// The scenarios of the honest shop.
    pub honest: Vec<String>,
}

/// Puts the runs together that count: the last of each defect, scenario and seed.
#[must_use]
pub fn assemble(heading: Heading, trials: Vec<TrialRecord>) -> ProofRecord {
    let honest: Vec<HonestRecord> =
        heading.honest.iter().map(|scenario| honest(scenario, heading.honest_seeds, &trials)).collect();
    let defects: Vec<DefectRecord> =
        heading.defects.into_iter().map(|defect| with_defect(defect, heading.seeds, &trials)).collect();
    let figures = figures(&defects, &honest, &trials);
    ProofRecord {
        schema_version: SCHEMA_VERSION,
        doorbuster_version: heading.doorbuster_version,
        program_hash: heading.program_hash,
        written_at: heading.written_at,
        command: heading.command,
        machine: heading.machine,
        seeds: heading.seeds,
        honest_seeds: heading.honest_seeds,
        verdict: verdict(&figures),
        defects,
        honest,
        figures,
        trials,
    }
}

fn verdict(figures: &Figures) -> ProofVerdict {
    let all = [figures.defect_runs, figures.honest_runs];
    let any = |count: fn(&Tally) -> u64| all.iter().any(|tally| count(tally) > 0);
    if any(|tally| tally.bad) {
        ProofVerdict::Refuted
    } else if any(|tally| tally.failed) {
        ProofVerdict::Failed
    } else if any(|tally| tally.inconclusive + tally.missing()) {
        ProofVerdict::Inconclusive
    } else {
        ProofVerdict::Proven
    }
}

fn with_defect(
    (defect, scenario, catcher): (SeededDefect, String, Catcher),
    seeds: u64,
    trials: &[TrialRecord],
) -> DefectRecord {
    let mine: Vec<&TrialRecord> = trials.iter().filter(|trial| trial.defect.as_ref() == Some(&defect.slug)).collect();
    let evidence = sorted(mine.iter().filter(|trial| trial.outcome == Outcome::Caught));
    let honest: Vec<&TrialRecord> = trials
        .iter()
        .filter(|trial| trial.defect.is_none() && trial.scenario == scenario)
        .filter(|trial| matches!(trial.outcome, Outcome::Passed | Outcome::Accused))
        .collect();
    let accused = honest.iter().filter(|trial| trial.others.iter().any(|name| name == catcher.name()));
    DefectRecord {
        slug: defect.slug,
        summary: defect.summary,
        origin: defect.origin,
        tally: tally(seeds, &mine),
        exposure: mine.iter().map(|trial| trial.exposure).sum(),
        violated: mine.iter().map(|trial| trial.violated).sum(),
        others: counted(&mine),
        first_evidence_median_ms: median(&evidence),
        first_evidence_max_ms: evidence.last().copied(),
        honest_runs: honest.len() as u64,
        false_accusations: accused.count() as u64,
        scenario,
        catcher,
    }
}

fn honest(scenario: &str, seeds: u64, trials: &[TrialRecord]) -> HonestRecord {
    let mine: Vec<&TrialRecord> =
        trials.iter().filter(|trial| trial.defect.is_none() && trial.scenario == scenario).collect();
    let mut reasons: Vec<String> = Vec::new();
    for reason in mine.iter().filter(|trial| trial.outcome.is_open()).flat_map(|trial| &trial.reasons) {
        if reasons.len() < REASONS_MAX && !reasons.contains(reason) {
            reasons.push(reason.clone());
        }
    }
    HonestRecord { scenario: scenario.into(), tally: tally(seeds, &mine), accusations: counted(&mine), reasons }
}

fn tally(planned: u64, trials: &[&TrialRecord]) -> Tally {
    let mut tally = Tally { planned, ..Tally::default() };
    for trial in trials {
        match trial.outcome {
            Outcome::Caught | Outcome::Passed => tally.good += 1,
            Outcome::Escaped | Outcome::Accused => tally.bad += 1,
            Outcome::Inconclusive => tally.inconclusive += 1,
            Outcome::Failed => tally.failed += 1,
        }
        tally.repeated += u64::from(trial.turn == Turn::Alone);
    }
    tally
}

fn counted(trials: &[&TrialRecord]) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for name in trials.iter().flat_map(|trial| &trial.others) {
        *counts.entry(name.clone()).or_default() += 1;
    }
    counts
}

fn figures(defects: &[DefectRecord], honest: &[HonestRecord], trials: &[TrialRecord]) -> Figures {
    let sum = |tallies: &mut dyn Iterator<Item = Tally>| {
        tallies.fold(Tally::default(), |sum, tally| Tally {
            planned: sum.planned + tally.planned,
            good: sum.good + tally.good,
            bad: sum.bad + tally.bad,
            inconclusive: sum.inconclusive + tally.inconclusive,
            failed: sum.failed + tally.failed,
            repeated: sum.repeated + tally.repeated,
        })
    };
    let honest_runs = sum(&mut honest.iter().map(|scenario| scenario.tally));
    let evidence = sorted(trials.iter().filter(|trial| trial.outcome == Outcome::Caught));
    Figures {
        caught_always: defects.iter().filter(|defect| defect.tally.good == defect.tally.planned).count() as u64,
        defect_runs: sum(&mut defects.iter().map(|defect| defect.tally)),
        honest_runs,
        accusation_rate_max: rate_max(honest_runs.bad, honest_runs.good + honest_runs.bad),
        first_evidence_median_ms: median(&evidence),
        first_evidence_max_ms: evidence.last().copied(),
        defects_s: covered_s(trials.iter().filter(|trial| trial.defect.is_some())),
        honest_s: covered_s(trials.iter().filter(|trial| trial.defect.is_none())),
    }
}

/// The rate under which a thing happens that was seen so often in so many runs, with 95% confidence: what its absence excludes
/// where it was never seen, else the one-sided bound of Clopper and Pearson.
fn rate_max(seen: u64, runs: u64) -> Option<f64> {
    if seen == 0 {
        return judge::excluded_rate(runs);
    }
    // The two-sided interval of 90% leaves 5% on the side that matters.
    Some(judge::bounds(seen, runs, 0.9).high)
}

fn sorted<'a, T: std::borrow::Borrow<TrialRecord> + 'a>(trials: impl Iterator<Item = &'a T>) -> Vec<f64> {
    let mut times: Vec<f64> = trials.filter_map(|trial| trial.borrow().first_evidence_ms).collect();
    times.sort_by(f64::total_cmp);
    times
}

/// Of sorted values.
fn median(sorted: &[f64]) -> Option<f64> {
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => None,
        odd if odd % 2 == 1 => Some(sorted[middle]),
        _ => Some(f64::midpoint(sorted[middle - 1], sorted[middle])),
    }
}

/// Seconds in which at least one of the runs went on.
fn covered_s<'a>(trials: impl Iterator<Item = &'a TrialRecord>) -> f64 {
    let mut spans: Vec<(f64, f64)> = trials
        .map(|trial| {
            let from_s = trial.began_at_ms as f64 / 1e3;
            (from_s, from_s + trial.took_s)
        })
        .collect();
    spans.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut covered = 0.0;
    let mut until = f64::NEG_INFINITY;
    for (from_s, to_s) in spans {
        covered += (to_s - from_s.max(until)).max(0.0);
        until = until.max(to_s);
    }
    covered
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trial(defect: Option<&str>, seed: u64, outcome: Outcome) -> TrialRecord {
        TrialRecord {
            defect: defect.map(Into::into),
            scenario: "proofs/a.yaml".into(),
            seed,
            fingerprint: String::new(),
            turn: Turn::First,
            outcome,
            exposure: 5,
            violated: 2,
            first_evidence_ms: defect.map(|_| seed as f64 * 1_000.0),
            others: Vec::new(),
            reasons: Vec::new(),
            began_at_ms: seed * 10_000,
            took_s: 12.0,
            directory: None,
            command: String::new(),
        }
    }

    fn heading() -> Heading {
        let defect = SeededDefect { slug: "d".into(), summary: "s".into(), origin: "o".into() };
        Heading {
            doorbuster_version: String::new(),
            program_hash: String::new(),
            written_at: String::new(),
            command: String::new(),
            machine: Machine::default(),
            seeds: 2,
            honest_seeds: 2,
            defects: vec![(defect, "proofs/a.yaml".into(), Catcher::Law("l".into()))],
            honest: vec!["proofs/a.yaml".into()],
        }
    }

    fn proof(trials: Vec<TrialRecord>) -> ProofRecord {
        assemble(heading(), trials)
    }

    fn all_well() -> Vec<TrialRecord> {
        let runs = [(Some("d"), Outcome::Caught), (None, Outcome::Passed)];
        runs.into_iter().flat_map(|(defect, outcome)| [1, 2].map(|seed| trial(defect, seed, outcome))).collect()
    }

    #[test]
    fn all_caught_and_none_accused_is_proven_and_bounded() {
        let proof = proof(all_well());
        assert_eq!(proof.verdict, ProofVerdict::Proven);
        assert_eq!((proof.figures.caught_always, proof.defects[0].exposure, proof.defects[0].violated), (1, 10, 4));
        assert_eq!(proof.figures.first_evidence_median_ms, Some(1_500.0));
        assert_eq!(proof.figures.accusation_rate_max, judge::excluded_rate(2));
        // From 10 s to 22 s and from 20 s to 32 s.
        assert!((proof.figures.defects_s - 22.0).abs() < 1e-9);
    }

    #[test]
    fn the_honest_shop_has_seeds_of_its_own() {
        let mut heading = heading();
        heading.honest_seeds = 1;
        let three = all_well().into_iter().take(3).collect();
        let proof = assemble(heading, three);
        assert_eq!((proof.seeds, proof.honest_seeds, proof.verdict), (2, 1, ProofVerdict::Proven));
        assert_eq!((proof.figures.defect_runs.planned, proof.figures.honest_runs.planned), (2, 1));
    }

    #[test]
    fn an_escape_refutes_and_so_does_an_accusation() {
        let mut trials = all_well();
        trials[1].outcome = Outcome::Escaped;
        assert_eq!(proof(trials).verdict, ProofVerdict::Refuted);
        let mut trials = all_well();
        trials[3].outcome = Outcome::Accused;
        trials[3].others = vec!["l".into(), "m".into()];
        let proof = proof(trials);
        assert_eq!(proof.verdict, ProofVerdict::Refuted);
        assert_eq!((proof.defects[0].false_accusations, proof.defects[0].honest_runs), (1, 2));
        assert_eq!(proof.honest[0].accusations["m"], 1);
    }

    #[test]
    fn the_bound_is_three_over_n_or_the_exact_one() {
        assert_eq!(rate_max(0, 0), None);
        assert_eq!(rate_max(0, 200), Some(0.015));
        // Clopper and Pearson for 1 of 100, one-sided 95%: 4.66%.
        let one = rate_max(1, 100).unwrap();
        assert!((one - 0.0466).abs() < 1e-4, "{one}");
    }

    #[test]
    fn what_is_missing_or_open_is_not_proven() {
        let mut trials = all_well();
        trials.pop();
        let short = proof(trials);
        assert_eq!((short.verdict, short.honest[0].tally.missing()), (ProofVerdict::Inconclusive, 1));
        let mut trials = all_well();
        trials[2].outcome = Outcome::Inconclusive;
        trials[2].reasons = vec!["why".into()];
        let open = proof(trials);
        assert_eq!((open.verdict, open.honest[0].reasons.len()), (ProofVerdict::Inconclusive, 1));
        let mut trials = all_well();
        trials[2].outcome = Outcome::Failed;
        assert_eq!(proof(trials).verdict, ProofVerdict::Failed);
    }
}
