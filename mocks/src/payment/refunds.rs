//! Refunds: never more than was captured; a refused one stands in the statement, too.

use serde_json::json;

use super::amounts::{amount, written};
use super::cards::Behaviour;
use super::charging::{brand, keep};
use super::errors;
use super::form::Form;
use super::intents::find;
use super::state::{Intent, Refund, RefundPlace, RefundRefusal, merge};
use super::view::{self, Expand};
use crate::statement::{Op, Row};
use crate::turn::{Happened, Turn};
use crate::wire::{Answer, Stop};

pub(super) fn create(
    form: &Form,
    expand: Expand,
    declined: Option<Behaviour>,
    turn: &mut Turn<'_>,
) -> Result<Answer, Stop> {
    let asked = amount(form, "amount")?;
    let reason = form.text("reason");
    if reason.as_deref().is_some_and(|reason| !["duplicate", "fraudulent", "requested_by_customer"].contains(&reason)) {
        return Err(errors::invalid_plain(
            Some("reason"),
            "Invalid reason: must be one of duplicate, fraudulent, or requested_by_customer",
        )
        .into());
    }
    let mut intent = target(form, turn)?;
    let Some(place) = charge_place(&intent, form) else {
        let message = format!("This PaymentIntent ({}) does not have a successful charge to refund.", intent.id);
        refused(&intent, None, asked, "no_charge", turn);
        return Err(errors::forbidden("payment_intent_unexpected_state", None, &message, None).into());
    };
    let charge_id = intent.charges[place].id.clone();
    let refundable = match intent.charges[place].refundable(asked) {
        Ok(amount) => amount,
        Err(why) => return Err(refuse(&intent, &charge_id, asked, why, turn).into()),
    };
    if declined.is_some() {
        refused(&intent, Some(&charge_id), Some(refundable), "balance_insufficient", turn);
        let message = "You have insufficient funds in your Stripe balance to refund this amount.";
        return Err(errors::forbidden("balance_insufficient", None, message, None).into());
    }
    let n = turn.books.refunds.number();
    let mut refund = Refund {
        id: turn.books.identity.make("re", n),
        charge: charge_id,
        amount: refundable,
        created: turn.now_s(),
        reason,
        metadata: Vec::new(),
    };
    merge(&mut refund.metadata, form.map("metadata"));
    intent.charges[place].amount_refunded += refundable;
    intent.refunds.push(refund.clone());
    let row = Row::new(Op::Refund).object(refund.id.clone()).parent(refund.charge.clone()).state("succeeded");
    turn.row(row.money(refundable, &intent.currency).detail(json!({ "payment_intent": intent.id })));
    tell_refund("refund.created", &intent, &refund, turn);
    let charge = &intent.charges[place];
    turn.happened(&Happened {
        kind: "charge.refunded",
        object: &view::charge(&intent, charge, Expand::default()),
        parent: &charge.id,
        brand: brand(&intent),
        amount_minor: refundable,
        intent: intent.mark.as_deref(),
        payment: intent.n,
    });
    let answer = Answer::json(200, &view::refund(&intent, &refund, expand));
    let place = RefundPlace { payment: intent.n, index: intent.refunds.len() - 1 };
    turn.books.refunds.put(n, intent.account, None, place, &mut turn.writes, turn.progress);
    keep(intent, turn);
    Ok(answer)
}

/// The payment that a refund names.
fn target(form: &Form, turn: &mut Turn<'_>) -> Result<Intent, Stop> {
    if let Some(id) = form.get("payment_intent") {
        return find(id, turn);
    }
    let id = form.get("charge").ok_or_else(|| {
        errors::invalid_plain(
            None,
            "One of the following params should be provided for this request: payment_intent or charge.",
        )
    })?;
    let no_such = || errors::no_such("charge", "charge", id);
    let (n, index) = turn.books.identity.read_part("ch", id).ok_or_else(no_such)?;
    let intent = find(&turn.books.identity.make("pi", n), turn)?;
    if index >= intent.charges.len() {
        return Err(no_such().into());
    }
    Ok(intent)
}

