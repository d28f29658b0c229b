//! The body of an answer: whole, or in drops.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::time::{Instant, Sleep};

/// The body of an answer.
pub(crate) enum AnswerBody {
    /// All at once; `None` when it was taken.
    Whole(Option<Bytes>),
    /// A few bytes at a time.
    Drip(Pin<Box<Drip>>),
}

/// A body that leaves in drops.
pub(crate) struct Drip {
    rest: Bytes,
    drop_bytes: usize,
    pause: Duration,
    next: Pin<Box<Sleep>>,
    /// Runs when the last drop was taken.
    finished: Option<Box<dyn FnOnce() + Send>>,
}

impl Drip {
    /// `finished` runs when the last drop was taken; it is dropped unrun when the connection ends before.
    pub(crate) fn new(body: Bytes, drop_bytes: usize, pause: Duration, finished: Box<dyn FnOnce() + Send>) -> Self {
        Self { rest: body, drop_bytes, pause, next: Box::pin(tokio::time::sleep(pause)), finished: Some(finished) }
    }

    fn poll_drop(&mut self, context: &mut Context<'_>) -> Poll<Option<Bytes>> {
        if self.rest.is_empty() {
            if let Some(finished) = self.finished.take() {
                finished();
            }
            return Poll::Ready(None);
        }
        if self.next.as_mut().poll(context).is_pending() {
            return Poll::Pending;
        }
        let pause = self.pause;
        self.next.as_mut().reset(Instant::now() + pause);
        let length = self.drop_bytes.min(self.rest.len());
        let piece = self.rest.split_to(length);
        if self.rest.is_empty()
            && let Some(finished) = self.finished.take()
        {
            finished();
        }
        Poll::Ready(Some(piece))
    }
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match self.get_mut() {
            Self::Whole(body) => {
                Poll::Ready(body.take().filter(|body| !body.is_empty()).map(|body| Ok(Frame::data(body))))
            }
            Self::Drip(drip) => drip.poll_drop(context).map(|piece| piece.map(|piece| Ok(Frame::data(piece)))),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole(body) => body.as_ref().is_none_or(Bytes::is_empty),
            Self::Drip(drip) => drip.rest.is_empty() && drip.finished.is_none(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(match self {
            Self::Whole(body) => body.as_ref().map_or(0, Bytes::len) as u64,
            Self::Drip(drip) => drip.rest.len() as u64,
        })
    }
}
