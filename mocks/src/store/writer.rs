//! The one thread that writes: takes every job that waits, commits them together, then says so to each.
//!
//! Jobs are handed over in the order in which they were decided, and are committed in that order, so whoever sees one
//! committed knows that all before it are.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};
use rusqlite::params;
use tokio::sync::oneshot;

use super::bodies::Placed;
use super::pack::Packs;
use super::{Outlet, Write};

/// Least time between two commits: what arrives meanwhile is written together, which saves most of the pages.
const PAUSE: Duration = Duration::from_micros(1_500);

/// Told once a job is committed, or that it never will be.
pub(crate) type Acked = oneshot::Receiver<Result<(), WriterGone>>;

/// The job was not committed.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("write to the store")]
pub(crate) struct WriterGone;

/// Changes that are committed together.
#[derive(Default)]
pub(crate) struct Job {
    pub(crate) writes: Vec<Write>,
    /// The turn in which it was decided, 0 for none.
    pub(crate) turn: u64,
    /// The state from which it was decided; a job decided from a state that was lost is refused.
    pub(crate) epoch: u64,
    pub(crate) done: Option<oneshot::Sender<Result<(), WriterGone>>>,
    /// Runs after the commit.
    pub(crate) after: Option<Box<dyn FnOnce() + Send>>,
}

#[derive(Default)]
struct Queue {
    jobs: Vec<Job>,
    closed: bool,
}

struct Shared {
    queue: Mutex<Queue>,
    wake: Condvar,
    finished_turn: AtomicU64,
    groups: AtomicU64,
}

/// Handle to the writing thread.
pub(crate) struct Writer {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Writer {
    /// Starts the thread. `on_failure` is called when a commit failed, before anyone is told, with the last turn that
    /// was committed; it returns the epoch from which jobs are good again.
    pub(crate) fn start(mut outlet: Outlet, on_failure: impl Fn(u64) -> u64 + Send + 'static) -> std::io::Result<Self> {
        let shared = Arc::new(Shared {
            queue: Mutex::default(),
            wake: Condvar::new(),
            finished_turn: AtomicU64::new(0),
            groups: AtomicU64::new(0),
        });
        let inner = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("providers-store".to_owned())
            .spawn(move || run(&mut outlet, &inner, &on_failure))?;
        Ok(Self { shared, thread: Mutex::new(Some(thread)) })
    }

    /// Hands a job over; never blocks for the disk.
    pub(crate) fn submit(&self, job: Job) {
        let mut queue = self.shared.queue.lock();
        if queue.closed {
            drop(queue);
            if let Some(done) = job.done {
                let _ = done.send(Err(WriterGone));
            }
            return;
        }
        let idle = queue.jobs.is_empty();
        queue.jobs.push(job);
        drop(queue);
        if idle {
            self.shared.wake.notify_one();
        }
    }

    /// The last turn whose job is done with; all before it are, too.
    pub(crate) fn finished_turn(&self) -> u64 {
        self.shared.finished_turn.load(Ordering::Acquire)
    }

    /// Waits until the job of `turn`, decided in `epoch`, is committed.
    pub(crate) async fn settled(&self, turn: u64, epoch: u64) -> Result<(), WriterGone> {
        if self.finished_turn() >= turn {
            return Ok(());
        }
        let (done, acked) = oneshot::channel();
        self.submit(Job { epoch, done: Some(done), ..Job::default() });
        acked.await.unwrap_or(Err(WriterGone))
    }

    /// Commits so far.
    pub(crate) fn groups(&self) -> u64 {
        self.shared.groups.load(Ordering::Relaxed)
    }

    /// Commits what waits and ends the thread.
    pub(crate) fn close(&self) {
        self.shared.queue.lock().closed = true;
        self.shared.wake.notify_one();
        if let Some(thread) = self.thread.lock().take()
            && thread.join().is_err()
        {
            tracing::error!("the store's thread panicked");
        }
    }
}

/// Waits for jobs and takes them all; `None` when the writer is closed and nothing waits. A job that comes when nothing
/// was committed for a while is taken at once, others gather for as long as [`PAUSE`].
fn gather(shared: &Shared, last_commit: Instant) -> Option<Vec<Job>> {
    let mut queue = shared.queue.lock();
    while queue.jobs.is_empty() && !queue.closed {
        shared.wake.wait(&mut queue);
    }
    let due = last_commit + PAUSE;
    if !queue.closed && Instant::now() < due {
        drop(queue);
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        queue = shared.queue.lock();
    }
    (!queue.jobs.is_empty()).then(|| std::mem::take(&mut queue.jobs))
}

fn run(outlet: &mut Outlet, shared: &Shared, on_failure: &dyn Fn(u64) -> u64) {
    let mut epoch = 0;
    let mut last_commit = Instant::now();
    while let Some(group) = gather(shared, last_commit) {
        let turn = group.iter().map(|job| job.turn).max().unwrap_or(0);
        let (good, stale): (Vec<Job>, Vec<Job>) = group.into_iter().partition(|job| job.epoch >= epoch);
        let outcome = commit(outlet, &good);
        last_commit = Instant::now();
        if let Err(error) = &outcome {
            tracing::error!(%error, "failed to write to the store; what was not written is refused");
            if let Err(error) = outlet.connection.execute_batch("ROLLBACK") {
                tracing::debug!(%error, "nothing to roll back");
            }
            epoch = on_failure(shared.finished_turn.load(Ordering::Acquire));
        }
        shared.groups.fetch_add(1, Ordering::Relaxed);
        shared.finished_turn.fetch_max(turn, Ordering::Release);
        let result = outcome.map_err(|_| WriterGone);
        for job in good {
            finish(job, result);
        }
        for job in stale {
            finish(job, Err(WriterGone));
        }
    }
    if let Err(error) = outlet.connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)") {
        tracing::debug!(%error, "the log was not folded in");
    }
}

