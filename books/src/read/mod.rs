//! What the judge reads of joined books: plain rows and sums, no judgement.

mod faults;
mod rates;
mod run;
mod shoppers;
mod sums;
mod timings;

pub use faults::{FaultRow, Undo, to_undo};
pub use run::{BookState, RunRow};
pub use shoppers::{ArrivalTally, PurchaseRow};
pub use timings::{Span, TimingRow};

use crate::error::{Error, While};
use rusqlite::{Connection, Params, Row};

/// Reads all rows of a query.
fn rows<T>(
    conn: &Connection,
    what: &'static str,
    sql: &str,
    params: impl Params,
    take: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Vec<T>, Error> {
    let read = || conn.prepare(sql)?.query_map(params, take)?.collect::<rusqlite::Result<Vec<T>>>();
    read().reading(what)
}

/// Calls `take` for each row of a query; what comes by the million is not kept.
fn each(
    conn: &Connection,
    what: &'static str,
    sql: &str,
    mut take: impl FnMut(&Row<'_>) -> rusqlite::Result<()>,
) -> Result<(), Error> {
    let mut read = || {
        let mut select = conn.prepare(sql)?;
        let mut rows = select.query([])?;
        while let Some(row) = rows.next()? {
            take(row)?;
        }
        Ok(())
    };
    read().reading(what)
}

/// A count, or microseconds; less than nothing is none of them.
fn count_at(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    row.get::<_, i64>(column).map(|count| count.max(0).cast_unsigned())
}
