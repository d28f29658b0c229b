//! The one thread that writes to the run file, in groups.

use crate::error::Error;
use crate::file::RunFile;
use crate::insert;
use crate::intake::{Complete, Fact, Intake, LoadEnd, Message, Settled, Shared};
use rusqlite::{Connection, ErrorCode, params};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How long rows are gathered into one transaction.
const GROUP: Duration = Duration::from_millis(200);

/// Writes what its [`Intake`]s are given.
#[derive(Debug)]
pub struct Writer {
    intake: Intake,
    thread: JoinHandle<RunFile>,
}

impl Writer {
    /// Starts the thread.
    pub fn start(file: RunFile) -> Result<Self, Error> {
        let (intake, receiver) = Intake::open();
        let shared = intake.shared();
        let thread = std::thread::Builder::new()
            .name("books".into())
            .spawn(move || {
                Group { file: &file, shared }.work(&receiver);
                file
            })
            .map_err(|error| Error::Thread(error.to_string()))?;
        Ok(Self { intake, thread })
    }

    /// A way in.
    #[must_use]
    pub fn intake(&self) -> Intake {
        self.intake.clone()
    }

    /// Why nothing more is written; none while all is well.
    #[must_use]
    pub fn failed(&self) -> Option<String> {
        self.intake.failed()
    }

    /// Writes what was given so far, ends the thread and gives the file back; what is given later is lost.
    /// After a failed write the file holds everything up to the last group that was committed.
    pub fn stop(self) -> Result<RunFile, Error> {
        self.intake.stop();
        self.thread.join().map_err(|_| Error::Thread("it ended by a panic".into()))
    }
}

/// The thread's own side.
struct Group<'a> {
    file: &'a RunFile,
    shared: Arc<Shared>,
}

/// What the thread does after a group.
enum Next {
    Group,
    End,
}

impl Group<'_> {
    fn work(&self, receiver: &Receiver<Message>) {
        while let Ok(first) = receiver.recv() {
            let mut flushes = Vec::new();
            let next = match self.write_group(first, receiver, &mut flushes) {
                Ok(next) => next,
                Err(error) => {
                    self.shared.fail(sentence(&error));
                    // Dropped unanswered: who waits for a flush learns that it failed.
                    flushes.clear();
                    drain(receiver);
                    return;
                }
            };
            for flush in flushes {
                // Who no longer waits does not need the answer.
                let _ = flush.send(());
            }
            match next {
                Next::Group => {}
                Next::End => return,
            }
        }
    }

    /// Writes everything that comes within the time of a group, and commits.
    fn write_group(
        &self,
        first: Message,
        receiver: &Receiver<Message>,
        flushes: &mut Vec<SyncSender<()>>,
    ) -> rusqlite::Result<Next> {
        let deadline = Instant::now() + GROUP;
        let tx = self.file.conn.unchecked_transaction()?;
        let mut rows = 0;
        let mut message = Some(first);
        let next = loop {
            match message {
                None => break Next::Group,
                Some(Message::Stop) => break Next::End,
                Some(Message::Flush(done)) => {
                    flushes.push(done);
                    break Next::Group;
                }
                Some(Message::Batch(batch)) => rows += insert::batch(&tx, &batch)?,
                Some(Message::Statement { process, rows: given }) => {
                    insert::statement(&tx, process, &given)?;
                    rows += given.len() as u64;
                }
                Some(Message::Orders(given)) => {
                    insert::orders(&tx, &given)?;
                    rows += given.len() as u64;
                }
                Some(Message::Fact(fact)) => note(&tx, &fact)?,
            }
            message = receiver.recv_timeout(deadline.saturating_duration_since(Instant::now())).ok();
        };
        // What was joined before no longer fits.
        tx.prepare_cached("UPDATE run SET joined = 0 WHERE joined <> 0")?.execute([])?;
        tx.commit()?;
        self.shared.count(rows);
        Ok(next)
    }
}

/// Takes and drops what still comes, so that no giver waits for a writer that will not write.
fn drain(receiver: &Receiver<Message>) {
    while let Ok(message) = receiver.recv() {
        match message {
            Message::Stop => return,
            Message::Batch(_)
            | Message::Statement { .. }
            | Message::Orders(_)
            | Message::Fact(_)
            | Message::Flush(_) => {}
        }
    }
}

/// Says what happened and what to do about it.
fn sentence(error: &rusqlite::Error) -> String {
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => {
            "write to the run file: the disk is full; free some space or set another directory with `--out`".into()
        }
        Some(ErrorCode::ReadOnly) => "write to the run file: it became read-only".into(),
        Some(ErrorCode::SystemIoFailure) => format!("write to the run file: the disk failed ({error})"),
        _ => format!("write to the run file: {error}"),
    }
}

