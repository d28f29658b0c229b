//! The outbox at work: every message that is owed is delivered at least once, those of one order and one receiver in
//! turn. The tax lane and the warehouse lane do not wait for each other.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use parking_lot::Mutex;
use tokio::sync::Semaphore;

use crate::{
    clock::backoff,
    order::{Number, State},
    shop::{Shop, closes},
    store::{Message, MessageKind},
};

const AT_ONCE: usize = 64;
const BACKOFF_MS: u64 = 100;
const BACKOFF_MAX_MS: u64 = 5_000;
const HELD_PAUSE: Duration = Duration::from_millis(20);

/// Messages of one receiver, by order: the first is being delivered, the others wait for it.
struct Lane {
    waiting: Mutex<HashMap<i64, VecDeque<Message>>>,
    places: Semaphore,
}

impl Default for Lane {
    fn default() -> Self {
        Self { waiting: Mutex::default(), places: Semaphore::new(AT_ONCE) }
    }
}

/// Orders whose dispatch may not begin now, or has begun.
#[derive(Default)]
struct Dispatches {
    held: HashSet<i64>,
    begun: HashSet<i64>,
}

/// Everything on its way out.
#[derive(Default)]
pub(crate) struct Outbox {
    tax: Lane,
    warehouse: Lane,
    dispatches: Arc<Mutex<Dispatches>>,
}

/// Keeps an order's dispatch from beginning until it is dropped.
pub(crate) struct Held {
    dispatches: Arc<Mutex<Dispatches>>,
    order: i64,
}

impl Drop for Held {
    fn drop(&mut self) {
        self.dispatches.lock().held.remove(&self.order);
    }
}

enum Delivery {
    Done,
    TryAgain,
    /// The order was given up; nothing is owed any more.
    Withdrawn,
}

impl Outbox {
    fn lane(&self, kind: MessageKind) -> &Lane {
        match kind {
            MessageKind::TaxDocument | MessageKind::TaxVoid => &self.tax,
            MessageKind::Dispatch => &self.warehouse,
        }
    }

    /// Takes messages that are stored, and delivers them.
    pub(crate) fn send(shop: &Arc<Shop>, messages: Vec<Message>) {
        for message in messages {
            shop.metrics.outbox_pending.fetch_add(1, Ordering::Relaxed);
            let mut waiting = shop.outbox.lane(message.kind).waiting.lock();
            if let Some(queue) = waiting.get_mut(&message.order) {
                queue.push_back(message);
                continue;
            }
            waiting.insert(message.order, VecDeque::new());
            drop(waiting);
            let shop = Arc::clone(shop);
            tokio::spawn(async move { shop.deliver_in_turn(message).await });
        }
    }

    /// Takes messages that an earlier life of the shop left behind; it may have begun to deliver them.
    pub(crate) fn resume(shop: &Arc<Shop>, messages: Vec<Message>) {
        {
            let mut dispatches = shop.outbox.dispatches.lock();
            let orders = messages.iter().filter(|it| it.kind == MessageKind::Dispatch).map(|it| it.order);
            dispatches.begun.extend(orders);
        }
        Self::send(shop, messages);
    }

    /// Keeps an order from being dispatched; `None` when that has begun, or somebody holds it already.
    pub(crate) fn hold(&self, order: i64) -> Option<Held> {
        let mut dispatches = self.dispatches.lock();
        let free = !dispatches.begun.contains(&order) && dispatches.held.insert(order);
        free.then(|| Held { dispatches: Arc::clone(&self.dispatches), order })
    }

    /// Marks a dispatch as begun unless it is held.
    fn begins(&self, order: i64) -> bool {
        let mut dispatches = self.dispatches.lock();
        let free = !dispatches.held.contains(&order);
        if free {
            dispatches.begun.insert(order);
        }
        free
    }
}

impl Shop {
    async fn deliver_in_turn(self: Arc<Self>, first: Message) {
        let mut next = Some(first);
        while let Some(message) = next {
            if !self.deliver(message).await {
                return;
            }
            self.metrics.outbox_pending.fetch_sub(1, Ordering::Relaxed);
            let mut waiting = self.outbox.lane(message.kind).waiting.lock();
            next = waiting.get_mut(&message.order).and_then(VecDeque::pop_front);
            if next.is_none() {
                waiting.remove(&message.order);
            }
        }
    }

    /// Delivers one message, however long it takes; `false` when the shop closes first.
    async fn deliver(self: &Arc<Self>, message: Message) -> bool {
        if message.kind == MessageKind::Dispatch && self.config.fulfilment.after_ms > 0 {
            self.pause(Duration::from_millis(self.config.fulfilment.after_ms)).await;
        }
        let mut repeat = 0;
        while !*self.closing.borrow() {
            if message.kind == MessageKind::Dispatch && !self.outbox.begins(message.order) {
                self.pause(HELD_PAUSE).await;
                continue;
            }
            match self.try_to_deliver(message).await {
                Delivery::Withdrawn => {
                    self.outbox.dispatches.lock().begun.remove(&message.order);
                    return true;
                }
                Delivery::Done if self.book_delivery(message).await => return true,
                Delivery::Done | Delivery::TryAgain => {}
            }
            if repeat == 0 {
                self.log.trouble(Number(message.order), &format!("{} was not delivered yet", message.kind.name()));
            }
            self.pause(backoff(BACKOFF_MS, repeat, BACKOFF_MAX_MS)).await;
            repeat += 1;
        }
        false
    }

    async fn try_to_deliver(&self, message: Message) -> Delivery {
        let Ok(_place) = self.outbox.lane(message.kind).places.acquire().await else { return Delivery::TryAgain };
        let Ok(Some(parcel)) = self.store.parcel(message.order).await else { return Delivery::TryAgain };
        let received = match message.kind {
            MessageKind::TaxDocument => self.tax.document(&parcel).await,
            MessageKind::TaxVoid => self.tax.void(parcel.brief.number, &parcel.brief.carried).await,
            MessageKind::Dispatch if parcel.brief.state == State::Cancelled => return Delivery::Withdrawn,
            MessageKind::Dispatch => self.fulfilment.dispatch(&format!("m_{}", message.id), &parcel).await,
        };
        if received { Delivery::Done } else { Delivery::TryAgain }
    }

    /// Books a delivery; if that fails, the message is delivered once more, under the same name.
    async fn book_delivery(self: &Arc<Self>, message: Message) -> bool {
        match self.store.acknowledge(message).await {
            Ok(moves) => {
                self.took_effect(&moves, Vec::new(), None);
                if message.kind == MessageKind::Dispatch {
                    self.outbox.dispatches.lock().begun.remove(&message.order);
                }
                true
            }
            Err(error) => {
                self.log.store_trouble("a delivery was not booked", &error);
                false
            }
        }
    }

    /// Waits, but not beyond the shop's closing.
    pub(crate) async fn pause(&self, pause: Duration) {
        let mut closing = self.closing.clone();
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = closes(&mut closing) => {}
        }
    }
}
