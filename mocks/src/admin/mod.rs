//! The admin interface: leases of accounts, fault rules, the statement, and whether the providers are quiet.

mod accounts;
mod clock;
mod rates;
mod rules;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderName};
use http::{HeaderValue, Request, Response, StatusCode};
use hyper::body::Incoming;
use model::fault::Provider;
use parking_lot::Mutex;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::http::{AnswerBody, Call, ConnectionHandle, Handler, ReadError};
use crate::ledger::{Ledger, now_us};
use crate::metrics::{Gauges, Metrics};
use crate::settlement;
use crate::store::{Acked, Reader};

const LIMIT_DEFAULT: usize = 10_000;
const LIMIT_MAX: usize = 100_000;

/// Serves the admin interface.
pub(crate) struct Admin {
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) metrics: Arc<Metrics>,
    /// A connection of its own, so that reading the statement stops nobody.
    pub(crate) reader: Arc<Mutex<Reader>>,
    pub(crate) token: Option<String>,
    pub(crate) account_ttl_ms: u64,
}

/// What an admin call is answered.
pub(super) struct Reply {
    status: StatusCode,
    content_type: &'static str,
    headers: Vec<(HeaderName, String)>,
    body: Bytes,
}

impl Reply {
    fn json(status: StatusCode, body: &Value) -> Self {
        Self { status, content_type: "application/json", headers: Vec::new(), body: body.to_string().into() }
    }

    fn empty() -> Self {
        Self {
            status: StatusCode::NO_CONTENT,
            content_type: "application/json",
            headers: Vec::new(),
            body: Bytes::new(),
        }
    }

    fn error(status: StatusCode, code: &str, message: &str) -> Self {
        Self::json(status, &json!({ "error": { "code": code, "message": message } }))
    }

    fn broken() -> Self {
        Self::error(StatusCode::INTERNAL_SERVER_ERROR, "store", "failed to read or write the store")
    }
}

impl Handler for Admin {
    async fn handle(self: Arc<Self>, request: Request<Incoming>, connection: ConnectionHandle) -> Response<AnswerBody> {
        let reply = match Call::read(request, connection.peer.ip()).await {
            Ok(call) if self.may(&call) => self.reply(&call).await,
            Ok(_) => Reply::error(
                StatusCode::UNAUTHORIZED,
                "token",
                "calls from elsewhere than loopback need the admin token",
            ),
            Err(ReadError::TooLarge) => {
                Reply::error(StatusCode::PAYLOAD_TOO_LARGE, "too_large", "the body is larger than 1 MiB")
            }
            Err(ReadError::Unreadable) => {
                Reply::error(StatusCode::BAD_REQUEST, "unreadable", "the body could not be read")
            }
        };
        let mut response = Response::new(AnswerBody::Whole(Some(reply.body)));
        *response.status_mut() = reply.status;
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(reply.content_type));
        for (name, value) in reply.headers {
            if let Ok(value) = HeaderValue::try_from(value) {
                response.headers_mut().insert(name, value);
            }
        }
        response
    }
}

impl Admin {
    /// Loopback may; elsewhere must show the token.
    fn may(&self, call: &Call) -> bool {
        let is_shown = || {
            let token = self.token.as_deref().filter(|token| !token.is_empty());
            // Hashes are compared, so that time tells nothing of the token.
            token.zip(call.bearer()).is_some_and(|(token, shown)| {
                crate::accounts::key_hash(token) == crate::accounts::key_hash(shown) && token == shown
            })
        };
        call.peer.to_canonical().is_loopback() || is_shown()
    }

    async fn reply(&self, call: &Call) -> Reply {
        let segments = call.segments();
        let parts: Vec<&str> = segments.iter().map(String::as_str).collect();
        match (call.method.as_str(), parts.as_slice()) {
            ("GET", ["healthz"]) => Reply::json(StatusCode::OK, &json!({ "ok": true })),
            ("GET", ["metrics"]) => self.metrics(),
            ("GET", ["admin", "quiet"]) => self.quiet(),
            ("GET", ["admin", "statement"]) => self.statement(call).await,
            ("GET", ["admin", "settlement"]) => self.settlement(call).await,
            ("GET", ["admin", "clock"]) => clock::show(self),
            ("PUT", ["admin", "clock"]) => clock::set(self, call).await,
            ("PUT", ["admin", "lease"]) => accounts::renew(self, call).await,
            ("POST", ["admin", "accounts"]) => accounts::take(self, call).await,
            ("DELETE", ["admin", "accounts", key]) => accounts::give_back(self, key).await,
            ("GET", ["admin", "rate_changes"]) => rates::list(self),
            ("PUT", ["admin", "rate_changes"]) => rates::put(self, call).await,
            ("GET", ["admin", "rules"]) => rules::list(self),
            ("DELETE", ["admin", "rules"]) => rules::end_all(self).await,
            ("POST", ["admin", "rules:set"]) => rules::set(self, call).await,
            ("PUT", ["admin", "rules", id]) => rules::put(self, id, call).await,
            ("DELETE", ["admin", "rules", id]) => rules::end(self, id).await,
            _ => Reply::error(StatusCode::NOT_FOUND, "not_found", "there is nothing at this address"),
        }
    }

