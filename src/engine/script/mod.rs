//! The scenario's journeys made ready to be walked many times: variables are places, fixed parts are written out.

mod call;
mod expect;
mod place;
mod text;
mod way;

use call::ShopCalls;
pub use call::{Call, CallError, Payload, Scope, Target};
pub use expect::{Captured, Checked, Expected, From, When};
pub use place::{Own, Place};
pub use text::{JsonText, Text};
pub use way::{Leg, Way};

use super::address::Base;
use http::HeaderValue;
use model::journey::{self, Part, Pause, Request};
use model::scenario::{Feeder, Reuse, Scenario};
use model::template::{JsonTemplate, Template};
use place::Places;
use serde_json::{Map, Value, json};
use std::time::Duration;
use thiserror::Error;

/// Why a journey cannot be made ready.
#[derive(Debug, Error)]
#[error("prepare step `{step}` of journey `{journey}`")]
pub struct ScriptError {
    journey: String,
    step: String,
    source: CallError,
}

/// All journeys of a scenario.
#[derive(Debug)]
pub struct Script {
    /// As in the scenario.
    pub journeys: Vec<Journey>,
    /// Journey and step of each row of the timings.
    pub rows: Vec<(String, String)>,
    /// Rows for shoppers, in the order of their names.
    pub feeders: Vec<Feeder>,
    /// The shop's address.
    pub shop: Base,
    /// Row of the making of connections.
    pub connect_row: usize,
    /// Row of the securing of connections.
    pub handshake_row: usize,
}

/// A way through the shop.
#[derive(Debug)]
pub struct Journey {
    /// In order.
    pub steps: Vec<Step>,
    /// Names of the captured variables.
    pub slots: Vec<String>,
}

/// One thing that a shopper does.
#[derive(Debug)]
pub struct Step {
    /// Its name.
    pub name: String,
    /// The step is skipped unless this holds.
    pub only_if: Option<When>,
    /// What is done.
    pub action: Action,
}

/// What is done in a step.
#[derive(Debug)]
pub enum Action {
    /// Nothing, for a while.
    Think(Pause),
    /// One request.
    Request(Call),
    /// One request, again and again.
    Poll(Poll),
    /// The request that can move money.
    Buy(Box<Buy>),
}

/// A request repeated until a condition holds.
#[derive(Debug)]
pub struct Poll {
    /// What is asked.
    pub call: Call,
    /// From the end of one answer to the next request.
    pub every: Duration,
    /// From the first request.
    pub deadline: Duration,
}

/// The step that buys.
#[derive(Debug)]
pub struct Buy {
    /// The submission.
    pub submit: Call,
    /// The total that was shown last.
    pub shown_total: Option<Text>,
    /// Its currency.
    pub currency: Option<Text>,
    /// What was put in the cart.
    pub basket: Option<JsonText>,
    /// The address that was given.
    pub ship_to: Option<JsonText>,
    /// The shop's account.
    pub account: Option<Text>,
    /// The promotion that the shop said yes to.
    pub promotion: Option<Text>,
    /// Slot of the order number, when anything captures it.
    pub order: Option<usize>,
    /// Slot of the total answered.
    pub total: Option<usize>,
    /// Asked before buying again.
    pub look: Option<Call>,
    /// Asked while an order is pending.
    pub settle: Option<Poll>,
    /// The browser's part in the payment.
    pub action: Vec<Act>,
    /// What only it captures: forgotten before it is carried out again.
    pub action_slots: Vec<usize>,
    /// Sent in another tab while paying.
    pub edit: Option<Call>,
    /// Sent after a decline.
    pub second_card: Option<Call>,
    /// Sent by shoppers who change their mind.
    pub cancel: Option<Call>,
}

/// A step of the browser's part in a payment.
#[derive(Debug)]
pub struct Act {
    /// The step; it never buys.
    pub step: Step,
    /// What its request is for.
    pub part: Part,
}

impl Script {
    /// Makes the journeys of the scenario ready; `fixed` are the variables that are the same for the whole run.
    pub fn compile(
        scenario: &Scenario,
        shop: Base,
        run: &str,
        fixed: &Map<String, Value>,
    ) -> Result<Self, ScriptError> {
        let mut fixed = fixed.clone();
        fixed.insert("run".into(), json!({ "id": run }));
        let run = HeaderValue::from_str(run).map_err(|_| ScriptError {
            journey: String::new(),
            step: String::new(),
            source: CallError::HeaderValue("doorbuster-run".into()),
        })?;
        let mut rows = Vec::new();
        let mut journeys = Vec::new();
        for journey in &scenario.journeys {
            let captured = captured_names(journey);
            let places = Places::new(captured.clone(), &scenario.feeders, &fixed);
            let calls = ShopCalls { base: &shop, defaults: &scenario.headers, run: &run };
            let mut desk = Desk { journey, calls, places, rows: &mut rows };
            let steps = journey.steps.iter().map(|step| desk.step(step)).collect::<Result<_, _>>()?;
            journeys.push(Journey { steps, slots: captured.into_iter().map(str::to_owned).collect() });
        }
        let feeders = scenario.feeders.values().cloned().collect();
        // No step of a journey can be called so.
        let [connect_row, handshake_row] = ["(connect)", "(tls)"].map(|step| {
            rows.push(("(connections)".into(), step.into()));
            rows.len() - 1
        });
        Ok(Self { journeys, rows, feeders, shop, connect_row, handshake_row })
    }

