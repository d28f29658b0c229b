//! From drafts to a scenario: what can be wrong between one part of a file and another.

use super::actions::ActionDraft;
use super::desk::{At, Desk};
use super::faults::FaultDraft;
use super::kinds::Spotted;
use super::mistake::{likely, one_of};
use super::mix::MixDraft;
use super::top::Draft;
use super::{Overrides, objectives, targets, variables};
use crate::fault::Child;
use crate::journey::Journey;
use crate::scenario::{Fault, FaultTarget, MixEntry, Place, Providers, Reuse, RunAction, Scenario, Shop};
use crate::seed::Seed;
use crate::traffic::Traffic;
use std::collections::BTreeMap;
use std::time::Duration;

/// Puts a scenario together; none when something was missing, which was noted.
pub(super) fn assemble(desk: &Desk<'_>, at: &At<'_>, draft: Draft, overrides: Overrides) -> Option<Scenario> {
    targets::check(desk, &draft.allow_targets);
    let secrets = check_variables(desk, &draft);
    unique(desk, draft.journeys.iter().map(|journey| (&journey.journey.name, &journey.spot)), "journey");
    let journeys: Vec<Journey> = draft.journeys.into_iter().map(|draft| draft.journey).collect();
    let set_up = look_up(desk, &journeys, &draft.set_up);
    let tear_down = look_up(desk, &journeys, &draft.tear_down);
    let mix = mix(at, &journeys, draft.mix, &[&set_up, &tear_down]);
    unique(desk, draft.actions.iter().map(|draft| (&draft.name.value, &draft.name.spot)), "action");
    check_actions(desk, &draft.actions, draft.traffic.as_ref());
    let mut journeys = journeys;
    let mut actions = Vec::new();
    for draft in draft.actions {
        actions.push(RunAction { name: draft.name.value, at: draft.at, journey: journeys.len() });
        journeys.push(draft.journey.journey);
    }
    let seed = overrides.seed.or_else(|| draft.seed.map(Seed));
    check_faults(desk, &draft.faults, draft.traffic.as_ref());
    let providers = super::providers::settled(draft.providers, draft.shop.as_ref());
    check_reach(desk, &draft.faults, draft.shop.as_ref(), &providers);
    let faults: Vec<Fault> = draft.faults.into_iter().map(|draft| draft.fault).collect();
    if let Some(traffic) = &draft.traffic {
        let phases: Vec<String> =
            crate::plan::phases(traffic, &faults).iter().map(|window| window.phase.label()).collect();
        let steps: Vec<String> = mix.iter().flat_map(|entry| step_names(&journeys, entry.journey)).collect();
        objectives::check(at, &draft.objectives, &phases, &steps);
        check_size(at, traffic, &draft.feeders, seed);
    }
    let buys = mix.iter().any(|entry| journeys.get(entry.journey).is_some_and(Journey::buys));
    let law_spots = draft.laws.require.iter().map(|(law, _)| (law.value.clone(), law.spot.clone())).collect();
    let mut traffic = draft.traffic?;
    traffic.connections.authorities = draft.authorities;
    Some(Scenario {
        name: draft.name?,
        description: draft.description?,
        seed: seed?,
        shop: draft.shop?,
        providers,
        allow_targets: draft.allow_targets,
        traffic,
        headers: draft.headers,
        journeys,
        mix,
        set_up,
        tear_down,
        feeders: draft.feeders,
        faults,
        actions,
        take_events: draft.take_events,
        required_laws: draft.laws.require.into_iter().map(|(law, least)| (law.value, least)).collect(),
        law_directories: draft.laws.directories,
        objectives: objectives::settle(&draft.objectives, buys),
        settlement: draft.settlement?,
        record: draft.record?,
        secrets,
        law_spots,
        sources: Vec::new(),
    })
}

/// Notes variables that nothing sets; returns the environment variables that are used.
fn check_variables(desk: &Desk<'_>, draft: &Draft) -> Vec<String> {
    let columns: variables::Columns =
        draft.feeders.iter().map(|(name, feeder)| (name.clone(), feeder.columns.clone())).collect();
    variables::check_loose(desk, &draft.header_uses, &columns);
    let journeys = || draft.journeys.iter().chain(draft.actions.iter().map(|action| &action.journey));
    journeys().for_each(|journey| variables::check(desk, journey, &columns));
    let in_journeys = journeys().flat_map(|journey| &journey.steps).flatten().flat_map(|exchange| &exchange.uses);
    let mut secrets: Vec<String> =
        in_journeys.chain(&draft.header_uses).filter_map(|used| used.variable.secret().map(String::from)).collect();
    secrets.sort();
    secrets.dedup();
    secrets
}

