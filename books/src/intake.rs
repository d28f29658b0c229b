//! The way into the run file while the run goes on: cheap to clone, safe from any thread.

use crate::error::Error;
use crate::rows::{Batch, OrderRow, StatementRow};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, OnceLock};

/// Batches that may wait for the writer; past it, givers wait too.
const WAITING_MAX: usize = 256;

/// Gives rows to the [`Writer`](crate::writer::Writer).
#[derive(Clone, Debug)]
pub struct Intake {
    sender: SyncSender<Message>,
    shared: Arc<Shared>,
}

/// What writer and givers both see.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    failure: OnceLock<String>,
    rows: AtomicU64,
}

impl Shared {
    /// Remembers the first failure.
    pub(crate) fn fail(&self, sentence: String) {
        // Later failures follow from the first.
        let _ = self.failure.set(sentence);
    }

    pub(crate) fn failed(&self) -> Option<&str> {
        self.failure.get().map(String::as_str)
    }

    pub(crate) fn count(&self, rows: u64) {
        self.rows.fetch_add(rows, Ordering::Relaxed);
    }

    pub(crate) fn rows(&self) -> u64 {
        self.rows.load(Ordering::Relaxed)
    }
}

/// One thing to write.
#[derive(Debug)]
pub(crate) enum Message {
    Batch(Box<Batch>),
    Statement { process: u16, rows: Vec<StatementRow> },
    Orders(Vec<OrderRow>),
    Fact(Fact),
    Flush(SyncSender<()>),
    Stop,
}

/// Something that becomes known of the run as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fact {
    /// The load began: Unix microseconds, zero of all times in the shopper's history.
    LoadBegan(u64),
    /// The load ended and every row of the shopper's history has been given.
    LoadEnded(LoadEnd),
    /// Waiting for quiet ended.
    Settled {
        /// How.
        how: Settled,
        /// Microseconds from the end of the load to the reading of the final books.
        waited_us: u64,
    },
    /// The statement of a provider process was read to this sequence number.
    StatementReadTo {
        /// Number of the process, from 0.
        process: u16,
        /// Last sequence number read.
        seq: u64,
        /// Whether nothing of the run is missing.
        complete: Complete,
    },
    /// The orders book was read.
    OrdersRead(Complete),
    /// The shop's files were scanned for card numbers.
    FilesScanned(Complete),
    /// The settlement reports were read.
    SettlementRead(Complete),
    /// One of the scanned files.
    ScannedFile {
        /// Its path.
        file: String,
        /// How much was read.
        bytes: u64,
    },
    /// A card number found in a scanned file; by the card's name.
    CardSighting {
        /// The file's path.
        file: String,
        /// Name of the card.
        card: String,
        /// How often.
        count: u64,
    },
    /// What the controller of a rule counted itself.
    FaultCount {
        /// Name of the fault.
        name: String,
        /// Operations that it matched.
        matched: u64,
        /// Operations that it was applied to.
        applied: u64,
        /// Operations that it left in the hazardous state.
        hazardous: u64,
    },
    /// Whatever else readers of the file may want; the last value of a name counts.
    Other {
        /// Dotted name.
        name: String,
        /// The value.
        value: String,
    },
}

/// Whether a book was read to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Complete {
    /// To its end.
    Yes,
    /// In part.
    No,
}

/// How the load ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoadEnd {
    /// As planned.
    Completed,
    /// Before its time.
    Interrupted,
}

/// How the wait for quiet ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// Nothing changed for as long as the scenario asks.
    Quiet,
    /// The scenario's deadline passed.
    Deadline,
    /// It was cut short.
    Interrupted,
}

/// A batch that was not taken.
#[derive(Debug)]
pub enum NotTaken {
    /// The writer is behind: try again with the same rows, or more.
    Full(Box<Batch>),
    /// The writer has failed; see [`Intake::failed`].
    Halted,
}

impl Intake {
    /// Both ends of the way in.
    pub(crate) fn open() -> (Self, Receiver<Message>) {
        let (sender, receiver) = sync_channel(WAITING_MAX);
        (Self { sender, shared: Arc::default() }, receiver)
    }

    pub(crate) fn shared(&self) -> Arc<Shared> {
        Arc::clone(&self.shared)
    }

    /// Gives a batch; waits while the writer is far behind.
    pub fn give(&self, batch: Batch) -> Result<(), Error> {
        self.send(Message::Batch(Box::new(batch)))
    }

    /// Gives a batch without ever waiting.
    pub fn offer(&self, batch: Batch) -> Result<(), NotTaken> {
        if self.shared.failed().is_some() {
            return Err(NotTaken::Halted);
        }
        self.sender.try_send(Message::Batch(Box::new(batch))).map_err(|error| match error {
            TrySendError::Full(Message::Batch(batch)) => NotTaken::Full(batch),
            TrySendError::Full(_) | TrySendError::Disconnected(_) => NotTaken::Halted,
        })
    }

    /// Gives rows of the statement of one provider process; the same rows may be given again.
    pub fn statement(&self, process: u16, rows: Vec<StatementRow>) -> Result<(), Error> {
        self.send(Message::Statement { process, rows })
    }

    /// Gives orders; an order with the same `seq` is replaced.
    pub fn orders(&self, rows: Vec<OrderRow>) -> Result<(), Error> {
        self.send(Message::Orders(rows))
    }

    /// Notes a fact.
    pub fn fact(&self, fact: Fact) -> Result<(), Error> {
        self.send(Message::Fact(fact))
    }

    /// Waits until everything given before is committed.
    pub fn flush(&self) -> Result<(), Error> {
        let (done, wait) = sync_channel(1);
        self.send(Message::Flush(done))?;
        wait.recv().map_err(|_| self.halted())
    }

    /// Why nothing more is written; none while all is well.
    #[must_use]
    pub fn failed(&self) -> Option<String> {
        self.shared.failed().map(str::to_owned)
    }

    /// Rows written so far.
    #[must_use]
    pub fn rows_written(&self) -> u64 {
        self.shared.rows()
    }

    pub(crate) fn send(&self, message: Message) -> Result<(), Error> {
        if self.shared.failed().is_some() {
            return Err(self.halted());
        }
        self.sender.send(message).map_err(|_| self.halted())
    }

    /// Ends the writer, whether or not it has failed.
    pub(crate) fn stop(&self) {
        // A writer that is gone has stopped.
        let _ = self.sender.send(Message::Stop);
    }

    fn halted(&self) -> Error {
        Error::Halted(self.failed().unwrap_or_else(|| "write to the run file: it was closed".into()))
    }
}
