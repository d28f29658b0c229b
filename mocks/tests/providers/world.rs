//! A running set of providers in a directory of its own, and a plain client for them.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Request};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::handshake;
use hyper_util::rt::TokioIo;
use mocks::{Addresses, Config, Running, serve};
use serde_json::{Value, json};
use tokio::net::TcpStream;

pub(crate) const SECRET_KEY: &str = "sk_test_shop";
pub(crate) const PUBLISHABLE_KEY: &str = "pk_test_shop";
pub(crate) const RUN: &str = "r7k2m9q4xa";
/// Longer than anything here takes, shorter than anyone's patience.
pub(crate) const DEADLINE: Duration = Duration::from_secs(20);

/// An answer, read to its end.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("no JSON ({error}): {}", self.text))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    pub(crate) fn id(&self) -> String {
        self.json()["id"].as_str().expect("it has an id").to_owned()
    }
}

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoReply {
    /// The connection ended in an orderly way, without an answer or in the midst of one.
    Fin,
    /// It was reset.
    Rst,
    /// Nothing came.
    Timeout,
}

/// A request.
pub(crate) struct Ask {
    method: &'static str,
    path: String,
    headers: Vec<(&'static str, String)>,
    body: String,
}

pub(crate) fn get(path: impl Into<String>) -> Ask {
    Ask { method: "GET", path: path.into(), headers: Vec::new(), body: String::new() }
}

pub(crate) fn post(path: impl Into<String>, body: impl Into<String>) -> Ask {
    Ask { method: "POST", body: body.into(), ..get(path) }
}

pub(crate) fn put(path: impl Into<String>, body: &Value) -> Ask {
    Ask { method: "PUT", body: body.to_string(), ..get(path) }
}

pub(crate) fn delete(path: impl Into<String>) -> Ask {
    Ask { method: "DELETE", ..get(path) }
}

impl Ask {
    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(crate) fn key(self, key: impl Into<String>) -> Self {
        self.header("idempotency-key", key)
    }

    pub(crate) fn bearer(self, token: &str) -> Self {
        self.header("authorization", format!("Bearer {token}"))
    }

    pub(crate) fn method(mut self, method: &'static str) -> Self {
        self.method = method;
        self
    }

    /// Sends it on a connection of its own.
    pub(crate) async fn to(self, address: SocketAddr) -> Result<Reply, NoReply> {
        tokio::time::timeout(DEADLINE, self.send(address)).await.unwrap_or(Err(NoReply::Timeout))
    }

    async fn send(self, address: SocketAddr) -> Result<Reply, NoReply> {
        let stream = TcpStream::connect(address).await.expect("the provider listens");
        let (mut sender, connection) = handshake(TokioIo::new(stream)).await.expect("a fresh connection");
        let connection = tokio::spawn(connection);
        let mut request = Request::builder().method(self.method).uri(self.path).header("host", "provider");
        for (name, value) in self.headers {
            request = request.header(name, value);
        }
        let request = request.body(Full::new(Bytes::from(self.body))).expect("a request as it should be");
        let answer = sender.send_request(request).await.map_err(|error| ending(&error))?;
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let body = answer.into_body().collect().await.map_err(|error| ending(&error))?.to_bytes();
        connection.abort();
        Ok(Reply { status, headers, text: String::from_utf8(body.to_vec()).expect("answers are text") })
    }
}

fn ending(error: &hyper::Error) -> NoReply {
    let mut source: Option<&dyn std::error::Error> = Some(error);
    while let Some(error) = source {
        if let Some(io) = error.downcast_ref::<std::io::Error>()
            && io.kind() == std::io::ErrorKind::ConnectionReset
        {
            return NoReply::Rst;
        }
        source = error.source();
    }
    NoReply::Fin
}

/// Providers that are up.
pub(crate) struct World {
    pub(crate) running: Running,
    pub(crate) directory: tempfile::TempDir,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let mut config = Config::new(directory.path().join("providers.db"));
        change(&mut config);
        let running = serve(config).await.expect("the providers come up");
        Self { running, directory }
    }

