//! The file beside the store that long bodies are appended to. A body is written once there; in a table it would be written to
//! the log first and to its page later. What a row says of it is one integer: where it begins, and how long it is.
//!
//! Bodies are written before the rows that lead to them are committed. Those of a commit that failed, or that a later body
//! replaced, stay where they are, and nothing leads to them.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use rusqlite::Row;
use rusqlite::types::{ToSqlOutput, Value, ValueRef};

/// Bits of the integer that say how long a body is.
const LENGTH_BITS: u32 = 24;
/// Shorter bodies stand in their row.
const LENGTH_MIN: usize = 256;
/// Bytes that are kept for the next commit.
const KEPT: usize = 1 << 20;

/// Where the file of a store's bodies is.
pub(super) fn path_of(store: &Path) -> PathBuf {
    let mut path = store.as_os_str().to_owned();
    path.push("-bodies");
    path.into()
}

/// Opens the file to be read, and to be appended to.
pub(super) fn open(store: &Path) -> std::io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path_of(store))
}

/// A body in the file, or in its row.
pub(super) enum Placed<'a> {
    At(i64),
    Here(&'a [u8]),
}

impl rusqlite::ToSql for Placed<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self {
            Self::At(place) => ToSqlOutput::Owned(Value::Integer(*place)),
            Self::Here(body) => ToSqlOutput::Borrowed(ValueRef::Blob(body)),
        })
    }
}

/// The end of the file, and what one commit will append to it.
pub(super) struct Bodies {
    file: File,
    end: u64,
    waiting: Vec<u8>,
}

impl Bodies {
    pub(super) fn new(file: File) -> std::io::Result<Self> {
        let end = file.metadata()?.len();
        Ok(Self { file, end, waiting: Vec::new() })
    }

    /// Begins a commit.
    pub(super) fn begin(&mut self) {
        self.waiting.clear();
        self.waiting.shrink_to(KEPT);
    }

    /// Takes a body, to be appended by [`Self::write`]; says what its row says of it.
    pub(super) fn put<'a>(&mut self, body: &'a [u8]) -> Placed<'a> {
        if body.len() < LENGTH_MIN || body.len() >> LENGTH_BITS != 0 {
            return Placed::Here(body);
        }
        let at = self.end as i64 + self.waiting.len() as i64;
        self.waiting.extend_from_slice(body);
        Placed::At(at << LENGTH_BITS | body.len() as i64)
    }

    /// Appends what was taken.
    pub(super) fn write(&mut self) -> rusqlite::Result<()> {
        self.file
            .write_all_at(&self.waiting, self.end)
            .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
        self.end += self.waiting.len() as u64;
        Ok(())
    }
}

/// The body that a column has, or says where to find.
pub(super) fn read(file: &File, row: &Row<'_>, column: usize) -> rusqlite::Result<Vec<u8>> {
    match row.get_ref(column)? {
        ValueRef::Integer(place) => {
            let mut body = vec![0; (place & ((1 << LENGTH_BITS) - 1)) as usize];
            let read = file.read_exact_at(&mut body, (place >> LENGTH_BITS) as u64);
            read.map_err(|error| {
                rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Integer, Box::new(error))
            })?;
            Ok(body)
        }
        here => Ok(here.as_bytes()?.to_vec()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_bodies_are_found_again() {
        let directory = tempfile::tempdir().expect("a directory");
        let store = directory.path().join("providers.db");
        let connection = rusqlite::Connection::open(&store).expect("a store");
        connection.execute_batch("CREATE TABLE t (n INTEGER PRIMARY KEY, body)").expect("a table");
        let written: Vec<Vec<u8>> =
            [3, LENGTH_MIN, 70_000, 0].iter().map(|length| vec![*length as u8; *length]).collect();
        for _ in 0..2 {
            let mut bodies = Bodies::new(open(&store).expect("a file")).expect("a file");
            bodies.begin();
            for body in &written {
                let placed = bodies.put(body);
                connection.execute("INSERT INTO t (body) VALUES (?1)", [placed]).expect("a row");
            }
            bodies.write().expect("a disk");
        }
        let file = open(&store).expect("a file");
        let mut rows = connection.prepare("SELECT body FROM t ORDER BY n").expect("a table");
        let found: Vec<Vec<u8>> =
            rows.query_map([], |row| read(&file, row, 0)).expect("rows").collect::<Result<_, _>>().expect("bodies");
        assert_eq!(found, [written.clone(), written].concat());
    }
}
