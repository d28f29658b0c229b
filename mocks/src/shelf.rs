//! Objects by number: the recent ones in memory, all of them in the store.

use std::borrow::Cow;
use std::collections::{HashMap, VecDeque};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::sheet::json;
use crate::store::{Reader, Table, Write};

/// How long an entry is kept after it was last written: a checkout comes back to it within seconds. At an easy pace it is this,
/// and not the capacity, that bounds memory, so what a process grows to it has grown to within the first minute.
const KEPT_US: i64 = 20_000_000;

/// The latest entries of a map; older ones are forgotten once the turn that wrote them is in the store.
pub(crate) struct Recent<V> {
    entries: HashMap<i64, (u64, V)>,
    order: VecDeque<Put>,
    capacity: usize,
}

/// When an entry was written.
#[derive(Clone, Copy)]
struct Put {
    n: i64,
    turn: u64,
    at_us: i64,
}

impl<V> Recent<V> {
    pub(crate) fn new(capacity: usize) -> Self {
        Self { entries: HashMap::new(), order: VecDeque::new(), capacity }
    }

    pub(crate) fn get(&self, n: i64) -> Option<&V> {
        self.entries.get(&n).map(|(_, value)| value)
    }

    pub(crate) fn put(&mut self, n: i64, value: V, at: Progress) {
        self.entries.insert(n, (at.turn, value));
        self.order.push_back(Put { n, turn: at.turn, at_us: at.at_us });
        while let Some(&oldest) = self.order.front()
            && (self.order.len() > self.capacity || at.at_us - oldest.at_us > KEPT_US)
            && oldest.turn <= at.finished_turn
        {
            self.order.pop_front();
            // A later entry of the same number keeps it.
            if self.entries.get(&oldest.n).is_some_and(|(latest, _)| *latest == oldest.turn) {
                self.entries.remove(&oldest.n);
            }
        }
    }

    pub(crate) fn remove(&mut self, n: i64) {
        self.entries.remove(&n);
    }

    pub(crate) fn clear(&mut self) {
        self.entries.clear();
        self.order.clear();
    }
}

/// Which turn it is, when, and which one the store has reached.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Progress {
    pub(crate) turn: u64,
    /// By our own clock, in unix microseconds.
    pub(crate) at_us: i64,
    pub(crate) finished_turn: u64,
}

/// The numbers of a table whose objects are not kept in memory.
pub(crate) struct Numbers {
    next: i64,
}

impl Numbers {
    pub(crate) fn open(table: Table, reader: &Reader) -> rusqlite::Result<Self> {
        Ok(Self { next: reader.last(table)? + 1 })
    }

    /// Those that follow the last that was given.
    pub(crate) const fn after(last: i64) -> Self {
        Self { next: last + 1 }
    }

    /// A number that no other object has or will have.
    pub(crate) const fn take(&mut self) -> i64 {
        let n = self.next;
        self.next += 1;
        n
    }
}

/// One table's objects.
pub(crate) struct Shelf<T> {
    table: Table,
    next: i64,
    // Boxed, for the map keeps as many places again free as it has entries.
    recent: Recent<Box<T>>,
}

impl<T: Serialize + DeserializeOwned + Clone> Shelf<T> {
    pub(crate) fn open(table: Table, capacity: usize, reader: &Reader) -> rusqlite::Result<Self> {
        Ok(Self { table, next: reader.last(table)? + 1, recent: Recent::new(capacity) })
    }

    /// A number that no other object has or will have.
    pub(crate) const fn number(&mut self) -> i64 {
        let n = self.next;
        self.next += 1;
        n
    }

    /// The number that was given last.
    pub(crate) const fn last(&self) -> i64 {
        self.next - 1
    }

    /// A copy of an object, to be changed and put back.
    pub(crate) fn take(&mut self, n: i64, reader: &Reader) -> rusqlite::Result<Option<T>> {
        if let Some(value) = self.recent.get(n) {
            return Ok(Some(T::clone(value)));
        }
        match reader.body(self.table, n)? {
            Some(body) => Ok(Some(decode(&body)?)),
            None => Ok(None),
        }
    }

    /// Stores an object.
    pub(crate) fn put(
        &mut self,
        n: i64,
        owner: i64,
        tag: Option<Cow<'static, str>>,
        value: T,
        writes: &mut Vec<Write>,
        at: Progress,
    ) {
        let body = json(&value);
        writes.push(Write::Put { table: self.table, n, account: owner, tag, body });
        self.recent.put(n, Box::new(value), at);
    }

    pub(crate) fn forget(&mut self) {
        self.recent.clear();
    }
}

/// Reads a body of the store.
pub(crate) fn decode<T: DeserializeOwned>(body: &[u8]) -> rusqlite::Result<T> {
    serde_json::from_slice(body)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Blob, Box::new(error)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(turn: u64, at_us: i64, finished_turn: u64) -> Progress {
        Progress { turn, at_us, finished_turn }
    }

    #[test]
    fn only_what_the_store_has_is_forgotten() {
        let mut recent = Recent::new(2);
        for n in 1..=4 {
            recent.put(n, n, at(n as u64, n * KEPT_US * 2, 0));
        }
        assert_eq!((1..=4).filter_map(|n| recent.get(n)).count(), 4, "nothing is in the store yet");
        recent.put(5, 5, at(5, KEPT_US * 8, 3));
        assert_eq!((1..=5).filter_map(|n| recent.get(n)).collect::<Vec<_>>(), [&4, &5]);
    }

    #[test]
    fn what_is_written_again_stays() {
        let mut recent = Recent::new(2);
        recent.put(1, "old", at(1, 0, 9));
        recent.put(2, "two", at(2, 0, 9));
        recent.put(1, "new", at(3, 0, 9));
        assert_eq!(recent.get(1), Some(&"new"));
        assert_eq!(recent.order.len(), 2);
    }

    #[test]
    fn what_nobody_has_written_for_long_is_forgotten() {
        let mut recent = Recent::new(9);
        recent.put(1, "old", at(1, 0, 9));
        recent.put(2, "written again", at(2, 0, 9));
        recent.put(2, "written again", at(3, KEPT_US, 9));
        recent.put(3, "new", at(4, KEPT_US + 1, 9));
        assert_eq!((recent.get(1), recent.get(2), recent.get(3)), (None, Some(&"written again"), Some(&"new")));
        assert_eq!(recent.order.len(), 2);
    }
}
