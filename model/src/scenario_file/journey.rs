//! Journeys and their steps.

use super::buy::{buy, part};
use super::desk::{At, Sees, Use};
use super::expressions::variable;
use super::form::{Form, Kind, defined, object};
use super::kinds::{Json, Spotted, case, choice, list, shapes, spotted, table};
use super::mistake::Spot;
use super::request::fill;
use super::scalars::{Scalar, chance, duration, name, number, parse_duration, some_time, text};
use crate::journey::{Action, Condition, Journey, Pause, Poll, Step};
use serde_json::json;
use std::time::Duration;

/// A journey, and what its steps need and set.
pub(super) struct JourneyDraft {
    pub journey: Journey,
    pub spot: Spot,
    pub steps: Vec<Vec<Exchange>>,
}

/// What one request of a step needs and sets.
pub(super) struct Exchange {
    pub uses: Vec<Use>,
    pub sets: Vec<String>,
    /// Whether it comes after other requests of its step.
    pub later: bool,
}

/// A journey, in a file of its own or inside the scenario.
pub(super) fn journey(form: &mut Form<'_>) -> Option<JourneyDraft> {
    let title = form.required("name", "Its name, unique in the scenario.", name());
    form.optional("description", "What it stands for.", text());
    let steps = form.required("steps", "What the shopper does, in order.", list(object("Step", step)));
    let spot = form.spot("name");
    let steps = steps?;
    if form.lists_nothing("steps") {
        form.wrong("steps", "has no steps", "a journey has at least one");
    }
    unique_steps(form, &steps);
    let (steps, exchanges): (Vec<_>, Vec<_>) =
        steps.into_iter().enumerate().map(|(index, draft)| draft.finish(index)).unzip();
    Some(JourneyDraft { journey: Journey { name: title?, steps }, spot, steps: exchanges })
}

fn unique_steps(form: &Form<'_>, steps: &[StepDraft]) {
    let Some(at) = form.at() else { return };
    let names: Vec<&Spotted<String>> = steps.iter().filter_map(|step| step.name.as_ref()).collect();
    for (index, name) in names.iter().enumerate() {
        if names[..index].iter().any(|earlier| earlier.value == name.value) {
            let problem = format!("is `{}`, as an earlier step is", name.value);
            at.desk.note(name.spot.clone(), problem, Some("give each step a name of its own".into()));
        }
    }
}

/// A step; without an action when that is wrong, which was noted.
pub(super) struct StepDraft {
    pub name: Option<Spotted<String>>,
    pub only_if: Option<Condition>,
    pub action: Option<Action>,
    pub exchanges: Vec<Exchange>,
}

impl StepDraft {
    pub fn finish(self, index: usize) -> (Step, Vec<Exchange>) {
        let name = self.name.map_or_else(|| format!("think-{}", index + 1), |name| name.value);
        let action = self.action.unwrap_or(Action::Think(Pause::Fixed(Duration::ZERO)));
        (Step { name, only_if: self.only_if, action }, self.exchanges)
    }
}

fn step(form: &mut Form<'_>) -> Option<StepDraft> {
    let buy = form.optional(
        "buy",
        "The request that can move money, and what a careful shopper does about it.",
        object("Buy", buy),
    );
    let mut draft = plain_step(form, &["think", "buy", "get", "post", "put", "patch", "delete"])?;
    if let Some((buy, parts)) = buy {
        draft.exchanges.extend(parts);
        draft.action = buy.map(|buy| Action::Buy(Box::new(buy)));
    }
    Some(draft)
}