    fn metrics(&self) -> Reply {
        let (webhooks_pending, webhooks_held) = self.ledger.webhooks.counts();
        let text = self.metrics.render(&Gauges {
            in_flight: self.ledger.in_flight.load(Ordering::Relaxed),
            webhooks_pending,
            webhooks_held,
            rules: self.ledger.rules.all().len(),
            store_commits: self.ledger.writer.groups(),
            seq: self.ledger.books.lock().seq,
        });
        Reply {
            status: StatusCode::OK,
            content_type: "text/plain; version=0.0.4",
            headers: Vec::new(),
            body: text.into(),
        }
    }

    fn quiet(&self) -> Reply {
        let (webhooks_pending, held) = self.ledger.webhooks.counts();
        let last_change_us = self.ledger.last_change_us.load(Ordering::Relaxed);
        Reply::json(
            StatusCode::OK,
            &json!({
                "webhooks_pending": webhooks_pending,
                "held": held,
                "in_flight": self.ledger.in_flight.load(Ordering::Relaxed),
                "last_change_ms_ago": (now_us() - last_change_us).max(0) / 1_000,
            }),
        )
    }

    async fn statement(&self, call: &Call) -> Reply {
        let number = |name: &str, default: i64| match call.query_value(name) {
            None => Ok(default),
            Some(text) => text.parse::<i64>().ok().filter(|number| *number >= 0).ok_or_else(|| {
                Reply::error(StatusCode::BAD_REQUEST, "bad_query", &format!("`{name}` is not a number of 0 or more"))
            }),
        };
        let (after, limit) = match (number("after", 0), number("limit", LIMIT_DEFAULT as i64)) {
            (Ok(after), Ok(limit)) => (after, (limit as usize).clamp(1, LIMIT_MAX)),
            (Err(reply), _) | (_, Err(reply)) => return reply,
        };
        if self.ledger.settled().await.is_err() {
            return Reply::broken();
        }
        let run = call.query_value("run");
        let reader = Arc::clone(&self.reader);
        let read = tokio::task::spawn_blocking(move || reader.lock().statement(after, limit, run.as_deref())).await;
        match read {
            Ok(Ok((text, last))) => Reply {
                status: StatusCode::OK,
                content_type: "application/x-ndjson",
                headers: vec![(HeaderName::from_static("doorbuster-last"), last.to_string())],
                body: text.into(),
            },
            Ok(Err(error)) => {
                tracing::error!(%error, "failed to read the statement");
                Reply::broken()
            }
            Err(error) => {
                tracing::error!(%error, "the reader of the statement ended");
                Reply::broken()
            }
        }
    }
}

impl Admin {
    /// A provider's settlement report, of one run where the query names it.
    async fn settlement(&self, call: &Call) -> Reply {
        let named = call.query_value("provider").unwrap_or_else(|| Provider::Payment.name().to_owned());
        let provider = Provider::ALL.into_iter().find(|provider| provider.name() == named);
        if self.ledger.settled().await.is_err() {
            return Reply::broken();
        }
        let run = call.query_value("run");
        let reader = Arc::clone(&self.reader);
        let read = tokio::task::spawn_blocking(move || {
            provider.and_then(|provider| settlement::report(provider, &reader.lock(), run.as_deref()))
        })
        .await;
        match read {
            Ok(Some(Ok(text))) => Reply {
                status: StatusCode::OK,
                content_type: "text/csv; charset=utf-8",
                headers: Vec::new(),
                body: text.into(),
            },
            Ok(None) => {
                let message = format!("`{named}` is no provider that settles payments");
                Reply::error(StatusCode::NOT_FOUND, "no_settlement", &message)
            }
            Ok(Some(Err(error))) => {
                tracing::error!(%error, "failed to read the balance");
                Reply::broken()
            }
            Err(error) => {
                tracing::error!(%error, "the reader of the balance ended");
                Reply::broken()
            }
        }
    }
}

/// Reads a JSON body; says what is wrong with it.
pub(super) fn read_body<T: DeserializeOwned>(call: &Call) -> Result<T, Reply> {
    serde_json::from_slice(&call.body).map_err(|error| {
        Reply::error(StatusCode::BAD_REQUEST, "bad_body", &format!("the body is not what was expected: {error}"))
    })
}

/// Waits until something is stored; says whether it is.
pub(super) async fn is_stored(acked: Option<Acked>) -> bool {
    match acked {
        Some(acked) => matches!(acked.await, Ok(Ok(()))),
        None => true,
    }
}

pub(super) const fn after_ms(now_us: i64, ttl_ms: u64) -> i64 {
    now_us.saturating_add((ttl_ms as i64).saturating_mul(1_000))
}
