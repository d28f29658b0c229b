//! A meeting of requests: all wait until the last has come.

use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::watch;

/// Waits until the awaited number has arrived, a deadline passes, or the rule ends.
#[derive(Debug)]
pub(crate) struct Barrier {
    arrived: Mutex<u32>,
    /// Rises each time that those who wait are let go.
    generation: watch::Sender<u64>,
}

impl Default for Barrier {
    fn default() -> Self {
        Self { arrived: Mutex::new(0), generation: watch::Sender::new(0) }
    }
}

/// A place at a barrier.
#[derive(Debug)]
pub(crate) struct Place {
    generation: u64,
    changes: watch::Receiver<u64>,
}

impl Barrier {
    /// Arrives; the last of `count` opens the barrier.
    pub(crate) fn arrive(&self, count: u32) -> Place {
        let mut arrived = self.arrived.lock();
        let place = Place { generation: *self.generation.borrow(), changes: self.generation.subscribe() };
        *arrived += 1;
        if *arrived >= count {
            *arrived = 0;
            self.generation.send_modify(|generation| *generation += 1);
        }
        place
    }

    /// Lets everyone go.
    pub(crate) fn open(&self) {
        let mut arrived = self.arrived.lock();
        *arrived = 0;
        self.generation.send_modify(|generation| *generation += 1);
    }

    /// Waits at most for `deadline`; the first to lose patience opens the barrier for all who wait with it.
    pub(crate) async fn wait(&self, mut place: Place, deadline: Duration) {
        let opened = place.changes.wait_for(|generation| *generation > place.generation);
        // The sender lives as long as `self`.
        let in_time = tokio::time::timeout(deadline, opened).await.is_ok();
        if !in_time && *self.generation.borrow() == place.generation {
            self.open();
        }
    }
}