    /// The feeder's value for an arrival; none when the rows ran out.
    pub fn fed(&self, feeder: usize, column: usize, arrival: u64) -> Option<&str> {
        let feeder = self.feeders.get(feeder)?;
        let row = match feeder.reuse {
            Reuse::Once => arrival as usize,
            Reuse::Cycle => (arrival as usize).checked_rem(feeder.rows.len())?,
        };
        feeder.rows.get(row)?.get(column).map(String::as_str)
    }
}

/// Everything that making the steps of one journey ready needs.
struct Desk<'a> {
    journey: &'a journey::Journey,
    calls: ShopCalls<'a>,
    places: Places<'a>,
    rows: &'a mut Vec<(String, String)>,
}

impl Desk<'_> {
    fn step(&mut self, step: &journey::Step) -> Result<Step, ScriptError> {
        self.try_step(step).map_err(|source| ScriptError {
            journey: self.journey.name.clone(),
            step: step.name.clone(),
            source,
        })
    }

    fn try_step(&mut self, step: &journey::Step) -> Result<Step, CallError> {
        let only_if = step.only_if.as_ref().map(|only_if| When::compile(only_if, &self.places)).transpose()?;
        let action = match &step.action {
            journey::Action::Think(pause) => Action::Think(*pause),
            journey::Action::Request(request) => Action::Request(self.call(request, step.name.clone())?),
            journey::Action::Poll(poll) => Action::Poll(self.poll(poll, step.name.clone())?),
            journey::Action::Buy(buy) => Action::Buy(Box::new(self.buy(buy, &step.name)?)),
        };
        Ok(Step { name: step.name.clone(), only_if, action })
    }

    fn buy(&mut self, buy: &journey::Buy, step: &str) -> Result<Buy, CallError> {
        let text = |text: &Option<Template>, places: &Places| {
            text.as_ref().map(|text| Text::compile(text, places)).transpose()
        };
        let json = |json: &Option<JsonTemplate>, places: &Places| {
            json.as_ref().map(|json| JsonText::compile(json, places)).transpose()
        };
        let named = |part: &str| format!("{step}/{part}");
        Ok(Buy {
            shown_total: text(&buy.shown_total, &self.places)?,
            currency: text(&buy.currency, &self.places)?,
            basket: json(&buy.basket, &self.places)?,
            ship_to: json(&buy.ship_to, &self.places)?,
            account: text(&buy.account, &self.places)?,
            promotion: text(&buy.promotion, &self.places)?,
            order: self.places.slot(&buy.order),
            total: buy.total.as_deref().and_then(|total| self.places.slot(total)),
            submit: self.call(&buy.submit, step.into())?,
            look: buy.look.as_ref().map(|look| self.call(look, named("look"))).transpose()?,
            settle: buy.settle.as_ref().map(|settle| self.poll(settle, named("settle"))).transpose()?,
            action: buy.action.iter().map(|act| self.act(act, step)).collect::<Result<_, _>>()?,
            action_slots: own_slots(buy, &self.places),
            edit: buy.edit.as_ref().map(|call| self.call(call, named("edit"))).transpose()?,
            second_card: buy.second_card.as_ref().map(|call| self.call(call, named("second_card"))).transpose()?,
            cancel: buy.cancel.as_ref().map(|call| self.call(call, named("cancel"))).transpose()?,
        })
    }

    fn act(&mut self, act: &journey::Act, step: &str) -> Result<Act, CallError> {
        let name = format!("{step}/{}", act.step.name);
        let step = self.try_step(&journey::Step { name, ..act.step.clone() })?;
        Ok(Act { step, part: act.part })
    }

    fn poll(&mut self, poll: &journey::Poll, name: String) -> Result<Poll, CallError> {
        Ok(Poll { call: self.call(&poll.request, name)?, every: poll.every, deadline: poll.deadline })
    }

    fn call(&mut self, request: &Request, name: String) -> Result<Call, CallError> {
        let row = self.rows.len();
        self.rows.push((self.journey.name.clone(), name));
        Call::compile(request, row, &self.calls, &self.places)
    }
}

/// Names of the variables that steps of the journey capture, each once.
fn captured_names(journey: &journey::Journey) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    for request in journey.steps.iter().flat_map(|step| requests(&step.action)) {
        for capture in &request.captures {
            if !names.contains(&capture.name.as_str()) {
                names.push(&capture.name);
            }
        }
    }
    names
}

/// Slots of what only the browser's part of a purchase captures.
fn own_slots(buy: &journey::Buy, places: &Places) -> Vec<usize> {
    let settle = buy.settle.as_ref().map(|settle| &settle.request);
    let others = std::iter::once(&buy.submit).chain(&buy.look).chain(settle).chain(&buy.second_card);
    let known: Vec<&str> = others.flat_map(|request| &request.captures).map(|capture| capture.name.as_str()).collect();
    let acts = buy.action.iter().flat_map(|act| requests(&act.step.action)).flat_map(|request| &request.captures);
    let own = acts.map(|capture| capture.name.as_str()).filter(|name| !known.contains(name));
    own.filter_map(|name| places.slot(name)).collect()
}

fn requests(action: &journey::Action) -> Vec<&Request> {
    match action {
        journey::Action::Think(_) => Vec::new(),
        journey::Action::Request(request) => vec![request],
        journey::Action::Poll(poll) => vec![&poll.request],
        journey::Action::Buy(buy) => std::iter::once(&buy.submit)
            .chain(&buy.look)
            .chain(buy.settle.as_ref().map(|settle| &settle.request))
            .chain(buy.action.iter().flat_map(|act| requests(&act.step.action)))
            .chain(&buy.edit)
            .chain(&buy.second_card)
            .chain(&buy.cancel)
            .collect(),
    }
}
