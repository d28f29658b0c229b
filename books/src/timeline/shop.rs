//! The shop's side: its orders, each with the states that it went through. An orders book tells no times.

use super::Whom;
use super::phrases::money;
use model::record::{Book, TimelineEntry};
use rusqlite::{Connection, Row};

pub(super) fn tell(conn: &Connection, whom: &Whom) -> rusqlite::Result<Vec<TimelineEntry>> {
    let mut entries = Vec::new();
    let mut order = conn.prepare(
        "SELECT order_number, state, currency, total_minor, paid_minor, refunded_minor, tax_minor, tax_source, in_doubt, payment,
                dispatch, (SELECT group_concat(s.state, ', then ')
                           FROM (SELECT state FROM v1_order_state WHERE order_seq = o.order_seq ORDER BY number) AS s)
         FROM v1_order AS o WHERE order_seq = ?1",
    )?;
    for seq in &whom.orders {
        let text = order.query_row([seq], told)?;
        entries.push(TimelineEntry { book: Book::Shop, at_ms: None, text, fault: None });
    }
    if whom.orders.is_empty() {
        let text = "has no order of this purchase".into();
        entries.push(TimelineEntry { book: Book::Shop, at_ms: None, text, fault: None });
    }
    Ok(entries)
}

fn told(row: &Row<'_>) -> rusqlite::Result<String> {
    let text = |column: usize| Ok::<_, rusqlite::Error>(row.get_ref(column)?.as_str_or_null()?);
    let currency = text(2)?;
    let amount = |column: usize| row.get::<_, Option<i64>>(column).map(|it| it.map(|minor| money(minor, currency)));
    let state = text(1)?.unwrap_or_default();
    let mut told = format!("order {}: {}", text(0)?.unwrap_or_default(), text(11)?.unwrap_or(state));
    if let Some(total) = amount(3)? {
        told.push_str(&format!("; total {total}"));
    }
    if let Some(tax) = amount(6)? {
        let source = text(7)?.map_or(String::new(), |source| format!(" by {source}"));
        told.push_str(&format!(", of which tax {tax}{source}"));
    }
    if let Some(paid) = amount(4)? {
        told.push_str(&format!("; believes to have received {paid}"));
    }
    if row.get::<_, i64>(5)? > 0 {
        told.push_str(&format!(", to have given back {}", money(row.get(5)?, currency)));
    }
    if let Some(payment) = text(9)? {
        told.push_str(&format!("; payment {payment}"));
    }
    if let Some(dispatch) = text(10)? {
        told.push_str(&format!("; dispatch {dispatch}"));
    }
    if row.get(8)? {
        told.push_str("; in doubt");
    }
    Ok(told)
}
