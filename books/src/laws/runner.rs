//! Examines one law: counts by finding, and keeps the text of the first subjects that did not hold.

use super::NeededBook;
use super::finding::{FIRST_MAX, Judgement, LawFinding, LawRow, Subject};
use super::header::Law;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row, Statement};
use std::collections::BTreeMap;
use std::num::NonZeroU64;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

/// Longest time that a law may take.
const PATIENCE: Duration = Duration::from_secs(300);

/// What was counted.
#[derive(Default)]
struct Count {
    examined: u64,
    violated: u64,
    undecided: u64,
    exposure: u64,
    violations: Vec<Subject>,
    worst: Option<Subject>,
    at_stake: BTreeMap<String, i64>,
    doubts: Vec<Subject>,
}

/// Examines a law over joined books. A law that fails to run is undecided, never a pass.
#[must_use]
pub fn examine(conn: &Connection, law: &Law) -> LawFinding {
    let (judgement, count) = match books_of(conn, law) {
        Err(error) => (crashed(&error.to_string()), Count::default()),
        Ok(Books::Absent(book)) => {
            (Judgement::NotExercised { why: format!("{} is not there", book.phrase()) }, Count::default())
        }
        Ok(Books::There { incomplete }) => match count_patiently(conn, law) {
            Err(error) => (crashed(&error), Count::default()),
            Ok(count) => (judge(law, &count, incomplete), count),
        },
    };
    LawFinding {
        name: law.name.clone(),
        sentence: law.sentence.clone(),
        judgement,
        exposure: count.exposure,
        exposure_means: law.exposure.clone(),
        violations: count.violations,
        worst: count.worst,
        at_stake: count.at_stake,
        doubts: count.doubts,
    }
}

fn crashed(error: &str) -> Judgement {
    Judgement::Undecided {
        examined: 0,
        undecided: 0,
        suspected: 0,
        why: format!("the law could not be examined: {error}"),
    }
}

/// How far the books that a law needs were read.
enum Books {
    Absent(NeededBook),
    There { incomplete: Option<NeededBook> },
}

fn books_of(conn: &Connection, law: &Law) -> rusqlite::Result<Books> {
    let mut incomplete = None;
    for book in &law.needs {
        let column = format!("SELECT {}_book FROM v1_run", book.name());
        let state: String = conn.query_row(&column, [], |row| row.get(0))?;
        match state.as_str() {
            "absent" => return Ok(Books::Absent(*book)),
            "complete" => {}
            _ => incomplete = incomplete.or(Some(*book)),
        }
    }
    Ok(Books::There { incomplete })
}

fn judge(law: &Law, count: &Count, incomplete: Option<NeededBook>) -> Judgement {
    let undecided = |why| Judgement::Undecided {
        examined: count.examined,
        undecided: count.undecided,
        suspected: count.violated,
        why,
    };
    match (NonZeroU64::new(count.examined), NonZeroU64::new(count.violated), incomplete) {
        (Some(examined), Some(violated), None) => {
            Judgement::Violated { examined, violated, undecided: count.undecided }
        }
        (Some(examined), Some(violated), Some(_)) if law.stands.is_some() => {
            Judgement::Violated { examined, violated, undecided: count.undecided }
        }
        (_, _, Some(book)) => undecided(format!("{} was not read to its end", book.phrase())),
        (None, ..) => Judgement::NotExercised { why: "nothing in the books is of the kind that it examines".into() },
        (Some(examined), None, None) if count.undecided == 0 => Judgement::Held { examined },
        (Some(examined), None, None) => undecided(format!("{} of {examined} cannot be told", count.undecided)),
    }
}

/// Counts, and interrupts the query when it takes too long.
fn count_patiently(conn: &Connection, law: &Law) -> Result<Count, String> {
    let interrupt = conn.get_interrupt_handle();
    let (done, wait) = channel::<()>();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            if wait.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
                interrupt.interrupt();
            }
        });
        let count = count(conn, law);
        drop(done);
        count
    })
}

/// Counts first, without the texts: where all held, nobody reads them, and what is not asked for is not worked out.
fn count(conn: &Connection, law: &Law) -> Result<Count, String> {
    let text = |error: rusqlite::Error| error.to_string();
    let statement = conn.prepare(&law.sql).map_err(text)?;
    if !statement.readonly() {
        return Err("it would change the run file".into());
    }
    let columns = Columns::of(&statement)?;
    let query = law.sql.trim().trim_end_matches(';');
    let mut count = Count::default();
    if let Ok(mut counting) = conn.prepare(&format!("SELECT exposed, finding FROM (\n{query}\n)")) {
        if count.all_held(&mut counting)? {
            return Ok(count);
        }
        let mut others =
            conn.prepare(&format!("SELECT * FROM (\n{query}\n) WHERE finding IS NOT 'held'")).map_err(text)?;
        let mut rows = others.query([]).map_err(text)?;
        while let Some(row) = rows.next().map_err(text)? {
            count.judge(&columns, row)?;
        }
        return Ok(count);
    }
    // A query that cannot stand within another one is read row by row.
    let mut statement = statement;
    let mut rows = statement.query([]).map_err(text)?;
    while let Some(row) = rows.next().map_err(text)? {
        count.examine(row, columns.exposed)?;
        count.judge(&columns, row)?;
    }
    Ok(count)
}

