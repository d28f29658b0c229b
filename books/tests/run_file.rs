//! The file itself: written while the run goes on, readable after a crash, one file at the end.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use books::Joined;
use books::file::RunFile;
use books::intake::{Complete, Fact, LoadEnd, Settled};
use books::opening::{FaultKind, FaultPlan, MixName, Opening};
use books::read::{BookState, Span, to_undo};
use books::rows::{
    ArrivalEnd, Attempt, AttemptKind, Batch, Event, EventKind, OrderRow, Sample, StatementRow, Timings, Window,
};
use books::writer::Writer;
use hdrhistogram::Histogram;
use model::card::Card;
use model::objective::Measure;
use model::outcome::{Outcome, Reading, Refusal};
use model::plan::{Arrival, Manner, Phase, PhaseWindow, RunPlan};
use model::seed::Seed;
use rusqlite::Connection;
use std::path::{Path, PathBuf};

fn opening() -> Opening {
    Opening {
        run: "r7".into(),
        scenario: "small".into(),
        tool_version: "0.1.0".into(),
        sources: vec![("small.yaml".into(), "name: small\n".into())],
        mix: vec![MixName { journey: "buyer".into(), buys: true }],
        stock: [("MUG".into(), 2)].into(),
        required_laws: [("no_intent_is_charged_twice".into(), 100)].into(),
        faults: vec![FaultPlan {
            name: "lost".into(),
            what: "answers are lost".into(),
            target: FaultKind::Provider,
            from_us: 1_000_000,
            to_us: 2_000_000,
        }],
        objectives: serde_json::json!([{"measure": "Availability", "scope": "Run", "target": {"at_least": 0.99}}]),
        settle_within_us: 60_000_000,
        ..Opening::default()
    }
}

fn plan(arrivals: u64) -> RunPlan {
    let arrival = |number| Arrival {
        number,
        intended_us: number * 1000,
        mix: 0,
        card: Card::Ok,
        manner: Manner::default(),
        seed: Seed(number),
    };
    RunPlan {
        scenario: "small".into(),
        seed: Seed(u64::MAX),
        duration_us: 3_000_000,
        arrivals: (0..arrivals).map(arrival).collect(),
        phases: vec![PhaseWindow { phase: Phase::Fault("lost".into()), from_us: 0, to_us: 3_000_000 }],
    }
}

fn place() -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("run.db");
    (directory, path)
}

fn create(path: &Path) -> RunFile {
    RunFile::create(path, &opening(), &plan(3)).unwrap()
}

fn end(number: u64, outcome: Outcome, refusal: Option<Refusal>) -> ArrivalEnd {
    ArrivalEnd { number, begun_us: Some(number * 1000), ended_us: number * 1000 + 500, outcome, refusal, step: None }
}

fn attempt(number: u64) -> Attempt {
    Attempt {
        arrival: number,
        intent: Some(format!("r7.{number}.0")),
        step: "checkout".into(),
        kind: AttemptKind::Submit,
        key: Some(format!("k{number}")),
        intended_us: 0,
        sent_us: Some(1),
        done_us: 2,
        status: Some(201),
        reading: Reading::Ok,
        order_number: None,
        total_minor: None,
        card: None,
        remark: None,
        shows: None,
    }
}

fn capture(seq: u64, intent: &str) -> StatementRow {
    let text = format!(
        r#"{{"seq":{seq},"at_us":1,"run":"r7","provider":"payment","op":"capture","object":"ch_{seq}","parent":"pi_{seq}",
            "amount_minor":100,"currency":"usd","intent":"{intent}","fault":"lost","answer":"lost"}}"#
    );
    serde_json::from_str(&text).unwrap()
}

