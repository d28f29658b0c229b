//! What becomes of a refund after it was asked for: it settles, it comes back, it is called off.

use super::balance::{self, EntryKind, Movement};
use super::charging::{brand, keep};
use super::refunds::find_refund;
use super::state::{Intent, RefundStatus};
use super::{errors, intents, view};
use crate::statement::{Op, Row};
use crate::turn::{Happened, Turn};
use crate::wire::{Answer, Stop};

/// A pending refund succeeds.
pub(super) fn settle(n: i64, turn: &mut Turn<'_>) -> Result<(), Stop> {
    let Some((mut intent, at)) = locate(n, turn)? else { return Ok(()) };
    if intent.refunds[at].status != RefundStatus::Pending {
        return Ok(());
    }
    label(&intent, at, turn);
    intent.refunds[at].status = RefundStatus::Succeeded;
    book(&mut intent, at, turn);
    row(&intent, at, Op::Refund, "succeeded", turn);
    tell_updated(&intent, at, turn);
    keep(intent, turn);
    Ok(())
}

/// A refund that had succeeded comes back.
pub(super) fn fail(n: i64, turn: &mut Turn<'_>) -> Result<(), Stop> {
    let Some((mut intent, at)) = locate(n, turn)? else { return Ok(()) };
    if intent.refunds[at].status != RefundStatus::Succeeded {
        return Ok(());
    }
    label(&intent, at, turn);
    intent.refunds[at].status = RefundStatus::Failed;
    intent.refunds[at].failure_reason = Some("expired_or_canceled_card".to_owned());
    give_back(&mut intent, at);
    let refund = &intent.refunds[at];
    if let Some(charge) = intent.charges.iter().find(|charge| charge.id == refund.charge) {
        let description = Some("REFUND FAILURE".to_owned());
        let movement =
            Movement { kind: EntryKind::RefundFailure, amount: refund.amount, source: &refund.id, description };
        let entry = balance::book(&intent, charge, movement, turn);
        intent.refunds[at].failure_balance_transaction = Some(entry.id);
    }
    row(&intent, at, Op::RefundFailed, "failed", turn);
    tell_updated(&intent, at, turn);
    tell("refund.failed", &intent, at, turn);
    keep(intent, turn);
    Ok(())
}

/// The shop calls a refund off that is still pending.
pub(super) fn cancel(id: &str, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
    let (mut intent, at) = find_refund(id, turn)?;
    label(&intent, at, turn);
    let status = intent.refunds[at].status;
    if status != RefundStatus::Pending {
        let message = format!("Refund {id} cannot be canceled: it has a status of {}.", status.name());
        return Err(errors::invalid_plain(None, &message).into());
    }
    intent.refunds[at].status = RefundStatus::Canceled;
    give_back(&mut intent, at);
    row(&intent, at, Op::RefundFailed, "canceled", turn);
    tell_updated(&intent, at, turn);
    let answer = Answer::json(200, &view::refund(&intent, &intent.refunds[at]));
    keep(intent, turn);
    Ok(answer)
}

/// The balance's entry of a refund that has succeeded.
pub(super) fn book(intent: &mut Intent, at: usize, turn: &mut Turn<'_>) {
    let refund = &intent.refunds[at];
    let Some(charge) = intent.charges.iter().find(|charge| charge.id == refund.charge) else { return };
    let description = intent
        .description
        .as_ref()
        .map_or_else(|| "REFUND FOR CHARGE".to_owned(), |description| format!("REFUND FOR CHARGE ({description})"));
    let movement =
        Movement { kind: EntryKind::Refund, amount: refund.amount, source: &refund.id, description: Some(description) };
    let entry = balance::book(intent, charge, movement, turn);
    intent.refunds[at].balance_transaction = Some(entry.id);
}

/// What was not given back can be refunded again.
fn give_back(intent: &mut Intent, at: usize) {
    let refund = &intent.refunds[at];
    if let Some(charge) = intent.charges.iter_mut().find(|charge| charge.id == refund.charge) {
        charge.amount_refunded -= refund.amount;
    }
}

fn locate(n: i64, turn: &mut Turn<'_>) -> Result<Option<(Intent, usize)>, Stop> {
    let Some(place) = turn.books.refunds.take(n, &turn.books.reader)? else { return Ok(None) };
    let intent = turn.books.intents.take(place.payment, &turn.books.reader)?;
    Ok(intent.filter(|intent| place.index < intent.refunds.len()).map(|intent| (intent, place.index)))
}

/// Later rows carry the key of the request that asked for the refund.
fn label(intent: &Intent, at: usize, turn: &mut Turn<'_>) {
    intents::label(intent, turn);
    turn.labels.key.clone_from(&intent.refunds[at].key);
}

pub(super) fn row(intent: &Intent, at: usize, op: Op, state: &'static str, turn: &mut Turn<'_>) {
    let refund = &intent.refunds[at];
    let row = Row::new(op).object(refund.id.clone()).parent(refund.charge.clone()).state(state);
    let detail = serde_json::json!({ "payment_intent": intent.id });
    turn.row(row.money(refund.amount, &intent.currency).detail(detail));
}

pub(super) fn tell(kind: &'static str, intent: &Intent, at: usize, turn: &mut Turn<'_>) {
    let refund = &intent.refunds[at];
    turn.happened(&Happened {
        kind,
        object: &view::refund(intent, refund),
        parent: &refund.charge,
        brand: brand(intent),
        amount_minor: refund.amount,
        intent: intent.mark.as_deref(),
        payment: intent.n,
    });
}

pub(super) fn tell_updated(intent: &Intent, at: usize, turn: &mut Turn<'_>) {
    tell("refund.updated", intent, at, turn);
    tell("charge.refund.updated", intent, at, turn);
}