fn finish(job: Job, result: Result<(), WriterGone>) {
    if let (Some(after), Ok(())) = (job.after, result) {
        after();
    }
    if let Some(done) = job.done {
        // Whoever asked may have gone.
        let _ = done.send(result);
    }
}

fn commit(outlet: &mut Outlet, jobs: &[Job]) -> rusqlite::Result<()> {
    if jobs.iter().all(|job| job.writes.is_empty()) {
        return Ok(());
    }
    outlet.bodies.begin();
    outlet.connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
    let mut packs = Packs::default();
    for write in jobs.iter().flat_map(|job| &job.writes) {
        if !packs.take(outlet, write)? {
            apply(outlet, write)?;
        }
    }
    packs.write(outlet)?;
    outlet.bodies.write()?;
    outlet.connection.prepare_cached("COMMIT")?.execute([])?;
    Ok(())
}

/// Writes what has a row of its own.
fn apply(outlet: &mut Outlet, write: &Write) -> rusqlite::Result<()> {
    let Outlet { connection, bodies } = outlet;
    match write {
        Write::Put { table, n, account, tag, body } => {
            let body = if table.has_bodies_apart() { bodies.put(body) } else { Placed::Here(body) };
            connection.prepare_cached(table.put_sql())?.execute(params![n, account, tag.as_deref(), body])?;
        }
        Write::Delete { table, n } => {
            connection.prepare_cached(table.delete_sql())?.execute([n])?;
        }
        Write::Statement { seq, last, run, open, lines } => {
            connection
                .prepare_cached("INSERT INTO statement (seq, last, run, open, lines) VALUES (?1, ?2, ?3, ?4, ?5)")?
                .execute(params![seq, last, run, open, &lines[..]])?;
        }
        Write::Settle { seq, lines } => {
            connection
                .prepare_cached("UPDATE statement SET open = 0, lines = ?2 WHERE seq = ?1")?
                .execute(params![seq, &lines[..]])?;
        }
        Write::Forget { n } => {
            connection.prepare_cached("DELETE FROM answer WHERE n = ?1")?.execute([n])?;
        }
        Write::Setting { name, value } => {
            connection
                .prepare_cached("INSERT OR REPLACE INTO meta (name, value) VALUES (?1, ?2)")?
                .execute(params![name, value])?;
        }
        Write::Answer(answer) => {
            connection
                .prepare_cached(
                    "INSERT INTO answer (n, account, key, fingerprint, status, object, labels, body, until_us, place, endpoint, request)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
                )?
                .execute(params![
                    answer.n,
                    answer.account,
                    answer.key,
                    answer.fingerprint,
                    answer.status,
                    answer.object,
                    answer.labels,
                    bodies.put(&answer.body),
                    answer.until_us,
                    answer.place,
                    answer.endpoint,
                    answer.request,
                ])?;
        }
        // Packed with those of the other jobs.
        Write::Name { .. } | Write::Mark { .. } | Write::Event { .. } => {}
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::super::bodies::{self, Bodies};
    use super::*;

    fn job(write: Write, epoch: u64) -> (Job, Acked) {
        let (done, acked) = oneshot::channel();
        (Job { writes: vec![write], epoch, done: Some(done), ..Job::default() }, acked)
    }

    fn name(hash: i64, epoch: u64) -> (Job, Acked) {
        job(Write::Name { hash, n: 1 }, epoch)
    }

    #[test]
    fn a_failed_group_takes_what_was_built_on_it_along() {
        let directory = tempfile::tempdir().expect("a directory");
        let bodies = Bodies::new(bodies::open(&directory.path().join("store")).expect("a file")).expect("a file");
        let connection = Connection::open_in_memory().expect("a database");
        connection.execute_batch("CREATE TABLE name (pack INTEGER PRIMARY KEY, body BLOB)").expect("a table");
        let writer = Writer::start(Outlet { connection, bodies }, |_| 1).expect("a thread");
        let told = |(job, acked): (Job, Acked)| {
            writer.submit(job);
            acked.blocking_recv().expect("everyone is told").is_ok()
        };
        assert!(told(name(1, 0)));
        assert!(!told(job(Write::Setting { name: "n", value: 1 }, 0)), "there is no such table");
        assert!(!told(name(2, 0)), "it was decided before the failure was known");
        assert!(told(name(2, 1)));
        writer.close();
        assert!(!told(name(3, 1)), "nobody writes any more");
    }
}
