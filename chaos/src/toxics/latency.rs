//! Delays everything from the time it was read, the end of the stream included, and keeps its order.

use std::time::Duration;

use model::seed::{Seed, draw};
use serde::{Deserialize, Serialize};

use super::{Passage, wait_of};

/// The attributes on the wire; milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Attributes {
    /// The delay.
    latency: u64,
    /// Uniform deviation to either side.
    jitter: u64,
}

impl Attributes {
    pub(super) fn effect(self, draws: Seed) -> Latency {
        Latency { base: wait_of(self.latency), jitter: wait_of(self.jitter), draws, drawn: 0 }
    }
}

/// The effect on one direction of one connection.
#[derive(Debug)]
pub(crate) struct Latency {
    base: Duration,
    jitter: Duration,
    draws: Seed,
    drawn: u64,
}

impl Latency {
    pub(super) fn meet(&mut self, passage: &mut Passage) {
        for slice in &mut passage.slices {
            slice.at += self.draw();
        }
        passage.then_at += self.draw();
    }

    /// The delay of the next chunk.
    fn draw(&mut self) -> Duration {
        if self.jitter.is_zero() {
            return self.base;
        }
        let position = draw(self.draws, "jitter", "", self.drawn);
        self.drawn += 1;
        (self.base + self.jitter.mul_f64(2.0 * position)).saturating_sub(self.jitter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jitter_stays_within_its_bounds_and_reaches_for_both() {
        let mut effect = Attributes { latency: 100, jitter: 40 }.effect(Seed(1));
        let delays: Vec<Duration> = (0..1_000).map(|_| effect.draw()).collect();
        let ms = Duration::from_millis;
        assert!(delays.iter().all(|delay| (ms(60)..=ms(140)).contains(delay)));
        assert!(delays.iter().any(|delay| *delay < ms(65)) && delays.iter().any(|delay| *delay > ms(135)));
    }

    #[test]
    fn jitter_above_the_latency_never_turns_back_time() {
        let mut effect = Attributes { latency: 1, jitter: 1_000 }.effect(Seed(1));
        assert!((0..100).any(|_| effect.draw() == Duration::ZERO));
    }
}
