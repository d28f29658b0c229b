//! What is drawn for a shopper while they shop: think times and chances, from the arrival's seed and not from the clock.

use model::journey::Pause;
use model::seed::{Seed, draw};
use std::f64::consts::TAU;
use std::time::Duration;

/// Nobody thinks longer: the tail of a log-normal has no end.
const PAUSE_MAX: Duration = Duration::from_secs(3600);

/// The length of a pause; `what` and `nth` keep the draws of one shopper apart.
pub fn pause(pause: Pause, seed: Seed, what: &str, nth: u64) -> Duration {
    match pause {
        Pause::Fixed(lasts) => lasts,
        Pause::Uniform(least, most) => least + most.saturating_sub(least).mul_f64(draw(seed, "pause", what, nth)),
        Pause::LogNormal(median, deviation) => {
            let normal = normal(draw(seed, "pause", what, nth), draw(seed, "pause, second", what, nth));
            Duration::try_from_secs_f64(median.as_secs_f64() * (deviation * normal).exp())
                .unwrap_or(PAUSE_MAX)
                .min(PAUSE_MAX)
        }
    }
}

/// From two draws in [0, 1) to one of the standard normal distribution (Box and Muller 1958).
fn normal(first: f64, second: f64) -> f64 {
    (-2.0 * (1.0 - first).ln()).sqrt() * (TAU * second).cos()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_keep_their_bounds_and_their_median() {
        let (least, most) = (Duration::from_millis(100), Duration::from_millis(300));
        let uniform = |nth| pause(Pause::Uniform(least, most), Seed(1), "step", nth);
        assert!((0..1000).all(|nth| (least..most).contains(&uniform(nth))));
        assert_eq!(uniform(3), uniform(3));
        assert_ne!(uniform(3), uniform(4));

        let mut drawn: Vec<_> =
            (0..2001).map(|nth| pause(Pause::LogNormal(least, 0.5), Seed(1), "step", nth)).collect();
        drawn.sort();
        let median = drawn[1000].as_secs_f64();
        assert!((0.095..0.105).contains(&median), "{median}");
        // One standard deviation above the median, 84% are below: e^0.5 times the median.
        let upper = drawn[1682].as_secs_f64();
        assert!((0.155..0.175).contains(&upper), "{upper}");
    }
}
