//! Idempotency keys: a key executes once, and its answer is repeated to whoever asks again.
//!
//! Found by the hash of owner and key; a filter in memory says at once that a key is new, as nearly all are.

use std::collections::HashSet;
use std::sync::Arc;

use crate::shelf::{Progress, Recent};
use crate::store::{Reader, StoredAnswer, Write};

/// Keys kept in memory; the others are read from the store.
const KEYS_RECENT: usize = 2_048;
const NAMES_RECENT: usize = 32_768;
const PROBES_MAX: i64 = 16;

/// What is known of a key.
#[derive(Clone, Debug)]
pub(crate) enum Known {
    /// Nothing, or nothing any more; a key that was forgotten leaves its place to the next answer.
    New {
        place: Option<i64>,
    },
    Answered(Arc<StoredAnswer>),
}

/// A key as a request brings it.
#[derive(Clone, Debug)]
pub(crate) struct Key {
    pub(crate) text: String,
    /// Hash of what is asked, to tell a repetition from another request under the same key.
    pub(crate) fingerprint: i64,
    /// How long its answer is kept, in microseconds of the vendors' clock.
    pub(crate) kept_us: i64,
    /// What was asked, without its parameters.
    pub(crate) endpoint: String,
}

/// Names of things: hash → number, with a filter before the store.
pub(crate) struct Names {
    filter: Filter,
    recent: Recent<i64>,
}

impl Names {
    pub(crate) fn open(reader: &Reader) -> rusqlite::Result<Self> {
        let mut filter = Filter::new();
        reader.names(|hash| filter.add(hash))?;
        Ok(Self { filter, recent: Recent::new(NAMES_RECENT) })
    }

    fn at(&self, hash: i64, reader: &Reader) -> rusqlite::Result<Option<i64>> {
        match self.recent.get(hash) {
            Some(n) => Ok(Some(*n)),
            None if self.filter.may_have(hash) => reader.name(hash),
            None => Ok(None),
        }
    }

    /// The number of what is `is_it`, among those with this hash.
    pub(crate) fn find(
        &self,
        hash: i64,
        reader: &Reader,
        mut is_it: impl FnMut(i64) -> rusqlite::Result<bool>,
    ) -> rusqlite::Result<Option<i64>> {
        for probe in 0..PROBES_MAX {
            match self.at(hash.wrapping_add(probe), reader)? {
                Some(n) if is_it(n)? => return Ok(Some(n)),
                Some(_) => {}
                None => return Ok(None),
            }
        }
        Ok(None)
    }

    /// Gives a name that [`Names::find`] did not find.
    pub(crate) fn give(
        &mut self,
        hash: i64,
        n: i64,
        reader: &Reader,
        writes: &mut Vec<Write>,
        at: Progress,
    ) -> rusqlite::Result<i64> {
        let mut place = hash;
        while self.at(place, reader)?.is_some() {
            place = place.wrapping_add(1);
        }
        self.filter.add(place);
        Ok(self.give_again(place, n, writes, at))
    }

    /// Gives a name at a place where something else, which is no more, has or had its name.
    fn give_again(&mut self, place: i64, n: i64, writes: &mut Vec<Write>, at: Progress) -> i64 {
        self.recent.put(place, n, at);
        writes.push(Write::Name { hash: place, n });
        place
    }

    /// Takes a name from what has it, if nothing else was given it since.
    fn take_back(&mut self, place: i64, n: i64) {
        if self.recent.get(place) == Some(&n) {
            self.recent.remove(place);
        }
    }

    pub(crate) fn forget(&mut self) {
        self.recent.clear();
    }
}

/// The answers under keys, and the keys that are being worked on.
pub(crate) struct Keys {
    next: i64,
    recent: Recent<Arc<StoredAnswer>>,
    in_flight: HashSet<i64>,
}

impl Keys {
    pub(crate) fn open(reader: &Reader) -> rusqlite::Result<Self> {
        Ok(Self { next: reader.last_answer()? + 1, recent: Recent::new(KEYS_RECENT), in_flight: HashSet::new() })
    }

    /// Whether an answer to this key is still on its way.
    pub(crate) fn is_in_flight(&self, hash: i64) -> bool {
        self.in_flight.contains(&hash)
    }

    pub(crate) fn begin(&mut self, hash: i64) {
        self.in_flight.insert(hash);
    }

    pub(crate) fn end(&mut self, hash: i64) {
        self.in_flight.remove(&hash);
    }

    pub(crate) fn find(
        &self,
        names: &Names,
        hash: i64,
        account: i64,
        key: &str,
        clock_us: i64,
        reader: &Reader,
    ) -> rusqlite::Result<Known> {
        let mut found = None;
        names.find(hash, reader, |n| {
            let answer = match self.recent.get(n) {
                Some(answer) => Some(Arc::clone(answer)),
                None => reader.answer(n)?.map(Arc::new),
            };
            found = answer.filter(|answer| answer.account == account && answer.key == key);
            Ok(found.is_some())
        })?;
        Ok(match found {
            Some(answer) if answer.until_us <= clock_us => Known::New { place: Some(answer.place) },
            Some(answer) => Known::Answered(answer),
            None => Known::New { place: None },
        })
    }

    /// Keeps an answer; its number and place are set here. `place` is that of the same key's answer of an earlier time.
    pub(crate) fn keep(
        &mut self,
        names: &mut Names,
        (hash, place): (i64, Option<i64>),
        mut answer: StoredAnswer,
        reader: &Reader,
        writes: &mut Vec<Write>,
        at: Progress,
    ) -> rusqlite::Result<()> {
        answer.n = self.next;
        self.next += 1;
        answer.place = match place {
            Some(place) => names.give_again(place, answer.n, writes, at),
            None => names.give(hash, answer.n, reader, writes, at)?,
        };
        let answer = Arc::new(answer);
        writes.push(Write::Answer(Arc::clone(&answer)));
        self.recent.put(answer.n, answer, at);
        Ok(())
    }

    /// Forgets keys that are past their time, given by number and place.
    pub(crate) fn prune(&mut self, names: &mut Names, old: &[(i64, i64)]) -> Vec<Write> {
        let forget = |(n, place): &(i64, i64)| {
            self.recent.remove(*n);
            names.take_back(*place, *n);
            Write::Forget { n: *n, hash: *place }
        };
        old.iter().map(forget).collect()
    }

    pub(crate) fn forget(&mut self) {
        self.recent.clear();
        self.in_flight.clear();
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
}
