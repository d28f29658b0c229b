//! From gathered observations to a figure with its interval, and where it was worst.

use super::binomial;
use super::bootstrap::{Resamples, Units, central};
use super::distribution::{Distribution, Latency};
use super::extent::Extent;
use super::gather::{Amounts, Gathered, Share};
use super::interval::Interval;
use crate::objective::Target;
use crate::seed::Seed;
use std::collections::BTreeMap;

/// Length of the windows among which the worst is named.
pub const WORST_WINDOW_S: u32 = 10;
/// Windows with fewer observations are not named.
pub const WORST_WINDOW_SAMPLES_MIN: u64 = 20;
/// A quotient without an exact bound needs at least so many units of time.
const QUOTIENT_UNITS_MIN: usize = 20;

/// A figure, estimated.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Estimate {
    /// The figure and its interval; none without observations.
    pub(super) figure: Option<(f64, Interval)>,
    /// Observations.
    pub(super) samples: u64,
    /// Observations that were left out because the harness was slow.
    pub(super) set_aside: u64,
    /// The worst window: its first second, and the figure in it.
    pub(super) worst: Option<(u32, f64)>,
    /// Why the figure decides nothing, whatever its interval.
    pub(super) doubt: Option<String>,
}

/// How to estimate.
#[derive(Clone, Copy, Debug)]
pub(super) struct Method<'a> {
    pub(super) extent: &'a Extent<'a>,
    pub(super) confidence: f64,
    pub(super) seed: Seed,
    /// Says which side is worse.
    pub(super) target: Target,
}

