//! What the run receives, and why: laws first, then whether the harness may speak at all, then objectives; the worst wins.

use super::figures::{count, target, value};
use super::validity::Validity;
use crate::finding::{Finding, Verdict};
use crate::record::{LawRecord, ObjectiveRecord};

/// How a run came to its end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Ending {
    /// As planned.
    Complete,
    /// Cut off; what was observed until then is judged by laws alone.
    Interrupted {
        /// Seconds of the load that were driven.
        after_s: f64,
    },
}

/// The verdict, and its reasons with the weightiest first; a pass has none.
#[must_use]
pub fn verdict(
    laws: &[LawRecord],
    objectives: &[ObjectiveRecord],
    validity: &Validity,
    ending: Ending,
) -> (Verdict, Vec<String>) {
    let mut failing: Vec<String> = laws.iter().filter_map(law_violated).collect();
    failing
        .extend(objectives.iter().filter(|objective| objective.finding == Finding::Violated).map(objective_violated));
    let mut open: Vec<String> = interruption(ending).into_iter().collect();
    // Laws count whatever the harness was like: where nothing is measured, nothing is left open by it. Of a run that was interrupted
    // that alone is said: it leaves every objective open anyway.
    if !objectives.is_empty() && ending == Ending::Complete {
        open.extend(validity.void.iter().map(|reason| format!("{reason}, so that no objective is decided")));
    }
    open.extend(laws.iter().filter_map(law_open));
    open.extend(laws_open(laws));
    // Where none is decided, the one reason says it for all.
    if validity.void.is_empty() && ending == Ending::Complete {
        open.extend(objectives.iter().filter_map(objective_open));
    }
    let verdict = match (failing.is_empty(), open.is_empty()) {
        (false, _) => Verdict::Fail,
        (true, false) => Verdict::Inconclusive,
        (true, true) => Verdict::Pass,
    };
    failing.append(&mut open);
    (verdict, failing)
}

fn interruption(ending: Ending) -> Option<String> {
    match ending {
        Ending::Complete => None,
        Ending::Interrupted { after_s } => {
            Some(format!("the run was interrupted after {after_s:.0} s, so that no objective is decided"))
        }
    }
}

fn law_violated(law: &LawRecord) -> Option<String> {
    let broken = law.finding == Finding::Violated || law.violated > 0;
    let (violated, examined) = (count(law.violated), count(law.examined));
    broken.then(|| format!("law {} is violated for {violated} of {examined} subjects", law.name))
}

/// Why a law that is not violated leaves the run open.
fn law_open(law: &LawRecord) -> Option<String> {
    let LawRecord { name, required, exposure, exposure_min, remark, .. } = law;
    let least = count(*exposure_min);
    match law.finding {
        _ if law.violated > 0 => None,
        Finding::NotExercised if *required => {
            let why = if remark.is_empty() { String::new() } else { format!(": {remark}") };
            Some(format!("law {name} is required, but examined nothing (it takes an exposure of {least}){why}"))
        }
        Finding::Undecided if law.undecided == 0 => None,
        Finding::Undecided => {
            let (undecided, examined) = (count(law.undecided), count(law.examined));
            Some(format!("law {name} cannot be decided for {undecided} of {examined} subjects"))
        }
        Finding::Held if *required && exposure < exposure_min => {
            let exposure = count(*exposure);
            Some(format!("law {name} is required with an exposure of {least}, and met its hazard {exposure} times"))
        }
        Finding::Held | Finding::NotExercised | Finding::Violated => None,
    }
}

/// Laws that are undecided as a whole, as over a book that was not read to its end: one reason for all that share one.
fn laws_open(laws: &[LawRecord]) -> Vec<String> {
    let mut by_remark: Vec<(&str, Vec<&str>)> = Vec::new();
    let whole = |law: &&LawRecord| law.finding == Finding::Undecided && law.undecided == 0 && law.violated == 0;
    for law in laws.iter().filter(whole) {
        match by_remark.iter_mut().find(|(remark, _)| *remark == law.remark) {
            Some((_, names)) => names.push(&law.name),
            None => by_remark.push((&law.remark, vec![&law.name])),
        }
    }
    let told = by_remark.into_iter().map(|(remark, names)| {
        let why = if remark.is_empty() { String::new() } else { format!(": {remark}") };
        match names[..] {
            [name] => format!("law {name} cannot be decided{why}"),
            _ => format!("{} laws cannot be decided{why} ({})", count(names.len() as u64), names.join(", ")),
        }
    });
    told.collect()
}

fn objective_violated(objective: &ObjectiveRecord) -> String {
    let ObjectiveRecord { name, phase, unit, .. } = objective;
    let measured = value(objective.measured.unwrap_or(f64::INFINITY), *unit);
    let low = objective.low.map_or_else(|| "never".into(), |low| value(low, *unit));
    let high = objective.high.map_or_else(|| "never".into(), |high| value(high, *unit));
    let wanted = target(objective.target, *unit);
    format!("objective {name} ({phase}) is violated: {measured}, between {low} and {high}; the target is {wanted}")
}

