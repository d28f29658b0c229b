//! Webhook endpoints that a shop registers by itself.

use serde::Serialize;

use super::errors;
use super::form::Form;
use super::listing::{Cursors, Window, limit, list as listed};
use super::state::merge;
use super::view::{Pairs, deleted};
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
    api_version: Option<&'a str>,
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
        api_version: endpoint.api_version.as_deref(),
        application: (),
        created: endpoint.created,
        description: endpoint.description.as_deref(),
        enabled_events: &endpoint.events,
        livemode: false,
        metadata: Pairs(&endpoint.metadata),
        secret,
        status: if endpoint.is_disabled { "disabled" } else { "enabled" },
        url: &endpoint.url,
    }
}

/// Where events are to go: an address that this simulator can reach.
fn url(form: &Form) -> Result<Option<String>, Answer> {
    let Some(url) = form.text("url") else { return Ok(None) };
    if url.starts_with("http://") && url.parse::<http::Uri>().is_ok_and(|url| url.host().is_some()) {
        return Ok(Some(url));
    }
    let message = "Invalid URL: this simulator delivers to http:// addresses.";
    Err(errors::invalid("url_invalid", Some("url"), message))
}

/// Types of event: `*`, or names such as `charge.succeeded`.
fn events(form: &Form) -> Result<Vec<String>, Answer> {
    let events = form.list("enabled_events");
    let is_name = |event: &str| {
        let is_word = |word: &str| !word.is_empty() && word.bytes().all(|c| c.is_ascii_lowercase() || c == b'_');
        event == "*" || (event.contains('.') && event.split('.').all(is_word))
    };
    match events.iter().position(|event| !is_name(event)) {
        None => Ok(events),
        Some(at) => {
            let param = format!("enabled_events[{at}]");
            let message = format!("Invalid {param}: must be one of the types of event that exist, or *");
            Err(errors::invalid_plain(Some(&param), &message))
        }
    }
}

pub(super) fn create(form: &Form, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
    let url = url(form)?.ok_or_else(|| errors::missing("url"))?;
    let events = events(form)?;
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
        is_disabled: false,
        api_version: form.text("api_version"),
        description: form.text("description"),
        metadata: Vec::new(),
        created: turn.now_s(),
    };
    merge(&mut endpoint.metadata, form.map("metadata"));
    let answer = Answer::json(200, &view(&endpoint, Some(&endpoint.secret)));
    keep(endpoint, turn);
    Ok(answer)
}

fn keep(endpoint: Endpoint, turn: &mut Turn<'_>) {
    turn.writes.push(endpoint.write());
    turn.accounts.write().put_endpoint(endpoint);
}

pub(super) fn update(id: &str, form: &Form, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
    let mut endpoint = find(id, turn)?;
    let (url, events) = (url(form)?, events(form)?);
    endpoint.is_disabled = form.boolean("disabled")?.unwrap_or(endpoint.is_disabled);
    endpoint.url = url.unwrap_or(endpoint.url);
    if !events.is_empty() {
        endpoint.events = events;
    }
    endpoint.description = form.retext("description", endpoint.description);
    merge(&mut endpoint.metadata, form.map("metadata"));
    let answer = Answer::json(200, &view(&endpoint, None));
    keep(endpoint, turn);
    Ok(answer)
}

pub(super) fn list(form: &Form, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
    let (limit, window) = (limit(form)?, Window::read(form)?);
    let identity = turn.books.identity;
    let cursors = Cursors::read(form, "webhook_endpoint", |id| identity.read("we", id))?;
    let accounts = turn.accounts.read();
    let mut all: Vec<&Endpoint> = accounts.endpoints(turn.context.caller.account).iter().map(AsRef::as_ref).collect();
    all.retain(|endpoint| cursors.has(endpoint.n) && window.has(endpoint.created));
    all.sort_by_key(|endpoint| std::cmp::Reverse(endpoint.n));
    let (page, has_more) = cursors.cut(all, limit);
    let data = page.into_iter().map(|endpoint| view(endpoint, None)).collect();
    Ok(listed("/v1/webhook_endpoints", data, has_more))
}

/// An endpoint of the caller's.
fn find(id: &str, turn: &Turn<'_>) -> Result<Endpoint, Answer> {
    let account = turn.context.caller.account;
    let accounts = turn.accounts.read();
    let endpoint = turn.books.identity.read("we", id).and_then(|n| accounts.endpoint(account, n));
    endpoint.map(|endpoint| Endpoint::clone(endpoint)).ok_or_else(|| errors::no_such("webhook endpoint", "id", id))
}

pub(super) fn retrieve(id: &str, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
    Ok(Answer::json(200, &view(&find(id, turn)?, None)))
}

pub(super) fn delete(id: &str, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
    let n = find(id, turn)?.n;
    turn.accounts.write().remove_endpoint(turn.context.caller.account, n);
    turn.writes.push(Write::Delete { table: Table::Endpoint, n });
    Ok(Answer::json(200, &deleted(id, "webhook_endpoint")))
}
