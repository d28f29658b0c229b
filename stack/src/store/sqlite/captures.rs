//! Money that is reserved at checkout and taken as the goods leave: what leaves together, what is captured for it. Nothing leaves
//! that was not captured.

use rusqlite::{Connection, OptionalExtension, params};

use super::{
    super::{Aftermath, CaptureEnd, CaptureOrder, CaptureStep, Message, MessageKind, PaymentState, Terms},
    giving_up, orders, outbox,
    payments::{self, PaymentRow},
    writer::Done,
};
use crate::{
    cart::{Line, charge_step_minor, net_amounts},
    clock::{identifier, now_ms},
    order::{Brief, State},
    refusal::known,
};

/// Decides what leaves together, and owes each part to the warehouse. The parts' amounts add up to what is reserved.
pub(super) fn plan(connection: &Connection, terms: &Terms, brief: &Brief, payment: i64) -> Done<Vec<Message>> {
    let order = brief.number.0;
    let lines = orders::lines(connection, order)?;
    let is_split = terms.split_every_nth.is_some_and(|nth| order % nth == 0) && lines.len() > 1;
    let parts: Vec<&[Line]> = if is_split { vec![&lines[..1], &lines[1..]] } else { vec![&lines] };
    let shares = shares(&parts, &lines, brief.due_minor(), charge_step_minor(&brief.currency));
    let mut messages = Vec::with_capacity(parts.len());
    for (part, amount_minor) in parts.iter().zip(shares) {
        let message = outbox::owe(connection, terms, order, MessageKind::Dispatch, Some(payment))?;
        connection
            .prepare_cached(
                "INSERT INTO dispatches (message, order_seq, amount_minor, state) VALUES (?1, ?2, ?3, 'queued')",
            )?
            .execute(params![message.id, order, amount_minor])?;
        for line in *part {
            connection
                .prepare_cached("INSERT INTO dispatch_lines (message, sku, quantity) VALUES (?1, ?2, ?3)")?
                .execute(params![message.id, line.sku, line.quantity])?;
        }
        messages.push(message);
    }
    Ok(messages)
}

/// What each part costs of the whole, by its lines, in steps that can be charged; the last one takes what rounding leaves,
/// and none is free.
fn shares(parts: &[&[Line]], lines: &[Line], due_minor: i64, step_minor: i64) -> Vec<i64> {
    let net = net_amounts(lines, 0);
    let whole: i64 = net.iter().sum::<i64>().max(1);
    let (mut place, mut left) = (0, due_minor);
    let mut shares = Vec::with_capacity(parts.len());
    for (nth, part) in parts.iter().enumerate() {
        let of_part: i64 = net[place..place + part.len()].iter().sum();
        place += part.len();
        let share = if nth + 1 == parts.len() {
            left
        } else {
            let share = (i128::from(due_minor) * i128::from(of_part) / i128::from(whole)) as i64;
            let least = step_minor.min(due_minor);
            (share - share % step_minor).clamp(least, (left - step_minor).max(least))
        };
        left -= share;
        shares.push(share);
    }
    shares
}

/// Takes the money for a dispatch: the row with its key is on disk before the call, and from then on the order cannot be
/// cancelled.
pub(super) fn begin(connection: &Connection, terms: &Terms, message: Message) -> Done<CaptureStep> {
    let withdrawn = CaptureStep::Withdrawn(Aftermath::default());
    let payment = message.subject.map(|id| payments::find(connection, id)).transpose()?.flatten();
    let Some(row) = payment else { return Ok(withdrawn) };
    let Some(mut brief) = orders::brief(connection, message.order)? else { return Ok(withdrawn) };
    if let Some((capture, state)) = existing(connection, message.id, &row, &brief)? {
        return Ok(match state.as_str() {
            "succeeded" => CaptureStep::Captured,
            "received" => CaptureStep::Awaited,
            "pending" => CaptureStep::Ask(capture),
            _ => withdrawn,
        });
    }
    let is_wanted = matches!(brief.state, State::Authorised | State::PartiallyFulfilled)
        || brief.state == State::Cancelled && terms.defects.captures_what_was_cancelled();
    if !is_wanted || row.state != PaymentState::Authorised {
        return Ok(withdrawn);
    }
    let has_run_out = row.authorised_until_ms.is_some_and(|until_ms| until_ms <= now_ms());
    if has_run_out && !terms.defects.takes_a_reserve_for_money() {
        let why = "the authorisation ran out";
        return Ok(CaptureStep::Withdrawn(giving_up::authorisation_lost(connection, terms, &row, &mut brief, why)?));
    }
    insert(connection, message, &row, brief).map(CaptureStep::Ask)
}

fn insert(connection: &Connection, message: Message, row: &PaymentRow, brief: Brief) -> Done<CaptureOrder> {
    let amount_minor: i64 = connection
        .prepare_cached("SELECT amount_minor FROM dispatches WHERE message = ?1")?
        .query_row([message.id], |row| row.get(0))?;
    let is_final = amount_minor >= row.amount_minor - row.captured_minor;
    let key = identifier("ck_");
    connection
        .prepare_cached(
            "INSERT INTO captures (order_seq, payment, message, key, amount, final, state, created_ms)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'pending', ?7)",
        )?
        .execute(params![message.order, row.id, message.id, key, amount_minor, is_final, now_ms()])?;
    let id = connection.last_insert_rowid();
    connection.prepare_cached("UPDATE outbox SET begun = 1 WHERE id = ?1")?.execute([message.id])?;
    let (provider, intent) = (row.provider, row.intent.clone().unwrap_or_default());
    Ok(CaptureOrder { id, key, amount_minor, is_final, provider, intent, brief })
}

