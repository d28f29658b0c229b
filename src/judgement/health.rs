//! The harness's own health, second by second: what it must have kept before it may blame a shop.

use books::Joined;
use model::judge::{Budgets, Ending, HarnessHealth, HarnessSecond, Validity};
use model::record::{Arrivals, Generator};
use std::collections::BTreeMap;

/// What the harness measured of itself.
pub fn health(
    joined: &Joined,
    facts: &BTreeMap<String, String>,
    arrivals: Arrivals,
    seconds: usize,
    ending: Ending,
) -> Result<HarnessHealth, books::Error> {
    let mut health = HarnessHealth { arrivals, lag_p99_us: lag_us(facts).map(|lag| lag[1]), seconds: Vec::new() };
    let mut samples = joined.samples("generator.")?;
    samples.append(&mut joined.samples("providers.")?);
    if samples.is_empty() {
        // The harness died before it could say how it was; the run is interrupted, and no objective is decided anyway.
        return Ok(health);
    }
    let workers = fact(facts, "generator.workers").unwrap_or(1.0).max(1.0);
    health.seconds = vec![HarnessSecond::default(); seconds];
    // In a closed model nothing is planned, so that nothing is missed; nor is it known of a generator that died with its counts.
    let counts = samples.iter().any(|sample| sample.name == "generator.begun");
    let planned = if counts && closed_users(facts).is_none() { joined.planned_by_second()? } else { Vec::new() };
    for (second, count) in planned {
        if let Some(second) = health.seconds.get_mut(second as usize) {
            second.planned = count;
        }
    }
    for sample in samples {
        let Some(second) = health.seconds.get_mut(sample.second as usize) else { continue };
        match sample.name.as_str() {
            "generator.begun" => second.begun = sample.value as u64,
            "generator.late" => second.late = sample.value as u64,
            "generator.lag_max_us" => second.lag_max_us = sample.value as u64,
            "generator.cpu_s" => second.generator_cpu_share = sample.value / workers,
            "providers.lag_max_us" => second.providers_lag_max_us = sample.value as u64,
            _ => {}
        }
    }
    match ending {
        Ending::Complete => {}
        Ending::Interrupted { .. } => forgive_what_was_cut_off(&mut health.seconds),
    }
    Ok(health)
}

/// Nobody was to begin once the run was interrupted: what was planned from then on is not missed.
fn forgive_what_was_cut_off(seconds: &mut [HarnessSecond]) {
    let last = seconds.iter().rposition(|second| second.begun > 0).unwrap_or(0);
    for second in seconds.iter_mut().skip(last) {
        second.planned = second.planned.min(second.begun);
    }
}

/// The generator's part of the record.
pub fn generator(
    joined: &Joined,
    facts: &BTreeMap<String, String>,
    arrivals: &Arrivals,
    validity: &Validity,
) -> Result<Generator, books::Error> {
    let [p50, p99, max] = lag_us(facts).unwrap_or_default().map(|us| us as f64 / 1000.0);
    let requests = fact(facts, "generator.requests").unwrap_or(0.0);
    let cpu_s = fact(facts, "generator.cpu_s");
    Ok(Generator {
        valid: validity.is_whole(),
        invalid_seconds: validity.invalid_count(),
        reasons: validity.void.iter().chain(&validity.causes).cloned().collect(),
        dispatch_lag_p50_ms: p50,
        dispatch_lag_p99_ms: p99,
        dispatch_lag_max_ms: max,
        dispatch_lag_budget_ms: Budgets::default().lag_p99_us as f64 / 1000.0,
        shed: arrivals.shed,
        requests: requests as u64,
        cpu_us_per_request: cpu_s.filter(|_| requests > 0.0).map(|cpu_s| cpu_s * 1e6 / requests),
        shop_cpu_s: joined.sample_sum("cpu.shop")?,
        providers_cpu_s: joined.sample_sum("cpu.providers")?,
        proxy_cpu_s: joined.sample_sum("cpu.proxy")?,
    })
}

/// Users of a closed model; none of an open one.
pub fn closed_users(facts: &BTreeMap<String, String>) -> Option<u64> {
    fact(facts, crate::run::CLOSED_USERS).map(|users| users as u64)
}

/// Median, 99th percentile and largest dispatch lag as the generator counted it; none of a run that was cut off, or of a closed model.
fn lag_us(facts: &BTreeMap<String, String>) -> Option<[u64; 3]> {
    let lag_us = |name| fact(facts, name).map(|us| us as u64);
    Some([lag_us("generator.lag_p50_us")?, lag_us("generator.lag_p99_us")?, lag_us("generator.lag_max_us")?])
}

/// A number among the facts of the run.
fn fact(facts: &BTreeMap<String, String>, name: &str) -> Option<f64> {
    facts.get(name)?.parse().ok()
}
