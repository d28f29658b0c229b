//! The file in which the providers keep everything: its tables, how it is opened, and what can be written to it.
//!
//! The log is on and syncs are off: what was committed survives the death of the process, not that of the machine.

mod bodies;
mod pack;
mod reader;
mod writer;

use std::borrow::Cow;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use rusqlite::{Connection, OptionalExtension};

use crate::error::Error;

use bodies::Bodies;
pub(crate) use reader::{Page, Reader, StoredAnswer};
pub(crate) use writer::{Acked, Job, Writer, WriterGone};

/// Pages that a connection keeps, in KiB. One that reads keeps them until the next commit only, and there are hundreds a second;
/// the one that writes has within the first minute what it has later.
const PAGES_READ_KIB: u32 = 2_048;
const PAGES_WRITTEN_KIB: u32 = 8_192;
const FORMAT: i64 = 4;
const SCHEMA: &str = include_str!("schema.sql");

/// A table of objects: number, owner, tag, body as JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Table {
    Intent,
    Method,
    Refund,
    Customer,
    Balance,
    Setup,
    Session,
    Dispute,
    Domain,
    Chore,
    Endpoint,
    Document,
    Dispatch,
    RateChange,
    Decision,
    Address,
    Parcel,
    Shipment,
    Tracker,
    Delivery,
    Account,
    Rule,
    BackupPayment,
    BackupMethod,
    BackupSession,
    BackupEntry,
}

