//! Cancelling and refunding: what is given back is asked for under a stored key and booked once.

use rusqlite::{Connection, OptionalExtension, params};

use super::{
    super::{GiveBack, Given, Message, MessageKind, Move, Refund, RefundProof},
    keys, orders, outbox,
    writer::Done,
};
use crate::{
    clock::now_ms,
    order::{Brief, State},
    refusal::known,
};

/// The payment that can be given back.
struct Paid {
    payment: i64,
    amount_minor: i64,
    intent: String,
}

fn paid(connection: &Connection, order: i64) -> rusqlite::Result<Option<Paid>> {
    connection
        .prepare_cached(
            "SELECT p.id, p.amount, p.intent FROM payments p JOIN orders o ON o.seq = p.order_seq
             WHERE p.order_seq = ?1 AND p.state = 'succeeded' AND p.intent = o.payment",
        )?
        .query_row([order], |row| Ok(Paid { payment: row.get(0)?, amount_minor: row.get(1)?, intent: row.get(2)? }))
        .optional()
}

/// Stores that a refund is wanted, with its key.
pub(super) fn ask(
    connection: &Connection,
    brief: &Brief,
    payment: i64,
    amount_minor: i64,
    key: &str,
) -> rusqlite::Result<i64> {
    connection
        .prepare_cached(
            "INSERT INTO refunds (order_seq, payment, key, amount, state, created_ms)
             VALUES (?1, ?2, ?3, ?4, 'pending', ?5)",
        )?
        .execute(params![brief.number.0, payment, key, amount_minor, now_ms()])?;
    Ok(connection.last_insert_rowid())
}

