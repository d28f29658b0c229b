//! What the tests stand on: a proxy process within the test, an upstream behind it, and a client of its interface.
#![allow(dead_code, reason = "each test program uses a part of it")]

pub mod web;

use std::future::Future;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use chaos::client::Client;
use chaos::{Config, Running, serve};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Longer than anything here takes, shorter than a person waits.
pub const DEADLINE: Duration = Duration::from_secs(20);

/// A proxy `link` before an upstream.
pub struct Stage {
    pub running: Running,
    pub client: Client,
    pub listen: String,
}

impl Stage {
    /// A proxy before an upstream that sends everything back.
    pub async fn with_echo() -> Self {
        Self::before(echo().await).await
    }

    pub async fn before(upstream: SocketAddr) -> Self {
        let running = serve(Config::default()).await.unwrap();
        let client = Client::new(&running.api().to_string(), None).unwrap();
        let proxy = client.create("link", "127.0.0.1:0", &upstream.to_string()).await.unwrap();
        Self { running, client, listen: proxy.listen }
    }

    pub async fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.listen).await.unwrap();
        stream.set_nodelay(true).unwrap();
        stream
    }
}

/// Sends back what it gets, and ends when its peer does.
pub async fn echo() -> SocketAddr {
    upstream(|mut stream| async move {
        let (mut from, mut to) = stream.split();
        let _ = tokio::io::copy(&mut from, &mut to).await;
        let _ = to.shutdown().await;
    })
    .await
}

/// An upstream that does something with each connection.
pub async fn upstream<F, T>(serve: F) -> SocketAddr
where
    F: Fn(TcpStream) -> T + Send + 'static,
    T: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            // An upstream that has no descriptors either tries again.
            let Ok((stream, _)) = listener.accept().await else {
                tokio::task::yield_now().await;
                continue;
            };
            stream.set_nodelay(true).unwrap();
            tokio::spawn(serve(stream));
        }
    });
    at
}

/// Fails the test when the deadline passes first.
pub async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(DEADLINE, what).await.expect("should have happened by now")
}

/// Asks again and again until the answer is yes, giving way to other tasks between.
pub async fn until<F: Future<Output = bool>>(mut condition: impl FnMut() -> F) {
    let began = Instant::now();
    while !condition().await {
        assert!(began.elapsed() < DEADLINE, "should have become true by now");
        tokio::task::yield_now().await;
    }
}

/// Asks again and again until the answer is the one wanted. The deadline is for the next step, not for the whole way: what has
/// thousands of steps to take takes as long as the machine needs for them, and what has stopped on its way fails the test.
pub async fn until_reached<F: Future<Output = u64>>(wanted: u64, mut asked: impl FnMut() -> F) {
    let mut nearest = u64::MAX;
    let mut since = Instant::now();
    loop {
        let away = asked().await.abs_diff(wanted);
        if away == 0 {
            return;
        }
        if away < nearest {
            (nearest, since) = (away, Instant::now());
        }
        assert!(since.elapsed() < DEADLINE, "{nearest} away from {wanted}, and no step nearer for {DEADLINE:?}");
        tokio::task::yield_now().await;
    }
}

/// Sends bytes to an echo and expects them back; how long that took.
pub async fn round_trip(stream: &mut TcpStream, bytes: &[u8]) -> Duration {
    let began = Instant::now();
    stream.write_all(bytes).await.unwrap();
    let mut back = vec![0; bytes.len()];
    soon(stream.read_exact(&mut back)).await.unwrap();
    assert!(back == bytes, "bytes changed on the way");
    began.elapsed()
}

/// Bytes in which a lost, doubled or swapped piece would show.
pub fn pattern(length: usize) -> Vec<u8> {
    let mut state = 0x2545_f491_u32;
    let next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state as u8
    };
    std::iter::repeat_with(next).take(length).collect()
}

/// Sends and receives at once, as a long body through an echo demands, ends its side, and returns all that came back.
pub async fn exchange(stream: TcpStream, bytes: &[u8]) -> Vec<u8> {
    let (mut from, mut to) = stream.into_split();
    let mut back = Vec::new();
    let send = async {
        to.write_all(bytes).await.unwrap();
        to.shutdown().await.unwrap();
    };
    let ((), received) = soon(async { tokio::join!(send, from.read_to_end(&mut back)) }).await;
    received.unwrap();
    back
}

/// Status and body of one request to the interface, byte for byte.
pub async fn request(api: SocketAddr, method: &str, path: &str, headers: &str, body: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(api).await.unwrap();
    let length = body.len();
    let head = format!("{method} {path} HTTP/1.1\r\nhost: proxy\r\nconnection: close\r\n{headers}");
    let message = format!("{head}content-length: {length}\r\n\r\n{body}");
    stream.write_all(message.as_bytes()).await.unwrap();
    let mut answer = String::new();
    soon(stream.read_to_string(&mut answer)).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.trim_end().to_owned())
}
