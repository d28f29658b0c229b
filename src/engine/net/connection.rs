//! One connection to one server, driven by whoever uses it: no task of its own, so a request costs no wake-up between tasks.

use super::wire::{Wire, WriteMark};
use bytes::{Bytes, BytesMut};
use http::response::Parts;
use http::{Request, Response, Version, header};
use http_body_util::Full;
use hyper::body::{Body as _, Incoming};
use hyper::client::conn::http1::{self, SendRequest};
use std::cell::Cell;
use std::error::Error as _;
use std::future::{Future, poll_fn};
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Instant;
use tokio::net::TcpStream;

/// The largest body that is read; a page of a shop is far below it.
const BODY_BYTES_MAX: usize = 4 << 20;

/// The clocks of an operation, readable from outside while it is under way.
#[derive(Debug, Default)]
pub struct Stopwatch {
    /// First byte written.
    pub sent: Cell<Option<Instant>>,
}

/// A whole answer.
#[derive(Debug)]
pub struct Whole {
    /// Status and headers.
    pub head: Parts,
    /// The body.
    pub body: Bytes,
    /// When its last byte was read.
    pub done: Instant,
}

/// Why there is no whole answer on a connection.
#[derive(Debug)]
pub enum Failure {
    /// The connection was closed before a byte of the request was written; the request as it was.
    NotSent(Box<Request<Full<Bytes>>>),
    /// Something broke; what the server did is not known.
    Broken(&'static str),
}

/// A connection that is open, or was when it was last looked at. Boxed, for it goes from hand to hand.
pub struct Connection(Box<Line>);

struct Line {
    sender: SendRequest<Full<Bytes>>,
    /// None once it is closed. It is dropped then, so that a request it did not take comes back.
    driver: Option<http1::Connection<Wire, Full<Bytes>>>,
    mark: WriteMark,
    idle_since: Instant,
    /// Whether the last answer lets it be used again.
    reusable: bool,
}

impl Connection {
    /// Connects.
    pub async fn open(address: SocketAddr) -> std::io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let mark = WriteMark::default();
        let wire = Wire::new(stream, Rc::clone(&mark));
        let (sender, driver) = http1::handshake(wire).await.map_err(std::io::Error::other)?;
        Ok(Self(Box::new(Line { sender, driver: Some(driver), mark, idle_since: Instant::now(), reusable: true })))
    }

    /// Since when it has not been used.
    pub fn idle_since(&self) -> Instant {
        self.0.idle_since
    }

    /// Whether the server keeps it open after the last answer.
    pub fn reusable(&self) -> bool {
        self.0.reusable && self.0.driver.is_some()
    }

    /// Whether it can take a request: a connection that the server closed meanwhile cannot.
    pub async fn ready(&mut self) -> bool {
        if self.0.sender.is_ready() { READY.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            // If it is closed by now, sending shows that before a byte is written.
            return true;
        }
        poll_fn(|cx| {
            self.drive(cx);
            self.0.sender.poll_ready(cx).map(|ready| ready.is_ok())
        })
        .await
    }

    /// Sends the request and reads the answer to its last byte.
    pub async fn exchange(&mut self, request: Request<Full<Bytes>>, watch: &Stopwatch) -> Result<Whole, Failure> {
        self.0.mark.set(None);
        let response = self.head(request, watch).await?;
        let (head, body) = response.into_parts();
        let body = self.body(body).await?;
        self.0.reusable = keeps_alive(&head);
        let done = Instant::now();
        self.0.idle_since = done;
        self.rest();
        Ok(Whole { head, body, done })
    }

    async fn head(&mut self, request: Request<Full<Bytes>>, watch: &Stopwatch) -> Result<Response<Incoming>, Failure> {
        let Line { sender, driver, mark, .. } = &mut *self.0;
        let mut answer = pin!(sender.try_send_request(request));
        let answered = poll_fn(|cx| {
            drive(driver, cx); HEADS.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            if watch.sent.get().is_none() {
                watch.sent.set(mark.get());
            }
            answer.as_mut().poll(cx)
        })
        .await;
        answered.map_err(|mut failure| match failure.take_message() {
            Some(request) if mark.get().is_none() => Failure::NotSent(Box::new(request)),
            Some(_) | None => Failure::Broken(remark(failure.error())),
        })
    }

    async fn body(&mut self, mut body: Incoming) -> Result<Bytes, Failure> {
        let mut first = Bytes::new();
        let mut more = BytesMut::new();
        while !body.is_end_stream() {
            let frame = poll_fn(|cx| match Pin::new(&mut body).poll_frame(cx) {
                Poll::Pending => {
                    // The frame is read by the driver, which waits until it is asked for.
                    self.drive(cx);
                    Pin::new(&mut body).poll_frame(cx)
                }
                ready @ Poll::Ready(_) => ready,
            })
            .await;
            let Some(frame) = frame else { break };
            let frame = frame.map_err(|error| Failure::Broken(remark(&error)))?;
            let Ok(bytes) = frame.into_data() else { continue };
            if first.is_empty() {
                first = bytes;
                continue;
            }
            if more.is_empty() {
                more.extend_from_slice(&first);
            }
            more.extend_from_slice(&bytes);
            if more.len() > BODY_BYTES_MAX {
                return Err(Failure::Broken("the body is too large"));
            }
        }
        Ok(if more.is_empty() { first } else { more.freeze() })
    }

    /// Leaves the connection with nobody to wake: otherwise handing it the next request would wake the very task that
    /// does so, for nothing.
    fn rest(&mut self) {
        self.drive(&mut Context::from_waker(Waker::noop()));
    }

    fn drive(&mut self, cx: &mut Context<'_>) {
        drive(&mut self.0.driver, cx);
    }
}

pub static DRIVES: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0); pub static HEADS: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0); pub static READY: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
fn drive(driver: &mut Option<http1::Connection<Wire, Full<Bytes>>>, cx: &mut Context<'_>) {
    DRIVES.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    if driver.as_mut().is_some_and(|driver| Pin::new(driver).poll(cx).is_ready()) {
        *driver = None;
    }
}

fn keeps_alive(head: &Parts) -> bool {
    let closes = |value: &http::HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"close");
    head.version == Version::HTTP_11 && !head.headers.get(header::CONNECTION).is_some_and(closes)
}

/// In a few words; what the server wrote is never repeated.
fn remark(error: &hyper::Error) -> &'static str {
    let kind = std::iter::successors(error.source(), |error| (*error).source())
        .find_map(|source| source.downcast_ref::<std::io::Error>())
        .map(std::io::Error::kind);
    if error.is_incomplete_message() || kind == Some(ErrorKind::UnexpectedEof) {
        "the connection was closed before the answer was whole"
    } else if kind == Some(ErrorKind::ConnectionReset) {
        "the connection was reset"
    } else if error.is_parse() {
        "the answer is not HTTP"
    } else if error.is_canceled() || error.is_closed() {
        "the connection was closed"
    } else {
        "the connection broke"
    }
}
