//! Refunds: never more than was captured; a refused one stands in the statement, too.

use serde_json::json;

use super::amounts::{amount, written};
use super::cards::Behaviour;
use super::charging::{brand, keep};
use super::form::Form;
use super::intents::{self, find};
use super::state::{Intent, Refund, RefundPlace, RefundRefusal, RefundStatus, Status, merge};
use super::test_cards::Aftermath;
use super::view;
use super::{captures, chores, errors, refund_fate};
use crate::statement::{Op, Row};
use crate::turn::{Happened, Turn};
use crate::wire::{Answer, Stop};

const REASONS: [&str; 3] = ["duplicate", "fraudulent", "requested_by_customer"];

/// Refunds the charge that the path names, or the charge or payment that the form names.
pub(super) fn create(
    of_path: Option<&str>,
    form: &Form,
    declined: Option<Behaviour>,
    turn: &mut Turn<'_>,
) -> Result<Answer, Stop> {
    let asked = amount(form, "amount")?;
    let reason = form.text("reason");
    if reason.as_deref().is_some_and(|reason| !REASONS.contains(&reason)) {
        let message = "Invalid reason: must be one of duplicate, fraudulent, or requested_by_customer";
        return Err(errors::invalid_plain(Some("reason"), message).into());
    }
    let named = of_path.or_else(|| form.get("charge"));
    let mut intent = target(named, form, turn)?;
    let Some(place) = charge_place(&intent, named) else {
        let message = format!("This PaymentIntent ({}) does not have a successful charge to refund.", intent.id);
        refused(&intent, None, asked, "no_charge", turn);
        return Err(errors::forbidden("payment_intent_unexpected_state", None, &message, None).into());
    };
    let charge_id = intent.charges[place].id.clone();
    if intent.charges[place].is_charged_back {
        refused(&intent, Some(&charge_id), asked, "charge_disputed", turn);
        let message = format!("Charge {charge_id} has been charged back; cannot issue a refund.");
        return Err(errors::forbidden("charge_disputed", None, &message, None).into());
    }
    if intent.status == Status::RequiresCapture && intent.charges[place].amount_captured == 0 {
        return release(&intent, place, asked, reason, form, turn);
    }
    let refundable = match intent.charges[place].refundable(asked) {
        Ok(amount) => amount,
        Err(why) => return Err(refuse(&intent, place, asked, why, turn).into()),
    };
    if declined.is_some() {
        refused(&intent, Some(&charge_id), Some(refundable), "balance_insufficient", turn);
        let message = "You have insufficient funds in your Stripe balance to refund this amount.";
        return Err(errors::forbidden("balance_insufficient", None, message, None).into());
    }
    let status = match intent.charges[place].method.card.aftermath {
        Aftermath::RefundPends => RefundStatus::Pending,
        Aftermath::Nothing | Aftermath::Disputed(_) | Aftermath::RefundFails => RefundStatus::Succeeded,
    };
    let (n, at) = add(&mut intent, place, refundable, status, reason, form, turn);
    intent.charges[place].amount_refunded += refundable;
    refund_fate::row(&intent, at, Op::Refund, status.name(), turn);
    if status == RefundStatus::Succeeded {
        refund_fate::book(&mut intent, at, turn);
    }
    plan(n, place, &intent, turn);
    tell_refunded(&intent, place, at, turn);
    let answer = Answer::json(200, &view::refund(&intent, &intent.refunds[at]));
    keep(intent, turn);
    Ok(answer)
}

