//! The writer: groups, savepoints, and commits that fail.

use std::{sync::mpsc, time::Duration};

use rusqlite::Connection;

use super::{
    super::StoreError,
    opening,
    writer::{Done, Writer},
};
use crate::refusal::known;

fn started(file: &tempfile::TempDir, schema: &str) -> Writer {
    let connection = opening::writing(&file.path().join("writer.db"), PATIENCE).unwrap();
    connection.execute_batch(schema).unwrap();
    Writer::start(connection).unwrap()
}

fn rows(file: &tempfile::TempDir) -> i64 {
    let connection = opening::reading(&file.path().join("writer.db")).unwrap();
    connection.query_row("SELECT count(*) FROM things", [], |row| row.get(0)).unwrap()
}

fn insert(connection: &Connection, id: i64) -> Done<()> {
    connection.execute("INSERT INTO things (id) VALUES (?1)", [id])?;
    Ok(())
}

const PATIENCE: Duration = Duration::from_millis(50);

const PLAIN: &str = "CREATE TABLE things (id INTEGER PRIMARY KEY) STRICT";

/// Keeps the writer busy, so that what is queued meanwhile is one group with this job.
fn hold(writer: &Writer) -> (mpsc::Sender<()>, impl Future<Output = Result<(), StoreError>>) {
    let (release, held) = mpsc::channel();
    let job = writer.run(move |_| {
        held.recv_timeout(Duration::from_secs(10)).expect("the test releases the writer");
        Ok(())
    });
    (release, job)
}

#[tokio::test]
async fn a_refused_job_leaves_no_trace_and_harms_no_other() {
    let file = tempfile::tempdir().unwrap();
    let writer = started(&file, PLAIN);
    let (release, held) = hold(&writer);
    let good = writer.run(|connection| insert(connection, 1));
    let refused = writer.run(|connection| {
        insert(connection, 2)?;
        Err::<(), _>(known::SOLD_OUT.into())
    });
    let broken = writer.run(|connection| insert(connection, 1));
    let also_good = writer.run(|connection| insert(connection, 3));
    release.send(()).unwrap();
    held.await.unwrap();
    good.await.unwrap();
    assert!(matches!(refused.await, Err(StoreError::Refused(refusal)) if refusal == known::SOLD_OUT));
    assert!(matches!(broken.await, Err(StoreError::Unavailable(_))));
    also_good.await.unwrap();
    assert_eq!(rows(&file), 2);
}

#[tokio::test]
async fn a_failed_commit_is_the_failure_of_every_job_in_its_group() {
    let file = tempfile::tempdir().unwrap();
    // A deferred foreign key fails at the commit and not before.
    let schema = "PRAGMA foreign_keys = ON;
        CREATE TABLE things (id INTEGER PRIMARY KEY) STRICT;
        CREATE TABLE parts (thing INTEGER REFERENCES things (id) DEFERRABLE INITIALLY DEFERRED) STRICT;";
    let writer = started(&file, schema);
    let (release, held) = hold(&writer);
    let good = writer.run(|connection| insert(connection, 1));
    let bad = writer.run(|connection| {
        connection.execute("INSERT INTO parts (thing) VALUES (99)", [])?;
        Ok(())
    });
    release.send(()).unwrap();
    for (job, answer) in [("held", held.await), ("good", good.await), ("bad", bad.await)] {
        assert!(matches!(answer, Err(StoreError::Unavailable(_))), "{job}: {answer:?}");
    }
    assert_eq!(rows(&file), 0);
    writer.run(|connection| insert(connection, 1)).await.unwrap();
    assert_eq!(rows(&file), 1);
}

