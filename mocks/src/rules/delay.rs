//! How long a delay lasts.

use std::f64::consts::TAU;

use model::fault::{Delay, Effect};

use super::WAIT_MS_MAX;

/// The milliseconds that two numbers in [0, 1) draw; at most ten minutes.
pub(super) fn milliseconds(delay: &Delay, first: f64, second: f64) -> u64 {
    let drawn = match delay {
        Delay::Fixed { ms } => *ms,
        Delay::Uniform { ms_min, ms_max } => ms_min + ((ms_max - ms_min + 1) as f64 * first) as u64,
        // Box and Muller 1958: a normal variate from two even ones.
        Delay::LogNormal { median_ms, sigma } => {
            let normal = (-2.0 * (1.0 - first).ln()).sqrt() * (TAU * second).cos();
            (*median_ms as f64 * (sigma * normal).exp()).round() as u64
        }
    };
    drawn.min(WAIT_MS_MAX)
}

/// Whether two attempts may wait for different times.
pub(super) const fn is_random(effect: &Effect) -> bool {
    matches!(
        effect,
        Effect::Delay(Delay::Uniform { .. } | Delay::LogNormal { .. })
            | Effect::WebhookDelay(Delay::Uniform { .. } | Delay::LogNormal { .. })
    )
}

/// Says what cannot be.
pub(super) fn check(delay: &Delay) -> Option<&'static str> {
    match delay {
        Delay::Fixed { ms } => (*ms > WAIT_MS_MAX).then_some("`ms` is above ten minutes"),
        Delay::Uniform { ms_min, ms_max } => (ms_min > ms_max || *ms_max > WAIT_MS_MAX)
            .then_some("`ms_min` is above `ms_max`, or that above ten minutes"),
        Delay::LogNormal { median_ms, sigma } => (*median_ms > WAIT_MS_MAX || !sigma.is_finite() || *sigma < 0.0)
            .then_some("`median_ms` is above ten minutes, or `sigma` below 0"),
    }
}

#[cfg(test)]
mod tests {
    use model::seed::{Seed, draw};

    use super::*;

    fn sample(delay: Delay) -> Vec<u64> {
        let mut drawn: Vec<u64> =
            (0..20_001).map(|n| milliseconds(&delay, draw(Seed(1), "a", "m", n), draw(Seed(2), "a", "m", n))).collect();
        drawn.sort_unstable();
        drawn
    }

    #[test]
    fn even_delays_reach_both_bounds() {
        let drawn = sample(Delay::Uniform { ms_min: 10, ms_max: 13 });
        assert_eq!((drawn[0], drawn[20_000]), (10, 13));
        let lowest = drawn.iter().filter(|ms| **ms == 10).count();
        assert!((4_700..5_300).contains(&lowest), "{lowest}");
    }

    #[test]
    fn log_normal_delays_have_their_median_and_spread() {
        let drawn = sample(Delay::LogNormal { median_ms: 1_000, sigma: 0.5 });
        assert!((970..1_030).contains(&drawn[10_000]), "{}", drawn[10_000]);
        // One standard deviation above: the median times e^0.5.
        let above = drawn[(20_000.0 * 0.8413) as usize];
        assert!((1_600..1_700).contains(&above), "{above}");
    }
}