impl Table {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Intent => "intent",
            Self::Method => "method",
            Self::Refund => "refund",
            Self::Customer => "customer",
            Self::Balance => "balance",
            Self::Setup => "setup",
            Self::Session => "session",
            Self::Dispute => "dispute",
            Self::Domain => "domain",
            Self::Chore => "chore",
            Self::Endpoint => "endpoint",
            Self::Document => "document",
            Self::Dispatch => "dispatch",
            Self::RateChange => "rate_change",
            Self::Decision => "decision",
            Self::Address => "address",
            Self::Parcel => "parcel",
            Self::Shipment => "shipment",
            Self::Tracker => "tracker",
            Self::Delivery => "delivery",
            Self::Account => "account",
            Self::Rule => "rule",
            Self::BackupPayment => "backup_payment",
            Self::BackupMethod => "backup_method",
            Self::BackupSession => "backup_session",
            Self::BackupEntry => "backup_entry",
        }
    }

    /// Whether long bodies stand beside the tables: not so where SQL looks into them, and where rows are few or are deleted.
    const fn has_bodies_apart(self) -> bool {
        matches!(self, Self::Intent | Self::BackupPayment | Self::Document | Self::Shipment | Self::Decision)
    }

    const fn put_sql(self) -> &'static str {
        match self {
            Self::Intent => "INSERT OR REPLACE INTO intent (n, account, tag, body) VALUES (?1, ?2, ?3, ?4)",
            Self::Method => "INSERT OR REPLACE INTO method (n, account, tag, body) VALUES (?1, ?2, ?3, ?4)",
            Self::Refund => "INSERT OR REPLACE INTO refund (n, account, tag, body) VALUES (?1, ?2, ?3, ?4)",
            Self::Customer => "INSERT OR REPLACE INTO customer (n, account, tag, body) VALUES (?1, ?2, ?3, ?4)",
            Self::Dispute => "INSERT OR REPLACE INTO dispute (n, account, tag, body) VALUES (?1, ?2, ?3, ?4)",
            Self::Domain => "INSERT OR REPLACE INTO domain (n, account, tag, body) VALUES (?1, ?2, ?3, ?4)",
            Self::Chore => "INSERT OR REPLACE INTO chore (n, account, tag, body) VALUES (?1, ?2, ?3, ?4)",
            Self::Balance => "INSERT OR REPLACE INTO balance (n, account, tag, body) VALUES (?1, ?2, ?3, ?4)",
            Self::Setup => "INSERT OR REPLACE INTO setup (n, account, tag, body) VALUES (?1, ?2, ?3, ?4)",
            Self::Session => "INSERT OR REPLACE INTO session (n, account, tag, body) VALUES (?1, ?2, ?3, ?4)",
            Self::Endpoint => "INSERT OR REPLACE INTO endpoint (n, account, tag, body) VALUES (?1, ?2, ?3, ?4)",
            Self::Document => "INSERT OR REPLACE INTO document (n, account, tag, body) VALUES (?1, ?2, ?3, ?4)",
            Self::Dispatch => "INSERT OR REPLACE INTO dispatch (n, account, tag, body) VALUES (?1, ?2, ?3, ?4)",
            Self::RateChange => "INSERT OR REPLACE INTO rate_change (n, account, tag, body) VALUES (?1, ?2, ?3, ?4)",
            Self::Decision => "INSERT OR REPLACE INTO decision (n, account, tag, body) VALUES (?1, ?2, ?3, ?4)",
            Self::Address => "INSERT OR REPLACE INTO address (n, account, tag, body) VALUES (?1, ?2, ?3, ?4)",
            Self::Parcel => "INSERT OR REPLACE INTO parcel (n, account, tag, body) VALUES (?1, ?2, ?3, ?4)",
            Self::Shipment => "INSERT OR REPLACE INTO shipment (n, account, tag, body) VALUES (?1, ?2, ?3, ?4)",
            Self::Tracker => "INSERT OR REPLACE INTO tracker (n, account, tag, body) VALUES (?1, ?2, ?3, ?4)",
            Self::Delivery => "INSERT OR REPLACE INTO delivery (n, account, tag, body) VALUES (?1, ?2, ?3, ?4)",
            Self::Account => "INSERT OR REPLACE INTO account (n, account, tag, body) VALUES (?1, ?2, ?3, ?4)",
            Self::Rule => "INSERT OR REPLACE INTO rule (n, account, tag, body) VALUES (?1, ?2, ?3, ?4)",
            Self::BackupPayment => {
                "INSERT OR REPLACE INTO backup_payment (n, account, tag, body) VALUES (?1, ?2, ?3, ?4)"
            }
            Self::BackupMethod => {
                "INSERT OR REPLACE INTO backup_method (n, account, tag, body) VALUES (?1, ?2, ?3, ?4)"
            }
            Self::BackupSession => {
                "INSERT OR REPLACE INTO backup_session (n, account, tag, body) VALUES (?1, ?2, ?3, ?4)"
            }
            Self::BackupEntry => "INSERT OR REPLACE INTO backup_entry (n, account, tag, body) VALUES (?1, ?2, ?3, ?4)",
        }
    }

    const fn delete_sql(self) -> &'static str {
        match self {
            Self::Intent => "DELETE FROM intent WHERE n = ?1",
            Self::Method => "DELETE FROM method WHERE n = ?1",
            Self::Refund => "DELETE FROM refund WHERE n = ?1",
            Self::Customer => "DELETE FROM customer WHERE n = ?1",
            Self::Dispute => "DELETE FROM dispute WHERE n = ?1",
            Self::Domain => "DELETE FROM domain WHERE n = ?1",
            Self::Chore => "DELETE FROM chore WHERE n = ?1",
            Self::Balance => "DELETE FROM balance WHERE n = ?1",
            Self::Setup => "DELETE FROM setup WHERE n = ?1",
            Self::Session => "DELETE FROM session WHERE n = ?1",
            Self::Endpoint => "DELETE FROM endpoint WHERE n = ?1",
            Self::Document => "DELETE FROM document WHERE n = ?1",
            Self::Dispatch => "DELETE FROM dispatch WHERE n = ?1",
            Self::RateChange => "DELETE FROM rate_change WHERE n = ?1",
            Self::Decision => "DELETE FROM decision WHERE n = ?1",
            Self::Address => "DELETE FROM address WHERE n = ?1",
            Self::Parcel => "DELETE FROM parcel WHERE n = ?1",
            Self::Shipment => "DELETE FROM shipment WHERE n = ?1",
            Self::Tracker => "DELETE FROM tracker WHERE n = ?1",
            Self::Delivery => "DELETE FROM delivery WHERE n = ?1",
            Self::Account => "DELETE FROM account WHERE n = ?1",
            Self::Rule => "DELETE FROM rule WHERE n = ?1",
            Self::BackupPayment => "DELETE FROM backup_payment WHERE n = ?1",
            Self::BackupMethod => "DELETE FROM backup_method WHERE n = ?1",
            Self::BackupSession => "DELETE FROM backup_session WHERE n = ?1",
            Self::BackupEntry => "DELETE FROM backup_entry WHERE n = ?1",
        }
    }
}

