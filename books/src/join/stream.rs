//! Rows of a query, decoded on a thread of their own while the join works with those before them.

use rusqlite::types::{Type, ValueRef};
use rusqlite::{Connection, Error, OpenFlags, Row, Rows};
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

/// Rows that are handed over at a time: enough to make the handing over cheap, few enough to stay in the processor's cache.
const BATCH_ROWS: usize = 256;
/// Bytes of text after which a batch is handed over with fewer rows; places in it are counted with 32 bits, and one text has at
/// most a thousand million.
const BATCH_TEXT: usize = 1 << 20;
/// Batches that may wait to be taken.
const WAITING_MAX: usize = 8;
/// How long the second connection waits for a lock.
const BUSY_WAIT: Duration = Duration::from_secs(10);

/// One value; texts stand one after the other in their batch.
#[derive(Clone, Copy, Debug)]
enum Cell {
    Null,
    Number(i64),
    Text { from: u32, to: u32 },
}

/// Some rows.
#[derive(Debug, Default)]
struct Batch {
    text: String,
    cells: Vec<Cell>,
}

/// One row of a query.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cells<'a> {
    text: &'a str,
    cells: &'a [Cell],
}

impl<'a> Cells<'a> {
    /// A text; none where it is NULL.
    pub(super) fn text(&self, column: usize) -> rusqlite::Result<Option<&'a str>> {
        match self.cells[column] {
            Cell::Null => Ok(None),
            Cell::Text { from, to } => Ok(Some(&self.text[from as usize..to as usize])),
            Cell::Number(_) => Err(Error::InvalidColumnType(column, String::new(), Type::Integer)),
        }
    }

    /// A text of a column that has no NULL.
    pub(super) fn known_text(&self, column: usize) -> rusqlite::Result<&'a str> {
        self.text(column)?.ok_or_else(|| Error::InvalidColumnType(column, String::new(), Type::Null))
    }

    /// A whole number; none where it is NULL.
    pub(super) fn number(&self, column: usize) -> rusqlite::Result<Option<i64>> {
        match self.cells[column] {
            Cell::Null => Ok(None),
            Cell::Number(number) => Ok(Some(number)),
            Cell::Text { .. } => Err(Error::InvalidColumnType(column, String::new(), Type::Text)),
        }
    }

    /// A whole number of a column that has no NULL.
    pub(super) fn known_number(&self, column: usize) -> rusqlite::Result<i64> {
        self.number(column)?.ok_or_else(|| Error::InvalidColumnType(column, String::new(), Type::Null))
    }

    /// Adds a value to a text that tells rows apart: no two lists of values make the same one.
    pub(super) fn append(&self, column: usize, into: &mut String) {
        match self.cells[column] {
            Cell::Null => into.push('\u{1}'),
            Cell::Number(number) => {
                into.push('\u{2}');
                // Nearly all are flags.
                into.push(if number == 0 { '0' } else { '1' });
                if !(0..=1).contains(&number) {
                    into.push_str(&number.to_string());
                }
                into.push('\u{3}');
            }
            Cell::Text { from, to } => {
                let length = to - from;
                // One character for the length of any text that there is in fact.
                match char::from_u32(length + 0x20).filter(|_| length < 0xd000) {
                    Some(length) => into.push(length),
                    None => into.push_str(&format!("\u{4}{length}\u{3}")),
                }
                into.push_str(&self.text[from as usize..to as usize]);
            }
        }
    }

    /// Whether the column says yes; NULL is a no.
    pub(super) fn flag(&self, column: usize) -> rusqlite::Result<bool> {
        Ok(self.number(column)?.unwrap_or(0) != 0)
    }
}

