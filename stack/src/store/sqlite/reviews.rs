//! Judgements inside the store: an order that is declined is given up in the step that says so, and a review ends once.

use rusqlite::{Connection, OptionalExtension, params};

use super::{
    super::{Decided, MessageKind, Move, NotCharged, PaymentState, Review, Terms},
    captures, orders, outbox, refunds,
    writer::Done,
};
use crate::{
    clock::now_ms,
    fraud::{Course, Decision, Verdict},
    order::State,
    refusal::known,
};

pub(super) fn keep(connection: &Connection, verdict: Verdict) -> Done<Vec<Move>> {
    let Verdict { order, payment, judgement, course, until_ms } = verdict;
    connection
        .prepare_cached("UPDATE orders SET fraud = ?2 WHERE seq = ?1")?
        .execute(params![order, judgement.name()])?;
    match course {
        Course::Charge => Ok(Vec::new()),
        Course::ReserveOnly => {
            connection
                .prepare_cached(
                    "INSERT INTO reviews (order_seq, state, asked_ms, until_ms) VALUES (?1, 'pending', ?2, ?3)
                     ON CONFLICT DO NOTHING",
                )?
                .execute(params![order, now_ms(), until_ms])?;
            connection.prepare_cached("UPDATE orders SET review = 'pending' WHERE seq = ?1")?.execute([order])?;
            connection.prepare_cached("UPDATE payments SET captures_at_once = 0 WHERE id = ?1")?.execute([payment])?;
            Ok(Vec::new())
        }
        Course::Refuse => {
            connection.prepare_cached("UPDATE payments SET state = ?2, code = ?3 WHERE id = ?1")?.execute(params![
                payment,
                PaymentState::NotCharged.name(),
                NotCharged::Suspected.name()
            ])?;
            orders::release(connection, order)?;
            let Some(mut brief) = orders::brief(connection, order)? else { return Ok(Vec::new()) };
            let moved = orders::step(connection, &mut brief, State::Cancelled, "suspected of fraud")?;
            Ok(moved.into_iter().collect())
        }
    }
}

pub(super) fn decide(connection: &Connection, terms: &Terms, order: i64, decision: Decision) -> Done<Decided> {
    let mut brief = orders::brief(connection, order)?.ok_or(known::NOT_FOUND)?;
    let word = match decision {
        Decision::Approve => "approved",
        Decision::Decline => "declined",
    };
    let state: Option<String> = connection
        .prepare_cached("SELECT state FROM reviews WHERE order_seq = ?1")?
        .query_row([order], |row| row.get(0))
        .optional()?;
    match state.as_deref() {
        None => return Err(known::NO_REVIEW.about(brief.number).into()),
        Some("pending") => {}
        Some(decided) if decided == word => {
            return Ok(Decided { brief, moves: Vec::new(), messages: Vec::new() });
        }
        Some(_) => return Err(known::ALREADY_DECIDED.about(brief.number).into()),
    }
    connection
        .prepare_cached("UPDATE reviews SET state = ?2, decided_ms = ?3 WHERE order_seq = ?1")?
        .execute(params![order, word, now_ms()])?;
    connection.prepare_cached("UPDATE orders SET review = ?2 WHERE seq = ?1")?.execute(params![order, word])?;
    brief.in_review = false;
    let (mut moves, mut messages) = (Vec::new(), Vec::new());
    match (decision, brief.state) {
        (Decision::Approve, State::Authorised) => {
            messages.push(outbox::owe(connection, terms, order, MessageKind::TaxDocument, None)?);
            if let Some(payment) = refunds::reserved(connection, order)? {
                messages.extend(captures::plan(connection, terms, &brief, payment)?);
            }
        }
        (Decision::Decline, State::Authorised) => {
            orders::release(connection, order)?;
            moves.extend(orders::step(connection, &mut brief, State::Cancelled, "the desk declined it")?);
            let reserved = refunds::reserved(connection, order)?;
            messages.push(outbox::owe(connection, terms, order, MessageKind::PaymentVoid, reserved)?);
        }
        // Whoever settles the payment sees what was decided.
        (Decision::Decline, State::Pending) => {
            connection.prepare_cached("UPDATE orders SET cancel_wanted = 1 WHERE seq = ?1")?.execute([order])?;
        }
        (Decision::Decline, State::Failed) => {
            orders::release(connection, order)?;
            moves.extend(orders::step(connection, &mut brief, State::Cancelled, "the desk declined it")?);
        }
        (Decision::Approve | Decision::Decline, _) => {}
    }
    Ok(Decided { brief, moves, messages })
}

pub(super) fn pending(connection: &Connection) -> rusqlite::Result<Vec<Review>> {
    let rows: Vec<(i64, i64, Option<i64>)> = connection
        .prepare_cached(
            "SELECT order_seq, asked_ms, until_ms FROM reviews WHERE state = 'pending' ORDER BY order_seq LIMIT 1000",
        )?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect::<Result<_, _>>()?;
    let mut reviews = Vec::with_capacity(rows.len());
    for (order, asked_ms, until_ms) in rows {
        reviews.extend(orders::brief(connection, order)?.map(|brief| Review { brief, asked_ms, until_ms }));
    }
    Ok(reviews)
}

pub(super) fn overdue(connection: &Connection, now_ms: i64) -> rusqlite::Result<Vec<i64>> {
    connection
        // A review of the future is from before the clock was put back.
        .prepare_cached(
            "SELECT order_seq FROM reviews WHERE state = 'pending' AND until_ms IS NOT NULL
             AND (until_ms <= ?1 OR asked_ms > ?1) LIMIT 500",
        )?
        .query_map([now_ms], |row| row.get(0))?
        .collect()
}
