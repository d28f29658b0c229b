//! The proxy without faults beside a bare bidirectional copy, in one run: what a fault proxy costs while it does nothing;
//! and how exactly it delays when it is told to.
//!
//! Relay, upstream and clients each have a thread; the CPU time is that of the relay's thread alone. The relays take
//! turns, so that all meet the same noise; the figures are medians over the rounds. Exchanges are HTTP/1.1, which the proxy
//! watches, or bytes of another protocol, which it does not.
//!
//! Delays take turns with sleeps of the same length on tokio's timer and on the thread itself, which is as exact as the machine
//! is at that moment. `-- delays` measures the delays only.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use chaos::client::Client;
use chaos::{Config, Running, serve};
use model::fault::{Stream, Toxic};
use rustix::time::{ClockId, clock_gettime};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;

const ROUNDS: usize = 9;
const CONNECTIONS: usize = 16;
const REQUESTS_PER_CONNECTION: usize = 1_500;
const MESSAGE_BYTES: usize = 600;
const BULK_BYTES: usize = 128 << 20;
/// Delays that are asked for, in milliseconds, and how often.
const DELAYS_MS: [u64; 3] = [5, 20, 100];
const DELAYED_REQUESTS: usize = 200;

#[derive(Clone, Copy)]
enum Relay {
    BareCopy,
    Proxy,
}

#[derive(Clone, Copy)]
enum Protocol {
    Http,
    Other,
}

/// What one round measured.
#[derive(Clone, Copy)]
struct Figures {
    /// Requests a second, over all connections.
    rate: f64,
    /// 99th percentile of the time of a request, in microseconds.
    p99: f64,
    /// CPU of the relay for a request and its answer, in microseconds.
    request_cpu: f64,
}

fn main() {
    let upstream = on_thread(|| async { (echo().await, ()) });
    if !std::env::args().any(|argument| argument == "delays") {
        costs(&upstream);
    }
    delays(&upstream);
    upstream.end();
}

fn costs(upstream: &Server) {
    println!("{:<38}{:>10}{:>10}{:>8}", "", "bare copy", "proxy", "ratio");
    for (name, protocol) in [("HTTP/1.1", Protocol::Http), ("another protocol", Protocol::Other)] {
        let mut rounds = Vec::new();
        for _ in 0..ROUNDS {
            let bare = requests(Relay::BareCopy, upstream.at, protocol);
            rounds.push((bare, requests(Relay::Proxy, upstream.at, protocol)));
        }
        println!("{name}");
        line("requests a second", &rounds, |figures| figures.rate);
        line("p99 of a request (µs)", &rounds, |figures| figures.p99);
        line("CPU of a request, both ways (µs)", &rounds, |figures| figures.request_cpu);
    }
    let bulk: Vec<_> =
        (0..ROUNDS).map(|_| (bulk_cpu(Relay::BareCopy, upstream.at), bulk_cpu(Relay::Proxy, upstream.at))).collect();
    println!("bytes without end");
    line("CPU of a MiB, both ways (µs)", &bulk, |cpu| *cpu);
}

fn delays(upstream: &Server) {
    println!("\n{:<38}{:>10}{:>10}", "beyond what was asked (µs)", "p50", "p99");
    for delay_ms in DELAYS_MS {
        for (who, p50, p99) in deviations(delay_ms, upstream.at) {
            println!("  {:<36}{p50:>10.0}{p99:>10.0}", format!("{delay_ms} ms, {who}"));
        }
    }
}

/// Medians of both relays, and the median of the rounds' ratios.
fn line<T>(what: &str, rounds: &[(T, T)], value: impl Fn(&T) -> f64) {
    let bare = median(rounds.iter().map(|(bare, _)| value(bare)).collect());
    let ours = median(rounds.iter().map(|(_, ours)| value(ours)).collect());
    let ratio = median(rounds.iter().map(|(bare, ours)| value(ours) / value(bare)).collect());
    println!("  {what:<36}{bare:>10.1}{ours:>10.1}{ratio:>8.2}");
}

fn median(values: Vec<f64>) -> f64 {
    quantile(values, 0.5)
}

fn quantile(mut values: Vec<f64>, share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    values[((values.len() - 1) as f64 * share) as usize]
}

