//! What things are found by: names, each of one thing, and marks, which many may carry. Both are kept in memory by their
//! hashes, 16 bytes each, and are read from the store once, at the start.

use std::collections::{HashMap, VecDeque};

use crate::shelf::Progress;
use crate::store::{Reader, Write};

const PROBES_MAX: i64 = 16;
/// Entries that are put in order at once: some tenths of a millisecond.
const RUN: usize = 16_384;
/// The number of nothing: what had the name is no more.
const GONE: i64 = 0;

/// Entries that were put in order, by age.
#[derive(Default)]
struct Runs(Vec<Box<[(i64, i64)]>>);

impl Runs {
    fn push(&mut self, mut entries: Vec<(i64, i64)>) {
        entries.sort_unstable();
        self.0.push(entries.into_boxed_slice());
    }

    /// What each run has of a hash, the latest run first.
    fn of(&self, hash: i64) -> impl Iterator<Item = &[(i64, i64)]> {
        self.0.iter().rev().filter_map(move |run| {
            let from = run.partition_point(|entry| entry.0 < hash);
            let count = run[from..].iter().take_while(|entry| entry.0 == hash).count();
            (count > 0).then(|| &run[from..from + count])
        })
    }
}

/// Names of things: hash → number; two names with one hash take neighbouring places.
pub(crate) struct Names {
    filter: Filter,
    latest: HashMap<i64, i64>,
    runs: Runs,
    /// What was given and is not yet in the store: turn, place, and what stood there before.
    given: VecDeque<(u64, i64, i64)>,
}

impl Names {
    pub(crate) fn open(reader: &Reader) -> rusqlite::Result<Self> {
        let mut names =
            Self { filter: Filter::new(), latest: HashMap::new(), runs: Runs::default(), given: VecDeque::new() };
        reader.names(|hash, n| {
            names.filter.add(hash);
            names.insert(hash, n);
        })?;
        Ok(names)
    }

    fn insert(&mut self, place: i64, n: i64) {
        self.latest.insert(place, n);
        if self.latest.len() >= RUN {
            self.runs.push(self.latest.drain().collect());
        }
    }

    fn at(&self, place: i64) -> Option<i64> {
        if !self.filter.may_have(place) {
            return None;
        }
        let of_runs = || self.runs.of(place).next().map(|entries| entries[0].1);
        self.latest.get(&place).copied().or_else(of_runs).filter(|n| *n != GONE)
    }

    /// The number of what is `is_it`, among those with this hash.
    pub(crate) fn find(
        &self,
        hash: i64,
        mut is_it: impl FnMut(i64) -> rusqlite::Result<bool>,
    ) -> rusqlite::Result<Option<i64>> {
        for probe in 0..PROBES_MAX {
            match self.at(hash.wrapping_add(probe)) {
                Some(n) if is_it(n)? => return Ok(Some(n)),
                Some(_) => {}
                None => return Ok(None),
            }
        }
        Ok(None)
    }

    /// Gives a name that [`Names::find`] did not find; returns its place.
    pub(crate) fn give(&mut self, hash: i64, n: i64, writes: &mut Vec<Write>, at: Progress) -> i64 {
        let mut place = hash;
        while self.at(place).is_some() {
            place = place.wrapping_add(1);
        }
        self.give_again(place, n, writes, at);
        place
    }

    /// Gives a name at a place where something else, which is no more, has or had its name.
    pub(crate) fn give_again(&mut self, place: i64, n: i64, writes: &mut Vec<Write>, at: Progress) {
        while self.given.front().is_some_and(|(turn, ..)| *turn <= at.finished_turn) {
            self.given.pop_front();
        }
        self.given.push_back((at.turn, place, self.at(place).unwrap_or(GONE)));
        self.filter.add(place);
        self.insert(place, n);
        writes.push(Write::Name { hash: place, n });
    }

    /// Takes a name from what has it, if nothing else was given it since.
    pub(crate) fn take_back(&mut self, place: i64, n: i64, writes: &mut Vec<Write>, at: Progress) {
        if self.at(place) == Some(n) {
            self.give_again(place, GONE, writes, at);
        }
    }

    /// Takes back what was given from a turn on: it does not come into the store.
    pub(crate) fn undo(&mut self, from_turn: u64) {
        while let Some((_, place, before)) = self.given.back().copied().filter(|(turn, ..)| *turn >= from_turn) {
            self.given.pop_back();
            self.insert(place, before);
        }
    }
}

/// Marks of things: hash → numbers. One too many does no harm, for whoever finds a thing looks whether it is meant.
pub(crate) struct Marks {
    latest: Vec<(i64, i64)>,
    runs: Runs,
}

impl Marks {
    pub(crate) fn open(reader: &Reader) -> rusqlite::Result<Self> {
        let mut marks = Self { latest: Vec::new(), runs: Runs::default() };
        reader.marks(|hash, n| marks.put(hash, n))?;
        Ok(marks)
    }

