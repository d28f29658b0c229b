//! What the live view shows: the engine's counters and the fault controller's deeds, as one snapshot.

use super::load::Loaded;
use crate::engine::Live;
use crate::live::{LawSoFar, Snapshot};
use std::sync::{Arc, Mutex};
use std::time::Instant;

/// What is known besides the engine's counters; shared with those who know it.
#[derive(Clone, Debug, Default)]
pub struct Noticed {
    /// Laws, as far as the books are read.
    pub laws: Vec<LawSoFar>,
}

/// A look at a run under way.
pub fn snapshot(loaded: &Loaded, live: &Live, start: Instant, noticed: &Arc<Mutex<Noticed>>) -> Snapshot {
    let elapsed = start.elapsed();
    let elapsed_us = elapsed.as_micros() as u64;
    let second = elapsed.as_secs() as u32;
    let now = live.second(second.saturating_sub(1));
    let total = live.total();
    let faults = loaded.scenario.faults.iter().filter(|fault| fault.at <= elapsed && elapsed < fault.at + fault.lasts);
    let checkout_ms = live
        .recent_checkouts()
        .map(|recent| [recent.p50_us, recent.p95_us, recent.p99_us].map(|us| us as f64 / 1000.0));
    Snapshot {
        scenario: loaded.scenario.name.clone(),
        elapsed,
        duration: loaded.plan.duration(),
        phase: if elapsed < loaded.plan.duration() {
            loaded.plan.phase_at(elapsed_us).label()
        } else {
            "draining".into()
        },
        faults: faults.map(|fault| fault.name.clone()).collect(),
        // A closed model plans nothing: what it reaches is what it does.
        planned_per_second: if loaded.scenario.traffic.crowd.is_some() {
            now.begun as f64
        } else {
            loaded.planned_in(second.saturating_sub(1)) as f64
        },
        reached_per_second: now.begun as f64,
        checkout_ms,
        confirmed: total.confirmed,
        rejected: total.rejected,
        unknown: total.unknown,
        in_flight: live.open(),
        lag_ms: now.lag_us_max as f64 / 1000.0,
        begun_by_second: (0..second).map(|second| live.second(second).begun).collect(),
        laws: noticed.lock().unwrap_or_else(std::sync::PoisonError::into_inner).laws.clone(),
    }
}
