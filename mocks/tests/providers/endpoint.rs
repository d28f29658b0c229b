//! An endpoint for webhooks: keeps what comes and answers as it is told.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use serde_json::{Value, json};
use tokio::sync::{Notify, Semaphore};

/// What came.
#[derive(Clone, Debug)]
pub(crate) struct Arrived {
    pub(crate) signature: String,
    pub(crate) text: String,
    pub(crate) event: Value,
}

impl Arrived {
    pub(crate) fn kind(&self) -> &str {
        self.event["type"].as_str().expect("a type")
    }
}

struct Inner {
    arrived: parking_lot::Mutex<Vec<Arrived>>,
    news: Notify,
    /// Answers 500 so many times before it says 200.
    failures: AtomicU64,
    /// Answers wait for a permit.
    gate: Semaphore,
}

/// An endpoint that is up.
#[derive(Clone)]
pub(crate) struct Endpoint {
    pub(crate) address: SocketAddr,
    inner: Arc<Inner>,
}

const OPEN: usize = 1_000_000;

impl Endpoint {
    pub(crate) async fn new() -> Self {
        Self::with(0, OPEN).await
    }

    pub(crate) async fn failing(failures: u64) -> Self {
        Self::with(failures, OPEN).await
    }

    /// Takes webhooks but does not answer until it is opened.
    pub(crate) async fn shut() -> Self {
        Self::with(0, 0).await
    }

    async fn with(failures: u64, permits: usize) -> Self {
        let inner = Arc::new(Inner {
            arrived: parking_lot::Mutex::default(),
            news: Notify::new(),
            failures: AtomicU64::new(failures),
            gate: Semaphore::new(permits),
        });
        let router = Router::new().route("/webhooks", post(take)).with_state(Arc::clone(&inner));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        tokio::spawn(async move { axum::serve(listener, router).await.expect("it serves") });
        Self { address, inner }
    }

    pub(crate) fn open(&self) {
        self.inner.gate.add_permits(OPEN);
    }

    /// As a lease names it.
    pub(crate) fn webhook(&self) -> Value {
        json!({ "url": format!("http://{}/webhooks", self.address), "secret": "whsec_shop", "backoff_ms": [5, 5, 5] })
    }

    pub(crate) fn arrived(&self) -> Vec<Arrived> {
        self.inner.arrived.lock().clone()
    }

    /// Waits until so many webhooks have come.
    pub(crate) async fn wait(&self, count: usize) -> Vec<Arrived> {
        let enough = async {
            loop {
                let news = self.inner.news.notified();
                let arrived = self.arrived();
                if arrived.len() >= count {
                    return arrived;
                }
                news.await;
            }
        };
        let waited = tokio::time::timeout(crate::world::DEADLINE, enough).await;
        waited.unwrap_or_else(|_| panic!("{} of {count} webhooks came", self.arrived().len()))
    }
}

async fn take(State(inner): State<Arc<Inner>>, headers: HeaderMap, text: String) -> StatusCode {
    let signature = ["stripe-signature", "x-riskified-hmac-sha256"].into_iter().find_map(|name| headers.get(name));
    let signature = signature.and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    let event = serde_json::from_str(&text).expect("events are JSON");
    inner.arrived.lock().push(Arrived { signature, text, event });
    inner.news.notify_waiters();
    inner.gate.acquire().await.expect("the gate is never closed").forget();
    let failed = inner.failures.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok();
    if failed { StatusCode::INTERNAL_SERVER_ERROR } else { StatusCode::OK }
}