    pub(crate) fn put(&mut self, hash: i64, n: i64) {
        self.latest.push((hash, n));
        if self.latest.len() >= RUN {
            self.runs.push(std::mem::take(&mut self.latest));
        }
    }

    /// Newest first.
    pub(crate) fn find(&self, hash: i64, limit: usize) -> Vec<i64> {
        let latest = self.latest.iter().filter(|entry| entry.0 == hash);
        let mut numbers: Vec<i64> = latest.chain(self.runs.of(hash).flatten()).map(|entry| entry.1).collect();
        numbers.sort_unstable_by(|a, b| b.cmp(a));
        numbers.dedup();
        numbers.truncate(limit);
        numbers
    }
}

/// A Bloom filter (Bloom 1970) of fixed size: 8 MiB, four places for each hash; one in a hundred is asked in vain at ten
/// million names. A bit that is set is free: written at once, the filter does not come into memory page by page later.
struct Filter {
    words: Vec<u64>,
}

impl Filter {
    const WORDS: usize = 1 << 20;

    fn new() -> Self {
        Self { words: vec![u64::MAX; Self::WORDS] }
    }

    /// Word and bit of each place.
    fn places(hash: i64) -> impl Iterator<Item = (usize, u64)> {
        let mixed = (hash as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let (start, step) = (mixed as u32, (mixed >> 32) as u32 | 1);
        (0..4u32).map(move |i| {
            let bit = start.wrapping_add(i.wrapping_mul(step)) as usize % (Self::WORDS * 64);
            (bit / 64, 1 << (bit % 64))
        })
    }

    fn add(&mut self, hash: i64) {
        for (word, bit) in Self::places(hash) {
            self.words[word] &= !bit;
        }
    }

    fn may_have(&self, hash: i64) -> bool {
        Self::places(hash).all(|(word, bit)| self.words[word] & bit == 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_filter_forgets_nothing_and_seldom_guesses() {
        let mut filter = Filter::new();
        let hash = |n: i64| n.wrapping_mul(0x5851_f42d_4c95_7f2d) >> 1;
        (0..200_000).for_each(|n| filter.add(hash(n)));
        assert!((0..200_000).all(|n| filter.may_have(hash(n))));
        let guessed = (200_000..300_000).filter(|n| filter.may_have(hash(*n))).count();
        assert!(guessed < 100, "{guessed} of 100,000");
    }

    fn names() -> Names {
        Names { filter: Filter::new(), latest: HashMap::new(), runs: Runs::default(), given: VecDeque::new() }
    }

    fn found(names: &Names, hash: i64, n: i64) -> bool {
        names.find(hash, |at| Ok(at == n)).is_ok_and(|found| found.is_some())
    }

    const fn at(turn: u64) -> Progress {
        Progress { turn, at_us: 0, finished_turn: 0 }
    }

    #[test]
    fn the_latest_name_counts_however_many_there_are() {
        let (mut names, mut writes) = (names(), Vec::new());
        let count = 3 * RUN as i64;
        (1..=count).for_each(|n| assert_eq!(names.give(n * 10, n, &mut writes, at(1)), n * 10));
        assert!((1..=count).all(|n| found(&names, n * 10, n)));
        assert_eq!(names.give(10, 7_000_000, &mut writes, at(1)), 11, "the place is taken");
        names.give_again(20, 8_000_000, &mut writes, at(1));
        assert!(found(&names, 10, 7_000_000) && found(&names, 20, 8_000_000) && !found(&names, 20, 2));
        names.take_back(30, 3, &mut writes, at(1));
        names.take_back(40, 5, &mut writes, at(1));
        assert!(!found(&names, 30, 3) && found(&names, 40, 4));
    }

    #[test]
    fn what_does_not_come_into_the_store_is_taken_back() {
        let (mut names, mut writes) = (names(), Vec::new());
        names.give(1, 100, &mut writes, at(1));
        names.give(1, 200, &mut writes, at(2));
        names.give_again(1, 300, &mut writes, at(3));
        names.undo(2);
        assert!(found(&names, 1, 100) && !found(&names, 1, 200) && !found(&names, 1, 300));
        assert_eq!(names.give(1, 400, &mut writes, at(2)), 2);
    }

    #[test]
    fn marks_lead_to_all_that_carry_them_the_newest_first() {
        let mut marks = Marks { latest: Vec::new(), runs: Runs::default() };
        (0..2 * RUN as i64 + 5).for_each(|n| marks.put(n % 1_000, n));
        marks.put(7, 7);
        let newest = (2 * RUN as i64 + 4) / 1_000 * 1_000 + 7 - 1_000 * i64::from(2 * RUN as i64 % 1_000 + 4 < 7);
        assert_eq!(marks.find(7, 2), [newest, newest - 1_000]);
        assert_eq!(marks.find(7, 99).last(), Some(&7));
        assert_eq!(marks.find(1_000, 9), Vec::<i64>::new());
    }
}