fn objective_open(objective: &ObjectiveRecord) -> Option<String> {
    let ObjectiveRecord { name, phase, remark, .. } = objective;
    match objective.finding {
        Finding::Held | Finding::Violated => None,
        Finding::NotExercised => Some(format!("objective {name} ({phase}) was not measured: {remark}")),
        Finding::Undecided => Some(format!("objective {name} ({phase}) is undecided: {remark}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::objective::{Target, Unit};

    fn law(finding: Finding, required: bool, exposure: u64) -> LawRecord {
        LawRecord {
            name: "no_intent_is_charged_twice".into(),
            sentence: "No intent is charged twice.".into(),
            required,
            exposure_min: 100,
            finding,
            examined: if finding == Finding::NotExercised { 0 } else { 5_310 },
            violated: if finding == Finding::Violated { 12 } else { 0 },
            undecided: if finding == Finding::Undecided { 3 } else { 0 },
            exposure,
            remark: String::new(),
            excluded_rate: None,
            at_stake: Vec::new(),
            counterexamples: Vec::new(),
            first_evidence_ms: None,
        }
    }

    fn objective(finding: Finding) -> ObjectiveRecord {
        ObjectiveRecord {
            name: "availability".into(),
            phase: "outside faults".into(),
            target: Target::AtLeast(0.999),
            unit: Unit::Ratio,
            measured: Some(0.972),
            low: Some(0.968),
            high: Some(0.976),
            samples: 9_000,
            finding,
            remark: "too few".into(),
        }
    }

    fn of(law: LawRecord, objective: ObjectiveRecord) -> (Verdict, Vec<String>) {
        verdict(&[law], &[objective], &Validity::default(), Ending::Complete)
    }

    #[test]
    fn the_worst_wins() {
        use Finding::{Held, NotExercised, Undecided, Violated};
        for (law_says, required, exposure, objective_says, expected) in [
            (Held, true, 100, Held, Verdict::Pass),
            (Held, true, 99, Held, Verdict::Inconclusive),
            (Held, false, 0, Held, Verdict::Pass),
            (NotExercised, false, 0, Held, Verdict::Pass),
            (NotExercised, true, 0, Held, Verdict::Inconclusive),
            (Undecided, false, 100, Held, Verdict::Inconclusive),
            (Violated, false, 0, Held, Verdict::Fail),
            (Violated, true, 0, Undecided, Verdict::Fail),
            (Held, true, 100, Undecided, Verdict::Inconclusive),
            (Held, true, 100, NotExercised, Verdict::Inconclusive),
            (Held, true, 100, Violated, Verdict::Fail),
            (Undecided, true, 0, Violated, Verdict::Fail),
        ] {
            let (found, reasons) = of(law(law_says, required, exposure), objective(objective_says));
            assert_eq!(found, expected, "{law_says:?} {required} {exposure} {objective_says:?}");
            assert_eq!(reasons.is_empty(), expected == Verdict::Pass);
        }
    }

    #[test]
    fn reasons_are_sentences_with_figures_and_the_weightiest_comes_first() {
        let laws = [law(Finding::Held, true, 40), law(Finding::Violated, true, 200)];
        let objectives = [objective(Finding::Undecided), objective(Finding::Violated)];
        let (found, reasons) = verdict(&laws, &objectives, &Validity::default(), Ending::Complete);
        assert_eq!(found, Verdict::Fail);
        assert_eq!(
            reasons,
            [
                "law no_intent_is_charged_twice is violated for 12 of 5,310 subjects",
                "objective availability (outside faults) is violated: 97.2%, between 96.8% and 97.6%; the target is at least 99.9%",
                "law no_intent_is_charged_twice is required with an exposure of 100, and met its hazard 40 times",
                "objective availability (outside faults) is undecided: too few",
            ]
        );
    }

    #[test]
    fn a_void_run_is_inconclusive_unless_a_law_is_violated() {
        let validity = Validity { void: vec!["the generator fell behind".into()], ..Validity::default() };
        let objectives = [objective(Finding::Undecided)];
        let held = verdict(&[law(Finding::Held, true, 100)], &objectives, &validity, Ending::Complete);
        assert_eq!(
            held,
            (Verdict::Inconclusive, vec!["the generator fell behind, so that no objective is decided".into()])
        );
        let violated = verdict(&[law(Finding::Violated, true, 100)], &objectives, &validity, Ending::Complete);
        assert_eq!(violated.0, Verdict::Fail);
        let unmeasured = verdict(&[law(Finding::Held, true, 100)], &[], &validity, Ending::Complete);
        assert_eq!(unmeasured, (Verdict::Pass, Vec::new()), "a run without objectives has none to leave open");
    }

    #[test]
    fn an_interrupted_run_is_at_best_inconclusive() {
        let ending = Ending::Interrupted { after_s: 43.2 };
        let (found, reasons) = verdict(&[law(Finding::Held, true, 100)], &[], &Validity::default(), ending);
        assert_eq!(found, Verdict::Inconclusive);
        assert_eq!(reasons, ["the run was interrupted after 43 s, so that no objective is decided"]);
        let slow = Validity { void: vec!["the generator fell behind".into()], ..Validity::default() };
        let (found, reasons) = verdict(&[], &[objective(Finding::Undecided)], &slow, ending);
        assert_eq!((found, reasons.len()), (Verdict::Inconclusive, 1), "the interruption says it for all");
        let (found, _) = verdict(&[law(Finding::Violated, false, 0)], &[], &Validity::default(), ending);
        assert_eq!(found, Verdict::Fail);
    }

    #[test]
    fn laws_that_are_undecided_for_one_reason_are_told_together() {
        let open = |name: &str, remark: &str| LawRecord {
            name: name.into(),
            undecided: 0,
            remark: remark.into(),
            ..law(Finding::Undecided, false, 0)
        };
        let cut = "the providers' statement was not read to its end";
        let laws = [open("a", cut), open("b", cut), open("c", "the law could not be examined")];
        let (verdict, reasons) = verdict(&laws, &[], &Validity::default(), Ending::Complete);
        assert_eq!(verdict, Verdict::Inconclusive);
        assert_eq!(
            reasons,
            [
                "2 laws cannot be decided: the providers' statement was not read to its end (a, b)",
                "law c cannot be decided: the law could not be examined"
            ]
        );
    }
}
