//! Changes of a payment: each is received at once, and what comes of it is told by a notification.

use serde::Serialize;
use serde_json::json;

use super::body::{Amount, ModificationRequest};
use super::notification::{Notice, tell};
use super::reference::{self, Kind};
use super::settlement::{self, Movement};
use super::state::{Failure, Payment, Reply, Stage};
use super::{checks, disputes, errors, payments, view};
use crate::statement::{Op, Row};
use crate::turn::Turn;
use crate::wire::{Answer, Stop};

/// What is to be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    Capture,
    Refund,
    Cancel,
    /// Cancels what is not captured, else refunds.
    Reverse,
    /// Reserves another amount.
    Adjust,
}

impl Change {
    pub(super) fn of_path(word: &str) -> Option<Self> {
        Some(match word {
            "captures" => Self::Capture,
            "refunds" => Self::Refund,
            "cancels" => Self::Cancel,
            "reversals" => Self::Reverse,
            "amountUpdates" => Self::Adjust,
            _ => return None,
        })
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Received<'a> {
    merchant_account: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    payment_psp_reference: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payment_reference: Option<&'a str>,
    psp_reference: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reference: Option<&'a str>,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    amount: Option<&'a Amount>,
}

/// A change as it is carried out.
struct Step<'a> {
    psp: String,
    request: &'a ModificationRequest,
    /// Why a rule lets it fail, in Adyen's words.
    decline: Option<&'a str>,
}

impl Step<'_> {
    /// The merchant's reference: of the change, else of the payment.
    fn reference<'a>(&'a self, payment: &'a Payment) -> &'a str {
        self.request.reference.as_deref().unwrap_or(&payment.reference)
    }
}

/// `POST /payments/{psp}/…`.
pub(super) fn change(
    change: Change,
    psp: &str,
    request: &ModificationRequest,
    decline: Option<&str>,
    turn: &mut Turn<'_>,
) -> Result<Answer, Stop> {
    let merchant = checks::merchant(request.merchant_account.as_deref(), turn)?;
    let mut payment =
        payments::find(psp, turn)?.filter(|payment| payment.merchant == merchant).ok_or_else(errors::no_original)?;
    payments::label(&payment, turn);
    let amount = match change {
        Change::Capture | Change::Refund | Change::Adjust => Some(amount(request, &payment)?),
        Change::Cancel | Change::Reverse => None,
    };
    let step = Step { psp: payments::part(&mut payment, turn)?, request, decline };
    match (change, amount) {
        (Change::Capture, Some(amount)) => capture(&mut payment, &step, amount, turn)?,
        (Change::Refund, Some(amount)) => refund(&mut payment, &step, amount, "REFUND", turn),
        (Change::Adjust, Some(amount)) => adjust(&mut payment, &step, amount, turn),
        (Change::Cancel, _) => cancel(&mut payment, &step, "CANCELLATION", turn),
        (Change::Reverse, _) => reverse(&mut payment, &step, turn),
        (Change::Capture | Change::Refund | Change::Adjust, None) => {}
    }
    payments::keep(payment, turn);
    let view = Received {
        merchant_account: &merchant,
        payment_psp_reference: Some(psp),
        payment_reference: None,
        psp_reference: &step.psp,
        reference: request.reference.as_deref(),
        status: "received",
        amount: request.amount.as_ref().filter(|_| amount.is_some()),
    };
    Ok(view::named(Answer::json(201, &view), &step.psp))
}

/// The amount of a change, in the payment's currency.
fn amount(request: &ModificationRequest, payment: &Payment) -> Result<i64, Answer> {
    let amount = checks::amount(request.amount.as_ref())?;
    if amount.value == 0 {
        return Err(errors::invalid_named("137", "Invalid amount specified", &payment.psp));
    }
    if amount.currency != payment.currency {
        return Err(errors::invalid_named("138", "Unsupported currency specified", &payment.psp));
    }
    Ok(amount.value)
}