/// Which of the payment's charges is meant.
fn charge_place(intent: &Intent, form: &Form) -> Option<usize> {
    let meant = match form.get("charge") {
        Some(id) => Some(id),
        None => intent.paid_charge().map(|charge| charge.id.as_str()),
    }?;
    intent.charges.iter().position(|charge| charge.id == meant)
}

/// Writes the refused refund and tells it.
fn refuse(intent: &Intent, charge: &str, asked: Option<i64>, why: RefundRefusal, turn: &mut Turn<'_>) -> Answer {
    match why {
        RefundRefusal::NothingCaptured => {
            refused(intent, Some(charge), asked, "nothing_captured", turn);
            let message = format!("Charge {charge} has not been captured; cancel its PaymentIntent instead.");
            errors::forbidden("charge_not_refundable", Some("charge"), &message, None)
        }
        RefundRefusal::AlreadyRefunded => {
            refused(intent, Some(charge), asked, "charge_already_refunded", turn);
            let message = format!("Charge {charge} has already been refunded.");
            errors::forbidden("charge_already_refunded", None, &message, None)
        }
        RefundRefusal::TooMuch { left } => {
            refused(intent, Some(charge), asked, "amount_too_large", turn);
            let message = format!(
                "Refund amount ({}) is greater than {} amount on charge ({})",
                written(asked.unwrap_or_default(), &intent.currency),
                if intent.refunds.is_empty() { "charge" } else { "unrefunded" },
                written(left, &intent.currency),
            )
            .replace("charge amount on charge", "charge amount");
            errors::forbidden_plain(Some("amount"), &message)
        }
    }
}

fn refused(intent: &Intent, charge: Option<&str>, asked: Option<i64>, why: &str, turn: &mut Turn<'_>) {
    let mut row = Row::new(Op::Refund).state("refused").money(asked.unwrap_or(intent.amount), &intent.currency);
    row.parent = Some(charge.unwrap_or(&intent.id).to_owned());
    turn.row(row.detail(json!({ "payment_intent": intent.id, "code": why })));
}

fn tell_refund(kind: &'static str, intent: &Intent, refund: &Refund, turn: &mut Turn<'_>) {
    turn.happened(&Happened {
        kind,
        object: &view::refund(intent, refund, Expand::default()),
        parent: &refund.charge,
        brand: brand(intent),
        amount_minor: refund.amount,
        intent: intent.mark.as_deref(),
        payment: intent.n,
    });
}

/// A refund of the caller's, with the payment that holds it.
fn find_refund(id: &str, turn: &mut Turn<'_>) -> Result<(Intent, usize), Stop> {
    let no_such = || errors::no_such("refund", "id", id);
    let n = turn.books.identity.read("re", id).ok_or_else(no_such)?;
    let place = turn.books.refunds.take(n, &turn.books.reader)?.ok_or_else(no_such)?;
    let intent = turn.books.intents.take(place.payment, &turn.books.reader)?;
    let intent =
        intent.filter(|intent| intent.account == turn.context.caller.account && place.index < intent.refunds.len());
    Ok((intent.ok_or_else(no_such)?, place.index))
}

pub(super) fn retrieve(id: &str, expand: Expand, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
    let (intent, index) = find_refund(id, turn)?;
    super::intents::label(&intent, turn);
    Ok(Answer::json(200, &view::refund(&intent, &intent.refunds[index], expand)))
}

pub(super) fn update(id: &str, form: &Form, expand: Expand, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
    let (mut intent, index) = find_refund(id, turn)?;
    super::intents::label(&intent, turn);
    merge(&mut intent.refunds[index].metadata, form.map("metadata"));
    tell_refund("refund.updated", &intent, &intent.refunds[index], turn);
    let answer = Answer::json(200, &view::refund(&intent, &intent.refunds[index], expand));
    keep(intent, turn);
    Ok(answer)
}
