//! Payments that a provider holds and no order needs: made twice, or late after another one took their place. Each is
//! booked once and given back.

use rusqlite::{Connection, params};

use super::{
    super::{Aftermath, MessageKind, Stray, Terms},
    outbox, refunds,
    writer::Done,
};
use crate::{
    clock::{identifier, now_ms},
    order::Brief,
};

/// Books a stray with what gives it back; one that is in the book already changes nothing.
pub(super) fn book(connection: &Connection, terms: &Terms, brief: &Brief, stray: &Stray) -> Done<Aftermath> {
    let state = if stray.is_captured { "succeeded" } else { "authorised" };
    let (reserved_minor, captured_minor) =
        if stray.is_captured { (0, stray.amount_minor) } else { (stray.amount_minor, 0) };
    let inserted = connection
        .prepare_cached(
            "INSERT INTO payments (order_seq, key, method, amount, state, created_ms, provider, kind, intent,
                                   authorised_minor, captured_minor)
             VALUES (?1, ?2, '', ?3, ?4, ?5, ?6, 'stray', ?7, ?8, ?9)
             ON CONFLICT DO NOTHING",
        )?
        .execute(params![
            stray.order,
            identifier("sk_"),
            stray.amount_minor,
            state,
            now_ms(),
            stray.provider.name(),
            stray.intent,
            reserved_minor,
            captured_minor,
        ])?;
    let mut made = Aftermath::default();
    if inserted == 0 {
        return Ok(made);
    }
    let payment = connection.last_insert_rowid();
    if stray.is_captured {
        connection
            .prepare_cached("UPDATE orders SET paid_minor = paid_minor + ?2 WHERE seq = ?1")?
            .execute(params![stray.order, stray.amount_minor])?;
        let from = (payment, stray.provider, stray.intent.as_str());
        made.refund = Some(refunds::ask(connection, brief, from, stray.amount_minor)?);
    } else {
        made.messages.push(outbox::owe(connection, terms, stray.order, MessageKind::PaymentVoid, Some(payment))?);
    }
    Ok(made)
}
