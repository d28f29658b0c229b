//! The providers' side: rows of the statement, in its sequence. The rows that one request wrote are told as one.

use super::Whom;
use super::phrases::{key, money};
use model::record::{Book, Passage, TimelineEntry};
use rusqlite::{Connection, Row, params};

const COLUMNS: &str = "statement, at_us, provider, op, object, parent, state, amount_minor, currency, key, http_status, fault, effect, \
     answer, replayed, order_number, json_extract(detail, '$.type'), json_extract(detail, '$.decline_code')";

/// A row of the statement.
#[derive(Debug)]
struct Line {
    statement: i64,
    at_us: i64,
    provider: String,
    op: String,
    object: Option<String>,
    parent: Option<String>,
    state: Option<String>,
    amount_minor: Option<i64>,
    currency: Option<String>,
    key: Option<String>,
    http_status: Option<u16>,
    fault: Option<String>,
    effect: Option<String>,
    answer: Option<String>,
    replayed: bool,
    order: Option<String>,
    event: Option<String>,
    decline: Option<String>,
    /// It was authorised and captured by the same request.
    charged: bool,
    /// The law was broken with it, or with a row that is told with it.
    breaks: bool,
}

impl Line {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            statement: row.get(0)?,
            at_us: row.get(1)?,
            provider: row.get(2)?,
            op: row.get(3)?,
            object: row.get(4)?,
            parent: row.get(5)?,
            state: row.get(6)?,
            amount_minor: row.get(7)?,
            currency: row.get(8)?,
            key: row.get(9)?,
            http_status: row.get(10)?,
            fault: row.get(11)?,
            effect: row.get(12)?,
            answer: row.get(13)?,
            replayed: row.get(14)?,
            order: row.get(15)?,
            event: row.get(16)?,
            decline: row.get(17)?,
            charged: false,
            breaks: false,
        })
    }

    /// Whether the row only prepares the next one: made by the same request, and said by it too.
    fn leads_to(&self, next: &Self) -> bool {
        let steps = matches!(
            (self.op.as_str(), next.op.as_str()),
            ("create", "authorise" | "capture") | ("authorise", "capture")
        );
        steps
            && !self.replayed
            && !next.replayed
            && (self.at_us, &self.provider, &self.key, &self.answer)
                == (next.at_us, &next.provider, &next.key, &next.answer)
    }

    fn is_refused(&self) -> bool {
        matches!(self.state.as_deref(), Some("refused" | "declined" | "failed"))
    }
}

