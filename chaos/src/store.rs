//! Faults on a store: another connection holds the write lock of an SQLite file.
//!
//! The lock belongs to this process, so that the system frees it however the process ends. It knows nothing of what is stored.

use model::fault::StoreHarm;
use parking_lot::Mutex;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::Builder;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// A store that is written to all the time gives its lock for microseconds: this often it is asked for.
const ASK_EVERY: Duration = Duration::from_micros(200);

/// So long the first hold may take.
const SEIZED_WITHIN: Duration = Duration::from_secs(5);

/// Who has waited for the lock writes within this time once it is free.
const AFTERMATH: Duration = Duration::from_millis(250);

/// Between two looks whether somebody has written.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// Why a store could not be harmed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It cannot be opened, or is none.
    #[error("lock the store `{}`", file.display())]
    Store {
        /// The file.
        file: PathBuf,
        /// What SQLite said.
        source: rusqlite::Error,
    },
    /// Its owner never let go.
    #[error("lock the store `{}`: its lock was not free within {within:?}", file.display())]
    NeverFree {
        /// The file.
        file: PathBuf,
        /// The deadline.
        within: Duration,
    },
    /// The system gives no thread.
    #[error("lock the store")]
    Thread(#[from] std::io::Error),
}

/// What a fault on a store came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// How often the lock was held.
    pub holds: u64,
    /// After how many of them somebody else wrote at once: they had waited.
    pub waited_for: u64,
}

/// A fault on a store. Dropping it frees the lock.
#[derive(Debug)]
pub struct Hold {
    stop: Sender<()>,
    tally: Arc<Mutex<Tally>>,
    over: oneshot::Receiver<()>,
}

impl Hold {
    /// Takes the write lock of the SQLite file and keeps it, or takes and frees it again and again, until it is ended or
    /// `longest` has passed. The lock is held when this returns.
    pub async fn begin(file: &Path, harm: StoreHarm, longest: Duration) -> Result<Self, Error> {
        let failed = |source| Error::Store { file: file.into(), source };
        let connection = open(file).map_err(failed)?;
        let (stop, stopped) = channel();
        let (tell_begun, begun) = oneshot::channel();
        let (tell_over, over) = oneshot::channel();
        let tally = Arc::new(Mutex::new(Tally::default()));
        let work = Work { connection, harm, until: Instant::now() + longest, stopped, tally: Arc::clone(&tally) };
        Builder::new().name("store-lock".into()).spawn(move || {
            work.run(tell_begun);
            // Nobody listens when the fault was dropped.
            tell_over.send(()).ok();
        })?;
        match begun.await {
            Ok(Ok(())) => Ok(Self { stop, tally, over }),
            Ok(Err(Some(source))) => Err(failed(source)),
            Ok(Err(None)) | Err(_) => Err(Error::NeverFree { file: file.into(), within: SEIZED_WITHIN }),
        }
    }

    /// Frees the lock; it is free when this returns.
    pub async fn end(self) -> Tally {
        // One that has ended by itself hears nothing.
        self.stop.send(()).ok();
        self.over.await.ok();
        *self.tally.lock()
    }
}

/// A connection that neither makes a file nor tidies one up when it closes.
fn open(file: &Path) -> rusqlite::Result<Connection> {
    let connection =
        Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(Duration::ZERO)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    // The file is read only when it is needed; this says now whether it is a database.
    version(&connection)?;
    connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get::<_, i64>(0))?;
    Ok(connection)
}

/// Changes whenever another connection has written (<https://www.sqlite.org/pragma.html#pragma_data_version>).
fn version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("PRAGMA data_version", [], |row| row.get(0))
}

/// What the thread does.
struct Work {
    connection: Connection,
    harm: StoreHarm,
    until: Instant,
    stopped: Receiver<()>,
    tally: Arc<Mutex<Tally>>,
}

/// Whether the fault goes on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Course {
    On,
    Over,
}

impl Work {
    fn run(self, begun: oneshot::Sender<Result<(), Option<rusqlite::Error>>>) {
        let first = self.seize(Instant::now() + SEIZED_WITHIN);
        let is_held = matches!(first, Ok(true));
        let told = match first {
            Ok(true) => Ok(()),
            Ok(false) => Err(None),
            Err(error) => Err(Some(error)),
        };
        if begun.send(told).is_err() || !is_held {
            return;
        }
        while self.hold_once() == Course::On {
            // A store that is gone, or locked by somebody else for good, is harmed no more.
            if !matches!(self.seize(self.until), Ok(true)) {
                return;
            }
        }
    }

    /// Holds the lock, frees it, and leaves the pause that the fault grants.
    fn hold_once(&self) -> Course {
        let (hold, pause) = match self.harm {
            StoreHarm::Locked {} => (self.until.saturating_duration_since(Instant::now()), Duration::ZERO),
            StoreHarm::Slow { hold_ms, pause_ms } => (Duration::from_millis(hold_ms), Duration::from_millis(pause_ms)),
        };
        self.tally.lock().holds += 1;
        let before = version(&self.connection);
        let mut course = self.wait(hold);
        // It fails only where the file is gone, and the lock with it.
        self.connection.execute_batch("ROLLBACK").ok();
        if course == Course::On {
            course = self.wait(pause);
        }
        let patience = if course == Course::Over { AFTERMATH } else { Duration::ZERO };
        if self.is_written_within(patience, before.ok()) {
            self.tally.lock().waited_for += 1;
        }
        course
    }

    /// Asks for the lock again and again; `false` when it was not free in time, or the fault has ended.
    fn seize(&self, deadline: Instant) -> rusqlite::Result<bool> {
        loop {
            match self.connection.execute_batch("BEGIN IMMEDIATE") {
                Ok(()) => return Ok(true),
                Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => {}
                Err(error) => return Err(error),
            }
            if Instant::now() >= deadline || self.wait(ASK_EVERY) == Course::Over {
                return Ok(false);
            }
        }
    }

    fn wait(&self, time: Duration) -> Course {
        let left = self.until.saturating_duration_since(Instant::now());
        match self.stopped.recv_timeout(time.min(left)) {
            Err(RecvTimeoutError::Timeout) if time < left => Course::On,
            Ok(()) | Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => Course::Over,
        }
    }

    fn is_written_within(&self, patience: Duration, before: Option<i64>) -> bool {
        let deadline = Instant::now() + patience;
        loop {
            let now = version(&self.connection).ok();
            if now.is_some() && now != before {
                return true;
            }
            if Instant::now() >= deadline {
                return false;
            }
            std::thread::sleep(LOOK_EVERY);
        }
    }
}

#[cfg(test)]
mod tests;
