//! A load as a whole: shares, early ends, limits, broken connections, and that every arrival is accounted for.

#![allow(dead_code, reason = "the tests of the engine share their helpers, and no file needs all of them")]

mod engine_course;

use axum::Router;
use axum::routing::get;
use books::rows::{Batch, Window};
use doorbuster::engine::{Once, Stop, drive, run_once};
use engine_course::till::{Till, page, reply, silence};
use engine_course::{Books, ask, capture, course, journey, plan, request, run, scenario, serve, step};
use model::journey::{Action, Pause, Request, Step};
use model::outcome::{Outcome, Reading};
use model::plan::Manner;
use model::scenario::Record;
use serde_json::{Map, json};
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::watch;

fn quick(target: &str) -> Vec<Step> {
    vec![ask("it", Request { timeout: Duration::from_secs(2), ..request("GET", target) })]
}

/// Speaks raw bytes with each client, on threads that end with the process.
fn serve_raw(talk: impl Fn(&mut TcpStream) + Clone + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, talk) = (stream.expect("a connection"), talk.clone());
            std::thread::spawn(move || talk(&mut stream));
        }
    });
    address
}

/// Reads one request without a body; false when the client is gone.
fn read_request(stream: &mut TcpStream) -> bool {
    let mut seen = Vec::new();
    let mut byte = [0];
    while !seen.ends_with(b"\r\n\r\n") {
        match stream.read(&mut byte) {
            Ok(1) => seen.push(byte[0]),
            _ => return false,
        }
    }
    true
}

fn walk_all(shop: SocketAddr, steps: Vec<Step>) -> Books {
    let mut scenario = scenario(vec![journey("walk", steps)]);
    scenario.record = Record::All;
    run(&course(scenario, plan(1, 1_000, Manner::default()), shop))
}

#[test]
fn several_workers_share_a_plan_and_nobody_is_missed() {
    let shop = serve(Router::new().route("/", get(async || "here")));
    let mut course = course(scenario(vec![journey("walk", quick("/"))]), plan(1_003, 500, Manner::default()), shop);
    course.workers = 3;
    let batches: Arc<Mutex<Vec<Batch>>> = Arc::default();
    let into = Arc::clone(&batches);
    let driven = drive(&course, move |batch| into.lock().expect("no panic holds it").push(batch)).expect("a load");
    assert_eq!((driven.arrivals.scheduled, driven.arrivals.completed), (1_003, 1_003));
    assert_eq!((driven.requests, driven.workers.len(), driven.lag_us.len()), (1_003, 3, 1_003));
    assert!(driven.workers.iter().all(|worker| worker.requests >= 334 && !worker.cpu.is_zero()));

    let batches = batches.lock().expect("no panic holds it");
    let mut numbers: Vec<u64> = batches.iter().flat_map(|batch| &batch.arrivals).map(|end| end.number).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (0..1_003).collect::<Vec<_>>());
    let timings = || batches.iter().flat_map(|batch| &batch.timings).filter(|timings| timings.journey == "walk");
    let counted = |seconds: bool| {
        let of_kind = timings().filter(|timings| matches!(timings.window, Window::Second(_)) == seconds);
        of_kind.map(|timings| timings.response_us.len()).sum::<u64>()
    };
    assert_eq!((counted(true), counted(false)), (1_003, 1_003));
    let sampled = |name: &str| {
        let samples = batches.iter().flat_map(|batch| &batch.samples).filter(|sample| sample.name == name);
        samples.map(|sample| sample.value).sum::<f64>()
    };
    assert_eq!(sampled("generator.begun") as u64, 1_003);
    assert!(sampled("generator.cpu_s") > 0.0);
    let total = course.live.total();
    assert_eq!((total.begun, total.completed, course.live.open(), course.live.requests()), (1_003, 1_003, 0, 1_003));
    assert_eq!(total.lag_us_max, driven.lag_us.max().min(total.lag_us_max), "the samples hold the largest lag");
}

