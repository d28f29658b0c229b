//! Lets bytes through as a line of so many thousand bytes a second would: each step goes on once it would have arrived.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::line::{Line, Pace};
use super::{Passage, WAIT_MAX};

/// Length of a step; Toxiproxy's is 100 ms.
const STEP: Duration = Duration::from_millis(10);

/// The attributes on the wire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Attributes {
    /// Thousands of bytes a second; 0 stalls.
    rate: u64,
}

impl Attributes {
    pub(super) fn effect(self) -> Bandwidth {
        Bandwidth { rate: Rate(self.rate), line: Line::default() }
    }
}

/// The effect on one direction of one connection.
#[derive(Debug)]
pub(crate) struct Bandwidth {
    rate: Rate,
    line: Line,
}

/// Thousands of bytes a second.
#[derive(Clone, Copy, Debug)]
struct Rate(u64);

impl Bandwidth {
    pub(super) fn meet(&mut self, passage: &mut Passage) {
        self.line.carry(passage, &mut self.rate);
    }

    pub(super) const fn room_from(&self) -> Option<Instant> {
        self.line.room_from()
    }

    pub(super) const fn restart(&mut self, now: Instant) {
        self.line.restart(now);
    }
}

impl Pace for Rate {
    fn bytes_max(&mut self) -> usize {
        match self.0 {
            0 => usize::MAX,
            rate => usize::try_from(rate.saturating_mul(STEP.as_millis() as u64)).unwrap_or(usize::MAX),
        }
    }

    fn before(&self, bytes: usize) -> Duration {
        match self.0 {
            0 => WAIT_MAX,
            // A thousand bytes a second are a byte in a million nanoseconds.
            rate => Duration::from_nanos((bytes as u64).saturating_mul(1_000_000) / rate),
        }
    }

    fn after(&self, _bytes: usize) -> Duration {
        Duration::ZERO
    }
}

#[cfg(test)]
mod tests {
    use super::super::Then;
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn pass(effect: &mut Bandwidth, at: Instant, bytes: usize) -> Passage {
        let mut passage = Passage::new(at, bytes, Then::More);
        effect.meet(&mut passage);
        passage
    }

    #[test]
    fn steps_are_small_and_come_as_their_bytes_would() {
        let (mut effect, start) = (Attributes { rate: 100 }.effect(), Instant::now());
        let passage = pass(&mut effect, start, 2_500);
        let expected = [(1_000, 10), (1_000, 20), (500, 25)];
        let slices: Vec<_> = passage.slices.iter().map(|slice| (slice.bytes, slice.at - start)).collect();
        assert_eq!(slices, expected.map(|(bytes, ms)| (bytes, ms * MS)));
    }

    #[test]
    fn chunks_queue_up_and_idleness_saves_nothing() {
        let (mut effect, start) = (Attributes { rate: 1 }.effect(), Instant::now());
        pass(&mut effect, start, 100);
        assert_eq!(pass(&mut effect, start + 50 * MS, 10).slices[0].at, start + 110 * MS);
        assert_eq!(pass(&mut effect, start + 500 * MS, 10).slices[0].at, start + 510 * MS, "no burst");
        assert_eq!(effect.room_from(), Some(start + 500 * MS), "the sender may go on");
    }

    #[test]
    fn a_rate_of_nothing_stalls() {
        let (mut effect, start) = (Attributes { rate: 0 }.effect(), Instant::now());
        let passage = pass(&mut effect, start, 1);
        assert!(passage.slices[0].at >= start + WAIT_MAX);
        assert!(effect.room_from() > Some(start + 3_600_000 * MS));
    }
}
