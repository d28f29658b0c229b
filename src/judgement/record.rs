//! The record of a run, put together from its file.

use super::{JudgementError, faults, health, laws, observed, one, rows, steps};
use books::Joined;
use books::laws::Law;
use model::judge::{self, Budgets, Ending, GoodService, Validity};
use model::objective::Objective;
use model::record::{Arrivals, Generator, Machine, MoneyRecord, RunRecord, SCHEMA_VERSION, Series};
use model::seed::Seed;
use rusqlite::Connection;

/// What the file says of the run as a whole.
struct Opening {
    run: String,
    scenario: String,
    description: String,
    seed: u64,
    plan_hash: String,
    tool_version: String,
    shop: String,
    command: String,
    machine: Machine,
    objectives: Vec<Objective>,
    duration_us: u64,
    began_at_us: u64,
    ending: Ending,
}

/// Judges joined books.
pub fn assemble(joined: &Joined, conn: &Connection, laws: &[Law]) -> Result<RunRecord, JudgementError> {
    let opening = opening(conn)?;
    let seconds = opening.duration_us.div_ceil(1_000_000) as usize;
    let arrivals = health::arrivals(conn)?;
    let validity = judge::assess(&health::health(conn, arrivals, seconds)?, &Budgets::default());
    let observations = observed::observations(conn)?;
    let objectives = judge::judge(&opening.objectives, &observations, &validity, opening.ending, Seed(opening.seed));
    let laws = laws::examine(joined, conn, laws)?;
    let (verdict, reasons) = judge::verdict(&laws, &objectives, &validity, opening.ending);
    let recoveries = judge::recoveries(&observations, GoodService::of(&opening.objectives), &validity.invalid_seconds);
    Ok(RunRecord {
        schema_version: SCHEMA_VERSION,
        run: opening.run,
        scenario: opening.scenario,
        description: opening.description,
        seed: opening.seed,
        plan_hash: opening.plan_hash,
        doorbuster_version: opening.tool_version,
        shop: opening.shop,
        started_at: rfc3339(opening.began_at_us),
        duration_s: opening.duration_us as f64 / 1e6,
        command: opening.command,
        verdict,
        reasons,
        arrivals,
        refusals: rows(
            conn,
            "the refusals",
            "SELECT refusal, count(*) FROM v1_arrival WHERE refusal IS NOT NULL GROUP BY refusal",
            |row| Ok((row.get(0)?, row.get::<_, i64>(1)? as u64)),
        )?
        .into_iter()
        .collect(),
        objectives,
        laws,
        faults: faults::faults(conn, &recoveries)?,
        phases: judge::by_phase(&observations),
        steps: steps::table(conn)?,
        generator: generator(conn, &arrivals, &validity)?,
        machine: opening.machine,
        money: money(conn)?,
        series: series(conn, judge::by_second(&observations), seconds)?,
        remarks: remarks(conn)?,
    })
}

fn opening(conn: &Connection) -> Result<Opening, JudgementError> {
    let (machine, objectives): (String, String) =
        one(conn, "the run", "SELECT machine, objectives FROM run", |row| Ok((row.get(0)?, row.get(1)?)))?;
    let value = |what, error: serde_json::Error| JudgementError::Value { what, reason: error.to_string() };
    let machine = serde_json::from_str(&machine).map_err(|error| value("the machine", error))?;
    let objectives = serde_json::from_str(&objectives).map_err(|error| value("the objectives", error))?;
    let sql = "SELECT run, scenario, description, seed, plan_hash, tool_version, shop, command, duration_us,
                      coalesce(load_began_at_us, opened_at_us),
                      CASE WHEN load_ended = 'completed' THEN NULL
                           ELSE (SELECT coalesce(max(ended_us), 0) / 1e6 FROM arrival_end) END
               FROM run";
    one(conn, "the run", sql, |row| {
        let interrupted_after_s: Option<f64> = row.get(10)?;
        Ok(Opening {
            run: row.get(0)?,
            scenario: row.get(1)?,
            description: row.get(2)?,
            seed: row.get::<_, String>(3)?.parse().unwrap_or(0),
            plan_hash: row.get(4)?,
            tool_version: row.get(5)?,
            shop: row.get(6)?,
            command: row.get(7)?,
            machine: Machine::clone(&machine),
            objectives: Vec::clone(&objectives),
            duration_us: row.get::<_, i64>(8)? as u64,
            began_at_us: row.get::<_, i64>(9)? as u64,
            ending: interrupted_after_s.map_or(Ending::Complete, |after_s| Ending::Interrupted { after_s }),
        })
    })
}

