//! How long after a fault service was good again.

use super::binomial::at_least;
use super::gather::second_of;
use super::observations::{FaultWindow, Observations};
use crate::objective::{Measure, Objective, Scope, Target};

/// Service counts as good once it was so for this long.
pub const GOOD_FOR_S: usize = 3;
/// The stretch that is looked at is as much longer as it takes to hold this many purchases.
pub const PURCHASES_MIN: u64 = 20;
/// Failures are too many if a service that just meets its target had so many with less than this chance.
pub const CHANCE_MIN: f64 = 0.05;

const SECOND_US: u64 = 1_000_000;

/// What good service is for the purpose of recovery.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GoodService {
    /// Share of purchases that are confirmed.
    pub availability: f64,
    /// Within this, 95% of the purchases are confirmed; in milliseconds.
    pub checkout_p95_ms: f64,
}

impl GoodService {
    /// The targets that hold outside faults; 99.9% and 500 ms where the scenario sets none.
    #[must_use]
    pub fn of(objectives: &[Objective]) -> Self {
        let mut good = Self { availability: 0.999, checkout_p95_ms: 500.0 };
        for objective in objectives.iter().filter(|objective| objective.scope == Scope::OutsideFaults) {
            match (&objective.measure, objective.target) {
                (Measure::Availability, Target::AtLeast(share)) => good.availability = share,
                (Measure::CheckoutLatency(950), Target::AtMost(ms)) => good.checkout_p95_ms = ms,
                _ => {}
            }
        }
        good
    }
}

/// What followed a fault.
#[derive(Clone, Debug, PartialEq)]
pub struct Recovery {
    /// Its name.
    pub fault: String,
    /// Seconds from its end until service was good; none when it was not within [`Recovery::watched_s`].
    pub after_s: Option<f64>,
    /// Seconds from its end to the next fault, or to the end of the load.
    pub watched_s: f64,
    /// Whether the harness was slow in the seconds that decided.
    pub harness_slow: bool,
}

/// Purchases of one second.
#[derive(Clone, Copy, Debug, Default)]
struct Second {
    purchases: u64,
    failed: u64,
    slow: u64,
}

/// What followed each fault, in the order of the observations. Faults that overlap end together, with the last of them.
#[must_use]
pub fn recoveries(observations: &Observations, good: GoodService, invalid_seconds: &[bool]) -> Vec<Recovery> {
    let load_end_us = observations.phases.last().map_or(0, |window| window.to_us);
    let quiet = quiet_stretches(&observations.faults, load_end_us);
    let seconds = count_seconds(observations, &quiet, good);
    let followed = |fault: &FaultWindow| {
        let nth = quiet.partition_point(|(from_us, _)| *from_us < fault.to_us);
        let (from_us, _) = *quiet.get(nth)?;
        let watched = &seconds[nth];
        let found = first_good(watched, good);
        let decided = found.map_or(watched.len(), |(after, length)| after + length) as u64;
        let (first, last) = (second_of(from_us), second_of(from_us + decided * SECOND_US));
        let harness_slow = invalid_seconds.iter().take(last as usize + 1).skip(first as usize).any(|invalid| *invalid);
        Some(Recovery {
            fault: fault.name.clone(),
            after_s: found.map(|(after, _)| after as f64),
            watched_s: watched.len() as f64,
            harness_slow,
        })
    };
    observations.faults.iter().filter_map(followed).collect()
}

/// The stretches after faults in which none is active, in order of time; one, maybe empty, for each group of faults that
/// overlap or touch.
fn quiet_stretches(faults: &[FaultWindow], load_end_us: u64) -> Vec<(u64, u64)> {
    let mut windows: Vec<(u64, u64)> = faults.iter().map(|fault| (fault.from_us, fault.to_us)).collect();
    windows.sort_unstable();
    let mut groups: Vec<(u64, u64)> = Vec::new();
    for (from_us, to_us) in windows {
        match groups.last_mut() {
            Some(last) if from_us <= last.1 => last.1 = last.1.max(to_us),
            _ => groups.push((from_us, to_us)),
        }
    }
    let ends = groups.iter().map(|group| group.1);
    let nexts = groups.iter().skip(1).map(|group| group.0).chain([load_end_us]);
    ends.zip(nexts).map(|(end_us, next_us)| (end_us, next_us.max(end_us))).collect()
}

