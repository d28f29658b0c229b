//! What becomes of an order whose reserve cannot be taken any more: all of it ends where nothing was captured, and the parts
//! that have not left end where others were.

use rusqlite::{Connection, OptionalExtension, params};

use super::{
    super::{Aftermath, MessageKind, PaymentKind, PaymentState, Terms},
    credit, orders, outbox,
    payments::PaymentRow,
    writer::Done,
};
use crate::order::{Brief, State};

/// What was reserved cannot be taken any more: it is released, and what has not left stays, its stock given back.
pub(super) fn authorisation_lost(
    connection: &Connection,
    terms: &Terms,
    payment: &PaymentRow,
    brief: &mut Brief,
    why: &'static str,
) -> Done<Aftermath> {
    let order = payment.order;
    let mut made = Aftermath::default();
    if payment.state != PaymentState::Authorised {
        return Ok(made);
    }
    let is_captured_in_part = payment.captured_minor > 0;
    let state = if is_captured_in_part { "succeeded" } else { "voided" };
    connection
        .prepare_cached("UPDATE payments SET state = ?2, authorised_minor = 0 WHERE id = ?1")?
        .execute(params![payment.id, state])?;
    // The provider may still hold it, whatever the shop's clock or a refused capture says.
    made.messages.push(outbox::owe(connection, terms, order, MessageKind::PaymentVoid, Some(payment.id))?);
    if payment.kind == PaymentKind::Stray {
        return Ok(made);
    }
    connection.prepare_cached("UPDATE orders SET authorised_minor = 0 WHERE seq = ?1")?.execute([order])?;
    match brief.state {
        State::Authorised | State::PartiallyFulfilled if is_captured_in_part => {
            give_up_rest(connection, brief, &mut made, why)?;
        }
        // The holder would have to authorise anew.
        State::Authorised => {
            orders::release(connection, order)?;
            outbox::withdraw_dispatch(connection, order)?;
            made.moves.extend(orders::step(connection, brief, State::Cancelled, why)?);
            made.messages.push(outbox::owe(connection, terms, order, MessageKind::TaxVoid, None)?);
        }
        // Given up before: its stock is back already.
        State::Pending
        | State::Failed
        | State::Paid
        | State::PartiallyFulfilled
        | State::Fulfilled
        | State::Cancelled => {}
    }
    Ok(made)
}

/// Gives up the parts that were not captured: the order is what the other parts make of it. Its tax document stays as it is:
/// it names what was ordered, and books true it up against `given_up_minor`.
fn give_up_rest(connection: &Connection, brief: &mut Brief, made: &mut Aftermath, why: &'static str) -> Done<()> {
    let order = brief.number.0;
    let unpaid_minor: i64 = connection
        .prepare_cached(
            "SELECT coalesce(sum(amount_minor), 0) FROM dispatches WHERE order_seq = ?1 AND state = 'queued'",
        )?
        .query_row([order], |row| row.get(0))?;
    return_unshipped(connection, order)?;
    // Credit covered every part alike: the share of what does not leave goes back to where it came from.
    let share_minor = share(brief.credit_minor, unpaid_minor, brief.due_minor());
    let returned_minor = credit::give_back(connection, order, share_minor)?;
    connection
        .prepare_cached(
            "UPDATE orders SET given_up_minor = ?2, credit_minor = credit_minor - ?3, dispatch = 'sent' WHERE seq = ?1",
        )?
        .execute(params![order, unpaid_minor + returned_minor, returned_minor])?;
    brief.credit_minor -= returned_minor;
    let is_under_way = connection
        .prepare_cached("SELECT 1 FROM dispatches WHERE order_seq = ?1 AND state = 'captured'")?
        .query_row([order], |_| Ok(()))
        .optional()?
        .is_some();
    // What is captured and still on its way out fulfils the order as it is acknowledged.
    let next = if is_under_way { State::Paid } else { State::Fulfilled };
    made.moves.extend(orders::step(connection, brief, next, why)?);
    Ok(())
}

/// The part of a credit that belongs to an unpaid part of what was due.
fn share(credit_minor: i64, unpaid_minor: i64, due_minor: i64) -> i64 {
    (i128::from(credit_minor) * i128::from(unpaid_minor) / i128::from(due_minor.max(1))) as i64
}

/// Gives back the stock of parts that will not leave, and owes them to nobody any more.
fn return_unshipped(connection: &Connection, order: i64) -> Done<()> {
    connection
        .prepare_cached(
            "UPDATE stock SET available = available + (
                 SELECT sum(l.quantity) FROM dispatch_lines l JOIN dispatches d ON d.message = l.message
                 WHERE d.order_seq = ?1 AND d.state = 'queued' AND l.sku = stock.sku)
             WHERE sku IN (SELECT l.sku FROM dispatch_lines l JOIN dispatches d ON d.message = l.message
                           WHERE d.order_seq = ?1 AND d.state = 'queued')",
        )?
        .execute([order])?;
    connection
        .prepare_cached(
            "DELETE FROM outbox WHERE id IN (SELECT message FROM dispatches WHERE order_seq = ?1 AND state = 'queued')",
        )?
        .execute([order])?;
    connection
        .prepare_cached("UPDATE dispatches SET state = 'withdrawn' WHERE order_seq = ?1 AND state = 'queued'")?
        .execute([order])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credit_goes_back_in_proportion() {
        assert_eq!(share(1_000, 2_500, 10_000), 250);
        assert_eq!(share(0, 2_500, 10_000), 0);
        assert_eq!(share(999, 1, 3), 333);
    }
}