    /// Providers on a copy of these ones' files as they are at this moment: what a process finds that comes up after a kill.
    pub(crate) async fn after_a_kill(&self) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        for name in ["providers.db", "providers.db-wal", "providers.db-bodies"] {
            let from: PathBuf = self.directory.path().join(name);
            if Path::exists(&from) {
                std::fs::copy(&from, directory.path().join(name)).expect("a copy of the store");
            }
        }
        let config = Config::new(directory.path().join("providers.db"));
        let running = serve(config).await.expect("the providers come up again");
        Self { running, directory }
    }

    pub(crate) fn addresses(&self) -> Addresses {
        self.running.addresses()
    }

    pub(crate) async fn payment(&self, ask: Ask) -> Result<Reply, NoReply> {
        ask.bearer(SECRET_KEY).to(self.addresses().payment).await
    }

    pub(crate) async fn tax(&self, ask: Ask) -> Result<Reply, NoReply> {
        // account:licence
        ask.header("authorization", "Basic YWNjb3VudDpsaWNlbmNl").to(self.addresses().tax).await
    }

    pub(crate) async fn admin(&self, ask: Ask) -> Reply {
        ask.to(self.addresses().admin).await.expect("the admin interface answers")
    }

    /// Leases the shop's account to the run.
    pub(crate) async fn lease(&self, webhook: Value) {
        let body = json!({ "key": SECRET_KEY, "publishable": PUBLISHABLE_KEY, "run": RUN, "webhook": webhook });
        let reply = self.admin(post("/admin/accounts", body.to_string())).await;
        assert_eq!(reply.status, 201, "{}", reply.text);
    }

    /// Puts a rule of the run; `rest` names provider, effect and what else is not usual.
    pub(crate) async fn rule(&self, id: &str, rest: Value) -> Reply {
        let mut rule = json!({ "id": id, "run": RUN, "provider": "payment", "seed": 7, "ttl_ms": 60_000 });
        rule.as_object_mut().expect("an object").extend(rest.as_object().expect("an object").clone());
        let reply = self.admin(put(format!("/admin/rules/{id}"), &rule)).await;
        assert!(reply.status < 300, "{}", reply.text);
        reply
    }

    /// Counters of a rule: matched, applied, hazardous.
    pub(crate) async fn counters(&self, id: &str) -> (u64, u64, u64) {
        let rules = self.admin(get("/admin/rules")).await.json();
        let rules = rules.as_array().expect("a list").clone();
        let rule = rules.iter().find(|rule| rule["id"] == id).expect("the rule is in force");
        let count = |name: &str| rule[name].as_u64().expect("a count");
        (count("matched"), count("applied"), count("hazardous"))
    }

    /// Asks, and goes away when the request has been executed and its answer is held.
    pub(crate) async fn ask_and_leave(self: &Arc<Self>, ask: Ask) {
        let asked = tokio::spawn({
            let world = Arc::clone(self);
            async move { world.payment(ask).await }
        });
        self.until("the request is executed", async |world| {
            world
                .admin(get("/metrics"))
                .await
                .text
                .contains("providers_requests_total{provider=\"payment\",status=\"200\"} 1\n")
        })
        .await;
        asked.abort();
    }

    /// Buys: creates and confirms a payment in one call.
    pub(crate) async fn buy(&self, amount: i64, key: &str) -> Result<Reply, NoReply> {
        self.payment(purchase(amount, "pm_card_visa").key(key)).await
    }

    /// The whole statement.
    pub(crate) async fn statement(&self) -> Vec<Value> {
        let reply = self.admin(get("/admin/statement")).await;
        reply.text.lines().map(|line| serde_json::from_str(line).expect("a row")).collect()
    }

    /// Rows with this `op`.
    pub(crate) async fn rows(&self, op: &str) -> Vec<Value> {
        self.statement().await.into_iter().filter(|row| row["op"] == op).collect()
    }

    /// Asks until `is_met`, up to the deadline.
    pub(crate) async fn until(&self, what: &str, mut is_met: impl AsyncFnMut(&Self) -> bool) {
        let waited = tokio::time::timeout(DEADLINE, async {
            while !is_met(self).await {
                tokio::task::yield_now().await;
            }
        });
        assert!(waited.await.is_ok(), "it never came to: {what}");
    }
}

/// A call that creates and confirms a payment.
pub(crate) fn purchase(amount: i64, method: &str) -> Ask {
    post(
        "/v1/payment_intents",
        format!("amount={amount}&currency=usd&confirm=true&payment_method={method}&metadata[order]=DB-1"),
    )
}
