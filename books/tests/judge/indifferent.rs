//! What is found depends neither on the order in which rows come in, nor on clocks, nor on how many workers wrote them.

use super::edits::EDITS;
use super::stories::{World, runner, world};
use super::telling::books as books_of;
use books::Joined;
use books::file::RunFile;
use books::history::Books;
use books::laws::{self, LawFinding};
use books::rows::Batch;
use books::writer::Writer;
use proptest::prelude::*;

fn findings(joined: &Joined) -> Vec<LawFinding> {
    laws::built_in().iter().map(|law| joined.examine(law)).collect()
}

fn in_memory(books: &Books) -> Vec<LawFinding> {
    findings(&Joined::from_file(books.file().unwrap()).unwrap())
}

/// A permutation that follows from the seed (Fisher and Yates, with a linear congruential generator).
fn shuffle<T>(rows: &mut [T], seed: u64) {
    let mut state = seed | 1;
    for last in (1..rows.len()).rev() {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        rows.swap(last, (state >> 33) as usize % (last + 1));
    }
}

/// The same books, written in another order, by clocks that go wrong and back.
fn disturbed(mut books: Books, seed: u64, skew_us: u64) -> Books {
    let batch = &mut books.batch;
    shuffle(&mut batch.purchases, seed);
    shuffle(&mut batch.attempts, seed);
    shuffle(&mut batch.arrivals, seed);
    shuffle(&mut batch.statement, seed);
    shuffle(&mut batch.settlement, seed);
    shuffle(&mut batch.stock, seed);
    shuffle(&mut books.orders, seed);
    shuffle(&mut books.facts, seed);
    for row in &mut books.batch.statement {
        row.at_us = row.at_us.wrapping_sub(row.seq * skew_us) & (u64::MAX >> 1);
    }
    for row in &mut books.batch.attempts {
        (row.intended_us, row.done_us) = (row.intended_us + skew_us, row.done_us + skew_us);
    }
    books
}

/// Worlds, some of which an illegal edit has spoilt: accusations must be as steady as acquittals.
fn spoilt(world: &World, edit: usize) -> Books {
    let legal = books_of(world);
    let mut edited = legal.clone();
    match EDITS.get(edit).and_then(|edit| (edit.apply)(&mut edited)) {
        Some(()) => edited,
        None => legal,
    }
}

#[test]
fn findings_depend_neither_on_the_order_of_writing_nor_on_clocks() {
    let drawn = (world(), 0..EDITS.len() * 2, any::<u64>(), 0_u64..3_600_000_000);
    let result = runner(24).run(&drawn, |(world, edit, seed, skew_us)| {
        let books = spoilt(&world, edit);
        prop_assert_eq!(in_memory(&books), in_memory(&disturbed(books, seed, skew_us)));
        Ok(())
    });
    assert!(result.is_ok(), "{}", result.unwrap_err());
}

/// Writes a file as so many workers would, each with its own shoppers, all at once, a few rows at a time.
fn by_workers(books: &Books, workers: u64) -> Vec<LawFinding> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("run.db");
    let writer = Writer::start(RunFile::create(&path, &books.opening, &books.plan).unwrap()).unwrap();
    let intake = writer.intake();
    std::thread::scope(|scope| {
        for worker in 0..workers {
            let intake = intake.clone();
            scope.spawn(move || {
                let mine = |arrival: u64| arrival % workers == worker;
                for row in books.batch.attempts.iter().filter(|row| mine(row.arrival)) {
                    intake.give(Batch { attempts: vec![row.clone()], ..Batch::default() }).unwrap();
                }
                let purchases = books.batch.purchases.iter().filter(|row| mine(row.arrival)).cloned().collect();
                let arrivals = books.batch.arrivals.iter().filter(|row| mine(row.number)).cloned().collect();
                intake.give(Batch { purchases, arrivals, ..Batch::default() }).unwrap();
            });
        }
        let intake = intake.clone();
        scope.spawn(move || {
            for rows in books.batch.statement.chunks(7) {
                intake.statement(0, rows.to_vec()).unwrap();
            }
        });
    });
    let Batch { stock, vouchers, settlement, .. } = books.batch.clone();
    intake.give(Batch { stock, vouchers, settlement, ..Batch::default() }).unwrap();
    intake.orders(books.orders.clone()).unwrap();
    books.facts.iter().for_each(|fact| intake.fact(fact.clone()).unwrap());
    findings(&Joined::from_file(writer.stop().unwrap()).unwrap())
}

#[test]
fn findings_do_not_depend_on_the_number_of_workers() {
    let result = runner(4).run(&(world(), 0..EDITS.len() * 2), |(world, edit)| {
        let books = spoilt(&world, edit);
        let alone = in_memory(&books);
        for workers in [1, 3, 8] {
            prop_assert_eq!(&alone, &by_workers(&books, workers), "{} workers", workers);
        }
        Ok(())
    });
    assert!(result.is_ok(), "{}", result.unwrap_err());
}
