//! What judge and report read of joined books: plain rows, no judgement.

mod arrivals;
mod faults;
mod purchases;
mod run;
mod sums;
mod timings;

pub use arrivals::{ArrivalRow, ArrivalTally};
pub use faults::{FaultRow, Undo};
pub use purchases::PurchaseRow;
pub use run::{BookState, PhaseKind, PhaseRow, RunRow};
pub use sums::{OrderTally, StatementTally};
pub use timings::{Span, TimingRow};

use crate::error::{Error, While};
use rusqlite::{Connection, Row};

/// Reads all rows of a query.
fn rows<T>(
    conn: &Connection,
    what: &'static str,
    sql: &str,
    take: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Vec<T>, Error> {
    let read = || conn.prepare(sql)?.query_map([], take)?.collect::<rusqlite::Result<Vec<T>>>();
    read().reading(what)
}
