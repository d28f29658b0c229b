//! Events as the API shows them: the snapshots that were taken when they happened.

use serde::Serialize;
use serde_json::Value;

use super::errors;
use super::form::Form;
use super::listing::{Window, cut, page};
use crate::shelf::decode;
use crate::store::{Page, Table};
use crate::turn::Turn;
use crate::wire::{Answer, Stop};

pub(super) fn retrieve(id: &str, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
    let no_such = || errors::no_such("event", "id", id);
    let n = turn.books.identity.read("evt", id).ok_or_else(no_such)?;
    let account = turn.context.caller.account;
    let page = Page { account, before: n + 1, after: n - 1, limit: 1, ascending: false };
    let mut found = turn.books.reader.page(Table::Event, page, &[])?;
    let (_, body) = found.pop().ok_or_else(no_such)?;
    Ok(Answer::new(200, body))
}

#[derive(Serialize)]
struct List {
    object: &'static str,
    data: Vec<Value>,
    has_more: bool,
    url: &'static str,
}

pub(super) fn list(form: &Form, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
    let identity = turn.books.identity;
    let (page, limit) = page(form, turn, |id| identity.read("evt", id), "event")?;
    let mut kinds = form.list("types");
    kinds.extend(form.text("type"));
    let window = Window::read(form)?;
    let rows = turn.books.reader.page(Table::Event, Page { limit: window.widen(page.limit), ..page }, &kinds)?;
    let mut events: Vec<Value> = rows.iter().map(|(_, body)| decode(body)).collect::<rusqlite::Result<_>>()?;
    events.retain(|event| event["created"].as_i64().is_some_and(|created| window.has(created)));
    let (data, has_more) = cut(events, page, limit);
    Ok(Answer::json(200, &List { object: "list", data, has_more, url: "/v1/events" }))
}