#[test]
fn a_stop_sheds_those_to_come_and_cuts_off_those_who_stay() {
    let till = Till::open(&[("/", &[page(""), silence()])]);
    let mut course =
        course(scenario(vec![journey("walk", quick("/"))]), plan(1_000, 20_000, Manner::default()), till.address);
    let (halt, stop) = watch::channel(None);
    course.stop = stop;
    let stopping = std::thread::spawn({
        let till = till.clone();
        move || {
            while till.lines().len() < 4 {
                std::thread::yield_now();
            }
            halt.send_replace(Some(Stop { grace: Duration::from_millis(50) }));
            Instant::now()
        }
    });
    let books = run(&course);
    let took = stopping.join().expect("the load was stopped").elapsed();
    assert!(took < Duration::from_secs(1), "twenty seconds of plan were left: {took:?}");
    let arrivals = books.driven.expect("driven").arrivals;
    assert_eq!((arrivals.scheduled, arrivals.completed), (1_000, 1));
    assert!(arrivals.in_flight >= 3 && arrivals.shed >= 900, "{arrivals:?}");
    assert_eq!(books.arrivals.len(), 1_000);
}

#[test]
fn a_load_that_is_stopped_before_it_begins_sends_nothing() {
    let till = Till::open(&[]);
    let mut course =
        course(scenario(vec![journey("walk", quick("/"))]), plan(10, 1_000, Manner::default()), till.address);
    let halt = watch::Sender::new(Some(Stop { grace: Duration::ZERO }));
    course.stop = halt.subscribe();
    let arrivals = run(&course).driven.expect("driven").arrivals;
    assert_eq!((arrivals.scheduled, arrivals.shed, till.lines().len()), (10, 10, 0));
}

#[test]
fn arrivals_beyond_the_sockets_of_the_machine_are_shed_and_counted() {
    const FEW_FILES: &str = "DOORBUSTER_TEST_HAS_FEW_FILES";
    if std::env::var_os(FEW_FILES).is_none() {
        // The limit counts for a whole process, so this test runs once more in one of its own.
        let inner = Command::new("sh")
            .args([
                "-c",
                "ulimit -n 300 && exec \"$0\" --exact arrivals_beyond_the_sockets_of_the_machine_are_shed_and_counted",
            ])
            .arg(std::env::current_exe().expect("this program"))
            .env(FEW_FILES, "yes")
            .output()
            .expect("a shell");
        assert!(inner.status.success(), "{}", String::from_utf8_lossy(&inner.stdout));
        return;
    }
    let till = Till::open(&[("/", &[silence()])]);
    let mut scenario = scenario(vec![journey("walk", quick("/"))]);
    scenario.traffic.drain = Duration::from_millis(50);
    let books = run(&course(scenario, plan(60, 1_000, Manner::default()), till.address));
    let arrivals = books.driven.as_ref().expect("driven").arrivals;
    // 300 files, 256 of them for others, two for each shopper.
    assert_eq!((arrivals.in_flight, arrivals.shed), (22, 38), "{arrivals:?}");
    let shed = books.arrivals.iter().filter(|end| end.outcome == Outcome::Shed);
    assert!(shed.clone().all(|end| end.begun_us.is_none() && end.ended_us == end.number * 1_000), "at once, not late");
}

#[test]
fn a_connection_that_the_server_closed_meanwhile_costs_nothing() {
    let connections = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&connections);
    let shop = serve_raw(move |stream| {
        counted.fetch_add(1, Ordering::Relaxed);
        if read_request(stream) {
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").expect("a client that listens");
        }
    });
    let pause = || step("pause", Action::Think(Pause::Fixed(Duration::from_millis(30))));
    let one = || ask("it", request("GET", "/"));
    let books = walk_all(shop, vec![one(), pause(), one(), pause(), one()]);
    assert_eq!(books.arrivals[0].outcome, Outcome::Completed);
    assert_eq!(books.attempts.len(), 3, "none was lost, none was sent twice");
    assert_eq!(connections.load(Ordering::Relaxed), 3);
}

#[test]
fn connections_are_kept_and_used_again() {
    let connections = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&connections);
    let shop = serve_raw(move |stream| {
        counted.fetch_add(1, Ordering::Relaxed);
        while read_request(stream) {
            stream
                .write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\no\r\n1\r\nk\r\n0\r\n\r\n")
                .expect("a client");
        }
    });
    let books = walk_all(shop, (0..5).map(|_| ask("it", request("GET", "/"))).collect());
    assert_eq!((books.attempts.len(), connections.load(Ordering::Relaxed)), (5, 1));
}

