//! The outbox at work: every message that is owed is delivered at least once, those of one order and one receiver in
//! turn. The tax lane and the warehouse lane do not wait for each other.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use parking_lot::Mutex;
use tokio::{
    sync::{Semaphore, oneshot},
    time::Instant,
};

use crate::{
    clock::{backoff, now_ms},
    order::{Number, State, tax_code},
    shop::{Shop, closes},
    store::{Message, MessageKind},
};

const AT_ONCE: usize = 64;
const BACKOFF_MS: u64 = 100;
const BACKOFF_MAX_MS: u64 = 5_000;
/// First pause before a look whether an event has come.
const AWAITED_MS: u64 = 20;

/// Between two looks for what is stored and in nobody's hands.
const LOOK_EVERY: Duration = Duration::from_secs(2);

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

/// Dispatches that are about to begin, and those who wait to hear whether they may.
type Beginning = Mutex<Vec<(i64, oneshot::Sender<bool>)>>;

/// Everything on its way out.
#[derive(Default)]
pub(crate) struct Outbox {
    tax: Lane,
    warehouse: Lane,
    payment: Lane,
    beginning: Beginning,
    /// Held by whoever stores that dispatches begin; the others gather meanwhile.
    storing: tokio::sync::Mutex<()>,
    /// What is being delivered or waits for its turn.
    in_hand: Mutex<HashSet<i64>>,
}

/// Messages that were stored and in nobody's hands at the last look. One look alone proves nothing: a step is stored a moment
/// before it is handed on.
#[derive(Default)]
pub(crate) struct Missed {
    next: Option<Instant>,
    ids: HashSet<i64>,
}

impl Missed {
    /// Of what is stored, what nobody has had in hand twice in a row.
    fn twice(&mut self, stored: Vec<Message>, in_hand: &HashSet<i64>) -> Vec<Message> {
        let missing: Vec<Message> = stored.into_iter().filter(|message| !in_hand.contains(&message.id)).collect();
        let before = std::mem::replace(&mut self.ids, missing.iter().map(|message| message.id).collect());
        missing.into_iter().filter(|message| before.contains(&message.id)).collect()
    }
}

/// How one try went.
pub(crate) enum Delivery {
    Done,
    TryAgain,
    /// The provider has taken in what must come first, and tells later.
    Awaited,
    /// The order was given up; nothing is owed any more.
    Withdrawn,
}

impl Outbox {
    fn lane(&self, kind: MessageKind) -> &Lane {
        match kind {
            MessageKind::TaxDocument | MessageKind::TaxVoid => &self.tax,
            MessageKind::Dispatch => &self.warehouse,
            MessageKind::PaymentVoid => &self.payment,
        }
    }

