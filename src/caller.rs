//! A plain HTTP client for the interfaces by which servers are run: admin routes, metrics, exports. Load goes elsewhere.

use crate::engine::{TrustError, trust};
use bytes::Bytes;
use http::{Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use std::time::Duration;
use tokio_rustls::rustls::ClientConfig;

/// The largest answer that is taken: an export page of a few ten thousand rows.
const BODY_BYTES_MAX: usize = 256 << 20;

/// Why a call did not give what was asked for.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// The address is not one.
    #[error("call {method} {address}: {reason}")]
    Address {
        /// Method.
        method: Method,
        /// As given.
        address: String,
        /// Why.
        reason: String,
    },
    /// No whole answer.
    #[error("call {method} {address}: {reason}")]
    Unanswered {
        /// Method.
        method: Method,
        /// Where.
        address: String,
        /// Why.
        reason: String,
    },
    /// An answer that says no.
    #[error("call {method} {address}: it answers {status}: {body}")]
    Refused {
        /// Method.
        method: Method,
        /// Where.
        address: String,
        /// Its status.
        status: StatusCode,
        /// The beginning of its body.
        body: String,
    },
    /// An answer that cannot be read.
    #[error("read the answer of {address}: {reason}")]
    Unreadable {
        /// Where.
        address: String,
        /// Why.
        reason: String,
    },
}

/// The client; cheap to clone, keeps its connections.
#[derive(Clone)]
pub struct Caller {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    timeout: Duration,
    token: Option<String>,
}

impl Caller {
    /// A client whose calls end after `timeout`; `token` is sent as a bearer token. It trusts the system's authorities.
    #[must_use]
    pub fn new(timeout: Duration, token: Option<String>) -> Self {
        let trusted = trust(None).expect("the provider knows the protocol versions that it calls safe");
        Self { client: client(trusted), timeout, token }
    }

    /// The same, but trusts those of `authorities` (PEM) as well.
    pub fn trusting(self, authorities: Option<&str>) -> Result<Self, TrustError> {
        match authorities {
            None => Ok(self),
            Some(_) => Ok(Self { client: client(trust(authorities)?), ..self }),
        }
    }

    /// The body of a successful GET.
    pub async fn get(&self, address: &str) -> Result<Bytes, CallError> {
        self.call(Method::GET, address, None).await
    }

    /// The JSON body of a successful GET.
    pub async fn get_json(&self, address: &str) -> Result<serde_json::Value, CallError> {
        let body = self.get(address).await?;
        serde_json::from_slice(&body)
            .map_err(|error| CallError::Unreadable { address: address.into(), reason: error.to_string() })
    }

    /// Sends JSON and takes any 2xx.
    pub async fn send_json(&self, method: Method, address: &str, body: &serde_json::Value) -> Result<Bytes, CallError> {
        self.call(method, address, Some(body.to_string())).await
    }

    /// Deletes; what is gone already is fine.
    pub async fn delete(&self, address: &str) -> Result<(), CallError> {
        match self.call(Method::DELETE, address, None).await {
            Err(CallError::Refused { status: StatusCode::NOT_FOUND, .. }) | Ok(_) => Ok(()),
            Err(error) => Err(error),
        }
    }

    async fn call(&self, method: Method, address: &str, json: Option<String>) -> Result<Bytes, CallError> {
        let unanswered =
            |reason: String| CallError::Unanswered { method: method.clone(), address: address.into(), reason };
        let mut request = Request::builder().method(method.clone()).uri(address);
        if json.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        if let Some(token) = &self.token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        let request = request.body(Full::from(json.unwrap_or_default())).map_err(|error| CallError::Address {
            method: method.clone(),
            address: address.into(),
            reason: error.to_string(),
        })?;
        let exchange = async {
            let answer = self.client.request(request).await.map_err(|error| unanswered(causes(&error)))?;
            let status = answer.status();
            let body = Limited::new(answer.into_body(), BODY_BYTES_MAX)
                .collect()
                .await
                .map_err(|error| match error.downcast_ref::<LengthLimitError>() {
                    Some(_) => unanswered(format!("the answer exceeds {BODY_BYTES_MAX} bytes")),
                    None => unanswered(error.to_string()),
                })?
                .to_bytes();
            if status.is_success() {
                return Ok(body);
            }
            let text = String::from_utf8_lossy(&body);
            let body = text.chars().take(200).collect();
            Err(CallError::Refused { method: method.clone(), address: address.into(), status, body })
        };
        match tokio::time::timeout(self.timeout, exchange).await {
            Ok(result) => result,
            Err(_) => Err(unanswered(format!("no answer within {:?}", self.timeout))),
        }
    }
}

fn client(trusted: ClientConfig) -> Client<HttpsConnector<HttpConnector>, Full<Bytes>> {
    let connector = HttpsConnectorBuilder::new().with_tls_config(trusted).https_or_http().enable_http1().build();
    Client::builder(TokioExecutor::new()).build(connector)
}

/// An error and what caused it, in one line.
fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text
}