/// Makes the refund's record; returns its number and its place in the payment.
fn add(
    intent: &mut Intent,
    place: usize,
    amount: i64,
    status: RefundStatus,
    reason: Option<String>,
    form: &Form,
    turn: &mut Turn<'_>,
) -> (i64, usize) {
    let n = turn.books.refunds.number();
    let mut refund = Refund {
        id: turn.books.identity.make("re", n),
        charge: intent.charges[place].id.clone(),
        amount,
        created: turn.now_s(),
        reason,
        metadata: Vec::new(),
        status,
        failure_reason: None,
        balance_transaction: None,
        failure_balance_transaction: None,
        key: turn.context.key.as_ref().map(|key| key.text.clone()),
    };
    merge(&mut refund.metadata, form.map("metadata"));
    intent.refunds.push(refund);
    let at = intent.refunds.len() - 1;
    let found = RefundPlace { payment: intent.n, index: at };
    turn.books.refunds.put(n, intent.account, None, found, &mut turn.writes, turn.progress);
    (n, at)
}

/// Leaves for later what the card's bank will make of the refund.
fn plan(n: i64, place: usize, intent: &Intent, turn: &mut Turn<'_>) {
    let (task, delay_ms) = match intent.charges[place].method.card.aftermath {
        Aftermath::RefundPends => (chores::Task::SettleRefund { refund: n }, turn.books.pauses.refund_settles_ms),
        Aftermath::RefundFails => (chores::Task::FailRefund { refund: n }, turn.books.pauses.refund_fails_ms),
        Aftermath::Nothing | Aftermath::Disputed(_) => return,
    };
    chores::later(task, delay_ms, intent.mark.as_deref(), turn);
}

fn tell_refunded(intent: &Intent, place: usize, at: usize, turn: &mut Turn<'_>) {
    refund_fate::tell("refund.created", intent, at, turn);
    let charge = &intent.charges[place];
    turn.happened(&Happened {
        kind: "charge.refunded",
        object: &view::charge(intent, charge),
        parent: &charge.id,
        brand: brand(intent),
        amount_minor: intent.refunds[at].amount,
        intent: intent.mark.as_deref(),
        payment: intent.n,
    });
}

/// What was only authorised is released whole: no money comes back, because none went.
fn release(
    intent: &Intent,
    place: usize,
    asked: Option<i64>,
    reason: Option<String>,
    form: &Form,
    turn: &mut Turn<'_>,
) -> Result<Answer, Stop> {
    let authorised = intent.charges[place].amount;
    if asked.is_some_and(|asked| asked != authorised) {
        let charge = intent.charges[place].id.as_str();
        refused(intent, Some(charge), asked, "nothing_captured", turn);
        let message = "You cannot partially refund an uncaptured charge. Instead, capture the charge for an amount less than the original amount";
        return Err(errors::forbidden("charge_not_refundable", Some("amount"), message, None).into());
    }
    captures::cancel(&intent.id, &Form::default(), turn)?;
    let mut intent = find(&intent.id, turn)?;
    let (_, at) = add(&mut intent, place, authorised, RefundStatus::Succeeded, reason, form, turn);
    tell_refunded(&intent, place, at, turn);
    let answer = Answer::json(200, &view::refund(&intent, &intent.refunds[at]));
    keep(intent, turn);
    Ok(answer)
}

/// The payment that a refund names, itself or by its charge.
fn target(charge: Option<&str>, form: &Form, turn: &mut Turn<'_>) -> Result<Intent, Stop> {
    match (charge, form.get("payment_intent")) {
        (Some(_), Some(_)) => {
            Err(errors::invalid_plain(None, "You may only specify one of these parameters: charge, payment_intent.")
                .into())
        }
        (Some(id), None) => of_charge(id, turn),
        (None, Some(id)) => {
            let n = turn.books.identity.read("pi", id);
            match n {
                Some(_) => find(id, turn),
                None => Err(errors::no_reference("payment_intent", "payment_intent", id).into()),
            }
        }
        (None, None) => Err(errors::invalid_plain(
            None,
            "One of the following params should be provided for this request: payment_intent or charge.",
        )
        .into()),
    }
}

