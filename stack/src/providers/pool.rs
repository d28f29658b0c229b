//! Connections to one provider, kept open and used again. Beside a general client it knows one thing more, which a
//! payment needs: whether a request that failed had been sent at all.

use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{HeaderValue, Request, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use parking_lot::Mutex;
use tokio::{net::TcpStream, sync::Semaphore};

use super::Rejection;

/// Idle connections older than this are not used: the other side may be closing them.
const IDLE_MAX: Duration = Duration::from_secs(20);
const BODY_MAX_BYTES: usize = 1 << 20;

/// A base address that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("use provider address `{0}`, expected http://host:port")]
pub struct BadAddress(String);

/// Why a request has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// No connection could be made.
    NotSent,
    /// No place became free in time.
    Crowded,
    /// It was sent, and no whole answer came in time.
    Timeout,
    /// It was sent, and the connection broke.
    Dropped,
}

struct Idle {
    connection: SendRequest<Full<Bytes>>,
    since: Instant,
}

/// How far a request came.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Progress {
    Waiting,
    Connecting,
    Sent,
}

pub(super) struct Pool {
    authority: String,
    host: HeaderValue,
    prefix: String,
    idle: Mutex<Vec<Idle>>,
    places: Semaphore,
}

impl Pool {
    pub(super) fn new(url: &str, in_flight_max: usize) -> Result<Self, BadAddress> {
        let bad = || BadAddress(url.to_owned());
        let uri: Uri = url.parse().map_err(|_| bad())?;
        let host = uri.host().filter(|_| uri.scheme_str() == Some("http")).ok_or_else(bad)?;
        let authority = format!("{host}:{}", uri.port_u16().unwrap_or(80));
        Ok(Self {
            host: HeaderValue::from_str(&authority).map_err(|_| bad())?,
            authority,
            prefix: uri.path().trim_end_matches('/').to_owned(),
            idle: Mutex::new(Vec::new()),
            places: Semaphore::new(in_flight_max.max(1)),
        })
    }

    pub(super) fn host(&self) -> HeaderValue {
        self.host.clone()
    }

    /// The address of a path under the base address; a path that is none becomes `/`.
    pub(super) fn uri(&self, path: &str) -> Uri {
        if self.prefix.is_empty() { path.parse() } else { format!("{}{path}", self.prefix).parse() }.unwrap_or_default()
    }

    /// Sends a request and reads the whole answer within the time.
    pub(super) async fn send(&self, request: Request<Full<Bytes>>, timeout: Duration) -> Result<Rejection, Failure> {
        let mut progress = Progress::Waiting;
        match tokio::time::timeout(timeout, self.exchange(request, &mut progress)).await {
            Ok(result) => result,
            Err(_) => Err(match progress {
                Progress::Waiting => Failure::Crowded,
                Progress::Connecting => Failure::NotSent,
                Progress::Sent => Failure::Timeout,
            }),
        }
    }

    async fn exchange(&self, mut request: Request<Full<Bytes>>, progress: &mut Progress) -> Result<Rejection, Failure> {
        let _place = self.places.acquire().await.map_err(|_| Failure::Crowded)?;
        loop {
            let kept = self.kept();
            let reused = kept.is_some();
            let mut connection = if let Some(connection) = kept {
                connection
            } else {
                *progress = Progress::Connecting;
                self.connect().await?
            };
            if connection.ready().await.is_err() {
                if reused {
                    continue;
                }
                return Err(Failure::NotSent);
            }
            *progress = Progress::Sent;
            match connection.try_send_request(request).await {
                Ok(response) => return self.read(response, connection).await,
                Err(mut error) => match error.take_message() {
                    // The other side closed an idle connection and nothing of the request left: take another one.
                    Some(unsent) if reused => request = unsent,
                    Some(_) => return Err(Failure::NotSent),
                    None => return Err(Failure::Dropped),
                },
            }
        }
    }

    async fn read(
        &self,
        response: http::Response<hyper::body::Incoming>,
        connection: SendRequest<Full<Bytes>>,
    ) -> Result<Rejection, Failure> {
        let (head, body) = response.into_parts();
        let body = Limited::new(body, BODY_MAX_BYTES).collect().await.map_err(|_| Failure::Dropped)?.to_bytes();
        if !connection.is_closed() {
            self.idle.lock().push(Idle { connection, since: Instant::now() });
        }
        Ok(Rejection { status: head.status.as_u16(), headers: head.headers, body })
    }

    /// The connection used last, so that the others grow old and are dropped.
    fn kept(&self) -> Option<SendRequest<Full<Bytes>>> {
        let mut idle = self.idle.lock();
        while let Some(Idle { connection, since }) = idle.pop() {
            if since.elapsed() > IDLE_MAX {
                idle.clear();
                return None;
            }
            if !connection.is_closed() {
                return Some(connection);
            }
        }
        None
    }

    async fn connect(&self) -> Result<SendRequest<Full<Bytes>>, Failure> {
        let stream = TcpStream::connect(&self.authority).await.map_err(|_| Failure::NotSent)?;
        drop(stream.set_nodelay(true));
        let (sender, connection) = handshake(TokioIo::new(stream)).await.map_err(|_| Failure::NotSent)?;
        tokio::spawn(async move {
            // Its failures are those of the requests on it.
            drop(connection.await);
        });
        Ok(sender)
    }
}
