//! Latencies of a scope, counted by unit of time in buckets of a fifth of a percent: quantiles of the whole and
//! of resampled runs at a cost that does not grow with the number of observations.

use super::binomial::quantile_ranks;
use super::bootstrap::{Resamples, central};
use super::interval::Interval;
use super::observations::NEVER_US;

/// Bits of a latency that are told apart.
const MANTISSA_BITS: u32 = 10;

/// Observations of one second whose latency lies between two bounds, in microseconds; [`NEVER_US`] for an infinite one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Latency {
    pub(super) second: u32,
    pub(super) low_us: u64,
    pub(super) high_us: u64,
    pub(super) count: u64,
}

/// Counts by bucket and unit.
#[derive(Clone, Debug)]
pub(super) struct Distribution {
    units: usize,
    /// The smallest and largest latency that a bucket really holds, rising.
    edges: Vec<(u64, u64)>,
    /// How many observations of each unit are in a bucket or below it: one row of units for each bucket.
    cumulative: Vec<u64>,
}

impl Distribution {
    /// Counts what falls into a unit.
    pub(super) fn new(latencies: &[Latency], units: usize, unit_of: impl Fn(u32) -> Option<usize>) -> Self {
        let mut held = vec![false; bucket(NEVER_US) + 1];
        for latency in latencies {
            held[bucket(latency.high_us)] = true;
        }
        let mut buckets = 0;
        let place: Vec<usize> = held
            .into_iter()
            .map(|held| {
                buckets += usize::from(held);
                buckets.saturating_sub(1)
            })
            .collect();
        let mut edges = vec![(NEVER_US, 0); buckets];
        let mut cumulative = vec![0; buckets * units];
        for latency in latencies {
            let Some(unit) = unit_of(latency.second) else { continue };
            let nth = place[bucket(latency.high_us)];
            let edge = &mut edges[nth];
            *edge = (edge.0.min(latency.low_us), edge.1.max(latency.high_us));
            cumulative[nth * units + unit] += latency.count;
        }
        for at in units..cumulative.len() {
            cumulative[at] += cumulative[at - units];
        }
        Self { units, edges, cumulative }
    }

    /// Observations.
    pub(super) fn count(&self) -> u64 {
        self.row(self.edges.len()).iter().sum()
    }

    /// The quantile of all observations, in microseconds: the smallest latency that this share of them does not exceed,
    /// straight between the edges of a bucket. None without observations.
    pub(super) fn quantile(&self, permille: u16) -> Option<f64> {
        self.quantile_of(&vec![1; self.units], permille)
    }

    /// Where the quantile lies: around the exact interval by ranks and the one by blocks of time.
    pub(super) fn interval(&self, permille: u16, resamples: &Resamples, confidence: f64) -> Interval {
        let count = self.count();
        let whole = vec![1; self.units];
        let (low, high) = quantile_ranks(count, f64::from(permille) / 1000.0, confidence);
        let exact = Interval {
            low: low.map_or(0.0, |rank| value(self.edges[self.bucket_at(&whole, rank)].0)),
            high: high.map_or(f64::INFINITY, |rank| value(self.edges[self.bucket_at(&whole, rank)].1)),
        };
        let drawn = resamples.statistics(|weights| {
            let rank = rank(permille, self.weigh(self.edges.len(), weights))?;
            Some(self.bucket_at(weights, rank))
        });
        central(&drawn, confidence).map_or(exact, |(low, high)| {
            exact.around(Interval { low: value(self.edges[low].0), high: value(self.edges[high].1) })
        })
    }

    fn quantile_of(&self, weights: &[u32], permille: u16) -> Option<f64> {
        let rank = rank(permille, self.weigh(self.edges.len(), weights))?;
        let at = self.bucket_at(weights, rank);
        let (low, high) = self.edges[at];
        let (before, up_to) = (self.weigh(at, weights), self.weigh(at + 1, weights));
        let part = (rank - before) as f64 / (up_to - before) as f64;
        Some(if low == high { value(low) } else { value(low) + (value(high) - value(low)) * part })
    }

    /// The bucket of the observation of this rank.
    fn bucket_at(&self, weights: &[u32], rank: u64) -> usize {
        let (mut low, mut high) = (0, self.edges.len() - 1);
        while low < high {
            let middle = low + (high - low) / 2;
            if self.weigh(middle + 1, weights) >= rank { high = middle } else { low = middle + 1 }
        }
        low
    }

    /// Weighted observations in the first so many buckets.
    fn weigh(&self, buckets: usize, weights: &[u32]) -> u64 {
        self.row(buckets).iter().zip(weights).map(|(count, weight)| count * u64::from(*weight)).sum()
    }

