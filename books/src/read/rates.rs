//! Counts by second of the load. A second in which nothing was counted may be missing.

use super::{count_at, each};
use crate::error::Error;
use crate::joined::Joined;
use model::judge::Tally;
use std::collections::BTreeMap;

/// Submissions that led to an order – in the shop's book, or told to the shopper – and those that did not; honest
/// refusals are left out.
const ORDER_CREATION: &str = "
SELECT intent.intended_us / 1000000,
       intent.orders > 0 OR intent.order_number IS NOT NULL OR intent.outcome = 'confirmed'
FROM v1_intent AS intent JOIN v1_arrival AS arrival ON arrival.arrival = intent.arrival
WHERE intent.recorded AND intent.submits > 0 AND intent.outcome <> 'in_flight'
  AND coalesce(intent.refusal, '') NOT IN ('sold_out', 'promotion_used_up', 'declined')";

/// Payments that were authorised, and those of an order that were not; cards that were refused are left out.
const AUTHORISATION: &str = "
SELECT intent.intended_us / 1000000, intent.authorised > 0
FROM v1_intent AS intent JOIN v1_arrival AS arrival ON arrival.arrival = intent.arrival
WHERE intent.recorded AND intent.outcome NOT IN ('in_flight', 'abandoned')
  AND CASE WHEN intent.charges > 0 THEN intent.authorised > 0 OR intent.declined = 0
           ELSE intent.orders > 0 AND coalesce(intent.refusal, '') <> 'declined' END";

const ACCEPTED: &str = "
SELECT intent.intended_us / 1000000
FROM v1_order AS placed JOIN v1_intent AS intent ON intent.intent_id = placed.intent_id
JOIN v1_arrival AS arrival ON arrival.arrival = intent.arrival
WHERE placed.accepted AND intent.recorded";

impl Joined {
    /// Planned arrivals by second of their intended start.
    pub fn planned_by_second(&self) -> Result<Vec<(u64, u64)>, Error> {
        self.counts("the plan", "SELECT intended_us / 1000000 FROM v1_arrival")
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

    /// Counted here and not by the query, which would sort them first.
    fn counts(&self, what: &'static str, sql: &str) -> Result<Vec<(u64, u64)>, Error> {
        let mut counts: BTreeMap<u64, u64> = BTreeMap::new();
        each(&self.conn, what, sql, |row| {
            *counts.entry(count_at(row, 0)?).or_default() += 1;
            Ok(())
        })?;
        Ok(counts.into_iter().collect())
    }

    fn tallies(&self, what: &'static str, sql: &str) -> Result<Vec<(u64, Tally)>, Error> {
        let mut tallies: BTreeMap<u64, Tally> = BTreeMap::new();
        each(&self.conn, what, sql, |row| {
            let tally = tallies.entry(count_at(row, 0)?).or_default();
            if row.get(1)? {
                tally.good += 1;
            } else {
                tally.bad += 1;
            }
            Ok(())
        })?;
        Ok(tallies.into_iter().collect())
    }
}
