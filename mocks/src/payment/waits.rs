//! Payments that wait for somebody: for the holder to answer a challenge, for the shop to capture.

use std::borrow::Cow;
use std::sync::Arc;

use model::fault::Provider;

use super::challenge::Answered;
use super::charging::{Manner, keep};
use super::state::{Intent, Status};
use super::{captures, challenge, sessions, setups};
use crate::due::{self, Look};
use crate::ledger::Ledger;
use crate::rules::Plan;
use crate::store::Table;
use crate::turn::{Context, Labels, Turn};
use crate::wire::Answer;

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
            Some(due::tag(CHALLENGE, due_us).into())
        }
        Status::RequiresCapture => {
            let due_us = intent.latest_charge().and_then(|charge| charge.expires_us)?;
            Some(due::tag(CAPTURE, due_us).into())
        }
        Status::RequiresPaymentMethod | Status::RequiresConfirmation | Status::Succeeded | Status::Canceled => None,
    }
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

/// Gives up what is due.
pub(crate) fn do_due(ledger: &Arc<Ledger>, look: &mut Look<'_>) -> rusqlite::Result<()> {
    let (at_us, clock_us) = (look.at_us, look.clock_us);
    for payment in look.find(Table::Intent, CHALLENGE, at_us)? {
        alone(ledger, payment, |intent, turn| {
            if intent.challenge.as_ref().is_some_and(|challenge| challenge.due_us <= at_us) {
                challenge::end(intent, Answered::Abandoned, Manner::absent(), turn);
            }
        });
    }
    for payment in look.find(Table::Intent, CAPTURE, clock_us)? {
        alone(ledger, payment, captures::expire);
    }
    for n in look.find(Table::Setup, CHALLENGE, at_us)? {
        let account = ledger.books.lock().owner_of_setup(n)?;
        by_itself(ledger, account, |turn| setups::abandon(n, at_us, turn));
    }
    for n in look.find(Table::Session, CHECKOUT, clock_us)? {
        let account = ledger.books.lock().owner_of_session(n)?;
        by_itself(ledger, account, |turn| sessions::run_out(n, turn));
    }
    Ok(())
}
