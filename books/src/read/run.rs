//! The run as a whole.

use super::rows;
use crate::error::{Error, While};
use crate::joined::Joined;
use model::record::Machine;
use rusqlite::Row;
use std::collections::BTreeMap;

/// The opening of the run, and how far its books got.
#[derive(Clone, Debug, PartialEq)]
pub struct RunRow {
    /// The run's id.
    pub run: String,
    /// Name of the scenario.
    pub scenario: String,
    /// Its description.
    pub description: String,
    /// The seed.
    pub seed: u64,
    /// SHA-256 of the plan, in hex.
    pub plan_hash: String,
    /// Length of the load, in microseconds.
    pub duration_us: u64,
    /// When the file was made: Unix microseconds.
    pub opened_at_us: u64,
    /// Start of the load; none when it never began.
    pub load_began_at_us: Option<u64>,
    /// Version of the harness.
    pub tool_version: String,
    /// What was under test, for people.
    pub shop: String,
    /// The command line that repeats the run.
    pub command: String,
    /// The machine that ran it.
    pub machine: Machine,
    /// The objectives, as their owner wrote them.
    pub objectives: serde_json::Value,
    /// No change for this long is quiet, in microseconds.
    pub quiet_for_us: u64,
    /// Longest wait for quiet, in microseconds.
    pub settle_within_us: u64,
    /// Whether the load was cut short, by a person or by the death of the harness.
    pub interrupted: bool,
    /// Whether the shop was given the time to settle: until quiet, or until the deadline.
    pub settled: bool,
    /// From the end of the load to the reading of the final books, in microseconds.
    pub waited_us: Option<u64>,
    /// The shopper's history.
    pub shopper_book: BookState,
    /// The providers' statements.
    pub statement_book: BookState,
    /// The shop's orders.
    pub orders_book: BookState,
    /// The scan of the shop's files.
    pub files_book: BookState,
}

/// How far a book was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BookState {
    /// Not at all.
    Absent,
    /// In part.
    Incomplete,
    /// To its end.
    Complete,
}

impl BookState {
    fn read(row: &Row<'_>, column: &str) -> rusqlite::Result<Self> {
        Ok(match row.get_ref(column)?.as_str()? {
            "complete" => Self::Complete,
            "incomplete" => Self::Incomplete,
            _ => Self::Absent,
        })
    }
}

/// A phase window of the plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PhaseRow {
    /// From 0; the number in [`Span::Phase`](super::Span::Phase).
    pub number: u32,
    /// What it is for.
    pub kind: PhaseKind,
    /// `warm-up`, `steady`, the fault's name, `after NAME`.
    pub label: String,
    /// From the start of the load, in microseconds.
    pub from_us: u64,
    /// The end, not included.
    pub to_us: u64,
}

/// What a phase is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PhaseKind {
    /// Before the shop is warm.
    WarmUp,
    /// Nothing is broken.
    Steady,
    /// A fault is active.
    Fault,
    /// After a fault.
    Recovery,
}

impl Joined {
    /// The run as a whole.
    pub fn run(&self) -> Result<RunRow, Error> {
        let sql = "SELECT v.*, r.description, r.machine, r.objectives FROM v1_run AS v JOIN run AS r";
        self.conn.query_row(sql, [], read_run).reading("the run")
    }

    /// Facts of other owners: name and value.
    pub fn facts(&self) -> Result<BTreeMap<String, String>, Error> {
        let facts =
            rows(&self.conn, "the facts", "SELECT name, value FROM v1_fact", |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(facts.into_iter().collect())
    }

    /// Scenario file and whatever it includes: name and text.
    pub fn sources(&self) -> Result<BTreeMap<String, String>, Error> {
        let sql = "SELECT name, text FROM v1_source";
        let sources = rows(&self.conn, "the scenario", sql, |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(sources.into_iter().collect())
    }

    /// Required laws and the least exposure of each.
    pub fn required_laws(&self) -> Result<BTreeMap<String, u64>, Error> {
        let sql = "SELECT name, exposure_min FROM v1_required_law";
        let laws =
            rows(&self.conn, "the required laws", sql, |row| Ok((row.get(0)?, row.get::<_, i64>(1)?.cast_unsigned())))?;
        Ok(laws.into_iter().collect())
    }

    /// The phase windows, in order of time.
    pub fn phases(&self) -> Result<Vec<PhaseRow>, Error> {
        let sql = "SELECT number, kind, label, from_us, to_us FROM v1_phase ORDER BY number";
        rows(&self.conn, "the phases", sql, |row| {
            Ok(PhaseRow {
                number: row.get(0)?,
                kind: match row.get_ref(1)?.as_str()? {
                    "warm-up" => PhaseKind::WarmUp,
                    "fault" => PhaseKind::Fault,
                    "recovery" => PhaseKind::Recovery,
                    _ => PhaseKind::Steady,
                },
                label: row.get(2)?,
                from_us: row.get::<_, i64>(3)?.cast_unsigned(),
                to_us: row.get::<_, i64>(4)?.cast_unsigned(),
            })
        })
    }
}

fn read_run(row: &Row<'_>) -> rusqlite::Result<RunRow> {
    let number = |column: &str| row.get::<_, Option<i64>>(column).map(|it| it.map(i64::cast_unsigned));
    let json = |column: &str| row.get::<_, String>(column);
    Ok(RunRow {
        run: row.get("run")?,
        scenario: row.get("scenario")?,
        description: row.get("description")?,
        seed: row.get::<_, String>("seed")?.parse().unwrap_or_default(),
        plan_hash: row.get("plan_hash")?,
        duration_us: number("duration_us")?.unwrap_or_default(),
        opened_at_us: number("opened_at_us")?.unwrap_or_default(),
        load_began_at_us: number("load_began_at_us")?,
        tool_version: row.get("tool_version")?,
        shop: row.get("shop")?,
        command: row.get("command")?,
        machine: serde_json::from_str(&json("machine")?).unwrap_or_default(),
        objectives: serde_json::from_str(&json("objectives")?).unwrap_or_default(),
        quiet_for_us: number("quiet_for_us")?.unwrap_or_default(),
        settle_within_us: number("settle_within_us")?.unwrap_or_default(),
        interrupted: row.get("interrupted")?,
        settled: row.get("final")?,
        waited_us: number("waited_us")?,
        shopper_book: BookState::read(row, "shopper_book")?,
        statement_book: BookState::read(row, "statement_book")?,
        orders_book: BookState::read(row, "orders_book")?,
        files_book: BookState::read(row, "files_book")?,
    })
}