fn existing(
    connection: &Connection,
    message: i64,
    payment: &PaymentRow,
    brief: &Brief,
) -> rusqlite::Result<Option<(CaptureOrder, String)>> {
    connection
        .prepare_cached("SELECT id, key, amount, final, state FROM captures WHERE message = ?1")?
        .query_row([message], |row| {
            let capture = CaptureOrder {
                id: row.get(0)?,
                key: row.get(1)?,
                amount_minor: row.get(2)?,
                is_final: row.get(3)?,
                provider: payment.provider,
                intent: payment.intent.clone().unwrap_or_default(),
                brief: brief.clone(),
            };
            Ok((capture, row.get(4)?))
        })
        .optional()
}

/// The latest capture of a payment, whatever became of it.
pub(super) fn last(connection: &Connection, payment: i64) -> rusqlite::Result<Option<CaptureOrder>> {
    let Some(row) = payments::find(connection, payment)? else { return Ok(None) };
    let Some(brief) = orders::brief(connection, row.order)? else { return Ok(None) };
    let message: Option<i64> = connection
        .prepare_cached("SELECT max(message) FROM captures WHERE payment = ?1")?
        .query_row([payment], |row| row.get(0))?;
    let Some(message) = message else { return Ok(None) };
    Ok(existing(connection, message, &row, &brief)?.map(|(capture, _)| capture))
}

/// What a capture row says.
struct CaptureRow {
    payment: i64,
    message: i64,
    amount_minor: i64,
    is_final: bool,
}

/// Books what became of a capture; only the first end counts.
pub(super) fn settle(connection: &Connection, terms: &Terms, id: i64, end: &CaptureEnd) -> Done<Aftermath> {
    let (state, reference) = match end {
        CaptureEnd::Succeeded { reference } => ("succeeded", reference.as_deref()),
        CaptureEnd::Received { reference } => ("received", Some(reference.as_str())),
        CaptureEnd::Refused => ("refused", None),
    };
    let booked = connection
        .prepare_cached(
            "UPDATE captures SET state = ?2, reference = coalesce(?3, reference)
             WHERE id = ?1 AND state IN ('pending', 'received') AND state != ?2",
        )?
        .execute(params![id, state, reference])?;
    if booked == 0 || matches!(end, CaptureEnd::Received { .. }) {
        return Ok(Aftermath::default());
    }
    let row = connection
        .prepare_cached("SELECT payment, message, amount, final FROM captures WHERE id = ?1")?
        .query_row([id], |row| {
            Ok(CaptureRow {
                payment: row.get(0)?,
                message: row.get(1)?,
                amount_minor: row.get(2)?,
                is_final: row.get(3)?,
            })
        })?;
    let payment = payments::find(connection, row.payment)?.ok_or(known::NOT_FOUND)?;
    let mut brief = orders::brief(connection, payment.order)?.ok_or(known::NOT_FOUND)?;
    if *end == CaptureEnd::Refused {
        return giving_up::authorisation_lost(connection, terms, &payment, &mut brief, "the capture was refused");
    }
    captured(connection, &row, &payment, &mut brief)
}

fn captured(connection: &Connection, row: &CaptureRow, payment: &PaymentRow, brief: &mut Brief) -> Done<Aftermath> {
    let left_minor = if row.is_final { 0 } else { payment.authorised_minor - row.amount_minor };
    let state = if row.is_final { "succeeded" } else { "authorised" };
    connection
        .prepare_cached(
            "UPDATE payments SET captured_minor = captured_minor + ?2, authorised_minor = ?3, state = ?4 WHERE id = ?1",
        )?
        .execute(params![payment.id, row.amount_minor, left_minor, state])?;
    connection
        .prepare_cached("UPDATE orders SET paid_minor = paid_minor + ?2, authorised_minor = ?3 WHERE seq = ?1")?
        .execute(params![payment.order, row.amount_minor, left_minor])?;
    connection.prepare_cached("UPDATE dispatches SET state = 'captured' WHERE message = ?1")?.execute([row.message])?;
    let mut made = Aftermath::default();
    if row.is_final && brief.state == State::Authorised {
        made.moves.extend(orders::step(connection, brief, State::Paid, "captured for dispatch")?);
    }
    Ok(made)
}

/// The capture under a provider's name.
pub(super) fn by_reference(connection: &Connection, reference: &str) -> rusqlite::Result<Option<i64>> {
    connection
        .prepare_cached("SELECT id FROM captures WHERE reference = ?1")?
        .query_row([reference], |row| row.get(0))
        .optional()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_amounts_add_up_and_none_is_free() {
        let line = |unit_minor, quantity| Line { sku: "s".into(), quantity, unit_minor };
        for (units, due_minor, step_minor) in
            [([999, 49_900], 56_000, 1), ([1, 99_999], 100_500, 10), ([0, 10], 12, 1), ([5, 5], 2, 1), ([7, 9], 20, 10)]
        {
            let lines = [line(units[0], 1), line(units[1], 1)];
            let shares = shares(&[&lines[..1], &lines[1..]], &lines, due_minor, step_minor);
            assert_eq!(shares.iter().sum::<i64>(), due_minor);
            assert!(shares.iter().all(|&share| share > 0 && share % step_minor == 0), "{shares:?}");
        }
    }
}
