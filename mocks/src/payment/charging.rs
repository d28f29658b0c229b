//! Taking the money: one attempt with one method, at once or settled later.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde_json::json;

use super::balance;
use super::cards::Behaviour;
use super::form::Form;
use super::state::{Charge, ChargeEdits, ChargeStatus, Intent, Method, Status};
use super::view;
use super::{challenge, errors, waits, wallet};
use crate::ledger::{Ledger, now_us};
use crate::statement::{self, Op, Row};
use crate::turn::{Happened, Turn};
use crate::webhooks::object_in;
use crate::wire::Answer;

/// How long an authorisation holds, in microseconds: 7 days (Stripe, *Place a hold on a payment method*).
const AUTHORISATION_US: i64 = 7 * 86_400 * 1_000_000;

/// How an attempt goes, beside what the card says.
#[derive(Clone, Copy, Debug)]
pub(super) struct Manner<'a> {
    /// How long a bank debit stays `processing`, in milliseconds.
    pub(super) processing_ms: u64,
    /// How long a challenge waits for the holder, in milliseconds.
    pub(super) challenge_ms: u64,
    /// What browsers reach this provider by.
    pub(super) public_url: &'a str,
    /// The card refuses like this, whichever it is.
    pub(super) declined: Option<Behaviour>,
}

impl Manner<'_> {
    /// Where nobody asked and nobody is there.
    pub(super) const fn absent() -> Self {
        Self { processing_ms: 0, challenge_ms: 0, public_url: "", declined: None }
    }
}

/// What a confirmation says of the holder.
#[derive(Clone, Debug, Default)]
pub(super) struct Presence {
    /// Nobody is there to be asked.
    pub(super) is_off_session: bool,
    /// An attempt that would need the holder is to fail.
    pub(super) fails_on_action: bool,
    pub(super) return_url: Option<String>,
}

impl Presence {
    pub(super) fn read(form: &Form) -> Result<Self, Answer> {
        // Besides true and false there are words for why the holder is absent.
        let is_off_session = match form.get("off_session") {
            Some("one_off" | "recurring") => true,
            _ => form.boolean("off_session")?.unwrap_or(false),
        };
        let return_url = form.text("return_url");
        if return_url.as_deref().is_some_and(|url| !url.contains("://")) {
            return Err(errors::invalid("url_invalid", Some("return_url"), "Not a valid URL"));
        }
        Ok(Self {
            is_off_session,
            fails_on_action: form.boolean("error_on_requires_action")?.unwrap_or(false),
            return_url,
        })
    }
}

/// Tries to take a payment's money with a method, or asks its holder first. The payment is changed; the caller puts it back.
/// Returns what was told of the payment as it then is, if that was.
pub(super) fn attempt(
    intent: &mut Intent,
    mut method: Method,
    presence: Presence,
    manner: Manner<'_>,
    turn: &mut Turn<'_>,
) -> Option<Bytes> {
    method.card.behaviour = manner.declined.unwrap_or(method.card.behaviour);
    let was_seen = intent.options.authenticated.as_ref() == Some(&method.id);
    let wants_holder = method.wants_holder(presence.is_off_session, intent.options.asks_for_challenge());
    if was_seen || !wants_holder {
        return charge(intent, method, was_seen, manner, turn);
    }
    if presence.is_off_session {
        method.card.behaviour = Behaviour::AuthenticationRequired;
        return charge(intent, method, false, manner, turn);
    }
    if presence.fails_on_action {
        challenge::refuse(intent, method, Behaviour::AuthenticationNotHandled, turn);
    } else {
        challenge::ask(intent, method, presence.return_url, manner, turn);
    }
    None
}

/// Charges a method; returns what was told of the payment in the end.
pub(super) fn charge(
    intent: &mut Intent,
    method: Method,
    is_authenticated: bool,
    manner: Manner<'_>,
    turn: &mut Turn<'_>,
) -> Option<Bytes> {
    let behaviour = method.card.behaviour;
    intent.charges.push(Charge {
        id: turn.books.identity.make_part("ch", intent.n, intent.charges.len()),
        amount: intent.amount,
        amount_captured: 0,
        amount_refunded: 0,
        status: ChargeStatus::Pending,
        created: turn.now_s(),
        method: method.clone(),
        is_voided: false,
        balance_transaction: None,
        expires_us: None,
        is_authenticated,
        dispute: None,
        is_charged_back: false,
        edits: ChargeEdits::default(),
    });
    intent.method = Some(method);
    intent.refused = None;
    match behaviour {
        Behaviour::SettlesLater | Behaviour::FailsLater => {
            intent.status = Status::Processing;
            turn.timers.push((intent.n, turn.context.at_us + manner.processing_ms as i64 * 1_000));
            tell_intent("payment_intent.processing", intent, turn)
        }
        _ => conclude(intent, turn),
    }
}

