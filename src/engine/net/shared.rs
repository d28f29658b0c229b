//! One HTTP/2 connection that many requests use at once. It is driven by a task of its own.

use super::connection::{Failure, Stopwatch, Whole, remark, whole_body};
use super::shelves::Slot;
use super::wire::Wire;
use bytes::Bytes;
use http::uri::{PathAndQuery, Scheme};
use http::{HeaderValue, Request, Uri, header};
use http_body_util::Full;
use hyper::body::Body;
use hyper::client::conn::http2::{self, SendRequest};
use hyper::rt::Executor;
use std::cell::Cell;
use std::error::Error as _;
use std::future::Future;
use std::rc::Rc;
use std::time::{Duration, Instant};
use tokio::task::spawn_local;

/// Requests under way on one connection at most: what common servers allow.
const STREAMS_MAX: usize = 100;

/// A connection that many use.
#[derive(Clone)]
pub struct Shared(Rc<Trunk>);

struct Trunk {
    sender: SendRequest<Full<Bytes>>,
    scheme: Scheme,
    host: HeaderValue,
    streams: Cell<usize>,
    /// The server said farewell: it takes no new requests.
    leaving: Cell<bool>,
    idle_since: Cell<Instant>,
    slot: Slot,
}

/// Room for one request.
pub struct Lease(Rc<Trunk>);

/// Runs the parts of a connection on this thread.
#[derive(Clone, Copy)]
struct HereAndNow;

impl<F: Future<Output = ()> + 'static> Executor<F> for HereAndNow {
    fn execute(&self, future: F) {
        spawn_local(future);
    }
}

impl Shared {
    /// Shakes hands over an open wire.
    pub async fn open(wire: Wire, scheme: Scheme, host: HeaderValue, slot: Slot) -> hyper::Result<Self> {
        let (sender, driver) = http2::handshake(HereAndNow, wire).await?;
        spawn_local(async move {
            // How it ended is told to each request on it.
            drop(driver.await);
        });
        let (streams, leaving) = (Cell::new(0), Cell::new(false));
        let idle_since = Cell::new(Instant::now());
        Ok(Self(Rc::new(Trunk { sender, scheme, host, streams, leaving, idle_since, slot })))
    }

    /// It can be found by whoever waited for it.
    pub fn connected(&self) {
        self.0.slot.connected();
    }

    /// Whether it takes requests.
    pub fn is_open(&self) -> bool {
        !self.0.leaving.get() && !self.0.sender.is_closed()
    }

    /// Whether nobody used it for so long.
    pub fn idled(&self, now: Instant, most: Duration) -> bool {
        self.0.streams.get() == 0 && now.duration_since(self.0.idle_since.get()) > most
    }

    /// Room for one more request, if there is.
    pub fn lease(&self) -> Option<Lease> {
        let streams = self.0.streams.get();
        (streams < STREAMS_MAX).then(|| {
            self.0.streams.set(streams + 1);
            Lease(Rc::clone(&self.0))
        })
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let trunk = &self.0;
        trunk.streams.set(trunk.streams.get() - 1);
        trunk.idle_since.set(Instant::now());
        trunk.slot.eased();
    }
}

impl Lease {
    /// Sends the request and reads the answer to its last byte. Dropped before, the request is cancelled and the
    /// connection lives on.
    pub async fn exchange(&self, request: &Request<Full<Bytes>>, watch: &Stopwatch) -> Result<Whole, Failure> {
        let trunk = &self.0;
        let mut sender = trunk.sender.clone();
        if sender.ready().await.is_err() {
            trunk.leaving.set(true);
            return Err(Failure::Unprocessed);
        }
        // What is handed over here is written in the same turn of the runtime, unless the server holds it back.
        watch.sent.set(watch.sent.get().or_else(|| Some(Instant::now())));
        let response = sender.try_send_request(self.addressed(request)).await.map_err(|mut failure| {
            if failure.take_message().is_some() || says_farewell(failure.error()) {
                trunk.leaving.set(true);
                return Failure::Unprocessed;
            }
            if refused(failure.error()) { Failure::Unprocessed } else { Failure::Broken(remark(failure.error())) }
        })?;
        let (head, body) = response.into_parts();
        let body = whole_body(body, Body::poll_frame).await?;
        Ok(Whole { head, body, done: Instant::now() })
    }

    /// HTTP/2 names scheme and authority in the request itself.
    fn addressed(&self, request: &Request<Full<Bytes>>) -> Request<Full<Bytes>> {
        let mut request = request.clone();
        request.headers_mut().remove(header::HOST);
        let path = request.uri().path_and_query().cloned().unwrap_or_else(|| PathAndQuery::from_static("/"));
        let uri = Uri::builder().scheme(self.0.scheme.clone()).authority(self.0.host.as_bytes()).path_and_query(path);
        *request.uri_mut() = uri.build().expect("scheme, authority and path were addresses before");
        request
    }
}

fn cause(error: &hyper::Error) -> Option<&h2::Error> {
    std::iter::successors(error.source(), |error| (*error).source()).find_map(|source| source.downcast_ref())
}

/// The server closes the connection and did not process this request (RFC 9113, 6.8).
fn says_farewell(error: &hyper::Error) -> bool {
    cause(error).is_some_and(|cause| cause.is_remote() && cause.is_go_away())
}

/// The server did not process this request (RFC 9113, 8.7).
fn refused(error: &hyper::Error) -> bool {
    cause(error).is_some_and(|cause| {
        cause.is_remote() && cause.is_reset() && cause.reason() == Some(h2::Reason::REFUSED_STREAM)
    })
}
