//! Does the engine tell the truth? Servers that stall on purpose, and the percentiles that must follow from it.

#![allow(dead_code, reason = "the tests of the engine share their helpers, and no file needs all of them")]

mod engine_course;

use axum::Router;
use axum::extract::{Path, State};
use axum::routing::get;
use engine_course::{Books, ask, course, journey, plan, request, run, scenario, serve};
use hdrhistogram::Histogram;
use model::outcome::Outcome;
use model::plan::Manner;
use model::record::Arrivals;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// One load at a time: the others would be part of what is measured.
static ALONE: Mutex<()> = Mutex::new(());

/// A generator that is later than this at the 99th percentile is starved: a quiet machine is a tenth of it.
const LAG_US_MAX: u64 = 5_000;

const SECOND: Duration = Duration::from_secs(1);

/// When the server holds its answers back, and what it answered when.
#[derive(Clone)]
struct Hold {
    start: Instant,
    from: Duration,
    until: Duration,
    /// Arrival and instant of each answer.
    log: Arc<Mutex<Vec<(u64, Instant)>>>,
}

/// Drives arrivals at a constant rate for ten seconds against a server that holds every answer for a second. A load that
/// the generator could not keep to proves nothing, here as everywhere: it is driven again.
fn drive_against_a_hold(rate: u64, from: Duration) -> (Books, Vec<(u64, Instant)>, Instant) {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    for _ in 0..3 {
        let driven = try_to_drive_against_a_hold(rate, from);
        let lag_us = driven.0.driven.as_ref().expect("driven").lag_us_at(0.99);
        if lag_us < LAG_US_MAX {
            return driven;
        }
    }
    panic!("this machine is too busy to say anything about time");
}

fn try_to_drive_against_a_hold(rate: u64, from: Duration) -> (Books, Vec<(u64, Instant)>, Instant) {
    let log = Arc::new(Mutex::new(Vec::new()));
    let start = Instant::now() + SECOND / 2;
    let hold = Hold { start, from, until: from + SECOND, log: Arc::clone(&log) };
    let shop = serve(Router::new().route("/held/{arrival}", get(held)).with_state(hold));
    let scenario = scenario(vec![journey("held", vec![ask("held", request("GET", "/held/{{intent.number}}"))])]);
    let mut course = course(scenario, plan(10 * rate, 1_000_000 / rate, Manner::default()), shop);
    course.start = start;
    course.workers = 2;
    let books = run(&course);
    let log = log.lock().expect("no panic holds it").clone();
    (books, log, start)
}

async fn held(State(hold): State<Hold>, Path(arrival): Path<u64>) -> &'static str {
    let (from, until) = (hold.start + hold.from, hold.start + hold.until);
    if (from..until).contains(&Instant::now()) {
        tokio::time::sleep_until(until.into()).await;
    }
    hold.log.lock().expect("no panic holds it").push((arrival, Instant::now()));
    "held"
}

fn assert_near(what: &str, measured_us: u64, demanded_us: f64) {
    let off = (measured_us as f64 - demanded_us).abs() / demanded_us;
    assert!(off < 0.02, "{what} is {measured_us} µs, and not within 2% of {demanded_us} µs");
}

/// A tenth of the arrivals meet the hold, evenly: half of them wait for more than half a second, and so on.
fn assert_hold_shows(books: &Books) {
    let response_us = books.response_us("held");
    assert_eq!(response_us.len(), 5_000);
    assert_near("p95", response_us.value_at_quantile(0.95), 500_000.0);
    assert_near("p99", response_us.value_at_quantile(0.99), 900_000.0);
    assert_near("p99.9", response_us.value_at_quantile(0.999), 990_000.0);
}

#[test]
fn a_hold_in_the_middle_shows_in_the_percentiles() {
    let (books, _, _) = drive_against_a_hold(500, 5 * SECOND);
    assert_hold_shows(&books);
}

#[test]
fn a_hold_at_the_very_end_shows_in_the_percentiles() {
    let (books, _, _) = drive_against_a_hold(500, 9 * SECOND);
    assert_hold_shows(&books);
}

#[test]
fn at_a_high_rate_the_percentiles_are_those_of_the_servers_own_log() {
    let (books, log, start) = drive_against_a_hold(2_000, 5 * SECOND);
    let mut demanded: Histogram<u64> = Histogram::new(3).expect("three digits");
    for (arrival, answered) in log {
        let intended = start + Duration::from_micros(arrival * 500);
        let response = answered.saturating_duration_since(intended);
        demanded.record(response.as_micros() as u64).expect("the histogram grows");
    }
    let response_us = books.response_us("held");
    assert_eq!((response_us.len(), demanded.len()), (20_000, 20_000));
    for quantile in [0.95, 0.99, 0.999] {
        let demanded_us = demanded.value_at_quantile(quantile) as f64;
        assert_near(&format!("quantile {quantile}"), response_us.value_at_quantile(quantile), demanded_us);
    }
}

#[test]
fn a_server_that_never_answers_leaves_no_arrival_unaccounted_for() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let shop = serve(Router::new().route("/never", get(std::future::pending::<&'static str>)));
    let mut request = request("GET", "/never");
    request.timeout = Duration::from_millis(700);
    let mut scenario = scenario(vec![journey("never", vec![ask("never", request)])]);
    scenario.traffic.drain = Duration::from_millis(300);
    let books = run(&course(scenario, plan(1_000, 1_000, Manner::default()), shop));

    let Arrivals { scheduled, unknown, in_flight, .. } = books.driven.as_ref().expect("driven").arrivals;
    assert_eq!((scheduled, unknown + in_flight), (1_000, 1_000));
    assert!(unknown > 100 && in_flight > 100, "some time out ({unknown}), some are cut off ({in_flight})");
    let numbers: Vec<u64> = books.arrivals.iter().map(|end| end.number).collect();
    assert_eq!(numbers, (0..1_000).collect::<Vec<_>>(), "each ends once");
    assert!(books.arrivals.iter().all(|end| matches!(end.outcome, Outcome::Unknown | Outcome::InFlight)));
    let response_us = books.response_us("never");
    assert_eq!(response_us.len(), 1_000, "all are in the distribution, with their age");
    assert!(response_us.min() >= 299_000, "the youngest was cut off with the age of the drain: {}", response_us.min());
}
