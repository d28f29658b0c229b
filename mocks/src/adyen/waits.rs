//! Payments that wait: for the holder, for an outcome, for a capture that was put off, for the end of an authorisation.
//!
//! What is due is found by the tag of a payment's row.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use model::fault::Provider;

use super::notification::{Notice, tell};
use super::payments;
use super::refusals::{NOT_3D_AUTHENTICATED, Refusal};
use super::state::{Payment, Reply, Stage, Wait};
use crate::http::Stopping;
use crate::ledger::{Ledger, now_us};
use crate::rules::Plan;
use crate::statement::{Op, Row};
use crate::store::Table;
use crate::turn::{Context, Labels, Turn};
use crate::wire::{Answer, Stop};

/// How often what is due is looked for.
const TICK: Duration = Duration::from_millis(100);
/// As many are taken at once.
const DUE_MAX: usize = 500;

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
    Some(named(clock, due_us).into())
}

fn named(clock: &str, due_us: i64) -> String {
    format!("{clock} {due_us:020}")
}

/// Does what is due; says whether there may be more.
fn sweep_some(ledger: &Arc<Ledger>) -> rusqlite::Result<bool> {
    let at_us = now_us();
    let mut may_be_more = false;
    for (clock, until_us) in [(SOON, at_us), (LATE, ledger.clock_us(at_us))] {
        let due =
            ledger.books.lock().reader.due(Table::BackupPayment, &named(clock, 0), &named(clock, until_us), DUE_MAX)?;
        may_be_more |= due.len() == DUE_MAX;
        for payment in due {
            go_on(ledger, payment);
        }
    }
    Ok(may_be_more)
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
            due(&mut payment, turn)?;
            if !turn.rows.is_empty() {
                payments::keep(payment, turn);
            }
        }
        Ok(Answer::new(200, ""))
    });
}

/// Does what a payment's time has come for, if it still has.
fn due(payment: &mut Payment, turn: &mut Turn<'_>) -> Result<(), Stop> {
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

/// Does everything that is due. What was decided is stored when this returns.
pub(crate) async fn sweep(ledger: &Arc<Ledger>) {
    loop {
        // What was decided before must be in the store, where it is looked for.
        let is_stored = ledger.settled().await.is_ok();
        match sweep_some(ledger) {
            Ok(true) if is_stored => {}
            Ok(_) => break,
            Err(error) => {
                tracing::error!(%error, "failed to read what is due from the store");
                break;
            }
        }
    }
    if ledger.settled().await.is_err() {
        tracing::error!("what was due could not be stored");
    }
}

/// Looks for what is due until the server stops.
pub(crate) async fn watch(ledger: Arc<Ledger>, mut stopping: Stopping) {
    loop {
        tokio::select! {
            () = tokio::time::sleep(TICK) => {}
            _ = stopping.wait_for(|stop| *stop) => return,
        }
        if let Err(error) = sweep_some(&ledger) {
            tracing::error!(%error, "failed to read what is due from the store");
        }
    }
}
