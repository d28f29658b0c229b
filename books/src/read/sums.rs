//! Sums over the books.

use super::{count_at, rows};
use crate::error::{Error, While};
use crate::joined::Joined;
use model::record::MoneyRecord;

/// By currency, of which there are few: sums of each need no sorting.
const MONEY: &str = "
SELECT currency, captured, refunded, owed FROM (
    SELECT c.currency,
           (SELECT sum(captured_minor) FROM v1_charge WHERE currency = c.currency) AS captured,
           (SELECT sum(refunded_minor) FROM v1_charge WHERE currency = c.currency) AS refunded,
           (SELECT sum(due_minor) FROM v1_order WHERE accepted AND currency = c.currency) AS owed
    FROM v1_currency AS c WHERE c.currency <> '')
WHERE captured IS NOT NULL OR refunded IS NOT NULL OR owed IS NOT NULL ORDER BY currency";

const DISCREPANCIES: &str = "
SELECT (SELECT count(*) FROM v1_order WHERE net_minor <> 
        CASE WHEN state = 'partially_fulfilled' THEN coalesce(paid_minor, due_minor) - booked_back_minor
             WHEN paid THEN due_minor - booked_back_minor ELSE 0 END)
     + (SELECT count(*) FROM v1_charge WHERE order_seq IS NULL AND net_minor > 0)";

impl Joined {
    /// Sums of money by currency; what has none moved nothing.
    pub fn money(&self) -> Result<Vec<MoneyRecord>, Error> {
        rows(&self.conn, "the sums of money", MONEY, [], |row| {
            let sum = |column: usize| row.get::<_, Option<i64>>(column).map(Option::unwrap_or_default);
            Ok(MoneyRecord {
                currency: row.get(0)?,
                captured_minor: sum(1)?,
                refunded_minor: sum(2)?,
                owed_minor: sum(3)?,
            })
        })
    }

    /// Orders whose charges do not come to what they owe, and charges that belong to no order; says little unless both books
    /// were read to their ends.
    pub fn discrepancies(&self) -> Result<u64, Error> {
        self.conn.query_row(DISCREPANCIES, [], |row| count_at(row, 0)).reading("the discrepancies")
    }

    /// How many rows belong to other runs.
    pub fn set_aside(&self) -> Result<u64, Error> {
        let sql = "SELECT coalesce(sum(rows), 0) FROM v1_set_aside";
        self.conn.query_row(sql, [], |row| count_at(row, 0)).reading("the rows of other runs")
    }
}