fn generator(conn: &Connection, arrivals: &Arrivals, validity: &Validity) -> Result<Generator, JudgementError> {
    Ok(Generator {
        valid: validity.is_whole(),
        invalid_seconds: validity.invalid_count(),
        reasons: validity.void.iter().chain(&validity.causes).cloned().collect(),
        ..health::generator(conn, arrivals)?
    })
}

fn money(conn: &Connection) -> Result<Vec<MoneyRecord>, JudgementError> {
    let sql = "
        SELECT currency, sum(captured), sum(refunded), sum(owed) FROM (
            SELECT upper(currency) AS currency, captured_minor AS captured, refunded_minor AS refunded, 0 AS owed
            FROM v1_charge WHERE currency IS NOT NULL
            UNION ALL
            SELECT upper(currency), 0, 0, total_minor FROM v1_order WHERE accepted AND currency IS NOT NULL
        ) GROUP BY currency ORDER BY currency";
    rows(conn, "the money", sql, |row| {
        Ok(MoneyRecord {
            currency: row.get(0)?,
            captured_minor: row.get::<_, Option<i64>>(1)?.unwrap_or(0),
            refunded_minor: row.get::<_, Option<i64>>(2)?.unwrap_or(0),
            owed_minor: row.get::<_, Option<i64>>(3)?.unwrap_or(0),
        })
    })
}

fn series(conn: &Connection, purchases: Series, seconds: usize) -> Result<Series, JudgementError> {
    let mut series =
        Series { planned: vec![0; seconds], begun: vec![0; seconds], lag_ms: vec![None; seconds], ..purchases };
    let planned = "SELECT intended_us / 1000000, 'planned', count(*) FROM v1_arrival GROUP BY 1";
    let samples = "SELECT second, name, value FROM v1_sample WHERE name IN ('generator.begun', 'generator.lag_max_us')";
    let sql = format!("{planned} UNION ALL {samples}");
    let read =
        |row: &rusqlite::Row<'_>| Ok((row.get::<_, i64>(0)? as usize, row.get::<_, String>(1)?, row.get::<_, f64>(2)?));
    for (second, name, value) in rows(conn, "the rates", &sql, read)? {
        if second >= seconds {
            continue;
        }
        match name.as_str() {
            "planned" => series.planned[second] = value as u64,
            "generator.begun" => series.begun[second] = value as u64,
            _ => series.lag_ms[second] = Some(value / 1000.0),
        }
    }
    Ok(series)
}

/// What moves nothing and should be known: books that are missing or cut short, rows of other runs, children that ended unasked.
fn remarks(conn: &Connection) -> Result<Vec<String>, JudgementError> {
    let mut remarks = Vec::new();
    for (column, book) in [
        ("statement_book", "the providers' statement"),
        ("orders_book", "the shop's orders book"),
        ("files_book", "the scan of the shop's files"),
    ] {
        let state: String = one(conn, "the run", &format!("SELECT {column} FROM v1_run"), |row| row.get(0))?;
        match state.as_str() {
            "absent" => remarks.push(format!("{book} was not read: laws that need it are not exercised")),
            "incomplete" => remarks.push(format!("{book} was not read to its end: laws that need it are undecided")),
            _ => {}
        }
    }
    let aside = "SELECT sum(rows) FROM v1_set_aside";
    if let Some(count) = one(conn, "rows of other runs", aside, |row| row.get::<_, Option<i64>>(0))? {
        remarks.push(format!("{count} rows of other runs were set aside"));
    }
    let ends = "SELECT at_us / 1e6, text FROM v1_event WHERE kind = 'process' ORDER BY event";
    remarks.extend(rows(conn, "the events", ends, |row| {
        Ok(format!("at {:.1} s: {}", row.get::<_, f64>(0)?, row.get::<_, String>(1)?))
    })?);
    Ok(remarks)
}

/// An instant as RFC 3339 in UTC, to the second.
fn rfc3339(unix_us: u64) -> String {
    jiff::Timestamp::from_second((unix_us / 1_000_000) as i64).map_or_else(|_| String::new(), |at| at.to_string())
}
