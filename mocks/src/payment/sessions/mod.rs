//! Checkout sessions: a list of what is bought, and a page of the provider's own that takes the money for it.

mod hosted;
mod items;

use serde::{Deserialize, Serialize};

use super::charging::Manner;
use super::form::Form;
use super::listing::{Window, cut, limit, page as page_of};
use super::options::choice;
use super::state::{Customer, merge};
use super::view::{self, Expand};
use super::waits::{CHECKOUT, named};
use super::{customers, errors};
use crate::shelf::decode;
use crate::store::{Page, Table};
use crate::turn::{Happened, Labels, Turn};
use crate::wire::{Answer, Stop};

pub(super) use hosted::page;
pub(crate) use items::Item;

const DAY_S: i64 = 86_400;
/// Least time that a checkout may stay open, in seconds.
const OPEN_MIN_S: i64 = 1_800;

/// How a checkout stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Stage {
    Open,
    Complete,
    Expired,
}

impl Stage {
    const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Complete => "complete",
            Self::Expired => "expired",
        }
    }
}

/// A hosted checkout.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Session {
    pub(crate) n: i64,
    pub(crate) id: String,
    pub(crate) account: i64,
    pub(crate) stage: Stage,
    pub(crate) currency: String,
    pub(crate) items: Vec<Item>,
    pub(crate) customer: Option<String>,
    pub(crate) customer_email: Option<String>,
    pub(crate) client_reference_id: Option<String>,
    pub(crate) success_url: Option<String>,
    pub(crate) cancel_url: Option<String>,
    pub(crate) metadata: Vec<(String, String)>,
    /// What `payment_intent_data` said, as parameters of the payment.
    pub(crate) payment_parameters: Vec<(String, String)>,
    pub(crate) payment: Option<String>,
    pub(crate) url: String,
    pub(crate) created: i64,
    pub(crate) expires_at: i64,
    pub(crate) mark: Option<String>,
}

impl Session {
    pub(crate) fn total(&self) -> i64 {
        self.items.iter().map(Item::total).sum()
    }
}

fn tell(kind: &'static str, session: &Session, turn: &mut Turn<'_>) {
    turn.happened(&Happened {
        kind,
        object: &view::session(session, None, Expand::default()),
        parent: session.payment.as_deref().unwrap_or(&session.id),
        brand: None,
        amount_minor: session.total(),
        intent: session.mark.as_deref(),
        payment: session.n,
    });
}

fn keep(session: Session, turn: &mut Turn<'_>) {
    let is_open = session.stage == Stage::Open;
    let tag = is_open.then(|| named(CHECKOUT, session.expires_at * 1_000_000).into());
    turn.books.sessions.put(session.n, session.account, tag, session, &mut turn.writes, turn.progress);
}

pub(super) fn create(form: &Form, expand: Expand, manner: Manner<'_>, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
    match choice(form, "mode", &["payment", "setup", "subscription"])? {
        Some("payment") => {}
        None => return Err(errors::missing("mode").into()),
        Some(mode) => {
            let message = format!("This simulator takes Checkout Sessions of mode `payment` only, not `{mode}`.");
            return Err(errors::invalid_plain(Some("mode"), &message).into());
        }
    }
    choice(form, "ui_mode", &["hosted"])?;
    let items = items::read(form, turn)?;
    let currency = items::currency(&items)?;
    let success_url = form.text("success_url").ok_or_else(|| errors::missing("success_url"))?;
    for name in ["success_url", "cancel_url"] {
        if form.get(name).is_some_and(|url| !url.contains("://")) {
            return Err(errors::invalid("url_invalid", Some(name), "Not a valid URL").into());
        }
    }
    let customer = customers::named(form, turn)?;
    let expires_at = expires_at(form, turn.now_s())?;
    let n = turn.books.sessions.number();
    let id = turn.books.identity.make("cs_test", n);
    let account = turn.context.caller.account;
    let token = turn.books.identity.secret("checkout", n);
    let mut session = Session {
        url: format!("{}/pay/{account}/{id}/{token}", manner.public_url),
        n,
        id,
        account,
        stage: Stage::Open,
        currency,
        items,
        customer: customer.as_ref().map(|customer: &Customer| customer.id.clone()),
        customer_email: form.text("customer_email"),
        client_reference_id: form.text("client_reference_id"),
        success_url: Some(success_url),
        cancel_url: form.text("cancel_url"),
        metadata: Vec::new(),
        payment_parameters: form.under("payment_intent_data"),
        payment: None,
        created: turn.now_s(),
        expires_at,
        mark: turn.context.intent.clone(),
    };
    super::amounts::check(session.total(), &session.currency)?;
    merge(&mut session.metadata, form.map("metadata"));
    let answer = shown(&session, expand, turn)?;
    keep(session, turn);
    Ok(answer)
}

