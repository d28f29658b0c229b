//! How each kind of row gets into its table.

mod orders;
mod run;
mod shopper;
mod statement;

pub(crate) use orders::orders;
pub(crate) use statement::statement;

use crate::rows::Batch;
use rusqlite::{Connection, Statement};
use serde_json::Value;
use std::borrow::Cow;

/// Adds a batch; returns the number of rows.
pub(crate) fn batch(conn: &Connection, batch: &Batch) -> rusqlite::Result<u64> {
    let rows = shopper::came(conn, &batch.came)?
        + shopper::arrivals(conn, &batch.arrivals)?
        + shopper::purchases(conn, &batch.purchases)?
        + shopper::turned_away(conn, &batch.turned_away)?
        + shopper::attempts(conn, &batch.attempts)?
        + run::timings(conn, &batch.timings)?
        + run::samples(conn, &batch.samples)?
        + run::events(conn, &batch.events)?
        + statement(conn, 0, &batch.statement)?
        + orders::stock(conn, &batch.stock)?
        + orders::vouchers(conn, &batch.vouchers)?
        + orders::promotions(conn, &batch.promotions)?
        + orders::accounts(conn, &batch.accounts)?
        + statement::settlement(conn, &batch.settlement)?;
    Ok(rows)
}

/// Gives each row to `put`, with the statement that inserts it; returns how many there were. Most batches have rows of a few
/// kinds only.
fn each<T>(
    conn: &Connection,
    sql: &str,
    rows: &[T],
    mut put: impl FnMut(&mut Statement<'_>, &T) -> rusqlite::Result<usize>,
) -> rusqlite::Result<u64> {
    if rows.is_empty() {
        return Ok(0);
    }
    let mut insert = conn.prepare_cached(sql)?;
    rows.iter().try_for_each(|row| put(&mut insert, row).map(drop))?;
    Ok(rows.len() as u64)
}

/// Currency codes are upper-case in the books; providers write them in either case.
fn upper(code: Option<&str>) -> Option<Cow<'_, str>> {
    code.map(|code| {
        if code.bytes().any(|byte| byte.is_ascii_lowercase()) {
            Cow::Owned(code.to_ascii_uppercase())
        } else {
            Cow::Borrowed(code)
        }
    })
}

/// Where an address is, as far as tax and carriers care and all books write it alike: `US/92615`. None where it names no
/// country.
fn place(address: &Value) -> Option<String> {
    let part = |name| address.get(name).and_then(Value::as_str).unwrap_or_default();
    let country = Some(part("country")).filter(|country| !country.is_empty())?;
    let mut place = format!("{country}/{}", part("postal_code"));
    place.retain(|letter| !letter.is_whitespace());
    place.make_ascii_uppercase();
    Some(place)
}
