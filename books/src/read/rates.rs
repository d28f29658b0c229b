//! Counts by second of the load. A second in which nothing was counted may be missing.

use super::{count_at, rows};
use crate::error::Error;
use crate::joined::Joined;
use model::judge::Tally;

/// Submissions that led to an order – in the shop's book, or told to the shopper – and those that did not; honest
/// refusals are left out.
const ORDER_CREATION: &str = "
SELECT intent.intended_us / 1000000,
       sum(intent.orders > 0 OR intent.order_number IS NOT NULL OR intent.outcome = 'confirmed'),
       sum(intent.orders = 0 AND intent.order_number IS NULL AND intent.outcome <> 'confirmed')
FROM v1_intent AS intent JOIN v1_arrival AS arrival ON arrival.arrival = intent.arrival
WHERE intent.recorded AND intent.submits > 0 AND intent.outcome <> 'in_flight'
  AND coalesce(intent.refusal, '') NOT IN ('sold_out', 'promotion_used_up', 'declined')
GROUP BY 1";

/// Payments that were authorised, and those of an order that were not; cards that were refused are left out.
const AUTHORISATION: &str = "
SELECT intent.intended_us / 1000000, sum(paid.authorised), sum(NOT paid.authorised)
FROM v1_intent AS intent JOIN v1_arrival AS arrival ON arrival.arrival = intent.arrival
JOIN (SELECT intent, max(authorised_minor IS NOT NULL) AS authorised, max(declined) AS declined
      FROM v1_charge GROUP BY intent
      UNION ALL
      SELECT unpaid.intent, 0, 0 FROM v1_intent AS unpaid WHERE unpaid.charges = 0 AND unpaid.orders > 0
        AND coalesce(unpaid.refusal, '') <> 'declined') AS paid
  ON paid.intent = intent.intent
WHERE intent.recorded AND intent.outcome NOT IN ('in_flight', 'abandoned') AND (paid.authorised OR NOT paid.declined)
GROUP BY 1";

const ACCEPTED: &str = "
SELECT intent.intended_us / 1000000, count(*)
FROM v1_order AS placed JOIN v1_intent AS intent ON intent.intent = placed.intent
JOIN v1_arrival AS arrival ON arrival.arrival = intent.arrival
WHERE placed.accepted AND intent.recorded GROUP BY 1";

impl Joined {
    /// Planned arrivals by second of their intended start.
    pub fn planned_by_second(&self) -> Result<Vec<(u64, u64)>, Error> {
        self.counts("the plan", "SELECT intended_us / 1000000, count(*) FROM v1_arrival GROUP BY 1")
    }

    /// Arrivals that are known to have begun, by the second in which they did.
    pub fn begun_by_second(&self) -> Result<Vec<(u64, u64)>, Error> {
        let begun =
            "SELECT begun_us / 1000000, count(*) FROM v1_arrival WHERE recorded AND begun_us IS NOT NULL GROUP BY 1";
        self.counts("the arrivals", begun)
    }

    /// Orders that the shop accepted, by second of the intended start of their purchase.
    pub fn accepted_by_second(&self) -> Result<Vec<(u64, u64)>, Error> {
        self.counts("the accepted orders", ACCEPTED)
    }

    /// Submissions that led to an order and those that did not, by second; honest refusals are left out.
    pub fn order_creation_by_second(&self) -> Result<Vec<(u64, Tally)>, Error> {
        self.tallies("the orders created", ORDER_CREATION)
    }

    /// Payments that were authorised and those that were not, by second; cards that were refused are left out.
    pub fn authorisation_by_second(&self) -> Result<Vec<(u64, Tally)>, Error> {
        self.tallies("the payments authorised", AUTHORISATION)
    }

    fn counts(&self, what: &'static str, sql: &str) -> Result<Vec<(u64, u64)>, Error> {
        rows(&self.conn, what, sql, [], |row| Ok((count_at(row, 0)?, count_at(row, 1)?)))
    }

    fn tallies(&self, what: &'static str, sql: &str) -> Result<Vec<(u64, Tally)>, Error> {
        rows(&self.conn, what, sql, [], |row| {
            Ok((count_at(row, 0)?, Tally { good: count_at(row, 1)?, bad: count_at(row, 2)? }))
        })
    }
}
