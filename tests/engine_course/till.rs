//! A shop in a few words: for each path a list of answers, given in order, the last one for ever; it keeps what it was asked.

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::Value;
use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// One answer.
#[derive(Clone, Debug)]
pub struct Reply {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: String,
    after: Duration,
    silent: bool,
}

/// JSON with a status.
pub fn reply(status: u16, body: &Value) -> Reply {
    Reply { status, headers: Vec::new(), body: body.to_string(), after: Duration::ZERO, silent: false }
}

/// A page of text.
pub fn page(body: &str) -> Reply {
    Reply { status: 200, headers: Vec::new(), body: body.into(), after: Duration::ZERO, silent: false }
}

/// The same with another status.
pub fn with_status(mut reply: Reply, status: u16) -> Reply {
    reply.status = status;
    reply
}

/// No answer, ever.
pub fn silence() -> Reply {
    Reply { silent: true, ..page("") }
}

impl Reply {
    /// With a header.
    pub fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// After a while.
    pub fn after_ms(mut self, ms: u64) -> Self {
        self.after = Duration::from_millis(ms);
        self
    }
}

/// What was asked.
#[derive(Clone, Debug)]
pub struct Asked {
    /// `METHOD /path?query`.
    pub line: String,
    /// All headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl Asked {
    /// A header, or nothing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("text"))
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }
}

/// The shop.
#[derive(Clone)]
pub struct Till {
    /// Where it listens.
    pub address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
    replies: Replies,
}

type Replies = Arc<Mutex<BTreeMap<&'static str, VecDeque<Reply>>>>;

#[derive(Clone)]
struct Desk {
    replies: Replies,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Till {
    /// Opens; each entry is a path and its answers in order.
    pub fn open(replies: &[(&'static str, &[Reply])]) -> Self {
        let asked = Arc::default();
        let replies = replies.iter().map(|(path, replies)| (*path, replies.iter().cloned().collect()));
        let replies: Replies = Arc::new(Mutex::new(replies.collect()));
        let desk = Desk { replies: Arc::clone(&replies), asked: Arc::clone(&asked) };
        let address = super::serve(Router::new().fallback(answer).with_state(desk));
        Self { address, asked, replies }
    }

    /// The same with answers for one more path.
    pub fn and(self, path: &'static str, replies: &[Reply]) -> Self {
        self.replies.lock().expect("no panic holds it").insert(path, replies.iter().cloned().collect());
        self
    }

    /// Everything asked so far, in order.
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().expect("no panic holds it").clone()
    }

    /// The lines of everything asked so far.
    pub fn lines(&self) -> Vec<String> {
        self.asked().into_iter().map(|asked| asked.line).collect()
    }

    /// Line and key of everything asked so far.
    pub fn keys(&self) -> Vec<(String, String)> {
        self.asked().into_iter().map(|asked| (asked.line.clone(), asked.header("idempotency-key").to_owned())).collect()
    }
}

async fn answer(State(desk): State<Desk>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.expect("a body");
    let line = format!("{} {}", head.method, head.uri.path_and_query().expect("a path"));
    desk.asked.lock().expect("no panic holds it").push(Asked { line, headers: head.headers, body });
    let reply = {
        let mut replies = desk.replies.lock().expect("no panic holds it");
        let queue = replies.get_mut(head.uri.path());
        match queue {
            Some(queue) if queue.len() > 1 => queue.pop_front(),
            Some(queue) => queue.front().cloned(),
            None => None,
        }
    };
    let Some(reply) = reply else {
        return Response::builder().status(404).body(Body::from("nothing here")).expect("a response");
    };
    if reply.silent {
        std::future::pending::<()>().await;
    }
    tokio::time::sleep(reply.after).await;
    let mut response = Response::builder().status(reply.status);
    for (name, value) in reply.headers {
        response = response.header(name, value);
    }
    response.body(Body::from(reply.body)).expect("a response")
}