    /// Takes messages that are stored and claimed, and delivers them; those that are in hand already are not taken twice.
    pub(crate) fn send(shop: &Arc<Shop>, messages: Vec<Message>) {
        for message in messages {
            if !shop.outbox.in_hand.lock().insert(message.id) {
                continue;
            }
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
}

impl Shop {
    /// Takes up what this instance has stored and never sent: whoever stored it did not live to hand it on.
    pub(crate) async fn take_up_forgotten_messages(self: &Arc<Self>, missed: &mut Missed) {
        if missed.next.is_some_and(|next| Instant::now() < next) {
            return;
        }
        missed.next = Some(Instant::now() + LOOK_EVERY);
        let stored = match self.store.own_messages().await {
            Ok(stored) => stored,
            Err(error) => return self.log.store_trouble("own messages were not read", &error),
        };
        let forgotten = missed.twice(stored, &self.outbox.in_hand.lock());
        for message in &forgotten {
            self.log.trouble(Number(message.order), &format!("{} was stored and never sent", message.kind.name()));
        }
        Outbox::send(self, forgotten);
    }

    async fn deliver_in_turn(self: Arc<Self>, first: Message) {
        let mut next = Some(first);
        while let Some(message) = next {
            if !self.deliver(message).await {
                return;
            }
            self.outbox.in_hand.lock().remove(&message.id);
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
        let wait_ms = (message.due_ms - now_ms()).max(0);
        if wait_ms > 0 {
            self.pause(Duration::from_millis(wait_ms as u64)).await;
        }
        // A dispatch that is captured first begins with its capture.
        let must_begin = message.kind == MessageKind::Dispatch && message.subject.is_none() && !message.begun;
        let mut begun = !must_begin;
        let (mut repeat, mut awaited) = (0, 0);
        while !*self.closing.borrow() {
            if !begun {
                match self.begins(message.id).await {
                    Some(true) => begun = true,
                    Some(false) => return true,
                    None => {
                        self.pause(backoff(BACKOFF_MS, 0, BACKOFF_MAX_MS)).await;
                        continue;
                    }
                }
            }
            match self.try_to_deliver(message).await {
                Delivery::Done | Delivery::Withdrawn if self.book_delivery(message).await => return true,
                Delivery::Awaited => {
                    self.pause(backoff(AWAITED_MS, awaited, BACKOFF_MAX_MS)).await;
                    awaited += 1;
                    continue;
                }
                Delivery::Done | Delivery::TryAgain | Delivery::Withdrawn => {}
            }
            if repeat == 0 {
                self.log.trouble(Number(message.order), &format!("{} was not delivered yet", message.kind.name()));
            }
            self.pause(backoff(BACKOFF_MS, repeat, BACKOFF_MAX_MS)).await;
            repeat += 1;
        }
        false
    }

    /// Stores that a dispatch begins, many at once; `false` when it was withdrawn, `None` when that could not be stored.
    async fn begins(&self, message: i64) -> Option<bool> {
        let (tell, told) = oneshot::channel();
        self.outbox.beginning.lock().push((message, tell));
        let _storing = self.outbox.storing.lock().await;
        let gathered = std::mem::take(&mut *self.outbox.beginning.lock());
        if !gathered.is_empty() {
            let ids = gathered.iter().map(|(id, _)| *id).collect();
            if let Ok(begun) = self.store.begin_dispatches(ids).await {
                for (id, tell) in gathered {
                    // Whoever does not listen any more has been closed.
                    tell.send(begun.contains(&id)).ok();
                }
            }
        }
        told.await.ok()
    }

    async fn try_to_deliver(self: &Arc<Self>, message: Message) -> Delivery {
        let Ok(_place) = self.outbox.lane(message.kind).places.acquire().await else { return Delivery::TryAgain };
        if message.kind == MessageKind::PaymentVoid {
            return self.release(message).await;
        }
        if message.kind == MessageKind::Dispatch && message.subject.is_some() {
            match self.capture_first(message).await {
                Delivery::Done => {}
                not_yet @ (Delivery::TryAgain | Delivery::Awaited | Delivery::Withdrawn) => return not_yet,
            }
        }
        let Ok(Some(parcel)) = self.store.part(message).await else { return Delivery::TryAgain };
        let received = match message.kind {
            MessageKind::TaxDocument => {
                self.tax.document(&tax_code(parcel.brief.number, message.subject), &parcel).await
            }
            MessageKind::TaxVoid => {
                self.tax.void(&tax_code(parcel.brief.number, message.subject), &parcel.brief.carried).await
            }
            MessageKind::Dispatch if parcel.brief.state == State::Cancelled => return Delivery::Withdrawn,
            MessageKind::Dispatch => self.fulfilment.dispatch(&format!("m_{}", message.id), &parcel).await,
            MessageKind::PaymentVoid => true,
        };
        if received { Delivery::Done } else { Delivery::TryAgain }
    }

    /// Books a delivery; if that fails, the message is delivered once more, under the same name.
    async fn book_delivery(self: &Arc<Self>, message: Message) -> bool {
        match self.store.acknowledge(message).await {
            Ok(moves) => {
                self.took_effect(&moves, Vec::new(), None);
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
