//! The reconciler: whatever a request, a crash or a full disk left unsettled is settled here, by the same key first and
//! by looking for it second. Nothing is final before it is proven.

use std::{sync::Arc, sync::atomic::Ordering, time::Duration};

use tokio::{sync::Semaphore, task::JoinSet};

use crate::{
    clock::now_ms,
    fraud::Course,
    order::{Number, PaymentProvider},
    outbox::Missed,
    pay::Finding,
    providers::{
        Guard,
        gateway::{Attempt, Search},
    },
    shop::{Patience, Shop},
    store::{ABANDONED, Charge, NotCharged, PaymentKind, Proof, Stray},
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
        let mut missed = Missed::default();
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
            self.end_edits().await;
            self.end_abandoned(now).await;
            self.take_over_messages().await;
            self.take_up_forgotten_messages(&mut missed).await;
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
        // Another instance may be at it.
        if !self.store.claim_payment(charge.payment).await.unwrap_or(false) {
            return false;
        }
        match self.course_of(charge).await {
            Ok(Course::Charge | Course::ReserveOnly) => {}
            // Given up unpaid: there is nothing to find out.
            Ok(Course::Refuse) => return true,
            Err(_) => return false,
        }
        match self.find_out(charge).await {
            Finding::Proven(proof) => {
                self.metrics.doubts_settled.fetch_add(1, Ordering::Relaxed);
                let settled = self.book(charge, proof, "reconciler").await;
                // After a doubt the provider may hold more than one.
                self.clear_strays(charge).await;
                settled
            }
            Finding::Waiting(challenge) => self.store.wait_for_holder(charge.payment, challenge).await.is_ok(),
            Finding::Doubt => {
                if let Err(error) = self.store.leave_in_doubt(charge.payment).await {
                    self.log.store_trouble("a doubt was not stored", &error);
                }
                false
            }
        }
    }

    async fn book(self: &Arc<Self>, charge: &Charge, proof: Proof, why: &'static str) -> bool {
        match self.settle(charge.payment, proof, None, why, None).await {
            Ok(_) => true,
            Err(error) => {
                self.log.store_trouble("a payment was not settled", &error);
                false
            }
        }
    }

    /// Looks before it repeats: a key that is old may be forgotten, and a repeat be executed anew.
    async fn find_out(&self, charge: &Charge) -> Finding {
        if !self.defects.mints_a_key_per_retry() {
            match self.search(charge).await {
                Attempt::Proven(proof) => return Finding::Proven(proof),
                Attempt::Waiting(challenge) if challenge.url.is_some() || charge.kind == PaymentKind::Session => {
                    return Finding::Waiting(challenge);
                }
                Attempt::Waiting(_) | Attempt::Nothing(_) | Attempt::Doubt { .. } => {}
            }
        }
        // Not to be found proves something only where no work of the key goes on any more.
        let ended = match self.attempt(charge, None, true, Guard::None).await {
            Attempt::Proven(proof) => return Finding::Proven(proof),
            Attempt::Waiting(challenge) => return Finding::Waiting(challenge),
            Attempt::Doubt { again: false } => Some(NotCharged::Unavailable),
            // Had the key done anything, its answer would have been repeated.
            Attempt::Nothing(NotCharged::Refused) => Some(NotCharged::Refused),
            Attempt::Doubt { again: true } | Attempt::Nothing(_) => None,
        };
        match (self.search(charge).await, ended) {
            (Attempt::Proven(proof), _) => Finding::Proven(proof),
            (Attempt::Waiting(challenge), _) => Finding::Waiting(challenge),
            (Attempt::Nothing(_), Some(reason)) => Finding::Proven(Proof::NotCharged(reason)),
            // Nothing can be looked for there, and the key tells no more: it is ended by the order's name.
            (Attempt::Doubt { .. }, Some(_)) if charge.provider == PaymentProvider::BackupPayment => {
                self.end_unseen(charge).await
            }
            (Attempt::Nothing(_) | Attempt::Doubt { .. }, _) => Finding::Doubt,
        }
    }

    /// Cancels what nobody knows of, once its own notification has had time to come.
    async fn end_unseen(&self, charge: &Charge) -> Finding {
        if charge.age_ms < self.config.hold_ttl_ms as i64 {
            return Finding::Doubt;
        }
        match self.gateways.of(charge.provider).abandon(charge).await {
            Attempt::Proven(proof) => Finding::Proven(proof),
            Attempt::Waiting(_) | Attempt::Nothing(_) | Attempt::Doubt { .. } => Finding::Doubt,
        }
    }

    /// Looks for payments of an order that it does not need – made twice, or late after another took their place – and gives
    /// them back.
    pub(crate) async fn clear_strays(self: &Arc<Self>, charge: &Charge) {
        let Search::Found(held) = self.gateways.of(charge.provider).find(charge).await else { return };
        let order = charge.brief.number.0;
        let Ok(booked) = self.store.payments_of(order).await else { return };
        for held in held {
            let is_captured = match &held.attempt {
                Attempt::Proven(Proof::Succeeded { .. }) => true,
                Attempt::Proven(Proof::Authorised { .. }) => false,
                Attempt::Proven(_) | Attempt::Waiting(_) | Attempt::Nothing(_) | Attempt::Doubt { .. } => continue,
            };
            if booked.iter().any(|(_, charge)| charge.intent.as_deref() == Some(held.intent.as_str())) {
                continue;
            }
            // A row that is not settled yet may be this very payment: it is settled first.
            if booked.iter().any(|(state, charge)| state.may_take_money() && held.payment == Some(charge.payment)) {
                continue;
            }
            self.give_stray_back(Stray {
                order,
                provider: charge.provider,
                intent: held.intent,
                amount_minor: if is_captured { held.captured_minor.max(held.amount_minor) } else { held.amount_minor },
                is_captured,
                event: None,
            })
            .await;
        }
    }

    pub(crate) async fn give_stray_back(self: &Arc<Self>, stray: Stray) {
        let order = Number(stray.order);
        match self.store.book_stray(stray).await {
            Ok(made) => {
                self.metrics.discrepancies.fetch_add(1, Ordering::Relaxed);
                self.log.trouble(order, "a provider holds a payment that the order does not need");
                self.took_effect(&made.moves, made.messages, made.refund);
            }
            Err(error) => self.log.store_trouble("a stray payment was not booked", &error),
        }
    }

    /// Ends what waited for a holder who did not come back: at the provider first, then here.
    async fn end_abandoned(self: &Arc<Self>, now_ms: i64) {
        if self.defects.hears_no_late_failure() {
            return;
        }
        let charges = match self.store.overdue(now_ms).await {
            Ok(charges) => charges,
            Err(error) => return self.log.store_trouble("abandoned payments were not read", &error),
        };
        for charge in charges {
            let Some(_work) = self.paying.enter(&charge.payment) else { continue };
            if !self.store.claim_payment(charge.payment).await.unwrap_or(false) {
                continue;
            }
            let ended = if self.defects.swallows_errors_of_events() {
                Attempt::Proven(Proof::Declined { intent: None, code: "abandoned".into() })
            } else {
                self.gateways.of(charge.provider).abandon(&charge).await
            };
            match ended {
                Attempt::Proven(proof) => {
                    let why = if let Proof::Declined { .. } = proof { ABANDONED } else { "reconciler" };
                    self.book(&charge, proof, why).await;
                }
                Attempt::Waiting(_) | Attempt::Nothing(_) | Attempt::Doubt { .. } => {}
            }
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
            // Another instance may be at it.
            if !self.store.claim_refund(refund.id).await.unwrap_or(false) {
                continue;
            }
            match self.give_back(&refund).await {
                Some(_) => patience.settled(refund.id),
                None => patience.failed(refund.id, self.config.reconcile_every_ms),
            }
        }
    }
}
