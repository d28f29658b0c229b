//! The verdict as a sentence that stands on its own, the first line of every report.

use crate::numerals::{count, counted, money, number, rate_under};
use model::finding::{Finding, Verdict};
use model::record::{
    Counterexample, EventKind, EventRecord, FaultRecord, LawRecord, ObjectiveRecord, RunRecord, Touch,
};

/// The law that people ask for first.
const CHARGED_TWICE: &str = "no_intent_is_charged_twice";

/// Seconds over which the peak is averaged: one second alone is mostly chance.
const PEAK_WINDOW_S: usize = 10;

/// Names of faults up to this length, in characters, stand in the sentence; beyond it their number does.
const FAULTS_LENGTH_MAX: usize = 120;

/// The verdict, what was done and what came of it.
pub fn verdict(record: &RunRecord) -> String {
    format!("{}: {}", record.verdict.name(), without_verdict(record))
}

/// The sentence after the word of the verdict.
pub fn without_verdict(record: &RunRecord) -> String {
    let deeds = deeds(record);
    match record.verdict {
        Verdict::Pass => format!("{deeds}; {}.", good_ending(record)),
        Verdict::Inconclusive => format!(
            "this run proves neither that the shop survives nor that it does not. {}; {}.",
            capitalised(&deeds),
            good_ending(record)
        ),
        Verdict::Fail => format!("{}. {}.", violations(record), capitalised(&deeds)),
    }
}

/// Confirmed orders for each second over the busiest ten seconds.
fn peak_per_s(record: &RunRecord) -> f64 {
    let confirmed = &record.series.confirmed;
    let window = PEAK_WINDOW_S.min(confirmed.len());
    if window == 0 {
        return 0.0;
    }
    let most = confirmed.windows(window).map(|seconds| seconds.iter().sum::<u64>()).max().unwrap_or(0);
    most as f64 / window as f64
}

/// The peak as it is written.
pub fn peak(record: &RunRecord) -> String {
    let peak = peak_per_s(record);
    number(if peak < 10.0 { peak } else { peak.round() })
}

/// What the shop did, and under which faults.
fn deeds(record: &RunRecord) -> String {
    let orders = counted(record.arrivals.confirmed, "order", "orders");
    format!("{orders} confirmed at a peak of {}/s {}", peak(record), faults(&record.faults))
}

fn faults(faults: &[FaultRecord]) -> String {
    let whats: Vec<String> =
        faults.iter().map(|fault| uncapitalised(fault.what.trim().trim_end_matches('.'))).collect();
    let told = list(&whats);
    if faults.is_empty() {
        "with no fault active".into()
    } else if faults.len() <= 3
        && told.chars().count() <= FAULTS_LENGTH_MAX
        && whats.iter().all(|what| !what.is_empty())
    {
        format!("with {told}")
    } else {
        format!("through {}", counted(faults.len() as u64, "fault", "faults"))
    }
}

/// What may be said of the laws when none is violated.
fn good_ending(record: &RunRecord) -> String {
    let held = record.laws.iter().filter(|law| law.finding == Finding::Held).count() as u64;
    let violated = record.laws.iter().any(|law| law.finding == Finding::Violated);
    let nobody_charged_twice = record.laws.iter().any(|law| law.name == CHARGED_TWICE && law.finding == Finding::Held);
    if violated {
        "a law was broken".into()
    } else if nobody_charged_twice {
        "nobody was charged twice".into()
    } else if held > 0 {
        "no law was seen broken".into()
    } else if record.laws.iter().any(|law| law.finding == Finding::Undecided) {
        "no law could be decided".into()
    } else {
        "no law was put to the test".into()
    }
}

/// What was broken and missed, the weightiest first.
fn violations(record: &RunRecord) -> String {
    let laws: Vec<&LawRecord> = record.laws.iter().filter(|law| law.finding == Finding::Violated).collect();
    let missed_targets = record.objectives.iter().filter(|objective| objective.finding == Finding::Violated);
    let targets: Vec<&ObjectiveRecord> = missed_targets.collect();
    let first = match (&laws[..], &targets[..]) {
        ([], []) => return unexplained(record),
        ([], [target, ..]) => missed(target),
        ([law, ..], _) => broken(law),
    };
    let more_laws = laws.len().saturating_sub(1) as u64;
    let more_targets = (targets.len() - usize::from(laws.is_empty())) as u64;
    let rest: Vec<String> = [
        (more_laws > 0).then(|| format!("{} broken", counted(more_laws, "more law was", "more laws were"))),
        (more_targets > 0).then(|| format!("{} missed", counted(more_targets, "target was", "targets were"))),
    ]
    .into_iter()
    .flatten()
    .collect();
    if rest.is_empty() { first } else { format!("{first}; {}", list(&rest)) }
}

/// A failure without a finding behind it: the first reason has to do.
fn unexplained(record: &RunRecord) -> String {
    record.reasons.first().map_or_else(
        || "the run failed for a reason that was not recorded".into(),
        |reason| reason.trim().trim_end_matches('.').into(),
    )
}

fn broken(law: &LawRecord) -> String {
    if law.name == CHARGED_TWICE {
        return format!(
            "{} charged twice",
            if law.violated == 1 { "1 purchase was".into() } else { format!("{} purchases were", count(law.violated)) }
        );
    }
    format!("“{}” was broken {}", stated(law), counted(law.violated, "time", "times"))
}

fn missed(objective: &ObjectiveRecord) -> String {
    format!("{} missed its target", uncapitalised(&objective_name(&objective.name)))
}

