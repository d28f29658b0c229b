//! Whether the harness kept its own budgets: where it did not, it was slow, not the shop.

use super::figures::count;
use crate::record::Arrivals;

/// What the harness may take for itself.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Budgets {
    /// 99th percentile of the dispatch lag of all arrivals, in microseconds.
    pub lag_p99_us: u64,
    /// Largest dispatch lag of a second, in microseconds.
    pub lag_max_us: u64,
    /// An arrival that began later than this is late, in microseconds.
    pub late_us: u64,
    /// Share of a second's arrivals that may be late; of ten at least.
    pub late_share: f64,
    /// Share of its worker threads' time that the generator may use in a second.
    pub generator_cpu_share: f64,
    /// Largest lag of providers and of proxies in a second, in microseconds.
    pub servant_lag_max_us: u64,
    /// Share of the seconds that may break one of the budgets above.
    pub invalid_share: f64,
    /// Share of the planned arrivals that may not have begun.
    pub missed_share: f64,
}

impl Default for Budgets {
    fn default() -> Self {
        Self {
            lag_p99_us: 25_000,
            lag_max_us: 100_000,
            late_us: 10_000,
            late_share: 0.1,
            generator_cpu_share: 0.95,
            servant_lag_max_us: 100_000,
            invalid_share: 0.1,
            missed_share: 0.01,
        }
    }
}

/// What the harness measured of itself.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HarnessHealth {
    /// How all arrivals ended.
    pub arrivals: Arrivals,
    /// 99th percentile of the dispatch lag of all arrivals, in microseconds; none when nothing was sent.
    pub lag_p99_us: Option<u64>,
    /// By second of the load, as far as it went.
    pub seconds: Vec<HarnessSecond>,
}

/// One second of the harness.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct HarnessSecond {
    /// Arrivals planned.
    pub planned: u64,
    /// Arrivals that the generator began, whether or not it had a connection.
    pub begun: u64,
    /// Those that began later than [`Budgets::late_us`].
    pub late: u64,
    /// Largest dispatch lag, in microseconds.
    pub lag_max_us: u64,
    /// Share of its worker threads' time that the generator used.
    pub generator_cpu_share: f64,
    /// Largest time from a request read to its handling in a provider, in microseconds; 0 while a fault holds it.
    pub providers_lag_max_us: u64,
    /// The same for the proxies.
    pub proxy_lag_max_us: u64,
}

/// What the harness's own slowness does to the judgement of the shop.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Validity {
    /// Why no objective of the run can be decided; empty when some can.
    pub void: Vec<String>,
    /// By second of the load: whether its observations are set aside. A second that broke a budget takes its neighbours with
    /// it, whose requests it held up.
    pub invalid_seconds: Vec<bool>,
    /// Which budgets were broken, and when.
    pub causes: Vec<String>,
}

impl Validity {
    /// Whether all budgets were kept throughout.
    #[must_use]
    pub const fn is_whole(&self) -> bool {
        self.void.is_empty() && self.causes.is_empty()
    }

    /// Seconds that are set aside.
    #[must_use]
    pub fn invalid_count(&self) -> u64 {
        self.invalid_seconds.iter().filter(|invalid| **invalid).count() as u64
    }
}

/// Holds the harness to its budgets.
#[must_use]
pub fn assess(health: &HarnessHealth, budgets: &Budgets) -> Validity {
    let broken = |second: &HarnessSecond| Watched::ALL.iter().any(|watched| watched.past(second, budgets).is_some());
    let slow: Vec<bool> = health.seconds.iter().map(broken).collect();
    let causes = Watched::ALL.iter().filter_map(|watched| watched.cause(&health.seconds, budgets)).collect();
    Validity { void: void(health, budgets, &slow), invalid_seconds: widened(&slow), causes }
}

/// What has a budget in every second.
#[derive(Clone, Copy, Debug)]
enum Watched {
    LargestLag,
    LateArrivals,
    GeneratorCpu,
    ProvidersLag,
    ProxyLag,
}

impl Watched {
    const ALL: [Self; 5] =
        [Self::LargestLag, Self::LateArrivals, Self::GeneratorCpu, Self::ProvidersLag, Self::ProxyLag];

