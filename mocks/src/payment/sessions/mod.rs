//! Checkout sessions: a list of what is bought, and a page of the provider's own that takes the money for it.

mod hosted;
mod items;

use serde::{Deserialize, Serialize};

use super::charging::Manner;
use super::form::Form;
use super::listing::{self, Listed, limit};
use super::options::choice;
use super::state::{Customer, merge};
use super::view;
use super::waits::CHECKOUT;
use super::{customers, errors};
use crate::store::Table;
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
        object: &view::session(session),
        parent: session.payment.as_deref().unwrap_or(&session.id),
        brand: None,
        amount_minor: session.total(),
        intent: session.mark.as_deref(),
        payment: session.n,
    });
}

fn keep(session: Session, turn: &mut Turn<'_>) {
    let is_open = session.stage == Stage::Open;
    let tag = is_open.then(|| crate::due::tag(CHECKOUT, session.expires_at * 1_000_000).into());
    turn.books.sessions.put(session.n, session.account, tag, session, &mut turn.writes, turn.progress);
}

pub(super) fn create(form: &Form, manner: Manner<'_>, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
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
    let answer = shown(&session);
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

fn shown(session: &Session) -> Answer {
    Answer::json(200, &view::session(session))
}

pub(super) fn retrieve(id: &str, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
    let session = find(id, turn)?;
    Ok(shown(&session))
}

pub(super) fn items(id: &str, form: &Form, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
    let limit = limit(form)?;
    let session = find(id, turn)?;
    Ok(Answer::json(200, &view::line_items(&session, limit)))
}

/// Ends a checkout that nobody has paid.
pub(super) fn expire(id: &str, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
    let mut session = find(id, turn)?;
    if session.stage != Stage::Open {
        let message = format!(
            "Only Checkout Sessions with a status in [\"open\"] can be expired. This Checkout Session has a status of `{}`.",
            session.stage.name()
        );
        return Err(errors::forbidden_plain(None, &message).into());
    }
    end(&mut session, turn);
    let answer = shown(&session);
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

pub(super) fn list(form: &Form, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
    let [payment, customer, status] = ["payment_intent", "customer", "status"].map(|name| form.text(name));
    let asked = Listed {
        table: Table::Session,
        prefix: "cs_test",
        kind: "checkout.session",
        url: "/v1/checkout/sessions",
        marked: None,
    };
    let place = |session: &Session| (session.n, session.created);
    let found = listing::numbered(&asked, form, turn, place, |session| {
        (payment.is_none() || session.payment == payment)
            && (customer.is_none() || session.customer == customer)
            && status.as_ref().is_none_or(|status| status == session.stage.name())
    })?;
    Ok(found.told(view::session))
}
