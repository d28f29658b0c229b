//! From the observations of a run to those that an objective is about: in its scope, and not set aside.

use super::distribution::Latency;
use super::extent::{Extent, Place};
use super::observations::{NEVER_US, Observations, PartnerObservations, PartnerSecond, StepObservation, Tally};
use crate::fault::Provider;

/// What an objective is about.
#[derive(Clone, Debug)]
pub(super) struct Gathered<T> {
    pub(super) items: Vec<T>,
    /// Observations among them.
    pub(super) samples: u64,
    /// Observations of the scope that were left out because the harness was slow.
    pub(super) set_aside: u64,
}

/// How often something happened among all that could have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Share {
    pub(super) second: u32,
    pub(super) hits: u64,
    pub(super) total: u64,
}

/// Two amounts of one second of which the quotient is sought.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Amounts {
    pub(super) second: u32,
    pub(super) of: f64,
    pub(super) per: f64,
}

impl<T> Gathered<T> {
    /// Keeps what is placed in the scope; `items` gives the place, the item and how many observations it stands for.
    fn new(items: impl Iterator<Item = (Place, u64, T)>) -> Self {
        let mut gathered = Self { items: Vec::new(), samples: 0, set_aside: 0 };
        for (place, samples, item) in items {
            match place {
                Place::Outside => {}
                Place::SetAside => gathered.set_aside += samples,
                Place::In(_) => {
                    gathered.samples += samples;
                    gathered.items.push(item);
                }
            }
        }
        gathered
    }
}

/// Latencies of purchases, those that never came to a good end included.
pub(super) fn purchase_latencies(observations: &Observations, extent: &Extent<'_>) -> Gathered<Latency> {
    Gathered::new(observations.purchases.iter().filter_map(|purchase| {
        let us = purchase.end.latency_us()?;
        let second = second_of(purchase.intended_us);
        Some((extent.instant(purchase.intended_us), 1, Latency { second, low_us: us, high_us: us, count: 1 }))
    }))
}

/// Confirmed purchases among all that say something about the service: those of shoppers who never got to submit are failed ones.
pub(super) fn confirmations(observations: &Observations, extent: &Extent<'_>) -> Gathered<Share> {
    Gathered::new(observations.purchases.iter().filter_map(|purchase| {
        let hits = u64::from(purchase.end.latency_us()? != NEVER_US);
        let second = second_of(purchase.intended_us);
        Some((extent.instant(purchase.intended_us), 1, Share { second, hits, total: 1 }))
    }))
}

/// Successes among the tallies of seconds.
pub(super) fn successes(tallies: &[Tally], extent: &Extent<'_>) -> Gathered<Share> {
    Gathered::new((0_u32..).zip(tallies).map(|(second, tally)| {
        let total = tally.good + tally.bad;
        (extent.second(second), total, Share { second, hits: tally.good, total })
    }))
}

/// Failed calls among those to a provider.
pub(super) fn partner_errors(partner: &PartnerObservations, extent: &Extent<'_>) -> Gathered<Share> {
    Gathered::new((0_u32..).zip(&partner.seconds).map(|(second, calls)| {
        let total = calls.answered + calls.failed;
        (extent.second(second), total, Share { second, hits: calls.failed, total })
    }))
}

/// Response times of a step.
pub(super) fn step_latencies(steps: &[StepObservation], extent: &Extent<'_>) -> Gathered<Latency> {
    Gathered::new(steps.iter().flat_map(|step| {
        let second = step.second;
        let entry = move |us: u64, count: u64| Latency { second, low_us: us, high_us: us, count };
        let answered = step.answered.iter().map(move |(us, count)| entry(*us, *count));
        let failed = (step.failed > 0).then(|| entry(NEVER_US, step.failed));
        let place = extent.second(second);
        answered.chain(failed).map(move |latency| (place, latency.count, latency))
    }))
}

