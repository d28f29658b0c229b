//! What the simulator costs: create-and-confirm with durable state, beside a bare handler that parses the same form and
//! answers the same JSON. Both are served on one core, their clients run on another; rounds alternate. Processor time counts
//! beside rates, for rates suffer where others use the cores.

#![expect(clippy::print_stdout, reason = "it is what a benchmark is for")]

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use http::Request;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use mocks::{Config, serve};
use rustix::thread::{CpuSet, sched_setaffinity};
use tokio::net::{TcpListener, TcpStream};

const CLIENTS: usize = 64;
const ROUNDS: usize = 7;
const ROUND: Duration = Duration::from_secs(2);
/// Names of the threads that serve: those of the runtime, and the simulator's own that writes the store.
const SERVERS: &str = "servers";
const STORE: &str = "providers-store";
const WARM_UP: Duration = Duration::from_millis(500);

fn body(n: u64) -> String {
    format!(
        "amount=4200&currency=usd&confirm=true&payment_method=pm_card_visa&metadata[order]=DB-{n}&metadata[cart]=c_{n}\
         &receipt_email=shopper%40example.test"
    )
}

/// A runtime whose threads, and theirs, stay on one core.
fn runtime(core: usize, name: &str) -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .thread_name(name)
        .enable_all()
        .on_thread_start(move || {
            let mut set = CpuSet::new();
            set.set(core);
            if let Err(error) = sched_setaffinity(None, &set) {
                println!("not pinned to core {core}: {error}");
            }
        })
        .build()
        .expect("a runtime")
}

/// The bare handler: the same form, read; the same JSON, written.
async fn bare(State(answer): State<Arc<serde_json::Value>>, body: Bytes) -> Response {
    let pairs: Vec<(String, String)> = form_urlencoded::parse(&body).into_owned().collect();
    if !pairs.iter().any(|(name, value)| name == "amount" && value.parse::<i64>().is_ok()) {
        return StatusCode::BAD_REQUEST.into_response();
    }
    let text = serde_json::to_vec(&*answer).expect("it was JSON");
    ([(header::CONTENT_TYPE, "application/json")], text).into_response()
}

async fn connect(address: SocketAddr) -> SendRequest<Full<Bytes>> {
    let stream = TcpStream::connect(address).await.expect("it listens");
    stream.set_nodelay(true).expect("a TCP socket");
    let (sender, connection) = handshake(TokioIo::new(stream)).await.expect("a fresh connection");
    tokio::spawn(connection);
    sender
}

async fn ask(sender: &mut SendRequest<Full<Bytes>>, n: u64) -> Bytes {
    let request = Request::post("/v1/payment_intents")
        .header("host", "provider")
        .header("authorization", "Bearer sk_test_bench")
        .header("content-type", "application/x-www-form-urlencoded")
        .header("idempotency-key", format!("bench-{n}"))
        .body(Full::new(Bytes::from(body(n))))
        .expect("a request as it should be");
    sender.ready().await.expect("the connection lives");
    let answer = sender.send_request(request).await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::OK);
    answer.into_body().collect().await.expect("a whole answer").to_bytes()
}

/// Requests a second over a while.
async fn rate(address: SocketAddr, numbers: &Arc<AtomicU64>, lasts: Duration) -> f64 {
    let end = Instant::now() + lasts;
    let begun = Instant::now();
    let clients: Vec<_> = (0..CLIENTS)
        .map(|_| {
            let numbers = Arc::clone(numbers);
            tokio::spawn(async move {
                let mut sender = connect(address).await;
                let mut count = 0_u64;
                while Instant::now() < end {
                    ask(&mut sender, numbers.fetch_add(1, Ordering::Relaxed)).await;
                    count += 1;
                }
                count
            })
        })
        .collect();
    let mut sum = 0;
    for client in clients {
        sum += client.await.expect("no client fails");
    }
    sum as f64 / begun.elapsed().as_secs_f64()
}

/// Processor time that the serving threads have used so far, in microseconds (Linux, *proc(5)*, `schedstat`).
fn processor_us() -> f64 {
    let tasks = std::fs::read_dir("/proc/self/task").expect("Linux");
    let of_servers = tasks.filter_map(|task| {
        let task = task.ok()?.path();
        let name = std::fs::read_to_string(task.join("comm")).ok()?;
        let used_ns = std::fs::read_to_string(task.join("schedstat")).ok()?.split(' ').next()?.parse::<f64>().ok()?;
        [SERVERS, STORE].contains(&name.trim()).then_some(used_ns / 1_000.0)
    });
    of_servers.sum()
}

fn main() {
    let (servers, clients) = (runtime(0, SERVERS), runtime(1, "clients"));
    let directory = tempfile::tempdir().expect("a directory");
    let store = directory.path().join("providers.db");
    // Spawned, so that what it starts in its turn inherits the core.
    let serving = servers.spawn(async move {
        let running = serve(Config::new(store)).await.expect("the providers come up");
        let address = running.addresses().payment;
        tokio::spawn(async move {
            let _running = running;
            std::future::pending::<Infallible>().await
        });
        address
    });
    let simulator = servers.block_on(serving).expect("the providers come up");
    let numbers = Arc::new(AtomicU64::new(0));
    let answer = clients.block_on(async { ask(&mut connect(simulator).await, u64::MAX).await });
    println!("an answer has {} bytes", answer.len());
    let answer: Arc<serde_json::Value> = Arc::new(serde_json::from_slice(&answer).expect("JSON"));
    let serving = servers.spawn(async move {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("a bound port");
        let app = Router::new().route("/v1/payment_intents", post(bare)).with_state(answer);
        tokio::spawn(async move { axum::serve(listener, app).await });
        address
    });
    let bare = servers.block_on(serving).expect("the bare handler comes up");

    let measure = |address, lasts| {
        let numbers = Arc::clone(&numbers);
        let measured = clients.spawn(async move { rate(address, &numbers, lasts).await });
        clients.block_on(measured).expect("no round fails")
    };
    for address in [simulator, bare] {
        measure(address, WARM_UP);
    }
    let (mut ratios, mut of_processor) = (Vec::with_capacity(ROUNDS), Vec::with_capacity(ROUNDS));
    for round in 1..=ROUNDS {
        let begun = processor_us();
        let of_simulator = measure(simulator, ROUND);
        let between = processor_us();
        let of_bare = measure(bare, ROUND);
        let ended = processor_us();
        let each = |from: f64, to: f64, rate: f64| (to - from) / (rate * ROUND.as_secs_f64());
        let (us_simulator, us_bare) = (each(begun, between, of_simulator), each(between, ended, of_bare));
        ratios.push(of_simulator / of_bare);
        of_processor.push(us_bare / us_simulator);
        println!(
            "round {round}: simulator {of_simulator:.0}/s, bare {of_bare:.0}/s, ratio {:.3}; of the processor \
             {us_simulator:.1} and {us_bare:.1} µs a request, ratio {:.3}",
            ratios[round - 1],
            of_processor[round - 1]
        );
    }
    let median = |ratios: &mut Vec<f64>| {
        ratios.sort_by(f64::total_cmp);
        ratios[ROUNDS / 2]
    };
    println!("median ratio {:.3} (target: at least 0.25)", median(&mut ratios));
    println!(
        "median ratio of processor time {:.3}: the same where others use the cores, too",
        median(&mut of_processor)
    );
}
