//! Payments that wait for somebody: for the holder to answer a challenge, for the shop to capture.
//!
//! What a payment waits for, and until when, is the tag of its row; whatever is due is found by the tag's index.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use model::fault::Provider;

use super::challenge::Answered;
use super::charging::{Manner, keep};
use super::state::{Intent, Status};
use super::{captures, challenge, sessions, setups};
use crate::http::Stopping;
use crate::ledger::{Ledger, now_us};
use crate::rules::Plan;
use crate::store::Table;
use crate::turn::{Context, Labels, Turn};
use crate::wire::Answer;

/// How often what is due is looked for.
const TICK: Duration = Duration::from_millis(100);
/// As many are taken at once.
const DUE_MAX: usize = 500;

pub(super) const CHALLENGE: &str = "challenge";
const CAPTURE: &str = "capture";
/// What an open checkout waits for.
pub(super) const CHECKOUT: &str = "checkout";

/// What a payment waits for.
pub(super) fn tag(intent: &Intent) -> Option<Cow<'static, str>> {
    match intent.status {
        Status::Processing => Some(Status::Processing.name().into()),
        Status::RequiresAction => {
            let due_us = intent.challenge.as_ref().map_or(0, |challenge| challenge.due_us);
            Some(named(CHALLENGE, due_us).into())
        }
        Status::RequiresCapture => {
            let due_us = intent.latest_charge().and_then(|charge| charge.expires_us)?;
            Some(named(CAPTURE, due_us).into())
        }
        Status::RequiresPaymentMethod | Status::RequiresConfirmation | Status::Succeeded | Status::Canceled => None,
    }
}

/// Tags of one kind sort by their time.
pub(super) fn named(kind: &str, due_us: i64) -> String {
    format!("{kind} {due_us:020}")
}

/// Changes a payment on the provider's own account, in a turn of its own.
pub(super) fn alone(ledger: &Arc<Ledger>, payment: i64, change: impl Fn(&mut Intent, &mut Turn<'_>)) {
    let found = {
        let books = &mut *ledger.books.lock();
        books.intents.take(payment, &books.reader)
    };
    let Ok(Some(intent)) = found else { return };
    let context = Context::of_itself(ledger, Provider::Payment, intent.account, intent.mark.clone());
    let labels =
        Labels { order: intent.order().map(str::to_owned), email: intent.email().map(str::to_owned), key: None };
    ledger.operate(&context, labels, &Plan::default(), |turn| {
        if let Some(mut intent) = turn.books.intents.take(payment, &turn.books.reader)? {
            change(&mut intent, turn);
            if !turn.rows.is_empty() {
                keep(intent, turn);
            }
        }
        Ok(Answer::new(200, ""))
    });
}

/// A turn that nobody asked for, of an object that moves no money.
fn by_itself(ledger: &Arc<Ledger>, account: Option<i64>, change: impl Fn(&mut Turn<'_>) -> rusqlite::Result<()>) {
    let Some(account) = account else { return };
    let context = Context::of_itself(ledger, Provider::Payment, account, None);
    ledger.operate(&context, Labels::default(), &Plan::default(), |turn| {
        change(turn)?;
        Ok(Answer::new(200, ""))
    });
}

/// Gives up what is due; says whether there may be more.
fn sweep_some(ledger: &Arc<Ledger>) -> rusqlite::Result<bool> {
    let (at_us, clock_us) = (now_us(), ledger.clock_us(now_us()));
    let due = |table: Table, kind: &str, until_us: i64| {
        let books = ledger.books.lock();
        books.reader.due(table, &named(kind, 0), &named(kind, until_us), DUE_MAX)
    };
    let unanswered = due(Table::Intent, CHALLENGE, at_us)?;
    let uncaptured = due(Table::Intent, CAPTURE, clock_us)?;
    let unready = due(Table::Setup, CHALLENGE, at_us)?;
    let unpaid = due(Table::Session, CHECKOUT, clock_us)?;
    for payment in &unanswered {
        alone(ledger, *payment, |intent, turn| {
            if intent.challenge.as_ref().is_some_and(|challenge| challenge.due_us <= at_us) {
                challenge::end(intent, Answered::Abandoned, Manner::absent(), turn);
            }
        });
    }
    for payment in &uncaptured {
        alone(ledger, *payment, captures::expire);
    }
    for n in &unready {
        let account = ledger.books.lock().owner_of_setup(*n)?;
        by_itself(ledger, account, |turn| setups::abandon(*n, at_us, turn));
    }
    for n in &unpaid {
        let account = ledger.books.lock().owner_of_session(*n)?;
        by_itself(ledger, account, |turn| sessions::run_out(*n, turn));
    }
    Ok([unanswered, uncaptured, unready, unpaid].iter().any(|due| due.len() == DUE_MAX))
}

/// Gives up everything that is due. What was decided is stored when this returns.
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
        match sweep_some(&ledger) {
            Ok(_) => {}
            Err(error) => tracing::error!(%error, "failed to read what is due from the store"),
        }
    }
}
