//! The proxy without toxics beside a bare bidirectional copy, in one run: what a fault proxy costs while it does nothing.
//!
//! Relay, upstream and clients each have a thread; the CPU time is that of the relay's thread alone. The two kinds of
//! relay take turns, so that both meet the same noise.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use chaos::client::Client;
use chaos::{Config, Running, serve};
use rustix::time::{ClockId, clock_gettime};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;

const ROUNDS: usize = 5;
const CONNECTIONS: usize = 16;
const REQUESTS_PER_CONNECTION: usize = 2_000;
const REQUEST_BYTES: usize = 600;
const BULK_BYTES: usize = 256 << 20;

#[derive(Clone, Copy)]
enum Relay {
    BareCopy,
    Proxy,
}

/// What one round measured, in microseconds.
#[derive(Clone, Copy)]
struct Figures {
    /// CPU of the relay for a request and its answer.
    request_cpu: f64,
    /// Wall time for a request and its answer, over all connections.
    request_wall: f64,
    /// CPU of the relay for a mebibyte in each direction.
    mebibyte_cpu: f64,
}

fn main() {
    let upstream = on_thread(|| async { (echo().await, ()) });
    let mut bare = Vec::new();
    let mut ours = Vec::new();
    for _ in 0..ROUNDS {
        bare.push(round(Relay::BareCopy, upstream.at));
        ours.push(round(Relay::Proxy, upstream.at));
    }
    let (bare, ours) = (median(&bare), median(&ours));
    println!("{:<34}{:>10}{:>10}{:>8}", "", "bare copy", "proxy", "ratio");
    line("CPU of a request, both ways (µs)", bare.request_cpu, ours.request_cpu);
    line("time of a request (µs)", bare.request_wall, ours.request_wall);
    line("CPU of a MiB, both ways (µs)", bare.mebibyte_cpu, ours.mebibyte_cpu);
    upstream.end();
}

fn line(what: &str, bare: f64, ours: f64) {
    println!("{what:<34}{bare:>10.1}{ours:>10.1}{:>8.2}", ours / bare);
}

fn median(figures: &[Figures]) -> Figures {
    let middle = |value: fn(&Figures) -> f64| {
        let mut values: Vec<f64> = figures.iter().map(value).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    Figures {
        request_cpu: middle(|figures| figures.request_cpu),
        request_wall: middle(|figures| figures.request_wall),
        mebibyte_cpu: middle(|figures| figures.mebibyte_cpu),
    }
}

fn round(relay: Relay, upstream: SocketAddr) -> Figures {
    let requests = CONNECTIONS * REQUESTS_PER_CONNECTION;
    let (cpu, wall) = under(relay, upstream, small_requests);
    let (bulk_cpu, _) = under(relay, upstream, bulk);
    Figures {
        request_cpu: cpu.as_secs_f64() * 1e6 / requests as f64,
        request_wall: wall.as_secs_f64() * 1e6 / requests as f64,
        mebibyte_cpu: bulk_cpu.as_secs_f64() * 1e6 / (BULK_BYTES >> 20) as f64,
    }
}

/// CPU time of the relay, and wall time, for what the clients do.
fn under<F: Future<Output = ()>>(
    relay: Relay,
    upstream: SocketAddr,
    clients: fn(SocketAddr) -> F,
) -> (Duration, Duration) {
    let relay = match relay {
        Relay::BareCopy => on_thread(move || async move { (bare_copy(upstream).await, None::<Running>) }),
        Relay::Proxy => on_thread(move || async move {
            let (at, running) = proxy(upstream).await;
            (at, Some(running))
        }),
    };
    let began = Instant::now();
    current_thread().block_on(clients(relay.at));
    (relay.end(), began.elapsed())
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

async fn echo() -> SocketAddr {
    let (listener, at) = listen().await;
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.set_nodelay(true);
            tokio::spawn(async move {
                let mut buffer = vec![0; 64 * 1024];
                while let Ok(read @ 1..) = stream.read(&mut buffer).await {
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

async fn small_requests(at: SocketAddr) {
    let mut clients = tokio::task::JoinSet::new();
    for _ in 0..CONNECTIONS {
        clients.spawn(async move {
            let mut stream = connect(at).await;
            let mut bytes = [7; REQUEST_BYTES];
            for _ in 0..REQUESTS_PER_CONNECTION {
                stream.write_all(&bytes).await.expect("the relay lives");
                stream.read_exact(&mut bytes).await.expect("the relay lives");
            }
        });
    }
    clients.join_all().await;
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