fn expires_at(form: &Form, now_s: i64) -> Result<i64, Answer> {
    match form.integer("expires_at")? {
        None => Ok(now_s + DAY_S),
        Some(at) if at < now_s + OPEN_MIN_S => Err(errors::invalid_plain(
            Some("expires_at"),
            "The `expires_at` timestamp must be at least 30 minutes from Checkout Session creation.",
        )),
        Some(at) if at > now_s + DAY_S => Err(errors::invalid_plain(
            Some("expires_at"),
            "The `expires_at` timestamp must be less than 24 hours from Checkout Session creation.",
        )),
        Some(at) => Ok(at),
    }
}

/// A checkout of the caller's.
fn find(id: &str, turn: &mut Turn<'_>) -> Result<Session, Stop> {
    let found = match turn.books.identity.read("cs_test", id) {
        Some(n) => turn.books.sessions.take(n, &turn.books.reader)?,
        None => None,
    };
    let found = found.filter(|session| session.account == turn.context.caller.account);
    let session = found.ok_or_else(|| errors::no_such("checkout.session", "session", id))?;
    turn.mark.clone_from(&session.mark);
    turn.labels = Labels {
        order: super::state::order_of(&session.metadata).map(str::to_owned),
        email: session.customer_email.clone(),
        key: None,
    };
    Ok(session)
}

fn shown(session: &Session, expand: Expand, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
    let payment = match session.payment.as_deref().filter(|_| expand.payment_intent) {
        Some(id) => Some(super::intents::find(id, turn)?),
        None => None,
    };
    Ok(Answer::json(200, &view::session(session, payment.as_ref(), expand)))
}

pub(super) fn retrieve(id: &str, expand: Expand, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
    let session = find(id, turn)?;
    shown(&session, expand, turn)
}

pub(super) fn items(id: &str, form: &Form, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
    let limit = limit(form)?;
    let session = find(id, turn)?;
    Ok(Answer::json(200, &view::line_items(&session, limit)))
}

/// Ends a checkout that nobody has paid.
pub(super) fn expire(id: &str, expand: Expand, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
    let mut session = find(id, turn)?;
    if session.stage != Stage::Open {
        let message = format!(
            "Only Checkout Sessions with a status in [\"open\"] can be expired. This Checkout Session has a status of `{}`.",
            session.stage.name()
        );
        return Err(errors::forbidden_plain(None, &message).into());
    }
    end(&mut session, turn);
    let answer = shown(&session, expand, turn)?;
    keep(session, turn);
    Ok(answer)
}

fn end(session: &mut Session, turn: &mut Turn<'_>) {
    session.stage = Stage::Expired;
    tell("checkout.session.expired", session, turn);
}

/// Its time is over.
pub(super) fn run_out(n: i64, turn: &mut Turn<'_>) -> rusqlite::Result<()> {
    let Some(mut session) = turn.books.sessions.take(n, &turn.books.reader)? else { return Ok(()) };
    if session.stage == Stage::Open && session.expires_at <= turn.now_s() {
        end(&mut session, turn);
        keep(session, turn);
    }
    Ok(())
}

#[derive(Serialize)]
struct List<T> {
    object: &'static str,
    data: Vec<T>,
    has_more: bool,
    url: &'static str,
}

pub(super) fn list(form: &Form, expand: Expand, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
    let identity = turn.books.identity;
    let (page, limit) = page_of(form, turn, |id| identity.read("cs_test", id), "checkout.session")?;
    let window = Window::read(form)?;
    let wanted: Vec<(&str, &str)> =
        ["payment_intent", "customer", "status"].into_iter().filter_map(|name| Some((name, form.get(name)?))).collect();
    let limit_read = if wanted.is_empty() { window.widen(page.limit) } else { 1_000 };
    let rows = turn.books.reader.page(Table::Session, Page { limit: limit_read, ..page }, &[])?;
    let mut sessions: Vec<Session> = rows.iter().map(|(_, body)| decode(body)).collect::<rusqlite::Result<_>>()?;
    sessions.retain(|session| {
        window.has(session.created)
            && wanted.iter().all(|(name, value)| match *name {
                "payment_intent" => session.payment.as_deref() == Some(*value),
                "customer" => session.customer.as_deref() == Some(*value),
                _ => session.stage.name() == *value,
            })
    });
    let (sessions, has_more) = cut(sessions, page, limit);
    let data = sessions.iter().map(|session| view::session(session, None, expand)).collect();
    Ok(Answer::json(200, &List { object: "list", data, has_more, url: "/v1/checkout/sessions" }))
}
