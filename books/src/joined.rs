//! Joined books, open for reading only: what laws, judge and reports work on.

use crate::error::{Error, While};
use crate::file::RunFile;
use crate::join;
use crate::laws::{self, Law, LawFinding};
use rusqlite::{Connection, ErrorCode};
use std::path::Path;

/// A run file whose books are joined.
#[derive(Debug)]
pub struct Joined {
    pub(crate) conn: Connection,
}

impl Joined {
    /// Opens a run file for reading; joins its books first where that was not done or is out of date, as after a crash.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let conn = RunFile::open_to_read(path)?;
        if join::is_built(&conn).reading("the state of the join")? {
            return Ok(Self { conn });
        }
        drop(conn);
        let read_only = |error: Error| match error {
            Error::Open { source, .. } | Error::Write { source, .. }
                if source.sqlite_error_code() == Some(ErrorCode::ReadOnly) =>
            {
                Error::ReadOnly { path: path.to_owned() }
            }
            other => other,
        };
        RunFile::open(path).and_then(RunFile::close).map_err(read_only)?;
        Ok(Self { conn: RunFile::open_to_read(path)? })
    }

    /// Joins a file and keeps it open, as for books in memory.
    pub fn from_file(mut file: RunFile) -> Result<Self, Error> {
        file.join()?;
        file.conn.pragma_update(None, "query_only", true).reading("the settings")?;
        Ok(Self { conn: file.conn })
    }

    /// Examines one law.
    #[must_use]
    pub fn examine(&self, law: &Law) -> LawFinding {
        laws::examine(&self.conn, law)
    }
}
