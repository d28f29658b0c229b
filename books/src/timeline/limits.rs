//! Articles, promotions, vouchers, accounts and files: the orders that passed a limit, the shelf at the end, the numbers that were found.

use super::phrases::money;
use model::record::{Book, TimelineEntry};
use rusqlite::{Connection, OptionalExtension, params};

/// Orders told before and after the limit was passed.
const BEFORE: usize = 2;
const AFTER: usize = 5;

pub(super) fn tell(conn: &Connection, subject: &str) -> rusqlite::Result<Vec<TimelineEntry>> {
    let limit = |sql: &str| conn.query_row(sql, [subject], |row| row.get::<_, i64>(0)).optional();
    if let Some(shelf) = shelf(conn, subject)? {
        return Ok(shelf);
    }
    if let Some(worth) = limit("SELECT balance_minor FROM v1_voucher WHERE code = ?1")? {
        let taken =
            "SELECT order_number, state, credit_minor FROM v1_order WHERE voucher = ?1 AND accepted ORDER BY order_seq";
        return passed(conn, subject, taken, worth, &format!("voucher {subject} is worth {worth} minor units"));
    }
    if let Some(purse) = purse(conn, subject)? {
        return Ok(purse);
    }
    if let Some(stock) = limit("SELECT stock FROM v1_stock WHERE sku = ?1")? {
        let taken = "SELECT o.order_number, o.state, sum(l.quantity) FROM v1_order_line AS l JOIN v1_order AS o USING (order_seq)
             WHERE l.sku = ?1 AND o.accepted GROUP BY o.order_seq ORDER BY o.order_seq";
        return passed(conn, subject, taken, stock, &format!("{stock} of article {subject} were declared"));
    }
    if let Some(uses) = limit("SELECT uses FROM v1_promotion WHERE code = ?1")? {
        let taken = "SELECT order_number, state, 1 FROM v1_order WHERE promotion = ?1 AND accepted ORDER BY order_seq";
        return passed(conn, subject, taken, uses, &format!("promotion {subject} may be used {uses} times"));
    }
    let settled = settled(conn, subject)?;
    if !settled.is_empty() {
        return Ok(settled);
    }
    let mut select =
        conn.prepare("SELECT card, count FROM v1_card_sighting WHERE file = ?1 AND count > 0 ORDER BY card")?;
    let found = select.query_map([subject], |row| {
        let (card, count): (String, i64) = (row.get(0)?, row.get(1)?);
        Ok(entry(Book::Shop, format!("file {subject} holds the number of card `{card}`, {count} times")))
    })?;
    found.collect()
}

/// What the shop says is left of an article, where the two do not add up.
fn shelf(conn: &Connection, sku: &str) -> rusqlite::Result<Option<Vec<TimelineEntry>>> {
    let sums = "SELECT b.declared, b.available, b.held,
                    coalesce((SELECT sum(l.quantity) FROM v1_order_line AS l JOIN v1_order AS o USING (order_seq)
                              WHERE l.sku = b.sku AND o.accepted), 0)
                FROM v1_stock_book AS b WHERE b.sku = ?1";
    let told = conn.query_row(sums, [sku], |row| {
        let (declared, available, held, ordered): (i64, i64, i64, i64) =
            (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
        let taken = declared - available - held;
        let left =
            format!("of {declared} of article {sku}, {available} are left and {held} are held: {taken} are gone");
        let sold = format!("accepted orders have {ordered} of article {sku}");
        Ok((taken != ordered || available < 0).then(|| vec![entry(Book::Shop, left), entry(Book::Shop, sold)]))
    });
    told.optional().map(Option::flatten)
}

/// What the shop says is left of a voucher or of an account's credit, and what orders took of it.
fn purse(conn: &Connection, name: &str) -> rusqlite::Result<Option<Vec<TimelineEntry>>> {
    let left = "SELECT declared_minor, balance_minor FROM v1_account_book WHERE account = ?1
                UNION ALL SELECT declared_minor, balance_minor FROM v1_voucher_book WHERE code = ?1";
    let left = conn.query_row(left, [name], |row| {
        let (declared, balance): (i64, i64) = (row.get(0)?, row.get(1)?);
        Ok(entry(Book::Shop, format!("of {declared} minor units of {name}, {balance} are left")))
    });
    let Some(left) = left.optional()? else { return Ok(None) };
    let mut select = conn.prepare(
        "SELECT o.order_number, o.state, c.amount_minor, c.returned_minor
         FROM v1_order_credit AS c JOIN v1_order AS o ON o.order_seq = c.order_seq WHERE c.purse = ?1 ORDER BY c.order_seq LIMIT ?2",
    )?;
    let orders = select.query_map(params![name, AFTER as i64], |row| {
        let (number, state, taken, returned): (String, String, i64, i64) =
            (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
        Ok(entry(Book::Shop, format!("order {number} ({state}) took {taken} of it, {returned} came back")))
    })?;
    let mut told = vec![left];
    for order in orders {
        told.push(order?);
    }
    Ok(Some(told))
}

/// The lines of settlement reports about an object.
fn settled(conn: &Connection, object: &str) -> rusqlite::Result<Vec<TimelineEntry>> {
    let mut select = conn.prepare(
        "SELECT kind, gross_minor, currency, coalesce(order_number, 'none') FROM v1_settlement WHERE object = ?1 ORDER BY line",
    )?;
    let lines = select.query_map([object], |row| {
        let (kind, gross, currency, order): (String, i64, String, String) =
            (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
        let text = format!("settles {kind} {object}: {}, order {order}", money(gross, Some(&currency)));
        Ok(entry(Book::Provider, text))
    })?;
    lines.collect()
}

/// Tells the orders around the one that passed the limit.
fn passed(
    conn: &Connection,
    subject: &str,
    taken: &str,
    limit: i64,
    declared: &str,
) -> rusqlite::Result<Vec<TimelineEntry>> {
    let mut select = conn.prepare(taken)?;
    let orders = select.query_map([subject], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    let mut sum = 0;
    let mut told = Vec::new();
    let mut first_past = None;
    for order in orders {
        let (number, state, quantity): (String, String, i64) = order?;
        sum += quantity;
        if sum > limit && first_past.is_none() {
            first_past = Some(told.len());
        }
        told.push(format!("order {number} ({state}) takes {quantity}: {sum} of {limit}"));
    }
    let first_past = first_past.unwrap_or(told.len());
    let from = first_past.saturating_sub(BEFORE);
    let to = told.len().min(first_past + AFTER);
    let left_out = told.len() - to;
    let mut entries = vec![entry(Book::Run, declared.to_owned())];
    let orders = told.drain(from..to).enumerate();
    entries.extend(
        orders.map(|(place, text)| TimelineEntry { breaks: from + place == first_past, ..entry(Book::Shop, text) }),
    );
    if left_out > 0 {
        entries.push(entry(Book::Shop, format!("and {left_out} more orders")));
    }
    Ok(entries)
}

fn entry(book: Book, text: String) -> TimelineEntry {
    TimelineEntry { brief: text.clone(), ..TimelineEntry::noted(book, None, text) }
}