impl Method<'_> {
    fn units(&self, seconds: impl Iterator<Item = u32>) -> (Units, Resamples) {
        let units = seconds.max().map_or_else(Units::none, |last| Units::new(self.extent, last));
        let resamples = Resamples::draw(self.seed, units.count());
        (units, resamples)
    }

    /// The worst of the windows that hold enough, each with its observations and figure.
    fn worst(&self, windows: impl Iterator<Item = (u32, u64, f64)>) -> Option<(u32, f64)> {
        let enough = windows.filter(|(_, samples, figure)| *samples >= WORST_WINDOW_SAMPLES_MIN && !figure.is_nan());
        let is_worse = |figure: f64, than: f64| match self.target {
            Target::AtMost(_) => figure > than,
            Target::AtLeast(_) => figure < than,
        };
        let worst = enough.reduce(|worst, next| if is_worse(next.2, worst.2) { next } else { worst });
        worst.map(|(window, _, figure)| (window * WORST_WINDOW_S, figure))
    }

    /// A share: the exact binomial interval, or blocks of time where those reach farther.
    pub(super) fn share(&self, gathered: &Gathered<Share>) -> Estimate {
        let hits: u64 = gathered.items.iter().map(|share| share.hits).sum();
        let total = gathered.samples;
        let (units, resamples) = self.units(gathered.items.iter().map(|share| share.second));
        let mut by_unit = vec![(0_u64, 0_u64); units.count()];
        let mut windows: BTreeMap<u32, (u64, u64)> = BTreeMap::new();
        for share in &gathered.items {
            let window = windows.entry(share.second / WORST_WINDOW_S).or_default();
            *window = (window.0 + share.hits, window.1 + share.total);
            if let Some(unit) = units.of(share.second) {
                by_unit[unit] = (by_unit[unit].0 + share.hits, by_unit[unit].1 + share.total);
            }
        }
        let drawn = resamples.statistics(|weights| {
            let sums = weights.iter().zip(&by_unit).fold((0, 0), |sums, (weight, unit)| {
                (sums.0 + u64::from(*weight) * unit.0, sums.1 + u64::from(*weight) * unit.1)
            });
            (sums.1 > 0).then(|| sums.0 as f64 / sums.1 as f64)
        });
        let exact = binomial::bounds(hits, total, self.confidence);
        let interval =
            central(&drawn, self.confidence).map_or(exact, |(low, high)| exact.around(Interval { low, high }));
        Estimate {
            figure: (total > 0).then(|| (hits as f64 / total as f64, interval)),
            samples: total,
            set_aside: gathered.set_aside,
            worst: self
                .worst(windows.into_iter().map(|(window, (hits, total))| (window, total, hits as f64 / total as f64))),
            doubt: None,
        }
    }

    /// A quantile in milliseconds: the exact interval by ranks, or blocks of time where those reach farther.
    pub(super) fn quantile(&self, gathered: &Gathered<Latency>, permille: u16) -> Estimate {
        let (units, resamples) = self.units(gathered.items.iter().map(|latency| latency.second));
        let whole = Distribution::new(&gathered.items, units.count(), |second| units.of(second));
        let interval = whole.interval(permille, &resamples, self.confidence);
        let figure = whole.quantile(permille).map(|us| {
            let interval = Interval { low: interval.low / 1000.0, high: interval.high / 1000.0 };
            (us / 1000.0, interval)
        });
        Estimate {
            figure,
            samples: gathered.samples,
            set_aside: gathered.set_aside,
            worst: self.worst_quantile(gathered, permille),
            doubt: None,
        }
    }

    fn worst_quantile(&self, gathered: &Gathered<Latency>, permille: u16) -> Option<(u32, f64)> {
        let window_of = |latency: &Latency| latency.second / WORST_WINDOW_S;
        let mut rising = gathered.items.clone();
        rising.sort_by_key(window_of);
        self.worst(rising.chunk_by(|a, b| window_of(a) == window_of(b)).filter_map(|window| {
            let within = Distribution::new(window, 1, |_| Some(0));
            Some((window_of(window.first()?), within.count(), within.quantile(permille)? / 1000.0))
        }))
    }

    /// A quotient of two sums: blocks of time.
    pub(super) fn quotient(&self, gathered: &Gathered<Amounts>) -> Estimate {
        let (units, resamples) = self.units(gathered.items.iter().map(|amounts| amounts.second));
        let mut by_unit = vec![(0.0, 0.0); units.count()];
        let mut windows: BTreeMap<u32, (f64, f64)> = BTreeMap::new();
        for amounts in &gathered.items {
            let window = windows.entry(amounts.second / WORST_WINDOW_S).or_default();
            *window = (window.0 + amounts.of, window.1 + amounts.per);
            if let Some(unit) = units.of(amounts.second) {
                by_unit[unit] = (by_unit[unit].0 + amounts.of, by_unit[unit].1 + amounts.per);
            }
        }
        let quotient = |sums: (f64, f64)| (sums.1 > 0.0).then(|| sums.0 / sums.1);
        let drawn = resamples.statistics(|weights| {
            quotient(weights.iter().zip(&by_unit).fold((0.0, 0.0), |sums, (weight, unit)| {
                (sums.0 + f64::from(*weight) * unit.0, sums.1 + f64::from(*weight) * unit.1)
            }))
        });
        let measured = quotient(by_unit.iter().fold((0.0, 0.0), |sums, unit| (sums.0 + unit.0, sums.1 + unit.1)));
        let interval = central(&drawn, self.confidence).map(|(low, high)| Interval { low, high });
        Estimate {
            figure: measured.zip(interval),
            samples: gathered.samples,
            set_aside: gathered.set_aside,
            worst: self.worst(windows.into_iter().map(|(window, sums)| (window, sums.1 as u64, sums.0 / sums.1))),
            doubt: (units.count() < QUOTIENT_UNITS_MIN)
                .then(|| format!("fewer than {QUOTIENT_UNITS_MIN} seconds do not bound it")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::objective::Scope;
    use crate::plan::{Phase, PhaseWindow};

    fn with_method<T>(target: Target, run: impl FnOnce(&Method<'_>) -> T) -> T {
        let phases = [PhaseWindow { phase: Phase::Steady, from_us: 0, to_us: 60_000_000 }];
        let extent = Extent::new(&Scope::Run, &phases, &[]);
        run(&Method { extent: &extent, confidence: 0.95, seed: Seed(1), target })
    }

    fn gathered<T>(samples: u64, items: Vec<T>) -> Gathered<T> {
        Gathered { items, samples, set_aside: 0 }
    }

    #[test]
    fn a_share_without_failures_has_the_exact_bound() {
        let items = (0..60).map(|second| Share { second, hits: 100, total: 100 }).collect();
        let found = with_method(Target::AtLeast(0.999), |method| method.share(&gathered(6_000, items)));
        let (measured, interval) = found.figure.expect("something was observed");
        assert!((measured - 1.0).abs() < 1e-12);
        assert_eq!(interval, binomial::bounds(6_000, 6_000, 0.95));
    }

    #[test]
    fn failures_in_one_burst_widen_a_share() {
        let items =
            (0..60).map(|second| Share { second, hits: if second == 25 { 60 } else { 100 }, total: 100 }).collect();
        let found = with_method(Target::AtLeast(0.99), |method| method.share(&gathered(6_000, items)));
        let exact = binomial::bounds(5_960, 6_000, 0.95);
        let (_, interval) = found.figure.expect("something was observed");
        assert!(interval.low < exact.low - 0.003, "{interval:?} beside {exact:?}");
        let (from, worst) = found.worst.expect("the windows are full");
        assert_eq!(from, 20);
        assert!((worst - 0.96).abs() < 1e-12);
    }

    #[test]
    fn a_quotient_needs_time_to_be_bounded() {
        let items = |seconds| (0..seconds).map(|second| Amounts { second, of: 300.0, per: 100.0 }).collect();
        let short = with_method(Target::AtMost(4.0), |method| method.quotient(&gathered(500, items(5))));
        assert!(short.doubt.is_some());
        let long = with_method(Target::AtMost(4.0), |method| method.quotient(&gathered(3_000, items(30))));
        assert_eq!(long.doubt, None);
        assert_eq!(long.figure, Some((3.0, Interval::exactly(3.0))));
    }

    #[test]
    fn nothing_gathered_gives_no_figure() {
        with_method(Target::AtMost(1.0), |method| {
            assert_eq!(method.share(&gathered(0, vec![])).figure, None);
            assert_eq!(method.quantile(&gathered(0, vec![]), 950).figure, None);
            assert_eq!(method.quotient(&gathered(0, vec![])).figure, None);
        });
    }
}