    /// What a second used, in milliseconds or percent; none when it kept the budget.
    fn past(self, second: &HarnessSecond, budgets: &Budgets) -> Option<f64> {
        let time = |us: u64, budget_us: u64| (us > budget_us).then_some(us as f64 / 1000.0);
        let share = |share: f64, budget: f64| (share > budget).then_some(share * 100.0);
        match self {
            Self::LargestLag => time(second.lag_max_us, budgets.lag_max_us),
            Self::LateArrivals => share(second.late as f64 / second.begun.max(10) as f64, budgets.late_share),
            Self::GeneratorCpu => share(second.generator_cpu_share, budgets.generator_cpu_share),
            Self::ProvidersLag => time(second.providers_lag_max_us, budgets.servant_lag_max_us),
            Self::ProxyLag => time(second.proxy_lag_max_us, budgets.servant_lag_max_us),
        }
    }

    /// How the seconds that broke the budget are told; none when all kept it.
    fn cause(self, seconds: &[HarnessSecond], budgets: &Budgets) -> Option<String> {
        let past = |(nth, second)| Some((nth, self.past(second, budgets)?));
        let broken: Vec<(usize, f64)> = seconds.iter().enumerate().filter_map(past).collect();
        let (first, _) = broken.first()?;
        let most = broken.iter().map(|(_, amount)| *amount).fold(0.0, f64::max);
        let what = match self {
            Self::LargestLag => {
                format!("the generator sent up to {most:.0} ms late (budget {} ms)", budgets.lag_max_us / 1000)
            }
            Self::LateArrivals => {
                format!("the generator began up to {most:.0}% of arrivals over {} ms late", budgets.late_us / 1000)
            }
            Self::GeneratorCpu => format!("the generator's threads were {most:.0}% busy"),
            Self::ProvidersLag => {
                format!("the providers lagged by up to {most:.0} ms (budget {} ms)", budgets.servant_lag_max_us / 1000)
            }
            Self::ProxyLag => {
                format!("the proxies lagged by up to {most:.0} ms (budget {} ms)", budgets.servant_lag_max_us / 1000)
            }
        };
        let unit = if broken.len() == 1 { "second" } else { "seconds" };
        Some(format!("{what} in {} {unit}, the first at {first} s", count(broken.len() as u64)))
    }
}

/// Why no objective can be decided.
fn void(health: &HarnessHealth, budgets: &Budgets, slow: &[bool]) -> Vec<String> {
    let mut reasons = Vec::new();
    if let Some(lag_us) = health.lag_p99_us.filter(|lag_us| *lag_us > budgets.lag_p99_us) {
        let (lag_ms, budget_ms) = (lag_us as f64 / 1000.0, budgets.lag_p99_us / 1000);
        reasons.push(format!(
            "the generator fell behind: the 99th percentile of its dispatch lag is {lag_ms:.1} ms (budget {budget_ms} ms)"
        ));
    }
    let slow_seconds = slow.iter().filter(|slow| **slow).count();
    if slow_seconds as f64 > budgets.invalid_share * slow.len() as f64 {
        let (part, whole) = (count(slow_seconds as u64), count(slow.len() as u64));
        reasons.push(format!("the harness was slow in {part} of {whole} seconds"));
    }
    let scheduled = count(health.arrivals.scheduled);
    if health.arrivals.shed > 0 {
        reasons.push(format!("the generator did not start {} of {scheduled} arrivals", count(health.arrivals.shed)));
    }
    let planned: u64 = health.seconds.iter().map(|second| second.planned).sum();
    let begun: u64 = health.seconds.iter().map(|second| second.begun).sum();
    if (begun as f64) < (1.0 - budgets.missed_share) * planned as f64 {
        reasons.push(format!(
            "the generator missed the planned rate: {} of {} arrivals began",
            count(begun),
            count(planned)
        ));
    }
    if !health.arrivals.balance() {
        reasons.push(format!("the outcomes of the arrivals do not add up to the {scheduled} that were scheduled"));
    }
    reasons
}

