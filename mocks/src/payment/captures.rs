//! What becomes of an authorisation: captured whole or in parts, released, or run out.

use serde_json::json;

use super::amounts::amount;
use super::cards::Behaviour;
use super::charging::{keep, tell_charge, tell_intent};
use super::form::Form;
use super::intents::{find, shown, unexpected};
use super::options::{Multicapture, choice};
use super::state::{Intent, Status};
use super::view;
use super::{balance, errors};
use crate::statement::{Op, Row};
use crate::turn::Turn;
use crate::wire::{Answer, Stop};

const TOO_MUCH: &str = "The payment could not be captured because the requested capture amount is greater than the amount you can capture for this charge.";

/// How much a capture takes, and whether more may follow.
pub(super) struct Asked {
    pub(super) amount: i64,
    pub(super) is_final: bool,
}

pub(super) fn capture(id: &str, form: &Form, declined: Option<Behaviour>, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
    let mut intent = find(id, turn)?;
    release_overdue(&mut intent, turn);
    let capturable = intent.amount_capturable();
    let asked = read(form, capturable, &intent)?;
    if intent.status != Status::RequiresCapture {
        return Err(not_capturable(&intent).into());
    }
    if asked.amount > capturable {
        return Err(errors::forbidden("amount_too_large", Some("amount_to_capture"), TOO_MUCH, None).into());
    }
    take(&mut intent, &asked, declined, turn)?;
    merge_metadata(&mut intent, form);
    let answer = shown(&intent);
    keep(intent, turn);
    Ok(answer)
}

fn merge_metadata(intent: &mut Intent, form: &Form) {
    super::state::merge(&mut intent.metadata, form.map("metadata"));
    intent.statement_descriptor = form.retext("statement_descriptor", intent.statement_descriptor.take());
}

fn read(form: &Form, capturable: i64, intent: &Intent) -> Result<Asked, Answer> {
    let is_final = form.boolean("final_capture")?.unwrap_or(true);
    let has_captured = intent.amount_received() > 0;
    if !is_final && intent.options.multicapture == Multicapture::Never {
        return Err(errors::invalid_plain(
            Some("final_capture"),
            "The parameter `final_capture` cannot be false for this PaymentIntent because multicapture is not available. Pass `payment_method_options[card][request_multicapture]=if_available` when confirming it.",
        ));
    }
    // Nothing more is taken, and the rest is released.
    if is_final && has_captured && form.get("amount_to_capture") == Some("0") {
        return Ok(Asked { amount: 0, is_final });
    }
    let amount = amount(form, "amount_to_capture")?.unwrap_or(capturable);
    Ok(Asked { amount, is_final: is_final || amount == capturable })
}

/// Releases what is past its time, before anything else is asked of it.
pub(super) fn release_overdue(intent: &mut Intent, turn: &mut Turn<'_>) {
    if intent.latest_charge().and_then(|charge| charge.expires_us).is_some_and(|due| due <= turn.context.clock_us) {
        expire(intent, turn);
        keep(intent.clone(), turn);
    }
}

/// Takes the money, unless a rule has it declined. Whatever is left of a final capture is released.
pub(super) fn take(
    intent: &mut Intent,
    asked: &Asked,
    declined: Option<Behaviour>,
    turn: &mut Turn<'_>,
) -> Result<(), Answer> {
    let rest = intent.amount_capturable() - asked.amount;
    if let (Some(decline), Some(charge)) = (declined.and_then(Behaviour::decline), intent.latest_charge()) {
        let row = Row::new(Op::Capture).object(charge.id.clone()).parent(intent.id.clone()).state("failed");
        let detail = json!({ "code": decline.code, "final": asked.is_final });
        turn.row(row.money(asked.amount, &intent.currency).detail(detail));
        let view = intent.shown_id().map(|_| view::intent(intent));
        return Err(errors::declined(&decline, Some(&charge.id), view.as_ref()));
    }
    let Some(charge) = intent.charges.last_mut() else { return Ok(()) };
    charge.amount_captured += asked.amount;
    let (id, of) = (charge.id.clone(), intent.id.clone());
    let row = |op| Row::new(op).object(id.clone()).parent(of.clone());
    if asked.amount > 0 {
        let detail = json!({ "final": asked.is_final, "released_minor": if asked.is_final { rest } else { 0 } });
        turn.row(row(Op::Capture).state("succeeded").money(asked.amount, &intent.currency).detail(detail));
        let at = intent.charges.len() - 1;
        balance::captured(intent, at, asked.amount, turn);
    }
    if !asked.is_final {
        tell_charge("charge.updated", intent, turn);
        tell_intent("payment_intent.amount_capturable_updated", intent, turn);
        return Ok(());
    }
    if rest > 0 {
        turn.row(row(Op::Void).state("voided").money(rest, &intent.currency));
    }
    intent.status = Status::Succeeded;
    tell_charge("charge.captured", intent, turn);
    tell_intent("payment_intent.succeeded", intent, turn);
    Ok(())
}