fn requests(relay: Relay, upstream: SocketAddr, protocol: Protocol) -> Figures {
    let (cpu, wall, times) = under(relay, upstream, move |at| small_requests(at, protocol));
    Figures {
        rate: times.len() as f64 / wall.as_secs_f64(),
        request_cpu: cpu.as_secs_f64() * 1e6 / times.len() as f64,
        p99: quantile(times, 0.99),
    }
}

fn bulk_cpu(relay: Relay, upstream: SocketAddr) -> f64 {
    under(relay, upstream, bulk).0.as_secs_f64() * 1e6 / (BULK_BYTES >> 20) as f64
}

/// How much later than asked the answers come – what a request takes with the toxic, less the delay and what it takes without –
/// and how much later sleeps end.
fn deviations(delay_ms: u64, upstream: SocketAddr) -> [(&'static str, f64, f64); 3] {
    let relay = on_thread(move || async move { proxy(upstream).await });
    let plain = quantile(current_thread().block_on(exchanges(relay.at, Protocol::Http, DELAYED_REQUESTS)), 0.5);
    relay.end();
    let relay = on_thread(move || async move {
        let (at, running) = proxy(upstream).await;
        let client = Client::new(&running.api().to_string(), None).expect("its own address is valid");
        let latency = Toxic::Latency { latency_ms: delay_ms, jitter_ms: 0 };
        client.add("link", "late", &latency, Stream::Downstream, 1.0).await.expect("a toxic can be added");
        (at, running)
    });
    let delay = Duration::from_millis(delay_ms);
    let beyond = |began: Instant| (began.elapsed().as_secs_f64() - delay.as_secs_f64()) * 1e6;
    let mut times = [(); 3].map(|()| Vec::with_capacity(DELAYED_REQUESTS));
    current_thread().block_on(async {
        let mut stream = connect(relay.at).await;
        let request = message(Protocol::Http);
        for _ in 0..DELAYED_REQUESTS {
            times[0].push(exchange(&mut stream, &request).await - delay.as_secs_f64() * 1e6 - plain);
            let began = Instant::now();
            tokio::time::sleep(delay).await;
            times[1].push(beyond(began));
            let began = Instant::now();
            thread::sleep(delay);
            times[2].push(beyond(began));
        }
    });
    relay.end();
    let mut who = ["the proxy", "tokio's sleep", "the thread's sleep"].into_iter();
    times.map(|times| (who.next().expect("three"), quantile(times.clone(), 0.5), quantile(times, 0.99)))
}

/// CPU time of the relay, and wall time, for what the clients do; and what they say about it.
fn under<F: Future>(
    relay: Relay,
    upstream: SocketAddr,
    clients: impl FnOnce(SocketAddr) -> F,
) -> (Duration, Duration, F::Output) {
    let relay = match relay {
        Relay::BareCopy => on_thread(move || async move { (bare_copy(upstream).await, None::<Running>) }),
        Relay::Proxy => on_thread(move || async move {
            let (at, running) = proxy(upstream).await;
            (at, Some(running))
        }),
    };
    let began = Instant::now();
    let said = current_thread().block_on(clients(relay.at));
    let wall = began.elapsed();
    (relay.end(), wall, said)
}

/// A server on a thread and runtime of its own.
struct Server {
    at: SocketAddr,
    stop: oneshot::Sender<()>,
    thread: thread::JoinHandle<Duration>,
}

impl Server {
    /// Ends it; the CPU time that it used since it listened.
    fn end(self) -> Duration {
        drop(self.stop);
        self.thread.join().expect("a server does not panic")
    }
}

fn on_thread<F, T>(start: impl FnOnce() -> F + Send + 'static) -> Server
where
    F: Future<Output = (SocketAddr, T)>,
{
    let (stop, stopped) = oneshot::channel::<()>();
    let (tell, told) = mpsc::channel();
    let thread = thread::spawn(move || {
        current_thread().block_on(async {
            let (at, _kept) = start().await;
            let before = thread_cpu();
            tell.send(at).expect("the benchmark waits for it");
            let _ = stopped.await;
            thread_cpu().saturating_sub(before)
        })
    });
    Server { at: told.recv().expect("a server starts"), stop, thread }
}

fn current_thread() -> Runtime {
    Builder::new_current_thread().enable_all().build().expect("a runtime can be built")
}

fn thread_cpu() -> Duration {
    let spent = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(spent.tv_sec as u64, spent.tv_nsec as u32)
}

async fn listen() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback can be listened on");
    let at = listener.local_addr().expect("a listener has an address");
    (listener, at)
}

/// Sends back what it gets; a request comes back as an answer of the same length.
async fn echo() -> SocketAddr {
    let (listener, at) = listen().await;
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.set_nodelay(true);
            tokio::spawn(async move {
                let mut buffer = vec![0; 64 * 1024];
                while let Ok(read @ 1..) = stream.read(&mut buffer).await {
                    if buffer.starts_with(b"POST ") {
                        let line = b"HTTP/1.1 200 A payment intent now\r\n";
                        buffer[..line.len()].copy_from_slice(line);
                    }
                    if stream.write_all(&buffer[..read]).await.is_err() {
                        return;
                    }
                }
            });
        }
    });
    at
}