/// Decides the latest charge, which is pending; returns what was told of the payment in the end.
fn conclude(intent: &mut Intent, turn: &mut Turn<'_>) -> Option<Bytes> {
    let is_manual = intent.is_manual();
    let charge = intent.charges.last_mut()?;
    let decline = charge.method.card.behaviour.decline();
    let row = Row::new(Op::Authorise)
        .object(charge.id.clone())
        .parent(intent.id.clone())
        .money(charge.amount, &intent.currency);
    if let Some(decline) = decline {
        charge.status = ChargeStatus::Failed;
        turn.row(row.state("declined").detail(json!({ "code": decline.code, "decline_code": decline.decline_code })));
        intent.status = Status::RequiresPaymentMethod;
        intent.refused = intent.method.take();
        tell_charge("charge.failed", intent, turn);
        return tell_intent("payment_intent.payment_failed", intent, turn);
    }
    charge.status = ChargeStatus::Succeeded;
    turn.row(row.state("succeeded").detail(json!({ "card": statement::card_name(&charge.method.card.last4) })));
    wallet::set_up(intent, turn);
    let charge = intent.charges.last_mut()?;
    if is_manual {
        charge.expires_us = Some(turn.context.clock_us + AUTHORISATION_US);
        intent.status = Status::RequiresCapture;
        tell_charge("charge.succeeded", intent, turn);
        return tell_intent("payment_intent.amount_capturable_updated", intent, turn);
    }
    charge.amount_captured = charge.amount;
    let capture = Row::new(Op::Capture).object(charge.id.clone()).parent(intent.id.clone());
    turn.row(capture.state("succeeded").money(charge.amount, &intent.currency));
    intent.status = Status::Succeeded;
    let amount = charge.amount;
    let at = intent.charges.len() - 1;
    balance::captured(intent, at, amount, turn);
    tell_charge("charge.succeeded", intent, turn);
    tell_intent("payment_intent.succeeded", intent, turn)
}

/// Sends an event about a payment; returns what it tells of it.
pub(super) fn tell_intent(kind: &'static str, intent: &Intent, turn: &mut Turn<'_>) -> Option<Bytes> {
    if intent.is_bare {
        return None;
    }
    let brand = brand(intent);
    let event = turn.happened(&Happened {
        kind,
        object: &view::intent(intent),
        parent: &intent.id,
        brand,
        amount_minor: intent.amount,
        intent: intent.mark.as_deref(),
        payment: intent.n,
    });
    Some(object_in(&event))
}

/// Sends an event about a payment's latest charge.
pub(super) fn tell_charge(kind: &'static str, intent: &Intent, turn: &mut Turn<'_>) {
    let Some(charge) = intent.latest_charge() else { return };
    turn.happened(&Happened {
        kind,
        object: &view::charge(intent, charge),
        parent: &charge.id,
        brand: brand(intent),
        amount_minor: charge.amount,
        intent: intent.mark.as_deref(),
        payment: intent.n,
    });
}

pub(super) fn brand(intent: &Intent) -> Option<&'static str> {
    let method = intent.latest_charge().map(|charge| &charge.method).or(intent.method.as_ref());
    method.map(|method| method.card.brand.name())
}

/// Puts a payment back, tagged with what it waits for.
pub(super) fn keep(intent: Intent, turn: &mut Turn<'_>) {
    let tag = waits::tag(&intent);
    turn.books.intents.put(intent.n, intent.account, tag, intent, &mut turn.writes, turn.progress);
}

/// Waits until a processing payment is due, then settles it.
pub(crate) async fn settle_at(ledger: Arc<Ledger>, payment: i64, due_us: i64) {
    tokio::time::sleep(Duration::from_micros((due_us - now_us()).max(0) as u64)).await;
    waits::alone(&ledger, payment, |intent, turn| {
        if intent.status == Status::Processing {
            conclude(intent, turn);
        }
    });
}
