//! From a scenario to its plan: every draw that can be made before byte one.

use super::{Arrival, Manner, Phase, PhaseWindow, RunPlan, Submits};
use crate::card::Card;
use crate::journey::{Journey, Manners, Part};
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

/// Who comes when a user of a closed model begins another walk: decided by the user and the walk, whenever that is.
#[must_use]
pub fn visit(scenario: &Scenario, user: u64, walk: u64, number: u64, begun_us: u64) -> Arrival {
    arrival(scenario, number, begun_us, visit_seed(scenario.seed, user, walk))
}

/// The seed of one walk of one user of a closed model.
#[must_use]
pub fn visit_seed(seed: Seed, user: u64, walk: u64) -> Seed {
    seed.fork("crowd").fork_nth(user).fork_nth(walk)
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
    let wont = &entry.manners;
    let leaves = unit(rng) < wont.abandons;
    let later_steps = journey.steps.len().saturating_sub(1);
    let step = 1 + (unit(rng) * later_steps as f64) as u32;
    let submits = unit(rng);
    let gap_us = (unit(rng) * wont.double_gap.as_micros() as f64) as u64;
    Manner {
        abandons_at: (leaves && later_steps > 0).then_some(step),
        submits: if submits < wont.double_clicks {
            Submits::DoubleClick { gap_us }
        } else if submits < wont.double_clicks + wont.second_tabs {
            Submits::SecondTab { gap_us }
        } else {
            Submits::Once
        },
        repeats: wont.repeats,
        looks: unit(rng) < wont.looks,
        second_card: unit(rng) < wont.second_cards,
        cancels: unit(rng) < wont.cancels,
        ..browsers_part(wont, journey, rng)
    }
}

/// The manners around the browser's part in a payment; drawn last, for plans of earlier scenarios stay as they were.
fn browsers_part(wont: &Manners, journey: &Journey, rng: &mut ChaCha8Rng) -> Manner {
    let acts = journey.purchase().map_or(0, |buy| buy.action.len());
    let closes = unit(rng) < wont.close_tabs;
    let act = (unit(rng) * acts as f64) as u32;
    let fails_challenge = unit(rng) < wont.fail_challenges;
    let edits = unit(rng) < wont.edit_carts;
    let after_us = (unit(rng) * wont.edit_within.as_micros() as f64) as u64;
    Manner {
        closes_tab_at: (closes && acts > 0).then_some(act),
        fails_challenge,
        edits_after_us: edits.then_some(after_us),
        returns_twice: unit(rng) < wont.return_twice,
        ..Manner::default()
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

/// Whether an arrival comes to pay, at first or with the second card, if the shop does its part.
pub(super) fn can_pay(arrival: &Arrival, journey: &Journey) -> bool {
    let Some(buy) = journey.purchase() else { return false };
    let manner = &arrival.manner;
    let confirms = buy.action.iter().any(|act| act.part == Part::Confirm);
    let asks = authenticates(arrival.card);
    if manner.closes_tab_at.is_some() && !buy.action.is_empty() && (confirms || asks) {
        return false;
    }
    let pays = match arrival.card {
        Card::Ok | Card::Mastercard | Card::Amex | Card::Discover | Card::Disputed => true,
        // Without the browser's part in the journey nobody answers the challenge.
        Card::Authenticate | Card::AuthenticateUnlessSetUp => !buy.action.is_empty() && !manner.fails_challenge,
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
    pays || (manner.second_card && buy.second_card.is_some() && (!asks || !buy.action.is_empty()))
}

/// Whether the issuer asks the holder to authenticate.
const fn authenticates(card: Card) -> bool {
    match card {
        Card::Authenticate | Card::AuthenticateUnlessSetUp | Card::AuthenticateThenDeclined => true,
        Card::Ok
        | Card::Mastercard
        | Card::Amex
        | Card::Discover
        | Card::Declined
        | Card::InsufficientFunds
        | Card::Lost
        | Card::Stolen
        | Card::Expired
        | Card::IncorrectCvc
        | Card::ProcessingError
        | Card::AttachesThenFails
        | Card::Disputed => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journey::{Act, Action, Body, Buy, KeyUse, Pause, Redirects, Request, Step};
    use crate::template::Template;

    fn journey(action: Vec<Act>) -> Journey {
        let submit = Request {
            method: "POST".into(),
            target: Template::parse("/checkout").expect("a template"),
            headers: Vec::new(),
            body: Body::Empty,
            redirects: Redirects::Keep,
            timeout: Duration::from_secs(1),
            key: KeyUse::Step,
            expect: Vec::new(),
            captures: Vec::new(),
            refund: None,
        };
        let buy = Buy {
            basket: None,
            ship_to: None,
            account: None,
            promotion: None,
            second_card: Some(submit.clone()),
            submit,
            shown_total: None,
            currency: None,
            order: "order".into(),
            total: None,
            look: None,
            settle: None,
            action,
            edit: None,
            cancel: None,
        };
        let step = Step { name: "checkout".into(), only_if: None, action: Action::Buy(Box::new(buy)) };
        Journey { name: "buys".into(), steps: vec![step] }
    }

    fn act(part: Part) -> Act {
        let action = Action::Think(Pause::Fixed(Duration::ZERO));
        Act { step: Step { name: "act".into(), only_if: None, action }, part }
    }

    #[test]
    fn who_must_authenticate_pays_only_where_somebody_does() {
        let arrival = |card, manner| Arrival { number: 0, intended_us: 0, mix: 0, card, manner, seed: Seed(1) };
        let pays = |card, manner, journey: &Journey| can_pay(&arrival(card, manner), journey);
        let (plain, asking, session) =
            (journey(Vec::new()), journey(vec![act(Part::Authenticate)]), journey(vec![act(Part::Confirm)]));
        let careful = Manner::default();
        assert!(!pays(Card::Authenticate, careful, &plain));
        assert!(pays(Card::Authenticate, careful, &asking));
        assert!(!pays(Card::AuthenticateThenDeclined, careful, &asking));

        let fails = Manner { fails_challenge: true, ..careful };
        assert!(!pays(Card::Authenticate, fails, &asking));
        assert!(pays(Card::Authenticate, Manner { second_card: true, ..fails }, &asking));
        assert!(pays(Card::Ok, fails, &asking), "nobody asks");

        let closes = Manner { closes_tab_at: Some(0), ..careful };
        assert!(!pays(Card::Authenticate, closes, &asking));
        assert!(pays(Card::Ok, closes, &asking), "there is no tab to close");
        assert!(!pays(Card::Ok, closes, &session));
    }
}
