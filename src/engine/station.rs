//! What all shoppers of one worker share. It belongs to one thread, so nothing in it is locked.

use super::clock::Clock;
use super::ledger::Ledger;
use super::live::Live;
use super::net::{AuthorityId, Pool};
use super::script::Script;
use std::cell::{Cell, RefCell};
use std::sync::Arc;
use tokio::sync::Notify;

/// What all shoppers of one worker share.
pub struct Station {
    /// The run's id.
    pub run: String,
    /// The journeys.
    pub script: Arc<Script>,
    /// The clock of the load.
    pub clock: Clock,
    /// Idle connections.
    pub pool: RefCell<Pool>,
    /// The shop, in the pool.
    pub shop: AuthorityId,
    /// The worker's book.
    pub ledger: RefCell<Ledger>,
    /// Shared by all workers.
    pub live: Arc<Live>,
    /// Arrivals under way.
    open: Cell<usize>,
    emptied: Notify,
}

impl Station {
    /// A station without shoppers.
    pub fn new(
        run: String,
        script: Arc<Script>,
        clock: Clock,
        pool: Pool,
        ledger: Ledger,
        live: Arc<Live>,
    ) -> Option<Self> {
        let mut pool = pool;
        let shop = pool.authority(&script.shop.authority)?;
        Some(Self {
            run,
            script,
            clock,
            pool: RefCell::new(pool),
            shop,
            ledger: RefCell::new(ledger),
            live,
            open: Cell::new(0),
            emptied: Notify::new(),
        })
    }

    /// How many shoppers are under way.
    pub fn open(&self) -> usize {
        self.open.get()
    }

    /// A shopper comes.
    pub fn arrived(&self) {
        self.open.set(self.open.get() + 1);
        self.live.arrived();
    }

    /// A shopper is gone.
    pub fn left(&self) {
        self.open.set(self.open.get() - 1);
        self.live.left();
        if self.open.get() == 0 {
            self.emptied.notify_one();
        }
    }

    /// Until no shopper is under way.
    pub async fn emptied(&self) {
        while self.open.get() > 0 {
            self.emptied.notified().await;
        }
    }
}
