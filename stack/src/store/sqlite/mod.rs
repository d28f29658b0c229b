//! The shop's storage on embedded `SQLite`: one writing thread with grouped, synced commits, and a few connections that
//! read beside it.

use std::{
    future::ready,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use parking_lot::Mutex;
use rusqlite::Connection;

use super::{
    Answer, Begin, BeginPayment, Begun, CartChange, Census, Charge, Claim, GiveBack, Given, Message, Move,
    PaymentState, Refund, RefundProof, Settled, Settlement, Store, StoreError, Stored, Telling, Terms, Told,
};
use crate::{
    cart::{Cart, Quote},
    defects::Defect,
    order::{BookLine, Brief, Parcel},
};

mod accounts;
mod book;
mod captures;
mod carts;
mod checkout;
mod credit;
mod disputes;
mod edits;
mod front;
mod given_back;
mod giving_up;
mod keys;
mod opening;
mod orders;
mod outbox;
mod payments;
mod refunds;
mod remainder;
mod reviews;
mod settlement;
mod strays;
mod till;
mod unguarded;
mod waiting;
mod writer;

#[cfg(test)]
mod tests;

pub(crate) use credit::StoreCredit;
use writer::{Done, Writer};

const READERS: usize = 3;

/// The storage of one shop.
pub(crate) struct SqliteStore {
    writer: Writer,
    readers: Vec<Mutex<Connection>>,
    /// Long reads go here, off the request's threads.
    archive: Arc<Mutex<Connection>>,
    turn: AtomicUsize,
    terms: Arc<Terms>,
    path: PathBuf,
}

impl SqliteStore {
    /// Opens or makes the file, brings its schema up to date and loads the catalogue.
    pub(crate) fn open(path: &Path, terms: Terms) -> Result<Self, StoreError> {
        let unavailable = |error: rusqlite::Error| StoreError::Unavailable(error.to_string());
        let mut writing = opening::writing(path, Duration::from_millis(terms.store_wait_ms)).map_err(unavailable)?;
        opening::migrate(&mut writing).map_err(unavailable)?;
        opening::load(&mut writing, &terms).map_err(unavailable)?;
        unguarded::loosen(&writing, terms.defects).map_err(unavailable)?;
        let readers = (0..READERS).map(|_| opening::reading(path).map(Mutex::new)).collect::<Result<_, _>>();
        Ok(Self {
            readers: readers.map_err(unavailable)?,
            archive: Arc::new(Mutex::new(opening::reading(path).map_err(unavailable)?)),
            writer: Writer::start(writing).map_err(|error| StoreError::Unavailable(error.to_string()))?,
            turn: AtomicUsize::new(0),
            terms: Arc::new(terms),
            path: path.to_path_buf(),
        })
    }

    /// A step of the shop, by the writing thread.
    fn step<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Connection, &Terms) -> Done<T> + Send + 'static,
    ) -> Answer<'_, T> {
        let terms = Arc::clone(&self.terms);
        Box::pin(self.writer.run(move |connection| job(connection, &terms)))
    }

    /// A look at a few rows. It is done at once: a point query takes microseconds, less than handing it to a thread.
    fn look<T: Send + 'static>(&self, query: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Answer<'static, T> {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        let reader = (0..READERS)
            .find_map(|step| self.readers[(turn + step) % READERS].try_lock())
            .unwrap_or_else(|| self.readers[turn % READERS].lock());
        Box::pin(ready(query(&reader).map_err(|error| StoreError::Unavailable(error.to_string()))))
    }

    /// A long read, on a thread and a connection of its own.
    fn archived<T: Send + 'static>(
        &self,
        query: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Answer<'static, T> {
        let archive = Arc::clone(&self.archive);
        Box::pin(async move {
            tokio::task::spawn_blocking(move || query(&archive.lock()))
                .await
                .map_err(|error| StoreError::Unavailable(error.to_string()))?
                .map_err(|error| StoreError::Unavailable(error.to_string()))
        })
    }
}