/// Tells what came of a change.
fn told(payment: &Payment, step: &Step<'_>, event: &'static str, amount: i64, why: Option<&str>, turn: &mut Turn<'_>) {
    // What the schemes refuse later is an event of its own, and that it happened is its success.
    let is_success = why.is_none() || event.ends_with("_FAILED");
    let action = match event {
        "CANCEL_OR_REFUND" if payment.captured > 0 => vec![("modification.action", "refund".to_owned())],
        "CANCEL_OR_REFUND" => vec![("modification.action", "cancel".to_owned())],
        _ => Vec::new(),
    };
    let notice = Notice {
        event,
        psp: &step.psp,
        original: Some(&payment.psp),
        reference: step.reference(payment),
        amount,
        is_success,
        reason: why.unwrap_or_default().to_owned(),
        additional: action,
    };
    tell(payment, &notice, turn);
}

fn row(op: Op, payment: &Payment, step: &Step<'_>, amount: i64) -> Row {
    Row::new(op).object(step.psp.clone()).parent(payment.psp.clone()).money(amount, &payment.currency)
}

fn failed(op: Op, payment: &Payment, step: &Step<'_>, amount: i64, why: &str, turn: &mut Turn<'_>) {
    turn.row(row(op, payment, step, amount).state("failed").detail(json!({ "reason": why })));
}

fn capture(payment: &mut Payment, step: &Step<'_>, amount: i64, turn: &mut Turn<'_>) -> Result<(), Stop> {
    match (payment.check_capture(amount), step.decline) {
        (Err(Failure(why)), _) => {
            failed(Op::Capture, payment, step, amount, why, turn);
            told(payment, step, "CAPTURE", amount, Some(why), turn);
        }
        (Ok(()), Some(why)) => {
            failed(Op::Capture, payment, step, amount, why, turn);
            told(payment, step, "CAPTURE_FAILED", amount, Some(why), turn);
        }
        (Ok(()), None) => {
            payment.captured += amount;
            payments::took(payment, (&step.psp, step.reference(payment)), amount, turn);
            told(payment, step, "CAPTURE", amount, None, turn);
            disputes::open(payment, turn)?;
        }
    }
    Ok(())
}

fn refund(payment: &mut Payment, step: &Step<'_>, amount: i64, event: &'static str, turn: &mut Turn<'_>) {
    match (payment.check_refund(amount), step.decline) {
        (Err(Failure(why)), _) => {
            failed(Op::Refund, payment, step, amount, why, turn);
            told(payment, step, event, amount, Some(why), turn);
        }
        (Ok(()), Some(why)) if !why.eq_ignore_ascii_case(REVERSED) => {
            failed(Op::Refund, payment, step, amount, why, turn);
            told(payment, step, "REFUND_FAILED", amount, Some(why), turn);
        }
        (Ok(()), reversal) => {
            payment.refunded += amount;
            turn.row(row(Op::Refund, payment, step, amount).state("succeeded"));
            settlement::book(payment, Movement::Refunded, amount, (&step.psp, step.reference(payment)), turn);
            told(payment, step, event, amount, None, turn);
            if reversal.is_some() {
                give_back(payment, step, amount, turn);
            }
        }
    }
}

/// The event of a refund that comes back, and the rule's code for it.
const REVERSED: &str = "REFUNDED_REVERSED";

/// The holder's bank does not take the refund: the money is the merchant's again.
fn give_back(payment: &mut Payment, step: &Step<'_>, amount: i64, turn: &mut Turn<'_>) {
    payment.refunded -= amount;
    turn.row(row(Op::RefundFailed, payment, step, amount).state("failed"));
    settlement::book(payment, Movement::RefundedReversed, amount, (&step.psp, step.reference(payment)), turn);
    told(payment, step, REVERSED, amount, None, turn);
}

/// Releases what is reserved, or gives up what the holder has not confirmed.
fn cancel(payment: &mut Payment, step: &Step<'_>, event: &'static str, turn: &mut Turn<'_>) {
    if let Err(Failure(why)) = payment.check_cancel() {
        failed(Op::Void, payment, step, payment.open(), why, turn);
        return told(payment, step, event, payment.amount, Some(why), turn);
    }
    if matches!(payment.stage, Stage::Asked(_)) && payment.reply.is_none() {
        payments::challenge_row(payment, Reply::Abandoned.name(), turn);
    }
    let released = payment.open();
    let op = if payment.stage == Stage::Authorised { Op::Void } else { Op::Cancel };
    turn.row(row(op, payment, step, released).state("succeeded"));
    payment.authorised = payment.captured;
    if payment.captured == 0 {
        payment.stage = Stage::Cancelled;
    }
    told(payment, step, event, payment.amount, None, turn);
}

