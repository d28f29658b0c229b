//! Does the engine tell the truth? Servers that stall on purpose, and the percentiles that must follow from it.

#![allow(dead_code, reason = "the tests of the engine share their helpers, and no file needs all of them")]

mod engine_course;

use axum::Router;
use axum::routing::get;
use engine_course::{ask, course, journey, plan, request, run, scenario, serve};
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
    response_us: Histogram<u64>,
    /// Response times as the server's own log demands them.
    demanded_us: Histogram<u64>,
}

/// Drives a load until what it measured is near enough. A machine that is busy with something else delays generator and
/// server alike, now and then; an engine that does not tell the truth never does.
fn until_near(rate: u64, from: Duration, is_near: impl Fn(&Driven) -> Result<(), String>) {
    const TRIES: usize = 4;
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    for attempt in 1..=TRIES {
        let driven = drive_against_a_hold(rate, from);
        let measured = (driven.response_us.len(), driven.demanded_us.len());
        assert_eq!(measured, (10 * rate, 10 * rate), "every request is measured and answered once");
        match is_near(&driven) {
            Ok(()) => return,
            Err(why) if attempt == TRIES => panic!("{why}"),
            Err(why) => eprintln!("{why}; once more"),
        }
    }
}

/// Drives arrivals at a constant rate for ten seconds against a server that holds every answer for a second.
fn drive_against_a_hold(rate: u64, from: Duration) -> Driven {
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
    Driven { response_us: books.response_us("held"), demanded_us }
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

/// Whether a quantile of the response times is within 2% of what it must be.
fn is_near(response_us: &Histogram<u64>, quantile: f64, demanded_us: f64) -> Result<(), String> {
    let measured_us = response_us.value_at_quantile(quantile);
    if (measured_us as f64 - demanded_us).abs() < demanded_us * 0.02 {
        return Ok(());
    }
    Err(format!("quantile {quantile} is {measured_us} µs, and not within 2% of {demanded_us} µs"))
}

/// A tenth of the arrivals meet the hold, evenly: half of them wait for more than half a second, and so on.
fn shows_a_hold(driven: &Driven) -> Result<(), String> {
    let ideal = [(0.95, 500_000.0), (0.99, 900_000.0), (0.999, 990_000.0)];
    ideal.into_iter().try_for_each(|(quantile, ideal_us)| is_near(&driven.response_us, quantile, ideal_us))
}

/// What the server logged is what was measured.
fn agrees_with_the_log(driven: &Driven) -> Result<(), String> {
    [0.95, 0.99, 0.999].into_iter().try_for_each(|quantile| {
        is_near(&driven.response_us, quantile, driven.demanded_us.value_at_quantile(quantile) as f64)
    })
}

#[test]
fn a_hold_in_the_middle_shows_in_the_percentiles() {
    until_near(500, 5 * SECOND, shows_a_hold);
}

#[test]
fn a_hold_at_the_very_end_shows_in_the_percentiles() {
    until_near(500, 9 * SECOND, shows_a_hold);
}

#[test]
fn at_a_high_rate_the_percentiles_are_those_of_the_servers_own_log() {
    until_near(2_000, 5 * SECOND, agrees_with_the_log);
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
