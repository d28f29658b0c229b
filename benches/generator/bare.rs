//! The yardstick: hyper's connection in a task of its own, as its guide shows, a few of them kept alive, each sending the
//! five requests of a journey at its time and reading the answers. Nothing is captured, measured or written down.

use bytes::Bytes;
use http::{Request, header};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::net::TcpStream;

/// How many connections share the pace.
const CONNECTIONS: u64 = 4;

/// Sends all journeys and tells how many requests they were.
pub fn drive(shop: SocketAddr, rate: u64, journeys: u64) -> u64 {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let start = Instant::now();
        let loops: Vec<_> = (0..CONNECTIONS).map(|first| tokio::spawn(walk(shop, start, rate, first, journeys))).collect();
        let mut requests = 0;
        for walked in loops {
            requests += walked.await.expect("a loop that ends");
        }
        requests
    })
}

async fn walk(shop: SocketAddr, start: Instant, rate: u64, first: u64, journeys: u64) -> u64 {
    let stream = TcpStream::connect(shop).await.expect("a connection");
    stream.set_nodelay(true).expect("a socket option");
    let (mut sender, connection) = handshake(TokioIo::new(stream)).await.expect("a handshake");
    tokio::spawn(connection);
    let host = shop.to_string();
    let mut requests = 0;
    for journey in (first..journeys).step_by(CONNECTIONS as usize) {
        tokio::time::sleep_until((start + Duration::from_micros(journey * 1_000_000 / rate)).into()).await;
        for (method, path, body) in [
            ("GET", "/products?limit=3", ""),
            ("POST", "/carts", "{}"),
            ("POST", "/carts/c_0123456789abcdef/lines", r#"{"sku":"lamp","quantity":2}"#),
            ("POST", "/carts/c_0123456789abcdef/quote", "{}"),
            (
                "POST",
                "/carts/c_0123456789abcdef/checkout",
                r#"{"email":"r1.1.0@shoppers.example","payment":{"method":"pm_card_visa"},"total_minor":5950}"#,
            ),
        ] {
            exchange(&mut sender, &host, method, path, body).await;
            requests += 1;
        }
    }
    requests
}

async fn exchange(sender: &mut SendRequest<Full<Bytes>>, host: &str, method: &str, path: &str, body: &'static str) {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::HOST, host)
        .header(header::USER_AGENT, "bare")
        .header(header::CONTENT_TYPE, "application/json")
        .body(Full::new(Bytes::from_static(body.as_bytes())))
        .expect("a request");
    sender.ready().await.expect("a connection that stays open");
    let response = sender.send_request(request).await.expect("an answer");
    assert!(response.status().is_success());
    let body = response.into_body().collect().await.expect("a whole answer").to_bytes();
    assert!(!body.is_empty());
}
