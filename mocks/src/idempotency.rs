//! Idempotency keys: a key executes once, and its answer is repeated to whoever asks again.
//!
//! Found by the hash of owner and key.

use std::collections::HashSet;
use std::sync::Arc;

use crate::names::Names;
use crate::shelf::{Progress, Recent};
use crate::store::{Reader, StoredAnswer, Write};

/// Keys kept in memory; the others are read from the store.
const KEYS_RECENT: usize = 2_048;

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
        names.find(hash, |n| {
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
        writes: &mut Vec<Write>,
        at: Progress,
    ) {
        answer.n = self.next;
        self.next += 1;
        answer.place = match place {
            Some(place) => {
                names.give_again(place, answer.n, writes, at);
                place
            }
            None => names.give(hash, answer.n, writes, at),
        };
        let answer = Arc::new(answer);
        writes.push(Write::Answer(Arc::clone(&answer)));
        self.recent.put(answer.n, answer, at);
    }

    /// Forgets keys that are past their time, given by number and place.
    pub(crate) fn prune(&mut self, names: &mut Names, old: &[(i64, i64)], at: Progress) -> Vec<Write> {
        let mut writes = Vec::with_capacity(2 * old.len());
        for (n, place) in old {
            self.recent.remove(*n);
            names.take_back(*place, *n, &mut writes, at);
            writes.push(Write::Forget { n: *n });
        }
        writes
    }

    pub(crate) fn forget(&mut self) {
        self.recent.clear();
        self.in_flight.clear();
    }
}
