//! Events as the API shows them: the snapshots that were taken when they happened.

use std::collections::HashMap;

use serde_json::Value;

use super::errors;
use super::form::Form;
use super::listing::{Cursors, Window, limit, list as listed};
use crate::shelf::decode;
use crate::store::{Page, Table};
use crate::turn::Turn;
use crate::webhooks::Delivery;
use crate::wire::{Answer, Stop};

/// Events that one page is looked for among.
const SCANNED_MAX: usize = 5_000;
const CHUNK: usize = 128;
/// Types that one list may name.
const TYPES_MAX: usize = 20;

pub(super) fn retrieve(id: &str, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
    let no_such = || errors::no_such("event", "id", id);
    let n = turn.books.identity.read("evt", id).ok_or_else(no_such)?;
    let account = turn.context.caller.account;
    let body = turn.books.reader.event(account, n)?.ok_or_else(no_such)?;
    let mut event: Value = decode(&body)?;
    event["pending_webhooks"] = pending(turn)?.get(&n).copied().unwrap_or(0).into();
    Ok(Answer::json(200, &event))
}

/// Deliveries that are still to be made, by event.
fn pending(turn: &Turn<'_>) -> rusqlite::Result<HashMap<i64, usize>> {
    let mut counts = HashMap::new();
    let waiting =
        Page { account: turn.context.caller.account, before: i64::MAX, after: 0, limit: SCANNED_MAX, ascending: false };
    for (_, body) in turn.books.reader.page(Table::Delivery, waiting, &[])? {
        let delivery: Delivery = decode(&body)?;
        *counts.entry(delivery.event).or_default() += 1;
    }
    Ok(counts)
}

pub(super) fn list(form: &Form, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
    let (limit, window) = (limit(form)?, Window::read(form)?);
    let identity = turn.books.identity;
    let cursors = Cursors::read(form, "event", |id| identity.read("evt", id))?;
    let mut kinds = form.list("types");
    if !kinds.is_empty() && form.has("type") {
        let message = "You may only specify one of these parameters: type, types.";
        return Err(errors::invalid_plain(None, message).into());
    }
    kinds.extend(form.text("type"));
    if kinds.len() > TYPES_MAX {
        let message = "You may specify at most 20 event types.";
        return Err(errors::invalid_plain(Some("types"), message).into());
    }
    let is_delivered = form.boolean("delivery_success")?;
    let pending = pending(turn)?;
    let mut page = Page {
        account: turn.context.caller.account,
        before: cursors.before.unwrap_or(i64::MAX),
        after: cursors.after.unwrap_or(0),
        limit: CHUNK,
        ascending: cursors.after.is_some(),
    };
    let mut found = Vec::new();
    for _ in 0..SCANNED_MAX / CHUNK {
        let rows = turn.books.reader.events(page, &filters(&kinds))?;
        for (n, body) in &rows {
            let waits = pending.get(n).copied().unwrap_or(0);
            let mut event: Value = decode(body)?;
            // `types[]=charge.*` takes all of a family, which the store cannot.
            let is_asked =
                event["type"].as_str().is_some_and(|kind| kinds.is_empty() || kinds.iter().any(|of| is_of(kind, of)));
            let is_meant = is_asked && is_delivered.is_none_or(|is_delivered| is_delivered == (waits == 0));
            if is_meant && event["created"].as_i64().is_some_and(|created| window.has(created)) {
                event["pending_webhooks"] = waits.into();
                found.push(event);
            }
        }
        let Some((last, _)) = rows.last().filter(|_| rows.len() == CHUNK && found.len() <= limit) else { break };
        if page.ascending {
            page.after = *last;
        } else {
            page.before = *last;
        }
    }
    if page.ascending {
        found.reverse();
    }
    let (data, has_more) = cursors.cut(found, limit);
    Ok(listed("/v1/events", data, has_more))
}

fn is_of(kind: &str, asked: &str) -> bool {
    match asked.strip_suffix('*') {
        Some(family) => kind.starts_with(family),
        None => kind == asked,
    }
}

/// Tags that the store can filter by: none where a family is asked for.
fn filters(kinds: &[String]) -> Vec<String> {
    if kinds.iter().any(|kind| kind.ends_with('*')) { Vec::new() } else { kinds.to_vec() }
}