/// Latencies of a provider. Failed calls are infinitely slow; the buckets do not say which they were, so that the fastest are
/// taken for them: a fast error must not improve the number.
pub(super) fn partner_latencies(partner: &PartnerObservations, extent: &Extent<'_>) -> Gathered<Latency> {
    Gathered::new((0_u32..).zip(&partner.seconds).flat_map(|(second, calls)| {
        let place = extent.second(second);
        bucket_latencies(&partner.bounds_us, calls, second)
            .into_iter()
            .map(move |latency| (place, latency.count, latency))
    }))
}

fn bucket_latencies(bounds_us: &[u64], calls: &PartnerSecond, second: u32) -> Vec<Latency> {
    let mut to_move = calls.failed;
    let lows = std::iter::once(0).chain(bounds_us.iter().copied());
    let highs = bounds_us.iter().copied().chain(std::iter::once(NEVER_US));
    let mut latencies = Vec::new();
    for ((low_us, high_us), count) in lows.zip(highs).zip(&calls.buckets) {
        let moved = to_move.min(*count);
        to_move -= moved;
        if *count > moved {
            latencies.push(Latency { second, low_us, high_us, count: count - moved });
        }
    }
    if calls.failed > 0 {
        latencies.push(Latency { second, low_us: NEVER_US, high_us: NEVER_US, count: calls.failed });
    }
    latencies
}

/// Calls to all providers for each accepted order.
pub(super) fn calls_per_order(observations: &Observations, extent: &Extent<'_>) -> Gathered<Amounts> {
    let seconds = observations.partners.values().map(|partner| partner.seconds.len()).max().unwrap_or(0);
    let calls = |second: usize| -> f64 {
        let of =
            |provider: &Provider| observations.partners.get(provider).and_then(|partner| partner.seconds.get(second));
        Provider::ALL.iter().filter_map(of).map(|calls| (calls.answered + calls.failed) as f64).sum()
    };
    per_order(observations, extent, seconds, calls)
}

/// Milliseconds of the shop's processors for each accepted order.
pub(super) fn cpu_per_order(observations: &Observations, extent: &Extent<'_>) -> Gathered<Amounts> {
    let cpu_ms = |second: usize| observations.shop_cpu_us.get(second).copied().unwrap_or(0) as f64 / 1000.0;
    per_order(observations, extent, observations.shop_cpu_us.len(), cpu_ms)
}

/// Seconds in which only one of both was measured count with nothing of the other; without one of them nothing was observed.
fn per_order(
    observations: &Observations,
    extent: &Extent<'_>,
    seconds: usize,
    amount: impl Fn(usize) -> f64,
) -> Gathered<Amounts> {
    let orders = &observations.accepted_orders;
    let both = if seconds == 0 { 0 } else { seconds.max(orders.len()) };
    Gathered::new((0..both).map(|at| {
        let (second, per) = (at as u32, orders.get(at).copied().unwrap_or(0));
        (extent.second(second), per, Amounts { second, of: amount(at), per: per as f64 })
    }))
}

/// The second of an instant.
pub(super) fn second_of(at_us: u64) -> u32 {
    u32::try_from(at_us / 1_000_000).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failed_calls_take_the_place_of_the_fastest() {
        let calls = PartnerSecond { answered: 7, failed: 5, buckets: vec![4, 6, 2] };
        let found = bucket_latencies(&[1_000, 2_000], &calls, 9);
        let entry = |low_us, high_us, count| Latency { second: 9, low_us, high_us, count };
        assert_eq!(found, [entry(1_000, 2_000, 5), entry(2_000, NEVER_US, 2), entry(NEVER_US, NEVER_US, 5)]);
    }

    #[test]
    fn a_failed_call_that_no_bucket_counted_still_counts() {
        let calls = PartnerSecond { answered: 0, failed: 2, buckets: vec![] };
        let found = bucket_latencies(&[1_000], &calls, 0);
        assert_eq!(found, [Latency { second: 0, low_us: NEVER_US, high_us: NEVER_US, count: 2 }]);
    }
}