    fn row(&self, buckets: usize) -> &[u64] {
        if buckets == 0 { &[] } else { &self.cumulative[(buckets - 1) * self.units..buckets * self.units] }
    }
}

/// The rank of a quantile among so many observations; none among none.
fn rank(permille: u16, count: u64) -> Option<u64> {
    (count > 0).then(|| (u64::from(permille) * count).div_ceil(1000).max(1))
}

/// Microseconds as a number.
fn value(us: u64) -> f64 {
    if us == NEVER_US { f64::INFINITY } else { us as f64 }
}

/// Buckets as in an HDR histogram: exact below 2¹⁰, then 2⁹ for each doubling.
const fn bucket(us: u64) -> usize {
    let shift = (u64::BITS - us.leading_zeros()).saturating_sub(MANTISSA_BITS);
    ((shift as usize) << (MANTISSA_BITS - 1)) + (us >> shift) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::Seed;

    fn of(latencies: &[u64]) -> Distribution {
        let entry = |(nth, us): (usize, &u64)| Latency { second: nth as u32 % 10, low_us: *us, high_us: *us, count: 1 };
        let entries: Vec<Latency> = latencies.iter().enumerate().map(entry).collect();
        Distribution::new(&entries, 10, |second| Some(second as usize))
    }

    #[test]
    fn buckets_rise_and_are_fine() {
        let mut last = None;
        for us in (0..100_000).chain((1..4_000).map(|n| n * n * 1_000)) {
            let at = bucket(us);
            assert!(last.is_none_or(|(before, value)| us < value || at >= before), "{us}");
            last = Some((at, us));
        }
        for us in [1_024_u64, 5_000_000, 1 << 40] {
            assert_ne!(bucket(us), bucket(us + us / 500), "{us}");
        }
        assert!(bucket(NEVER_US) > bucket(NEVER_US / 2));
    }

    #[test]
    fn quantiles_are_nearest_ranks() {
        let latencies: Vec<u64> = (1..=100).rev().map(|n| n * 10_000).collect();
        let distribution = of(&latencies);
        assert_eq!(distribution.count(), 100);
        assert_eq!(distribution.quantile(950), Some(950_000.0));
        assert_eq!(distribution.quantile(999), Some(1_000_000.0));
        assert_eq!(distribution.quantile(1), Some(10_000.0));
        assert_eq!(of(&[]).quantile(950), None);
    }

    #[test]
    fn infinite_latencies_are_the_largest() {
        let mut latencies = vec![100_000; 94];
        latencies.extend([NEVER_US; 6]);
        let distribution = of(&latencies);
        assert_eq!(distribution.quantile(940), Some(100_000.0));
        assert_eq!(distribution.quantile(950), Some(f64::INFINITY));
    }

    #[test]
    fn a_small_sample_has_no_upper_end() {
        let interval = of(&[5_000; 50]).interval(950, &Resamples::draw(Seed(1), 10), 0.95);
        assert_eq!(interval, Interval { low: 5_000.0, high: f64::INFINITY });
    }

    #[test]
    fn one_bad_second_widens_more_than_the_same_failures_spread_out() {
        let entries = |slow: fn(u32, u32) -> bool| -> Vec<Latency> {
            let each = |(second, n)| {
                let us = if slow(second, n) { 2_000_000 } else { 50_000 + u64::from(n) * 100 };
                Latency { second, low_us: us, high_us: us, count: 1 }
            };
            (0..60).flat_map(|second| (0..100).map(move |n| (second, n))).map(each).collect()
        };
        let high = |entries: &[Latency]| {
            let distribution = Distribution::new(entries, 60, |second| Some(second as usize));
            distribution.interval(950, &Resamples::draw(Seed(1), 60), 0.95).high
        };
        assert!(high(&entries(|second, _| second == 30 || second == 31)) > 1_000_000.0);
        assert!(high(&entries(|second, n| n == 7 && second % 2 == 0 || n == 9)) < 100_000.0);
    }

    #[test]
    fn intervals_cover_the_true_quantile() {
        let run = |run: u64| {
            let draw = |i| crate::seed::draw(Seed(run), "latency", "", i);
            let latencies: Vec<u64> = (0..600).map(|i| (100_000.0 * -(1.0 - draw(i)).ln()) as u64).collect();
            of(&latencies).interval(900, &Resamples::draw(Seed(run), 10), 0.95)
        };
        let truth = 100_000.0 * f64::ln(10.0);
        let misses = (0..100).map(run).filter(|found| truth < found.low || truth > found.high).count();
        assert!(misses <= 10, "{misses} of 100");
    }
}
