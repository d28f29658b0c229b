//! The shopper's side: what was asked, and later what was answered; and what happened to the run meanwhile.

use super::Whom;
use super::phrases::{duration, key, money};
use model::record::{Book, Passage, TimelineEntry};
use rusqlite::{Connection, Row};

/// Events this long before and after the shopper's own are told with them, in microseconds.
const AROUND_US: i64 = 1_000_000;

/// Both are on the harness's clock.
#[derive(Debug, Default)]
pub(super) struct History {
    pub shopper: Vec<TimelineEntry>,
    pub run: Vec<TimelineEntry>,
}

pub(super) fn tell(conn: &Connection, whom: &Whom) -> rusqlite::Result<History> {
    let Some(intent) = &whom.intent else { return Ok(History::default()) };
    let mut shopper = attempts(conn, intent)?;
    let purchase = Purchase::read(conn, intent)?;
    let mut times: Vec<i64> =
        shopper.iter().filter_map(|entry| entry.at_ms).map(|at_ms| (at_ms * 1e3) as i64).collect();
    if let Some(purchase) = purchase {
        times.extend([purchase.intended_us, purchase.done_us]);
        if let Some(shown) = purchase.shown {
            let shown = entry(purchase.intended_us, shown);
            let place = shopper.iter().take_while(|earlier| earlier.at_ms < shown.at_ms).count();
            shopper.insert(place, shown);
        }
        shopper.push(entry(purchase.done_us, purchase.end));
    }
    let run = match (times.iter().min(), times.iter().max()) {
        (Some(from_us), Some(to_us)) => events(conn, from_us - AROUND_US, to_us + AROUND_US)?,
        _ => Vec::new(),
    };
    Ok(History { shopper, run })
}

/// Each request when it was sent, and its answer when it came or was waited for no longer.
fn attempts(conn: &Connection, intent: &str) -> rusqlite::Result<Vec<TimelineEntry>> {
    let mut select = conn.prepare(
        "SELECT a.kind, a.key, coalesce(a.sent_us, a.intended_us), a.done_us, a.status, a.reading, a.order_number, a.total_minor,
                a.card, a.remark, a.sent_us IS NOT NULL, i.currency, a.step
         FROM v1_attempt AS a LEFT JOIN v1_intent AS i ON i.intent = a.intent
         WHERE a.intent = ?1 ORDER BY coalesce(a.sent_us, a.intended_us), a.attempt",
    )?;
    let pairs = select.query_map([intent], |row| {
        let (sent_us, done_us): (i64, i64) = (row.get(2)?, row.get(3)?);
        Ok([(sent_us, asked(row, sent_us)?), (done_us, answered(row, done_us)?)])
    })?;
    let mut told: Vec<(i64, TimelineEntry)> = Vec::new();
    for pair in pairs {
        told.extend(pair?);
    }
    told.sort_by_key(|(at_us, _)| *at_us);
    Ok(told.into_iter().map(|(_, entry)| entry).collect())
}

fn asked(row: &Row<'_>, sent_us: i64) -> rusqlite::Result<TimelineEntry> {
    let text = |column: usize| Ok::<_, rusqlite::Error>(row.get_ref(column)?.as_str_or_null()?);
    let (doing, provider) = match text(0)?.unwrap_or_default() {
        "submit" => ("submits the order", None),
        "look" => ("looks for the order", None),
        "settle" => ("asks whether the payment is decided", None),
        "second_card" => ("pays with a second card", None),
        "confirm" => ("confirms the payment in the browser", Some("payment")),
        "authenticate" => ("authenticates at the bank", Some("payment")),
        "return" => ("comes back from the payment provider", None),
        "edit" => ("edits the cart in another tab", None),
        "cancel" => ("cancels the order", None),
        "refund" => ("asks for money back", None),
        _ => ("", None),
    };
    let step: String = row.get(12)?;
    let doing = if doing.is_empty() { format!("takes the step `{step}`") } else { doing.to_owned() };
    let mut told = doing.clone();
    if let Some(card) = text(8)? {
        told.push_str(&format!(", card `{card}`"));
    }
    if let Some(sent) = text(1)? {
        told.push_str(&format!(", {}", key(sent)));
    }
    Ok(TimelineEntry {
        passage: Passage::Asked,
        provider: provider.map(Into::into),
        brief: doing,
        ..TimelineEntry::noted(Book::Shopper, Some(sent_us as f64 / 1e3), told)
    })
}

