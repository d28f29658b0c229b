//! Seeded resampling of blocks of time: what else the same run could have shown, when seconds that lie together stay together.
//!
//! The circular block bootstrap (Politis and Romano 1992): neighbouring seconds share their troubles, so that single
//! observations, drawn anew, would make a run look more certain than it is.

use super::extent::Extent;
use crate::seed::Seed;
use rand_chacha::rand_core::Rng;

/// How many runs are drawn.
pub const RESAMPLES: usize = 2_000;
/// Units of a run at most; longer runs have longer units.
pub const UNITS_MAX: usize = 240;

/// The seconds of a scope, in order, grouped to at most [`UNITS_MAX`] units of equal length.
#[derive(Clone, Debug)]
pub(super) struct Units {
    by_second: Vec<Option<u32>>,
    count: usize,
}

impl Units {
    /// No units: nothing was observed.
    pub(super) const fn none() -> Self {
        Self { by_second: Vec::new(), count: 0 }
    }

    /// The units of a scope up to the last second in which something was observed.
    pub(super) fn new(extent: &Extent<'_>, last_second: u32) -> Self {
        let seconds = 0..=last_second.min(super::SECONDS_MAX);
        let touched: Vec<bool> = seconds.map(|second| extent.touches(second)).collect();
        let length = touched.iter().filter(|touched| **touched).count().div_ceil(UNITS_MAX).max(1);
        let mut ordinal = 0;
        let by_second = touched
            .into_iter()
            .map(|touched| {
                touched.then(|| {
                    ordinal += 1;
                    ((ordinal - 1) / length) as u32
                })
            })
            .collect();
        Self { by_second, count: ordinal.div_ceil(length) }
    }

    /// How many there are.
    pub(super) const fn count(&self) -> usize {
        self.count
    }

    /// The unit of a second; none outside the scope.
    pub(super) fn of(&self, second: u32) -> Option<usize> {
        self.by_second.get(second.min(super::SECONDS_MAX) as usize).copied().flatten().map(|unit| unit as usize)
    }
}

/// How often each unit takes part in each of the drawn runs.
#[derive(Clone, Debug)]
pub(super) struct Resamples {
    units: usize,
    weights: Vec<u32>,
}

impl Resamples {
    /// Draws [`RESAMPLES`] runs of at least as many units, in blocks as long as the fifth root of their number: the order of
    /// length that suits two-sided intervals (Hall, Horowitz and Jing 1995).
    pub(super) fn draw(seed: Seed, units: usize) -> Self {
        let mut weights = vec![0; RESAMPLES * units];
        let mut rng = seed.rng();
        let length = (units as f64).powf(0.2).round().max(1.0) as usize;
        for run in weights.chunks_exact_mut(units.max(1)) {
            for _ in 0..units.div_ceil(length) {
                // A product's upper half: even to one part in 2³² / units.
                let start = ((u64::from(rng.next_u32()) * units as u64) >> 32) as usize;
                for offset in 0..length {
                    run[(start + offset) % units] += 1;
                }
            }
        }
        Self { units, weights }
    }

    /// A statistic of every drawn run that has one, in rising order.
    pub(super) fn statistics<T: PartialOrd>(&self, statistic: impl Fn(&[u32]) -> Option<T>) -> Vec<T> {
        let runs = self.weights.chunks_exact(self.units.max(1));
        let mut found: Vec<T> = runs.filter_map(statistic).collect();
        found.sort_by(|a, b| a.partial_cmp(b).expect("statistics are numbers"));
        found
    }
}

/// The two members of a rising list that leave out the same share at both ends; none of an empty list.
pub(super) fn central<T: Copy>(rising: &[T], confidence: f64) -> Option<(T, T)> {
    let out = (rising.len() as f64 * (1.0 - confidence) / 2.0).floor() as usize;
    let low = rising.get(out)?;
    let high = rising.get(rising.len() - 1 - out)?;
    Some((*low, *high))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::objective::Scope;
    use crate::plan::{Phase, PhaseWindow};

    fn steady(seconds: u64) -> Vec<PhaseWindow> {
        vec![PhaseWindow { phase: Phase::Steady, from_us: 0, to_us: seconds * 1_000_000 }]
    }

    #[test]
    fn long_runs_have_longer_units() {
        let phases = steady(1_000);
        let units = Units::new(&Extent::new(&Scope::Run, &phases, &[]), 999);
        assert_eq!(units.count(), 200);
        assert_eq!((units.of(0), units.of(4), units.of(5), units.of(999)), (Some(0), Some(0), Some(1), Some(199)));
    }

    #[test]
    fn seconds_set_aside_are_in_no_unit() {
        let phases = steady(5);
        let invalid = [false, true, false];
        let units = Units::new(&Extent::new(&Scope::Run, &phases, &invalid), 4);
        let of: Vec<_> = (0..5).map(|second| units.of(second)).collect();
        assert_eq!(of, [Some(0), None, Some(1), Some(2), Some(3)]);
    }

    #[test]
    fn equal_seeds_draw_equal_runs_of_full_length() {
        let first = Resamples::draw(Seed(3), 30);
        assert_eq!(first.weights, Resamples::draw(Seed(3), 30).weights);
        assert_ne!(first.weights, Resamples::draw(Seed(4), 30).weights);
        for run in first.weights.chunks_exact(30) {
            assert_eq!(run.iter().sum::<u32>(), 30, "15 blocks of 2");
        }
    }

    #[test]
    fn nothing_to_draw_from_draws_nothing() {
        assert!(Resamples::draw(Seed(3), 0).statistics(|_| Some(1.0)).is_empty());
        assert_eq!(central::<f64>(&[], 0.95), None);
    }

    #[test]
    fn the_centre_leaves_out_both_ends() {
        let rising: Vec<u32> = (0..1_000).collect();
        assert_eq!(central(&rising, 0.95), Some((25, 974)));
        assert_eq!(central(&[7], 0.95), Some((7, 7)));
    }
}