/// The refund of the payment that paid for an order, with its state.
fn existing(connection: &Connection, order: i64) -> rusqlite::Result<Option<(i64, String)>> {
    connection
        .prepare_cached(
            "SELECT id, state FROM refunds WHERE order_seq = ?1 AND state != 'refused' ORDER BY id DESC LIMIT 1",
        )?
        .query_row([order], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()
}

fn read(connection: &Connection, id: i64) -> rusqlite::Result<Option<(Refund, String, i64)>> {
    let row = connection
        .prepare_cached(
            "SELECT r.key, r.amount, p.intent, r.state, r.order_seq FROM refunds r JOIN payments p ON p.id = r.payment
             WHERE r.id = ?1",
        )?
        .query_row([id], |row| {
            let intent: Option<String> = row.get(2)?;
            Ok((row.get(0)?, row.get(1)?, intent, row.get(3)?, row.get::<_, i64>(4)?))
        })
        .optional()?;
    let Some((key, amount_minor, Some(intent), state, order)) = row else { return Ok(None) };
    let Some(brief) = orders::brief(connection, order)? else { return Ok(None) };
    Ok(Some((Refund { id, key, amount_minor, intent, brief }, state, order)))
}

/// Takes up a key of a cancel or refund that was begun before.
fn resumed(connection: &Connection, give: &GiveBack) -> Done<Option<Given>> {
    let Some(row) = keys::find(connection, &give.claim.key)? else { return Ok(None) };
    let replayed = row.answer_for(&give.claim)?;
    let brief = orders::brief(connection, give.order)?.ok_or(known::NOT_FOUND)?;
    let pending = existing(connection, give.order)?.filter(|(_, state)| state == "pending");
    let refund = match pending {
        Some((id, _)) if replayed.is_none() => read(connection, id)?.map(|(refund, ..)| refund),
        _ => None,
    };
    Ok(Some(Given { brief, refund, moves: Vec::new(), messages: Vec::new(), replayed }))
}

pub(super) fn begin_cancel(connection: &Connection, cancel: &GiveBack) -> Done<Given> {
    if let Some(given) = resumed(connection, cancel)? {
        return Ok(given);
    }
    let mut brief = orders::brief(connection, cancel.order)?.ok_or(known::NOT_FOUND)?;
    let why = "the shopper gave it up";
    let mut given =
        Given { brief: brief.clone(), refund: None, moves: Vec::new(), messages: Vec::new(), replayed: None };
    match brief.state {
        State::PartiallyFulfilled | State::Fulfilled => return Err(known::TOO_LATE.about(brief.number).into()),
        State::Cancelled => {}
        State::Pending => {
            connection.prepare_cached("UPDATE orders SET cancel_wanted = 1 WHERE seq = ?1")?.execute([cancel.order])?;
        }
        State::Failed => {
            orders::release(connection, cancel.order)?;
            given.moves.extend(orders::step(connection, &mut brief, State::Cancelled, why)?);
        }
        State::Authorised | State::Paid => {
            orders::release(connection, cancel.order)?;
            given.moves.extend(orders::step(connection, &mut brief, State::Cancelled, why)?);
            outbox::withdraw_dispatch(connection, cancel.order)?;
            given.messages.push(outbox::owe(connection, cancel.order, MessageKind::TaxVoid)?);
            if existing(connection, cancel.order)?.is_none() {
                given.refund = Some(asked(connection, &brief, &cancel.provider_key)?);
            }
        }
    }
    keys::claim(connection, &cancel.claim, cancel.order, None)?;
    given.brief = brief;
    Ok(given)
}

pub(super) fn begin_refund(connection: &Connection, refund: &GiveBack) -> Done<Given> {
    if let Some(given) = resumed(connection, refund)? {
        return Ok(given);
    }
    let brief = orders::brief(connection, refund.order)?.ok_or(known::NOT_FOUND)?;
    if existing(connection, refund.order)?.is_some() {
        return Err(known::ALREADY_REFUNDED.about(brief.number).into());
    }
    if !matches!(brief.state, State::Paid | State::Fulfilled) {
        return Err(known::NOT_PAID.about(brief.number).into());
    }
    let due = asked(connection, &brief, &refund.provider_key)?;
    let messages = vec![outbox::owe(connection, refund.order, MessageKind::TaxVoid)?];
    keys::claim(connection, &refund.claim, refund.order, None)?;
    Ok(Given { brief, refund: Some(due), moves: Vec::new(), messages, replayed: None })
}

fn asked(connection: &Connection, brief: &Brief, key: &str) -> Done<Refund> {
    let paid = paid(connection, brief.number.0)?.ok_or(known::NOT_PAID.about(brief.number))?;
    let id = ask(connection, brief, paid.payment, paid.amount_minor, key)?;
    Ok(Refund { id, key: key.to_owned(), amount_minor: paid.amount_minor, intent: paid.intent, brief: brief.clone() })
}

/// Books a refund's end. The second proof of the same refund changes nothing.
pub(super) fn settle(connection: &Connection, id: i64, proof: RefundProof) -> Done<Given> {
    let (refund, _, order) = read(connection, id)?.ok_or(known::NOT_FOUND)?;
    let state = match proof {
        RefundProof::Succeeded => "succeeded",
        RefundProof::Refused => "refused",
    };
    let booked = connection
        .prepare_cached("UPDATE refunds SET state = ?2 WHERE id = ?1 AND state = 'pending'")?
        .execute(params![id, state])?;
    if booked == 1 && proof == RefundProof::Succeeded {
        connection
            .prepare_cached("UPDATE orders SET refunded_minor = refunded_minor + ?2 WHERE seq = ?1")?
            .execute(params![order, refund.amount_minor])?;
    }
    let brief = orders::brief(connection, order)?.ok_or(known::NOT_FOUND)?;
    let (moves, messages): (Vec<Move>, Vec<Message>) = (Vec::new(), Vec::new());
    Ok(Given { brief, refund: None, moves, messages, replayed: None })
}

/// Refunds that are not settled, oldest first; at most 1,000.
pub(super) fn unsettled(connection: &Connection, before_ms: i64) -> rusqlite::Result<Vec<Refund>> {
    let ids: Vec<i64> = connection
        .prepare_cached("SELECT id FROM refunds WHERE state = 'pending' AND created_ms < ?1 ORDER BY id LIMIT 1000")?
        .query_map([before_ms], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    let mut refunds = Vec::with_capacity(ids.len());
    for id in ids {
        refunds.extend(read(connection, id)?.map(|(refund, ..)| refund));
    }
    Ok(refunds)
}
