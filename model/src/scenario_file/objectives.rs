//! `objectives`: targets for measures, outside faults or in a phase.

use super::desk::At;
use super::form::{Book, Kind};
use super::kinds::Spotted;
use super::mistake::{Spot, likely};
use super::node::NodeKind;
use super::scalars::{count, duration, number, share};
use crate::fault::Provider;
use crate::objective::{Measure, Objective, Scope, Target, Unit};
use serde_json::{Value, json};

/// Objectives as the file has them.
pub(super) struct ObjectivesDraft {
    pub objectives: Vec<Spotted<Objective>>,
    /// Measures that are not wanted.
    pub off: Vec<Measure>,
}

/// `objectives`.
pub(super) struct Objectives;

impl Kind for Objectives {
    type Value = ObjectivesDraft;

    fn read(&self, at: &At<'_>) -> Option<ObjectivesDraft> {
        let mut draft = ObjectivesDraft { objectives: Vec::new(), off: Vec::new() };
        read_members(at, None, &mut draft);
        if let Some(phases) = at.member("in") {
            let NodeKind::Map(members) = &phases.node.kind else {
                phases.expected("a mapping from phases to objectives", None);
                return None;
            };
            for (key, node) in members {
                let scope = if key.name == "run" { Scope::Run } else { Scope::Phase(key.name.clone()) };
                read_members(&phases.value(key, node), Some(&scope), &mut draft);
            }
        }
        Some(draft)
    }

    fn schema(&self, _: &mut Book) -> Value {
        let targets = json!({ "anyOf": [{ "type": "number", "minimum": 0 }, { "type": "string" }] });
        json!({
            "type": "object",
            "properties": { "in": {
                "type": "object",
                "description": "Targets in a phase: `warm-up`, `steady`, a fault's name, `after NAME`, or the whole `run`.",
                "additionalProperties": { "type": "object", "propertyNames": { "pattern": PATTERN }, "additionalProperties": targets }
            } },
            "propertyNames": { "anyOf": [{ "const": "in" }, { "pattern": PATTERN }] },
            "additionalProperties": targets
        })
    }
}

/// Names of measures.
const PATTERN: &str = "^(checkout_p[0-9.]+|step_p[0-9.]+:.+|(payment|backup_payment|tax|fraud|shipping|warehouse)_(p[0-9.]+|errors)|availability|order_creation|payment_authorisation|provider_calls_per_order|reconciliation_discrepancies|settlement_discrepancies|time_to_recover|cpu_per_order)$";

/// One of each name, for hints.
const NAMES: [&str; 13] = [
    "checkout_p95",
    "checkout_p99",
    "availability",
    "order_creation",
    "payment_authorisation",
    "provider_calls_per_order",
    "payment_p95",
    "payment_errors",
    "tax_errors",
    "reconciliation_discrepancies",
    "settlement_discrepancies",
    "time_to_recover",
    "cpu_per_order",
];

fn read_members(at: &At<'_>, scope: Option<&Scope>, draft: &mut ObjectivesDraft) {
    let NodeKind::Map(members) = &at.node.kind else {
        at.expected("a mapping from measures to targets", None);
        return;
    };
    for (key, node) in members.iter().filter(|(key, _)| scope.is_some() || key.name != "in") {
        let Some(measure) = measure(&key.name) else {
            let hint = likely(&key.name, NAMES).map_or_else(
                || format!("measures are {}, and others like them", NAMES.join(", ")),
                |word| format!("did you mean `{word}`?"),
            );
            at.key(key).wrong("is not a measure", Some(hint));
            continue;
        };
        read_target(&at.value(key, node), measure, scope, draft);
    }
}

fn read_target(at: &At<'_>, measure: Measure, scope: Option<&Scope>, draft: &mut ObjectivesDraft) {
    if matches!(&at.node.kind, NodeKind::Scalar { text, .. } if text == "off") {
        if scope.is_some() {
            at.wrong("is `off` in a phase", Some("leave it out: phases have no objectives of their own accord".into()));
        }
        draft.off.push(measure);
        return;
    }
    let value = match measure.unit() {
        Unit::Milliseconds => duration().read(at).map(|time| time.as_secs_f64() * 1e3),
        Unit::Seconds => duration().read(at).map(|time| time.as_secs_f64()),
        Unit::Ratio => share().read(at),
        Unit::Count if measure == Measure::ReconciliationDiscrepancies => count().read(at).map(|count| count as f64),
        Unit::Count => number().read(at),
    };
    let Some(value) = value else { return };
    let target = if measure.more_is_better() { Target::AtLeast(value) } else { Target::AtMost(value) };
    let scope = scope.cloned().unwrap_or_else(|| measure.natural_scope());
    draft.objectives.push(Spotted { value: Objective { measure, scope, target }, spot: at.spot() });
}

