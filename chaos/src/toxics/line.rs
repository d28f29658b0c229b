//! A line that carries one piece after the other: what bandwidth and slicer have in common.

use std::time::{Duration, Instant};

use super::{Passage, Slice};

/// How far the line may lag behind what was read before reading stops, so that a slow line slows its sender down.
const AHEAD_MAX: Duration = Duration::from_millis(20);

/// How a line cuts what it is given and how long it takes.
pub(super) trait Pace {
    /// Most bytes of the next piece; at least one.
    fn bytes_max(&mut self) -> usize;
    /// How long the line is busy before a piece is through.
    fn before(&self, bytes: usize) -> Duration;
    /// How long it is busy afterwards.
    fn after(&self, bytes: usize) -> Duration;
}

/// What a line still has to carry.
#[derive(Debug, Default)]
pub(super) struct Line {
    /// When it has carried all that it was given.
    free_at: Option<Instant>,
    room_from: Option<Instant>,
}

impl Line {
    pub(super) fn carry(&mut self, passage: &mut Passage, pace: &mut impl Pace) {
        let Some(last) = passage.slices.last().map(|slice| slice.at) else {
            passage.then_at = passage.then_at.max(self.free_at.unwrap_or(passage.then_at));
            return;
        };
        let mut slices = Vec::with_capacity(passage.slices.len());
        let mut free_at = self.free_at.unwrap_or(passage.at);
        for slice in &passage.slices {
            free_at = free_at.max(slice.at);
            let mut left = slice.bytes;
            while left > 0 {
                let bytes = pace.bytes_max().min(left);
                free_at += pace.before(bytes);
                slices.push(Slice { bytes, at: free_at });
                free_at += pace.after(bytes);
                left -= bytes;
            }
        }
        passage.slices = slices;
        passage.then_at = passage.then_at.max(free_at);
        self.free_at = Some(free_at);
        self.room_from = Some(passage.at + free_at.saturating_duration_since(last).saturating_sub(AHEAD_MAX));
    }

    /// When there is room to read on.
    pub(super) const fn room_from(&self) -> Option<Instant> {
        self.room_from
    }

    /// Forgets what it was given: all that still waits is given to it again.
    pub(super) const fn restart(&mut self, now: Instant) {
        self.free_at = Some(now);
        self.room_from = None;
    }
}
