//! One connection to one server, driven by whoever uses it: no task of its own, so a request costs no wake-up between tasks.

use super::shelves::Slot;
use super::wire::{Wire, WriteMark};
use bytes::{Bytes, BytesMut};
use http::response::Parts;
use http::{Request, Response, Version, header};
use http_body_util::Full;
use hyper::body::{Body as _, Frame, Incoming};
use hyper::client::conn::http1::{self, SendRequest};
use std::cell::Cell;
use std::error::Error as _;
use std::future::{Future, poll_fn};
use std::io::ErrorKind;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use std::time::Instant;

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
    /// The server said that it did not process the request: it may be sent again.
    Unprocessed,
    /// Something broke; what the server did is not known.
    Broken(&'static str),
}

/// A connection that is open, or was when it was last looked at. Boxed, for it goes from hand to hand.
pub struct Connection(Box<Line>);

type Driver = Option<http1::Connection<Wire, Full<Bytes>>>;

struct Line {
    sender: SendRequest<Full<Bytes>>,
    /// None once it is closed. It is dropped then, so that a request it did not take comes back.
    driver: Driver,
    mark: WriteMark,
    idle_since: Instant,
    /// Whether the last answer lets it be used again.
    reusable: bool,
    _slot: Slot,
}

impl Connection {
    /// Shakes hands over an open wire; `mark` is its mark.
    pub async fn open(wire: Wire, mark: WriteMark, slot: Slot) -> hyper::Result<Self> {
        let (sender, driver) = http1::handshake(wire).await?;
        let idle_since = Instant::now();
        Ok(Self(Box::new(Line { sender, driver: Some(driver), mark, idle_since, reusable: true, _slot: slot })))
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
        if self.0.sender.is_ready() {
            // If it is closed by now, sending shows that before a byte is written.
            return true;
        }
        poll_fn(|cx| {
            drive(&mut self.0.driver, cx);
            self.0.sender.poll_ready(cx).map(|ready| ready.is_ok())
        })
        .await
    }

    /// Sends the request and reads the answer to its last byte.
    pub async fn exchange(&mut self, request: Request<Full<Bytes>>, watch: &Stopwatch) -> Result<Whole, Failure> {
        self.0.mark.set(None);
        let response = self.head(request, watch).await?;
        let (head, body) = response.into_parts();
        let driver = &mut self.0.driver;
        let body = whole_body(body, |mut body, cx| match body.as_mut().poll_frame(&mut nobody()) {
            // The driver reads a frame once it was asked for.
            Poll::Pending => drive_for(driver, cx, |nobody| body.as_mut().poll_frame(nobody)),
            ready @ Poll::Ready(_) => ready,
        })
        .await?;
        self.0.reusable = keeps_alive(&head);
        let done = Instant::now();
        self.0.idle_since = done;
        Ok(Whole { head, body, done })
    }

    async fn head(&mut self, request: Request<Full<Bytes>>, watch: &Stopwatch) -> Result<Response<Incoming>, Failure> {
        let Line { sender, driver, mark, .. } = &mut *self.0;
        let mut answer = pin!(sender.try_send_request(request));
        let answered = poll_fn(|cx| {
            drive_for(driver, cx, |nobody| {
                watch.sent.set(watch.sent.get().or_else(|| mark.get()));
                answer.as_mut().poll(nobody)
            })
        })
        .await;
        answered.map_err(|mut failure| match failure.take_message() {
            Some(request) if mark.get().is_none() => Failure::NotSent(Box::new(request)),
            Some(_) | None => Failure::Broken(remark(failure.error())),
        })
    }
}

/// Reads a body to its end; `poll` asks for the next frame.
pub(super) async fn whole_body(
    mut body: Incoming,
    mut poll: impl FnMut(Pin<&mut Incoming>, &mut Context<'_>) -> Poll<Option<hyper::Result<Frame<Bytes>>>>,
) -> Result<Bytes, Failure> {
    let mut first = Bytes::new();
    let mut more = BytesMut::new();
    while !body.is_end_stream() {
        let frame = poll_fn(|cx| poll(Pin::new(&mut body), cx)).await;
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

/// Drives the connection for what only its driver makes ready. Only when that is still to come does the task get to be
/// woken: a driver that knows the task wakes it for each step that the two take together, and most answers are whole
/// by the time the task looks.
fn drive_for<T>(
    driver: &mut Driver,
    cx: &mut Context<'_>,
    mut what: impl FnMut(&mut Context<'_>) -> Poll<T>,
) -> Poll<T> {
    drive(driver, &mut nobody());
    if let ready @ Poll::Ready(_) = what(&mut nobody()) {
        return ready;
    }
    drive(driver, cx);
    what(&mut nobody())
}

fn drive(driver: &mut Driver, cx: &mut Context<'_>) {
    if driver.as_mut().is_some_and(|driver| Pin::new(driver).poll(cx).is_ready()) {
        *driver = None;
    }
}

fn nobody() -> Context<'static> {
    Context::from_waker(Waker::noop())
}

fn keeps_alive(head: &Parts) -> bool {
    let closes = |value: &http::HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"close");
    head.version == Version::HTTP_11 && !head.headers.get(header::CONNECTION).is_some_and(closes)
}

/// In a few words; what the server wrote is never repeated.
pub(super) fn remark(error: &hyper::Error) -> &'static str {
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
