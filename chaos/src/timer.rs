//! Waits for an instant to well within a millisecond where the system has a timer for that.
//!
//! tokio's own timer ticks once a millisecond, which would add up to two to every delayed chunk.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;

use tokio::time::Sleep;

/// A timer that is set again and again.
pub(crate) enum Timer {
    /// On a timer of the kernel; late by some 50 µs.
    #[cfg(target_os = "linux")]
    Fine(tokio_timerfd::Delay),
    /// On tokio's wheel; late by up to 2 ms.
    Coarse(Pin<Box<Sleep>>),
}

impl Timer {
    /// The finest timer that can be had now; with no file descriptor left, the coarse one.
    #[cfg(target_os = "linux")]
    pub(crate) fn new(at: Instant) -> Self {
        tokio_timerfd::Delay::new(at).map_or_else(|_| Self::coarse(at), Self::Fine)
    }

    /// The finest timer that can be had.
    #[cfg(not(target_os = "linux"))]
    pub(crate) fn new(at: Instant) -> Self {
        Self::coarse(at)
    }

    fn coarse(at: Instant) -> Self {
        Self::Coarse(Box::pin(tokio::time::sleep_until(at.into())))
    }

    /// Ready once `at` has come; each call sets the timer to its `at`.
    pub(crate) fn poll_at(&mut self, cx: &mut Context<'_>, at: Instant) -> Poll<()> {
        match self {
            #[cfg(target_os = "linux")]
            Self::Fine(delay) => {
                if delay.deadline() != at {
                    delay.reset(at);
                }
                match Pin::new(delay).poll(cx) {
                    Poll::Ready(Ok(())) => Poll::Ready(()),
                    Poll::Ready(Err(_)) => {
                        *self = Self::coarse(at);
                        self.poll_at(cx, at)
                    }
                    Poll::Pending => Poll::Pending,
                }
            }
            Self::Coarse(sleep) => {
                if sleep.deadline() != at.into() {
                    sleep.as_mut().reset(at.into());
                }
                sleep.as_mut().poll(cx)
            }
        }
    }
}