pub(super) fn tell(
    conn: &Connection,
    whom: &Whom,
    began_us: i64,
    broken_at: Option<i64>,
) -> rusqlite::Result<Vec<TimelineEntry>> {
    let mut lines: Vec<Line> = Vec::new();
    let mut take = |filter: &str, value: &dyn rusqlite::ToSql| -> rusqlite::Result<()> {
        let mut select = conn.prepare(&format!("SELECT {COLUMNS} FROM v1_statement WHERE {filter}"))?;
        for line in select.query_map(params![value], Line::read)? {
            lines.push(line?);
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
    lines.sort_by_key(|line| line.statement);
    lines.dedup_by_key(|line| line.statement);
    for line in &mut lines {
        line.breaks = broken_at == Some(line.statement);
    }
    Ok(requests(lines).iter().map(|line| entry(line, began_us)).collect())
}

/// One line for what one request did.
fn requests(lines: Vec<Line>) -> Vec<Line> {
    let mut told: Vec<Line> = Vec::with_capacity(lines.len());
    for mut line in lines {
        if let Some(before) = told.pop_if(|before| before.leads_to(&line)) {
            line.charged = before.op == "authorise" || before.charged;
            line.order = line.order.or(before.order);
            line.breaks |= before.breaks;
        }
        told.push(line);
    }
    told
}

fn entry(line: &Line, began_us: i64) -> TimelineEntry {
    let brief = brief(line);
    let mut text = brief.clone();
    if line.op != "webhook" {
        if let Some(object) = line.object.as_ref().filter(|object| !brief.contains(object.as_str())) {
            text.push_str(&format!(", {object}"));
        }
        if let Some(number) = line.order.as_ref().filter(|number| !text.contains(number.as_str())) {
            text.push_str(&format!(", order {number}"));
        }
        if let Some(sent) = &line.key {
            text.push_str(&format!(", {}", key(sent)));
        }
    } else if let Some(status) = line.http_status {
        text.push_str(&format!(", the shop answers {status}"));
    }
    if let Some(fault) = &line.fault {
        text.push_str(&match (line.answer.as_deref(), &line.effect) {
            (Some("lost"), _) => format!("; answer lost by fault `{fault}`"),
            (Some("altered"), _) => format!("; answer replaced by fault `{fault}`"),
            (_, Some(effect)) => format!("; under fault `{fault}` ({})", effect.replace('_', " ")),
            (_, None) => format!("; under fault `{fault}`"),
        });
    }
    TimelineEntry {
        book: Book::Provider,
        provider: Some(line.provider.clone()),
        at_ms: Some((line.at_us - began_us) as f64 / 1e3),
        passage: passage(line),
        brief,
        text,
        fault: line.fault.clone(),
        breaks: line.breaks,
    }
}

fn passage(line: &Line) -> Passage {
    match (line.op.as_str(), line.answer.as_deref()) {
        ("webhook", _) if matches!(line.state.as_deref(), Some("lost" | "failed")) => Passage::Undelivered,
        ("webhook", _) => Passage::Delivered,
        ("expire" | "dispute" | "refund_failed", _) => Passage::Nothing,
        (_, Some("lost")) => Passage::AnswerLost,
        (_, Some("altered")) => Passage::AnswerAltered,
        _ => Passage::Called,
    }
}

/// What was done, without the names of objects and keys.
fn brief(line: &Line) -> String {
    let object = line.object.as_deref().unwrap_or("an object without name");
    let amount = line.amount_minor.map_or("an amount".into(), |amount| money(amount, line.currency.as_deref()));
    let refused = line.is_refused();
    if line.replayed {
        return "gives its stored answer again".into();
    }
    match (line.provider.as_str(), line.op.as_str()) {
        ("payment" | "backup_payment", op) => match op {
            "create" => format!("prepares a payment of {amount}"),
            "challenge" => "asks the holder to authenticate".into(),
            "authorise" if refused => {
                let reason =
                    line.decline.as_ref().map_or(String::new(), |code| format!(" ({})", code.replace('_', " ")));
                format!("declines {amount}{reason}")
            }
            "authorise" => format!("authorises {amount}"),
            "capture" if refused => format!("refuses to capture {amount}"),
            "capture" if line.charged => format!("charges {amount}"),
            "capture" => format!("captures {amount}"),
            "void" => "releases what was blocked".into(),
            "expire" => "the authorisation runs out".into(),
            "cancel" => "cancels the payment".into(),
            "refund" if refused => format!("refuses to refund {amount}"),
            "refund" => format!("refunds {amount}"),
            "refund_failed" => format!("a refund of {amount} comes back"),
            "dispute" => format!("the holder disputes {amount}"),
            _ => other(line),
        },
        ("tax", "quote") => format!("quotes a tax of {amount}"),
        ("tax", "document") => {
            format!("files a tax document over {amount}, {}", line.state.as_deref().unwrap_or("saved"))
        }
        ("tax", "commit") => format!("commits tax document {object}"),
        ("tax", "void") => format!("voids tax document {object}"),
        ("warehouse", "dispatch") => "dispatches the goods".into(),
        ("warehouse", "redelivery") => "gets the same message again".into(),
        ("shipping", "rate") => format!("quotes shipping at {amount}"),
        ("shipping", "label") => "sells a label".into(),
        ("fraud", "decision") => format!("says {}", line.state.as_deref().unwrap_or("nothing")),
        _ => other(line),
    }
}

fn other(line: &Line) -> String {
    match line.op.as_str() {
        "webhook" => {
            let event = line.event.as_deref().unwrap_or("a webhook");
            match line.state.as_deref() {
                Some("lost") => format!("never delivers {event}"),
                Some("failed") => format!("cannot deliver {event}"),
                Some("duplicate") => format!("delivers {event} again"),
                _ => format!("delivers {event}"),
            }
        }
        "replay" => "gives its stored answer again".into(),
        "key_reused" => "refuses a key that was used for another request".into(),
        "refused_by_fault" => "is asked and does nothing".into(),
        op => format!(
            "{} {}",
            op.replace('_', " "),
            line.parent.as_deref().or(line.object.as_deref()).unwrap_or_default()
        )
        .trim_end()
        .to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(statement: i64, at_us: i64, op: &str) -> Line {
        Line {
            statement,
            at_us,
            provider: "payment".into(),
            op: op.into(),
            object: Some("ch_1".into()),
            parent: None,
            state: None,
            amount_minor: Some(4590),
            currency: Some("USD".into()),
            key: Some("k".into()),
            http_status: None,
            fault: None,
            effect: None,
            answer: Some("sent".into()),
            replayed: false,
            order: (op == "create").then(|| "O1".into()),
            event: None,
            decline: None,
            charged: false,
            breaks: statement == 2,
        }
    }

    #[test]
    fn what_one_request_did_is_told_once_and_loses_nothing() {
        let told =
            requests(vec![line(1, 5, "create"), line(2, 5, "authorise"), line(3, 5, "capture"), line(4, 9, "capture")]);
        let briefs: Vec<String> = told.iter().map(brief).collect();
        assert_eq!(briefs, ["charges 45.90 USD", "captures 45.90 USD"]);
        assert_eq!((told[0].order.as_deref(), told[0].breaks, told[1].breaks), (Some("O1"), true, false));
    }
}
