//! The working state of all providers, behind one lock: whoever holds it decides alone.

use crate::config::DeskConfig;
use crate::idempotency::{Keys, Names};
use crate::identity::Identity;
use crate::payment;
use crate::shelf::{Numbers, Progress, Shelf};
use crate::store::{Reader, Table};
use crate::{tax, warehouse};

/// Objects of a kind that are kept in memory.
const RECENT: usize = 4_096;

/// What the providers know.
pub(crate) struct Books {
    pub(crate) reader: Reader,
    pub(crate) identity: Identity,
    pub(crate) seq: i64,
    /// Turns so far that wrote.
    pub(crate) turn: u64,
    /// Rises when a commit failed and memory was thrown away.
    pub(crate) epoch: u64,
    pub(crate) keys: Keys,
    pub(crate) names: Names,
    pub(crate) intents: Shelf<payment::Intent>,
    pub(crate) methods: Shelf<payment::Method>,
    pub(crate) refunds: Shelf<payment::RefundPlace>,
    pub(crate) customers: Shelf<payment::Customer>,
    pub(crate) balance: Shelf<payment::Entry>,
    pub(crate) disputes: Shelf<payment::Dispute>,
    pub(crate) domains: Shelf<payment::Domain>,
    pub(crate) chores: Numbers,
    /// How long banks take.
    pub(crate) pauses: DeskConfig,
    pub(crate) events: Numbers,
    pub(crate) endpoints: Numbers,
    pub(crate) documents: Shelf<tax::Document>,
    pub(crate) dispatches: Shelf<warehouse::Dispatch>,
    pub(crate) deliveries: Numbers,
}

impl Books {
    pub(crate) fn open(reader: Reader, salt: u64, pauses: DeskConfig) -> rusqlite::Result<Self> {
        Ok(Self {
            identity: Identity::new(salt),
            seq: reader.last_seq()?,
            turn: 0,
            epoch: 0,
            keys: Keys::open(&reader)?,
            names: Names::open(&reader)?,
            intents: Shelf::open(Table::Intent, RECENT, &reader)?,
            methods: Shelf::open(Table::Method, RECENT, &reader)?,
            refunds: Shelf::open(Table::Refund, RECENT, &reader)?,
            customers: Shelf::open(Table::Customer, RECENT, &reader)?,
            balance: Shelf::open(Table::Balance, RECENT, &reader)?,
            disputes: Shelf::open(Table::Dispute, RECENT, &reader)?,
            domains: Shelf::open(Table::Domain, RECENT, &reader)?,
            chores: Numbers::open(Table::Chore, &reader)?,
            pauses,
            events: Numbers::open(Table::Event, &reader)?,
            endpoints: Numbers::open(Table::Endpoint, &reader)?,
            documents: Shelf::open(Table::Document, RECENT, &reader)?,
            dispatches: Shelf::open(Table::Dispatch, RECENT, &reader)?,
            deliveries: Numbers::open(Table::Delivery, &reader)?,
            reader,
        })
    }

    /// Throws away what may not be in the store; it is read from there again.
    pub(crate) fn forget(&mut self) {
        self.epoch += 1;
        self.keys.forget();
        self.names.forget();
        self.intents.forget();
        self.methods.forget();
        self.refunds.forget();
        self.customers.forget();
        self.balance.forget();
        self.disputes.forget();
        self.domains.forget();
        self.documents.forget();
        self.dispatches.forget();
    }

    /// The turn that is being taken.
    pub(crate) const fn progress(&self, finished_turn: u64) -> Progress {
        Progress { turn: self.turn + 1, finished_turn }
    }
}
