//! What is left to be given back of an order: the card's part first, then vouchers and credit. It is checked and reserved
//! in one step, so that two refunds at the same time never give more than was taken.

use rusqlite::{Connection, OptionalExtension, params};

use super::{
    super::{Aftermath, GiveBack, Given, Receipt, Refund, Terms},
    credit, given_back, keys, orders, refunds,
    writer::Done,
};
use crate::{
    clock::{identifier, now_ms},
    defects::Defect,
    order::State,
    refusal::{Refusal, known},
};

/// What can still be given back, in minor units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Remainder {
    card_minor: i64,
    credit_minor: i64,
}

impl Remainder {
    /// The card's and the credit's part of a wish; all that is left where nothing is named.
    fn part(self, wanted_minor: Option<i64>) -> Result<(i64, i64), Refusal> {
        let left_minor = self.card_minor + self.credit_minor;
        let wanted_minor = wanted_minor.unwrap_or(left_minor);
        if left_minor == 0 {
            return Err(known::ALREADY_REFUNDED);
        }
        if wanted_minor > left_minor {
            return Err(known::TOO_MUCH);
        }
        let card_minor = wanted_minor.min(self.card_minor);
        Ok((card_minor, wanted_minor - card_minor))
    }
}

/// What was captured for an order and neither given back, asked to be, nor is disputed.
pub(super) fn of_card(connection: &Connection, order: i64, payment: i64, captured_minor: i64) -> rusqlite::Result<i64> {
    let given_minor: i64 = connection
        .prepare_cached(
            "SELECT coalesce(sum(amount), 0) FROM refunds
             WHERE order_seq = ?1 AND payment = ?2 AND state IN ('pending', 'succeeded')",
        )?
        .query_row([order, payment], |row| row.get(0))?;
    let disputed_minor: i64 = connection
        .prepare_cached(
            "SELECT iif(dispute_state IS NULL OR dispute_state = 'won', 0, disputed_minor) FROM orders WHERE seq = ?1",
        )?
        .query_row([order], |row| row.get(0))?;
    Ok((captured_minor - given_minor - disputed_minor).max(0))
}

fn on_its_way(connection: &Connection, payment: i64) -> rusqlite::Result<i64> {
    connection
        .prepare_cached("SELECT coalesce(sum(amount), 0) FROM refunds WHERE payment = ?1 AND state = 'pending'")?
        .query_row([payment], |row| row.get(0))
}