/// The payment that a charge belongs to.
pub(super) fn of_charge(id: &str, turn: &mut Turn<'_>) -> Result<Intent, Stop> {
    let no_such = || errors::no_reference("charge", "charge", id);
    let (n, index) = turn.books.identity.read_part("ch", id).ok_or_else(no_such)?;
    let intent = turn.books.intents.take(n, &turn.books.reader)?;
    let intent = intent.filter(|intent| intent.account == turn.context.caller.account && index < intent.charges.len());
    let intent = intent.ok_or_else(no_such)?;
    intents::label(&intent, turn);
    Ok(intent)
}

/// Which of the payment's charges is meant.
fn charge_place(intent: &Intent, named: Option<&str>) -> Option<usize> {
    let meant = match named {
        Some(id) => Some(id),
        None => intent.paid_charge().map(|charge| charge.id.as_str()),
    }?;
    intent.charges.iter().position(|charge| charge.id == meant)
}

/// Writes the refused refund and tells it.
fn refuse(intent: &Intent, place: usize, asked: Option<i64>, why: RefundRefusal, turn: &mut Turn<'_>) -> Answer {
    let charge = &intent.charges[place];
    let id = charge.id.as_str();
    match why {
        RefundRefusal::NothingCaptured => {
            refused(intent, Some(id), asked, "nothing_captured", turn);
            let message = format!("Charge {id} has not been captured; cancel its PaymentIntent instead.");
            errors::forbidden("charge_not_refundable", Some("charge"), &message, None)
        }
        RefundRefusal::AlreadyRefunded => {
            refused(intent, Some(id), asked, "charge_already_refunded", turn);
            let message = format!("Charge {id} has already been refunded.");
            errors::forbidden("charge_already_refunded", None, &message, None)
        }
        RefundRefusal::TooMuch { left } => {
            refused(intent, Some(id), asked, "amount_too_large", turn);
            let whole = if charge.amount_refunded == 0 { "charge amount" } else { "unrefunded amount on charge" };
            let message = format!(
                "Refund amount ({}) is greater than {whole} ({})",
                written(asked.unwrap_or_default(), &intent.currency),
                written(left, &intent.currency)
            );
            errors::forbidden_plain(Some("amount"), &message)
        }
    }
}

fn refused(intent: &Intent, charge: Option<&str>, asked: Option<i64>, why: &str, turn: &mut Turn<'_>) {
    let mut row = Row::new(Op::Refund).state("refused").money(asked.unwrap_or(intent.amount), &intent.currency);
    row.parent = Some(charge.unwrap_or(&intent.id).to_owned());
    turn.row(row.detail(json!({ "payment_intent": intent.id, "code": why })));
}

/// A refund of the caller's, with the payment that holds it.
pub(super) fn find_refund(id: &str, turn: &mut Turn<'_>) -> Result<(Intent, usize), Stop> {
    let no_such = || errors::no_such("refund", "id", id);
    let n = turn.books.identity.read("re", id).ok_or_else(no_such)?;
    let place = turn.books.refunds.take(n, &turn.books.reader)?.ok_or_else(no_such)?;
    let intent = turn.books.intents.take(place.payment, &turn.books.reader)?;
    let intent =
        intent.filter(|intent| intent.account == turn.context.caller.account && place.index < intent.refunds.len());
    Ok((intent.ok_or_else(no_such)?, place.index))
}

pub(super) fn retrieve(id: &str, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
    let (intent, index) = find_refund(id, turn)?;
    intents::label(&intent, turn);
    Ok(Answer::json(200, &view::refund(&intent, &intent.refunds[index])))
}

pub(super) fn update(id: &str, form: &Form, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
    let (mut intent, index) = find_refund(id, turn)?;
    intents::label(&intent, turn);
    merge(&mut intent.refunds[index].metadata, form.map("metadata"));
    refund_fate::tell_updated(&intent, index, turn);
    let answer = Answer::json(200, &view::refund(&intent, &intent.refunds[index]));
    keep(intent, turn);
    Ok(answer)
}
