//! Whether a plan is large enough to decide its objectives.

use super::build::can_pay;
use super::{Arrival, Phase, RunPlan};
use crate::judge::{Needed, observations_needed};
use crate::objective::{Measure, Objective, Scope};
use crate::scenario::Scenario;

/// One sentence for each objective that the plan cannot decide, however well the shop does.
#[must_use]
pub fn too_small(scenario: &Scenario, plan: &RunPlan) -> Vec<String> {
    scenario.objectives.iter().filter_map(|objective| verdict(scenario, plan, objective)).collect()
}

fn verdict(scenario: &Scenario, plan: &RunPlan, objective: &Objective) -> Option<String> {
    let Objective { measure, scope, .. } = objective;
    let subject = format!("{} ({})", measure.name(), scope.label());
    let sample = match measure {
        // How often a closed crowd comes is up to the shop.
        _ if scenario.traffic.crowd.is_some() => u64::MAX,
        Measure::CheckoutLatency(_)
        | Measure::StepLatency(..)
        | Measure::Availability
        | Measure::OrderCreation
        | Measure::PaymentAuthorisation => {
            plan.arrivals.iter().filter(|arrival| counts(scenario, plan, objective, arrival)).count() as u64
        }
        // What the shop asks of its providers is not in the plan.
        Measure::PartnerLatency(..)
        | Measure::PartnerErrors(_)
        | Measure::ProviderCallsPerOrder
        | Measure::ReconciliationDiscrepancies
        | Measure::SettlementDiscrepancies
        | Measure::TimeToRecover
        | Measure::CpuPerOrder => u64::MAX,
    };
    match observations_needed(objective, &scenario.objectives) {
        Needed::AtLeast(needed) if sample < needed => Some(format!(
            "{subject} needs at least {needed} observations to be decided, the plan has {sample}: extend the run or raise its rate"
        )),
        Needed::Unbounded => Some(format!("{subject} can be refuted but never proved: set its target below 100%")),
        Needed::AtLeast(_) | Needed::Any => None,
    }
}

/// Whether an arrival is part of an objective's sample, if all goes well.
fn counts(scenario: &Scenario, plan: &RunPlan, objective: &Objective, arrival: &Arrival) -> bool {
    let journey = &scenario.journeys[scenario.mix[arrival.mix as usize].journey];
    let in_scope = match &objective.scope {
        Scope::Run => true,
        Scope::Phase(label) => plan.phase_at(arrival.intended_us).label() == *label,
        Scope::OutsideFaults => match plan.phase_at(arrival.intended_us) {
            Phase::Steady | Phase::Recovery(_) => true,
            Phase::WarmUp | Phase::Fault(_) => false,
        },
    };
    let in_sample = match &objective.measure {
        Measure::StepLatency(step, _) => journey.steps.iter().any(|other| other.name == *step),
        _ => arrival.manner.abandons_at.is_none() && can_pay(arrival, journey),
    };
    in_scope && in_sample
}