/// What a fault did to the subject, in order; what it did more than once stands there once, with its number.
pub fn did(touch: &Touch) -> Vec<String> {
    let mut deeds: Vec<(&str, u64)> = Vec::new();
    for did in &touch.did {
        match deeds.iter_mut().find(|(known, _)| known == did) {
            Some((_, times)) => *times += 1,
            None => deeds.push((did, 1)),
        }
    }
    let told = |(did, times): (&str, u64)| if times == 1 { did.into() } else { format!("{did} ({times} times)") };
    deeds.into_iter().map(told).collect()
}

/// What should have been and what was; where the record does not say it, why the law is broken.
pub fn told(story: &Counterexample) -> &str {
    if story.sentence.is_empty() { &story.why } else { &story.sentence }
}

/// What is at stake for one subject: `15.09 USD`, or by how many a limit was passed.
pub fn stake(story: &Counterexample) -> Option<String> {
    match &story.currency {
        Some(currency) if story.weight > 0 => Some(format!("{} at stake", money(story.weight.cast_signed(), currency))),
        None if story.weight > 1 => Some(format!("{} beyond what is lawful", count(story.weight))),
        Some(_) | None => None,
    }
}

/// What is at stake over all violated subjects, in each currency.
pub fn at_stake(law: &LawRecord) -> Option<String> {
    let sums: Vec<String> = law
        .at_stake
        .iter()
        .filter(|stake| stake.amount_minor > 0)
        .map(|stake| money(stake.amount_minor.cast_signed(), &stake.currency))
        .collect();
    (!sums.is_empty()).then(|| list(&sums))
}

/// What all required laws that held exclude together: the bound of the one that was exposed least. None where no law is
/// required or not all of them held.
pub fn required_exclude(record: &RunRecord) -> Option<String> {
    let required: Vec<&LawRecord> = record.laws.iter().filter(|law| law.required).collect();
    if required.is_empty() || required.iter().any(|law| law.finding != Finding::Held) {
        return None;
    }
    let weakest = required.iter().min_by_key(|law| law.exposure)?;
    let whose = match required.len() {
        1 => format!("the required law was kept by all of {} exposed", count(weakest.exposure)),
        laws => {
            format!("each of the {laws} required laws was kept by all of {} exposed or more", count(weakest.exposure))
        }
    };
    Some(weakest.excluded_rate.map_or_else(
        || format!("the required law {} met no hazard, which excludes nothing", weakest.name),
        |rate| format!("{whose}: {}", rate_under(weakest.exposure, rate)),
    ))
}

/// An event for people: `action flip-flag: done`.
pub fn event(event: &EventRecord) -> String {
    let text = event.text.trim();
    match event.kind {
        EventKind::Action => format!("action {}: {text}", event.name),
        EventKind::Process if !text.is_empty() => text.into(),
        EventKind::External | EventKind::Process | EventKind::Note if text.is_empty() => event.name.clone(),
        EventKind::External | EventKind::Process | EventKind::Note => format!("{}: {text}", event.name),
    }
}

/// A law's sentence without its full stop; its name where it has none.
pub fn stated(law: &LawRecord) -> String {
    let sentence = law.sentence.trim().trim_end_matches('.');
    if sentence.is_empty() { capitalised(&law.name.replace('_', " ")) } else { sentence.into() }
}

/// The name of an objective as people say it: `checkout_p95` is `Checkout, 95th percentile`.
pub fn objective_name(name: &str) -> String {
    let (measure, step) = name.split_once(':').map_or((name, None), |(measure, step)| (measure, Some(step)));
    let (subject, quantile) = match measure.rsplit_once('_') {
        Some((subject, last)) => match last.strip_prefix('p').filter(|digits| digits.parse::<f64>().is_ok()) {
            Some(digits) => (subject, Some(digits)),
            None => (measure, None),
        },
        None => (measure, None),
    };
    let subject = match (subject, step) {
        ("cpu_per_order", None) => "Processor time per order".into(),
        ("step", Some(step)) => format!("Step {step}"),
        (subject, Some(step)) => format!("{} {step}", capitalised(&subject.replace('_', " "))),
        (subject, None) => capitalised(&subject.replace('_', " ")),
    };
    quantile.map_or_else(|| subject.clone(), |digits| format!("{subject}, {}", percentile(digits)))
}

fn percentile(digits: &str) -> String {
    match digits {
        "50" => "median".into(),
        digits => format!("{digits}th percentile"),
    }
}

/// `a`, `a and b`, `a, b and c`.
pub fn list(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [rest @ .., last] => format!("{} and {last}", rest.join(", ")),
    }
}

/// With the first letter in upper case.
pub fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// With the first letter in lower case, unless the first word is an acronym.
fn uncapitalised(text: &str) -> String {
    let mut letters = text.chars();
    let Some(first) = letters.next() else { return String::new() };
    if letters.clone().next().is_some_and(char::is_uppercase) {
        return text.into();
    }
    first.to_lowercase().chain(letters).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objectives_are_named_for_people() {
        assert_eq!(objective_name("checkout_p95"), "Checkout, 95th percentile");
        assert_eq!(objective_name("checkout_p99.9"), "Checkout, 99.9th percentile");
        assert_eq!(objective_name("step_p50:search"), "Step search, median");
        assert_eq!(objective_name("payment_errors"), "Payment errors");
        assert_eq!(objective_name("cpu_per_order"), "Processor time per order");
    }

    #[test]
    fn lists_read_as_sentences() {
        assert_eq!(list(&["a".into(), "b".into(), "c".into()]), "a, b and c");
        assert_eq!(uncapitalised("TCP resets"), "TCP resets");
        assert_eq!(uncapitalised("Tax is slow"), "tax is slow");
    }
}
