//! From a scenario to its plan: every draw that can be made before byte one.

use super::{Arrival, Manner, Phase, PhaseWindow, RunPlan, Submits};
use crate::card::Card;
use crate::journey::{Journey, Manners};
use crate::scenario::{Fault, MixEntry, Scenario};
use crate::seed::Seed;
use crate::traffic::{Traffic, unit};
use rand_chacha::ChaCha8Rng;
use std::time::Duration;

/// Decides all that can be decided.
#[must_use]
pub fn build(scenario: &Scenario) -> RunPlan {
    let instants = instants(&scenario.traffic, scenario.seed);
    let shoppers = scenario.seed.fork("shoppers");
    let arrivals = instants.into_iter().zip(0u64..).map(|(intended_us, number)| {
        let seed = shoppers.fork_nth(number);
        arrival(scenario, number, intended_us, seed)
    });
    RunPlan {
        scenario: scenario.name.clone(),
        seed: scenario.seed,
        duration_us: scenario.traffic.duration().as_micros() as u64,
        arrivals: arrivals.collect(),
        phases: phases(&scenario.traffic, &scenario.faults),
    }
}

/// The intended instants of a load in microseconds, ascending.
#[must_use]
pub fn instants(traffic: &Traffic, seed: Seed) -> Vec<u64> {
    traffic.instants(seed.fork("traffic"))
}

/// All draws are made whether they are needed or not, so that changing one manner leaves the others as they were.
fn arrival(scenario: &Scenario, number: u64, intended_us: u64, seed: Seed) -> Arrival {
    let mut rng = seed.fork("plan").rng();
    let mix = weighted(scenario.mix.iter().map(|entry| entry.weight), &mut rng);
    let entry = &scenario.mix[mix];
    let card = entry.cards[weighted(entry.cards.iter().map(|(_, weight)| *weight), &mut rng)].0;
    let manner = manner(entry, &scenario.journeys[entry.journey], &mut rng);
    Arrival { number, intended_us, mix: mix as u32, card, manner, seed: seed.fork("shopper") }
}

fn manner(entry: &MixEntry, journey: &Journey, rng: &mut ChaCha8Rng) -> Manner {
    let Manners { abandons, double_clicks, second_tabs, double_gap, repeats, looks, second_cards, cancels, .. } =
        &entry.manners;
    let leaves = unit(rng) < *abandons;
    let later_steps = journey.steps.len().saturating_sub(1);
    let step = 1 + (unit(rng) * later_steps as f64) as u32;
    let submits = unit(rng);
    let gap_us = (unit(rng) * double_gap.as_micros() as f64) as u64;
    Manner {
        abandons_at: (leaves && later_steps > 0).then_some(step),
        submits: if submits < *double_clicks {
            Submits::DoubleClick { gap_us }
        } else if submits < double_clicks + second_tabs {
            Submits::SecondTab { gap_us }
        } else {
            Submits::Once
        },
        repeats: *repeats,
        looks: unit(rng) < *looks,
        second_card: unit(rng) < *second_cards,
        cancels: unit(rng) < *cancels,
    }
}

/// An index drawn by weight; weights of a scenario add up to more than 0.
fn weighted(weights: impl Iterator<Item = f64> + Clone, rng: &mut ChaCha8Rng) -> usize {
    let mut left = unit(rng) * weights.clone().sum::<f64>();
    let mut last = 0;
    for (index, weight) in weights.enumerate().filter(|(_, weight)| *weight > 0.0) {
        last = index;
        if left < weight {
            break;
        }
        left -= weight;
    }
    last
}

/// Purchases that are under way when a fault begins meet it: its window begins this much earlier.
const UNDER_WAY: Duration = Duration::from_secs(1);

/// The phases of a load, in order of time, without gaps.
#[must_use]
pub fn phases(traffic: &Traffic, faults: &[Fault]) -> Vec<PhaseWindow> {
    let duration_us = traffic.duration().as_micros() as u64;
    let us = |time: Duration| (time.as_micros() as u64).min(duration_us);
    let mut active: Vec<(u64, u64, &str)> = faults
        .iter()
        .map(|fault| (us(fault.at.saturating_sub(UNDER_WAY)), us(fault.at + fault.lasts), fault.name.as_str()))
        .collect();
    active.sort_unstable();
    let mut cuts = vec![0, us(traffic.warm_up), duration_us];
    cuts.extend(active.iter().flat_map(|(from, to, _)| [*from, *to, (to + us(traffic.recovery)).min(duration_us)]));
    cuts.sort_unstable();
    cuts.dedup();
    let mut windows: Vec<PhaseWindow> = Vec::new();
    for cut in cuts.windows(2) {
        let (from_us, to_us) = (cut[0], cut[1]);
        let phase = phase(from_us, &active, us(traffic.warm_up), us(traffic.recovery));
        match windows.last_mut() {
            Some(last) if last.phase == phase => last.to_us = to_us,
            _ => windows.push(PhaseWindow { phase, from_us, to_us }),
        }
    }
    windows
}

/// The phase at an instant, faults given as (from, to, name).
fn phase(at: u64, faults: &[(u64, u64, &str)], warm_up: u64, recovery: u64) -> Phase {
    let active: Vec<&str> =
        faults.iter().filter(|(from, to, _)| (*from..*to).contains(&at)).map(|(.., name)| *name).collect();
    if !active.is_empty() {
        return Phase::Fault(active.join("+"));
    }
    let ended = faults.iter().filter(|(_, to, _)| (*to..to + recovery).contains(&at)).max_by_key(|(_, to, _)| *to);
    match ended {
        _ if at < warm_up => Phase::WarmUp,
        Some((.., name)) => Phase::Recovery((*name).to_owned()),
        None => Phase::Steady,
    }
}

/// How an arrival's card fares: whether it can pay, at first or with the second card.
pub(super) fn can_pay(arrival: &Arrival) -> bool {
    let pays = match arrival.card {
        Card::Ok | Card::Mastercard | Card::Amex | Card::Discover | Card::Disputed => true,
        // Whether the holder authenticates is not planned to fail.
        Card::Authenticate | Card::AuthenticateUnlessSetUp => true,
        Card::Declined
        | Card::InsufficientFunds
        | Card::Lost
        | Card::Stolen
        | Card::Expired
        | Card::IncorrectCvc
        | Card::ProcessingError
        | Card::AuthenticateThenDeclined
        | Card::AttachesThenFails => false,
    };
    pays || arrival.manner.second_card
}