#[tokio::test]
async fn who_waits_in_vain_for_the_lock_makes_nobody_else_wait_as_long_again() {
    let file = tempfile::tempdir().unwrap();
    let writer = started(&file, PLAIN);
    let somebody = Connection::open(file.path().join("writer.db")).unwrap();
    somebody.execute_batch("BEGIN IMMEDIATE").unwrap();
    let since = std::time::Instant::now();
    let jobs: Vec<_> = (0..400).map(|id| writer.run(move |connection| insert(connection, id))).collect();
    for job in jobs {
        assert!(matches!(job.await, Err(StoreError::Unavailable(_))));
    }
    // One after the other they would have waited for twenty seconds.
    assert!(since.elapsed() < Duration::from_secs(5), "{:?}", since.elapsed());
    somebody.execute_batch("ROLLBACK").unwrap();
    writer.run(|connection| insert(connection, 400)).await.unwrap();
    assert_eq!(rows(&file), 1);
}

#[tokio::test]
async fn a_full_disk_fails_what_it_rolled_back_and_only_that() {
    let file = tempfile::tempdir().unwrap();
    let schema = "CREATE TABLE things (id INTEGER PRIMARY KEY, filling BLOB) STRICT; PRAGMA max_page_count = 40;";
    let writer = started(&file, schema);
    let (release, held) = hold(&writer);
    let small = writer.run(|connection| insert(connection, 1));
    let large = writer.run(|connection| {
        connection.execute("INSERT INTO things (id, filling) VALUES (2, zeroblob(1000000))", [])?;
        Ok(())
    });
    let later = writer.run(|connection| insert(connection, 3));
    release.send(()).unwrap();
    let told_small = held.await.is_ok() && small.await.is_ok();
    assert!(large.await.is_err());
    let told_later = later.await.is_ok();
    assert_eq!(rows(&file), i64::from(told_small) + i64::from(told_later), "what was said is what is there");
    assert!(told_later);
}

#[tokio::test]
async fn a_closed_writer_has_finished_what_was_queued() {
    let file = tempfile::tempdir().unwrap();
    let writer = started(&file, PLAIN);
    let jobs: Vec<_> = (0..100).map(|id| writer.run(move |connection| insert(connection, id))).collect();
    writer.close();
    assert_eq!(rows(&file), 100);
    for job in jobs {
        job.await.unwrap();
    }
    assert!(matches!(writer.run(|connection| insert(connection, 200)).await, Err(StoreError::Unavailable(_))));
}

#[test]
fn a_store_of_the_first_round_is_brought_up_to_date() {
    let file = tempfile::tempdir().unwrap();
    let path = file.path().join("shop.db");
    {
        let old = opening::writing(&path, PATIENCE).unwrap();
        old.execute_batch(include_str!("../../../migrations/0001_shop.sql")).unwrap();
        old.execute_batch(
            "PRAGMA user_version = 1;
             INSERT INTO orders (cart, state, currency, subtotal_minor, discount_minor, shipping_minor, tax_minor,
                                 total_minor, email, address, tax_source, tax_policy, tax_quote, carried, hold,
                                 hold_until_ms)
             VALUES ('c_1', 'paid', 'USD', 100, 0, 0, 0, 100, 'a@example.com', '{}', 'quote', 'block', 'q_1', '', 'sold', 0);
             INSERT INTO payments (order_seq, key, method, amount, state, intent, created_ms)
             VALUES (1, 'pk_1', 'pm', 100, 'succeeded', 'pi_1', 0);
             INSERT INTO outbox (order_seq, kind) VALUES (1, 'dispatch');",
        )
        .unwrap();
    }
    let mut connection = opening::writing(&path, PATIENCE).unwrap();
    opening::migrate(&mut connection).unwrap();
    let brief = super::orders::brief(&connection, 1).unwrap().unwrap();
    assert_eq!((brief.due_minor(), brief.provider, brief.in_review), (100, None, false));
    let line = super::book::read(&connection, 0, 10).unwrap().remove(0);
    assert_eq!((line.credit_minor, line.dispatches.len(), line.fraud), (0, 0, None));
    let owed: i64 =
        connection.query_row("SELECT count(*) FROM outbox WHERE owner IS NULL", [], |row| row.get(0)).unwrap();
    assert_eq!(owed, 1);
}
