//! What becomes due by itself: payments that waited for their holder, for an outcome, for a capture, for the end of a reserve.
//!
//! What an object waits for, and until when, is the tag of its row; one task finds what is due by the tag's index and has each
//! provider do it.

use std::sync::Arc;
use std::time::Duration;

use crate::http::Stopping;
use crate::ledger::{Ledger, now_us};
use crate::store::Table;
use crate::{adyen, payment};

/// How often what is due is looked for.
const TICK: Duration = Duration::from_millis(100);
/// As many of a kind are taken at once.
const DUE_MAX: usize = 500;

/// The tag of something that waits. Tags of one kind sort by their time.
pub(crate) fn tag(kind: &str, due_us: i64) -> String {
    format!("{kind} {due_us:020}")
}

/// One look for what is due now.
pub(crate) struct Look<'l> {
    ledger: &'l Ledger,
    /// By our own clock.
    pub(crate) at_us: i64,
    /// By the vendors' clock.
    pub(crate) clock_us: i64,
    is_full: bool,
}

impl<'l> Look<'l> {
    fn now(ledger: &'l Ledger) -> Self {
        let at_us = now_us();
        Self { ledger, at_us, clock_us: ledger.clock_us(at_us), is_full: false }
    }

    /// What is due of a kind, the longest overdue first.
    pub(crate) fn find(&mut self, table: Table, kind: &str, until_us: i64) -> rusqlite::Result<Vec<i64>> {
        let due = self.ledger.books.lock().reader.due(table, &tag(kind, 0), &tag(kind, until_us), DUE_MAX)?;
        self.is_full |= due.len() == DUE_MAX;
        Ok(due)
    }
}

/// Does what is due at every provider; says whether there may be more.
fn sweep_some(ledger: &Arc<Ledger>) -> rusqlite::Result<bool> {
    let mut look = Look::now(ledger);
    payment::do_due(ledger, &mut look)?;
    adyen::do_due(ledger, &mut look)?;
    Ok(look.is_full)
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
