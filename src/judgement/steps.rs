//! Response times by step, from the histograms.

use books::Joined;
use books::read::Span;
use hdrhistogram::Histogram;
use model::judge::StepObservation;
use model::outcome::{Reading, Refusal};
use model::record::StepRecord;
use std::collections::BTreeMap;

/// Whether such an answer means that the step failed.
fn failed(reading: Reading) -> bool {
    match reading {
        Reading::Unexpected | Reading::Unanswered | Reading::Refused(Refusal::Technical) => true,
        Reading::Ok
        | Reading::Pending
        | Reading::ActionRequired
        | Reading::InProgress
        | Reading::AlreadyOrdered
        | Reading::Absent
        | Reading::Refused(Refusal::Declined | Refusal::SoldOut | Refusal::PromotionUsedUp) => false,
    }
}

/// Requests by name of the step and second of the load.
pub fn by_second(joined: &Joined) -> Result<BTreeMap<String, Vec<StepObservation>>, books::Error> {
    let mut steps: BTreeMap<String, Vec<StepObservation>> = BTreeMap::new();
    joined.each_timing(Span::Second, |timing| {
        let mut observation = StepObservation { second: timing.number, ..StepObservation::default() };
        if failed(timing.reading) {
            observation.failed = timing.response_us.len();
        } else {
            let counted = timing.response_us.iter_recorded();
            observation.answered = counted.map(|value| (value.value_iterated_to(), value.count_at_value())).collect();
        }
        steps.entry(timing.step).or_default().push(observation);
    })?;
    Ok(steps)
}

/// A line for each step of each journey, over the whole load.
pub fn table(joined: &Joined) -> Result<Vec<StepRecord>, books::Error> {
    let mut merged: BTreeMap<(String, String), (u64, Histogram<u64>)> = BTreeMap::new();
    for timing in joined.timings(Span::Phase)? {
        let entry = merged.entry((timing.journey, timing.step));
        let (failures, response_us) = entry.or_insert_with(|| {
            (0, Histogram::new(3).expect("three significant digits are within the histogram's range"))
        });
        response_us.add(&timing.response_us).expect("the histogram grows");
        if failed(timing.reading) {
            *failures += timing.response_us.len();
        }
    }
    let ms = |us: u64| us as f64 / 1000.0;
    let line = |((journey, step), (failed, response_us)): ((String, String), (u64, Histogram<u64>))| StepRecord {
        journey,
        step,
        requests: response_us.len(),
        failed,
        p50_ms: ms(response_us.value_at_quantile(0.5)),
        p95_ms: ms(response_us.value_at_quantile(0.95)),
        p99_ms: ms(response_us.value_at_quantile(0.99)),
        p999_ms: ms(response_us.value_at_quantile(0.999)),
        max_ms: ms(response_us.max()),
    };
    Ok(merged.into_iter().map(line).collect())
}
