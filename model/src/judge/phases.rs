//! Purchases by phase and by second, for the tables and plots of a report.

use super::observations::{NEVER_US, Observations, PurchaseEnd};
use crate::plan::{Phase, PhaseWindow};
use crate::record::{PhaseRecord, Series};

/// Purchases of a stretch of time.
#[derive(Clone, Debug, Default)]
struct Stretch {
    confirmed: u64,
    refused: u64,
    failed: u64,
    /// Of all but the refused, in microseconds.
    latencies_us: Vec<u64>,
}

impl Stretch {
    fn add(&mut self, end: PurchaseEnd) {
        match end {
            PurchaseEnd::Confirmed { .. } => self.confirmed += 1,
            PurchaseEnd::CardRefused | PurchaseEnd::Abandoned | PurchaseEnd::HonestlyRefused => self.refused += 1,
            PurchaseEnd::Technical | PurchaseEnd::Unknown | PurchaseEnd::InFlight => self.failed += 1,
        }
        self.latencies_us.extend(end.latency_us());
    }

    /// Median, 95th and 99th percentile in milliseconds, by nearest rank; none where infinite or nothing was observed.
    fn quantiles_ms(&mut self) -> [Option<f64>; 3] {
        self.latencies_us.sort_unstable();
        [500, 950, 990].map(|permille| {
            let rank = (permille * self.latencies_us.len()).div_ceil(1000);
            let us = *self.latencies_us.get(rank.checked_sub(1)?)?;
            (us != NEVER_US).then(|| us as f64 / 1000.0)
        })
    }
}

/// What happened in each phase window, in order of time, by the intended start of the submission, or of the
/// step that turned the shopper away.
#[must_use]
pub fn by_phase(observations: &Observations) -> Vec<PhaseRecord> {
    let phases = &observations.phases;
    let mut stretches = vec![Stretch::default(); phases.len()];
    for purchase in &observations.purchases {
        let nth = phases.partition_point(|window| window.to_us <= purchase.intended_us);
        if let Some(stretch) = stretches.get_mut(nth.min(phases.len().saturating_sub(1))) {
            stretch.add(purchase.end);
        }
    }
    phases.iter().zip(stretches).map(|(window, stretch)| phase_record(window, stretch)).collect()
}

fn phase_record(window: &PhaseWindow, mut stretch: Stretch) -> PhaseRecord {
    let [p50_ms, p95_ms, p99_ms] = stretch.quantiles_ms();
    PhaseRecord {
        label: window.phase.label(),
        faulty: matches!(window.phase, Phase::Fault(_)),
        from_s: window.from_us as f64 / 1e6,
        to_s: window.to_us as f64 / 1e6,
        purchases: stretch.confirmed + stretch.refused + stretch.failed,
        confirmed: stretch.confirmed,
        failed: stretch.failed,
        p50_ms,
        p95_ms,
        p99_ms,
    }
}

/// The purchases of each second of the load; those that were intended while it drained are in no second. The members that are
/// not about purchases are left empty.
#[must_use]
pub fn by_second(observations: &Observations) -> Series {
    let seconds = observations.phases.last().map_or(0, |window| window.to_us.div_ceil(1_000_000));
    let mut stretches = vec![Stretch::default(); seconds.min(u64::from(super::SECONDS_MAX)) as usize];
    for purchase in &observations.purchases {
        if let Some(stretch) = stretches.get_mut((purchase.intended_us / 1_000_000) as usize) {
            stretch.add(purchase.end);
        }
    }
    let mut series = Series::default();
    for mut stretch in stretches {
        let [p50_ms, p95_ms, p99_ms] = stretch.quantiles_ms();
        series.confirmed.push(stretch.confirmed);
        series.refused.push(stretch.refused);
        series.failed.push(stretch.failed);
        series.p50_ms.push(p50_ms);
        series.p95_ms.push(p95_ms);
        series.p99_ms.push(p99_ms);
    }
    series
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::PurchaseObservation;

    fn observations() -> Observations {
        let window =
            |phase, from_s: u64, to_s: u64| PhaseWindow { phase, from_us: from_s * 1_000_000, to_us: to_s * 1_000_000 };
        let purchase = |intended_ms: u64, end| PurchaseObservation { intended_us: intended_ms * 1000, end };
        let confirmed = |ms: u64| PurchaseEnd::Confirmed { latency_us: ms * 1000 };
        Observations {
            phases: vec![window(Phase::Steady, 0, 2), window(Phase::Fault("slow".into()), 2, 4)],
            purchases: vec![
                purchase(3_100, confirmed(90)),
                purchase(100, confirmed(30)),
                purchase(900, confirmed(10)),
                purchase(1_900, PurchaseEnd::CardRefused),
                purchase(2_000, PurchaseEnd::Unknown),
                purchase(5_500, confirmed(50)),
            ],
            ..Observations::default()
        }
    }

    #[test]
    fn purchases_belong_to_the_phase_of_their_intended_start() {
        let found = by_phase(&observations());
        let figures: Vec<_> = found.iter().map(|phase| (phase.purchases, phase.confirmed, phase.failed)).collect();
        assert_eq!(figures, [(3, 2, 0), (3, 2, 1)]);
        assert_eq!((found[0].p50_ms, found[0].p99_ms), (Some(10.0), Some(30.0)));
        assert_eq!((found[1].p50_ms, found[1].p95_ms), (Some(90.0), None), "an unknown is infinitely slow");
        assert!(found[1].faulty && !found[0].faulty);
    }

    #[test]
    fn purchases_after_the_load_are_in_no_second() {
        let found = by_second(&observations());
        assert_eq!(found.confirmed, [2, 0, 0, 1]);
        assert_eq!(found.refused, [0, 1, 0, 0]);
        assert_eq!(found.failed, [0, 0, 1, 0]);
        assert_eq!(found.p50_ms, [Some(10.0), None, None, Some(90.0)]);
    }

    #[test]
    fn nothing_observed_is_nothing_counted() {
        assert!(by_phase(&Observations::default()).is_empty());
        assert_eq!(by_second(&Observations::default()), Series::default());
    }
}