#[test]
fn what_is_written_is_read_again_from_one_file() {
    let (directory, path) = place();
    let writer = Writer::start(create(&path)).unwrap();
    let intake = writer.intake();
    let batch = Batch {
        arrivals: vec![end(0, Outcome::Confirmed, None), end(1, Outcome::Rejected, Some(Refusal::Declined))],
        attempts: vec![attempt(0)],
        samples: vec![Sample { second: 1, name: "shop.cpu_s".into(), value: 0.5 }],
        statement: vec![capture(1, "r7.0.0")],
        ..Batch::default()
    };
    intake.give(batch).unwrap();
    intake.statement(0, vec![capture(1, "r7.0.0"), capture(2, "r7.0.0")]).unwrap();
    intake
        .orders(vec![OrderRow {
            seq: 1,
            number: "O1".into(),
            state: "paid".into(),
            intent: Some("r7.0.0".into()),
            ..OrderRow::default()
        }])
        .unwrap();
    for fact in [
        Fact::LoadBegan(5),
        Fact::LoadEnded(LoadEnd::Completed),
        Fact::StatementReadTo { process: 0, seq: 2, complete: Complete::Yes },
        Fact::OrdersRead(Complete::Yes),
        Fact::Settled { how: Settled::Quiet, waited_us: 9 },
        Fact::Other { name: "shop.version".into(), value: "1".into() },
    ] {
        intake.fact(fact).unwrap();
    }
    intake.flush().unwrap();
    assert_eq!(intake.rows_written(), 8);
    writer.stop().unwrap().close().unwrap();

    let files: Vec<_> = std::fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(files, ["run.db"], "one file is one file");
    let joined = Joined::open(&path).unwrap();
    let run = joined.run().unwrap();
    assert_eq!((run.run.as_str(), run.seed, run.load_began_at_us, run.last_end_us), ("r7", u64::MAX, Some(5), 1500));
    assert!(run.settled && !run.interrupted);
    assert_eq!(run.objectives[0].measure, Measure::Availability);
    assert_eq!(joined.phases().unwrap(), plan(3).phases);
    let books = [run.statement_book, run.orders_book, run.files_book];
    assert_eq!(books, [BookState::Complete, BookState::Complete, BookState::Absent]);
    assert_eq!(joined.facts().unwrap()["shop.version"], "1");
    assert_eq!(joined.sources().unwrap()["small.yaml"], "name: small\n");
    assert_eq!(joined.required_laws().unwrap()["no_intent_is_charged_twice"], 100);
    assert_eq!(joined.samples("shop.").unwrap(), [Sample { second: 1, name: "shop.cpu_s".into(), value: 0.5 }]);
    assert_eq!(joined.sample_sum("shop.cpu_s").unwrap(), Some(0.5));
    assert!(joined.samples("cpu_s").unwrap().is_empty() && joined.sample_sum("shop.").unwrap().is_none());
    let tally = joined.arrival_tally().unwrap();
    let arrivals = tally.arrivals;
    assert_eq!((arrivals.scheduled, arrivals.confirmed, arrivals.rejected, arrivals.unknown), (3, 1, 1, 1));
    assert!(arrivals.balance());
    assert_eq!(tally.refusals["declined"], 1);
    let fault = &joined.faults().unwrap()[0];
    assert_eq!((fault.applied, fault.hazardous, fault.intents), (Some(2), Some(2), Some(1)));
    assert_eq!(joined.planned_by_second().unwrap(), [(0, 3)]);
    assert_eq!(joined.money().unwrap()[0].captured_minor, 200);
}

#[test]
fn histograms_of_a_window_are_merged() {
    let (_directory, path) = place();
    let writer = Writer::start(create(&path)).unwrap();
    let timing = |values: &[u64]| {
        let mut response_us = Histogram::new(3).unwrap();
        for value in values {
            response_us.record(*value).unwrap();
        }
        Timings {
            window: Window::Phase(0),
            journey: "buyer".into(),
            step: "checkout".into(),
            reading: Reading::Ok,
            response_us,
        }
    };
    let batch = |values| Batch { timings: vec![timing(values)], ..Batch::default() };
    writer.intake().give(batch(&[100, 200])).unwrap();
    writer.intake().give(batch(&[90_000_000])).unwrap();
    writer.stop().unwrap().close().unwrap();
    let timings = Joined::open(&path).unwrap().timings(Span::Phase).unwrap();
    assert_eq!(timings.len(), 1);
    assert_eq!(timings[0].response_us.len(), 3);
    assert!(timings[0].response_us.max() >= 90_000_000);
    assert!(Joined::open(&path).unwrap().timings(Span::Second).unwrap().is_empty());
}

#[test]
fn a_file_that_a_crash_left_behind_is_joined_when_it_is_opened() {
    let (_directory, path) = place();
    let writer = Writer::start(create(&path)).unwrap();
    let intake = writer.intake();
    intake.give(Batch { attempts: vec![attempt(0)], ..Batch::default() }).unwrap();
    intake.flush().unwrap();
    // As a killed process leaves it: nothing is joined, nothing folded in.
    drop(writer.stop().unwrap());
    let joined = Joined::open(&path).unwrap();
    let run = joined.run().unwrap();
    assert!(run.interrupted && !run.settled);
    assert_eq!(run.orders_book, BookState::Absent);
    let arrivals = joined.arrival_tally().unwrap().arrivals;
    assert_eq!((arrivals.scheduled, arrivals.unknown), (3, 3));
}

