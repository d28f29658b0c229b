//! What a finding may not depend on: the order in which rows were written, the clocks, and how often it is asked for.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use books::Joined;
use books::history::{self, Books, History};
use books::laws::{self, Law, LawFinding};
use proptest::prelude::*;
use std::path::Path;

/// Each law with its histories.
fn all() -> Vec<(Law, Vec<History>)> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios/laws/histories");
    let histories = |law: &Law| {
        let text = std::fs::read_to_string(directory.join(format!("{}.txt", law.name))).unwrap();
        history::parse(&text).unwrap()
    };
    laws::built_in().into_iter().map(|law| (law.clone(), histories(&law))).collect()
}

fn examine(law: &Law, books: &Books) -> LawFinding {
    Joined::from_file(books.file().unwrap()).unwrap().examine(law)
}

/// A permutation that follows from the seed (Fisher and Yates, with a linear congruential generator).
fn shuffle<T>(rows: &mut [T], seed: u64) {
    let mut state = seed | 1;
    for last in (1..rows.len()).rev() {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        rows.swap(last, (state >> 33) as usize % (last + 1));
    }
}

/// The same books, written in another order, by clocks that go wrong.
fn disturbed(books: &Books, seed: u64, skew_us: u64) -> Books {
    let mut books = books.clone();
    shuffle(&mut books.batch.purchases, seed);
    shuffle(&mut books.batch.attempts, seed);
    shuffle(&mut books.batch.arrivals, seed);
    shuffle(&mut books.batch.statement, seed);
    shuffle(&mut books.orders, seed);
    shuffle(&mut books.facts, seed);
    for row in &mut books.batch.statement {
        // Not even the order by this clock stays the same.
        row.at_us = row.at_us.wrapping_sub(row.seq * skew_us) & (u64::MAX >> 1);
    }
    for row in &mut books.batch.attempts {
        row.intended_us += skew_us;
        row.sent_us = row.sent_us.map(|sent| sent + skew_us);
        row.done_us += skew_us;
    }
    for row in &mut books.batch.purchases {
        row.intended_us += skew_us;
        row.done_us += skew_us;
    }
    books
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2, ..ProptestConfig::default() })]

    #[test]
    fn findings_depend_neither_on_the_order_of_writing_nor_on_clocks(seed: u64, skew_us in 0_u64..3_600_000_000) {
        for (law, histories) in all() {
            for history in histories {
                let straight = examine(&law, &history.books);
                let other = examine(&law, &disturbed(&history.books, seed, skew_us));
                prop_assert_eq!(straight, other, "{}", history.title);
            }
        }
    }
}

#[test]
fn asking_and_joining_twice_gives_equal_findings() {
    for (law, histories) in all() {
        for history in histories {
            let mut file = history.books.file().unwrap();
            file.join().unwrap();
            let joined = Joined::from_file(file).unwrap();
            let found = joined.examine(&law);
            assert_eq!(found, joined.examine(&law), "{}: {}", law.name, history.title);
            assert_eq!(found, examine(&law, &history.books), "{}: {}", law.name, history.title);
        }
    }
}