/// One change of the file.
#[derive(Debug)]
pub(crate) enum Write {
    Put {
        table: Table,
        n: i64,
        account: i64,
        tag: Option<Cow<'static, str>>,
        body: Bytes,
    },
    Delete {
        table: Table,
        n: i64,
    },
    /// What happened, as it is told.
    Event {
        n: i64,
        account: i64,
        kind: &'static str,
        body: Bytes,
    },
    /// Something that is found by name; 0 for nothing any more.
    Name {
        hash: i64,
        n: i64,
    },
    /// Something that carries a mark, as others may.
    Mark {
        hash: i64,
        n: i64,
    },
    /// Rows of the statement; `open` while the fate of their answer is not known.
    Statement {
        seq: i64,
        last: i64,
        run: Option<String>,
        open: bool,
        lines: Bytes,
    },
    /// The fate is known.
    Settle {
        seq: i64,
        lines: Bytes,
    },
    /// An answer kept under an idempotency key.
    Answer(Arc<StoredAnswer>),
    /// The answer under a key is forgotten.
    Forget {
        n: i64,
    },
    /// A number that belongs to the store as a whole.
    Setting {
        name: &'static str,
        value: i64,
    },
}

/// What the writing thread writes to.
pub(crate) struct Outlet {
    pub(crate) connection: Connection,
    bodies: Bodies,
}

/// An open store: its file, and the lock that keeps other processes out for as long as it lives.
pub(crate) struct Store {
    path: PathBuf,
    _lock: File,
}

impl Store {
    pub(crate) fn open(path: &Path) -> Result<(Self, Outlet), Error> {
        let lock_error = |source| Error::Lock { path: path.to_owned(), source };
        let mut lock_path = path.as_os_str().to_owned();
        lock_path.push(".lock");
        let lock = File::create(PathBuf::from(lock_path)).map_err(lock_error)?;
        lock.try_lock().map_err(|error| lock_error(error.into()))?;

        let store_error = |source| Error::Store { path: path.to_owned(), source };
        let connection = connect(path, PAGES_WRITTEN_KIB).map_err(store_error)?;
        let bodies_error = |source| Error::Bodies { path: bodies::path_of(path), source };
        let bodies = bodies::open(path).map_err(bodies_error)?;
        let found: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(store_error)?;
        match found {
            0 => {
                bodies.set_len(0).map_err(bodies_error)?;
                connection.execute_batch(SCHEMA).map_err(store_error)?;
                connection.pragma_update(None, "user_version", FORMAT).map_err(store_error)?;
            }
            FORMAT => {}
            found => return Err(Error::Format { path: path.to_owned(), found, expected: FORMAT }),
        }
        let bodies = Bodies::new(bodies).map_err(bodies_error)?;
        Ok((Self { path: path.to_owned(), _lock: lock }, Outlet { connection, bodies }))
    }

    /// A further connection that only reads.
    pub(crate) fn reader(&self) -> Result<Reader, Error> {
        let connection = connect(&self.path, PAGES_READ_KIB);
        let connection = connection.map_err(|source| Error::Store { path: self.path.clone(), source })?;
        let bodies_error = |source| Error::Bodies { path: bodies::path_of(&self.path), source };
        Ok(Reader::new(connection, bodies::open(&self.path).map_err(bodies_error)?))
    }
}

fn connect(path: &Path, pages_kib: u32) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(Duration::from_secs(10))?;
    connection.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; PRAGMA wal_autocheckpoint = 4000; PRAGMA temp_store = MEMORY;",
    )?;
    connection.pragma_update(None, "cache_size", -i64::from(pages_kib))?;
    connection.set_prepared_statement_cache_capacity(96);
    Ok(connection)
}

/// The salt of this store's identifiers, drawn when it was made.
pub(crate) fn salt(connection: &Connection) -> rusqlite::Result<u64> {
    let stored: Option<i64> =
        connection.query_row("SELECT value FROM meta WHERE name = 'salt'", [], |row| row.get(0)).optional()?;
    if let Some(salt) = stored {
        return Ok(salt as u64);
    }
    connection.execute("INSERT INTO meta (name, value) VALUES ('salt', random())", [])?;
    connection
        .query_row("SELECT value FROM meta WHERE name = 'salt'", [], |row| row.get(0))
        .map(|salt: i64| salt as u64)
}
