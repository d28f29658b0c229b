//! The shop's side of its providers. A link bounds what is in flight, stops calling what is down, keeps connections
//! open, and says of every failure whether the request can have arrived.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, header};
use http_body_util::Full;
use serde::de::DeserializeOwned;

use crate::{
    clock::identifier,
    defects::{Defect, Defects},
    metrics::{Metrics, Operation, Outcome},
};

pub(crate) mod breaker;
pub(crate) mod fraud;
pub(crate) mod fulfilment;
pub(crate) mod gateway;
mod pool;
pub(crate) mod shipping;
pub(crate) mod tax;

use breaker::{Breaker, Health};
pub use pool::BadAddress;
use pool::Pool;

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Silence {
    /// The request was not sent: the breaker is open, no connection could be made, or too much is in flight.
    NotSent,
    /// The request may have arrived, and may have been executed.
    Unknown,
}

/// An answer that is not a success.
#[derive(Clone, Debug)]
pub(crate) struct Rejection {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// How a call went.
#[derive(Clone, Debug)]
pub(crate) enum Called<T> {
    Answered(T),
    Rejected(Rejection),
    Silent(Silence),
}

/// Whether an open breaker stops a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Guard {
    Breaker,
    /// For what must be found out in any case, at a low rate.
    None,
}

/// The way to one provider.
pub(crate) struct Link {
    pool: Pool,
    pub(crate) breaker: Breaker,
    timeout: Duration,
    credential: (HeaderName, Option<HeaderValue>),
    metrics: Arc<Metrics>,
    defects: Defects,
}

/// What is to be sent.
#[derive(Clone)]
pub(crate) struct Call<'a> {
    pub(crate) operation: Operation,
    pub(crate) method: Method,
    pub(crate) path: &'a str,
    pub(crate) content_type: &'static str,
    pub(crate) key: Option<&'a str>,
    /// Headers to carry on, one `name: value` a line.
    pub(crate) carried: &'a str,
    pub(crate) body: Bytes,
    pub(crate) guard: Guard,
}

impl Link {
    pub(crate) fn new(
        url: &str,
        in_flight_max: usize,
        timeout_ms: u64,
        breaker: &crate::config::Breaker,
        authorization: Option<HeaderValue>,
        metrics: Arc<Metrics>,
    ) -> Result<Self, BadAddress> {
        Ok(Self {
            pool: Pool::new(url, in_flight_max)?,
            breaker: Breaker::new(breaker),
            timeout: Duration::from_millis(timeout_ms),
            credential: (header::AUTHORIZATION, authorization),
            metrics,
            defects: Defects::default(),
        })
    }

    /// The same link, with its credential in a header of another name.
    pub(crate) fn keyed_by(mut self, name: HeaderName) -> Self {
        self.credential.0 = name;
        self
    }

    /// The same link, with the shop's defects.
    pub(crate) fn with(mut self, defects: Defects) -> Self {
        self.defects = defects;
        self
    }

    /// Sends one request, once; a success is read as `T`.
    pub(crate) async fn call<T: DeserializeOwned>(&self, call: Call<'_>) -> Called<T> {
        let operation = call.operation;
        if call.guard == Guard::Breaker && !self.breaker.lets_through() {
            self.metrics.provider_call(operation, Outcome::BreakerOpen, Duration::ZERO);
            return Called::Silent(Silence::NotSent);
        }
        let started = Instant::now();
        // The defect `retry-layer-overwrites-key`.
        let sent = if self.defects.has(Defect::RetryLayerOverwritesKey) {
            self.sent_by_a_retry_layer(call).await
        } else {
            self.pool.send(self.request(call), self.timeout).await
        };
        let (outcome, health, called) = match sent {
            Ok(reply) if (200..300).contains(&reply.status) => match serde_json::from_slice(&reply.body) {
                Ok(answer) => (Outcome::Ok, Health::Answered, Called::Answered(answer)),
                // A body that cannot be read proves neither that it was done nor that it was not.
                Err(_) => (Outcome::Unknown, Health::Unanswered, Called::Silent(Silence::Unknown)),
            },
            Ok(reply) => {
                let (outcome, health) = match reply.status {
                    402 => (Outcome::Declined, Health::Answered),
                    500.. => (Outcome::Error, Health::Unanswered),
                    _ => (Outcome::Refused, Health::Answered),
                };
                (outcome, health, Called::Rejected(reply))
            }
            Err(pool::Failure::NotSent) => (Outcome::Error, Health::Unreachable, Called::Silent(Silence::NotSent)),
            // Too much in flight here says nothing about the provider.
            Err(pool::Failure::Crowded) => (Outcome::Error, Health::Unanswered, Called::Silent(Silence::NotSent)),
            Err(pool::Failure::Timeout) => (Outcome::Timeout, Health::Unanswered, Called::Silent(Silence::Unknown)),
            Err(pool::Failure::Dropped) => (Outcome::Unknown, Health::Unanswered, Called::Silent(Silence::Unknown)),
        };
        self.breaker.learn(health);
        self.metrics.provider_call(operation, outcome, started.elapsed());
        called
    }

    /// Sends a request again that got no answer. The layer knows of keys, and gives each request one of its own.
    async fn sent_by_a_retry_layer(&self, call: Call<'_>) -> Result<Rejection, pool::Failure> {
        let sent = self.pool.send(self.request(call.clone()), self.timeout).await;
        if sent.is_ok() || call.key.is_none() {
            return sent;
        }
        let own = identifier("retry_");
        self.pool.send(self.request(Call { key: Some(&own), ..call }), self.timeout).await
    }

    fn request(&self, call: Call<'_>) -> Request<Full<Bytes>> {
        let mut headers = HeaderMap::with_capacity(10);
        headers.insert(header::HOST, self.pool.host());
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(call.content_type));
        if let (name, Some(credential)) = &self.credential {
            headers.insert(name, credential.clone());
        }
        if let Some(key) = call.key.and_then(|key| HeaderValue::from_str(key).ok()) {
            headers.insert("idempotency-key", key);
        }
        for (name, value) in call.carried.lines().filter_map(|line| line.split_once(": ")) {
            if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_str(value)) {
                headers.insert(name, value);
            }
        }
        let mut request = Request::new(Full::new(call.body));
        *request.method_mut() = call.method;
        *request.uri_mut() = self.pool.uri(call.path);
        *request.headers_mut() = headers;
        request
    }
}
