//! Idempotency keys: one use each, and the final answer for repeats.

use rusqlite::{Connection, OptionalExtension, params};

use super::{
    super::{Claim, Stored},
    writer::Done,
};
use crate::{
    clock::now_ms,
    refusal::{Refusal, known},
};

/// What is known of a key.
pub(super) struct KeyRow {
    fingerprint: Vec<u8>,
    pub(super) order: Option<i64>,
    pub(super) payment: Option<i64>,
    answer: Option<Stored>,
}

impl KeyRow {
    /// The final answer, if there is one; a refusal where the key was used for something else.
    pub(super) fn answer_for(self, claim: &Claim) -> Result<Option<Stored>, Refusal> {
        if self.fingerprint == claim.fingerprint { Ok(self.answer) } else { Err(known::KEY_REUSED) }
    }
}

pub(super) fn find(connection: &Connection, key: &str) -> rusqlite::Result<Option<KeyRow>> {
    connection
        .prepare_cached("SELECT fingerprint, order_seq, payment, status, body FROM keys WHERE key = ?1")?
        .query_row([key], |row| {
            let status: Option<u16> = row.get(3)?;
            let answer = match status {
                Some(status) => Some(Stored { status, body: row.get(4)? }),
                None => None,
            };
            Ok(KeyRow { fingerprint: row.get(0)?, order: row.get(1)?, payment: row.get(2)?, answer })
        })
        .optional()
}

/// Claims a key for an order and a payment, not answered yet.
pub(super) fn claim(connection: &Connection, claim: &Claim, order: i64, payment: Option<i64>) -> Done<()> {
    connection
        .prepare_cached(
            "INSERT INTO keys (key, fingerprint, order_seq, payment, created_ms) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (key) DO UPDATE SET payment = excluded.payment",
        )?
        .execute(params![claim.key, claim.fingerprint, order, payment, now_ms()])?;
    Ok(())
}

/// Keeps a key together with its final answer.
pub(super) fn claim_answered(connection: &Connection, claim: &Claim, stored: &Stored) -> Done<()> {
    connection
        .prepare_cached(
            "INSERT INTO keys (key, fingerprint, status, body, created_ms) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (key) DO NOTHING",
        )?
        .execute(params![claim.key, claim.fingerprint, stored.status, stored.body, now_ms()])?;
    Ok(())
}

/// Gives a claimed key its final answer; the first one stays.
pub(super) fn answer(connection: &Connection, key: &str, stored: &Stored) -> Done<()> {
    connection
        .prepare_cached("UPDATE keys SET status = ?2, body = ?3 WHERE key = ?1 AND status IS NULL")?
        .execute(params![key, stored.status, stored.body])?;
    Ok(())
}

/// Forgets old keys and events.
pub(super) fn forget_before(connection: &Connection, before_ms: i64) -> Done<()> {
    connection.prepare_cached("DELETE FROM keys WHERE created_ms < ?1")?.execute([before_ms])?;
    connection.prepare_cached("DELETE FROM events WHERE created_ms < ?1")?.execute([before_ms])?;
    Ok(())
}
