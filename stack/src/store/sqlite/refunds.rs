//! Cancelling and refunding: what is given back is asked for under a stored key and booked once.

use rusqlite::{Connection, OptionalExtension, params};

use super::{
    super::{Aftermath, GiveBack, Given, MessageKind, Refund, RefundProof, Terms},
    given_back, keys, orders, outbox, payments, remainder,
    writer::Done,
};
use crate::{
    clock::{identifier, now_ms},
    defects::Defect,
    order::{Brief, PaymentProvider, State},
    refusal::known,
};

/// The payment that can be given back.
pub(super) struct Paid {
    pub(super) payment: i64,
    /// What was captured.
    pub(super) amount_minor: i64,
    pub(super) provider: PaymentProvider,
    pub(super) intent: String,
}

pub(super) fn paid(connection: &Connection, order: i64) -> rusqlite::Result<Option<Paid>> {
    connection
        .prepare_cached(
            "SELECT p.id, p.captured_minor, p.provider, p.intent FROM payments p JOIN orders o ON o.seq = p.order_seq
             WHERE p.order_seq = ?1 AND p.state IN ('succeeded', 'authorised') AND p.intent = o.payment",
        )?
        .query_row([order], |row| {
            let provider = PaymentProvider::named(row.get_ref(2)?.as_str()?);
            Ok(Paid { payment: row.get(0)?, amount_minor: row.get(1)?, provider, intent: row.get(3)? })
        })
        .optional()
}

/// Stores that a refund is wanted, with its key: the recovery point of every refund. `from` is the payment: its row, its
/// provider, its name there.
pub(super) fn ask(
    connection: &Connection,
    brief: &Brief,
    from: (i64, PaymentProvider, &str),
    amount_minor: i64,
) -> rusqlite::Result<Refund> {
    let (payment, provider, intent) = from;
    let key = identifier("rk_");
    connection
        .prepare_cached(
            "INSERT INTO refunds (order_seq, payment, key, amount, state, created_ms, provider)
             VALUES (?1, ?2, ?3, ?4, 'pending', ?5, ?6)",
        )?
        .execute(params![brief.number.0, payment, key, amount_minor, now_ms(), provider.name()])?;
    let id = connection.last_insert_rowid();
    Ok(Refund { id, key, amount_minor, provider, intent: intent.to_owned(), reference: None, brief: brief.clone() })
}

