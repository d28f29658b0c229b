//! What the front of the shop keeps: flags and vouchers as they are first declared, and the calls for them.

use rusqlite::{Connection, params};

use super::{
    super::{Answer, Decided, Front, Move, Review, Terms},
    SqliteStore, reviews,
};
use crate::{
    clock::now_ms,
    flags::Flag,
    fraud::{Decision, Verdict},
};

impl Front for SqliteStore {
    fn flags(&self) -> Answer<'_, Vec<(String, String)>> {
        self.look(|connection| {
            connection
                .prepare_cached("SELECT name, value FROM flags")?
                .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect()
        })
    }

    fn set_flag(&self, name: &'static str, value: String) -> Answer<'_, ()> {
        self.step(move |connection, _| {
            connection
                .prepare_cached(
                    "INSERT INTO flags (name, value, changed_ms) VALUES (?1, ?2, ?3)
                     ON CONFLICT (name) DO UPDATE SET value = excluded.value, changed_ms = excluded.changed_ms",
                )?
                .execute(params![name, value, now_ms()])?;
            Ok(())
        })
    }

    fn keep_verdict(&self, verdict: Verdict) -> Answer<'_, Vec<Move>> {
        self.step(move |connection, _| reviews::keep(connection, verdict))
    }

    fn decide_review(&self, order: i64, decision: Decision) -> Answer<'_, Decided> {
        self.step(move |connection, _| reviews::decide(connection, order, decision))
    }

    fn reviews(&self) -> Answer<'_, Vec<Review>> {
        self.look(reviews::pending)
    }

    fn overdue_reviews(&self, now_ms: i64) -> Answer<'_, Vec<i64>> {
        self.look(|connection| reviews::overdue(connection, now_ms))
    }
}

/// Adds flags and vouchers that are new; what was flipped or spent stays so.
pub(super) fn load(connection: &Connection, terms: &Terms) -> rusqlite::Result<()> {
    let mut flags =
        connection.prepare("INSERT INTO flags (name, value, changed_ms) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING")?;
    for flag in Flag::ALL {
        flags.execute(params![flag.name(), terms.flags.value(flag).to_string(), now_ms()])?;
    }
    let mut vouchers = connection.prepare(
        "INSERT INTO vouchers (code, declared_minor, balance_minor) VALUES (?1, ?2, ?2)
         ON CONFLICT (code) DO UPDATE SET balance_minor = max(0, balance_minor + excluded.declared_minor - declared_minor),
                                          declared_minor = excluded.declared_minor",
    )?;
    for voucher in &terms.vouchers {
        vouchers.execute(params![voucher.code, voucher.balance_minor])?;
    }
    Ok(())
}