impl Store for SqliteStore {
    fn change_cart(
        &self,
        cart: String,
        change: CartChange,
        claim: Option<Claim>,
        telling: Telling,
    ) -> Answer<'_, Told> {
        self.step(move |connection, terms| carts::change(connection, terms, &cart, change, claim.as_ref(), telling))
    }

    fn cart(&self, id: &str) -> Answer<'_, Option<Cart>> {
        self.look(|connection| carts::read(connection, id))
    }

    fn keep_quote(&self, cart: &str, version: i64, quote: Quote, answer: Option<(Claim, Stored)>) -> Answer<'_, ()> {
        let cart = cart.to_owned();
        self.step(move |connection, _| carts::keep_quote(connection, &cart, version, &quote, answer))
    }

    fn answer_of(&self, claim: &Claim) -> Answer<'_, Option<Stored>> {
        let found = self.look(|connection| keys::find(connection, &claim.key));
        let claim = claim.clone();
        Box::pin(async move {
            match found.await? {
                Some(row) => row.answer_for(&claim).map_err(StoreError::Refused),
                None => Ok(None),
            }
        })
    }

    fn available(&self, sku: &str) -> Answer<'_, Option<i64>> {
        self.look(|connection| carts::available(connection, sku))
    }

    fn begin_checkout(&self, begin: Begin) -> Answer<'_, Begun> {
        self.step(move |connection, terms| checkout::begin(connection, terms, &begin))
    }

    fn begin_payment(&self, begin: BeginPayment) -> Answer<'_, Begun> {
        self.step(move |connection, terms| payments::begin_another(connection, terms, &begin))
    }

    fn leave_in_doubt(&self, payment: i64) -> Answer<'_, ()> {
        self.step(move |connection, _| payments::leave_in_doubt(connection, payment))
    }

    fn settle_payment(&self, settlement: Settlement) -> Answer<'_, Settled> {
        self.step(move |connection, terms| settlement::settle(connection, terms, settlement))
    }

    fn answer_key(&self, key: &str, stored: Stored) -> Answer<'_, ()> {
        let key = key.to_owned();
        self.step(move |connection, _| keys::answer(connection, &key, &stored))
    }

    fn overwrite_with_failed(&self, order: i64) -> Answer<'_, Vec<Move>> {
        self.step(move |connection, _| orders::overwrite_with_failed(connection, order))
    }

    fn lose_order(&self, order: i64) -> Answer<'_, ()> {
        self.step(move |connection, _| orders::lose(connection, order))
    }

    fn unsettled(&self, before_ms: i64) -> Answer<'_, Vec<Charge>> {
        self.look(|connection| payments::unsettled(connection, before_ms))
    }

    fn payment(&self, id: i64) -> Answer<'_, Option<(PaymentState, Charge)>> {
        self.look(|connection| payments::read(connection, id))
    }

    fn doubts(&self) -> Answer<'_, i64> {
        self.look(payments::doubts)
    }

    fn release_expired(&self, now_ms: i64) -> Answer<'_, usize> {
        self.step(move |connection, terms| orders::release_expired(connection, terms, now_ms))
    }

    fn forget_before(&self, before_ms: i64) -> Answer<'_, ()> {
        self.step(move |connection, _| keys::forget_before(connection, before_ms))
    }

    fn begin_cancel(&self, cancel: GiveBack) -> Answer<'_, Given> {
        self.step(move |connection, terms| refunds::begin_cancel(connection, terms, &cancel))
    }

    fn begin_refund(&self, refund: GiveBack) -> Answer<'_, Given> {
        self.step(move |connection, terms| remainder::begin(connection, terms, &refund))
    }

    fn settle_refund(&self, refund: i64, proof: RefundProof) -> Answer<'_, Given> {
        self.step(move |connection, terms| refunds::settle(connection, terms, refund, &proof))
    }

    fn unsettled_refunds(&self, before_ms: i64) -> Answer<'_, Vec<Refund>> {
        self.look(|connection| refunds::unsettled(connection, before_ms))
    }

    fn parcel(&self, order: i64) -> Answer<'_, Option<Parcel>> {
        self.look(|connection| outbox::parcel(connection, order, None))
    }

    fn acknowledge(&self, message: Message) -> Answer<'_, Vec<Move>> {
        self.step(move |connection, _| outbox::acknowledge(connection, message))
    }

    fn order(&self, seq: i64) -> Answer<'_, Option<Brief>> {
        self.look(|connection| orders::brief(connection, seq))
    }

    fn book(&self, after: i64, limit: usize) -> Answer<'_, Vec<BookLine>> {
        let shares_numbers = self.terms.defects.has(Defect::SharedOrderNumber);
        self.archived(move |connection| {
            let mut lines = book::read(connection, after, limit)?;
            if shares_numbers {
                unguarded::renumber(connection, &mut lines)?;
            }
            Ok(lines)
        })
    }

    fn census(&self) -> Answer<'_, Census> {
        self.look(book::census)
    }

    fn files(&self) -> Vec<PathBuf> {
        opening::files(&self.path)
    }

    fn close(&self) -> Answer<'_, ()> {
        self.writer.close();
        Box::pin(ready(Ok(())))
    }
}
