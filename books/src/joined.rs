//! Joined books, open for reading only: what laws, judge and reports work on.

use crate::error::{Error, While};
use crate::file::RunFile;
use crate::join;
use crate::laws::{self, Law, LawFinding};
use crate::schema;
use rusqlite::{Connection, ErrorCode, ffi};
use std::cell::OnceCell;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

/// A run file whose books are joined.
#[derive(Debug)]
pub struct Joined {
    pub(crate) conn: Connection,
    /// Where others can read it too; none for books in memory.
    path: Option<PathBuf>,
    stories_indexed: OnceCell<()>,
}

impl Joined {
    /// Opens a run file for reading; joins its books first where that was not done or is out of date, as after a crash.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let conn = RunFile::open_to_read(path).map_err(|error| not_joined(error, path))?;
        if join::is_built(&conn).reading("the state of the join")? {
            return Ok(Self::on_disk(conn, path));
        }
        drop(conn);
        RunFile::open(path).and_then(RunFile::close).map_err(|error| not_joined(error, path))?;
        Ok(Self::on_disk(RunFile::open_to_read(path)?, path))
    }

    fn on_disk(conn: Connection, path: &Path) -> Self {
        Self { conn, path: Some(path.to_owned()), stories_indexed: OnceCell::new() }
    }

    /// The books, for telling what befell single purchases. The first time, rows get indexes by which to find them: nobody
    /// needs these where every law held. A file that cannot be written to does without, and tells the same more slowly.
    pub(crate) fn for_stories(&self) -> &Connection {
        self.stories_indexed.get_or_init(|| {
            let file = self.path.as_deref().and_then(|path| RunFile::open_joined(path).ok());
            drop(file.map(|conn| schema::index_for_stories(&conn)));
        });
        &self.conn
    }

    /// Joins a file and keeps it open, as for books in memory.
    pub fn from_file(mut file: RunFile) -> Result<Self, Error> {
        file.join()?;
        file.conn.pragma_update(None, "query_only", true).reading("the settings")?;
        Ok(Self { conn: file.conn, path: None, stories_indexed: OnceCell::new() })
    }

    /// Examines one law.
    #[must_use]
    pub fn examine(&self, law: &Law) -> LawFinding {
        laws::examine(&self.conn, law)
    }

    /// Examines laws, two at a time where the books are on disk: nothing changes them any more. Findings in the order of the laws.
    #[must_use]
    pub fn examine_all(&self, laws: &[Law]) -> Vec<LawFinding> {
        // A law of the user's own may look up the rows of one purchase after the other.
        if laws.iter().any(|law| !laws::is_built_in(law)) {
            self.for_stories();
        }
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

/// Why the books of a file were not joined, where that is for its user to mend.
fn not_joined(error: Error, path: &Path) -> Error {
    let (Error::Open { source, .. } | Error::Read { source, .. } | Error::Write { source, .. }) = &error else {
        return error;
    };
    match source.sqlite_error() {
        Some(ffi::Error { code: ErrorCode::ReadOnly, .. }) => Error::ReadOnly { path: path.to_owned() },
        // The second one: there is not even room for the index of the log.
        Some(
            ffi::Error { code: ErrorCode::DiskFull, .. } | ffi::Error { extended_code: ffi::SQLITE_IOERR_SHMSIZE, .. },
        ) => Error::Full { path: path.to_owned() },
        _ => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_told_as_one() {
        for code in [ffi::SQLITE_FULL, ffi::SQLITE_IOERR_SHMSIZE] {
            let source = rusqlite::Error::SqliteFailure(ffi::Error::new(code), None);
            let told = not_joined(Error::Write { what: "the orders", source }, Path::new("out/run.db")).to_string();
            assert_eq!(
                told,
                "join the books of `out/run.db`: its disk is full\n  \
                 hint: free some space and repeat it, nothing of the run is lost"
            );
        }
    }
}
