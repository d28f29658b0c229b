//! Drives many complete payments through the simulator and says what the process grows to:
//! `cargo run --release -p mocks --example endurance -- 1000000`. The target is below 512 MiB for a million.

#![expect(clippy::print_stdout, reason = "it is what the program is for")]

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use mocks::{Config, serve};
use tokio::net::TcpStream;

const CLIENTS: u64 = 32;
const REPORTS: u64 = 10;
/// Every so many payments are captured and refunded by calls of their own.
const EVERY_LONGER: u64 = 10;

/// Resident memory in MiB (Linux, *proc(5)*, `statm`).
fn resident_mib() -> f64 {
    let pages = std::fs::read_to_string("/proc/self/statm").ok().and_then(|text| text.split(' ').nth(1)?.parse().ok());
    pages.map_or(f64::NAN, |pages: f64| pages * rustix::param::page_size() as f64 / 1_048_576.0)
}

async fn connect(address: SocketAddr) -> SendRequest<Full<Bytes>> {
    let stream = TcpStream::connect(address).await.expect("it listens");
    stream.set_nodelay(true).expect("a TCP socket");
    let (sender, connection) = handshake(TokioIo::new(stream)).await.expect("a fresh connection");
    tokio::spawn(connection);
    sender
}

async fn ask(sender: &mut SendRequest<Full<Bytes>>, path: &str, key: String, body: String) -> Bytes {
    let request = Request::post(path)
        .header("host", "provider")
        .header("authorization", "Bearer sk_test_endurance")
        .header("idempotency-key", key)
        .body(Full::new(Bytes::from(body)))
        .expect("a request as it should be");
    sender.ready().await.expect("the connection lives");
    let answer = sender.send_request(request).await.expect("an answer");
    assert!(answer.status().is_success(), "{}", answer.status());
    answer.into_body().collect().await.expect("a whole answer").to_bytes()
}

/// One payment: made and captured at once, or captured and refunded by calls of their own.
async fn pay(sender: &mut SendRequest<Full<Bytes>>, n: u64) {
    let is_longer = n.is_multiple_of(EVERY_LONGER);
    let capture = if is_longer { "&capture_method=manual" } else { "" };
    let body = format!(
        "amount=4200&currency=usd&confirm=true&payment_method=pm_card_visa&metadata[order]=DB-{n}\
         &receipt_email=s{n}%40example.test{capture}"
    );
    let made = ask(sender, "/v1/payment_intents", format!("pay-{n}"), body).await;
    if is_longer {
        // The answer begins with `{"id":"pi_…"`.
        let text = String::from_utf8_lossy(&made);
        let id = text.split('"').nth(3).expect("an id").to_owned();
        let path = format!("/v1/payment_intents/{id}/capture");
        ask(sender, &path, format!("capture-{n}"), "amount_to_capture=4000".to_owned()).await;
        ask(sender, "/v1/refunds", format!("refund-{n}"), format!("payment_intent={id}&amount=1000")).await;
    }
}

fn main() {
    let count = std::env::args().nth(1).and_then(|count| count.parse().ok()).unwrap_or(100_000_u64);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let directory = tempfile::tempdir().expect("a directory");
        let store = directory.path().join("providers.db");
        let running = serve(Config::new(&store)).await.expect("the providers come up");
        let address = running.addresses().payment;
        let (begun, done) = (Instant::now(), Arc::new(AtomicU64::new(0)));
        let next = Arc::new(AtomicU64::new(0));
        println!("at the start: {:.0} MiB", resident_mib());
        let clients: Vec<_> = (0..CLIENTS)
            .map(|_| {
                let (next, done) = (Arc::clone(&next), Arc::clone(&done));
                tokio::spawn(async move {
                    let mut sender = connect(address).await;
                    loop {
                        let n = next.fetch_add(1, Ordering::Relaxed);
                        if n >= count {
                            return;
                        }
                        pay(&mut sender, n).await;
                        let so_far = done.fetch_add(1, Ordering::Relaxed) + 1;
                        if so_far.is_multiple_of((count / REPORTS).max(1)) {
                            let rate = so_far as f64 / begun.elapsed().as_secs_f64();
                            println!("{so_far} payments: {:.0} MiB, {rate:.0}/s", resident_mib());
                        }
                    }
                })
            })
            .collect();
        for client in clients {
            client.await.expect("no client fails");
        }
        let bytes = std::fs::metadata(&store).map_or(0, |file| file.len());
        println!("the store has {} MiB", bytes / 1_048_576);
        running.stop().await;
    });
}
