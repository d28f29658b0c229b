//! Sums over the books.

use super::rows;
use crate::error::{Error, While};
use crate::joined::Joined;
use model::record::MoneyRecord;

/// Orders by what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OrderTally {
    /// Of this run.
    pub orders: u64,
    /// Neither failed nor cancelled.
    pub accepted: u64,
    /// Paid or fulfilled.
    pub paid: u64,
    /// Pending, or flagged as in doubt.
    pub in_doubt: u64,
}

/// Rows of the statement by provider and operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatementTally {
    /// `payment`, `tax`, `warehouse`.
    pub provider: String,
    /// What was done.
    pub op: String,
    /// Rows.
    pub rows: u64,
    /// Those touched by a fault.
    pub faulted: u64,
}

impl Joined {
    /// Orders of this run.
    pub fn order_tally(&self) -> Result<OrderTally, Error> {
        let sql = "SELECT count(*), coalesce(sum(accepted), 0), coalesce(sum(paid), 0),
                          coalesce(sum(in_doubt OR state = 'pending'), 0) FROM v1_order";
        let count = |row: &rusqlite::Row<'_>, column: usize| row.get::<_, i64>(column).map(i64::cast_unsigned);
        self.conn
            .query_row(sql, [], |row| {
                Ok(OrderTally {
                    orders: count(row, 0)?,
                    accepted: count(row, 1)?,
                    paid: count(row, 2)?,
                    in_doubt: count(row, 3)?,
                })
            })
            .reading("the orders")
    }

    /// Rows of the statement by provider and operation.
    pub fn statement_tally(&self) -> Result<Vec<StatementTally>, Error> {
        let sql =
            "SELECT provider, op, count(*), count(fault) FROM v1_statement GROUP BY provider, op ORDER BY provider, op";
        rows(&self.conn, "the statement", sql, |row| {
            Ok(StatementTally {
                provider: row.get(0)?,
                op: row.get(1)?,
                rows: row.get::<_, i64>(2)?.cast_unsigned(),
                faulted: row.get::<_, i64>(3)?.cast_unsigned(),
            })
        })
    }

    /// Sums of money by currency.
    pub fn money(&self) -> Result<Vec<MoneyRecord>, Error> {
        let sql = "
            SELECT currency, sum(captured), sum(refunded), sum(owed) FROM (
                SELECT currency, captured_minor AS captured, refunded_minor AS refunded, 0 AS owed FROM v1_charge
                UNION ALL
                SELECT currency, 0, 0, coalesce(total_minor, 0) - refunded_minor FROM v1_order WHERE accepted)
            WHERE currency <> '' GROUP BY currency ORDER BY currency";
        rows(&self.conn, "the sums of money", sql, |row| {
            Ok(MoneyRecord {
                currency: row.get(0)?,
                captured_minor: row.get(1)?,
                refunded_minor: row.get(2)?,
                owed_minor: row.get(3)?,
            })
        })
    }

    /// Rows of other runs: book, run (empty when it cannot be told), rows.
    pub fn set_aside(&self) -> Result<Vec<(String, String, u64)>, Error> {
        let sql = "SELECT book, run, rows FROM v1_set_aside ORDER BY book, run";
        rows(&self.conn, "the rows of other runs", sql, |row| {
            Ok((row.get(0)?, row.get(1)?, row.get::<_, i64>(2)?.cast_unsigned()))
        })
    }
}
