//! Webhooks: events on their way to an endpoint, and the faults that meet them there.

mod client;
mod deliver;
mod dress;
mod forge;
mod queue;
mod signature;

use std::sync::Arc;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;

use model::fault::{Effect, Provider};

use crate::accounts::Endpoint;
use crate::rules::Facts;
use crate::sheet::json;
use crate::store::{Table, Write};
use crate::turn::{Happened, Turn};

pub(crate) use client::Client;
pub(crate) use deliver::run;
pub(crate) use queue::Queue;
pub(crate) use signature::hmac_hex;

/// The version of Stripe's objects that are told.
pub(crate) const API_VERSION: &str = "2024-06-20";

/// An event as Stripe tells it.
#[derive(Serialize)]
pub(crate) struct EventView<'a, T> {
    pub(crate) id: &'a str,
    pub(crate) object: &'static str,
    pub(crate) api_version: &'static str,
    pub(crate) created: i64,
    pub(crate) data: EventObject<'a, T>,
    pub(crate) livemode: bool,
    pub(crate) pending_webhooks: usize,
    pub(crate) request: EventCause<'a>,
    #[serde(rename = "type")]
    pub(crate) kind: &'static str,
}

#[derive(Serialize)]
pub(crate) struct EventObject<'a, T> {
    pub(crate) object: &'a T,
}

#[derive(Serialize)]
pub(crate) struct EventCause<'a> {
    pub(crate) id: Option<&'a str>,
    pub(crate) idempotency_key: Option<&'a str>,
}

/// The object that an event tells of, within the event's text: what begins and ends it stands in no string of JSON as it is.
pub(crate) fn object_in(event: &Bytes) -> Bytes {
    let (before, after) = (br#""data":{"object":"#, br#"},"livemode":"#);
    let begin = event.windows(before.len()).position(|text| text == before).map_or(0, |at| at + before.len());
    let end = event.windows(after.len()).rposition(|text| text == after).unwrap_or(event.len());
    event.slice(begin.min(end)..end)
}

/// An event on its way to one endpoint, as the store keeps it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Delivery {
    pub(crate) n: i64,
    #[serde(default = "first_provider")]
    pub(crate) provider: Provider,
    pub(crate) event: i64,
    pub(crate) event_id: String,
    pub(crate) kind: String,
    pub(crate) account: i64,
    pub(crate) endpoint: i64,
    pub(crate) run: Option<String>,
    pub(crate) intent: Option<String>,
    pub(crate) order: Option<String>,
    pub(crate) parent: String,
    /// Webhooks of one order, or of one payment without an order, are one group.
    pub(crate) group: String,
    /// Attempts so far.
    pub(crate) attempts: u32,
    pub(crate) due_us: i64,
    /// Whether a fault added it.
    pub(crate) is_copy: bool,
    /// Whether a stranger sends it: what it tells is made up.
    #[serde(default)]
    pub(crate) is_forged: bool,
    /// Whether a fault destroys it.
    pub(crate) is_lost: bool,
    /// The rule that holds it until a newer one of its group is delivered.
    pub(crate) reordered_by: Option<String>,
    /// Rule and effect that met it.
    pub(crate) fault: Option<(String, String)>,
}

/// Whose deliveries they are that do not say so.
const fn first_provider() -> Provider {
    Provider::Payment
}

impl Delivery {
    pub(crate) fn write(&self) -> Write {
        let body = json(self);
        Write::Put { table: Table::Delivery, n: self.n, account: self.account, tag: None, body }
    }
}

/// A delivery that was just decided.
#[derive(Debug)]
pub(crate) struct Outgoing {
    delivery: Delivery,
    payload: Bytes,
    /// Dropped when the first attempt is over.
    early: Option<oneshot::Sender<()>>,
    arrived: Option<oneshot::Receiver<()>>,
}

impl Outgoing {
    /// What resolves when the first attempt is over, if an answer waits for it.
    pub(crate) const fn take_early(&mut self) -> Option<oneshot::Receiver<()>> {
        self.arrived.take()
    }
}

