//! Drops all data, and resets the connection after the timeout, counted from the first thing that it drops.
//!
//! Counting from there, as Toxiproxy does, makes a reset meet a request or its answer and not an idle connection.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::{Passage, Then, wait_of};

/// The attributes on the wire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Attributes {
    /// Milliseconds from the first bytes, or the end of the stream; 0 resets at once.
    timeout: u64,
}

impl Attributes {
    /// The effect when it has begun to drop data already, or not yet.
    pub(super) fn effect(self, began_at: Option<Instant>) -> ResetPeer {
        ResetPeer { after: wait_of(self.timeout), began_at }
    }
}

/// The effect on one direction of one connection.
#[derive(Debug)]
pub(crate) struct ResetPeer {
    after: Duration,
    began_at: Option<Instant>,
}

impl ResetPeer {
    pub(super) fn meet(&mut self, passage: &mut Passage) {
        self.began_at.get_or_insert(passage.at);
        passage.slices.clear();
        // An orderly end must not overtake the reset.
        passage.then = Then::More;
    }

    /// When it began to drop data. From there on the connection can only be reset, or it would miss bytes.
    pub(super) const fn began_at(&self) -> Option<Instant> {
        self.began_at
    }

    pub(super) fn ends_at(&self) -> Option<Instant> {
        self.began_at.map(|began_at| began_at + self.after)
    }
}