/// Notes names that stand for two things.
fn unique<'a>(desk: &Desk<'_>, names: impl Iterator<Item = (&'a String, &'a super::Spot)>, what: &str) {
    let mut seen = std::collections::BTreeSet::new();
    for (name, spot) in names {
        if !seen.insert(name) {
            desk.note(
                spot.clone(),
                format!("is `{name}`, as an earlier {what} is"),
                Some(format!("give each {what} a name of its own")),
            );
        }
    }
}

fn find(desk: &Desk<'_>, journeys: &[Journey], name: &Spotted<String>) -> Option<usize> {
    let found = journeys.iter().position(|journey| journey.name == name.value);
    if found.is_none() {
        let names = || journeys.iter().map(|journey| journey.name.as_str());
        let hint = likely(&name.value, names()).map_or_else(
            || format!("the scenario has {}; add the file to `journeys`", one_of(names())),
            |word| format!("did you mean `{word}`?"),
        );
        desk.note(name.spot.clone(), format!("is `{}`, which is no journey of this scenario", name.value), Some(hint));
    }
    found
}

fn look_up(desk: &Desk<'_>, journeys: &[Journey], names: &[Spotted<String>]) -> Vec<usize> {
    names.iter().filter_map(|name| find(desk, journeys, name)).collect()
}

/// The mix; without one, all journeys alike that are neither set-up nor teardown.
fn mix(at: &At<'_>, journeys: &[Journey], drafts: Option<Vec<MixDraft>>, others: &[&[usize]]) -> Vec<MixEntry> {
    let Some(drafts) = drafts else {
        let shoppers = (0..journeys.len()).filter(|index| !others.iter().any(|other| other.contains(index)));
        return shoppers
            .map(|journey| MixEntry {
                journey,
                weight: 1.0,
                manners: crate::journey::Manners::default(),
                cards: vec![(crate::card::Card::Ok, 1.0)],
            })
            .collect();
    };
    if let Some(at) = at.member("mix") {
        super::mix::weights(&at, drafts.iter().map(|draft| draft.weight));
    }
    let entries = drafts.into_iter().filter_map(|draft| {
        let journey = find(at.desk, journeys, &draft.journey)?;
        Some(MixEntry { journey, weight: draft.weight, manners: draft.manners, cards: draft.cards })
    });
    entries.collect()
}

fn step_names(journeys: &[Journey], journey: usize) -> impl Iterator<Item = String> + '_ {
    journeys.get(journey).into_iter().flat_map(|journey| journey.steps.iter().map(|step| step.name.clone()))
}

/// Notes faults that share a name, or that end after the load.
fn check_faults(desk: &Desk<'_>, faults: &[FaultDraft], traffic: Option<&Traffic>) {
    unique(desk, faults.iter().map(|draft| (&draft.fault.name, &draft.name)), "fault");
    for draft in faults {
        let name = &draft.fault.name;
        if matches!(name.as_str(), "warm-up" | "steady" | "run") {
            desk.note(
                draft.name.clone(),
                format!("is `{name}`, which is a phase already"),
                Some("take another name".into()),
            );
        }
        let Some(run) = traffic.map(Traffic::duration).filter(|run| !run.is_zero()) else { continue };
        let end = draft.fault.at + draft.fault.lasts;
        if end > run {
            let problem = format!("ends at {}, after the run ({})", show(end), show(run));
            desk.note(draft.end.clone(), problem, Some("extend `traffic.shape` or shorten the fault".into()));
        }
    }
    check_one_at_a_time(desk, faults);
}

/// Notes faults that overlap where there is one thing only to harm: one write lock, one clock.
fn check_one_at_a_time(desk: &Desk<'_>, faults: &[FaultDraft]) {
    for (index, draft) in faults.iter().enumerate() {
        let fault = &draft.fault;
        let same_kind = |other: &Fault| match fault.target {
            FaultTarget::Store { .. } => matches!(other.target, FaultTarget::Store { .. }),
            FaultTarget::Clock { .. } => matches!(other.target, FaultTarget::Clock { .. }),
            FaultTarget::Provider { .. }
            | FaultTarget::Link { .. }
            | FaultTarget::Exchange { .. }
            | FaultTarget::Process { .. } => false,
        };
        let overlaps = |other: &Fault| fault.at < other.at + other.lasts && other.at < fault.at + fault.lasts;
        let earlier = faults[..index].iter().map(|draft| &draft.fault);
        if let Some(other) = earlier.into_iter().find(|other| same_kind(other) && overlaps(other)) {
            let problem = format!("overlaps with `{}` on the same thing", other.name);
            desk.note(draft.what.clone(), problem, Some("let one end before the other begins".into()));
        }
    }
}

