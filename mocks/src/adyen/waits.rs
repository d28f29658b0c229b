//! Payments that wait: for the holder, for an outcome, for a capture that was put off, for the end of an authorisation.

use std::borrow::Cow;
use std::sync::Arc;

use model::fault::Provider;

use super::notification::{Notice, tell};
use super::payments;
use super::refusals::{NOT_3D_AUTHENTICATED, Refusal};
use super::state::{Payment, Reply, Stage, Wait};
use crate::due::{self, Look};
use crate::ledger::Ledger;
use crate::rules::Plan;
use crate::statement::{Op, Row};
use crate::store::Table;
use crate::turn::{Context, Labels, Turn};
use crate::wire::{Answer, Stop};

/// Due by our own clock.
const SOON: &str = "soon";
/// Due by the vendors' clock.
const LATE: &str = "late";

/// What a payment waits for, so that it sorts by its time.
pub(super) fn tag(payment: &Payment) -> Option<Cow<'static, str>> {
    let (clock, due_us) = match payment.waits_for()? {
        Wait::Holder(due_us) | Wait::Outcome(due_us) => (SOON, due_us),
        Wait::Capture(due_us) | Wait::Expiry(due_us) => (LATE, due_us),
    };
    Some(due::tag(clock, due_us).into())
}

/// Does what is due.
pub(crate) fn do_due(ledger: &Arc<Ledger>, look: &mut Look<'_>) -> rusqlite::Result<()> {
    for (clock, until_us) in [(SOON, look.at_us), (LATE, look.clock_us)] {
        for payment in look.find(Table::BackupPayment, clock, until_us)? {
            go_on(ledger, payment);
        }
    }
    Ok(())
}

/// Lets a payment go on by itself, in a turn of its own.
fn go_on(ledger: &Arc<Ledger>, n: i64) {
    let found = {
        let books = &mut *ledger.books.lock();
        books.backup_payments.take(n, &books.reader)
    };
    let Ok(Some(payment)) = found else { return };
    let context = Context::of_itself(ledger, Provider::BackupPayment, payment.account, payment.mark);
    ledger.operate(&context, Labels::default(), &Plan::default(), |turn| {
        if let Some(mut payment) = turn.books.backup_payments.take(n, &turn.books.reader)? {
            its_time_has_come(&mut payment, turn)?;
            if !turn.rows.is_empty() {
                payments::keep(payment, turn);
            }
        }
        Ok(Answer::new(200, ""))
    });
}

/// Does what a payment's time has come for, if it still has.
fn its_time_has_come(payment: &mut Payment, turn: &mut Turn<'_>) -> Result<(), Stop> {
    let (at_us, clock_us) = (turn.context.at_us, turn.context.clock_us);
    payments::label(payment, turn);
    match payment.waits_for() {
        Some(Wait::Holder(due_us)) if due_us <= at_us => {
            if payment.reply.is_none() {
                payments::challenge_row(payment, Reply::Abandoned.name(), turn);
            }
            payments::refuse(payment, Refusal::of_code(NOT_3D_AUTHENTICATED), turn);
        }
        Some(Wait::Outcome(due_us)) if due_us <= at_us => payments::authorise(payment, turn)?,
        Some(Wait::Capture(due_us)) if due_us <= clock_us => payments::capture_all(payment, turn)?,
        Some(Wait::Expiry(due_us)) if due_us <= clock_us => expire(payment, turn),
        Some(Wait::Holder(_) | Wait::Outcome(_) | Wait::Capture(_) | Wait::Expiry(_)) | None => {}
    }
    Ok(())
}

/// The authorisation runs out: what was not captured is released.
fn expire(payment: &mut Payment, turn: &mut Turn<'_>) {
    let left = payment.open();
    let row = Row::new(Op::Expire).object(payment.psp.clone()).parent(payment.psp.clone());
    turn.row(row.state("expired").money(left, &payment.currency));
    payment.authorised = payment.captured;
    if payment.captured == 0 {
        payment.stage = Stage::Expired;
    }
    let notice = Notice {
        event: "EXPIRE",
        psp: &payment.psp,
        original: None,
        reference: &payment.reference,
        amount: left,
        is_success: true,
        reason: String::new(),
        additional: Vec::new(),
    };
    tell(payment, &notice, turn);
}