/// The refund of the payment that paid for an order, with its state.
fn existing(connection: &Connection, order: i64) -> rusqlite::Result<Option<(i64, String)>> {
    connection
        .prepare_cached(
            "SELECT id, state FROM refunds WHERE order_seq = ?1 AND state NOT IN ('refused', 'failed')
             ORDER BY id DESC LIMIT 1",
        )?
        .query_row([order], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()
}

pub(super) fn read(connection: &Connection, id: i64) -> rusqlite::Result<Option<(Refund, String, i64)>> {
    let row = connection
        .prepare_cached(
            "SELECT r.key, r.amount, p.intent, r.state, r.order_seq, r.provider, r.reference FROM refunds r JOIN payments p ON p.id = r.payment
             WHERE r.id = ?1",
        )?
        .query_row([id], |row| {
            let intent: Option<String> = row.get(2)?;
            let provider = PaymentProvider::named(row.get_ref(5)?.as_str()?);
            Ok((row.get(0)?, row.get(1)?, intent, row.get(3)?, row.get::<_, i64>(4)?, provider, row.get(6)?))
        })
        .optional()?;
    let Some((key, amount_minor, Some(intent), state, order, provider, reference)) = row else { return Ok(None) };
    let Some(brief) = orders::brief(connection, order)? else { return Ok(None) };
    Ok(Some((Refund { id, key, amount_minor, provider, intent, reference, brief }, state, order)))
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

/// The payment that an order's money is reserved by.
pub(super) fn reserved(connection: &Connection, order: i64) -> rusqlite::Result<Option<i64>> {
    connection
        .prepare_cached("SELECT id FROM payments WHERE order_seq = ?1 AND state = 'authorised' AND kind != 'stray'")?
        .query_row([order], |row| row.get(0))
        .optional()
}

pub(super) fn begin_cancel(connection: &Connection, terms: &Terms, cancel: &GiveBack) -> Done<Given> {
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
        // The defect `cancelled-order-captured`: the order is ended, and nothing else is.
        State::Authorised if terms.defects.captures_what_was_cancelled() => {
            orders::release(connection, cancel.order)?;
            given.moves.extend(orders::step(connection, &mut brief, State::Cancelled, why)?);
            given.messages.push(outbox::owe(connection, terms, cancel.order, MessageKind::TaxVoid, None)?);
        }
        State::Authorised | State::Paid if outbox::has_begun(connection, cancel.order)? => {
            return Err(known::TOO_LATE.about(brief.number).into());
        }
        State::Authorised => {
            orders::release(connection, cancel.order)?;
            given.moves.extend(orders::step(connection, &mut brief, State::Cancelled, why)?);
            outbox::withdraw_dispatch(connection, cancel.order)?;
            given.messages.push(outbox::owe(connection, terms, cancel.order, MessageKind::TaxVoid, None)?);
            let reserved = reserved(connection, cancel.order)?;
            given.messages.push(outbox::owe(connection, terms, cancel.order, MessageKind::PaymentVoid, reserved)?);
        }
        State::Paid => {
            orders::release(connection, cancel.order)?;
            given.moves.extend(orders::step(connection, &mut brief, State::Cancelled, why)?);
            outbox::withdraw_dispatch(connection, cancel.order)?;
            given.messages.push(outbox::owe(connection, terms, cancel.order, MessageKind::TaxVoid, None)?);
            given.refund = rest(connection, &brief)?;
        }
    }
    keys::claim(connection, &cancel.claim, cancel.order, None)?;
    given.brief = brief;
    Ok(given)
}

/// Asks for all of the card's money that is left.
fn rest(connection: &Connection, brief: &Brief) -> Done<Option<Refund>> {
    let order = brief.number.0;
    let Some(paid) = paid(connection, order)? else { return Ok(None) };
    let left_minor = remainder::of_card(connection, order, paid.payment, paid.amount_minor)?;
    if left_minor == 0 {
        return Ok(None);
    }
    Ok(Some(ask(connection, brief, (paid.payment, paid.provider, &paid.intent), left_minor)?))
}

/// Books a refund's end. The second proof of the same refund changes nothing.
pub(super) fn settle(connection: &Connection, terms: &Terms, id: i64, proof: &RefundProof) -> Done<Given> {
    let (refund, _, order) = read(connection, id)?.ok_or(known::NOT_FOUND)?;
    let (state, reference) = match proof {
        RefundProof::Succeeded { reference } => ("succeeded", reference.as_deref()),
        RefundProof::Received { reference } => ("pending", Some(reference.as_str())),
        RefundProof::Refused => ("refused", None),
    };
    let booked = connection
        .prepare_cached(
            "UPDATE refunds SET state = ?2, reference = coalesce(?3, reference), owner = NULL
             WHERE id = ?1 AND state = 'pending'",
        )?
        .execute(params![id, state, reference])?;
    // The defect `refund-webhook-counted-twice`: whoever tells of it is believed.
    let counts = booked == 1 || terms.defects.has(Defect::RefundWebhookCountedTwice);
    if counts && state == "succeeded" {
        connection
            .prepare_cached("UPDATE orders SET refunded_minor = refunded_minor + ?2 WHERE seq = ?1")?
            .execute(params![order, refund.amount_minor])?;
    }
    let brief = orders::brief(connection, order)?.ok_or(known::NOT_FOUND)?;
    let made = match proof {
        RefundProof::Succeeded { .. } if booked == 1 => given_back::given(connection, terms, &brief)?,
        RefundProof::Refused if booked == 1 => {
            given_back::part_from_credit(connection, id)?;
            given_back::not_given(connection, terms, &brief)?
        }
        RefundProof::Succeeded { .. } | RefundProof::Received { .. } | RefundProof::Refused => Aftermath::default(),
    };
    Ok(Given { brief, refund: None, moves: made.moves, messages: made.messages, replayed: None })
}

/// How often a refund that came back is asked for anew before it is left to the desk.
const ASKED_MAX: i64 = 3;

/// Whether a refund that came back is asked for anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Anew {
    AFewTimes,
    Never,
}

