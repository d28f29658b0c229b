//! Objects by number: the recent ones in memory, all of them in the store.

use std::borrow::Cow;
use std::collections::{HashMap, VecDeque};

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::store::{Reader, Table, Write};

/// The latest entries of a map; older ones are forgotten once the turn that wrote them is in the store.
pub(crate) struct Recent<V> {
    entries: HashMap<i64, (u64, V)>,
    order: VecDeque<(i64, u64)>,
    capacity: usize,
}

impl<V> Recent<V> {
    pub(crate) fn new(capacity: usize) -> Self {
        Self { entries: HashMap::new(), order: VecDeque::new(), capacity }
    }

    pub(crate) fn get(&self, n: i64) -> Option<&V> {
        self.entries.get(&n).map(|(_, value)| value)
    }

    pub(crate) fn put(&mut self, n: i64, value: V, turn: u64, finished_turn: u64) {
        self.entries.insert(n, (turn, value));
        self.order.push_back((n, turn));
        while self.order.len() > self.capacity
            && let Some(&(oldest, written)) = self.order.front()
            && written <= finished_turn
        {
            self.order.pop_front();
            // A later entry of the same number keeps it.
            if self.entries.get(&oldest).is_some_and(|(latest, _)| *latest == written) {
                self.entries.remove(&oldest);
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

/// Which turn it is, and which one the store has reached.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Progress {
    pub(crate) turn: u64,
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
    recent: Recent<T>,
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
            return Ok(Some(value.clone()));
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
        self.recent.put(n, value, at.turn, at.finished_turn);
    }

    pub(crate) fn forget(&mut self) {
        self.recent.clear();
    }
}

/// Writes JSON into a buffer that most objects fit.
pub(crate) fn json<T: Serialize>(value: &T) -> Bytes {
    let mut text = Vec::with_capacity(3_072);
    serde_json::to_writer(&mut text, value).expect("our objects have string keys only, and a vector takes every byte");
    text.into()
}

/// Reads a body of the store.
pub(crate) fn decode<T: DeserializeOwned>(body: &[u8]) -> rusqlite::Result<T> {
    serde_json::from_slice(body)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Blob, Box::new(error)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_store_has_is_forgotten() {
        let mut recent = Recent::new(2);
        for n in 1..=4 {
            recent.put(n, n, n as u64, 0);
        }
        assert_eq!((1..=4).filter_map(|n| recent.get(n)).count(), 4, "nothing is in the store yet");
        recent.put(5, 5, 5, 3);
        assert_eq!((1..=5).filter_map(|n| recent.get(n)).collect::<Vec<_>>(), [&4, &5]);
    }

    #[test]
    fn what_is_written_again_stays() {
        let mut recent = Recent::new(2);
        recent.put(1, "old", 1, 9);
        recent.put(2, "two", 2, 9);
        recent.put(1, "new", 3, 9);
        assert_eq!(recent.get(1), Some(&"new"));
        assert_eq!(recent.order.len(), 2);
    }
}
