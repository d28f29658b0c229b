//! Arrivals and purchases: how they ended for the shopper.

use super::{count_at, each, rows};
use crate::error::{Error, While};
use crate::joined::Joined;
use model::outcome::{Outcome, Refusal};
use model::record::Arrivals;
use rusqlite::{OptionalExtension, Row};
use std::collections::BTreeMap;

/// Arrivals by outcome, and refusals by reason.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ArrivalTally {
    /// Every arrival is in one of its numbers.
    pub arrivals: Arrivals,
    /// Those that were told no.
    pub refusals: BTreeMap<String, u64>,
}

/// A purchase of a planned arrival, or one that was wished for and not come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PurchaseRow {
    /// Intended start of the submission, or of the step before it at which the wish ended; microseconds from the start of the
    /// load.
    pub intended_us: u64,
    /// When the outcome was final to the shopper.
    pub done_us: u64,
    /// How it ended.
    pub outcome: Outcome,
    /// Why the shopper was told no.
    pub refusal: Option<Refusal>,
    /// Whether the books bear out "sold out" or "promotion used up". Always true for a decline, false for anything else.
    pub borne_out: bool,
}

/// Shoppers who were turned away on the way to their purchase stand beside those who came to it.
///
/// "Sold out" is borne out where an article had fewer pieces left than the largest line takes, "promotion used up" where a
/// promotion's limit was reached.
const PURCHASES: &str = "
WITH scarce AS MATERIALIZED (
    SELECT EXISTS (
        SELECT 1 FROM v1_stock AS stock LEFT JOIN v1_article AS sold ON sold.sku = stock.sku
        WHERE stock.stock - coalesce(sold.accepted, 0) < (SELECT coalesce(max(line_max), 1) FROM v1_article)
    ) AS goods, EXISTS (
        SELECT 1 FROM v1_promotion AS promotion
        WHERE promotion.uses <= (SELECT count(*) FROM v1_order AS placed
                                 WHERE placed.accepted AND placed.promotion = promotion.code)
    ) AS promotions
)
SELECT intent.intended_us, intent.done_us, intent.outcome, intent.refusal, scarce.goods, scarce.promotions
FROM v1_intent AS intent JOIN v1_arrival AS arrival ON arrival.arrival = intent.arrival CROSS JOIN scarce
WHERE intent.recorded
UNION ALL
SELECT away.intended_us, away.ended_us, away.outcome, away.refusal, scarce.goods, scarce.promotions
FROM v1_turned_away AS away JOIN v1_arrival AS arrival ON arrival.arrival = away.arrival CROSS JOIN scarce";

/// How many came to buy and could not submit, and where most of them were turned away; honest refusals are left out.
const TURNED_AWAY: &str = "
SELECT sum(shoppers) OVER (), step
FROM (SELECT away.step, count(*) AS shoppers
      FROM v1_turned_away AS away JOIN v1_arrival AS arrival ON arrival.arrival = away.arrival
      WHERE coalesce(away.refusal, 'technical') = 'technical' GROUP BY away.step)
ORDER BY shoppers DESC, step LIMIT 1";

impl Joined {
    /// Arrivals by outcome; one without an end is unknown.
    pub fn arrival_tally(&self) -> Result<ArrivalTally, Error> {
        let sql = "SELECT outcome, refusal FROM v1_arrival";
        let mut counts: BTreeMap<(Outcome, Option<Refusal>), u64> = BTreeMap::new();
        each(&self.conn, "the arrivals", sql, |row| {
            *counts.entry((outcome_at(row, 0)?, refusal_at(row, 1)?)).or_default() += 1;
            Ok(())
        })?;
        let mut tally = ArrivalTally::default();
        for ((outcome, refusal), count) in counts {
            let arrivals = &mut tally.arrivals;
            arrivals.scheduled += count;
            match outcome {
                Outcome::Confirmed => arrivals.confirmed += count,
                Outcome::Rejected => arrivals.rejected += count,
                Outcome::Unknown => arrivals.unknown += count,
                Outcome::Abandoned => arrivals.abandoned += count,
                Outcome::Completed => arrivals.completed += count,
                Outcome::Shed => arrivals.shed += count,
                Outcome::InFlight => arrivals.in_flight += count,
            }
            if let Some(refusal) = refusal {
                *tally.refusals.entry(refusal.name().into()).or_default() += count;
            }
        }
        Ok(tally)
    }

    /// Shoppers who came to buy and were turned away before they could submit, and the step at which most of them were; none
    /// if nobody was.
    pub fn turned_away(&self) -> Result<Option<(u64, String)>, Error> {
        let found = self.conn.query_row(TURNED_AWAY, [], |row| Ok((count_at(row, 0)?, row.get(1)?)));
        found.optional().reading("those turned away")
    }

    /// Purchases of planned arrivals, those included that shoppers came for and could not submit.
    pub fn purchases(&self) -> Result<Vec<PurchaseRow>, Error> {
        rows(&self.conn, "the purchases", PURCHASES, [], |row| {
            let refusal = refusal_at(row, 3)?;
            Ok(PurchaseRow {
                intended_us: count_at(row, 0)?,
                done_us: count_at(row, 1)?,
                outcome: outcome_at(row, 2)?,
                refusal,
                borne_out: match refusal {
                    Some(Refusal::Declined) => true,
                    Some(Refusal::SoldOut) => row.get(4)?,
                    Some(Refusal::PromotionUsedUp) => row.get(5)?,
                    Some(Refusal::Technical) | None => false,
                },
            })
        })
    }
}

fn outcome_at(row: &Row<'_>, column: usize) -> rusqlite::Result<Outcome> {
    let name = row.get_ref(column)?.as_str()?;
    Ok(Outcome::ALL.into_iter().find(|outcome| outcome.name() == name).unwrap_or(Outcome::Unknown))
}

fn refusal_at(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Refusal>> {
    let name = row.get_ref(column)?.as_str_or_null()?;
    Ok(name.and_then(|name| Refusal::ALL.into_iter().find(|refusal| refusal.name() == name)))
}
