//! What a request costs the generator: processor time for each request of a five-step JSON journey with captures, books
//! on, beside a bare hyper loop that sends the same requests at the same pace. Rounds alternate; the median of their ratios
//! is printed. The server is a child process, so that its time is nobody's here.
//!
//! `cargo bench --bench generator`

#[path = "generator/bare.rs"]
mod bare;
#[path = "generator/engine.rs"]
mod engine;
#[path = "generator/server.rs"]
mod server;

use rustix::time::{ClockId, clock_gettime};
use std::io::BufRead;
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Journeys a second, and how many there are in a round.
const RATE: u64 = 600;
const JOURNEYS: u64 = 600;
const ROUNDS: usize = 15;

/// What a round took.
struct Round {
    requests: u64,
    cpu: Duration,
}

impl Round {
    fn us_per_request(&self) -> f64 {
        self.cpu.as_secs_f64() * 1e6 / self.requests as f64
    }
}

fn main() {
    if std::env::args().any(|argument| argument == "serve") {
        return server::serve();
    }
    let (mut child, shop) = start_server();
    let (mut engine_us, mut bare_us, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..=ROUNDS {
        let mut load = engine::prepare(shop, RATE, JOURNEYS);
        let engine = measure(|| load.drive());
        let bare = measure(|| bare::drive(shop, RATE, JOURNEYS));
        if round == 0 {
            continue; // Connections, pages and branches are warm from here on.
        }
        let (engine, bare) = (engine.us_per_request(), bare.us_per_request());
        println!(
            "round {round:2}: engine {engine:.1} µs/request, bare hyper {bare:.1} µs/request, ratio {:.2}",
            engine / bare
        );
        engine_us.push(engine);
        bare_us.push(bare);
        ratios.push(engine / bare);
    }
    let (engine_us, bare_us, ratio) = (median(engine_us), median(bare_us), median(ratios));
    println!("medians:  engine {engine_us:.1} µs/request, bare hyper {bare_us:.1} µs/request, ratio {ratio:.2}");
    drop(child.stdin.take());
    child.wait().expect("the server ends when its standard input closes");
}

/// Processor time of this whole process, books and all, while `drive` runs.
fn measure(drive: impl FnOnce() -> u64) -> Round {
    let before = process_cpu();
    let requests = drive();
    Round { requests, cpu: process_cpu().saturating_sub(before) }
}

fn process_cpu() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn start_server() -> (Child, SocketAddr) {
    let program = std::env::current_exe().expect("this program");
    let mut child = Command::new(program)
        .arg("serve")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("a second copy of this program");
    let mut line = String::new();
    let stdout = child.stdout.take().expect("it is piped");
    std::io::BufReader::new(stdout).read_line(&mut line).expect("its address");
    let address = line.trim().parse().expect("its address");
    (child, address)
}
