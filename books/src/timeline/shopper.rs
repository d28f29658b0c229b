//! The shopper's side, and what happened to the run meanwhile.

use super::phrases::{duration, key, money};
use model::record::{Book, TimelineEntry};
use rusqlite::{Connection, Row};

/// Events this long before and after the shopper's own are told with them, in microseconds.
const AROUND_US: i64 = 1_000_000;

/// Both are on the harness's clock.
#[derive(Debug, Default)]
pub(super) struct History {
    pub shopper: Vec<TimelineEntry>,
    pub run: Vec<TimelineEntry>,
}

pub(super) fn tell(conn: &Connection, intent: Option<&str>) -> rusqlite::Result<History> {
    let Some(intent) = intent else { return Ok(History::default()) };
    let mut select = conn.prepare(
        "SELECT a.kind, a.key, coalesce(a.sent_us, a.intended_us), a.done_us, a.status, a.reading, a.order_number, a.total_minor,
                a.card, a.remark, a.sent_us IS NOT NULL, i.currency
         FROM v1_attempt AS a LEFT JOIN v1_intent AS i ON i.intent = a.intent
         WHERE a.intent = ?1 ORDER BY coalesce(a.sent_us, a.intended_us), a.attempt",
    )?;
    let attempts = select.query_map([intent], |row| Ok((row.get(2)?, row.get(3)?, attempt(row)?)))?;
    let attempts = attempts.collect::<rusqlite::Result<Vec<(i64, i64, String)>>>()?;
    let (mut from_us, mut to_us) = (i64::MAX, i64::MIN);
    let mut shopper = Vec::new();
    for (sent_us, done_us, text) in attempts {
        from_us = from_us.min(sent_us);
        to_us = to_us.max(done_us);
        shopper.push(entry(Book::Shopper, sent_us, text, None));
    }
    let mut select = conn.prepare(
        "SELECT intended_us, done_us, outcome, shown_total_minor, currency, order_number, refusal, cancel
         FROM v1_intent WHERE intent = ?1 AND recorded",
    )?;
    let mut purchases = select.query([intent])?;
    if let Some(row) = purchases.next()? {
        let (intended_us, done_us): (i64, i64) = (row.get(0)?, row.get(1)?);
        from_us = from_us.min(intended_us);
        to_us = to_us.max(done_us);
        if let Some(shown) = row.get::<_, Option<i64>>(3)? {
            let text = format!("is shown a total of {}", money(shown, row.get_ref(4)?.as_str_or_null()?));
            shopper.insert(0, entry(Book::Shopper, intended_us, text, None));
        }
        shopper.push(entry(Book::Shopper, done_us, purchase_end(row)?, None));
    }
    let run = if from_us <= to_us { events(conn, from_us - AROUND_US, to_us + AROUND_US)? } else { Vec::new() };
    Ok(History { shopper, run })
}

fn attempt(row: &Row<'_>) -> rusqlite::Result<String> {
    let text = |column: usize| Ok::<_, rusqlite::Error>(row.get_ref(column)?.as_str_or_null()?);
    let doing = match text(0)?.unwrap_or_default() {
        "submit" => "submits the order",
        "look" => "looks for the order",
        "settle" => "asks whether the payment is decided",
        "second_card" => "pays with a second card",
        "cancel" => "cancels the order",
        _ => "asks",
    };
    let mut told = doing.to_owned();
    if let Some(card) = text(8)? {
        told.push_str(&format!(", card `{card}`"));
    }
    if let Some(sent) = text(1)? {
        told.push_str(&format!(", {}", key(sent)));
    }
    told.push_str(": ");
    told.push_str(&answer(row)?);
    if let Some(remark) = text(9)?.filter(|remark| !remark.is_empty()) {
        told.push_str(&format!(" ({remark})"));
    }
    Ok(told)
}

fn answer(row: &Row<'_>) -> rusqlite::Result<String> {
    let text = |column: usize| Ok::<_, rusqlite::Error>(row.get_ref(column)?.as_str_or_null()?);
    let waited: i64 = row.get::<_, i64>(3)? - row.get::<_, i64>(2)?;
    let status: Option<u16> = row.get(4)?;
    let late = if waited < 1_000_000 { String::new() } else { format!(" after {}", duration(waited)) };
    let status = status.map_or(String::new(), |status| format!("{status}{late}, "));
    let order = text(6)?.map_or("the order".into(), |number| format!("order {number}"));
    let total: Option<i64> = row.get(7)?;
    let currency = text(11)?;
    let total = total.map_or(String::new(), |total| format!(" for {}", money(total, currency)));
    let cancelled = text(0)? == Some("cancel");
    let sent: bool = row.get(10)?;
    Ok(match text(5)?.unwrap_or_default() {
        "ok" if cancelled => format!("{status}{order} is cancelled"),
        "ok" => format!("{status}{order} is paid{total}"),
        "pending" => format!("{status}the payment of {order} is not decided yet"),
        "in_progress" => format!("{status}the same request is being worked on"),
        "already_ordered" => format!("{status}the cart was ordered already"),
        "absent" => format!("{status}there is no order"),
        "declined" => format!("{status}the card is declined"),
        "sold_out" => format!("{status}sold out"),
        "promotion_used_up" => format!("{status}the promotion is used up"),
        "technical" => format!("{status}a technical refusal"),
        "unanswered" if sent => format!("no answer after {}", duration(waited)),
        "unanswered" => "no connection was had".into(),
        _ => format!("{status}an answer that fits no expectation"),
    })
}

fn purchase_end(row: &Row<'_>) -> rusqlite::Result<String> {
    let text = |column: usize| Ok::<_, rusqlite::Error>(row.get_ref(column)?.as_str_or_null()?);
    let order = text(5)?.map_or(String::new(), |number| format!(", with order {number}"));
    Ok(match (text(2)?.unwrap_or_default(), text(6)?, text(7)?) {
        ("confirmed", _, Some("confirmed")) => format!("has bought, then cancelled{order}"),
        ("confirmed", ..) => format!("has bought{order}"),
        ("rejected", Some(refusal), _) => format!("leaves with a no: {}", refusal.replace('_', " ")),
        ("unknown", ..) => "gives up without knowing what became of it".into(),
        ("in_flight", ..) => "was still waiting when the run ended".into(),
        (other, ..) => format!("ends as {}", other.replace('_', " ")),
    })
}

fn events(conn: &Connection, from_us: i64, to_us: i64) -> rusqlite::Result<Vec<TimelineEntry>> {
    let mut select = conn
        .prepare("SELECT at_us, kind, name, text FROM v1_event WHERE at_us BETWEEN ?1 AND ?2 ORDER BY at_us, event")?;
    let events = select.query_map([from_us, to_us], |row| {
        let name: String = row.get(2)?;
        let text: String = row.get(3)?;
        let fault = matches!(row.get_ref(1)?.as_str()?, "fault_began" | "fault_ended").then(|| name.clone());
        let told = match (row.get_ref(1)?.as_str()?, text.is_empty()) {
            ("fault_began", true) => format!("fault `{name}` begins"),
            ("fault_ended", true) => format!("fault `{name}` ends"),
            (_, true) => name,
            (_, false) => format!("{name}: {text}"),
        };
        Ok(entry(Book::Run, row.get(0)?, told, fault))
    })?;
    events.collect()
}

fn entry(book: Book, at_us: i64, text: String, fault: Option<String>) -> TimelineEntry {
    TimelineEntry { book, at_ms: Some(at_us as f64 / 1e3), text, fault }
}
