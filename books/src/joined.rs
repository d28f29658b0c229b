//! Joined books, open for reading only: what laws, judge and reports work on.

use crate::error::{Error, While};
use crate::file::RunFile;
use crate::join;
use crate::laws::{self, Law, LawFinding};
use rusqlite::{Connection, ErrorCode};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

/// A run file whose books are joined.
#[derive(Debug)]
pub struct Joined {
    pub(crate) conn: Connection,
    /// Where others can read it too; none for books in memory.
    path: Option<PathBuf>,
}

impl Joined {
    /// Opens a run file for reading; joins its books first where that was not done or is out of date, as after a crash.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let conn = RunFile::open_to_read(path)?;
        if join::is_built(&conn).reading("the state of the join")? {
            return Ok(Self { conn, path: Some(path.to_owned()) });
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
        Ok(Self { conn: RunFile::open_to_read(path)?, path: Some(path.to_owned()) })
    }

    /// Joins a file and keeps it open, as for books in memory.
    pub fn from_file(mut file: RunFile) -> Result<Self, Error> {
        file.join()?;
        file.conn.pragma_update(None, "query_only", true).reading("the settings")?;
        Ok(Self { conn: file.conn, path: None })
    }

    /// Examines one law.
    #[must_use]
    pub fn examine(&self, law: &Law) -> LawFinding {
        laws::examine(&self.conn, law)
    }

    /// Examines laws, two at a time where the books are on disk: nothing changes them any more. Findings in the order of the laws.
    #[must_use]
    pub fn examine_all(&self, laws: &[Law]) -> Vec<LawFinding> {
        let next = AtomicUsize::new(0);
        let work = |conn: &Connection| {
            let mut found = Vec::new();
            while let Some((place, law)) = {
                let place = next.fetch_add(1, Ordering::Relaxed);
                laws.get(place).map(|law| (place, law))
            } {
                found.push((place, laws::examine(conn, law)));
            }
            found
        };
        let mut found = std::thread::scope(|scope| {
            // Who cannot have a second connection does with one.
            let second = self.path.as_deref().and_then(|path| RunFile::open_to_read(path).ok());
            let work = &work;
            let second = second.map(|conn| scope.spawn(move || work(&conn)));
            let mut found = work(&self.conn);
            found.extend(second.into_iter().flat_map(|thread| thread.join().expect("a law that fails is a finding")));
            found
        });
        found.sort_unstable_by_key(|(place, _)| *place);
        found.into_iter().map(|(_, finding)| finding).collect()
    }
}
