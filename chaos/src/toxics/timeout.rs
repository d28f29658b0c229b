//! Drops all data, and closes the connection after the timeout; a timeout of 0 never closes.

use std::time::Instant;

use serde::{Deserialize, Serialize};

use super::{Passage, wait_of};

/// The attributes on the wire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Attributes {
    /// Milliseconds from when the toxic took hold.
    timeout: u64,
}

impl Attributes {
    pub(super) fn effect(self, now: Instant) -> Timeout {
        Timeout { ends_at: (self.timeout > 0).then(|| now + wait_of(self.timeout)) }
    }
}

/// The effect on one direction of one connection.
#[derive(Debug)]
pub(crate) struct Timeout {
    ends_at: Option<Instant>,
}

impl Timeout {
    pub(super) const fn ends_at(&self) -> Option<Instant> {
        self.ends_at
    }
}

/// Bytes go nowhere; an end of the stream is passed on, as Toxiproxy does.
pub(super) fn meet(passage: &mut Passage) {
    passage.slices.clear();
}
