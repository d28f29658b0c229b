//! How long a rule lets something wait.

use std::f64::consts::TAU;
use std::time::Duration;

use model::fault::{Delay, LinkEffect};

/// Longest wait.
pub(super) const WAIT_MS_MAX: u64 = 600_000;

/// The wait that two even numbers in [0, 1) draw.
pub(super) fn drawn(delay: &Delay, first: f64, second: f64) -> Duration {
    let ms = match delay {
        Delay::Fixed { ms } => *ms as f64,
        Delay::Uniform { ms_min, ms_max } => (ms_max.saturating_sub(*ms_min) as f64).mul_add(first, *ms_min as f64),
        // Box and Muller 1958: a normal variate from two even ones.
        Delay::LogNormal { median_ms, sigma } => {
            let normal = (-2.0 * (1.0 - first).ln()).sqrt() * (TAU * second).cos();
            *median_ms as f64 * (sigma * normal).exp()
        }
    };
    Duration::from_secs_f64(ms.min(WAIT_MS_MAX as f64) / 1_000.0)
}

/// Whether two exchanges may wait for different times, or another number is drawn for the effect.
pub(super) const fn is_random(effect: &LinkEffect) -> bool {
    match effect {
        LinkEffect::DelayRequest(delay) | LinkEffect::DelayAnswer(delay) => !matches!(delay, Delay::Fixed { .. }),
        LinkEffect::CorruptAnswer {} => true,
        LinkEffect::DropRequest { .. }
        | LinkEffect::DropAnswer { .. }
        | LinkEffect::TruncateAnswer { .. }
        | LinkEffect::Respond { .. }
        | LinkEffect::ReplaceAnswer { .. } => false,
    }
}

#[cfg(test)]
mod tests {
    use model::seed::{Seed, draw};

    use super::*;

    fn sample(delay: Delay) -> Vec<Duration> {
        let number = |label, n| draw(Seed(1), label, "mark", n);
        let mut waits: Vec<_> = (0..10_001).map(|n| drawn(&delay, number("a", n), number("b", n))).collect();
        waits.sort_unstable();
        waits
    }

    #[test]
    fn even_waits_fill_their_range() {
        let waits = sample(Delay::Uniform { ms_min: 10, ms_max: 20 });
        let ms = |ms: f64| Duration::from_secs_f64(ms / 1_000.0);
        assert!((ms(10.0)..ms(10.1)).contains(&waits[0]) && (ms(19.9)..=ms(20.0)).contains(&waits[10_000]));
        assert!((ms(14.7)..ms(15.3)).contains(&waits[5_000]), "{:?}", waits[5_000]);
    }

    #[test]
    fn log_normal_waits_have_their_median_and_a_limit() {
        let waits = sample(Delay::LogNormal { median_ms: 100, sigma: 0.5 });
        assert!((96..=104).contains(&waits[5_000].as_millis()), "{:?}", waits[5_000]);
        assert_eq!(sample(Delay::Fixed { ms: u64::MAX })[0].as_millis(), u128::from(WAIT_MS_MAX));
    }
}