#[test]
fn what_is_no_whole_answer_is_no_answer() {
    let answers: [(&'static [u8], &str); 4] = [
        (b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nok", "the connection was closed before the answer was whole"),
        (b"", "the connection was closed before the answer was whole"),
        (
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n",
            "the connection was closed before the answer was whole",
        ),
        (b"no HTTP at all\r\n\r\n", "the answer is not HTTP"),
    ];
    for (bytes, remark) in answers {
        let shop = serve_raw(move |stream| {
            if read_request(stream) {
                stream.write_all(bytes).expect("a client that listens");
            }
        });
        let books = walk_all(shop, quick("/"));
        let attempt = &books.attempts[0];
        assert_eq!((attempt.reading, attempt.remark.as_deref()), (Reading::Unanswered, Some(remark)));
        assert!(attempt.sent_us.is_some(), "it was sent");
        assert_eq!(books.arrivals[0].outcome, Outcome::Unknown);
    }
}

#[test]
fn a_body_without_end_is_not_read_to_the_end() {
    let shop = serve_raw(|stream| {
        if read_request(stream) {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 900000000\r\n\r\n");
            while stream.write_all(&[b'x'; 8_192]).is_ok() {}
        }
    });
    let books = walk_all(shop, quick("/"));
    assert_eq!(books.attempts[0].remark.as_deref(), Some("the body is too large"));
}

#[test]
fn what_was_never_sent_says_so() {
    let free = TcpListener::bind("127.0.0.1:0").expect("a free port").local_addr().expect("an address");
    let books = walk_all(free, quick("/"));
    let refused = &books.attempts[0];
    assert_eq!((refused.reading, refused.sent_us), (Reading::Unanswered, None));
    assert_eq!(refused.remark.as_deref(), Some("the connection was refused"));
    assert_eq!(books.arrivals[0].begun_us, None);

    let till = Till::open(&[]);
    let books = walk_all(till.address, quick("http://192.0.2.7/pay"));
    let forbidden = &books.attempts[0];
    assert_eq!((forbidden.reading, forbidden.sent_us), (Reading::Unexpected, None));
    assert_eq!(forbidden.remark.as_deref(), Some("the target is not allowed"));
}

#[test]
fn a_walk_outside_the_load_leaves_its_rows_and_what_it_captured() {
    let till = Till::open(&[("/token", &[reply(200, &json!({"token": "t1"}))]), ("/use/t1", &[page("")])]);
    let token = Request { captures: vec![capture("token", "$.token")], ..request("GET", "/token") };
    let scenario = scenario(vec![
        journey("set up", vec![ask("token", token)]),
        journey("use", vec![ask("use", request("GET", "/use/{{access.token}}"))]),
    ]);
    let mut shopper = plan(1, 1, Manner::default()).arrivals.remove(0);
    shopper.number = 900;
    let once = Once {
        scenario: Arc::new(scenario),
        journey: 0,
        shopper,
        run: "r1".into(),
        shop: vec![format!("http://{}", till.address)],
        variables: Map::from_iter([("access".into(), json!({"token": "t0"}))]),
        start: Instant::now(),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let walked = runtime.block_on(run_once(once.clone())).expect("a walk");
    assert_eq!((walked.end.number, walked.end.outcome), (900, Outcome::Completed));
    assert_eq!(walked.captured.get("token"), Some(&json!("t1")));
    assert_eq!((walked.batch.attempts.len(), walked.batch.arrivals.len()), (1, 1));
    assert_eq!(till.asked()[0].header("doorbuster-intent"), "r1.900.0");

    let variables = Map::from_iter([("access".into(), json!(walked.captured))]);
    let walked = runtime.block_on(run_once(Once { journey: 1, variables, ..once })).expect("a walk");
    assert_eq!(
        (walked.end.outcome, till.lines().last().map(String::as_str)),
        (Outcome::Completed, Some("GET /use/t1"))
    );
}

#[test]
fn a_variable_that_nothing_sets_is_told_before_the_load() {
    let course = course(
        scenario(vec![journey("walk", quick("/{{nothing}}"))]),
        plan(1, 1, Manner::default()),
        ([127, 0, 0, 1], 9).into(),
    );
    let error = drive(&course, |_| ()).expect_err("nothing sets it");
    assert_eq!(error.to_string(), "prepare step `it` of journey `walk`");
    let why = std::error::Error::source(&error).expect("a reason").to_string();
    assert_eq!(why, "`{{nothing}}` is set by nothing");
}