/// Queues an event for an endpoint, with whatever the rules make of it.
pub(crate) fn queue<T>(
    turn: &mut Turn<'_>,
    event: &Happened<'_, T>,
    n: i64,
    id: &str,
    endpoint: &Arc<Endpoint>,
    payload: &Bytes,
) {
    let context = turn.context;
    let group = turn.labels.order.clone().unwrap_or_else(|| event.payment.to_string());
    let (hits, matched) = turn.rules.plan_webhook(&Facts {
        provider: context.provider,
        run: context.caller.run.as_deref(),
        method: "POST",
        path: "",
        brand: event.brand,
        country: None,
        currency: None,
        amount_minor: Some(event.amount_minor),
        event: Some(event.kind),
        mark: event.intent.or(context.key.as_ref().map(|key| key.text.as_str())).unwrap_or(&group),
        key: context.key.as_ref().map(|key| key.text.as_str()),
    });
    turn.writes.extend(matched.iter().filter_map(|rule| rule.write()));
    let mut delivery = Delivery {
        n: turn.books.deliveries.take(),
        provider: context.provider,
        event: n,
        event_id: id.to_owned(),
        kind: event.kind.to_owned(),
        account: context.caller.account,
        endpoint: endpoint.n,
        run: context.caller.run.clone(),
        intent: event.intent.map(str::to_owned),
        order: turn.labels.order.clone(),
        parent: event.parent.to_owned(),
        group,
        attempts: 0,
        due_us: context.at_us,
        is_copy: false,
        is_forged: false,
        is_lost: false,
        reordered_by: None,
        fault: None,
    };
    let (mut early, mut arrived, mut copies, mut forged) = (None, None, 0..0, None);
    let mut gap_us = 0;
    for hit in &hits {
        let rule = &hit.rule.rule;
        let by = || (rule.id.clone(), rule.effect.name().to_owned());
        // A stranger does nothing to the event itself.
        if !matches!(rule.effect, Effect::WebhookForge {}) {
            delivery.fault.get_or_insert_with(by);
        }
        match &rule.effect {
            Effect::WebhookLose {} => delivery.is_lost = true,
            Effect::WebhookDelay(_) => delivery.due_us += hit.wait_ms as i64 * 1_000,
            Effect::WebhookDuplicate { copies: count, .. } => {
                copies = 0..i64::from(*count);
                gap_us = hit.wait_ms as i64 * 1_000;
            }
            Effect::WebhookEarly {} => {
                let (sender, receiver) = oneshot::channel();
                (early, arrived) = (Some(sender), Some(receiver));
            }
            Effect::WebhookForge {} => forged = Some(by()),
            Effect::WebhookReorder { .. } => {
                delivery.reordered_by = Some(rule.id.clone());
                delivery.due_us += hit.wait_ms as i64 * 1_000;
            }
            Effect::Delay(_)
            | Effect::Respond { .. }
            | Effect::CommitThenDrop { .. }
            | Effect::DropBeforeCommit { .. }
            | Effect::ErrorAfterCommit { .. }
            | Effect::Drip { .. }
            | Effect::Malformed { .. }
            | Effect::Decline { .. }
            | Effect::CommitTwice {}
            | Effect::Shift { .. }
            | Effect::ClockAhead { .. }
            | Effect::RateLimit { .. }
            | Effect::Barrier { .. } => {}
        }
    }
    // Its number is the lower one, so it goes first.
    if forged.is_some() {
        let genuine = turn.books.deliveries.take();
        let n = std::mem::replace(&mut delivery.n, genuine);
        let due_us = context.at_us;
        let stranger = Delivery {
            n,
            due_us,
            event_id: format!("{id}.forged"),
            is_forged: true,
            is_lost: false,
            reordered_by: None,
            fault: forged,
            ..delivery.clone()
        };
        push(turn, stranger, payload, None, None);
    }
    for copy in copies {
        let (n, due_us) = (turn.books.deliveries.take(), delivery.due_us + (copy + 1) * gap_us);
        let extra = Delivery { n, due_us, is_copy: true, reordered_by: None, ..delivery.clone() };
        push(turn, extra, payload, None, None);
    }
    push(turn, delivery, payload, early, arrived);
}

fn push(
    turn: &mut Turn<'_>,
    delivery: Delivery,
    payload: &Bytes,
    early: Option<oneshot::Sender<()>>,
    arrived: Option<oneshot::Receiver<()>>,
) {
    turn.writes.push(delivery.write());
    turn.outgoing.push(Outgoing { delivery, payload: payload.clone(), early, arrived });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_has_its_object_in_it() {
        let object = serde_json::json!({ "livemode": false, "metadata": { "a": "\"data\":{\"object\":" }, "x": {} });
        let event = EventView {
            id: "evt_1",
            object: "event",
            api_version: API_VERSION,
            created: 1,
            data: EventObject { object: &object },
            livemode: false,
            pending_webhooks: 0,
            request: EventCause { id: Some("req_1"), idempotency_key: Some("},\"livemode\":") },
            kind: "charge.succeeded",
        };
        assert_eq!(object_in(&json(&event)), json(&object));
    }
}