/// Checks and reserves a refund under the shopper's key.
pub(super) fn begin(connection: &Connection, terms: &Terms, wish: &GiveBack) -> Done<Given> {
    let order = wish.order;
    if let Some(row) = keys::find(connection, &wish.claim.key)? {
        let replayed = row.answer_for(&wish.claim)?;
        let brief = orders::brief(connection, order)?.ok_or(known::NOT_FOUND)?;
        let refund = match &replayed {
            Some(_) => None,
            None => pending(connection, order, &wish.claim.key)?,
        };
        return Ok(Given { brief, refund, moves: Vec::new(), messages: Vec::new(), replayed });
    }
    let brief = orders::brief(connection, order)?.ok_or(known::NOT_FOUND)?;
    match brief.state {
        State::Paid | State::PartiallyFulfilled | State::Fulfilled => {}
        State::Cancelled if brief.refunded_minor > 0 => return Err(known::ALREADY_REFUNDED.about(brief.number).into()),
        State::Pending | State::Authorised | State::Failed | State::Cancelled => {
            return Err(known::NOT_PAID.about(brief.number).into());
        }
    }
    let paid = refunds::paid(connection, order)?;
    let card_minor = match &paid {
        // The defect `concurrent-refunds-add-up`: what is still on its way has not been given.
        Some(paid) if terms.defects.has(Defect::ConcurrentRefundsAddUp) => {
            of_card(connection, order, paid.payment, paid.amount_minor)? + on_its_way(connection, paid.payment)?
        }
        Some(paid) => of_card(connection, order, paid.payment, paid.amount_minor)?,
        None => 0,
    };
    let left = Remainder { card_minor, credit_minor: credit::left_minor(connection, order)? };
    let (card_minor, credit_minor) = left.part(wish.amount_minor).map_err(|refusal| refusal.about(brief.number))?;
    let is_all = card_minor + credit_minor == left.card_minor + left.credit_minor;
    let may_go = !is_all || given_back::hold_dispatch(connection, &brief)?;
    credit::give_back(connection, order, credit_minor)?;
    let mut made = Aftermath::default();
    let refund = if let Some(paid) = paid.filter(|_| card_minor > 0) {
        let from = (paid.payment, paid.provider, paid.intent.as_str());
        let refund = refunds::ask(connection, &brief, from, card_minor)?;
        connection
            .prepare_cached("UPDATE refunds SET asked = ?2, credit_minor = ?3, waits = ?4 WHERE id = ?1")?
            .execute(params![refund.id, wish.claim.key, credit_minor, !may_go])?;
        // Goods that are leaving already leave paid: the reconciler asks for the money once they have.
        may_go.then_some(refund)
    } else {
        of_credit_only(connection, order, Some(&wish.claim.key), credit_minor)?;
        made = given_back::given(connection, terms, &brief)?;
        None
    };
    keys::claim(connection, &wish.claim, order, None)?;
    Ok(Given { brief, refund, moves: made.moves, messages: made.messages, replayed: None })
}

/// Nothing was charged for it, so nobody is asked.
pub(super) fn of_credit_only(
    connection: &Connection,
    order: i64,
    asked: Option<&str>,
    credit_minor: i64,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO refunds (order_seq, payment, key, amount, state, created_ms, asked, credit_minor)
             VALUES (?1, 0, ?2, 0, 'succeeded', ?3, ?4, ?5)",
        )?
        .execute(params![order, identifier("rk_"), now_ms(), asked, credit_minor])?;
    Ok(())
}

/// The refund that a key asked for and that is not settled.
fn pending(connection: &Connection, order: i64, asked: &str) -> Done<Option<Refund>> {
    let id: Option<i64> = connection
        .prepare_cached(
            "SELECT id FROM refunds WHERE order_seq = ?1 AND asked = ?2 AND state = 'pending' AND NOT waits
             ORDER BY id DESC LIMIT 1",
        )?
        .query_row(params![order, asked], |row| row.get(0))
        .optional()?;
    match id {
        Some(id) => Ok(refunds::read(connection, id)?.map(|(refund, ..)| refund)),
        None => Ok(None),
    }
}

/// What became of the refund that a key asked for.
pub(super) fn receipt(connection: &Connection, order: i64, asked: &str) -> rusqlite::Result<Option<Receipt>> {
    connection
        .prepare_cached(
            "SELECT id, amount, credit_minor, state FROM refunds WHERE order_seq = ?1 AND asked = ?2
             ORDER BY amount = 0, id DESC LIMIT 1",
        )?
        .query_row(params![order, asked], |row| {
            Ok(Receipt { id: row.get(0)?, card_minor: row.get(1)?, credit_minor: row.get(2)?, state: row.get(3)? })
        })
        .optional()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_card_comes_first_and_nothing_is_given_twice() {
        let left = Remainder { card_minor: 700, credit_minor: 300 };
        assert_eq!(left.part(None), Ok((700, 300)));
        assert_eq!(left.part(Some(500)), Ok((500, 0)));
        assert_eq!(left.part(Some(800)), Ok((700, 100)));
        assert_eq!(left.part(Some(1_001)), Err(known::TOO_MUCH));
        assert_eq!(Remainder { card_minor: 0, credit_minor: 0 }.part(Some(1)), Err(known::ALREADY_REFUNDED));
    }
}
