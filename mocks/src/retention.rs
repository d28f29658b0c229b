//! What the providers forget once its time has come: keys, so that a process that serves for days stays bounded.

use std::sync::Arc;
use std::time::Duration;

use model::fault::Provider;

use crate::http::Stopping;
use crate::ledger::{Ledger, now_us};
use crate::statement::Stamp;

const TICK: Duration = Duration::from_secs(1);
/// As many are forgotten at once: the store is held up for a moment only.
const FORGOTTEN_MAX: usize = 500;

/// Forgets some of the keys that are past their time; says whether there may be more.
fn forget_some(ledger: &Arc<Ledger>) -> rusqlite::Result<bool> {
    let clock_us = ledger.clock_us(now_us());
    let mut books = ledger.books.lock();
    let old = books.reader.old_answers(clock_us, FORGOTTEN_MAX)?;
    if old.is_empty() {
        return Ok(false);
    }
    let books_now = &mut *books;
    let progress = books_now.progress(now_us(), ledger.writer.finished_turn());
    let writes = books_now.keys.prune(&mut books_now.names, &old, progress);
    let stamp = Stamp::bare(now_us(), None, Provider::Payment);
    // Whoever asks again is told by the next commit; nobody waits for this one.
    drop(ledger.note_in(books_now, &stamp, &[], writes));
    Ok(old.len() == FORGOTTEN_MAX)
}

/// Forgets every key that is past its time.
pub(crate) async fn forget(ledger: &Arc<Ledger>) {
    loop {
        // What was forgotten before must be gone from the store, where the old ones are looked for.
        let is_stored = ledger.settled().await.is_ok();
        match forget_some(ledger) {
            Ok(true) if is_stored => {}
            Ok(_) => return,
            Err(error) => {
                tracing::error!(%error, "failed to read old keys from the store");
                return;
            }
        }
    }
}

/// Forgets what is due until the server stops.
pub(crate) async fn watch(ledger: Arc<Ledger>, mut stopping: Stopping) {
    loop {
        tokio::select! {
            () = tokio::time::sleep(TICK) => {}
            _ = stopping.wait_for(|stop| *stop) => return,
        }
        forget(&ledger).await;
    }
}
