//! What waits in one direction of a connection until it is due, or its receiver takes it.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::http::{Hold, Receipt};
use crate::toxics::{Passage, Slice, Then};

/// Bytes that wait in a direction at most; with a delay of 100 ms this still lets 160 MB/s through.
const BYTES_MAX: usize = 16 * 1024 * 1024;
/// Chunks that wait in a direction at most.
const CHUNKS_MAX: usize = 64 * 1024;

/// Bytes that came in together, and what comes after them.
#[derive(Debug)]
pub(crate) struct Chunk {
    pub read_at: Instant,
    /// Rules' waits, before the toxics'.
    pub holds: Vec<Hold>,
    pub bytes: Vec<u8>,
    pub written: usize,
    /// How the rest is cut, and when each slice is due.
    pub slices: VecDeque<Slice>,
    pub then: Then,
    pub then_at: Instant,
    pub receipt: Option<Receipt>,
    /// Whether somebody else than we keeps it waiting: its lateness is not ours.
    pub is_kept: bool,
}

impl Chunk {
    /// When it meets the toxics.
    pub(crate) fn enters_at(&self) -> Instant {
        self.read_at + self.holds.iter().map(|hold| hold.wait).sum::<Duration>()
    }

    /// When the next of it is due.
    pub(crate) fn due_at(&self) -> Instant {
        self.slices.front().map_or(self.then_at, |slice| slice.at)
    }

    /// The rest of it, as if it met the toxics for the first time.
    pub(crate) fn passage(&self) -> Passage {
        Passage::new(self.enters_at(), self.bytes.len() - self.written, self.then)
    }

    /// Takes over what the toxics said.
    pub(crate) fn follow(&mut self, passage: Passage) {
        self.bytes.truncate(self.written + passage.bytes());
        self.slices = passage.slices.into();
        self.then = passage.then;
        self.then_at = passage.then_at;
    }
}

/// The chunks of a direction, in their order, whatever their instants.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    chunks: VecDeque<Chunk>,
    bytes: usize,
}

impl Queue {
    pub(crate) fn is_empty(&self) -> bool {
        self.chunks.is_empty()
    }

    /// Appends a chunk, unless there is nothing to it.
    pub(crate) fn push(&mut self, chunk: Chunk) {
        let is_nothing = chunk.slices.is_empty() && chunk.then == Then::More && chunk.receipt.is_none();
        if !is_nothing {
            self.bytes += chunk.bytes.len() - chunk.written;
            self.chunks.push_back(chunk);
        }
    }

    pub(crate) fn front_mut(&mut self) -> Option<&mut Chunk> {
        self.chunks.front_mut()
    }

    /// Notes that bytes of the first chunk have been written.
    pub(crate) fn note_written(&mut self, bytes: usize) {
        self.bytes -= bytes;
    }

    pub(crate) fn pop(&mut self) -> Option<Chunk> {
        self.chunks.pop_front()
    }

    pub(crate) fn clear(&mut self) {
        self.chunks.clear();
        self.bytes = 0;
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Chunk> {
        self.chunks.iter_mut()
    }

    /// When the first chunk is due, if that is still to come.
    pub(crate) fn due_after(&self, now: Instant) -> Option<Instant> {
        self.chunks.front().map(Chunk::due_at).filter(|due| *due > now)
    }

    /// Whether more may be read. Only time may let chunks pile up: a slow receiver slows its sender down.
    pub(crate) fn has_room(&self, now: Instant) -> bool {
        self.is_empty() || (self.due_after(now).is_some() && self.bytes < BYTES_MAX && self.chunks.len() < CHUNKS_MAX)
    }
}
