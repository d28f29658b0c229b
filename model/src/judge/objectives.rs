//! From objectives and observations to what each objective says.

use super::binomial::purchases_needed;
use super::estimate::{Estimate, Method, WORST_WINDOW_S};
use super::extent::Extent;
use super::figures;
use super::gather;
use super::interval::{Interval, confidence_of_each};
use super::observations::{Observations, PurchaseEnd, Tally};
use super::recovery::{GoodService, Recovery, recoveries};
use super::validity::Validity;
use super::verdict::Ending;
use crate::finding::Finding;
use crate::objective::{Measure, Objective, Scope, Target};
use crate::record::ObjectiveRecord;
use crate::seed::Seed;

/// Share of an objective’s observations that may be set aside because the harness was slow; with more it is undecided. What is
/// set aside is in no figure, so that it can neither harm nor help the shop; a tenth less is still a verdict on the rest.
pub const SET_ASIDE_SHARE_MAX: f64 = 0.1;

/// How many observations an objective takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needed {
    /// It is counted, or bounded by time: no number of observations can be named.
    Any,
    /// At least so many good ones.
    AtLeast(u64),
    /// No number shows that something never fails: the target has to leave room.
    Unbounded,
}

/// The confidence of each interval, so that all of them hold at once with [`super::RUN_CONFIDENCE`]: shared among the
/// objectives that are estimated; what is counted has no interval.
#[must_use]
pub fn confidence(objectives: &[Objective]) -> f64 {
    let is_estimated = |objective: &&Objective| match objective.measure {
        Measure::ReconciliationDiscrepancies | Measure::SettlementDiscrepancies | Measure::TimeToRecover => false,
        Measure::CheckoutLatency(_)
        | Measure::StepLatency(..)
        | Measure::Availability
        | Measure::OrderCreation
        | Measure::PaymentAuthorisation
        | Measure::ProviderCallsPerOrder
        | Measure::PartnerLatency(..)
        | Measure::PartnerErrors(_)
        | Measure::CpuPerOrder => true,
    };
    confidence_of_each(objectives.iter().filter(is_estimated).count())
}

/// How many observations it takes until the objective, one of all those of a scenario, can be held.
#[must_use]
pub fn observations_needed(objective: &Objective, all: &[Objective]) -> Needed {
    needed(objective, confidence(all))
}

fn needed(objective: &Objective, confidence: f64) -> Needed {
    let share = match &objective.measure {
        Measure::CheckoutLatency(permille)
        | Measure::StepLatency(_, permille)
        | Measure::PartnerLatency(_, permille) => {
            let quantile = f64::from(*permille) / 1000.0;
            match objective.target {
                Target::AtMost(_) => quantile,
                Target::AtLeast(_) => 1.0 - quantile,
            }
        }
        Measure::Availability | Measure::OrderCreation | Measure::PaymentAuthorisation | Measure::PartnerErrors(_) => {
            match objective.target {
                Target::AtMost(share) => 1.0 - share,
                Target::AtLeast(share) => share,
            }
        }
        Measure::ProviderCallsPerOrder
        | Measure::ReconciliationDiscrepancies
        | Measure::SettlementDiscrepancies
        | Measure::TimeToRecover
        | Measure::CpuPerOrder => return Needed::Any,
    };
    purchases_needed(share, confidence).map_or(Needed::Unbounded, Needed::AtLeast)
}

/// Judges every objective; the same observations and seed give the same records.
#[must_use]
pub fn judge(
    objectives: &[Objective],
    observations: &Observations,
    validity: &Validity,
    ending: Ending,
    seed: Seed,
) -> Vec<ObjectiveRecord> {
    let trimmed = match ending {
        Ending::Complete => None,
        Ending::Interrupted { .. } => Some(without_in_flight(observations)),
    };
    let judge = Judge {
        observations: trimmed.as_ref().unwrap_or(observations),
        validity,
        ending,
        good: GoodService::of(objectives),
        confidence: confidence(objectives),
        seed: seed.fork("judge"),
    };
    objectives.iter().map(|objective| judge.record(objective)).collect()
}

/// What was under way when the run was cut off was cut off by us.
fn without_in_flight(observations: &Observations) -> Observations {
    let mut trimmed = observations.clone();
    trimmed.purchases.retain(|purchase| purchase.end != PurchaseEnd::InFlight);
    trimmed
}

struct Judge<'a> {
    observations: &'a Observations,
    validity: &'a Validity,
    ending: Ending,
    good: GoodService,
    confidence: f64,
    seed: Seed,
}

