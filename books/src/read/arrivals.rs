//! Arrivals: planned, and how they ended.

use super::rows;
use crate::error::Error;
use crate::joined::Joined;
use model::outcome::{Outcome, Refusal};
use model::record::Arrivals;
use rusqlite::Row;
use std::collections::BTreeMap;

/// One planned arrival and its end; one without an end is unknown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArrivalRow {
    /// Number in the plan.
    pub number: u64,
    /// Microseconds from the start of the load.
    pub intended_us: u64,
    /// Name of its journey.
    pub journey: String,
    /// Whether the journey buys.
    pub buys: bool,
    /// First byte of its first request written.
    pub begun_us: Option<u64>,
    /// The end; none when the harness died before.
    pub ended_us: Option<u64>,
    /// How it ended.
    pub outcome: Outcome,
    /// Why it was told no.
    pub refusal: Option<Refusal>,
    /// Whether the books bear out that no; see [`PurchaseRow::borne_out`](super::PurchaseRow::borne_out).
    pub borne_out: bool,
    /// The step at which it ended, unless it went through.
    pub step: Option<String>,
}

/// Arrivals by outcome, and refusals by reason.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ArrivalTally {
    /// Every arrival is in one of its numbers.
    pub arrivals: Arrivals,
    /// Among the rejected.
    pub refusals: BTreeMap<String, u64>,
}

impl Joined {
    /// All planned arrivals, in order of the plan.
    pub fn arrivals(&self) -> Result<Vec<ArrivalRow>, Error> {
        let honest = self.honest_refusals()?;
        let sql = "SELECT arrival, intended_us, journey, buys, begun_us, ended_us, outcome, refusal, step
                   FROM v1_arrival ORDER BY arrival";
        rows(&self.conn, "the arrivals", sql, |row| {
            let time = |column: usize| row.get::<_, Option<i64>>(column).map(|it| it.map(i64::cast_unsigned));
            let refusal = refusal_at(row, 7)?;
            Ok(ArrivalRow {
                number: row.get::<_, i64>(0)?.cast_unsigned(),
                intended_us: time(1)?.unwrap_or_default(),
                journey: row.get(2)?,
                buys: row.get(3)?,
                begun_us: time(4)?,
                ended_us: time(5)?,
                outcome: outcome_at(row, 6)?,
                refusal,
                borne_out: honest.bear_out(refusal),
                step: row.get(8)?,
            })
        })
    }

    /// Arrivals by outcome.
    pub fn arrival_tally(&self) -> Result<ArrivalTally, Error> {
        let sql = "SELECT outcome, refusal, count(*) FROM v1_arrival GROUP BY outcome, refusal";
        let counts = rows(&self.conn, "the arrivals", sql, |row| {
            Ok((outcome_at(row, 0)?, refusal_at(row, 1)?, row.get::<_, i64>(2)?.cast_unsigned()))
        })?;
        let mut tally = ArrivalTally::default();
        for (outcome, refusal, count) in counts {
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
            if let Some(refusal) = refusal.filter(|_| outcome == Outcome::Rejected) {
                *tally.refusals.entry(refusal.name().into()).or_default() += count;
            }
        }
        Ok(tally)
    }
}

pub(super) fn outcome_at(row: &Row<'_>, column: usize) -> rusqlite::Result<Outcome> {
    let name = row.get_ref(column)?.as_str()?;
    Ok(Outcome::ALL.into_iter().find(|outcome| outcome.name() == name).unwrap_or(Outcome::Unknown))
}

pub(super) fn refusal_at(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Refusal>> {
    let name = row.get_ref(column)?.as_str_or_null()?;
    Ok(name.and_then(|name| {
        [Refusal::Declined, Refusal::SoldOut, Refusal::PromotionUsedUp, Refusal::Technical]
            .into_iter()
            .find(|refusal| refusal.name() == name)
    }))
}
