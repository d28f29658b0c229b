//! The record of a run, put together from its file.

use super::{ENDED_BY_LAW, JudgementError, faults, health, laws, observed, steps};
use books::Joined;
use books::laws::Law;
use books::read::{BookState, RunRow};
use books::rows::EventKind;
use model::judge::{self, Budgets, Ending, GoodService};
use model::record::{self, EventRecord, RunRecord, SCHEMA_VERSION, Series};
use model::seed::Seed;
use std::collections::BTreeMap;

/// Judges joined books.
pub fn assemble(joined: &Joined, laws: &[Law]) -> Result<RunRecord, JudgementError> {
    let run = joined.run()?;
    let facts = joined.facts()?;
    let fault_rows = joined.faults()?;
    let seconds = run.duration_us.div_ceil(1_000_000) as usize;
    let ending = ending(&run);
    let tally = joined.arrival_tally()?;
    let health = health::health(joined, &facts, tally.arrivals, driven(&run, seconds), ending)?;
    let validity = judge::assess(&health, &Budgets::default());
    let laws = laws::examine(joined, laws)?;
    let observations = observed::observations(joined, &run, &fault_rows, &laws)?;
    let objectives = judge::judge(&run.objectives, &observations, &validity, ending, Seed(run.seed));
    let (verdict, reasons) = judge::verdict(&laws, &objectives, &validity, ending);
    let recoveries = judge::recoveries(&observations, GoodService::of(&run.objectives), &validity.invalid_seconds);
    Ok(RunRecord {
        schema_version: SCHEMA_VERSION,
        remarks: remarks(joined, &run, &facts)?,
        run: run.run,
        scenario: run.scenario,
        description: run.description,
        seed: run.seed,
        plan_hash: run.plan_hash,
        doorbuster_version: run.tool_version,
        shop: run.shop,
        started_at: rfc3339(run.load_began_at_us.unwrap_or(run.opened_at_us)),
        duration_s: run.duration_us as f64 / 1e6,
        command: run.command,
        verdict,
        reasons,
        closed_users: health::closed_users(&facts),
        arrivals: tally.arrivals,
        refusals: tally.refusals,
        objectives,
        laws,
        faults: fault_rows.into_iter().map(|row| faults::fault(row, &recoveries)).collect(),
        events: events(joined)?,
        phases: judge::by_phase(&observations),
        steps: steps::table(joined)?,
        generator: health::generator(joined, &facts, &tally.arrivals, &validity)?,
        machine: run.machine,
        money: joined.money()?,
        series: series(joined, judge::by_second(&observations), seconds)?,
    })
}

/// Whole seconds of the load that were driven: of a run that was cut off, those until the last arrival ended.
fn driven(run: &RunRow, seconds: usize) -> usize {
    if run.interrupted { seconds.min((run.last_end_us / 1_000_000) as usize) } else { seconds }
}

fn ending(run: &RunRow) -> Ending {
    if run.interrupted { Ending::Interrupted { after_s: run.last_end_us as f64 / 1e6 } } else { Ending::Complete }
}

fn series(joined: &Joined, purchases: Series, seconds: usize) -> Result<Series, books::Error> {
    let mut series =
        Series { planned: vec![0; seconds], begun: vec![0; seconds], lag_ms: vec![None; seconds], ..purchases };
    for (second, count) in joined.planned_by_second()? {
        if let Some(planned) = series.planned.get_mut(second as usize) {
            *planned = count;
        }
    }
    let samples = joined.samples("generator.")?;
    if samples.iter().all(|sample| sample.name != "generator.begun") {
        // The generator died with its own counts: what is known of the arrivals has to do.
        for (second, count) in joined.begun_by_second()? {
            if let Some(begun) = series.begun.get_mut(second as usize) {
                *begun = count;
            }
        }
    }
    for sample in samples {
        let second = sample.second as usize;
        if second >= seconds {
            continue;
        }
        match sample.name.as_str() {
            "generator.begun" => series.begun[second] = sample.value as u64,
            "generator.lag_max_us" => series.lag_ms[second] = Some(sample.value / 1000.0),
            _ => {}
        }
    }
    Ok(series)
}

/// What moves nothing and should be known: books that are missing or cut short, rows of other runs.
fn remarks(joined: &Joined, run: &RunRow, facts: &BTreeMap<String, String>) -> Result<Vec<String>, books::Error> {
    let mut remarks = Vec::new();
    if let Some(law) = facts.get(ENDED_BY_LAW) {
        remarks.push(format!("the load was ended once law {law} was broken beyond doubt, as asked for"));
    }
    for (state, book) in [
        (run.statement_book, "the providers' statement"),
        (run.orders_book, "the shop's orders book"),
        (run.files_book, "the scan of the shop's files"),
        (run.settlement_book, "the payment providers' settlement reports"),
    ] {
        match state {
            BookState::Absent => remarks.push(format!("{book} was not read: laws that need it are not exercised")),
            BookState::Incomplete => {
                remarks.push(format!("{book} was not read to its end: laws that need it are undecided"));
            }
            BookState::Complete => {}
        }
    }
    if let Some((shoppers, step)) = joined.turned_away()? {
        let came = if shoppers == 1 { "1 shopper who".into() } else { format!("{shoppers} shoppers who") };
        remarks.push(format!("{came} came to buy could not submit: most were turned away at step `{step}`"));
    }
    let aside = joined.set_aside()?;
    if aside > 0 {
        remarks.push(format!("{aside} rows of other runs were set aside"));
    }
    Ok(remarks)
}

/// What happened beside the faults, which have their own table.
fn events(joined: &Joined) -> Result<Vec<EventRecord>, books::Error> {
    let kind = |kind| match kind {
        EventKind::FaultBegan | EventKind::FaultEnded => None,
        EventKind::Process => Some(record::EventKind::Process),
        EventKind::Action => Some(record::EventKind::Action),
        EventKind::External => Some(record::EventKind::External),
        EventKind::Note => Some(record::EventKind::Note),
    };
    let mut events: Vec<EventRecord> = joined
        .events()?
        .into_iter()
        .filter_map(|event| {
            let at_s = event.at_us as f64 / 1e6;
            Some(EventRecord { at_s, kind: kind(event.kind)?, name: event.name, text: event.text })
        })
        .collect();
    events.sort_by(|one, other| one.at_s.total_cmp(&other.at_s));
    Ok(events)
}

/// An instant as RFC 3339 in UTC, to the second.
fn rfc3339(unix_us: u64) -> String {
    jiff::Timestamp::from_second((unix_us / 1_000_000) as i64).map_or_else(|_| String::new(), |at| at.to_string())
}