async fn bare_copy(upstream: SocketAddr) -> SocketAddr {
    let (listener, at) = listen().await;
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut upstream = TcpStream::connect(upstream).await?;
                client.set_nodelay(true)?;
                upstream.set_nodelay(true)?;
                tokio::io::copy_bidirectional(&mut client, &mut upstream).await
            });
        }
    });
    at
}

async fn proxy(upstream: SocketAddr) -> (SocketAddr, Running) {
    let running = serve(Config::default()).await.expect("loopback can be listened on");
    let client = Client::new(&running.api().to_string(), None).expect("its own address is valid");
    let proxy = client.create("link", "127.0.0.1:0", &upstream.to_string()).await.expect("a proxy can be made");
    (proxy.listen.parse().expect("it tells its address"), running)
}

/// Messages of the same length: the upstream answers what it was asked, so an answer stands in for a request.
fn message(protocol: Protocol) -> Vec<u8> {
    let mut message = match protocol {
        Protocol::Http => {
            let head = "POST /v1/payment_intents HTTP/1.1\r\nhost: payment\r\nauthorization: Bearer sk_test_0123456789\r\n\
                        idempotency-key: 0123456789abcdef\r\ncontent-type: application/x-www-form-urlencoded\r\n\
                        accept: */*\r\nuser-agent: shop/1.0\r\ndoorbuster-intent: run.17.0\r\n";
            let body = MESSAGE_BYTES - head.len() - "content-length: 300\r\n\r\n".len();
            format!("{head}content-length: {body:03}\r\n\r\n").into_bytes()
        }
        Protocol::Other => Vec::new(),
    };
    message.resize(MESSAGE_BYTES, b'7');
    message
}

/// The time of each request, in microseconds.
async fn small_requests(at: SocketAddr, protocol: Protocol) -> Vec<f64> {
    let mut clients = tokio::task::JoinSet::new();
    for _ in 0..CONNECTIONS {
        clients.spawn(exchanges(at, protocol, REQUESTS_PER_CONNECTION));
    }
    clients.join_all().await.concat()
}

async fn exchanges(at: SocketAddr, protocol: Protocol, count: usize) -> Vec<f64> {
    let mut stream = connect(at).await;
    let request = message(protocol);
    let mut times = Vec::with_capacity(count);
    for _ in 0..count {
        times.push(exchange(&mut stream, &request).await);
    }
    times
}

/// The time of one request, in microseconds.
async fn exchange(stream: &mut TcpStream, request: &[u8]) -> f64 {
    let mut answer = [0; MESSAGE_BYTES];
    let began = Instant::now();
    stream.write_all(request).await.expect("the relay lives");
    stream.read_exact(&mut answer).await.expect("the relay lives");
    began.elapsed().as_secs_f64() * 1e6
}

async fn bulk(at: SocketAddr) {
    let (mut from, mut to) = connect(at).await.into_split();
    let sending = tokio::spawn(async move {
        let bytes = vec![7; 64 * 1024];
        for _ in 0..BULK_BYTES / bytes.len() {
            to.write_all(&bytes).await.expect("the relay lives");
        }
        to.shutdown().await.expect("the relay lives");
    });
    let mut buffer = vec![0; 64 * 1024];
    let mut received = 0;
    while received < BULK_BYTES {
        received += from.read(&mut buffer).await.expect("the relay lives");
    }
    sending.await.expect("sending does not panic");
}

async fn connect(at: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(at).await.expect("the relay listens");
    stream.set_nodelay(true).expect("an open socket takes the option");
    stream
}