fn answered(row: &Row<'_>, done_us: i64) -> rusqlite::Result<TimelineEntry> {
    let text = |column: usize| Ok::<_, rusqlite::Error>(row.get_ref(column)?.as_str_or_null()?);
    let waited: i64 = row.get::<_, i64>(3)? - row.get::<_, i64>(2)?;
    let status: Option<u16> = row.get(4)?;
    let order = text(6)?.map_or("the order".into(), |number| format!("order {number}"));
    let total: Option<i64> = row.get(7)?;
    let currency = text(11)?;
    let total = total.map_or(String::new(), |total| format!(" for {}", money(total, currency)));
    let kind = text(0)?.unwrap_or_default();
    let sent: bool = row.get(10)?;
    let mut passage = Passage::Answered;
    let brief = match text(5)?.unwrap_or_default() {
        "ok" => match kind {
            "cancel" => format!("{order} is cancelled"),
            "confirm" | "authenticate" | "other" => "done".into(),
            "edit" => "the cart is changed".into(),
            "refund" => format!("money{total} goes back"),
            "look" => format!("{order} is there{total}"),
            _ => format!("{order} is paid{total}"),
        },
        "pending" => format!("the payment of {order} is not decided yet"),
        "in_progress" => "the same request is being worked on".into(),
        "already_ordered" => "the cart was ordered already".into(),
        "absent" => "there is no order".into(),
        "declined" => "the card is declined".into(),
        "sold_out" => "sold out".into(),
        "promotion_used_up" => "the promotion is used up".into(),
        "technical" => "a technical refusal".into(),
        "unanswered" if sent => {
            passage = Passage::Unanswered;
            format!("no answer after {}", duration(waited))
        }
        "unanswered" => {
            passage = Passage::Unanswered;
            "no connection was had".into()
        }
        _ => "an answer that fits no expectation".into(),
    };
    let late = if waited < 1_000_000 { String::new() } else { format!(" after {}", duration(waited)) };
    let mut told = match (status, passage) {
        (Some(status), Passage::Answered) => format!("is answered {status}{late}: {brief}"),
        (None, Passage::Answered) => format!("is answered{late}: {brief}"),
        _ => format!("has {brief}"),
    };
    if brief == "no connection was had" {
        told = "finds no connection".into();
    }
    if let Some(remark) = text(9)?.filter(|remark| !remark.is_empty()) {
        told.push_str(&format!(" ({remark})"));
    }
    let provider = matches!(kind, "confirm" | "authenticate").then(|| "payment".to_owned());
    Ok(TimelineEntry {
        passage,
        provider,
        brief,
        ..TimelineEntry::noted(Book::Shopper, Some(done_us as f64 / 1e3), told)
    })
}

/// How the purchase began and ended for its shopper.
struct Purchase {
    intended_us: i64,
    done_us: i64,
    shown: Option<String>,
    end: String,
}

impl Purchase {
    fn read(conn: &Connection, intent: &str) -> rusqlite::Result<Option<Self>> {
        let mut select = conn.prepare(
            "SELECT intended_us, done_us, outcome, shown_total_minor, currency, order_number, refusal, cancel
             FROM v1_intent WHERE intent = ?1 AND recorded",
        )?;
        let mut purchases = select.query([intent])?;
        let Some(row) = purchases.next()? else { return Ok(None) };
        let currency = row.get_ref(4)?.as_str_or_null()?;
        let shown =
            row.get::<_, Option<i64>>(3)?.map(|shown| format!("is shown a total of {}", money(shown, currency)));
        Ok(Some(Self { intended_us: row.get(0)?, done_us: row.get(1)?, shown, end: purchase_end(row)? }))
    }
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
        let (fault, told) = match (row.get_ref(1)?.as_str()?, text.is_empty()) {
            ("fault_began", _) => (true, format!("fault `{name}` begins")),
            ("fault_ended", _) => (true, format!("fault `{name}` ends")),
            ("process", false) => (false, text.clone()),
            ("action", false) => (false, format!("action `{name}`: {text}")),
            (_, true) => (false, name.clone()),
            (_, false) => (false, format!("{name}: {text}")),
        };
        let at_us: i64 = row.get(0)?;
        Ok(TimelineEntry {
            brief: told.clone(),
            fault: fault.then_some(name),
            ..TimelineEntry::noted(Book::Run, Some(at_us as f64 / 1e3), told)
        })
    })?;
    events.collect()
}

fn entry(at_us: i64, text: String) -> TimelineEntry {
    TimelineEntry { brief: text.clone(), ..TimelineEntry::noted(Book::Shopper, Some(at_us as f64 / 1e3), text) }
}