/// Each marked second with its neighbours.
fn widened(slow: &[bool]) -> Vec<bool> {
    let marked = |nth: usize| slow.get(nth).copied().unwrap_or(false);
    (0..slow.len()).map(|nth| marked(nth) || marked(nth + 1) || (nth > 0 && marked(nth - 1))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn healthy(seconds: usize) -> HarnessHealth {
        let second = HarnessSecond { planned: 100, begun: 100, lag_max_us: 3_000, ..HarnessSecond::default() };
        let arrivals = 100 * seconds as u64;
        HarnessHealth {
            arrivals: Arrivals { scheduled: arrivals, confirmed: arrivals, ..Arrivals::default() },
            lag_p99_us: Some(1_200),
            seconds: vec![second; seconds],
        }
    }

    fn assessed(health: &HarnessHealth) -> Validity {
        assess(health, &Budgets::default())
    }

    #[test]
    fn a_healthy_harness_is_whole() {
        let found = assessed(&healthy(60));
        assert!(found.is_whole());
        assert_eq!((found.invalid_count(), found.invalid_seconds.len()), (0, 60));
        assert!(assessed(&HarnessHealth::default()).is_whole(), "nothing planned is nothing missed");
    }

    #[test]
    fn a_slow_second_takes_its_neighbours_with_it() {
        let mut health = healthy(60);
        health.seconds[0].proxy_lag_max_us = 150_000;
        health.seconds[30].lag_max_us = 412_000;
        let found = assessed(&health);
        assert_eq!(found.void, [""; 0]);
        let invalid: Vec<usize> = (0..60).filter(|nth| found.invalid_seconds[*nth]).collect();
        assert_eq!(invalid, [0, 1, 29, 30, 31]);
        assert_eq!(
            found.causes,
            [
                "the generator sent up to 412 ms late (budget 100 ms) in 1 second, the first at 30 s",
                "the proxies lagged by up to 150 ms (budget 100 ms) in 1 second, the first at 0 s",
            ]
        );
    }

    #[test]
    fn each_budget_of_a_second_is_held() {
        let breaks: [fn(&mut HarnessSecond); 5] = [
            |second| second.lag_max_us = 100_001,
            |second| second.late = 11,
            |second| second.generator_cpu_share = 0.96,
            |second| second.providers_lag_max_us = 100_001,
            |second| second.proxy_lag_max_us = 100_001,
        ];
        for (nth, broken) in breaks.iter().enumerate() {
            let mut health = healthy(60);
            broken(&mut health.seconds[10]);
            assert_eq!(assessed(&health).invalid_count(), 3, "budget {nth}");
        }
    }

    #[test]
    fn one_late_arrival_of_three_is_no_breach() {
        let mut health = healthy(1);
        health.seconds[0] =
            HarnessSecond { planned: 3, begun: 3, late: 1, lag_max_us: 12_000, ..HarnessSecond::default() };
        assert!(assessed(&health).is_whole());
    }

    #[test]
    fn what_voids_a_run_is_told() {
        let mut lagging = healthy(60);
        lagging.lag_p99_us = Some(38_210);
        let mut often_slow = healthy(60);
        often_slow.seconds[..7].iter_mut().for_each(|second| second.lag_max_us = 200_000);
        let mut shedding = healthy(60);
        shedding.arrivals = Arrivals { scheduled: 6_000, confirmed: 5_990, shed: 10, ..Arrivals::default() };
        let mut missing = healthy(60);
        missing.seconds.iter_mut().for_each(|second| second.begun = 98);
        let mut unbalanced = healthy(60);
        unbalanced.arrivals.confirmed -= 1;
        for (health, reason) in [
            (lagging, "the generator fell behind: the 99th percentile of its dispatch lag is 38.2 ms (budget 25 ms)"),
            (often_slow, "the harness was slow in 7 of 60 seconds"),
            (shedding, "the generator did not start 10 of 6,000 arrivals"),
            (missing, "the generator missed the planned rate: 5,880 of 6,000 arrivals began"),
            (unbalanced, "the outcomes of the arrivals do not add up to the 6,000 that were scheduled"),
        ] {
            assert_eq!(assessed(&health).void, [reason]);
        }
    }
}
