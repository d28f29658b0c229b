//! `actions`: requests on the run clock, such as flipping a flag, scaling out or purging a cache.

use super::form::{Form, object};
use super::journey::{Exchange, JourneyDraft};
use super::kinds::{Spotted, spotted};
use super::mistake::Spot;
use super::request::keyless;
use super::scalars::{duration, name};
use crate::journey::{Action, Journey, Step};
use std::time::Duration;

/// An action, as a journey of one step.
pub(super) struct ActionDraft {
    pub name: Spotted<String>,
    pub at: Duration,
    pub when: Spot,
    pub journey: JourneyDraft,
}

/// An entry of `actions`.
pub(super) fn action(form: &mut Form<'_>) -> Option<ActionDraft> {
    let title = form.required("name", "Its name, for the report.", spotted(name()));
    let at = form.required("at", "When, from the start of the load.", duration());
    let call = form.required(
        "call",
        "The request: a path of the shop, or a full address; anything that does not read `ok` is told in the report.",
        object("Request", keyless),
    );
    let (title, call) = (title?, call?);
    let step = Step { name: title.value.clone(), only_if: None, action: Action::Request(Box::new(call.value?)) };
    let exchange = Exchange { uses: call.uses, sets: call.sets, later: false };
    Some(ActionDraft {
        at: at?,
        when: form.spot("at"),
        journey: JourneyDraft {
            journey: Journey { name: format!("action {}", title.value), steps: vec![step] },
            spot: title.spot.clone(),
            steps: vec![vec![exchange]],
        },
        name: title,
    })
}
