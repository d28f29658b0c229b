//! A client of Toxiproxy's interface, for our proxy and for a Toxiproxy that a team runs already.

use std::time::Duration;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST, USER_AGENT};
use http::{Method, Request, StatusCode, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use model::fault::{LinkRule, Stream, Toxic};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::net::TcpStream;

use crate::wire;

/// How long a call may take.
const CALL_MAX: Duration = Duration::from_secs(10);
/// Largest answer that is read, in bytes.
const ANSWER_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Why a call had no success.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address is not one of a control interface.
    #[error("read the proxy's address `{address}`: expected http://host:port")]
    Address {
        /// What was given.
        address: String,
    },
    /// The interface could not be reached.
    #[error("reach the proxy's control interface at {authority}: {reason}")]
    Unreachable {
        /// Where it should be.
        authority: String,
        /// What happened.
        reason: String,
    },
    /// The interface refused.
    #[error("{method} {path} at the proxy: {message} ({status})")]
    Refused {
        /// HTTP method.
        method: Method,
        /// Path.
        path: String,
        /// HTTP status.
        status: StatusCode,
        /// The error that it gave.
        message: String,
    },
    /// It is a Toxiproxy that knows nothing of what we add to its interface.
    #[error("{method} {path} at the proxy: it does not know leases and rules, as no Toxiproxy but ours does")]
    Unsupported {
        /// HTTP method.
        method: Method,
        /// Path.
        path: String,
    },
    /// The answer is not of Toxiproxy's shape.
    #[error("read the proxy's answer to {method} {path}")]
    Answer {
        /// HTTP method.
        method: Method,
        /// Path.
        path: String,
        /// What is wrong with it.
        source: serde_json::Error,
    },
}

impl Error {
    /// The HTTP status, when the interface answered with an error.
    #[must_use]
    pub const fn status(&self) -> Option<StatusCode> {
        match self {
            Self::Refused { status, .. } => Some(*status),
            Self::Address { .. } | Self::Unreachable { .. } | Self::Unsupported { .. } | Self::Answer { .. } => None,
        }
    }
}

/// A client. Each call is a connection of its own: calls are few, and a fault must not hang on a stale one.
#[derive(Clone, Debug)]
pub struct Client {
    authority: String,
    token: Option<String>,
}

impl Client {
    /// A client of the interface at `address`, `http://host:port` or `host:port`. Nothing is sent yet.
    pub fn new(address: &str, token: Option<String>) -> Result<Self, Error> {
        let bad = || Error::Address { address: address.to_owned() };
        let full = if address.contains("://") { address.to_owned() } else { format!("http://{address}") };
        let uri: Uri = full.parse().map_err(|_| bad())?;
        let plain = uri.scheme_str() == Some("http") && matches!(uri.path(), "" | "/");
        let authority = uri.authority().filter(|_| plain).ok_or_else(bad)?;
        let port = authority.port_u16().unwrap_or(80);
        Ok(Self { authority: format!("{}:{port}", authority.host()), token })
    }

    /// Makes a proxy that listens on `listen` (port 0 picks one) and leads to `upstream`.
    pub async fn create(&self, name: &str, listen: &str, upstream: &str) -> Result<wire::Proxy, Error> {
        let (name, listen, upstream) = (name.to_owned(), listen.to_owned(), upstream.to_owned());
        let body = wire::NewProxy { name, listen, upstream, enabled: Some(true) };
        self.call(Method::POST, "/proxies", Some(&body)).await
    }

    /// The proxy of this name.
    pub async fn proxy(&self, name: &str) -> Result<wire::Proxy, Error> {
        self.call(Method::GET, &path(&[name]), NOTHING).await
    }

    /// Every proxy, by name.
    pub async fn proxies(&self) -> Result<std::collections::BTreeMap<String, wire::Proxy>, Error> {
        self.call(Method::GET, "/proxies", NOTHING).await
    }

    /// Removes a proxy.
    pub async fn delete(&self, name: &str) -> Result<(), Error> {
        self.send(Method::DELETE, &path(&[name]), NOTHING).await.map(drop)
    }

    /// Puts a toxic on a proxy, under a name by which it can be removed. `Toxic::Down` disables the proxy instead.
    pub async fn add(
        &self,
        proxy: &str,
        name: &str,
        toxic: &Toxic,
        stream: Stream,
        toxicity: f64,
    ) -> Result<(), Error> {
        let Some(body) = wire::NewToxic::of(name, toxic, stream, toxicity) else {
            return self.disable(proxy).await;
        };
        self.send(Method::POST, &path(&[proxy, "toxics"]), Some(&body)).await.map(drop)
    }

    /// Undoes [`Client::add`]. What is gone already is as good.
    pub async fn remove(&self, proxy: &str, name: &str, toxic: &Toxic) -> Result<(), Error> {
        if matches!(toxic, Toxic::Down {}) {
            return self.enable(proxy).await;
        }
        match self.send(Method::DELETE, &path(&[proxy, "toxics", name]), NOTHING).await {
            Err(error) if error.status() == Some(StatusCode::NOT_FOUND) => Ok(()),
            outcome => outcome.map(drop),
        }
    }

    /// Lets a proxy take connections again.
    pub async fn enable(&self, proxy: &str) -> Result<(), Error> {
        // POST and not PATCH: every Toxiproxy knows it.
        self.send(Method::POST, &path(&[proxy]), Some(&json!({"enabled": true}))).await.map(drop)
    }

