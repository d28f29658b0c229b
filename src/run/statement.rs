//! Follows the providers' statement into the books while the run goes on, so that a crash leaves what was known.

use super::note;
use crate::arena::ProvidersAdmin;
use crate::caller::CallError;
use books::intake::{Complete, Fact, Intake};
use std::time::Duration;
use tokio::sync::watch;

/// Rows a page.
const PAGE_ROWS: usize = 5_000;

/// Between two looks when there was nothing more to read.
const PAUSE: Duration = Duration::from_secs(1);

/// All providers of a run are one process.
const PROCESS: u16 = 0;

/// Follows the statement of one provider process.
pub struct StatementReader {
    admin: ProvidersAdmin,
    read_to: u64,
}

impl StatementReader {
    /// A reader from the beginning.
    #[must_use]
    pub const fn new(admin: ProvidersAdmin) -> Self {
        Self { admin, read_to: 0 }
    }

    /// Reads until `stop` turns true; providers that do not answer (killed, restarting) are asked again.
    pub async fn follow(mut self, intake: Intake, mut stop: watch::Receiver<bool>) -> Self {
        loop {
            let rows = self.page(&intake).await.unwrap_or(0);
            if rows == PAGE_ROWS {
                continue;
            }
            tokio::select! {
                () = tokio::time::sleep(PAUSE) => {}
                _ = stop.wait_for(|stop| *stop) => return self,
            }
        }
    }

    /// Reads what is left, and notes whether that was all.
    pub async fn finish(mut self, intake: &Intake) -> Result<(), CallError> {
        let ended = loop {
            match self.page(intake).await {
                Ok(PAGE_ROWS) => {}
                other => break other.map(drop),
            }
        };
        let complete = if ended.is_ok() { Complete::Yes } else { Complete::No };
        note(intake.fact(Fact::StatementReadTo { process: PROCESS, seq: self.read_to, complete }));
        ended
    }

    async fn page(&mut self, intake: &Intake) -> Result<usize, CallError> {
        let rows = self.admin.statement(self.read_to, PAGE_ROWS).await?;
        let count = rows.len();
        if let Some(last) = rows.last() {
            self.read_to = last.seq;
            note(intake.statement(PROCESS, rows));
        }
        Ok(count)
    }
}
