//! Purchases: what objectives count.

use super::arrivals::{outcome_at, refusal_at};
use super::rows;
use crate::error::{Error, While};
use crate::joined::Joined;
use model::outcome::{Outcome, Refusal};

/// One wish to buy, and what became of it in all three books.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each says something else, of another book")]
pub struct PurchaseRow {
    /// `RUN.ARRIVAL.ORDINAL`.
    pub intent: String,
    /// Number in the plan.
    pub arrival: u64,
    /// Whether the plan has that arrival; set-up purchases are not in it.
    pub planned: bool,
    /// Name of its journey; empty when it is not planned.
    pub journey: String,
    /// Intended start of the submission, microseconds from the start of the load.
    pub intended_us: u64,
    /// When the outcome was final to the shopper.
    pub done_us: u64,
    /// How it ended.
    pub outcome: Outcome,
    /// Why the shopper was told no.
    pub refusal: Option<Refusal>,
    /// Whether the books bear out "sold out" or "promotion used up": the demand in the orders book reached a declared
    /// limit. Always true for a decline, false for anything else.
    pub borne_out: bool,
    /// Submissions of which a byte was sent.
    pub submits: u64,
    /// Whether the orders book has an order of it, in whatever state.
    pub ordered: bool,
    /// Whether the statement has a payment of it that was authorised or captured.
    pub authorised: bool,
    /// Whether the statement has a payment of it that the card's issuer refused.
    pub declined: bool,
    /// Authorisations and captures whose answer a fault destroyed.
    pub answers_lost: u64,
}

/// Which refusals for want of goods or promotions the books bear out.
#[derive(Clone, Copy, Debug)]
pub(super) struct HonestRefusals {
    sold_out: bool,
    used_up: bool,
}

impl HonestRefusals {
    pub(super) fn bear_out(self, refusal: Option<Refusal>) -> bool {
        match refusal {
            Some(Refusal::Declined) => true,
            Some(Refusal::SoldOut) => self.sold_out,
            Some(Refusal::PromotionUsedUp) => self.used_up,
            Some(Refusal::Technical) | None => false,
        }
    }
}

const PURCHASES: &str = "
    SELECT i.intent, i.arrival, a.arrival IS NOT NULL, coalesce(a.journey, ''), i.intended_us, i.done_us, i.outcome, i.refusal,
           i.submits, i.orders > 0,
           EXISTS (SELECT 1 FROM v1_charge AS c WHERE c.intent_id = i.intent_id
                   AND (c.authorised_minor IS NOT NULL OR c.captures > 0)),
           EXISTS (SELECT 1 FROM v1_charge AS c WHERE c.intent_id = i.intent_id AND c.declined),
           i.answers_lost
    FROM v1_intent AS i LEFT JOIN v1_arrival AS a ON a.arrival = i.arrival
    WHERE i.recorded
    ORDER BY i.intended_us, i.intent";

impl Joined {
    /// All purchases of the shopper's history, in order of their intended start.
    pub fn purchases(&self) -> Result<Vec<PurchaseRow>, Error> {
        let honest = self.honest_refusals()?;
        rows(&self.conn, "the purchases", PURCHASES, |row| {
            let number = |column: usize| row.get::<_, Option<i64>>(column).map(|it| it.unwrap_or(0).cast_unsigned());
            let refusal = refusal_at(row, 7)?;
            Ok(PurchaseRow {
                intent: row.get(0)?,
                arrival: number(1)?,
                planned: row.get(2)?,
                journey: row.get(3)?,
                intended_us: number(4)?,
                done_us: number(5)?,
                outcome: outcome_at(row, 6)?,
                refusal,
                borne_out: honest.bear_out(refusal),
                submits: number(8)?,
                ordered: row.get(9)?,
                authorised: row.get(10)?,
                declined: row.get(11)?,
                answers_lost: number(12)?,
            })
        })
    }

    /// Demand counts orders in whatever state: one that failed or was cancelled had its goods reserved.
    pub(super) fn honest_refusals(&self) -> Result<HonestRefusals, Error> {
        let sql = "
            SELECT EXISTS (SELECT 1 FROM v1_stock AS s JOIN (SELECT sku, sum(quantity) AS wanted FROM v1_order_line GROUP BY sku)
                               AS w ON w.sku = s.sku WHERE w.wanted >= s.stock),
                   EXISTS (SELECT 1 FROM v1_promotion AS p
                           WHERE (SELECT count(*) FROM v1_order AS o WHERE o.promotion = p.code) >= p.uses)";
        self.conn
            .query_row(sql, [], |row| Ok(HonestRefusals { sold_out: row.get(0)?, used_up: row.get(1)? }))
            .reading("the demand")
    }
}
