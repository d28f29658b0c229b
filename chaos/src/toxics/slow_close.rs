//! Delays the end of the stream, and nothing else.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Passage, Then, wait_of};

/// The attributes on the wire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Attributes {
    /// Milliseconds.
    delay: u64,
}

impl Attributes {
    pub(super) fn effect(self) -> SlowClose {
        SlowClose { delay: wait_of(self.delay) }
    }
}

/// The effect on one direction of one connection.
#[derive(Debug)]
pub(crate) struct SlowClose {
    delay: Duration,
}

impl SlowClose {
    /// A close by a toxic before this one is an end of the stream, too.
    pub(super) fn meet(&self, passage: &mut Passage) {
        if passage.then != Then::More {
            passage.then_at += self.delay;
        }
    }
}