/// The whole seconds of each stretch, counted from its start, with the purchases that were intended in them.
fn count_seconds(observations: &Observations, quiet: &[(u64, u64)], good: GoodService) -> Vec<Vec<Second>> {
    let whole = |(from_us, to_us): &(u64, u64)| vec![Second::default(); ((to_us - from_us) / SECOND_US) as usize];
    let mut seconds: Vec<Vec<Second>> = quiet.iter().map(whole).collect();
    for purchase in &observations.purchases {
        let Some(latency_us) = purchase.end.latency_us() else { continue };
        let next = quiet.partition_point(|(from_us, _)| *from_us <= purchase.intended_us);
        let Some(nth) = next.checked_sub(1) else { continue };
        let offset = (purchase.intended_us - quiet[nth].0) / SECOND_US;
        let Some(second) = seconds[nth].get_mut(offset as usize) else { continue };
        second.purchases += 1;
        second.failed += u64::from(latency_us == super::observations::NEVER_US);
        second.slow += u64::from(latency_us as f64 > good.checkout_p95_ms * 1000.0);
    }
    seconds
}

/// The first second from which service was good, and how many seconds show it.
fn first_good(seconds: &[Second], good: GoodService) -> Option<(usize, usize)> {
    for from in 0..seconds.len() {
        // Without enough to look at from here, there is not enough later either.
        let (pooled, length) = stretch(&seconds[from..])?;
        if is_good(pooled, good) {
            return Some((from, length));
        }
    }
    None
}

/// The shortest stretch from the first second that says enough, and its length.
fn stretch(seconds: &[Second]) -> Option<(Second, usize)> {
    let mut pooled = Second::default();
    for (nth, second) in seconds.iter().enumerate() {
        pooled.purchases += second.purchases;
        pooled.failed += second.failed;
        pooled.slow += second.slow;
        if nth + 1 >= GOOD_FOR_S && pooled.purchases >= PURCHASES_MIN {
            return Some((pooled, nth + 1));
        }
    }
    None
}

