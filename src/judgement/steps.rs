//! Response times by step, from the histograms.

use super::{JudgementError, rows};
use hdrhistogram::Histogram;
use hdrhistogram::serialization::Deserializer;
use model::judge::StepObservation;
use model::record::StepRecord;
use rusqlite::Connection;
use std::collections::BTreeMap;

/// One histogram as the file keeps it.
struct Timing {
    number: u32,
    journey: String,
    step: String,
    reading: String,
    response_us: Histogram<u64>,
}

fn timings(conn: &Connection, span: &str) -> Result<Vec<Timing>, JudgementError> {
    let sql = format!("SELECT number, journey, step, reading, response_us FROM v1_timing WHERE span = '{span}'");
    let found = rows(conn, "the response times", &sql, |row| {
        let number = row.get::<_, i64>(0)? as u32;
        Ok((number, row.get(1)?, row.get(2)?, row.get(3)?, row.get::<_, Vec<u8>>(4)?))
    })?;
    let mut deserializer = Deserializer::new();
    found
        .into_iter()
        .map(|(number, journey, step, reading, bytes)| {
            let response_us = deserializer
                .deserialize(&mut bytes.as_slice())
                .map_err(|error| JudgementError::Value { what: "a histogram", reason: format!("{error:?}") })?;
            Ok(Timing { number, journey, step, reading, response_us })
        })
        .collect()
}

/// Whether such an answer means that the step failed.
fn failed(reading: &str) -> bool {
    matches!(reading, "unexpected" | "unanswered" | "technical")
}

/// Requests by name of the step and second of the load.
pub fn by_second(conn: &Connection) -> Result<BTreeMap<String, Vec<StepObservation>>, JudgementError> {
    let mut steps: BTreeMap<String, Vec<StepObservation>> = BTreeMap::new();
    for timing in timings(conn, "second")? {
        let mut observation = StepObservation { second: timing.number, ..StepObservation::default() };
        if failed(&timing.reading) {
            observation.failed = timing.response_us.len();
        } else {
            let counted = timing.response_us.iter_recorded();
            observation.answered = counted.map(|value| (value.value_iterated_to(), value.count_at_value())).collect();
        }
        steps.entry(timing.step).or_default().push(observation);
    }
    Ok(steps)
}

/// A line for each step of each journey, over the whole load.
pub fn table(conn: &Connection) -> Result<Vec<StepRecord>, JudgementError> {
    let mut merged: BTreeMap<(String, String), (u64, Histogram<u64>)> = BTreeMap::new();
    for timing in timings(conn, "phase")? {
        let entry = merged.entry((timing.journey, timing.step));
        let (failures, response_us) = entry.or_insert_with(|| {
            (0, Histogram::new(3).expect("three significant digits are within the histogram's range"))
        });
        response_us.add(&timing.response_us).expect("the histogram grows");
        if failed(&timing.reading) {
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
