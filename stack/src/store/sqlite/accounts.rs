//! Accounts inside the store.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{
    super::{Account, SavedCard},
    writer::Done,
};
use crate::{clock::now_ms, refusal::known};

pub(super) fn open(connection: &Connection, id: &str, email: &str, token: &[u8; 32], credit_minor: i64) -> Done<()> {
    connection
        .prepare_cached(
            "INSERT INTO accounts (id, email, token_hash, credit_minor, created_ms) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![id, email, token, credit_minor, now_ms()])?;
    Ok(())
}

fn account(row: &Row<'_>) -> rusqlite::Result<Account> {
    Ok(Account { id: row.get(0)?, email: row.get(1)?, credit_minor: row.get(2)?, customer: row.get(3)? })
}

pub(super) fn by_token(connection: &Connection, token: &[u8; 32]) -> rusqlite::Result<Option<Account>> {
    connection
        .prepare_cached("SELECT id, email, credit_minor, customer FROM accounts WHERE token_hash = ?1")?
        .query_row([token], account)
        .optional()
}

pub(super) fn read(connection: &Connection, id: &str) -> rusqlite::Result<Option<Account>> {
    connection
        .prepare_cached("SELECT id, email, credit_minor, customer FROM accounts WHERE id = ?1")?
        .query_row([id], account)
        .optional()
}

pub(super) fn cards(connection: &Connection, account: &str) -> rusqlite::Result<Vec<SavedCard>> {
    connection
        .prepare_cached("SELECT method, brand, last4 FROM cards WHERE account = ?1 ORDER BY created_ms, method")?
        .query_map([account], |row| Ok(SavedCard { method: row.get(0)?, brand: row.get(1)?, last4: row.get(2)? }))?
        .collect()
}

pub(super) fn keep_customer(connection: &Connection, id: &str, customer: &str) -> Done<String> {
    connection
        .prepare_cached("UPDATE accounts SET customer = coalesce(customer, ?2) WHERE id = ?1")?
        .execute(params![id, customer])?;
    Ok(read(connection, id)?.and_then(|account| account.customer).ok_or(known::NOT_FOUND)?)
}

pub(super) fn keep_card(connection: &Connection, account: &str, card: &SavedCard) -> Done<()> {
    connection
        .prepare_cached(
            "INSERT INTO cards (account, method, brand, last4, created_ms) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT DO NOTHING",
        )?
        .execute(params![account, card.method, card.brand, card.last4, now_ms()])?;
    Ok(())
}

/// The store credit that is left of each.
pub(super) fn credits(connection: &Connection) -> rusqlite::Result<Vec<(String, i64)>> {
    connection
        .prepare_cached("SELECT id, credit_minor FROM accounts ORDER BY id")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect()
}
