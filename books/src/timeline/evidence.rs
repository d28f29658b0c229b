//! When a violation could first be seen: the instant of the first row that it rests on.

use super::Whom;
use crate::error::{Error, While};
use crate::joined::Joined;
use crate::laws::{Law, NeededBook, Subject};
use rusqlite::{Connection, OptionalExtension, params};

/// Rows that prepare, repeat or announce: a violation does not rest on them.
const ASIDE: &str = "('webhook', 'create', 'quote', 'replay', 'refused_by_fault')";

impl Joined {
    /// Microseconds from the start of the load to the first row that a violation of the law rests on, the earliest of these
    /// subjects; none when no row of theirs has a time.
    ///
    /// For a subject: its first row in the statement by which money, goods or documents moved (of the kinds that the law names
    /// as its evidence, if it does); without one, or where the law does not need the statement, its shopper's first answer to a
    /// submission. An article, a promotion or a voucher has the rows of the order that passed its limit. Instants of a
    /// provider whose clock was moved are passed over, and so is a canary: it is bought for before the load begins, and what the
    /// shop still does for it afterwards is no measure of how soon the load showed anything.
    pub fn first_evidence_us(&self, law: &Law, subjects: &[Subject]) -> Result<Option<u64>, Error> {
        let conn = self.for_stories();
        let span = Span::of(conn).reading("the run")?;
        let mut first = None;
        for subject in subjects {
            let mut whom = self.whom(subject)?;
            if whom == Whom::default() {
                let order = past_the_limit(conn, &subject.subject).reading("the limits")?;
                whom.orders.extend(order);
            }
            let seen = evidence(conn, law, &whom, &span).reading("the evidence")?;
            first = [first, seen].into_iter().flatten().min();
        }
        Ok(first)
    }
}

/// The run on the clock of the statement.
struct Span {
    began_us: i64,
    length_us: i64,
}

impl Span {
    fn of(conn: &Connection) -> rusqlite::Result<Self> {
        let told =
            "SELECT coalesce(load_began_at_us, opened_at_us), duration_us + coalesce(waited_us, 0) + settle_within_us,
                           (SELECT coalesce(max(done_us), 0) FROM v1_attempt)
                    FROM v1_run";
        conn.query_row(told, [], |row| {
            let (planned_us, driven_us): (i64, i64) = (row.get(1)?, row.get(2)?);
            Ok(Self { began_us: row.get(0)?, length_us: planned_us.max(driven_us) })
        })
    }
}

fn evidence(conn: &Connection, law: &Law, whom: &Whom, span: &Span) -> rusqlite::Result<Option<u64>> {
    if is_canary(conn, whom)? {
        return Ok(None);
    }
    let moved = if law.needs.contains(&NeededBook::Statement) { moved(conn, law, whom, span)? } else { None };
    match moved {
        Some(at_us) => Ok(Some(at_us)),
        None => answered(conn, whom),
    }
}

/// Whether the subject is of an intent that no arrival of the load had.
fn is_canary(conn: &Connection, whom: &Whom) -> rusqlite::Result<bool> {
    let apart = "FROM v1_intent AS i WHERE i.arrival IS NOT NULL
                 AND NOT EXISTS (SELECT 1 FROM v1_arrival AS a WHERE a.arrival = i.arrival)";
    if let Some(intent) = &whom.intent {
        return conn
            .query_row(&format!("SELECT EXISTS (SELECT 1 {apart} AND i.intent = ?1)"), [intent], |row| row.get(0));
    }
    let placed = format!(
        "SELECT EXISTS (SELECT 1 {apart} AND i.intent = (SELECT o.intent FROM v1_order AS o WHERE o.order_seq = ?1))"
    );
    for order in &whom.orders {
        if !conn.query_row(&placed, [order], |row| row.get(0))? {
            return Ok(false);
        }
    }
    Ok(!whom.orders.is_empty())
}

/// The first row of the statement that the violation rests on.
fn moved(conn: &Connection, law: &Law, whom: &Whom, span: &Span) -> rusqlite::Result<Option<u64>> {
    let first = |filter: &str, value: &dyn rusqlite::ToSql| {
        let sql = format!(
            "SELECT min(at_us) FROM v1_statement
             WHERE {filter} AND NOT replayed AND op NOT IN {ASIDE} AND at_us BETWEEN ?2 AND ?2 + ?3
               AND (?4 = '' OR instr(?4, ' ' || op || ' ') > 0)"
        );
        let kinds = if law.evidence.is_empty() { String::new() } else { format!(" {} ", law.evidence.join(" ")) };
        let row = conn.query_row(&sql, params![value, span.began_us, span.length_us, kinds], |row| row.get(0));
        row.map(|at_us: Option<i64>| at_us.map(|at_us| (at_us - span.began_us) as u64))
    };
    // A subject that is itself an object has rows of its own.
    if let Some(object) = &whom.object
        && let Some(at_us) = first("object = ?1", object)?
    {
        return Ok(Some(at_us));
    }
    let mut found = Vec::new();
    if let Some(intent) = &whom.intent {
        found.extend(first("intent = ?1", intent)?);
    }
    for order in &whom.orders {
        found.extend(first("order_seq = ?1", order)?);
    }
    Ok(found.into_iter().min())
}

/// When the shopper of the subject had the first answer to a submission.
fn answered(conn: &Connection, whom: &Whom) -> rusqlite::Result<Option<u64>> {
    let mut intents: Vec<String> = whom.intent.iter().cloned().collect();
    for order in &whom.orders {
        let intent = conn.query_row("SELECT intent FROM v1_order WHERE order_seq = ?1", [order], |row| row.get(0));
        intents.extend(intent.optional()?.flatten());
    }
    let mut first = None;
    for intent in intents {
        let done: Option<i64> = conn.query_row(
            "SELECT min(done_us) FROM v1_attempt WHERE intent = ?1 AND kind IN ('submit', 'second_card')",
            [intent],
            |row| row.get(0),
        )?;
        first = [first, done.map(|us| us.max(0) as u64)].into_iter().flatten().min();
    }
    Ok(first)
}

/// The order with which an article, a promotion or a voucher passed its limit; the first that wanted it where none did.
fn past_the_limit(conn: &Connection, subject: &str) -> rusqlite::Result<Option<i64>> {
    let taken = [
        "SELECT l.order_seq, sum(l.quantity), (SELECT stock FROM v1_stock WHERE sku = ?1)
         FROM v1_order_line AS l WHERE l.sku = ?1 GROUP BY l.order_seq ORDER BY l.order_seq",
        "SELECT order_seq, 1, (SELECT uses FROM v1_promotion WHERE code = ?1)
         FROM v1_order WHERE promotion = ?1 AND accepted ORDER BY order_seq",
        "SELECT order_seq, credit_minor, (SELECT balance_minor FROM v1_voucher WHERE code = ?1)
         FROM v1_order WHERE voucher = ?1 AND accepted ORDER BY order_seq",
    ];
    for sql in taken {
        let mut select = conn.prepare(sql)?;
        let rows = select.query_map([subject], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        let rows = rows.collect::<rusqlite::Result<Vec<(i64, i64, Option<i64>)>>>()?;
        let mut sum = 0;
        let past = rows.iter().find(|(_, quantity, limit)| {
            sum += quantity;
            limit.is_some_and(|limit| sum > limit)
        });
        if let Some((order, ..)) = past.or(rows.first()) {
            return Ok(Some(*order));
        }
    }
    Ok(None)
}
