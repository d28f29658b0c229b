//! The harness's own health, second by second: what it must have kept before it may blame a shop.

use super::{JudgementError, one, rows};
use model::judge::{Budgets, HarnessHealth, HarnessSecond};
use model::record::{Arrivals, Generator};
use rusqlite::Connection;

/// How every planned arrival ended; one without a row is unknown.
pub fn arrivals(conn: &Connection) -> Result<Arrivals, JudgementError> {
    let counted = rows(conn, "the arrivals", "SELECT outcome, count(*) FROM v1_arrival GROUP BY outcome", |row| {
        Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)? as u64))
    })?;
    let mut arrivals = Arrivals::default();
    for (outcome, count) in counted {
        arrivals.scheduled += count;
        match outcome.as_str() {
            "confirmed" => arrivals.confirmed += count,
            "rejected" => arrivals.rejected += count,
            "abandoned" => arrivals.abandoned += count,
            "completed" => arrivals.completed += count,
            "shed" => arrivals.shed += count,
            "in_flight" => arrivals.in_flight += count,
            _ => arrivals.unknown += count,
        }
    }
    Ok(arrivals)
}

/// What the harness measured of itself.
pub fn health(conn: &Connection, arrivals: Arrivals, seconds: usize) -> Result<HarnessHealth, JudgementError> {
    let mut health = HarnessHealth { arrivals, lag_p99_us: lag_us(conn)?.map(|lag| lag[1]), seconds: Vec::new() };
    let planned = rows(conn, "the plan", "SELECT intended_us / 1000000, count(*) FROM v1_arrival GROUP BY 1", |row| {
        Ok((row.get::<_, i64>(0)? as usize, row.get::<_, i64>(1)? as u64))
    })?;
    let samples = rows(
        conn,
        "the samples",
        "SELECT second, name, value FROM v1_sample WHERE name LIKE 'generator.%' OR name LIKE 'providers.%'",
        |row| Ok((row.get::<_, i64>(0)? as usize, row.get::<_, String>(1)?, row.get::<_, f64>(2)?)),
    )?;
    if samples.is_empty() {
        // The harness died before it could say how it was; the run is interrupted, and no objective is decided anyway.
        return Ok(health);
    }
    let workers = fact(conn, "generator.workers")?.unwrap_or(1.0).max(1.0);
    health.seconds = vec![HarnessSecond::default(); seconds];
    for (second, count) in planned {
        if let Some(second) = health.seconds.get_mut(second) {
            second.planned = count;
        }
    }
    for (second, name, value) in samples {
        let Some(second) = health.seconds.get_mut(second) else { continue };
        match name.as_str() {
            "generator.begun" => second.begun = value as u64,
            "generator.late" => second.late = value as u64,
            "generator.lag_max_us" => second.lag_max_us = value as u64,
            "generator.cpu_s" => second.generator_cpu_share = value / workers,
            "providers.lag_max_us" => second.providers_lag_max_us = value as u64,
            _ => {}
        }
    }
    Ok(health)
}

/// The generator's part of the record.
pub fn generator(conn: &Connection, arrivals: &Arrivals) -> Result<Generator, JudgementError> {
    let [p50, p99, max] = lag_us(conn)?.unwrap_or_default().map(|us| us as f64 / 1000.0);
    let requests = fact(conn, "generator.requests")?.unwrap_or(0.0);
    let cpu_s = fact(conn, "generator.cpu_s")?;
    let cpu_of = |name: &str| -> Result<Option<f64>, JudgementError> {
        let sql = format!("SELECT sum(value) FROM v1_sample WHERE name = '{name}'");
        one(conn, "the processor time", &sql, |row| row.get(0))
    };
    Ok(Generator {
        dispatch_lag_p50_ms: p50,
        dispatch_lag_p99_ms: p99,
        dispatch_lag_max_ms: max,
        dispatch_lag_budget_ms: Budgets::default().lag_p99_us as f64 / 1000.0,
        shed: arrivals.shed,
        requests: requests as u64,
        cpu_us_per_request: cpu_s.filter(|_| requests > 0.0).map(|cpu_s| cpu_s * 1e6 / requests),
        shop_cpu_s: cpu_of("cpu.shop")?,
        providers_cpu_s: cpu_of("cpu.providers")?,
        proxy_cpu_s: cpu_of("cpu.proxy")?,
        ..Generator::default()
    })
}

/// Median, 99th percentile and largest dispatch lag as the generator counted it; none of a run that was cut off.
fn lag_us(conn: &Connection) -> Result<Option<[u64; 3]>, JudgementError> {
    let names = ["generator.lag_p50_us", "generator.lag_p99_us", "generator.lag_max_us"];
    let mut lag_us = [0; 3];
    for (slot, name) in lag_us.iter_mut().zip(names) {
        let Some(value) = fact(conn, name)? else { return Ok(None) };
        *slot = value as u64;
    }
    Ok(Some(lag_us))
}

/// A number among the facts of the run.
pub fn fact(conn: &Connection, name: &str) -> Result<Option<f64>, JudgementError> {
    let sql = format!("SELECT max(value) FROM v1_fact WHERE name = '{name}'");
    let text: Option<String> = one(conn, "a fact of the run", &sql, |row| row.get(0))?;
    Ok(text.and_then(|text| text.parse().ok()))
}
