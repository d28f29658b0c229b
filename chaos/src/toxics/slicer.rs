//! Cuts what passes into small pieces, each written by itself, with a pause after each.

use std::time::{Duration, Instant};

use model::seed::{Seed, draw};
use serde::{Deserialize, Serialize};

use super::line::{Line, Pace};
use super::{Passage, WAIT_MAX};

/// The attributes on the wire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Attributes {
    /// Bytes in a piece; 0 counts as 1.
    average_size: u64,
    /// Uniform deviation to either side, in bytes.
    size_variation: u64,
    /// Pause after each piece, in microseconds.
    delay: u64,
}

impl Attributes {
    pub(super) fn effect(self, draws: Seed) -> Slicer {
        let bytes_of = |bytes: u64| usize::try_from(bytes).unwrap_or(usize::MAX);
        let knife = Knife {
            smallest: bytes_of(self.average_size.saturating_sub(self.size_variation).max(1)),
            largest: bytes_of(self.average_size.saturating_add(self.size_variation).max(1)),
            pause: Duration::from_micros(self.delay).min(WAIT_MAX),
            draws,
            drawn: 0,
        };
        Slicer { knife, line: Line::default() }
    }
}

/// The effect on one direction of one connection.
#[derive(Debug)]
pub(crate) struct Slicer {
    knife: Knife,
    line: Line,
}

/// How large the pieces are, and how long the pauses after them.
#[derive(Debug)]
struct Knife {
    smallest: usize,
    largest: usize,
    pause: Duration,
    draws: Seed,
    drawn: u64,
}

impl Slicer {
    pub(super) fn meet(&mut self, passage: &mut Passage) {
        self.line.carry(passage, &mut self.knife);
    }

    pub(super) const fn room_from(&self) -> Option<Instant> {
        self.line.room_from()
    }

    pub(super) const fn restart(&mut self, now: Instant) {
        self.line.restart(now);
    }
}

impl Pace for Knife {
    fn bytes_max(&mut self) -> usize {
        if self.smallest == self.largest {
            return self.smallest;
        }
        let position = draw(self.draws, "size", "", self.drawn);
        self.drawn += 1;
        self.smallest.saturating_add(((self.largest - self.smallest + 1) as f64 * position) as usize)
    }

    fn before(&self, _bytes: usize) -> Duration {
        Duration::ZERO
    }

    fn after(&self, _bytes: usize) -> Duration {
        self.pause
    }
}

#[cfg(test)]
mod tests {
    use super::super::Then;
    use super::*;

    #[test]
    fn pieces_vary_within_their_bounds_and_lose_nothing() {
        let mut effect = Attributes { average_size: 10, size_variation: 4, delay: 100 }.effect(Seed(3));
        let start = Instant::now();
        let mut passage = Passage::new(start, 10_000, Then::More);
        effect.meet(&mut passage);
        assert_eq!(passage.bytes(), 10_000);
        let (last, all) = passage.slices.split_last().unwrap();
        assert!(all.iter().all(|slice| (6..=14).contains(&slice.bytes)), "{all:?}");
        for size in [6, 14] {
            assert!(all.iter().any(|slice| slice.bytes == size), "{size}");
        }
        assert_eq!(last.at, start + Duration::from_micros(100) * all.len() as u32);
    }

    #[test]
    fn nothing_is_one_byte_and_the_pause_holds_between_chunks() {
        let mut effect = Attributes { average_size: 0, size_variation: 0, delay: 1_000 }.effect(Seed(3));
        let start = Instant::now();
        let mut first = Passage::new(start, 3, Then::More);
        effect.meet(&mut first);
        assert_eq!(first.slices.iter().map(|slice| slice.bytes).collect::<Vec<_>>(), [1, 1, 1]);
        let mut second = Passage::new(start, 1, Then::End);
        effect.meet(&mut second);
        assert_eq!(second.slices[0].at, start + Duration::from_millis(3));
        assert_eq!(second.then_at, start + Duration::from_millis(4));
    }
}
