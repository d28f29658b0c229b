//! The providers' side: rows of the statement, in its sequence.

use super::Whom;
use super::phrases::{key, money};
use model::record::{Book, TimelineEntry};
use rusqlite::{Connection, Row, params};

const COLUMNS: &str =
    "at_us, provider, op, object, parent, state, amount_minor, currency, key, http_status, fault, effect, answer,
     replayed, order_number, json_extract(detail, '$.type'), json_extract(detail, '$.decline_code')";

pub(super) fn tell(conn: &Connection, whom: &Whom, began_us: i64) -> rusqlite::Result<Vec<TimelineEntry>> {
    let mut rows: Vec<(i64, TimelineEntry)> = Vec::new();
    let mut take = |filter: &str, value: &dyn rusqlite::ToSql| -> rusqlite::Result<()> {
        let mut select = conn.prepare(&format!("SELECT {COLUMNS}, statement FROM v1_statement WHERE {filter}"))?;
        let found = select.query_map(params![value], |row| Ok((row.get(17)?, entry(row, began_us)?)))?;
        for row in found {
            rows.push(row?);
        }
        Ok(())
    };
    if let Some(intent) = &whom.intent {
        take("intent = ?1", intent)?;
    }
    for order in &whom.orders {
        take("order_seq = ?1", order)?;
    }
    if let (Some(object), true) = (&whom.object, whom.intent.is_none() && whom.orders.is_empty()) {
        take("object = ?1 OR parent = ?1", object)?;
    }
    rows.sort_by_key(|(id, _)| *id);
    rows.dedup_by_key(|(id, _)| *id);
    Ok(rows.into_iter().map(|(_, entry)| entry).collect())
}

fn entry(row: &Row<'_>, began_us: i64) -> rusqlite::Result<TimelineEntry> {
    let text = |column: usize| Ok::<_, rusqlite::Error>(row.get_ref(column)?.as_str_or_null()?);
    let mut told = what(row)?;
    if let Some(sent) = text(8)?.filter(|_| row.get_ref(2).is_ok_and(|op| op.as_str() != Ok("webhook"))) {
        told.push_str(&format!(", {}", key(sent)));
    }
    let fault = text(10)?;
    if let Some(fault) = fault {
        told.push_str(&match (text(12)?, text(11)?) {
            (Some("lost"), _) => format!("; answer lost by fault `{fault}`"),
            (Some("altered"), _) => format!("; answer replaced by fault `{fault}`"),
            (_, Some(effect)) => format!("; under fault `{fault}` ({})", effect.replace('_', " ")),
            (_, None) => format!("; under fault `{fault}`"),
        });
    }
    let at_us: i64 = row.get(0)?;
    Ok(TimelineEntry {
        book: Book::Provider,
        at_ms: Some((at_us - began_us) as f64 / 1e3),
        text: told,
        fault: fault.map(Into::into),
    })
}

fn what(row: &Row<'_>) -> rusqlite::Result<String> {
    let text = |column: usize| Ok::<_, rusqlite::Error>(row.get_ref(column)?.as_str_or_null()?);
    let object = text(3)?.unwrap_or("an object without name");
    let parent = text(4)?.unwrap_or("its payment");
    let amount: Option<i64> = row.get(6)?;
    let currency = text(7)?;
    let amount = amount.map_or("an amount".into(), |amount| money(amount, currency));
    let order = text(14)?.map_or(String::new(), |number| format!(" for order {number}"));
    let refused = matches!(text(5)?, Some("refused" | "declined" | "failed"));
    let replayed: bool = row.get(13)?;
    let provider = text(1)?.unwrap_or_default();
    if replayed {
        return Ok(format!("gives its stored answer about {object} again"));
    }
    Ok(match (provider, text(2)?.unwrap_or_default()) {
        ("payment", "create") => format!("makes payment {object} over {amount}{order}"),
        ("payment", "authorise") if refused => {
            let reason = text(16)?.map_or(String::new(), |code| format!(" ({})", code.replace('_', " ")));
            format!("declines {amount}{reason}, {object}")
        }
        ("payment", "authorise") => format!("authorises {amount}, {object}"),
        ("payment", "capture") => format!("captures {amount}, {object}"),
        ("payment", "void") => format!("releases what was blocked, {object}"),
        ("payment", "cancel") => format!("cancels payment {object}"),
        ("payment", "refund") if refused => format!("refuses to refund {amount} of {parent}, {object}"),
        ("payment", "refund") => format!("refunds {amount} of {parent}, {object}"),
        (_, "replay") => format!("gives its stored answer about {object} again"),
        ("tax", "quote") => format!("quotes a tax of {amount}, {object}"),
        ("tax", "document") => {
            format!("files tax document {object} over {amount}, {}", text(5)?.unwrap_or("saved"))
        }
        ("tax", "commit") => format!("commits tax document {object}"),
        ("tax", "void") => format!("voids tax document {object}"),
        ("warehouse", "dispatch") => format!("dispatches the goods{order}, {object}"),
        ("warehouse", "redelivery") => format!("gets the same message again{order}, {object}"),
        (_, "webhook") => webhook(row)?,
        (provider, "refused_by_fault") => format!("{provider}: a request comes in and nothing is done"),
        (provider, op) => format!("{provider}: {op} {object}"),
    })
}

fn webhook(row: &Row<'_>) -> rusqlite::Result<String> {
    let event = row.get_ref(15)?.as_str_or_null()?.map_or("a webhook".into(), |event| format!("webhook {event}"));
    let status: Option<u16> = row.get(9)?;
    let status = status.map_or(String::new(), |status| format!(", the shop answers {status}"));
    Ok(match row.get_ref(5)?.as_str_or_null()? {
        Some("lost") => format!("never delivers {event}"),
        Some("failed") => format!("cannot deliver {event}{status}"),
        Some("duplicate") => format!("delivers {event} again{status}"),
        _ => format!("delivers {event}{status}"),
    })
}