/// A refund that was taken in, or even given, came back: it no longer counts.
pub(super) fn came_back(connection: &Connection, terms: &Terms, id: i64, anew: Anew) -> Done<Aftermath> {
    let Some((refund, state, order)) = read(connection, id)? else { return Ok(Aftermath::default()) };
    if !matches!(state.as_str(), "pending" | "succeeded") {
        return Ok(Aftermath::default());
    }
    let mut made = Aftermath::default();
    if state == "succeeded" && given_back::is_all(connection, &refund.brief)? {
        made = given_back::filed_anew(connection, terms, &refund.brief)?;
    }
    connection.prepare_cached("UPDATE refunds SET state = 'failed', owner = NULL WHERE id = ?1")?.execute([id])?;
    if state == "succeeded" {
        connection
            .prepare_cached("UPDATE orders SET refunded_minor = refunded_minor - ?2 WHERE seq = ?1")?
            .execute(params![order, refund.amount_minor])?;
    }
    let payment: i64 =
        connection.prepare_cached("SELECT payment FROM refunds WHERE id = ?1")?.query_row([id], |row| row.get(0))?;
    let failed: i64 = connection
        .prepare_cached("SELECT count(*) FROM refunds WHERE payment = ?1 AND state = 'failed'")?
        .query_row([payment], |row| row.get(0))?;
    if failed >= ASKED_MAX || anew == Anew::Never {
        made.messages.extend(given_back::not_given(connection, terms, &refund.brief)?.messages);
        return Ok(made);
    }
    let from = (payment, refund.provider, refund.intent.as_str());
    let again = ask(connection, &refund.brief, from, refund.amount_minor)?;
    connection
        .prepare_cached("UPDATE refunds SET asked = (SELECT asked FROM refunds WHERE id = ?1) WHERE id = ?2")?
        .execute([id, again.id])?;
    made.refund = Some(again);
    Ok(made)
}

/// Money that was to be released turned out to be captured: all of it is given back.
pub(super) fn instead_of_void(connection: &Connection, payment: i64) -> Done<Option<Refund>> {
    let Some(row) = payments::find(connection, payment)?.filter(|row| row.captured_minor == 0) else {
        return Ok(None);
    };
    let Some(brief) = orders::brief(connection, row.order)? else { return Ok(None) };
    let Some(intent) = &row.intent else { return Ok(None) };
    connection
        .prepare_cached(
            "UPDATE payments SET state = 'succeeded', captured_minor = amount, authorised_minor = 0 WHERE id = ?1",
        )?
        .execute([payment])?;
    connection
        .prepare_cached("UPDATE orders SET paid_minor = paid_minor + ?2 WHERE seq = ?1")?
        .execute(params![row.order, row.amount_minor])?;
    Ok(Some(ask(connection, &brief, (payment, row.provider, intent), row.amount_minor)?))
}

/// Claims a pending refund for this instance.
pub(super) fn claim(connection: &Connection, terms: &Terms, refund: i64) -> rusqlite::Result<bool> {
    let claimed = connection
        .prepare_cached(
            "UPDATE refunds SET owner = ?2
             WHERE id = ?1 AND state = 'pending'
               AND (owner IS NULL OR owner = ?2
                    OR NOT EXISTS (SELECT 1 FROM instances WHERE id = owner AND expires_ms > ?3))",
        )?
        .execute(params![refund, terms.instance, now_ms()])?;
    Ok(claimed == 1)
}

/// The refund under a provider's name.
pub(super) fn by_reference(connection: &Connection, reference: &str) -> rusqlite::Result<Option<i64>> {
    connection
        .prepare_cached("SELECT id FROM refunds WHERE reference = ?1")?
        .query_row([reference], |row| row.get(0))
        .optional()
}

/// Refunds that are not settled, oldest first; at most 1,000.
pub(super) fn unsettled(connection: &Connection, before_ms: i64) -> rusqlite::Result<Vec<Refund>> {
    let ids: Vec<i64> = connection
        .prepare_cached(
            "SELECT id FROM refunds AS r WHERE state = 'pending' AND (created_ms < ?1 OR created_ms > ?2)
               AND NOT (waits AND EXISTS (SELECT 1 FROM outbox AS m
                                          WHERE m.order_seq = r.order_seq AND m.kind = 'dispatch' AND m.begun))
             ORDER BY id LIMIT 1000",
        )?
        .query_map([before_ms, now_ms()], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    let mut refunds = Vec::with_capacity(ids.len());
    for id in ids {
        refunds.extend(read(connection, id)?.map(|(refund, ..)| refund));
    }
    Ok(refunds)
}