impl Judge<'_> {
    fn record(&self, objective: &Objective) -> ObjectiveRecord {
        let estimate = self.estimate(objective);
        let (finding, remark) = self.finding(objective, &estimate);
        let finite = |value: f64| value.is_finite().then_some(value);
        ObjectiveRecord {
            name: objective.measure.name(),
            phase: objective.scope.label().into(),
            target: objective.target,
            unit: objective.measure.unit(),
            measured: estimate.figure.and_then(|(measured, _)| finite(measured)),
            low: estimate.figure.and_then(|(_, interval)| finite(interval.low)),
            high: estimate.figure.and_then(|(_, interval)| finite(interval.high)),
            samples: estimate.samples,
            finding,
            remark,
        }
    }

    fn estimate(&self, objective: &Objective) -> Estimate {
        let observations = self.observations;
        let extent = Extent::new(&objective.scope, &observations.phases, &self.validity.invalid_seconds);
        let method = Method { extent: &extent, confidence: self.confidence, seed: self.seed, target: objective.target };
        let partner = |provider| observations.partners.get(provider).cloned().unwrap_or_default();
        match &objective.measure {
            Measure::CheckoutLatency(permille) => {
                method.quantile(&gather::purchase_latencies(observations, &extent), *permille)
            }
            Measure::StepLatency(step, permille) => {
                let steps = observations.steps.get(step).map_or(&[][..], Vec::as_slice);
                method.quantile(&gather::step_latencies(steps, &extent), *permille)
            }
            Measure::Availability => method.share(&gather::confirmations(observations, &extent)),
            Measure::OrderCreation => method.share(&gather::successes(&observations.order_creation, &extent)),
            Measure::PaymentAuthorisation => method.share(&gather::successes(&observations.authorisation, &extent)),
            Measure::ProviderCallsPerOrder => method.quotient(&gather::calls_per_order(observations, &extent)),
            Measure::PartnerLatency(provider, permille) => {
                method.quantile(&gather::partner_latencies(&partner(provider), &extent), *permille)
            }
            Measure::PartnerErrors(provider) => method.share(&gather::partner_errors(&partner(provider), &extent)),
            Measure::ReconciliationDiscrepancies => counted(observations.discrepancies),
            Measure::SettlementDiscrepancies => differing(observations.settlement),
            Measure::TimeToRecover => {
                let all = recoveries(observations, self.good, &self.validity.invalid_seconds);
                longest(&all, &objective.scope)
            }
            Measure::CpuPerOrder => method.quotient(&gather::cpu_per_order(observations, &extent)),
        }
    }

    /// What the estimate says; validity comes first.
    fn finding(&self, objective: &Objective, estimate: &Estimate) -> (Finding, String) {
        let unit = objective.measure.unit();
        let worst = estimate.worst.map(|(from_s, figure)| {
            format!("worst {WORST_WINDOW_S} s from {from_s} s: {}", figures::value(figure, unit))
        });
        let seen = estimate.samples + estimate.set_aside;
        let undecided = |why: String| {
            (Finding::Undecided, [Some(why), worst.clone()].into_iter().flatten().collect::<Vec<_>>().join("; "))
        };
        if let Some(reason) = self.validity.void.first() {
            return undecided(reason.clone());
        }
        if let Ending::Interrupted { .. } = self.ending {
            return undecided("the run was interrupted".into());
        }
        if estimate.set_aside as f64 > SET_ASIDE_SHARE_MAX * seen as f64 {
            let (part, seen) = (figures::count(estimate.set_aside), figures::count(seen));
            return undecided(format!("{part} of {seen} observations fell into seconds in which the harness was slow"));
        }
        let Some((measured, interval)) = estimate.figure else {
            return (Finding::NotExercised, "nothing was observed".into());
        };
        if let Some(doubt) = &estimate.doubt {
            return undecided(doubt.clone());
        }
        match interval.finding(objective.target) {
            Finding::Undecided => undecided(self.why_open(objective, estimate.samples, measured, interval)),
            decided => (decided, worst.unwrap_or_default()),
        }
    }

    fn why_open(&self, objective: &Objective, samples: u64, measured: f64, interval: Interval) -> String {
        let unit = objective.measure.unit();
        let figure = |value| figures::value(value, unit);
        let between =
            format!("measured {}, between {} and {}", figure(measured), figure(interval.low), figure(interval.high));
        match needed(objective, self.confidence) {
            Needed::AtLeast(least) if samples < least => {
                let (samples, needed) = (figures::count(samples), figures::count(least));
                format!("{between}: {samples} observations, it takes {needed}")
            }
            Needed::Unbounded => format!("{between}: no number of observations shows that nothing ever fails"),
            Needed::AtLeast(_) | Needed::Any => format!("{between}: the target lies within"),
        }
    }
}

/// What was counted at the end of the run, and not estimated.
fn counted(count: Option<u64>) -> Estimate {
    Estimate {
        figure: count.map(|count| (count as f64, Interval::exactly(count as f64))),
        samples: u64::from(count.is_some()),
        set_aside: 0,
        worst: None,
        doubt: None,
    }
}

/// The share of what does not agree: everything was looked at, so it has no interval.
fn differing(tally: Option<Tally>) -> Estimate {
    let seen = tally.map(|Tally { good, bad }| (bad, good + bad)).filter(|(_, all)| *all > 0);
    Estimate {
        figure: seen.map(|(bad, all)| (bad as f64 / all as f64, Interval::exactly(bad as f64 / all as f64))),
        samples: seen.map_or(0, |(_, all)| all),
        set_aside: 0,
        worst: None,
        doubt: None,
    }
}

/// The longest recovery; one that was not seen to end is at least as long as it was watched.
fn longest(all: &[Recovery], scope: &Scope) -> Estimate {
    let about = |recovery: &&Recovery| match scope {
        Scope::OutsideFaults | Scope::Run => true,
        Scope::Phase(label) => *label == recovery.fault || *label == format!("after {}", recovery.fault),
    };
    let found: Vec<&Recovery> = all.iter().filter(about).collect();
    let low = found.iter().map(|recovery| recovery.after_s.unwrap_or(recovery.watched_s)).fold(0.0, f64::max);
    let high = if found.iter().all(|recovery| recovery.after_s.is_some()) { low } else { f64::INFINITY };
    let slow = found.iter().find(|recovery| recovery.harness_slow);
    Estimate {
        figure: (!found.is_empty()).then_some((high, Interval { low, high })),
        samples: found.len() as u64,
        set_aside: 0,
        worst: None,
        doubt: slow.map(|recovery| format!("the harness was slow after `{}`", recovery.fault)),
    }
}
