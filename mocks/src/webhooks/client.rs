//! A small HTTP client that keeps its connections: one POST, one status.

use std::collections::HashMap;

use base64::Engine as _;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use http::{HeaderValue, Request, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use parking_lot::Mutex;
use percent_encoding::percent_decode_str;
use tokio::net::TcpStream;

use crate::wire::Headers;

const IDLE_MAX: usize = 64;
/// Most of an answer's body that is read before the connection is used again, in bytes.
const ANSWER_MAX: usize = 64 * 1024;

/// Why an attempt has no status.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PostError {
    #[error("use the address: only http:// with a host is served")]
    Address,
    #[error("connect: {0}")]
    Connect(std::io::Error),
    #[error("send: {0}")]
    Send(hyper::Error),
}

type Sender = SendRequest<Full<Bytes>>;

/// Connections by authority.
#[derive(Default)]
pub(crate) struct Client {
    idle: Mutex<HashMap<String, Vec<Sender>>>,
}

impl Client {
    /// Posts JSON and returns the status of the answer.
    pub(crate) async fn post(&self, url: &Uri, headers: &Headers, body: Bytes) -> Result<u16, PostError> {
        let authority = url.authority().filter(|_| url.scheme_str() == Some("http")).ok_or(PostError::Address)?;
        let request = |body| build(url, headers, body);
        while let Some(mut sender) = self.take(authority.as_str()) {
            if sender.ready().await.is_err() {
                continue;
            }
            match sender.send_request(request(body.clone())?).await {
                Ok(answer) => return Ok(self.finish(authority.as_str(), sender, answer).await),
                // The endpoint closed it while it was idle: nothing was sent, so another connection is tried.
                Err(error) if error.is_canceled() || error.is_closed() => {}
                Err(error) => return Err(PostError::Send(error)),
            }
        }
        let address = (authority.host().trim_matches(['[', ']']), authority.port_u16().unwrap_or(80));
        let stream = TcpStream::connect(address).await.map_err(PostError::Connect)?;
        stream.set_nodelay(true).map_err(PostError::Connect)?;
        let (mut sender, connection) = handshake(TokioIo::new(stream)).await.map_err(PostError::Send)?;
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a webhook connection ended");
            }
        });
        let answer = sender.send_request(request(body)?).await.map_err(PostError::Send)?;
        Ok(self.finish(authority.as_str(), sender, answer).await)
    }

    fn take(&self, authority: &str) -> Option<Sender> {
        self.idle.lock().get_mut(authority)?.pop()
    }

    /// Reads the answer to its end and keeps the connection; one that says too much is let go.
    async fn finish(&self, authority: &str, sender: Sender, answer: http::Response<hyper::body::Incoming>) -> u16 {
        let status = answer.status().as_u16();
        if Limited::new(answer.into_body(), ANSWER_MAX).collect().await.is_ok() && !sender.is_closed() {
            let mut idle = self.idle.lock();
            let of_authority = idle.entry(authority.to_owned()).or_default();
            if of_authority.len() < IDLE_MAX {
                of_authority.push(sender);
            }
        }
        status
    }
}

/// User and password in the address become Basic authentication.
fn build(url: &Uri, headers: &Headers, body: Bytes) -> Result<Request<Full<Bytes>>, PostError> {
    let path = url.path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
    let authority = url.authority().map_or("", http::uri::Authority::as_str);
    let (user, host) = authority.rsplit_once('@').map_or((None, authority), |(user, host)| (Some(user), host));
    let mut request = Request::post(path)
        .header(HOST, host)
        .header(CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    if let Some(user) = user {
        let user: Vec<u8> = percent_decode_str(user).collect();
        let basic = format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(user));
        request = request.header(AUTHORIZATION, basic);
    }
    for (name, value) in headers {
        request = request.header(name, value);
    }
    request.body(Full::new(body)).map_err(|_| PostError::Address)
}
