//! A run file on disk: made, opened, closed.

use crate::error::{Error, While};
use crate::intake::{Complete, Fact};
use crate::opening::{self, Opening};
use crate::rows::OrderRow;
use crate::{insert, join, schema, writer};
use model::plan::RunPlan;
use rusqlite::{Connection, OpenFlags};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long a reader or writer waits for another one, before it gives up.
const BUSY_WAIT: Duration = Duration::from_secs(10);

/// A run file that can be written to.
#[derive(Debug)]
pub struct RunFile {
    pub(crate) conn: Connection,
    path: PathBuf,
}

impl RunFile {
    /// Makes a new file and stores the plan in it; on disk when this returns.
    pub fn create(path: &Path, opening: &Opening, plan: &RunPlan) -> Result<Self, Error> {
        let failed = |source| Error::Create { path: path.to_owned(), source };
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX
            | OpenFlags::SQLITE_OPEN_EXRESCODE;
        let conn = Connection::open_with_flags(path, flags).map_err(failed)?;
        prepare_pages(&conn).map_err(failed)?;
        tune(&conn).map_err(failed)?;
        let file = Self { conn, path: path.to_owned() };
        let file = file.filled(opening, plan).map_err(|error| match error {
            Error::Write { source, .. } => failed(source),
            other => other,
        })?;
        // The plan is not only in the log: it is synced before byte one.
        file.conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).map_err(failed)?;
        Ok(file)
    }

    /// A run file in memory, for histories and tests.
    pub fn in_memory(opening: &Opening, plan: &RunPlan) -> Result<Self, Error> {
        let path = PathBuf::from(":memory:");
        let conn = Connection::open_in_memory().map_err(|source| Error::Create { path: path.clone(), source })?;
        Self { conn, path }.filled(opening, plan)
    }

    fn filled(mut self, opening: &Opening, plan: &RunPlan) -> Result<Self, Error> {
        schema::create(&self.conn).writing("the layout")?;
        opening::store(&mut self.conn, opening, plan)?;
        Ok(self)
    }

    /// Opens a file for writing, also one that a crash has left behind.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let conn = open_checked(path, flags)?;
        tune(&conn).map_err(|source| Error::Open { path: path.to_owned(), source })?;
        Ok(Self { conn, path: path.to_owned() })
    }

    /// Opens a file for reading only: nothing that is done with it can change it.
    pub fn open_to_read(path: &Path) -> Result<Connection, Error> {
        let conn = open_checked(path, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
        conn.pragma_update(None, "query_only", true).map_err(|source| Error::Open { path: path.to_owned(), source })?;
        Ok(conn)
    }

    /// Opens a file whose books are joined for adding indexes to it.
    pub(crate) fn open_joined(path: &Path) -> Result<Connection, Error> {
        open_checked(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)
    }

    /// Copies a file as it is now, also one that is being written to, into another one, which is replaced.
    pub fn copy(from: &Path, to: &Path) -> Result<(), Error> {
        // Not with `open_to_read`, whose connections may not even write elsewhere.
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let conn = open_checked(from, flags)?;
        // One that is there and cannot be removed is told by the copy.
        drop(std::fs::remove_file(to));
        let copied = conn.execute("VACUUM INTO ?1", [to.to_string_lossy()]);
        copied.map(drop).map_err(|source| Error::Create { path: to.to_owned(), source })
    }

    /// Adds orders of a book that is not at its end, as to a copy of books that are still being written.
    pub fn add_unfinished_orders(&self, rows: &[OrderRow]) -> Result<(), Error> {
        let add = || {
            let tx = self.conn.unchecked_transaction()?;
            insert::orders(&tx, rows)?;
            writer::note(&tx, &Fact::OrdersRead(Complete::No))?;
            tx.commit()
        };
        add().writing("the orders")
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Joins the books: resolves marks, builds summaries and indexes. Can be repeated; equal books give equal joins.
    pub fn join(&mut self) -> Result<(), Error> {
        join::build(&mut self.conn)
    }

    /// Folds the log in, so that one file really is one file, and joins the books.
    pub fn close(mut self) -> Result<(), Error> {
        // First the log: without one, what the join writes is written once.
        self.fold()?;
        self.join()?;
        self.conn.close().map_err(|(_, source)| Error::Write { what: "the end", source })
    }

    fn fold(&self) -> Result<(), Error> {
        let fold = || {
            self.conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
            self.conn.pragma_update_and_check(None, "journal_mode", "DELETE", |_| Ok(()))
        };
        fold().writing("the log")
    }
}

/// Settings that only an empty file takes.
fn prepare_pages(conn: &Connection) -> rusqlite::Result<()> {
    conn.pragma_update(None, "page_size", 8192)
}

/// Settings of a writing connection. With `synchronous = NORMAL` a killed process loses nothing that was committed.
fn tune(conn: &Connection) -> rusqlite::Result<()> {
    conn.busy_timeout(BUSY_WAIT)?;
    conn.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
    conn.pragma_update(None, "synchronous", "NORMAL")?;
    conn.pragma_update(None, "wal_autocheckpoint", 4000)?;
    // Rows are added at the end of their tables: what was written is not read again before the join.
    conn.pragma_update(None, "cache_size", -4_096)?;
    conn.pragma_update(None, "temp_store", "MEMORY")?;
    conn.set_prepared_statement_cache_capacity(64);
    Ok(())
}

fn open_checked(path: &Path, flags: OpenFlags) -> Result<Connection, Error> {
    let failed = |source| Error::Open { path: path.to_owned(), source };
    let conn = Connection::open_with_flags(path, flags).map_err(failed)?;
    conn.busy_timeout(BUSY_WAIT).map_err(failed)?;
    let application: i64 = match conn.pragma_query_value(None, "application_id", |row| row.get(0)) {
        Ok(application) => application,
        Err(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::NotADatabase) => 0,
        Err(error) => return Err(failed(error)),
    };
    if application != schema::APPLICATION {
        return Err(Error::NotARunFile { path: path.to_owned() });
    }
    let found: i64 = conn.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(failed)?;
    if found != schema::VERSION {
        return Err(Error::OtherVersion { path: path.to_owned(), found });
    }
    Ok(conn)
}
