//! The reconciler: whatever a request, a crash or a full disk left unsettled is settled here, by the same key first and
//! by looking for it second. Nothing is final before it is proven.

use std::{sync::Arc, sync::atomic::Ordering, time::Duration};

use tokio::{sync::Semaphore, task::JoinSet};

use crate::{
    clock::now_ms,
    fraud::Course,
    providers::{Guard, payment::Attempt},
    shop::{Patience, Shop},
    store::{Charge, NotCharged, Proof},
};

const AT_ONCE: usize = 32;
const KEYS_KEPT_MS: i64 = 24 * 3_600 * 1_000;
const FORGET_EVERY_MS: i64 = 3_600 * 1_000;

/// Which payments a look takes up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Look {
    /// The shop has just opened: nobody else is at work on what is stored.
    Opening,
    Regular,
}

impl Shop {
    /// Looks at once, then again and again until the shop closes.
    pub(crate) async fn reconcile(self: Arc<Self>) {
        let payments = Arc::new(Patience::default());
        let refunds = Patience::default();
        let mut look = Look::Opening;
        let mut forgotten_ms = 0;
        while !*self.closing.borrow() {
            let now = now_ms();
            let age_ms = match look {
                Look::Opening => 0,
                Look::Regular => self.config.reconcile_after_ms as i64,
            };
            self.settle_payments(now - age_ms, &payments).await;
            self.settle_refunds(now - age_ms, &refunds).await;
            self.approve_overdue().await;
            if let Err(error) = self.store.release_expired(now).await {
                self.log.store_trouble("expired holds were not released", &error);
            }
            if now - forgotten_ms > FORGET_EVERY_MS {
                forgotten_ms = now;
                if let Err(error) = self.store.forget_before(now - KEYS_KEPT_MS).await {
                    self.log.store_trouble("old keys were not forgotten", &error);
                }
            }
            look = Look::Regular;
            self.pause(Duration::from_millis(self.config.reconcile_every_ms.max(10))).await;
        }
    }

    async fn settle_payments(self: &Arc<Self>, before_ms: i64, patience: &Arc<Patience>) {
        let charges = match self.store.unsettled(before_ms).await {
            Ok(charges) => charges,
            Err(error) => return self.log.store_trouble("unsettled payments were not read", &error),
        };
        let places = Arc::new(Semaphore::new(AT_ONCE));
        let mut tasks = JoinSet::new();
        for charge in charges {
            if !patience.is_due(charge.payment) {
                continue;
            }
            let (shop, patience, places) = (Arc::clone(self), Arc::clone(patience), Arc::clone(&places));
            tasks.spawn(async move {
                let Ok(_place) = places.acquire().await else { return };
                if *shop.closing.borrow() {
                    return;
                }
                if shop.settle_doubt(&charge).await {
                    patience.settled(charge.payment);
                } else {
                    patience.failed(charge.payment, shop.config.reconcile_every_ms);
                }
            });
        }
        while tasks.join_next().await.is_some() {}
    }

    /// Finds out how a payment ended; `false` while nobody knows.
    async fn settle_doubt(self: &Arc<Self>, charge: &Charge) -> bool {
        let Some(_work) = self.paying.enter(&charge.payment) else { return false };
        match self.course_of(charge).await {
            Ok(Course::Charge | Course::ReserveOnly) => {}
            // Given up unpaid: there is nothing to find out.
            Ok(Course::Refuse) => return true,
            Err(_) => return false,
        }
        let proof = self.find_out(charge).await;
        let Some(proof) = proof else {
            if let Err(error) = self.store.leave_in_doubt(charge.payment).await {
                self.log.store_trouble("a doubt was not stored", &error);
            }
            return false;
        };
        self.metrics.doubts_settled.fetch_add(1, Ordering::Relaxed);
        match self.settle(charge.payment, proof, None, "reconciler", None).await {
            Ok(_) => true,
            Err(error) => {
                self.log.store_trouble("a payment was not settled", &error);
                false
            }
        }
    }

    async fn find_out(&self, charge: &Charge) -> Option<Proof> {
        // Not to be found proves something only where no work of the key goes on any more.
        let ended = match self.attempt(charge, true, Guard::None).await {
            Attempt::Proven(proof) => return Some(proof),
            Attempt::Doubt { again: false } => Some(NotCharged::Unavailable),
            // Had the key done anything, its answer would have been repeated.
            Attempt::Nothing(NotCharged::Refused) => Some(NotCharged::Refused),
            Attempt::Doubt { again: true } | Attempt::Nothing(_) => None,
        };
        match self.payment.find(charge).await {
            Attempt::Proven(proof) => Some(proof),
            Attempt::Nothing(_) if ended.is_some() => ended.map(Proof::NotCharged),
            Attempt::Nothing(_) | Attempt::Doubt { .. } => None,
        }
    }

    async fn settle_refunds(self: &Arc<Self>, before_ms: i64, patience: &Patience) {
        let refunds = match self.store.unsettled_refunds(before_ms).await {
            Ok(refunds) => refunds,
            Err(error) => return self.log.store_trouble("unsettled refunds were not read", &error),
        };
        for refund in refunds {
            if !patience.is_due(refund.id) || self.refunding.contains(&refund.id) {
                continue;
            }
            match self.give_back(&refund).await {
                Some(_) => patience.settled(refund.id),
                None => patience.failed(refund.id, self.config.reconcile_every_ms),
            }
        }
    }
}
