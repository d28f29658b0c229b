//! The one thread that writes. Jobs queue up while a commit is on its way to the disk; then they run as one group, each
//! in a savepoint of its own, and hear of it only after the group's commit. A failed commit is every job's failure.

use std::{
    sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    thread::{Builder, JoinHandle},
};

use rusqlite::Connection;
use tokio::sync::oneshot;

use super::super::StoreError;
use crate::refusal::Refusal;

const QUEUE_MAX: usize = 8_192;
const GROUP_MAX: usize = 512;

/// Why a job's savepoint is rolled back.
pub(super) enum JobError {
    Refused(Refusal),
    Sql(rusqlite::Error),
    NotRun,
}

impl From<rusqlite::Error> for JobError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sql(error)
    }
}

impl From<Refusal> for JobError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<JobError> for StoreError {
    fn from(error: JobError) -> Self {
        match error {
            JobError::Refused(refusal) => Self::Refused(refusal),
            JobError::Sql(error) => Self::Unavailable(error.to_string()),
            JobError::NotRun => Self::Unavailable("no transaction could be begun".into()),
        }
    }
}

pub(super) type Done<T> = Result<T, JobError>;

/// Tells a job's asker how the group ended.
type Tell = Box<dyn FnOnce(Result<(), StoreError>) + Send>;

/// Runs a job, or gives it up where there is no transaction; answers whether its savepoint is kept, and whom to tell.
type Job = Box<dyn FnOnce(Option<&Connection>) -> (bool, Tell) + Send>;

enum Order {
    Run(Job),
    Close,
}

/// The way to the writing thread.
pub(super) struct Writer {
    queue: SyncSender<Order>,
    thread: parking_lot::Mutex<Option<JoinHandle<()>>>,
}

impl Writer {
    /// Starts the thread on a connection that nobody else writes to.
    pub(super) fn start(connection: Connection) -> std::io::Result<Self> {
        let (queue, orders) = sync_channel(QUEUE_MAX);
        let thread = Builder::new().name("shop-writer".into()).spawn(move || write(&connection, &orders))?;
        Ok(Self { queue, thread: parking_lot::Mutex::new(Some(thread)) })
    }

    /// Queues a job; its answer arrives after the commit. A full queue refuses at once.
    pub(super) fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Connection) -> Done<T> + Send + 'static,
    ) -> impl Future<Output = Result<T, StoreError>> + Send + 'static {
        let (answer, answered) = oneshot::channel();
        let job: Job = Box::new(move |connection| {
            let result = connection.map_or(Err(JobError::NotRun), job);
            let kept = result.is_ok();
            let tell: Tell = Box::new(move |committed| {
                // Nobody listens any more when the shopper has gone; the work is done all the same.
                drop(answer.send(committed.and_then(|()| result.map_err(StoreError::from))));
            });
            (kept, tell)
        });
        let queued = self.queue.try_send(Order::Run(job)).map_err(|error| match error {
            TrySendError::Full(_) => StoreError::Unavailable("too many steps are waiting".into()),
            TrySendError::Disconnected(_) => StoreError::Unavailable("the store is closed".into()),
        });
        async move {
            queued?;
            answered.await.map_err(|_| StoreError::Unavailable("the store was closed".into()))?
        }
    }

    /// Lets the thread finish what is queued, then ends it.
    pub(super) fn close(&self) {
        // Fails only when the thread has ended, which is what is wanted.
        drop(self.queue.send(Order::Close));
        if let Some(thread) = self.thread.lock().take() {
            drop(thread.join());
        }
    }
}

fn write(connection: &Connection, orders: &Receiver<Order>) {
    while let Ok(Order::Run(first)) = orders.recv() {
        let mut group = vec![first];
        let mut closing = false;
        while group.len() < GROUP_MAX {
            match orders.try_recv() {
                Ok(Order::Run(job)) => group.push(job),
                Ok(Order::Close) => {
                    closing = true;
                    break;
                }
                Err(_) => break,
            }
        }
        run_group(connection, group);
        if closing {
            break;
        }
    }
}

/// Runs a group and commits it once.
fn run_group(connection: &Connection, group: Vec<Job>) {
    let mut waiting = Vec::with_capacity(group.len());
    let mut jobs = group.into_iter();
    while let Some(job) = jobs.next() {
        if let Err(error) = begin_if_needed(connection) {
            // Who has waited in vain for the lock must not make each of the others wait as long again.
            for job in [job].into_iter().chain(jobs) {
                job(None).1(Err(StoreError::Unavailable(error.to_string())));
            }
            break;
        }
        let (kept, tell) = job(Some(connection));
        let closed = end_savepoint(connection, kept);
        waiting.push(tell);
        if connection.is_autocommit() || closed.is_err() {
            // A full disk or an I/O error rolls the whole transaction back: with it went every job of the group so far.
            drop(execute(connection, "ROLLBACK"));
            fail(&mut waiting, "the transaction was rolled back");
        }
    }
    if connection.is_autocommit() {
        return;
    }
    match execute(connection, "COMMIT") {
        Ok(()) => waiting.into_iter().for_each(|tell| tell(Ok(()))),
        Err(error) => {
            drop(execute(connection, "ROLLBACK"));
            fail(&mut waiting, &error.to_string());
        }
    }
}

fn begin_if_needed(connection: &Connection) -> rusqlite::Result<()> {
    if connection.is_autocommit() {
        execute(connection, "BEGIN IMMEDIATE")?;
    }
    execute(connection, "SAVEPOINT job")
}

fn end_savepoint(connection: &Connection, kept: bool) -> rusqlite::Result<()> {
    if connection.is_autocommit() {
        return Ok(());
    }
    if !kept {
        execute(connection, "ROLLBACK TO job")?;
    }
    execute(connection, "RELEASE job")
}

fn execute(connection: &Connection, statement: &str) -> rusqlite::Result<()> {
    connection.prepare_cached(statement)?.execute([]).map(drop)
}

fn fail(waiting: &mut Vec<Tell>, why: &str) {
    for tell in waiting.drain(..) {
        tell(Err(StoreError::Unavailable(why.to_owned())));
    }
}
