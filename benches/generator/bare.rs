//! The yardstick: hyper's connections in tasks of their own, as its guide shows, kept alive in a stack. Each journey begins
//! at its time, sends its five requests on one of them, and reads the answers. Nothing is captured, measured or written.

use bytes::Bytes;
use http::{Request, header};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::net::TcpStream;

type Connection = SendRequest<Full<Bytes>>;
type Idle = Arc<Mutex<Vec<Connection>>>;

const PAYMENT: &str = r#"{"email":"r1.1.0@shoppers.example","payment":{"method":"pm_card_visa"},"total_minor":5950}"#;

/// Sends all journeys and tells how many requests they were.
pub fn drive(shop: SocketAddr, rate: u64, journeys: u64) -> u64 {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let start = Instant::now();
        let (idle, host): (Idle, Arc<str>) = (Arc::default(), shop.to_string().into());
        let mut walks = Vec::new();
        for journey in 0..journeys {
            tokio::time::sleep_until((start + Duration::from_micros(journey * 1_000_000 / rate)).into()).await;
            walks.push(tokio::spawn(walk(shop, Arc::clone(&host), Arc::clone(&idle))));
        }
        let mut requests = 0;
        for walked in walks {
            requests += walked.await.expect("a journey that ends");
        }
        requests
    })
}

async fn walk(shop: SocketAddr, host: Arc<str>, idle: Idle) -> u64 {
    let waiting = idle.lock().expect("no panic holds it").pop();
    let mut connection = match waiting {
        Some(connection) => connection,
        None => connect(shop).await,
    };
    let requests = [
        ("GET", "/products?limit=3", ""),
        ("POST", "/carts", "{}"),
        ("POST", "/carts/c_0123456789abcdef/lines", r#"{"sku":"lamp","quantity":2}"#),
        ("POST", "/carts/c_0123456789abcdef/quote", "{}"),
        ("POST", "/carts/c_0123456789abcdef/checkout", PAYMENT),
    ];
    for (method, path, body) in requests {
        exchange(&mut connection, &host, method, path, body).await;
    }
    idle.lock().expect("no panic holds it").push(connection);
    requests.len() as u64
}

async fn connect(shop: SocketAddr) -> Connection {
    let stream = TcpStream::connect(shop).await.expect("a connection");
    stream.set_nodelay(true).expect("a socket option");
    let (sender, connection) = handshake(TokioIo::new(stream)).await.expect("a handshake");
    tokio::spawn(connection);
    sender
}

async fn exchange(connection: &mut Connection, host: &str, method: &str, path: &str, body: &'static str) {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::HOST, host)
        .header(header::USER_AGENT, "bare")
        .header(header::CONTENT_TYPE, "application/json")
        .body(Full::new(Bytes::from_static(body.as_bytes())))
        .expect("a request");
    connection.ready().await.expect("a connection that stays open");
    let response = connection.send_request(request).await.expect("an answer");
    assert!(response.status().is_success());
    let body = response.into_body().collect().await.expect("a whole answer").to_bytes();
    assert!(!body.is_empty());
}
