//! Taking the money: one attempt with one method, at once or settled later.

use std::sync::Arc;
use std::time::Duration;

use model::fault::Provider;
use serde_json::json;

use super::balance;
use super::cards::Behaviour;
use super::state::{Charge, ChargeEdits, ChargeStatus, Intent, Method, Status};
use super::view::{self, Expand};
use crate::accounts::Caller;
use crate::ledger::{Ledger, now_us};
use crate::rules::Plan;
use crate::statement::{Op, Row};
use crate::turn::{Context, Happened, Labels, Turn};
use crate::wire::Answer;

/// Tries to take a payment's money with a method. The payment is changed; the caller puts it back.
pub(super) fn attempt(intent: &mut Intent, method: Method, processing_ms: u64, turn: &mut Turn<'_>) {
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
        dispute: None,
        is_charged_back: false,
        edits: ChargeEdits::default(),
    });
    intent.method = Some(method);
    intent.refused = None;
    match behaviour {
        Behaviour::SettlesLater | Behaviour::FailsLater => {
            intent.status = Status::Processing;
            turn.timers.push((intent.n, turn.context.at_us + processing_ms as i64 * 1_000));
            tell_intent("payment_intent.processing", intent, turn);
        }
        _ => conclude(intent, turn),
    }
}

/// Decides the latest charge, which is pending.
fn conclude(intent: &mut Intent, turn: &mut Turn<'_>) {
    let is_manual = intent.is_manual();
    let Some(charge) = intent.charges.last_mut() else { return };
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
        tell_intent("payment_intent.payment_failed", intent, turn);
        return;
    }
    charge.status = ChargeStatus::Succeeded;
    turn.row(row.state("succeeded"));
    if is_manual {
        intent.status = Status::RequiresCapture;
        tell_charge("charge.succeeded", intent, turn);
        tell_intent("payment_intent.amount_capturable_updated", intent, turn);
        return;
    }
    charge.amount_captured = charge.amount;
    let capture = Row::new(Op::Capture).object(charge.id.clone()).parent(intent.id.clone());
    turn.row(capture.state("succeeded").money(charge.amount, &intent.currency));
    intent.status = Status::Succeeded;
    let amount = charge.amount;
    let at = intent.charges.len() - 1;
    balance::captured(intent, at, amount, turn);
    tell_charge("charge.succeeded", intent, turn);
    tell_intent("payment_intent.succeeded", intent, turn);
}

/// Sends an event about a payment.
pub(super) fn tell_intent(kind: &'static str, intent: &Intent, turn: &mut Turn<'_>) {
    if intent.is_bare {
        return;
    }
    let brand = brand(intent);
    turn.happened(&Happened {
        kind,
        object: &view::intent(intent, Expand::default()),
        parent: &intent.id,
        brand,
        amount_minor: intent.amount,
        intent: intent.mark.as_deref(),
        payment: intent.n,
    });
}

/// Sends an event about a payment's latest charge.
pub(super) fn tell_charge(kind: &'static str, intent: &Intent, turn: &mut Turn<'_>) {
    let Some(charge) = intent.latest_charge() else { return };
    turn.happened(&Happened {
        kind,
        object: &view::charge(intent, charge, Expand::default()),
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

/// Puts a payment back.
pub(super) fn keep(intent: Intent, turn: &mut Turn<'_>) {
    let tag = (intent.status == Status::Processing).then(|| Status::Processing.name().into());
    turn.books.intents.put(intent.n, intent.account, tag, intent, &mut turn.writes, turn.progress);
}

/// Waits until a processing payment is due, then settles it.
pub(crate) async fn settle_at(ledger: Arc<Ledger>, payment: i64, due_us: i64) {
    tokio::time::sleep(Duration::from_micros((due_us - now_us()).max(0) as u64)).await;
    let intent = {
        let books = &mut *ledger.books.lock();
        books.intents.take(payment, &books.reader)
    };
    let Ok(Some(intent)) = intent else { return };
    let run = ledger.accounts.read().lease(intent.account).map(|lease| lease.run.clone());
    let context = Context {
        provider: Provider::Payment,
        caller: Caller { account: intent.account, run, is_browser: false },
        key: None,
        intent: intent.mark.clone(),
        request_id: String::new(),
        at_us: now_us(),
    };
    let labels =
        Labels { order: intent.order().map(str::to_owned), email: intent.email().map(str::to_owned), key: None };
    ledger.operate(&context, labels, &Plan::default(), |turn| {
        let mut intent = turn.books.intents.take(payment, &turn.books.reader)?.unwrap_or(intent);
        if intent.status == Status::Processing {
            conclude(&mut intent, turn);
            keep(intent, turn);
        }
        Ok(Answer::new(200, ""))
    });
}