#[test]
fn rows_written_after_a_join_are_joined_too() {
    let (_directory, path) = place();
    create(&path).close().unwrap();
    assert!(Joined::open(&path).unwrap().money().unwrap().is_empty());
    let writer = Writer::start(RunFile::open(&path).unwrap()).unwrap();
    writer.intake().statement(0, vec![capture(1, "r7.0.0")]).unwrap();
    drop(writer.stop().unwrap());
    assert_eq!(Joined::open(&path).unwrap().money().unwrap()[0].captured_minor, 100);
}

#[test]
fn a_reader_cannot_change_the_file() {
    let (_directory, path) = place();
    create(&path).close().unwrap();
    let conn = RunFile::open_to_read(&path).unwrap();
    assert!(conn.execute("DELETE FROM arrival", []).is_err());
}

#[test]
fn a_file_that_is_being_written_to_is_copied_as_it_is_now() {
    let (directory, path) = place();
    let copy = directory.path().join("copy.db");
    let writer = Writer::start(create(&path)).unwrap();
    for seq in 1..=2 {
        writer.intake().statement(0, vec![capture(seq, "r7.0.0")]).unwrap();
        writer.intake().flush().unwrap();
        RunFile::copy(&path, &copy).unwrap();
        assert_eq!(Joined::open(&copy).unwrap().money().unwrap()[0].captured_minor, 100 * seq as i64);
    }
    drop(writer.stop().unwrap());
}

#[test]
fn what_is_no_run_file_is_refused() {
    let (directory, path) = place();
    let said = |path: &Path| Joined::open(path).unwrap_err().to_string();
    assert!(said(&path).starts_with("open the run file `"));
    std::fs::write(&path, "not a database at all, but long enough to look at it twice").unwrap();
    assert!(said(&path).ends_with("it is not a run file"), "{}", said(&path));
    let other = directory.path().join("other.db");
    Connection::open(&other).unwrap().execute_batch("CREATE TABLE t (x)").unwrap();
    assert!(said(&other).ends_with("it is not a run file"));
    let newer = directory.path().join("newer.db");
    create(&newer).close().unwrap();
    Connection::open(&newer).unwrap().pragma_update(None, "user_version", 99).unwrap();
    assert!(said(&newer).contains("its layout is version 99, this program reads version 5"), "{}", said(&newer));
}

#[test]
fn an_existing_file_is_not_overwritten() {
    let (_directory, path) = place();
    create(&path).close().unwrap();
    assert!(RunFile::create(&path, &opening(), &plan(1)).is_err());
    assert_eq!(Joined::open(&path).unwrap().arrival_tally().unwrap().arrivals.scheduled, 3);
}

#[test]
fn what_was_begun_and_not_ended_is_to_be_undone() {
    let (_directory, path) = place();
    let writer = Writer::start(create(&path)).unwrap();
    let event = |kind, name: &str, undo: &str| Event {
        at_us: 1,
        kind,
        name: name.into(),
        text: String::new(),
        undo: undo.into(),
    };
    let events = vec![
        event(EventKind::FaultBegan, "first", "{\"a\":1}"),
        event(EventKind::FaultBegan, "second", "{\"b\":1}"),
        event(EventKind::FaultEnded, "first", ""),
        event(EventKind::FaultBegan, "kill", ""),
    ];
    writer.intake().give(Batch { events, ..Batch::default() }).unwrap();
    writer.stop().unwrap().close().unwrap();
    let left: Vec<_> = to_undo(&path).unwrap().into_iter().map(|left| (left.name, left.undo)).collect();
    assert_eq!(left, [("second".into(), "{\"b\":1}".into()), ("kill".into(), String::new())]);
}

#[test]
fn an_order_that_is_read_again_is_replaced() {
    let (_directory, path) = place();
    let writer = Writer::start(create(&path)).unwrap();
    let order = |state: &str, lines: usize| OrderRow {
        seq: 1,
        number: "O1".into(),
        state: state.into(),
        run: Some("r7".into()),
        lines: vec![books::rows::OrderLine { sku: "MUG".into(), quantity: 1, unit_minor: 1, given_up: 0 }; lines],
        ..OrderRow::default()
    };
    writer.intake().orders(vec![order("pending", 2)]).unwrap();
    writer.intake().orders(vec![order("paid", 1)]).unwrap();
    writer.stop().unwrap().close().unwrap();
    let conn = RunFile::open_to_read(&path).unwrap();
    let found: (String, i64) = conn
        .query_row("SELECT state, (SELECT count(*) FROM v1_order_line) FROM v1_order", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .unwrap();
    assert_eq!(found, ("paid".into(), 1));
}