/// The first rows that a law returns, as they come; none where it cannot run.
#[must_use]
pub fn rows(conn: &Connection, law: &Law, rows_max: usize) -> Vec<LawRow> {
    let first = || -> Result<Vec<LawRow>, String> {
        let text = |error: rusqlite::Error| error.to_string();
        let mut statement = conn.prepare(&law.sql).map_err(text)?;
        let columns = Columns::of(&statement)?;
        let mut rows = statement.query([]).map_err(text)?;
        let mut first = Vec::new();
        while let Some(row) = rows.next().map_err(text)?.filter(|_| first.len() < rows_max) {
            let exposed: Option<i64> = row.get(columns.exposed).map_err(text)?;
            let finding = text_at(row, columns.finding)?.unwrap_or_default();
            first.push(LawRow { subject: columns.subject(row)?, finding, exposed: exposed.unwrap_or(0) != 0 });
        }
        Ok(first)
    };
    first().unwrap_or_default()
}

/// Where the columns of a law stand.
struct Columns {
    subject: usize,
    finding: usize,
    why: usize,
    exposed: usize,
    intent: Option<usize>,
    order_number: Option<usize>,
    weight: Option<usize>,
    currency: Option<usize>,
    statement: Option<usize>,
}

impl Columns {
    fn of(statement: &Statement<'_>) -> Result<Self, String> {
        let place = |name: &str| statement.column_index(name).map_err(|_| format!("it has no column `{name}`"));
        Ok(Self {
            subject: place("subject")?,
            finding: place("finding")?,
            why: place("why")?,
            exposed: place("exposed")?,
            intent: place("intent").ok(),
            order_number: place("order_number").ok(),
            weight: place("weight").ok(),
            currency: place("currency").ok(),
            statement: place("statement").ok(),
        })
    }

    fn subject(&self, row: &Row<'_>) -> Result<Subject, String> {
        Ok(Subject {
            subject: text_at(row, self.subject)?.unwrap_or_default(),
            why: text_at(row, self.why)?.unwrap_or_default(),
            intent: self.intent.map(|column| text_at(row, column)).transpose()?.flatten(),
            order_number: self.order_number.map(|column| text_at(row, column)).transpose()?.flatten(),
            weight: number_at(row, self.weight)?.unwrap_or(1),
            currency: self.currency.map(|column| text_at(row, column)).transpose()?.flatten(),
            statement: number_at(row, self.statement)?,
        })
    }
}

impl Count {
    /// Counts subjects and exposure by a query of `exposed` and `finding`; whether every finding is `held`.
    fn all_held(&mut self, counting: &mut Statement<'_>) -> Result<bool, String> {
        let text = |error: rusqlite::Error| error.to_string();
        let mut rows = counting.query([]).map_err(text)?;
        let mut all_held = true;
        while let Some(row) = rows.next().map_err(text)? {
            self.examine(row, 0)?;
            all_held &= matches!(row.get_ref(1).map_err(text)?, ValueRef::Text(b"held"));
        }
        Ok(all_held)
    }

    fn examine(&mut self, row: &Row<'_>, exposed: usize) -> Result<(), String> {
        self.examined += 1;
        let exposed: Option<i64> = row.get(exposed).map_err(|error| format!("column `exposed`: {error}"))?;
        self.exposure += u64::from(exposed.unwrap_or(0) != 0);
        Ok(())
    }

    fn judge(&mut self, columns: &Columns, row: &Row<'_>) -> Result<(), String> {
        let finding = row.get_ref(columns.finding).map_err(|error| error.to_string())?;
        match finding.as_str_or_null().map_err(|error| format!("column `finding`: {error}"))? {
            Some("held") => {}
            Some("violated") => {
                self.violated += 1;
                let subject = columns.subject(row)?;
                if let Some(currency) = subject.currency.as_ref().filter(|currency| !currency.is_empty()) {
                    *self.at_stake.entry(currency.clone()).or_default() += subject.weight;
                }
                if self.worst.as_ref().is_none_or(|worst| subject.is_worse_than(worst)) {
                    self.worst = Some(subject.clone());
                }
                keep(&mut self.violations, subject);
            }
            Some("undecided") => {
                self.undecided += 1;
                keep(&mut self.doubts, columns.subject(row)?);
            }
            other => {
                let subject = columns.subject(row)?.subject;
                return Err(format!("its finding for `{subject}` is `{}`", other.unwrap_or("NULL")));
            }
        }
        Ok(())
    }
}

/// Keeps the first ones by name, whatever the order in which they come.
fn keep(first: &mut Vec<Subject>, subject: Subject) {
    let place = first.partition_point(|known| known.rank() <= subject.rank());
    if place < FIRST_MAX {
        first.insert(place, subject);
        first.truncate(FIRST_MAX);
    }
}

/// A whole number in a column that a law need not have; the fraction of another is cut off.
fn number_at(row: &Row<'_>, column: Option<usize>) -> Result<Option<i64>, String> {
    let Some(column) = column else { return Ok(None) };
    Ok(match row.get_ref(column).map_err(|error| error.to_string())? {
        ValueRef::Integer(number) => Some(number),
        ValueRef::Real(number) => Some(number as i64),
        ValueRef::Null | ValueRef::Text(_) | ValueRef::Blob(_) => None,
    })
}

fn text_at(row: &Row<'_>, column: usize) -> Result<Option<String>, String> {
    Ok(match row.get_ref(column).map_err(|error| error.to_string())? {
        ValueRef::Null => None,
        ValueRef::Integer(number) => Some(number.to_string()),
        ValueRef::Real(number) => Some(number.to_string()),
        ValueRef::Text(text) => Some(String::from_utf8_lossy(text).into_owned()),
        ValueRef::Blob(_) => return Err("a column holds bytes".into()),
    })
}
