//! Disputes inside the store: kept as the provider tells them, only forward; the order shows what is disputed.

use rusqlite::{Connection, OptionalExtension, params};

use super::{
    super::{DisputeLine, DisputeNews, DisputeState},
    payments, settlement,
    writer::Done,
};
use crate::{clock::now_ms, order::PaymentProvider, refusal::known};

/// How far a dispute has come: what was lost may still be won back at the first provider; at the second, what was won is lost
/// with a second chargeback.
fn rank(provider: PaymentProvider, state: DisputeState) -> u8 {
    match (state, provider) {
        (DisputeState::NeedsResponse, _) => 0,
        (DisputeState::UnderReview, _) => 1,
        (DisputeState::Lost, PaymentProvider::Payment) | (DisputeState::Won, PaymentProvider::BackupPayment) => 2,
        (DisputeState::Won, PaymentProvider::Payment) | (DisputeState::Lost, PaymentProvider::BackupPayment) => 3,
    }
}

pub(super) fn take(connection: &Connection, news: &DisputeNews) -> Done<bool> {
    let Some(payment) = payments::by_intent(connection, news.provider, &news.intent)? else { return Ok(false) };
    if !settlement::is_new(connection, &news.event)? {
        return Ok(true);
    }
    let known: Option<String> = connection
        .prepare_cached("SELECT state FROM disputes WHERE id = ?1")?
        .query_row([&news.id], |row| row.get(0))
        .optional()?;
    let is_later = |known| rank(news.provider, known) > rank(news.provider, news.state);
    if known.as_deref().and_then(DisputeState::named).is_some_and(is_later) {
        return Ok(true);
    }
    connection
        .prepare_cached(
            "INSERT INTO disputes (id, provider, order_seq, payment, amount_minor, state, reason, created_ms)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
             ON CONFLICT (id) DO UPDATE SET state = excluded.state, reason = coalesce(excluded.reason, reason)",
        )?
        .execute(params![
            news.id,
            news.provider.name(),
            payment.order,
            payment.id,
            news.amount_minor,
            news.state.name(),
            news.reason,
            now_ms(),
        ])?;
    connection
        .prepare_cached(
            "UPDATE orders SET dispute_state = ?2, disputed_minor =
                 (SELECT coalesce(sum(amount_minor), 0) FROM disputes WHERE order_seq = ?1 AND state != 'won')
             WHERE seq = ?1",
        )?
        .execute(params![payment.order, news.state.name()])?;
    Ok(true)
}

/// Every dispute, newest first; at most 1,000.
pub(super) fn list(connection: &Connection) -> rusqlite::Result<Vec<DisputeLine>> {
    connection
        .prepare_cached(
            "SELECT id, provider, order_seq, amount_minor, state, reason, evidence FROM disputes
             ORDER BY created_ms DESC, id LIMIT 1000",
        )?
        .query_map([], |row| {
            Ok(DisputeLine {
                id: row.get(0)?,
                provider: row.get(1)?,
                order: row.get(2)?,
                amount_minor: row.get(3)?,
                state: row.get(4)?,
                reason: row.get(5)?,
                evidence: row.get(6)?,
            })
        })?
        .collect()
}

/// Keeps what the desk has to say; from then on the provider decides.
pub(super) fn keep_evidence(connection: &Connection, dispute: &str, evidence: &str) -> Done<()> {
    let kept = connection
        .prepare_cached(
            "UPDATE disputes SET evidence = ?2, state = CASE state WHEN 'needs_response' THEN 'under_review' ELSE state END
             WHERE id = ?1",
        )?
        .execute(params![dispute, evidence])?;
    if kept == 0 {
        return Err(known::NOT_FOUND.into());
    }
    connection
        .prepare_cached(
            "UPDATE orders SET dispute_state = d.state FROM disputes d WHERE d.id = ?1 AND orders.seq = d.order_seq",
        )?
        .execute([dispute])?;
    Ok(())
}