/// A step that thinks or sends a request; `kinds` are the keys of which it has one.
pub(super) fn plain_step(form: &mut Form<'_>, kinds: &[&'static str]) -> Option<StepDraft> {
    let name =
        form.optional("name", "Its name, unique in the journey; only a think time goes without.", spotted(name()));
    let only_if =
        form.optional("if", "The step is skipped unless this holds; a name alone: the variable is set.", condition());
    let conditions = form.at().map(|at| at.desk.take_uses()).unwrap_or_default();
    let think = form.optional("think", "Waits: `300ms`, `200ms..800ms`, or drawn from a distribution.", pause());
    let poll = form.optional("poll", "Repeats the request until it reads `ok`.", object("Repeat", repeat));
    let request = fill(form, "none");
    let kind = form.one_key(kinds, "a step thinks, sends one request, or buys");
    if kind.is_some_and(|kind| kind != "think") && !form.has("name") {
        form.wrong("name", "lacks `name`", "reports and books name the step by it");
    }
    if let Some(kind @ ("think" | "buy")) = kind {
        alone(form, kind);
    }
    let mut exchanges = vec![Exchange { uses: conditions, sets: Vec::new(), later: false }];
    let action = match kind? {
        "think" => think.map(Action::Think),
        "buy" => None,
        _ => {
            let request = part(&mut exchanges, request, false);
            match poll {
                Some((every, deadline)) => {
                    request.map(|request| Action::Poll(Box::new(Poll { request, every, deadline })))
                }
                None => request.map(|request| Action::Request(Box::new(request))),
            }
        }
    };
    Some(StepDraft { name, only_if, action, exchanges })
}

/// Notes members of a request in a step that sends none by itself.
fn alone(form: &Form<'_>, kind: &str) {
    let of_requests =
        ["headers", "json", "form", "raw", "expect", "capture", "timeout", "redirects", "key", "refund", "poll"];
    for member in of_requests.into_iter().filter(|member| form.has(member)) {
        form.wrong(member, &format!("does not go with `{kind}`"), "write it in a request");
    }
}

fn repeat(form: &mut Form<'_>) -> Option<(Duration, Duration)> {
    let every = form.defaulted("every", "Pause between an answer and the next request.", "200ms", some_time());
    let deadline = form.defaulted("for", "How long at most.", "20s", some_time());
    Some((every?, deadline?))
}

/// When a step is taken.
fn condition() -> impl Kind<Value = Condition> {
    let equals = table(Json).and(|mut members, at: &At<'_>| {
        let one = (members.len() == 1).then(|| members.remove(0));
        let Some((name, value)) = one else {
            at.expected("one variable and its value", None);
            return None;
        };
        let mut words = name.value.split('.').map(str::to_owned);
        let variable = crate::template::Variable { name: words.next().unwrap_or_default(), members: words.collect() };
        at.desk.uses(variable, name.spot, Sees::Any);
        Some(Condition::Equals(name.value, value))
    });
    shapes().scalar(variable(Sees::Any).map(Condition::Set)).map(choice(vec![
        case("set", "The variable exists and is neither null nor false.", variable(Sees::Any).map(Condition::Set)),
        case("unset", "It does not.", variable(Sees::Any).map(Condition::Unset)),
        case("equals", "The variable equals the value.", equals),
        case("chance", "At random.", chance().map(Condition::Chance)),
    ]))
}

/// A think time.
pub(super) fn pause() -> impl Kind<Value = Pause> {
    let short = Scalar {
        parse: |text| match text.split_once("..") {
            None => parse_duration(text).map(Pause::Fixed),
            Some((from, to)) => {
                let (from, to) = (parse_duration(from)?, parse_duration(to)?);
                (from <= to).then_some(Pause::Uniform(from, to))
            }
        },
        expected: "a duration or a range of them",
        hint: Some("write `300ms` or `200ms..800ms`"),
        schema: || json!({ "type": "string", "pattern": "^[0-9.]+(us|ms|s|m|min|h)([.][.][0-9.]+(us|ms|s|m|min|h))?$" }),
    };
    defined(
        "Pause",
        shapes().scalar(short).map(object("LogNormal", |form| {
            let median = form.required("median", "Half are shorter.", duration());
            let sigma = form.required("sigma", "Standard deviation of the logarithm.", number());
            Some(Pause::LogNormal(median?, sigma?))
        })),
    )
}
