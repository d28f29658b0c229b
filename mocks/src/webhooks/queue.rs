//! What waits to be delivered: in memory by time, and in the store what memory has no room for.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::sync::{Notify, oneshot};

use super::{Delivery, Outgoing};
use crate::store::{Reader, Table};

/// A delivery in memory.
pub(super) struct Item {
    pub(super) delivery: Delivery,
    /// Read from the store again when absent.
    pub(super) payload: Option<Bytes>,
    /// Dropped when the first attempt is over.
    pub(super) early: Option<oneshot::Sender<()>>,
}

#[derive(Default)]
struct State {
    due: BinaryHeap<Reverse<(i64, i64)>>,
    items: HashMap<i64, Item>,
    /// Deliveries that wait for a newer one, by endpoint and group.
    held: HashMap<(i64, String), Vec<i64>>,
    /// Everything from this number on waits in the store alone.
    spilled_from: Option<i64>,
    /// Attempts under way.
    under_way: usize,
}

/// What waits to be delivered.
pub(crate) struct Queue {
    state: Mutex<State>,
    wake: Notify,
    capacity: usize,
}

/// What the queue has for the one who delivers.
pub(super) enum Next {
    Item(Box<Item>),
    /// Nothing before this time, in unix microseconds.
    At(i64),
    Nothing,
}

impl Queue {
    pub(crate) fn new(capacity: usize) -> Self {
        Self { state: Mutex::default(), wake: Notify::new(), capacity: capacity.max(2) }
    }

    /// Takes what was just stored.
    pub(crate) fn take(&self, outgoing: Vec<Outgoing>) {
        let mut state = self.state.lock();
        for Outgoing { delivery, payload, early, arrived: _ } in outgoing {
            if state.spilled_from.is_some() {
                continue;
            }
            if state.items.len() >= self.capacity {
                state.spilled_from = Some(delivery.n);
                continue;
            }
            state.insert(Item { delivery, payload: Some(payload), early });
        }
        drop(state);
        self.wake.notify_one();
    }

    /// Puts back what is to be tried again.
    pub(super) fn put_back(&self, item: Item) {
        self.state.lock().insert(item);
        self.wake.notify_one();
    }

    /// Reads what the store has and memory has not, when there is room; says whether it read.
    pub(crate) fn refill(&self, reader: &Reader) -> rusqlite::Result<bool> {
        let mut state = self.state.lock();
        let Some(from) = state.spilled_from.filter(|_| state.items.len() <= self.capacity / 2) else {
            return Ok(false);
        };
        let wanted = self.capacity - state.items.len();
        let rows = reader.all(Table::Delivery, from, wanted)?;
        state.spilled_from = (rows.len() == wanted).then(|| rows.last().map_or(from, |(n, _, _)| n + 1));
        for (n, _, body) in rows {
            if !state.items.contains_key(&n) {
                state.insert(Item { delivery: crate::shelf::decode(&body)?, payload: None, early: None });
            }
        }
        Ok(true)
    }

    /// Begins after a restart: everything is in the store.
    pub(crate) fn restore(&self, reader: &Reader) -> rusqlite::Result<()> {
        self.state.lock().spilled_from = Some(0);
        self.refill(reader).map(|_| ())
    }

    /// Whether deliveries wait in the store for room in memory.
    pub(super) fn wants_refill(&self) -> bool {
        let state = self.state.lock();
        state.spilled_from.is_some() && state.items.len() <= self.capacity / 2
    }

    pub(super) fn next(&self, now_us: i64) -> Next {
        let mut state = self.state.lock();
        while let Some(Reverse((due_us, n))) = state.due.peek().copied() {
            let is_current = state.items.get(&n).is_some_and(|item| item.delivery.due_us == due_us);
            if is_current && due_us > now_us {
                return Next::At(due_us);
            }
            state.due.pop();
            // A held one that was let go stands in the heap twice.
            if let Some(item) = is_current.then(|| state.items.remove(&n)).flatten() {
                state.unhold(&item.delivery);
                state.under_way += 1;
                return Next::Item(Box::new(item));
            }
        }
        Next::Nothing
    }

    pub(super) async fn woken(&self) {
        self.wake.notified().await;
    }

    pub(super) fn attempt_is_over(&self) {
        self.state.lock().under_way -= 1;
    }

    /// Lets go what waited for this event, or for any of this group that is newer.
    pub(super) fn delivered(&self, delivery: &Delivery, now_us: i64) {
        let mut state = self.state.lock();
        let waiting = state.held.get(&(delivery.endpoint, delivery.group.clone())).cloned().unwrap_or_default();
        for n in waiting {
            state.let_go(n, now_us, |held| held.event < delivery.event);
        }
        drop(state);
        self.wake.notify_one();
    }

    /// Lets go everything that a rule holds.
    pub(crate) fn release(&self, rule: &str, now_us: i64) {
        let mut state = self.state.lock();
        let waiting: Vec<i64> = state.held.values().flatten().copied().collect();
        for n in waiting {
            state.let_go(n, now_us, |held| held.reordered_by.as_deref() == Some(rule));
        }
        drop(state);
        self.wake.notify_one();
    }

    /// Deliveries that wait, under way ones included, and those that a rule holds.
    pub(crate) fn counts(&self) -> (u64, u64) {
        let state = self.state.lock();
        let held: usize = state.held.values().map(Vec::len).sum();
        let spilled = usize::from(state.spilled_from.is_some());
        ((state.items.len() + state.under_way + spilled - held) as u64, held as u64)
    }
}

impl State {
    /// Holds it when it is the only one of its group to be reordered; else it goes ahead, and so overtakes the held one.
    fn insert(&mut self, mut item: Item) {
        let n = item.delivery.n;
        if item.delivery.reordered_by.is_some() {
            let held = self.held.entry((item.delivery.endpoint, item.delivery.group.clone())).or_default();
            if held.is_empty() {
                held.push(n);
            } else {
                item.delivery.reordered_by = None;
                item.delivery.due_us = 0;
            }
        }
        self.due.push(Reverse((item.delivery.due_us, n)));
        self.items.insert(n, item);
    }

    fn let_go(&mut self, n: i64, now_us: i64, is_meant: impl Fn(&Delivery) -> bool) {
        let Some(item) = self.items.get_mut(&n).filter(|item| is_meant(&item.delivery)) else { return };
        item.delivery.due_us = now_us.min(item.delivery.due_us);
        let due_us = item.delivery.due_us;
        let delivery = item.delivery.clone();
        self.due.push(Reverse((due_us, n)));
        self.unhold(&delivery);
    }

    fn unhold(&mut self, delivery: &Delivery) {
        let key = (delivery.endpoint, delivery.group.clone());
        if let Some(held) = self.held.get_mut(&key) {
            held.retain(|n| *n != delivery.n);
            if held.is_empty() {
                self.held.remove(&key);
            }
        }
    }
}
