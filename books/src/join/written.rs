//! Whose the rows of the statement are, written by the thread that has the connection while another one works it out.

use super::places::Place;
use rusqlite::{Connection, params};
use std::ops::ControlFlow;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

/// Rows that are handed over at a time.
const BATCH_ROWS: usize = 512;
/// Batches that may wait to be written.
const WAITING_MAX: usize = 8;

/// Whose a row is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Whose {
    pub statement: i64,
    pub place: Place,
    pub order_seq: Option<i64>,
    /// Whether a fault touched it.
    pub is_bitten: bool,
    /// Whether it is a quote of tax.
    pub is_quote: bool,
}

/// Takes rows to be written.
#[derive(Debug)]
pub(super) struct Desk {
    batch: Vec<Whose>,
    give: SyncSender<Vec<Whose>>,
}

impl Desk {
    /// Breaks where nobody writes any more: who did has an error of their own to tell.
    pub(super) fn put(&mut self, whose: Whose) -> ControlFlow<()> {
        self.batch.push(whose);
        if self.batch.len() < BATCH_ROWS { ControlFlow::Continue(()) } else { self.hand_over() }
    }

    fn hand_over(&mut self) -> ControlFlow<()> {
        let batch = std::mem::replace(&mut self.batch, Vec::with_capacity(BATCH_ROWS));
        if self.give.send(batch).is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    }
}

/// Writes what `work` puts on its desk, and returns what it returns.
pub(super) fn while_working<T: Send>(
    conn: &Connection,
    work: impl FnOnce(&mut Desk) -> T + Send,
) -> rusqlite::Result<T> {
    let (give, batches) = sync_channel(WAITING_MAX);
    std::thread::scope(|scope| {
        let worker = scope.spawn(move || {
            let mut desk = Desk { batch: Vec::with_capacity(BATCH_ROWS), give };
            let worked = work(&mut desk);
            // The last ones; whether anybody still writes is known on the other side.
            let _ = desk.hand_over();
            worked
        });
        let written = write(conn, batches);
        let worked = worker.join().expect("sums are made without a panic");
        written.map(|()| worked)
    })
}

fn write(conn: &Connection, batches: Receiver<Vec<Whose>>) -> rusqlite::Result<()> {
    let mut join = conn.prepare("INSERT INTO statement_join VALUES (?1, ?2, ?3, ?4, ?5)")?;
    let mut bitten = conn.prepare("INSERT INTO bitten VALUES (?1)")?;
    let mut quote = conn.prepare("INSERT INTO tax_quote VALUES (?1, ?2)")?;
    for Whose { statement, place, order_seq, is_bitten, is_quote } in batches.into_iter().flatten() {
        join.execute(params![statement, place.intent(), order_seq, place.kind().code(), place.mark_code()])?;
        if is_bitten {
            bitten.execute([statement])?;
        }
        if is_quote {
            quote.execute(params![statement, place.intent()])?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::fit::Attribution;
    use super::*;

    fn put(desk: &mut Desk, rows: i64) -> i64 {
        let place = Place::new(&Attribution::Nobody, None);
        let whose = |statement| Whose { statement, place, order_seq: None, is_bitten: false, is_quote: statement == 1 };
        (0..rows).take_while(|row| desk.put(whose(*row)).is_continue()).count() as i64
    }

    #[test]
    fn all_is_written_or_the_work_ends() {
        let conn = Connection::open_in_memory().expect("memory");
        let tables = "CREATE TABLE statement_join (id INTEGER PRIMARY KEY, a, b, c, d); CREATE TABLE bitten (id);
                      CREATE TABLE tax_quote (id, intent);";
        conn.execute_batch(tables).expect("tables");
        let rows = (BATCH_ROWS * (WAITING_MAX + 2)) as i64 + 1;
        assert_eq!(while_working(&conn, |desk| put(desk, rows)).expect("no error"), rows);
        let count = "SELECT (SELECT count(*) FROM statement_join), (SELECT count(*) FROM tax_quote)";
        let counted = conn.query_row(count, [], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)));
        assert_eq!(counted.expect("counts"), (rows, 1));
        // Each row is there already.
        assert!(while_working(&conn, |desk| put(desk, rows)).is_err());
    }
}
