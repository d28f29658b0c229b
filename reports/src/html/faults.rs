//! Faults and phases: what was broken, how often it bit, and what the shop did meanwhile.

use super::table::{Reflow, numbers, table, words};
use super::{escape, section};
use crate::numerals;
use model::record::{FaultRecord, PhaseRecord, RunRecord};

/// The table of faults.
pub fn faults(record: &RunRecord) -> String {
    if record.faults.is_empty() {
        return section("faults", "Faults", "No fault was active in this run.", "");
    }
    let rows: Vec<Vec<String>> = record.faults.iter().map(|fault| fault_row(fault, record)).collect();
    let columns = [
        words("Fault"),
        words("Window"),
        numbers("Matched"),
        numbers("Applied"),
        numbers("Hazardous"),
        numbers("Purchases hit"),
        numbers("Good again after"),
    ];
    section(
        "faults",
        "Faults",
        "<i>Hazardous</i> counts the operations that the fault left in the state which it is about, for lost answers: charges made whose answer never arrived.",
        &table("Faults", &columns, &rows, Reflow::Cards),
    )
}

fn fault_row(fault: &FaultRecord, record: &RunRecord) -> Vec<String> {
    let count = |value: Option<u64>| value.map_or_else(|| numerals::NONE.into(), numerals::count);
    let recovered = match fault.recovered_after_s {
        Some(after_s) => numerals::seconds(after_s),
        None if fault.to_s >= record.duration_s => "the load ended first".into(),
        None => "not seen".into(),
    };
    vec![
        format!("<span class=\"fault\">{}</span><small>{}</small>", escape(&fault.name), escape(&fault.what)),
        window(fault.from_s, fault.to_s),
        count(fault.matched),
        count(fault.applied),
        count(fault.hazardous),
        count(fault.intents),
        recovered,
    ]
}

/// The table of phases.
pub fn phases(record: &RunRecord) -> String {
    if record.phases.is_empty() {
        return String::new();
    }
    let rows: Vec<Vec<String>> = record.phases.iter().map(phase_row).collect();
    let columns = [
        words("Phase"),
        words("Window"),
        numbers("Purchases"),
        numbers("Confirmed"),
        numbers("Failed"),
        numbers("Median"),
        numbers("p95"),
        numbers("p99"),
    ];
    section(
        "phases",
        "Phases",
        "Latency counts from the intended start of the checkout until the order is final; failed purchases count as infinitely slow.",
        &table("Phases", &columns, &rows, Reflow::Scroll),
    )
}

fn phase_row(phase: &PhaseRecord) -> Vec<String> {
    let latency = |value: Option<f64>| match value {
        None if phase.failed > 0 => "unbounded".into(),
        value => numerals::milliseconds_or_none(value),
    };
    vec![
        if phase.faulty {
            format!("<span class=\"fault\">{}</span>", escape(&phase.label))
        } else {
            escape(&phase.label)
        },
        window(phase.from_s, phase.to_s),
        numerals::count(phase.purchases),
        numerals::count(phase.confirmed),
        numerals::count(phase.failed),
        latency(phase.p50_ms),
        latency(phase.p95_ms),
        latency(phase.p99_ms),
    ]
}

fn window(from_s: f64, to_s: f64) -> String {
    format!("<span class=\"together\">{} to {}</span>", numerals::duration(from_s), numerals::duration(to_s))
}
