//! Webhook endpoints that a shop registers by itself.

use serde::Serialize;

use super::errors;
use super::form::Form;
use super::listing::limit;
use super::state::merge;
use super::view::Pairs;
use crate::accounts::Endpoint;
use crate::store::{Table, Write};
use crate::turn::Turn;
use crate::wire::{Answer, Stop};

/// As many as Stripe allows for an account.
const ENDPOINTS_MAX: usize = 16;

#[derive(Serialize)]
struct View<'a> {
    id: &'a str,
    object: &'static str,
    api_version: (),
    application: (),
    created: i64,
    description: Option<&'a str>,
    enabled_events: &'a [String],
    livemode: bool,
    metadata: Pairs<'a>,
    /// Shown once, when it is made.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<&'a str>,
    status: &'static str,
    url: &'a str,
}

fn view<'a>(endpoint: &'a Endpoint, secret: Option<&'a str>) -> View<'a> {
    View {
        id: &endpoint.id,
        object: "webhook_endpoint",
        api_version: (),
        application: (),
        created: endpoint.created,
        description: endpoint.description.as_deref(),
        enabled_events: &endpoint.events,
        livemode: false,
        metadata: Pairs(&endpoint.metadata),
        secret,
        status: "enabled",
        url: &endpoint.url,
    }
}

pub(super) fn create(form: &Form, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
    let url = form.text("url").ok_or_else(|| errors::missing("url"))?;
    if !url.starts_with("http://") {
        return Err(errors::invalid(
            "url_invalid",
            Some("url"),
            "Invalid URL: this simulator delivers to http:// addresses.",
        )
        .into());
    }
    let events = form.list("enabled_events");
    if events.is_empty() {
        return Err(errors::missing("enabled_events").into());
    }
    let account = turn.context.caller.account;
    if turn.accounts.read().endpoints(account).len() >= ENDPOINTS_MAX {
        return Err(errors::invalid_plain(None, "You have reached the maximum of 16 test webhook endpoints.").into());
    }
    let n = turn.books.endpoints.take();
    let mut endpoint = Endpoint {
        n,
        id: turn.books.identity.make("we", n),
        account,
        url,
        secret: format!("whsec_{}", turn.books.identity.secret("webhook", n)),
        events,
        backoff_ms: Vec::new(),
        leased: false,
        description: form.text("description"),
        metadata: Vec::new(),
        created: turn.now_s(),
    };
    merge(&mut endpoint.metadata, form.map("metadata"));
    turn.writes.push(endpoint.write());
    let answer = Answer::json(200, &view(&endpoint, Some(&endpoint.secret)));
    turn.accounts.write().put_endpoint(endpoint);
    Ok(answer)
}

#[derive(Serialize)]
struct List<'a> {
    object: &'static str,
    data: Vec<View<'a>>,
    has_more: bool,
    url: &'static str,
}

pub(super) fn list(form: &Form, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
    let limit = limit(form)?;
    let accounts = turn.accounts.read();
    let all = accounts.endpoints(turn.context.caller.account);
    let data = all.iter().rev().take(limit).map(|endpoint| view(endpoint, None)).collect();
    Ok(Answer::json(200, &List { object: "list", data, has_more: all.len() > limit, url: "/v1/webhook_endpoints" }))
}

fn number(id: &str, turn: &Turn<'_>) -> Result<i64, Answer> {
    let account = turn.context.caller.account;
    let n = turn.books.identity.read("we", id).filter(|n| turn.accounts.read().endpoint(account, *n).is_some());
    n.ok_or_else(|| errors::no_such("webhook endpoint", "id", id))
}

pub(super) fn retrieve(id: &str, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
    let n = number(id, turn)?;
    let accounts = turn.accounts.read();
    let endpoint = accounts.endpoint(turn.context.caller.account, n);
    let endpoint = endpoint.ok_or_else(|| errors::no_such("webhook endpoint", "id", id))?;
    Ok(Answer::json(200, &view(endpoint, None)))
}

#[derive(Serialize)]
#[expect(clippy::struct_field_names, reason = "the fields are Stripe's")]
struct Deleted<'a> {
    id: &'a str,
    object: &'static str,
    deleted: bool,
}

pub(super) fn delete(id: &str, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
    let n = number(id, turn)?;
    turn.accounts.write().remove_endpoint(turn.context.caller.account, n);
    turn.writes.push(Write::Delete { table: Table::Endpoint, n });
    Ok(Answer::json(200, &Deleted { id, object: "webhook_endpoint", deleted: true }))
}