    /// Makes a proxy refuse connections, and ends the open ones.
    pub async fn disable(&self, proxy: &str) -> Result<(), Error> {
        self.send(Method::POST, &path(&[proxy]), Some(&json!({"enabled": false}))).await.map(drop)
    }

    /// Removes every toxic and enables every proxy.
    pub async fn reset(&self) -> Result<(), Error> {
        self.send(Method::POST, "/reset", NOTHING).await.map(drop)
    }

    /// Puts a rule on a proxy; only our proxy knows rules. One that is there already under its `id` is replaced.
    pub async fn put_rule(&self, proxy: &str, rule: &LinkRule) -> Result<wire::Rule, Error> {
        self.call(Method::PUT, &path(&[proxy, "rules", &rule.id]), Some(rule)).await
    }

    /// Removes a rule; only our proxy knows rules. What is gone already is as good.
    pub async fn remove_rule(&self, proxy: &str, id: &str) -> Result<(), Error> {
        match self.send(Method::DELETE, &path(&[proxy, "rules", id]), NOTHING).await {
            Err(error) if error.status() == Some(StatusCode::NOT_FOUND) => Ok(()),
            outcome => outcome.map(drop),
        }
    }

    /// The rules of a proxy and what they met; only our proxy knows rules.
    pub async fn rules(&self, proxy: &str) -> Result<Vec<wire::Rule>, Error> {
        self.call(Method::GET, &path(&[proxy, "rules"]), NOTHING).await
    }

    /// Replaces all faults of a run at one instant, and takes or renews its lease; only our proxy knows this.
    pub async fn set_faults(&self, faults: &wire::Faults) -> Result<(), Error> {
        self.send(Method::POST, "/faults", Some(faults)).await.map(drop)
    }

    /// Takes or renews the lease of a run; only our proxy knows it. A `ttl_ms` of 0 gives it back and resets.
    pub async fn lease(&self, run: &str, ttl_ms: u64) -> Result<(), Error> {
        let body = wire::Lease { run: run.to_owned(), ttl_ms };
        self.send(Method::PUT, "/lease", Some(&body)).await.map(drop)
    }

    /// What passed through each proxy; only our proxy knows it.
    pub async fn counters(&self) -> Result<wire::Counters, Error> {
        self.call(Method::GET, "/doorbuster/counters", NOTHING).await
    }

    /// The version of Toxiproxy that the interface says it is.
    pub async fn version(&self) -> Result<String, Error> {
        let answer: Value = self.call(Method::GET, "/version", NOTHING).await?;
        Ok(answer["version"].as_str().unwrap_or_default().to_owned())
    }

    async fn call<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<&impl Serialize>,
    ) -> Result<T, Error> {
        let answer = self.send(method.clone(), path, body).await?;
        serde_json::from_slice(&answer).map_err(|source| Error::Answer { method, path: path.to_owned(), source })
    }

    async fn send(&self, method: Method, path: &str, body: Option<&impl Serialize>) -> Result<Bytes, Error> {
        let unreachable = |reason: String| Error::Unreachable { authority: self.authority.clone(), reason };
        let body = body.map(serde_json::to_vec).transpose();
        let body = body.map_err(|source| Error::Answer { method: method.clone(), path: path.to_owned(), source })?;
        let mut request = Request::builder().method(method.clone()).uri(path).header(HOST, &self.authority);
        request = request.header(CONTENT_TYPE, "application/json").header(USER_AGENT, "doorbuster");
        if let Some(token) = &self.token {
            request = request.header(AUTHORIZATION, format!("Bearer {token}"));
        }
        let request = request.body(Full::new(Bytes::from(body.unwrap_or_default())));
        let request = request.map_err(|error| unreachable(error.to_string()))?;
        let exchanged = tokio::time::timeout(CALL_MAX, exchange(&self.authority, request)).await;
        let (status, answer) =
            exchanged.map_err(|_| unreachable(format!("no answer within {CALL_MAX:?}")))?.map_err(unreachable)?;
        if status.is_success() {
            return Ok(answer);
        }
        let refusal = serde_json::from_slice::<wire::Refusal>(&answer);
        // A route that is not there is refused without a word of JSON.
        if refusal.is_err() && matches!(status, StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED) {
            return Err(Error::Unsupported { method, path: path.to_owned() });
        }
        let message =
            refusal.map_or_else(|_| String::from_utf8_lossy(&answer).trim().to_owned(), |refusal| refusal.error);
        Err(Error::Refused { method, path: path.to_owned(), status, message })
    }
}

const NOTHING: Option<&Value> = None;

/// The path of a proxy, or of something on it.
fn path(segments: &[&str]) -> String {
    let encoded = segments.iter().map(|segment| utf8_percent_encode(segment, NON_ALPHANUMERIC).to_string());
    std::iter::once("/proxies".to_owned()).chain(encoded).collect::<Vec<_>>().join("/")
}

async fn exchange(authority: &str, request: Request<Full<Bytes>>) -> Result<(StatusCode, Bytes), String> {
    let stream = TcpStream::connect(authority).await.map_err(|error| error.to_string())?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(|error| error.to_string())?;
    let exchanged = async {
        let answer = sender.send_request(request).await.map_err(|error| error.to_string())?;
        let status = answer.status();
        let body = Limited::new(answer.into_body(), ANSWER_BYTES_MAX).collect().await;
        Ok((status, body.map_err(|error| error.to_string())?.to_bytes()))
    };
    tokio::pin!(exchanged);
    tokio::select! {
        biased;
        done = &mut exchanged => done,
        // The connection may end right after the answer, which then waits to be taken.
        _ = connection => exchanged.await,
    }
}
