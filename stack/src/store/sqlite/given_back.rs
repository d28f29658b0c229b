//! What follows once a refund has ended: an order whose money is all back is not sent any more and needs no tax document; one
//! whose money is not given back after all is sent and filed as before.

use rusqlite::{Connection, params};

use super::{
    super::{Aftermath, MessageKind, Terms},
    credit, outbox, refunds, remainder,
    writer::Done,
};
use crate::order::{Brief, State};

/// Keeps an order that has not left from leaving while all of its money goes back; `false` where it is leaving already.
pub(super) fn hold_dispatch(connection: &Connection, brief: &Brief) -> Done<bool> {
    if brief.state != State::Paid {
        return Ok(true);
    }
    if outbox::has_begun(connection, brief.number.0)? {
        return Ok(false);
    }
    outbox::withdraw_dispatch(connection, brief.number.0)?;
    Ok(true)
}

/// Whether everything that was taken for an order is proven to be back.
pub(super) fn is_all(connection: &Connection, brief: &Brief) -> rusqlite::Result<bool> {
    let order = brief.number.0;
    let (taken_minor, given_minor) = match refunds::paid(connection, order)? {
        None => (0, 0),
        Some(paid) => {
            let given_minor: i64 = connection
                .prepare_cached(
                    "SELECT coalesce(sum(amount), 0) FROM refunds
                     WHERE order_seq = ?1 AND payment = ?2 AND state = 'succeeded'",
                )?
                .query_row([order, paid.payment], |row| row.get(0))?;
            (paid.amount_minor, given_minor)
        }
    };
    let is_something = taken_minor + brief.credit_minor > 0;
    Ok(is_something && given_minor >= taken_minor && credit::left_minor(connection, order)? == 0)
}

/// Money is back: if that was the last of it, the document goes. What was kept from leaving stays set aside for the order: a
/// refund may come back days later, and who wants the goods on the shelf again cancels.
pub(super) fn given(connection: &Connection, terms: &Terms, brief: &Brief) -> Done<Aftermath> {
    let order = brief.number.0;
    let mut made = Aftermath::default();
    if !matches!(brief.state, State::Paid | State::Fulfilled) || !is_all(connection, brief)? {
        return Ok(made);
    }
    let version = tax_version(connection, order)?;
    made.messages.push(outbox::owe(connection, terms, order, MessageKind::TaxVoid, version)?);
    Ok(made)
}

/// Money that was to go back does not: what was kept from leaving leaves.
pub(super) fn not_given(connection: &Connection, terms: &Terms, brief: &Brief) -> Done<Aftermath> {
    let order = brief.number.0;
    let mut made = Aftermath::default();
    if brief.state == State::Paid && is_kept_here(connection, order)? {
        connection.prepare_cached("UPDATE orders SET dispatch = 'queued' WHERE seq = ?1")?.execute([order])?;
        made.messages.push(outbox::owe(connection, terms, order, MessageKind::Dispatch, None)?);
    }
    Ok(made)
}

/// The last of the money had been back, and is not any more: what was voided is filed anew, under a code of its own.
pub(super) fn filed_anew(connection: &Connection, terms: &Terms, brief: &Brief) -> Done<Aftermath> {
    let order = brief.number.0;
    let mut made = Aftermath::default();
    if matches!(brief.state, State::Paid | State::Fulfilled) {
        connection
            .prepare_cached("UPDATE orders SET tax_version = tax_version + 1 WHERE seq = ?1")?
            .execute([order])?;
        let version = tax_version(connection, order)?;
        made.messages.push(outbox::owe(connection, terms, order, MessageKind::TaxDocument, version)?);
    }
    Ok(made)
}

/// The credit that was given beside card money stays given when the card's part is not: it gets a line of its own.
pub(super) fn part_from_credit(connection: &Connection, refund: i64) -> Done<()> {
    let (order, asked, credit_minor): (i64, Option<String>, i64) = connection
        .prepare_cached("SELECT order_seq, asked, credit_minor FROM refunds WHERE id = ?1")?
        .query_row([refund], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    if credit_minor > 0 {
        connection.prepare_cached("UPDATE refunds SET credit_minor = 0 WHERE id = ?1")?.execute([refund])?;
        remainder::of_credit_only(connection, order, asked.as_deref(), credit_minor)?;
    }
    Ok(())
}

/// Whether nobody is to send it.
fn is_kept_here(connection: &Connection, order: i64) -> rusqlite::Result<bool> {
    connection
        .prepare_cached("SELECT dispatch IS NULL FROM orders WHERE seq = ?1")?
        .query_row(params![order], |row| row.get(0))
}

/// Which document is in force, where it is not the first.
fn tax_version(connection: &Connection, order: i64) -> rusqlite::Result<Option<i64>> {
    let version: i64 = connection
        .prepare_cached("SELECT tax_version FROM orders WHERE seq = ?1")?
        .query_row([order], |row| row.get(0))?;
    Ok((version > 1).then_some(version))
}
