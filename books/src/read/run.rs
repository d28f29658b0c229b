//! The run as a whole.

use super::{count_at, rows};
use crate::error::{Error, While};
use crate::joined::Joined;
use model::objective::Objective;
use model::plan::{Phase, PhaseWindow};
use model::record::Machine;
use rusqlite::Row;
use rusqlite::types::Type;
use serde::de::DeserializeOwned;
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
    /// The objectives.
    pub objectives: Vec<Objective>,
    /// Whether the load was cut short, by a person or by the death of the harness.
    pub interrupted: bool,
    /// End of the arrival that ended last, in microseconds from the start of the load; 0 when none did.
    pub last_end_us: u64,
    /// Whether the shop was given the time to settle: until quiet, or until the deadline.
    pub settled: bool,
    /// The providers' statements.
    pub statement_book: BookState,
    /// The shop's orders.
    pub orders_book: BookState,
    /// The scan of the shop's files.
    pub files_book: BookState,
    /// The payment providers' settlement reports.
    pub settlement_book: BookState,
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

impl Joined {
    /// The run as a whole.
    pub fn run(&self) -> Result<RunRow, Error> {
        let sql = "SELECT v.*, r.description, r.machine, r.objectives,
                          (SELECT coalesce(max(ended_us), 0) FROM arrival_end WHERE outcome <> 'shed') AS last_end_us
                   FROM v1_run AS v JOIN run AS r";
        self.conn.query_row(sql, [], read_run).reading("the run")
    }

    /// Facts of other owners: name and value.
    pub fn facts(&self) -> Result<BTreeMap<String, String>, Error> {
        let facts =
            rows(&self.conn, "the facts", "SELECT name, value FROM v1_fact", [], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(facts.into_iter().collect())
    }

    /// Scenario file and whatever it includes: name and text.
    pub fn sources(&self) -> Result<BTreeMap<String, String>, Error> {
        let sql = "SELECT name, text FROM v1_source";
        let sources = rows(&self.conn, "the scenario", sql, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(sources.into_iter().collect())
    }

    /// Required laws and the least exposure of each.
    pub fn required_laws(&self) -> Result<BTreeMap<String, u64>, Error> {
        let sql = "SELECT name, exposure_min FROM v1_required_law";
        let laws = rows(&self.conn, "the required laws", sql, [], |row| Ok((row.get(0)?, count_at(row, 1)?)))?;
        Ok(laws.into_iter().collect())
    }

    /// The phase windows, in order of time.
    pub fn phases(&self) -> Result<Vec<PhaseWindow>, Error> {
        let sql = "SELECT kind, label, from_us, to_us FROM v1_phase ORDER BY number";
        rows(&self.conn, "the phases", sql, [], |row| {
            let label: String = row.get(1)?;
            let phase = match row.get_ref(0)?.as_str()? {
                "warm-up" => Phase::WarmUp,
                "fault" => Phase::Fault(label),
                "recovery" => Phase::Recovery(label.strip_prefix("after ").unwrap_or(&label).to_owned()),
                _ => Phase::Steady,
            };
            Ok(PhaseWindow { phase, from_us: count_at(row, 2)?, to_us: count_at(row, 3)? })
        })
    }
}

fn read_run(row: &Row<'_>) -> rusqlite::Result<RunRow> {
    let number = |column: &str| row.get::<_, Option<i64>>(column).map(|it| it.map(i64::cast_unsigned));
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
        machine: json_at(row, "machine")?,
        objectives: json_at(row, "objectives")?,
        interrupted: row.get("interrupted")?,
        last_end_us: number("last_end_us")?.unwrap_or_default(),
        settled: row.get("final")?,
        statement_book: BookState::read(row, "statement_book")?,
        orders_book: BookState::read(row, "orders_book")?,
        files_book: BookState::read(row, "files_book")?,
        settlement_book: BookState::read(row, "settlement_book")?,
    })
}

fn json_at<T: DeserializeOwned>(row: &Row<'_>, name: &str) -> rusqlite::Result<T> {
    let column = row.as_ref().column_index(name)?;
    serde_json::from_str(row.get_ref(column)?.as_str()?)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error)))
}