fn not_capturable(intent: &Intent) -> Answer {
    let message = match (intent.status, intent.latest_charge()) {
        (Status::Succeeded, Some(charge)) if charge.amount_captured < charge.amount => "The remaining amount on this PaymentIntent could not be captured because the remainder of the authorized amount has been released.".to_owned(),
        (Status::Succeeded, _) => {
            "This PaymentIntent could not be captured because it has already been captured.".to_owned()
        }
        (status, _) => format!(
            "This PaymentIntent could not be captured because it has a status of {}. Only a PaymentIntent with one of the following statuses may be captured: requires_capture.",
            status.name()
        ),
    };
    unexpected(intent, &message)
}

pub(super) fn cancel(id: &str, form: &Form, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
    const REASONS: [&str; 4] = ["duplicate", "fraudulent", "requested_by_customer", "abandoned"];
    let mut intent = find(id, turn)?;
    let reason = choice(form, "cancellation_reason", &REASONS)?.map(str::to_owned);
    match intent.status {
        Status::RequiresPaymentMethod
        | Status::RequiresConfirmation
        | Status::RequiresAction
        | Status::RequiresCapture => {}
        Status::Processing | Status::Succeeded | Status::Canceled => {
            let message = format!(
                "You cannot cancel this PaymentIntent because it has a status of {}. Only a PaymentIntent with one of the following statuses may be canceled: requires_payment_method, requires_capture, requires_confirmation, requires_action, processing.",
                intent.status.name()
            );
            return Err(unexpected(&intent, &message).into());
        }
    }
    let left = intent.amount_capturable();
    intent.status = Status::Canceled;
    intent.canceled_at = Some(turn.now_s());
    intent.cancellation_reason = reason;
    if let Some(charge) = intent.charges.last_mut().filter(|_| left > 0) {
        charge.is_voided = true;
        let row = Row::new(Op::Void).object(charge.id.clone()).parent(intent.id.clone()).state("voided");
        turn.row(row.money(left, &intent.currency));
    }
    turn.row(Row::new(Op::Cancel).object(intent.id.clone()).state("canceled").money(intent.amount, &intent.currency));
    intent.refused = None;
    tell_intent("payment_intent.canceled", &intent, turn);
    let answer = shown(&intent);
    keep(intent, turn);
    Ok(answer)
}

/// The authorisation runs out, if it is still open and its time has come: what was not captured is released.
pub(super) fn expire(intent: &mut Intent, turn: &mut Turn<'_>) {
    let left = intent.amount_capturable();
    let (status, clock_us, now_s) = (intent.status, turn.context.clock_us, turn.now_s());
    let Some(charge) = intent.charges.last_mut() else { return };
    if status != Status::RequiresCapture || charge.expires_us.is_none_or(|due_us| due_us > clock_us) {
        return;
    }
    charge.is_voided = true;
    let row = Row::new(Op::Expire).object(charge.id.clone()).parent(intent.id.clone()).state("expired");
    let has_captured = charge.amount_captured > 0;
    turn.row(row.money(left, &intent.currency));
    if has_captured {
        intent.status = Status::Succeeded;
        tell_charge("charge.expired", intent, turn);
        tell_intent("payment_intent.succeeded", intent, turn);
        return;
    }
    intent.status = Status::Canceled;
    intent.canceled_at = Some(now_s);
    intent.cancellation_reason = Some("automatic".to_owned());
    tell_charge("charge.expired", intent, turn);
    tell_intent("payment_intent.canceled", intent, turn);
}
