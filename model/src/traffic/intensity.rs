//! The intensity of arrivals over time, and how instants are drawn from it.

use super::{Arrivals, Segment, Traffic};
use crate::seed::Seed;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::Rng;
use rand_distr::{Distribution, Poisson};
use std::time::Duration;

/// A stretch in which the rate changes in a straight line.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Piece {
    from: f64,
    to: f64,
    seconds: f64,
}

impl Piece {
    /// Arrivals expected in the first `t` seconds.
    fn expected_until(self, t: f64) -> f64 {
        self.from * t + self.slope() * t * t / 2.0
    }

    fn expected(self) -> f64 {
        self.expected_until(self.seconds)
    }

    fn slope(self) -> f64 {
        (self.to - self.from) / self.seconds
    }

    /// When `count` arrivals are expected: the root of `slope/2·t² + from·t = count`, in the form that does not cancel.
    fn when(self, count: f64) -> f64 {
        let root = (self.from * self.from + 2.0 * self.slope() * count).max(0.0).sqrt();
        let t = if self.from + root > 0.0 { 2.0 * count / (self.from + root) } else { 0.0 };
        t.clamp(0.0, self.seconds)
    }
}

impl Segment {
    fn pieces(&self) -> Vec<Piece> {
        let piece = |from, to, time: Duration| Piece { from, to, seconds: time.as_secs_f64() };
        let pieces = match self {
            Self::Constant { rate, lasts } => vec![piece(*rate, *rate, *lasts)],
            Self::Ramp { from, to, lasts } => vec![piece(*from, *to, *lasts)],
            Self::Step { from, to, at, lasts } => {
                vec![piece(*from, *from, *at), piece(*to, *to, lasts.saturating_sub(*at))]
            }
            Self::Spike { base, peak, lasts } => vec![piece(*base, *peak, *lasts / 2), piece(*peak, *base, *lasts / 2)],
            Self::Curve { points, peak, lasts } => {
                let each = lasts.as_secs_f64() / (points.len() - 1) as f64;
                points
                    .windows(2)
                    .map(|pair| Piece { from: pair[0] * peak, to: pair[1] * peak, seconds: each })
                    .collect()
            }
        };
        pieces.into_iter().filter(|piece| piece.seconds > 0.0).collect()
    }
}

impl Traffic {
    /// The planned rate at an instant of the load, in arrivals a second; 0 outside.
    #[must_use]
    pub fn rate_at(&self, at: Duration) -> f64 {
        let mut left = at.as_secs_f64();
        for piece in self.segments.iter().flat_map(Segment::pieces) {
            if left < piece.seconds {
                return piece.from + piece.slope() * left;
            }
            left -= piece.seconds;
        }
        0.0
    }

    /// How many arrivals the intensity adds up to.
    #[must_use]
    pub fn expected_arrivals(&self) -> f64 {
        self.segments.iter().flat_map(Segment::pieces).map(Piece::expected).sum()
    }

    /// The intended instants in microseconds from the start of the load, ascending; all before its end.
    #[must_use]
    pub fn instants(&self, seed: Seed) -> Vec<u64> {
        let last = (self.duration().as_micros() as u64).saturating_sub(1);
        let mut instants: Vec<u64> = match self.arrivals {
            Arrivals::Even => self.even(),
            Arrivals::Poisson => self.random(seed),
        };
        for at in &mut instants {
            *at = (*at).min(last);
        }
        instants
    }

    /// Arrival `i` comes when `i` arrivals were expected.
    fn even(&self) -> Vec<u64> {
        let mut instants = Vec::with_capacity(self.expected_arrivals() as usize + 1);
        let (mut start, mut before) = (0.0, 0.0);
        for piece in self.segments.iter().flat_map(Segment::pieces) {
            let after = before + piece.expected();
            // What is expected at an instant is a sum of rounded products; a millionth of an arrival decides nothing.
            while (instants.len() as f64) < after - 1e-6 {
                let at = start + piece.when((instants.len() as f64 - before).max(0.0));
                instants.push((at * 1e6).round() as u64);
            }
            start += piece.seconds;
            before = after;
        }
        instants
    }

    /// A Poisson process, piece by piece: how many come is drawn, then when each of them comes; the sorted instants of
    /// so many independent arrivals are distributed as the process is, given its count.
    fn random(&self, seed: Seed) -> Vec<u64> {
        let mut instants = Vec::with_capacity(self.expected_arrivals() as usize + 1);
        let mut start = 0.0;
        for (nth, piece) in self.segments.iter().flat_map(Segment::pieces).enumerate() {
            let mut rng = seed.fork("arrivals").fork_nth(nth as u64).rng();
            let expected = piece.expected();
            let from = instants.len();
            for _ in 0..draw_count(expected, &mut rng) {
                let at = start + piece.when(expected * unit(&mut rng));
                instants.push((at * 1e6) as u64);
            }
            instants[from..].sort_unstable();
            start += piece.seconds;
        }
        instants
    }
}

fn draw_count(expected: f64, rng: &mut ChaCha8Rng) -> u64 {
    Poisson::new(expected).map_or(0, |poisson| poisson.sample(rng) as u64)
}

/// Evenly from [0, 1).
pub(crate) fn unit(rng: &mut ChaCha8Rng) -> f64 {
    (rng.next_u64() >> 11) as f64 / (1u64 << 53) as f64
}