/// Notes actions that are due after the load.
fn check_actions(desk: &Desk<'_>, actions: &[ActionDraft], traffic: Option<&Traffic>) {
    let Some(run) = traffic.map(Traffic::duration).filter(|run| !run.is_zero()) else { return };
    for draft in actions.iter().filter(|draft| draft.at > run) {
        let problem = format!("is due at {}, after the run ({})", show(draft.at), show(run));
        desk.note(draft.when.clone(), problem, Some("extend `traffic.shape`, or act earlier".into()));
    }
}

/// `95s`, `1.5s`, `250ms`.
fn show(time: Duration) -> String {
    if time < Duration::from_secs(1) { format!("{}ms", time.as_millis()) } else { format!("{}s", time.as_secs_f64()) }
}

/// Notes faults on what this run does not hold in its hands.
fn check_reach(desk: &Desk<'_>, faults: &[FaultDraft], shop: Option<&Shop>, providers: &Providers) {
    for draft in faults {
        let problem = match (&draft.fault.target, &providers.place) {
            (FaultTarget::Process { child: Child::Shop, .. }, _) if matches!(shop, Some(Shop::Own(_))) => {
                Some(("harms the shop, which this run does not start", "harm it with a tool of your own at that time"))
            }
            (FaultTarget::Store { .. } | FaultTarget::Clock { .. }, _) if matches!(shop, Some(Shop::Own(_))) => Some((
                "harms the reference shop, and this scenario's shop is not that",
                "harm your own store or clock with a tool of your own at that time",
            )),
            (FaultTarget::Process { child: Child::Providers, .. }, Place::Running { .. }) => {
                Some(("harms the providers, which this run does not start", "leave `providers.admin` out"))
            }
            (
                FaultTarget::Link { provider, .. } | FaultTarget::Exchange { provider, .. },
                Place::Running { proxy, .. },
            ) if !proxy.as_ref().is_some_and(|(_, names)| names.contains_key(provider)) => {
                Some(("is on a link without a proxy", "name the proxy of this provider in `providers.proxy.names`"))
            }
            (FaultTarget::Provider { provider, effect, .. }, _)
                if effect.is_about_webhooks() && !providers.tells(*provider) =>
            {
                Some((
                    "is on webhooks, of which none are sent",
                    "say where they go: `providers: {webhooks: {to: /webhooks/payment}}`; tax, shipping and warehouse send none",
                ))
            }
            (
                FaultTarget::Process { .. }
                | FaultTarget::Store { .. }
                | FaultTarget::Clock { .. }
                | FaultTarget::Link { .. }
                | FaultTarget::Exchange { .. }
                | FaultTarget::Provider { .. },
                _,
            ) => None,
        };
        if let Some((problem, hint)) = problem {
            desk.note(draft.what.clone(), problem.into(), Some(hint.into()));
        }
    }
}

/// More arrivals than a plan may hold.
const ARRIVALS_MAX: f64 = 20_000_000.0;

/// Notes plans that are too large, and feeders that are too small for them.
fn check_size(at: &At<'_>, traffic: &Traffic, feeders: &BTreeMap<String, crate::scenario::Feeder>, seed: Option<Seed>) {
    let expected = traffic.expected_arrivals();
    if expected > ARRIVALS_MAX {
        let spot = at.member("traffic").map_or_else(|| at.spot(), |traffic| traffic.spot());
        at.desk.note(
            spot,
            format!("plans {expected:.0} arrivals, expected at most {ARRIVALS_MAX}"),
            Some("lower the rates, or shorten the run".into()),
        );
        return;
    }
    let once = feeders.iter().filter(|(_, feeder)| feeder.reuse == Reuse::Once);
    for (name, feeder) in once {
        let spot = || at.member("feeders").and_then(|at| at.member(name)).map_or_else(|| at.spot(), |at| at.spot());
        if traffic.crowd.is_some() {
            let problem = "gives each row once, and a closed model comes as often as the shop lets it".into();
            at.desk.note(spot(), problem, Some("set `reuse: cycle`".into()));
            continue;
        }
        let Some(seed) = seed else { return };
        let arrivals = crate::plan::instants(traffic, seed).len();
        if feeder.rows.len() < arrivals {
            let problem = format!("has {} rows for {arrivals} arrivals, each to be used once", feeder.rows.len());
            at.desk.note(spot(), problem, Some("add rows, or set `reuse: cycle`".into()));
        }
    }
}