/// Stores one fact.
pub(crate) fn note(conn: &Connection, fact: &Fact) -> rusqlite::Result<()> {
    let complete = |complete: Complete| i64::from(complete == Complete::Yes);
    match fact {
        Fact::LoadBegan(unix_us) => conn.execute("UPDATE run SET load_began_at_us = ?1", [*unix_us as i64]),
        Fact::LoadEnded(end) => {
            let end = match end {
                LoadEnd::Completed => "completed",
                LoadEnd::Interrupted => "interrupted",
            };
            conn.execute("UPDATE run SET load_ended = ?1", [end])
        }
        Fact::Settled { how, waited_us } => {
            let how = match how {
                Settled::Quiet => "quiet",
                Settled::Deadline => "deadline",
                Settled::Interrupted => "interrupted",
            };
            conn.execute("UPDATE run SET settled = ?1, waited_us = ?2", params![how, *waited_us as i64])
        }
        Fact::StatementReadTo { process, seq, complete: whole } => conn.execute(
            "INSERT OR REPLACE INTO statement_book (process, read_to, complete) VALUES (?1, ?2, ?3)",
            params![process, *seq as i64, complete(*whole)],
        ),
        Fact::OrdersRead(whole) => conn.execute("UPDATE run SET orders_complete = ?1", [complete(*whole)]),
        Fact::FilesScanned(whole) => conn.execute("UPDATE run SET files_complete = ?1", [complete(*whole)]),
        Fact::SettlementRead(whole) => conn.execute("UPDATE run SET settlement_complete = ?1", [complete(*whole)]),
        Fact::ScannedFile { file, bytes } => conn
            .execute("INSERT OR REPLACE INTO scanned_file (file, bytes) VALUES (?1, ?2)", params![file, *bytes as i64]),
        Fact::CardSighting { file, card, count } => conn.execute(
            "INSERT OR REPLACE INTO card_sighting (file, card, count) VALUES (?1, ?2, ?3)",
            params![file, card, *count as i64],
        ),
        Fact::FaultCount { name, matched, applied, hazardous } => conn.execute(
            "INSERT OR REPLACE INTO fault_count (name, matched, applied, hazardous) VALUES (?1, ?2, ?3, ?4)",
            params![name, *matched as i64, *applied as i64, *hazardous as i64],
        ),
        Fact::Other { name, value } => {
            conn.execute("INSERT OR REPLACE INTO fact (name, value) VALUES (?1, ?2)", params![name, value])
        }
    }
    .map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::opening::Opening;
    use crate::rows::{Batch, Sample};
    use model::plan::RunPlan;
    use model::seed::Seed;

    fn samples(count: u32) -> Batch {
        let sample = |second| Sample { second, name: "generator.begun".into(), value: 1.0 };
        Batch { samples: (0..count).map(sample).collect(), ..Batch::default() }
    }

    #[test]
    fn a_full_disk_halts_with_a_sentence_and_leaves_what_was_committed() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("run.db");
        let plan = RunPlan { scenario: String::new(), seed: Seed(1), duration_us: 1, arrivals: vec![], phases: vec![] };
        let file = RunFile::create(&path, &Opening::default(), &plan).unwrap();
        let pages: i64 = file.conn.pragma_query_value(None, "page_count", |row| row.get(0)).unwrap();
        file.conn.pragma_update_and_check(None, "max_page_count", pages + 4, |_| Ok(())).unwrap();
        let writer = Writer::start(file).unwrap();
        let intake = writer.intake();
        intake.give(samples(1)).unwrap();
        intake.flush().unwrap();
        intake.give(samples(100_000)).unwrap();
        assert!(intake.flush().is_err());
        let sentence = intake.failed().unwrap();
        assert!(sentence.starts_with("write to the run file: the disk is full"), "{sentence}");
        assert!(matches!(intake.give(samples(1)), Err(Error::Halted(_))));
        assert_eq!(writer.failed(), Some(sentence));
        drop(writer.stop().unwrap());
        let conn = RunFile::open_to_read(&path).unwrap();
        let left: i64 = conn.query_row("SELECT count(*) FROM v1_sample", [], |row| row.get(0)).unwrap();
        assert_eq!(left, 1);
    }

    #[test]
    fn a_writer_that_was_stopped_says_so() {
        let plan = RunPlan { scenario: String::new(), seed: Seed(1), duration_us: 1, arrivals: vec![], phases: vec![] };
        let writer = Writer::start(RunFile::in_memory(&Opening::default(), &plan).unwrap()).unwrap();
        let intake = writer.intake();
        drop(writer.stop().unwrap());
        assert_eq!(intake.give(samples(1)).unwrap_err().to_string(), "write to the run file: it was closed");
    }
}
