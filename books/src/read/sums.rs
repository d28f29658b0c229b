//! Sums over the books.

use super::{count_at, rows};
use crate::error::{Error, While};
use crate::joined::Joined;
use model::record::MoneyRecord;

const MONEY: &str = "
SELECT currency, sum(captured), sum(refunded), sum(owed) FROM (
    SELECT upper(currency) AS currency, captured_minor AS captured, refunded_minor AS refunded, 0 AS owed FROM v1_charge
    UNION ALL
    SELECT upper(currency), 0, 0, due_minor FROM v1_order WHERE accepted)
WHERE currency <> '' GROUP BY currency ORDER BY currency";

const DISCREPANCIES: &str = "
SELECT (SELECT count(*) FROM v1_order WHERE net_minor <> 
        CASE WHEN state = 'partially_fulfilled' THEN coalesce(paid_minor, due_minor) - booked_back_minor
             WHEN paid THEN due_minor - booked_back_minor ELSE 0 END)
     + (SELECT count(*) FROM v1_charge WHERE order_seq IS NULL AND net_minor > 0)";

const SETTLEMENT: &str = "
WITH settled AS (SELECT order_seq, sum(gross_minor) AS gross_minor FROM v1_settlement
                 WHERE kind <> 'fee' AND order_seq IS NOT NULL GROUP BY order_seq),
     booked AS (SELECT order_seq, coalesce(paid_minor, iif(paid, due_minor, booked_back_minor)) - booked_back_minor AS kept_minor
                FROM v1_order WHERE (SELECT tells_refunds FROM v1_run)),
     compared AS (SELECT coalesce(s.gross_minor, 0) = o.kept_minor AS agrees
                  FROM booked AS o LEFT JOIN settled AS s ON s.order_seq = o.order_seq
                  WHERE s.order_seq IS NOT NULL OR o.kept_minor <> 0
                  UNION ALL SELECT 0 FROM v1_settlement
                  WHERE order_seq IS NULL AND kind <> 'fee' AND (SELECT tells_refunds FROM v1_run))
SELECT count(*), coalesce(sum(agrees), 0) FROM compared";

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

    /// Orders that settlement reports or the shop have money for, and lines without an order: all of them, and those that
    /// agree. It is what the law `the_settlement_agrees_with_the_orders` examines.
    pub fn settlement(&self) -> Result<(u64, u64), Error> {
        self.conn.query_row(SETTLEMENT, [], |row| Ok((count_at(row, 0)?, count_at(row, 1)?))).reading("the settlement")
    }

    /// How many rows belong to other runs.
    pub fn set_aside(&self) -> Result<u64, Error> {
        let sql = "SELECT coalesce(sum(rows), 0) FROM v1_set_aside";
        self.conn.query_row(sql, [], |row| count_at(row, 0)).reading("the rows of other runs")
    }
}