/// The measure of that name.
fn measure(name: &str) -> Option<Measure> {
    let fixed = [
        Measure::Availability,
        Measure::OrderCreation,
        Measure::PaymentAuthorisation,
        Measure::ProviderCallsPerOrder,
        Measure::ReconciliationDiscrepancies,
        Measure::SettlementDiscrepancies,
        Measure::TimeToRecover,
        Measure::CpuPerOrder,
    ];
    if let Some(measure) = fixed.into_iter().find(|measure| measure.name() == name) {
        return Some(measure);
    }
    let partner = Provider::ALL.into_iter().find_map(|provider| {
        let rest = name.strip_prefix(provider.name())?.strip_prefix('_')?;
        if rest == "errors" {
            Some(Measure::PartnerErrors(provider))
        } else {
            Some(Measure::PartnerLatency(provider, permille(rest)?))
        }
    });
    if partner.is_some() {
        return partner;
    }
    let (what, rest) = name.split_once('_')?;
    match what {
        "checkout" => permille(rest).map(Measure::CheckoutLatency),
        "step" => {
            let (quantile, step) = rest.split_once(':')?;
            Some(Measure::StepLatency(step.to_owned(), permille(quantile)?))
        }
        _ => None,
    }
}

/// 950 for `p95`, 999 for `p99.9`.
fn permille(quantile: &str) -> Option<u16> {
    let percent: f64 = quantile.strip_prefix('p')?.parse().ok()?;
    let permille = (percent * 10.0).round();
    ((permille / 10.0 - percent).abs() < 1e-9 && (1.0..1000.0).contains(&permille)).then_some(permille as u16)
}

/// What counts outside fault phases when a scenario says nothing else; see the methodology.
pub(super) fn defaults() -> Vec<Objective> {
    let of = |measure: Measure, target| Objective { scope: measure.natural_scope(), measure, target };
    vec![
        of(Measure::Availability, Target::AtLeast(0.999)),
        of(Measure::PaymentAuthorisation, Target::AtLeast(0.97)),
        of(Measure::OrderCreation, Target::AtLeast(0.995)),
        of(Measure::CheckoutLatency(950), Target::AtMost(500.0)),
    ]
}

/// The objectives of a run: those of the file, and the defaults that it neither sets nor turns off.
pub(super) fn settle(draft: &ObjectivesDraft, buys: bool) -> Vec<Objective> {
    let mut objectives: Vec<Objective> = Vec::new();
    for default in defaults().into_iter().filter(|_| buys) {
        let is_set = draft
            .objectives
            .iter()
            .any(|objective| objective.value.measure == default.measure && objective.value.scope == default.scope);
        if !is_set && !draft.off.contains(&default.measure) {
            objectives.push(default);
        }
    }
    objectives.extend(draft.objectives.iter().map(|objective| objective.value.clone()));
    objectives.sort_by(|a, b| (&a.scope, &a.measure).cmp(&(&b.scope, &b.measure)));
    objectives
}

/// Notes objectives of phases and steps that there are not.
pub(super) fn check(at: &At<'_>, draft: &ObjectivesDraft, phases: &[String], steps: &[String]) {
    let mut phases = phases.to_vec();
    phases.sort_unstable();
    phases.dedup();
    for Spotted { value, spot } in &draft.objectives {
        if let Scope::Phase(label) = &value.scope
            && !phases.contains(label)
        {
            let hint = likely(label, phases.iter().map(String::as_str))
                .map_or_else(|| format!("phases are {}", phases.join(", ")), |word| format!("did you mean `{word}`?"));
            note(at, spot, format!("counts in `{label}`, which is no phase of this run"), hint);
        }
        if let Measure::StepLatency(step, _) = &value.measure
            && !steps.contains(step)
        {
            let hint = likely(step, steps.iter().map(String::as_str))
                .map_or_else(|| "name a step of a journey in the mix".into(), |word| format!("did you mean `{word}`?"));
            note(at, spot, format!("measures the step `{step}`, which no journey has"), hint);
        }
    }
}

fn note(at: &At<'_>, spot: &Spot, problem: String, hint: String) {
    at.desk.note(spot.clone(), problem, Some(hint));
}
