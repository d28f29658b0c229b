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
                           FROM (SELECT state FROM v1_order_state WHERE order_seq = o.order_seq ORDER BY number) AS s),
                shipping_source, credit_minor, fraud
         FROM v1_order AS o WHERE order_seq = ?1",
    )?;
    for seq in &whom.orders {
        entries.push(order.query_row([seq], told)?);
    }
    if whom.orders.is_empty() {
        let text = "has no order of this purchase".to_owned();
        entries.push(TimelineEntry { brief: text.clone(), ..TimelineEntry::noted(Book::Shop, None, text) });
    }
    Ok(entries)
}

fn told(row: &Row<'_>) -> rusqlite::Result<TimelineEntry> {
    let text = |column: usize| Ok::<_, rusqlite::Error>(row.get_ref(column)?.as_str_or_null()?);
    let currency = text(2)?;
    let amount = |column: usize| row.get::<_, Option<i64>>(column).map(|it| it.map(|minor| money(minor, currency)));
    let state = text(1)?.unwrap_or_default();
    let number = text(0)?.unwrap_or_default();
    let mut told = format!("order {number}: {}", text(11)?.unwrap_or(state));
    let mut brief = format!("order {number} is {}", state.replace('_', " "));
    if let Some(total) = amount(3)? {
        told.push_str(&format!("; total {total}"));
        brief.push_str(&format!(", {total}"));
    }
    if let Some(tax) = amount(6)? {
        let source = text(7)?.map_or(String::new(), |source| format!(" by {source}"));
        told.push_str(&format!(", of which tax {tax}{source}"));
    }
    if let Some(source) = text(12)? {
        told.push_str(&format!(", shipping by {source}"));
    }
    if let Some(credit) = row.get::<_, Option<i64>>(13)?.filter(|credit| *credit > 0) {
        told.push_str(&format!(", {} of it by voucher or store credit", money(credit, currency)));
    }
    if let Some(paid) = amount(4)? {
        told.push_str(&format!("; believes to have received {paid}"));
    }
    if row.get::<_, Option<i64>>(5)?.unwrap_or(0) > 0 {
        told.push_str(&format!(", to have given back {}", money(row.get(5)?, currency)));
    }
    if let Some(payment) = text(9)? {
        told.push_str(&format!("; payment {payment}"));
    }
    if let Some(fraud) = text(14)?.filter(|said| *said != "off") {
        told.push_str(&format!("; fraud check: {fraud}"));
    }
    if let Some(dispatch) = text(10)? {
        told.push_str(&format!("; dispatch {dispatch}"));
    }
    if row.get(8)? {
        told.push_str("; in doubt");
    }
    Ok(TimelineEntry { brief, ..TimelineEntry::noted(Book::Shop, None, told) })
}