fn reverse(payment: &mut Payment, step: &Step<'_>, turn: &mut Turn<'_>) {
    if payment.captured == 0 {
        return cancel(payment, step, "CANCEL_OR_REFUND", turn);
    }
    if payment.open() > 0 {
        let released = payment.open();
        payment.authorised = payment.captured;
        turn.row(row(Op::Void, payment, step, released).state("succeeded"));
    }
    let amount = payment.refundable();
    if amount > 0 {
        refund(payment, step, amount, "CANCEL_OR_REFUND", turn);
    } else {
        let why = "Insufficient balance on payment";
        failed(Op::Refund, payment, step, payment.captured, why, turn);
        told(payment, step, "CANCEL_OR_REFUND", payment.captured, Some(why), turn);
    }
}

/// Reserves more or less; the statement has the difference.
fn adjust(payment: &mut Payment, step: &Step<'_>, amount: i64, turn: &mut Turn<'_>) {
    const EVENT: &str = "AUTHORISATION_ADJUSTMENT";
    let checked = payment.check_adjustment(amount).map_err(|Failure(why)| why);
    if let Some(why) = checked.err().or(step.decline) {
        failed(Op::Authorise, payment, step, amount, why, turn);
        return told(payment, step, EVENT, amount, Some(why), turn);
    }
    let difference = amount - payment.authorised;
    let op = if difference < 0 { Op::Void } else { Op::Authorise };
    turn.row(row(op, payment, step, difference.abs()).state("succeeded"));
    (payment.authorised, payment.amount) = (amount, amount);
    told(payment, step, EVENT, amount, None, turn);
}

/// `POST /cancels`: by the merchant's reference, where no answer ever told the payment's own.
pub(super) fn cancel_by_reference(request: &ModificationRequest, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
    let merchant = checks::merchant(request.merchant_account.as_deref(), turn)?;
    let named = request.payment_reference.as_deref().filter(|reference| !reference.is_empty());
    let named = named.ok_or_else(|| errors::invalid("130", "Reference Missing"))?;
    let account = turn.context.caller.account;
    let hash = payments::reference_mark(account, named, turn);
    let mut found: Option<Payment> = None;
    for n in turn.books.marks.find(hash, CANCELLED_MAX) {
        let payment = turn.books.backup_payments.take(n, &turn.books.reader)?;
        let payment = payment
            .filter(|payment| payment.account == account && payment.reference == named && payment.merchant == merchant);
        let Some(payment) = payment else { continue };
        let is_cancellable = payment.check_cancel().is_ok();
        if is_cancellable || found.is_none() {
            found = Some(payment);
        }
        if is_cancellable {
            break;
        }
    }
    // Nothing is known under it: received all the same, and there is nobody to tell the outcome of.
    let Some(mut payment) = found else {
        let psp = reference::make(turn.books.identity, Kind::Request, hash >> 30, 0);
        return Ok(received_by_reference(&merchant, named, &psp, request));
    };
    payments::label(&payment, turn);
    let step = Step { psp: payments::part(&mut payment, turn)?, request, decline: None };
    cancel(&mut payment, &step, "TECHNICAL_CANCEL", turn);
    payments::keep(payment, turn);
    Ok(received_by_reference(&merchant, named, &step.psp, request))
}

/// Payments of one reference that are looked at.
const CANCELLED_MAX: usize = 100;

fn received_by_reference(merchant: &str, named: &str, psp: &str, request: &ModificationRequest) -> Answer {
    let view = Received {
        merchant_account: merchant,
        payment_psp_reference: None,
        payment_reference: Some(named),
        psp_reference: psp,
        reference: request.reference.as_deref(),
        status: "received",
        amount: None,
    };
    view::named(Answer::json(201, &view), psp)
}
