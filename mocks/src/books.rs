//! The working state of all providers, behind one lock: whoever holds it decides alone.

use std::collections::BTreeSet;

use crate::config::DeskConfig;
use crate::idempotency::Keys;
use crate::identity::Identity;
use crate::names::{Marks, Names};
use crate::payment;
use crate::shelf::{Numbers, Progress, Shelf, decode};
use crate::statement::{Row, Stamp, render};
use crate::store::{Reader, Table, Write};
use crate::{adyen, fraud, shipping, tax, warehouse};

/// Objects of a kind that are kept in memory at most.
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
    pub(crate) marks: Marks,
    pub(crate) intents: Shelf<payment::Intent>,
    pub(crate) methods: Shelf<payment::Method>,
    pub(crate) refunds: Shelf<payment::RefundPlace>,
    pub(crate) customers: Shelf<payment::Customer>,
    pub(crate) balance: Shelf<payment::Entry>,
    pub(crate) setups: Shelf<payment::Setup>,
    pub(crate) sessions: Shelf<payment::Session>,
    pub(crate) disputes: Shelf<payment::Dispute>,
    pub(crate) domains: Shelf<payment::Domain>,
    pub(crate) chores: Numbers,
    /// How long banks take.
    pub(crate) pauses: DeskConfig,
    pub(crate) events: Numbers,
    pub(crate) endpoints: Numbers,
    pub(crate) documents: Shelf<tax::Document>,
    /// Rates of tax that change, in the order in which they were said.
    pub(crate) rate_changes: Vec<tax::RateChange>,
    pub(crate) dispatches: Shelf<warehouse::Dispatch>,
    pub(crate) addresses: Shelf<shipping::Address>,
    pub(crate) parcels: Shelf<shipping::Parcel>,
    pub(crate) shipments: Shelf<shipping::Shipment>,
    pub(crate) trackers: Shelf<shipping::Tracker>,
    pub(crate) decisions: Shelf<fraud::Decision>,
    /// Orders that people look at: when they are done, in unix microseconds, and the order's number.
    pub(crate) reviews: BTreeSet<(i64, i64)>,
    pub(crate) velocity: fraud::Velocity,
    pub(crate) deliveries: Numbers,
    pub(crate) backup_payments: Shelf<adyen::Payment>,
    pub(crate) backup_methods: Shelf<adyen::StoredMethod>,
    pub(crate) backup_sessions: Shelf<adyen::Session>,
    pub(crate) backup_entries: Numbers,
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
            marks: Marks::open(&reader)?,
            intents: Shelf::open(Table::Intent, RECENT, &reader)?,
            methods: Shelf::open(Table::Method, RECENT, &reader)?,
            refunds: Shelf::open(Table::Refund, RECENT, &reader)?,
            customers: Shelf::open(Table::Customer, RECENT, &reader)?,
            balance: Shelf::open(Table::Balance, RECENT, &reader)?,
            setups: Shelf::open(Table::Setup, RECENT, &reader)?,
            sessions: Shelf::open(Table::Session, RECENT, &reader)?,
            disputes: Shelf::open(Table::Dispute, RECENT, &reader)?,
            domains: Shelf::open(Table::Domain, RECENT, &reader)?,
            chores: Numbers::open(Table::Chore, &reader)?,
            pauses,
            events: Numbers::after(reader.last_event()?),
            endpoints: Numbers::open(Table::Endpoint, &reader)?,
            documents: Shelf::open(Table::Document, RECENT, &reader)?,
            rate_changes: stored_changes(&reader)?,
            dispatches: Shelf::open(Table::Dispatch, RECENT, &reader)?,
            addresses: Shelf::open(Table::Address, RECENT, &reader)?,
            parcels: Shelf::open(Table::Parcel, RECENT, &reader)?,
            shipments: Shelf::open(Table::Shipment, RECENT, &reader)?,
            trackers: Shelf::open(Table::Tracker, RECENT, &reader)?,
            decisions: Shelf::open(Table::Decision, RECENT, &reader)?,
            reviews: stored_reviews(&reader)?,
            velocity: fraud::Velocity::default(),
            deliveries: Numbers::open(Table::Delivery, &reader)?,
            backup_payments: Shelf::open(Table::BackupPayment, RECENT, &reader)?,
            backup_methods: Shelf::open(Table::BackupMethod, RECENT, &reader)?,
            backup_sessions: Shelf::open(Table::BackupSession, RECENT, &reader)?,
            backup_entries: Numbers::open(Table::BackupEntry, &reader)?,
            reader,
        })
    }

    /// Throws away what is not in the store, which has come to `finished_turn`; the rest is read from there again.
    pub(crate) fn forget(&mut self, finished_turn: u64) {
        self.epoch += 1;
        self.keys.forget();
        self.names.undo(finished_turn + 1);
        self.intents.forget();
        self.methods.forget();
        self.refunds.forget();
        self.customers.forget();
        self.balance.forget();
        self.setups.forget();
        self.sessions.forget();
        self.disputes.forget();
        self.domains.forget();
        self.documents.forget();
        self.dispatches.forget();
        self.decisions.forget();
        // Where the store cannot be read now, what is under review is found again at the next start.
        self.reviews = stored_reviews(&self.reader).unwrap_or_default();
        self.addresses.forget();
        self.parcels.forget();
        self.shipments.forget();
        self.trackers.forget();
        self.backup_payments.forget();
        self.backup_methods.forget();
        self.backup_sessions.forget();
    }

    /// The account of an intent to set a method up.
    pub(crate) fn owner_of_setup(&mut self, n: i64) -> rusqlite::Result<Option<i64>> {
        Ok(self.setups.take(n, &self.reader)?.map(|setup| setup.account))
    }

    /// The account of a hosted checkout.
    pub(crate) fn owner_of_session(&mut self, n: i64) -> rusqlite::Result<Option<i64>> {
        Ok(self.sessions.take(n, &self.reader)?.map(|session| session.account))
    }

    /// The next rows of the statement.
    pub(crate) fn statement(&mut self, stamp: &Stamp, rows: &[Row]) -> Write {
        let seq = self.seq + 1;
        self.seq += rows.len() as i64;
        Write::Statement { seq, last: self.seq, run: stamp.run.clone(), open: false, lines: render(seq, stamp, rows) }
    }

    /// The turn that is being taken.
    pub(crate) const fn progress(&self, at_us: i64, finished_turn: u64) -> Progress {
        Progress { turn: self.turn + 1, at_us, finished_turn }
    }
}

/// The changes of rates that the admin interface was told.
fn stored_changes(reader: &Reader) -> rusqlite::Result<Vec<tax::RateChange>> {
    let rows = reader.all(Table::RateChange, 0, usize::MAX >> 1)?;
    rows.iter().map(|(_, _, body)| decode(body)).collect()
}

/// The orders that people still looked at when the store was last written.
fn stored_reviews(reader: &Reader) -> rusqlite::Result<BTreeSet<(i64, i64)>> {
    let bodies = reader.tagged(Table::Decision)?;
    let due = bodies.iter().map(|body| Ok(decode::<fraud::Decision>(body)?.due()));
    Ok(due.collect::<rusqlite::Result<Vec<_>>>()?.into_iter().flatten().collect())
}
