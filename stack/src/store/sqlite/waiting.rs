//! Who works on a payment, and payments that wait for their holder.

use rusqlite::{Connection, OptionalExtension, params};

use super::{
    super::{Challenge, Terms},
    writer::Done,
};
use crate::clock::now_ms;

/// Claims an unsettled payment for this instance: one statement, so that two cannot both have it.
pub(super) fn claim_payment(connection: &Connection, terms: &Terms, payment: i64) -> rusqlite::Result<bool> {
    let claimed = connection
        .prepare_cached(
            "UPDATE payments SET owner = ?2
             WHERE id = ?1 AND state IN ('open', 'unknown', 'waiting')
               AND (owner IS NULL OR owner = ?2
                    OR NOT EXISTS (SELECT 1 FROM instances WHERE id = owner AND expires_ms > ?3))",
        )?
        .execute(params![payment, terms.instance, now_ms()])?;
    Ok(claimed == 1)
}

/// Stores that the holder must act, and until when the shop waits for that.
pub(super) fn wait_for_holder(connection: &Connection, terms: &Terms, payment: i64, challenge: &Challenge) -> Done<()> {
    let intent = (!challenge.intent.is_empty()).then_some(&challenge.intent);
    connection
        .prepare_cached(
            "UPDATE payments SET state = 'waiting', owner = NULL, intent = coalesce(?2, intent),
                    client_secret = coalesce(?3, client_secret), action_url = coalesce(?4, action_url),
                    waits_until_ms = coalesce(waits_until_ms, ?5)
             WHERE id = ?1 AND state IN ('open', 'unknown', 'waiting')",
        )?
        .execute(params![payment, intent, challenge.client_secret, challenge.url, now_ms() + terms.hold_ttl_ms])?;
    Ok(())
}

pub(super) fn challenge_of(connection: &Connection, payment: i64) -> rusqlite::Result<Option<Challenge>> {
    connection
        .prepare_cached("SELECT coalesce(intent, ''), client_secret, action_url FROM payments WHERE id = ?1")?
        .query_row([payment], |row| Ok(Challenge { intent: row.get(0)?, client_secret: row.get(1)?, url: row.get(2)? }))
        .optional()
}
