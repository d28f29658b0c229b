//! Does the engine tell the truth? Servers that stall on purpose, and the percentiles that must follow from it.

#![allow(dead_code, reason = "the tests of the engine share their helpers, and no file needs all of them")]

mod engine_course;

use axum::Router;
use axum::routing::get;
use engine_course::{Books, ask, course, journey, plan, request, run, scenario, serve};
use hdrhistogram::Histogram;
use model::outcome::Outcome;
use model::plan::Manner;
use model::record::Arrivals;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// One load at a time: the others would be part of what is measured.
static ALONE: Mutex<()> = Mutex::new(());

/// A generator that is later than this at the 99th percentile is starved: a quiet machine is a tenth of it.
const LAG_US_MAX: u64 = 5_000;

const SECOND: Duration = Duration::from_secs(1);

/// A server that holds its answers back for a while, and what it answered when.
#[derive(Clone)]
struct Hold {
    from: Instant,
    until: Instant,
    /// Arrival and instant of each answer.
    log: Arc<Mutex<Vec<(u64, Instant)>>>,
}

/// What came of a load.
struct Driven {
    books: Books,
    /// Response times as the server's own log demands them.
    demanded_us: Histogram<u64>,
}

/// Drives arrivals at a constant rate for ten seconds against a server that holds every answer for a second. A load in
/// which the machine was too busy for generator or server proves nothing, here as everywhere: it is driven again.
fn drive_against_a_hold(rate: u64, from: Duration) -> Driven {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    for _ in 0..4 {
        let driven = try_to_drive_against_a_hold(rate, from);
        let lag_us = driven.books.driven.as_ref().expect("driven").lag_us_at(0.99);
        if lag_us < LAG_US_MAX && is_held_well(rate, &driven.demanded_us) {
            return driven;
        }
    }
    panic!("this machine is too busy to say anything about time");
}

fn try_to_drive_against_a_hold(rate: u64, from: Duration) -> Driven {
    let start = Instant::now() + SECOND / 2;
    let hold = Hold { from: start + from, until: start + from + SECOND, log: Arc::default() };
    let shop = hold.clone().serve();
    let scenario = scenario(vec![journey("held", vec![ask("held", request("GET", "/held/{{intent.number}}"))])]);
    let every_us = 1_000_000 / rate;
    let mut course = course(scenario, plan(10 * rate, every_us, Manner::default()), shop);
    course.start = start;
    course.workers = 2;
    let books = run(&course);
    let mut demanded_us = Histogram::new(3).expect("three digits");
    for (arrival, answered) in hold.log.lock().expect("no panic holds it").iter() {
        let intended = start + Duration::from_micros(arrival * every_us);
        let response = answered.saturating_duration_since(intended);
        demanded_us.record(response.as_micros() as u64).expect("the histogram grows");
    }
    Driven { books, demanded_us }
}

impl Hold {
    /// Serves with as little work as can be, for when the hold is over hundreds of answers are due at once.
    fn serve(self) -> SocketAddr {
        let (told, address) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async {
                let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
                told.send(listener.local_addr().expect("an address")).expect("the test waits");
                loop {
                    let (stream, _) = listener.accept().await.expect("a connection");
                    tokio::spawn(self.clone().talk(stream));
                }
            });
        });
        address.recv().expect("a server")
    }

    async fn talk(self, mut stream: TcpStream) {
        stream.set_nodelay(true).expect("a socket option");
        let mut request = [0; 1024];
        loop {
            let mut length = 0;
            while !request[..length].ends_with(b"\r\n\r\n") {
                match stream.read(&mut request[length..]).await {
                    Ok(read @ 1..) => length += read,
                    _ => return,
                }
            }
            let line = std::str::from_utf8(&request[..length]).expect("text");
            let path = line.split(' ').nth(1).expect("a path");
            let arrival = path.trim_start_matches("/held/").parse().expect("a number");
            if (self.from..self.until).contains(&Instant::now()) {
                tokio::time::sleep_until(self.until.into()).await;
            }
            self.log.lock().expect("no panic holds it").push((arrival, Instant::now()));
            if stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nheld").await.is_err() {
                return;
            }
        }
    }
}

fn is_near(measured_us: u64, demanded_us: f64, tolerance: f64) -> bool {
    (measured_us as f64 - demanded_us).abs() < demanded_us * tolerance
}

fn assert_near(what: &str, measured_us: u64, demanded_us: f64) {
    let is_near = is_near(measured_us, demanded_us, 0.02);
    assert!(is_near, "{what} is {measured_us} µs, and not within 2% of {demanded_us} µs");
}

/// A tenth of the arrivals meet the hold, evenly: half of them wait for more than half a second, and so on.
const OF_A_HOLD: [(f64, f64); 3] = [(0.95, 500_000.0), (0.99, 900_000.0), (0.999, 990_000.0)];

/// Whether the server held for one second, and not for as long as it waited for a processor besides. At a high rate it
/// needs some hundredths of a second to say all that is due at once.
fn is_held_well(rate: u64, demanded_us: &Histogram<u64>) -> bool {
    let tolerance = if rate > 500 { 0.05 } else { 0.015 };
    let is_near_enough = |(quantile, ideal_us)| is_near(demanded_us.value_at_quantile(quantile), ideal_us, tolerance);
    OF_A_HOLD.into_iter().all(is_near_enough)
}

fn assert_hold_shows(from: Duration) {
    let response_us = drive_against_a_hold(500, from).books.response_us("held");
    assert_eq!(response_us.len(), 5_000);
    for (quantile, ideal_us) in OF_A_HOLD {
        assert_near(&format!("quantile {quantile}"), response_us.value_at_quantile(quantile), ideal_us);
    }
}

#[test]
fn a_hold_in_the_middle_shows_in_the_percentiles() {
    assert_hold_shows(5 * SECOND);
}

#[test]
fn a_hold_at_the_very_end_shows_in_the_percentiles() {
    assert_hold_shows(9 * SECOND);
}

#[test]
fn at_a_high_rate_the_percentiles_are_those_of_the_servers_own_log() {
    let Driven { books, demanded_us } = drive_against_a_hold(2_000, 5 * SECOND);
    let response_us = books.response_us("held");
    assert_eq!((response_us.len(), demanded_us.len()), (20_000, 20_000));
    for quantile in [0.95, 0.99, 0.999] {
        let demanded_us = demanded_us.value_at_quantile(quantile) as f64;
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