fn is_good(pooled: Second, good: GoodService) -> bool {
    at_least(pooled.failed, pooled.purchases, 1.0 - good.availability) >= CHANCE_MIN
        && at_least(pooled.slow, pooled.purchases, 0.05) >= CHANCE_MIN
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::observations::{PurchaseEnd, PurchaseObservation};
    use crate::plan::{Phase, PhaseWindow};

    const GOOD: GoodService = GoodService { availability: 0.999, checkout_p95_ms: 500.0 };

    /// A load of 40 s with `rate` purchases a second, each ended as `end` says by its second.
    fn run(rate: u64, faults: &[(&str, u64, u64)], end: impl Fn(u64, u64) -> PurchaseEnd) -> Observations {
        let window = |(name, from, to): &(&str, u64, u64)| FaultWindow {
            name: (*name).into(),
            from_us: from * SECOND_US,
            to_us: to * SECOND_US,
        };
        let purchase = |(second, n)| PurchaseObservation {
            intended_us: second * SECOND_US + n * SECOND_US / rate,
            end: end(second, n),
        };
        Observations {
            phases: vec![PhaseWindow { phase: Phase::Steady, from_us: 0, to_us: 40 * SECOND_US }],
            faults: faults.iter().map(window).collect(),
            purchases: (0..40).flat_map(|second| (0..rate).map(move |n| (second, n))).map(purchase).collect(),
            ..Observations::default()
        }
    }

    const FAST: PurchaseEnd = PurchaseEnd::Confirmed { latency_us: 40_000 };
    const SLOW: PurchaseEnd = PurchaseEnd::Confirmed { latency_us: 900_000 };

    fn after(observations: &Observations) -> Vec<Option<f64>> {
        recoveries(observations, GOOD, &[]).into_iter().map(|recovery| recovery.after_s).collect()
    }

    #[test]
    fn service_that_never_suffered_recovers_at_once() {
        assert_eq!(after(&run(50, &[("slow", 10, 20)], |_, _| FAST)), [Some(0.0)]);
    }

    #[test]
    fn slow_and_failed_purchases_put_recovery_off() {
        let slow_until = |until| move |second, _| if second < until { SLOW } else { FAST };
        assert_eq!(after(&run(50, &[("slow", 10, 20)], slow_until(24))), [Some(4.0)]);
        let failing = |second, n| if second < 27 && n % 5 == 0 { PurchaseEnd::Unknown } else { FAST };
        assert_eq!(after(&run(50, &[("slow", 10, 20)], failing)), [Some(7.0)]);
    }

    #[test]
    fn a_relapse_within_three_seconds_does_not_count_as_good() {
        let relapse = |second, _| if second < 22 || second == 23 { SLOW } else { FAST };
        assert_eq!(after(&run(50, &[("slow", 10, 20)], relapse)), [Some(4.0)]);
    }

    #[test]
    fn one_failure_among_hundreds_is_not_bad_service() {
        let one = |second, n| if second == 20 && n == 3 { PurchaseEnd::Technical } else { FAST };
        assert_eq!(after(&run(100, &[("slow", 10, 20)], one)), [Some(0.0)]);
    }

    #[test]
    fn few_purchases_are_pooled_over_more_seconds() {
        let failing = |second, _| if second < 23 { PurchaseEnd::Technical } else { FAST };
        let found = recoveries(&run(1, &[("slow", 2, 20)], failing), GOOD, &[]);
        assert_eq!(found[0].after_s, None, "17 good purchases are not 20");
        let found = recoveries(&run(2, &[("slow", 2, 20)], failing), GOOD, &[]);
        assert_eq!(found[0].after_s, Some(3.0));
    }

    #[test]
    fn recovery_is_not_claimed_past_the_next_fault() {
        let faults = [("first", 5, 10), ("second", 12, 20)];
        let found = recoveries(&run(50, &faults, |_, _| FAST), GOOD, &[]);
        assert_eq!((found[0].after_s, found[0].watched_s), (None, 2.0));
        assert_eq!((found[1].after_s, found[1].watched_s), (Some(0.0), 20.0));
    }

    #[test]
    fn overlapping_faults_end_together() {
        let faults = [("inner", 8, 10), ("outer", 5, 20)];
        let slow = |second, _| if second < 22 { SLOW } else { FAST };
        assert_eq!(after(&run(50, &faults, slow)), [Some(2.0), Some(2.0)]);
    }

    #[test]
    fn refused_cards_say_nothing_about_service() {
        let cards = |second, n| if second < 25 && n % 2 == 0 { PurchaseEnd::CardRefused } else { FAST };
        assert_eq!(after(&run(50, &[("slow", 10, 20)], cards)), [Some(0.0)]);
    }

    #[test]
    fn a_slow_harness_is_told() {
        let mut invalid = vec![false; 40];
        invalid[21] = true;
        let found = recoveries(&run(50, &[("slow", 10, 20)], |_, _| FAST), GOOD, &invalid);
        assert!(found[0].harness_slow);
        let found = recoveries(&run(50, &[("slow", 10, 30)], |_, _| FAST), GOOD, &invalid);
        assert!(!found[0].harness_slow);
    }

    #[test]
    fn targets_come_from_the_objectives_outside_faults() {
        let objective = |measure, scope, target| Objective { measure, scope, target };
        let found = GoodService::of(&[
            objective(Measure::Availability, Scope::Phase("x".into()), Target::AtLeast(0.5)),
            objective(Measure::CheckoutLatency(950), Scope::OutsideFaults, Target::AtMost(250.0)),
        ]);
        assert_eq!(found, GoodService { availability: 0.999, checkout_p95_ms: 250.0 });
    }
}