/// Calls `take` for each row of the query. A second connection reads, where the books are on disk: nothing may have been
/// written in the transaction that is open.
pub(super) fn each(
    conn: &Connection,
    sql: &str,
    mut take: impl FnMut(Cells<'_>) -> rusqlite::Result<()>,
) -> rusqlite::Result<()> {
    let Some(second) = conn.path().filter(|path| !path.is_empty()).and_then(|path| open(Path::new(path)).ok()) else {
        return each_here(conn, sql, take);
    };
    std::thread::scope(|scope| {
        let (give, batches) = sync_channel::<(Batch, usize)>(WAITING_MAX);
        let reader = scope.spawn(move || read_ahead(&second, sql, &give));
        let taken = take_waiting(batches, &mut take);
        let read = reader.join().expect("reading ends with an error, not with a panic");
        taken.and(read)
    })
}

/// As [`each`], where something may have been written: this connection reads.
pub(super) fn each_here(
    conn: &Connection,
    sql: &str,
    mut take: impl FnMut(Cells<'_>) -> rusqlite::Result<()>,
) -> rusqlite::Result<()> {
    read(conn, sql, |batch, columns| take_all(&batch, columns, &mut take))
}

fn open(path: &Path) -> rusqlite::Result<Connection> {
    let conn = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    conn.busy_timeout(BUSY_WAIT)?;
    Ok(conn)
}

fn read_ahead(conn: &Connection, sql: &str, give: &SyncSender<(Batch, usize)>) -> rusqlite::Result<()> {
    // Who takes no more has an error of their own to tell.
    let mut is_wanted = true;
    read(conn, sql, |batch, columns| {
        is_wanted = is_wanted && give.send((batch, columns)).is_ok();
        if is_wanted { Ok(()) } else { Err(Error::QueryReturnedNoRows) }
    })
    .or_else(|error| if is_wanted { Err(error) } else { Ok(()) })
}

fn take_waiting(
    batches: Receiver<(Batch, usize)>,
    take: &mut impl FnMut(Cells<'_>) -> rusqlite::Result<()>,
) -> rusqlite::Result<()> {
    batches.into_iter().try_for_each(|(batch, columns)| take_all(&batch, columns, take))
}

fn take_all(
    batch: &Batch,
    columns: usize,
    take: &mut impl FnMut(Cells<'_>) -> rusqlite::Result<()>,
) -> rusqlite::Result<()> {
    batch.cells.chunks_exact(columns).try_for_each(|cells| take(Cells { text: &batch.text, cells }))
}

fn read(
    conn: &Connection,
    sql: &str,
    mut give: impl FnMut(Batch, usize) -> rusqlite::Result<()>,
) -> rusqlite::Result<()> {
    let mut select = conn.prepare(sql)?;
    let columns = select.column_count();
    let mut rows = select.query([])?;
    let mut text_bytes = 0;
    loop {
        let mut batch =
            Batch { text: String::with_capacity(text_bytes), cells: Vec::with_capacity(BATCH_ROWS * columns) };
        fill(&mut batch, &mut rows, columns)?;
        if batch.cells.is_empty() {
            return Ok(());
        }
        // The next one will be about as long.
        text_bytes = batch.text.len() + batch.text.len() / 8;
        give(batch, columns)?;
    }
}

fn fill(batch: &mut Batch, rows: &mut Rows<'_>, columns: usize) -> rusqlite::Result<()> {
    while batch.cells.len() < BATCH_ROWS * columns && batch.text.len() < BATCH_TEXT {
        let Some(row) = rows.next()? else { break };
        for column in 0..columns {
            let cell = batch.cell(row, column)?;
            batch.cells.push(cell);
        }
    }
    Ok(())
}

impl Batch {
    fn cell(&mut self, row: &Row<'_>, column: usize) -> rusqlite::Result<Cell> {
        let value = row.get_ref(column)?;
        match value {
            ValueRef::Null => Ok(Cell::Null),
            ValueRef::Integer(number) => Ok(Cell::Number(number)),
            ValueRef::Text(_) => {
                let from = self.text.len() as u32;
                self.text.push_str(value.as_str()?);
                Ok(Cell::Text { from, to: self.text.len() as u32 })
            }
            ValueRef::Real(_) | ValueRef::Blob(_) => {
                Err(Error::InvalidColumnType(column, String::new(), value.data_type()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(conn: &Connection, count: usize) {
        conn.execute_batch("BEGIN; CREATE TABLE t (id INTEGER PRIMARY KEY, text TEXT) STRICT").expect("a table");
        let mut insert = conn.prepare("INSERT INTO t (text) VALUES (?1)").expect("a statement");
        for n in 0..count {
            insert.execute([(n % 7 > 0).then(|| n.to_string())]).expect("a row");
        }
        conn.execute_batch("COMMIT").expect("an end");
    }

    fn texts(conn: &Connection) -> rusqlite::Result<Vec<(i64, Option<String>)>> {
        let mut read = Vec::new();
        each(conn, "SELECT id, text FROM t ORDER BY id", |row| {
            read.push((row.known_number(0)?, row.text(1)?.map(Into::into)));
            Ok(())
        })?;
        Ok(read)
    }

    #[test]
    fn a_file_is_read_as_memory_is() {
        let directory = tempfile::tempdir().expect("a directory");
        let file = Connection::open(directory.path().join("t.db")).expect("a file");
        let memory = Connection::open_in_memory().expect("memory");
        for rows in [0, 1, BATCH_ROWS, BATCH_ROWS * (WAITING_MAX + 3) + 1] {
            for conn in [&file, &memory] {
                conn.execute_batch("DROP TABLE IF EXISTS t").expect("no table");
                numbers(conn, rows);
            }
            let read = texts(&file).expect("all rows");
            assert_eq!(read.len(), rows);
            assert_eq!(read, texts(&memory).expect("all rows"));
        }
    }

    #[test]
    fn an_error_on_either_side_ends_it() {
        let directory = tempfile::tempdir().expect("a directory");
        let conn = Connection::open(directory.path().join("t.db")).expect("a file");
        numbers(&conn, BATCH_ROWS * (WAITING_MAX + 3));
        let mut taken = 0;
        let refused = each(&conn, "SELECT text FROM t ORDER BY id", |row| {
            taken += 1;
            row.known_text(0).map(drop)
        });
        assert!(matches!(refused, Err(Error::InvalidColumnType(0, _, Type::Null))), "{refused:?}");
        assert_eq!(taken, 1, "the first row has none");
        let unreadable = each(&conn, "SELECT 0.5 FROM t", |_| Ok(()));
        assert!(matches!(unreadable, Err(Error::InvalidColumnType(0, _, Type::Real))), "{unreadable:?}");
        assert!(each(&conn, "SELECT nothing FROM t", |_| Ok(())).is_err());
    }
}
