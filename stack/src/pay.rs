//! The second and third phase of every payment: the provider is asked under the stored key, outside any transaction,
//! and what it proved is stored. An answer that proves nothing leaves the payment in doubt.

use std::{sync::Arc, sync::atomic::Ordering};

use crate::{
    answer,
    clock::{backoff, identifier},
    fraud::Course,
    providers::{Guard, payment::Attempt},
    shop::Shop,
    store::{Begun, Charge, Claim, NotCharged, Proof, Settled, Settlement, Standing, StoreError, Stored},
};

const BACKOFF_MAX_MS: u64 = 2_000;

/// An answer, and whether it was given before.
pub(crate) struct Said {
    pub(crate) stored: Stored,
    pub(crate) replayed: bool,
}

impl From<Stored> for Said {
    fn from(stored: Stored) -> Self {
        Self { stored, replayed: false }
    }
}

impl Shop {
    /// Goes on from where the first phase ended.
    pub(crate) async fn go_on(self: &Arc<Self>, begun: Begun, claim: &Claim) -> Option<Said> {
        match begun {
            Begun::Unquoted => None,
            Begun::Replayed(stored) => Some(Said { stored, replayed: true }),
            Begun::Standing(standing) => {
                if let Some(stored) = answer::final_answer(&standing)
                    && let Err(error) = self.store.answer_key(&claim.key, stored).await
                {
                    self.log.store_trouble("an answer was not kept", &error);
                }
                Some(answer::answer(&standing).into())
            }
            Begun::Charge(charge, moved) => {
                if let Some(moved) = moved {
                    self.took_effect(&[moved], Vec::new(), None);
                }
                Some(self.pay(&charge, &claim.key).await.into())
            }
        }
    }

    /// Asks the provider and stores what it proved.
    async fn pay(self: &Arc<Self>, charge: &Charge, key: &str) -> Stored {
        let Some(_work) = self.paying.enter(&charge.payment) else { return answer::pending(&charge.brief) };
        match self.course_of(charge).await {
            Ok(Course::Charge | Course::ReserveOnly) => {}
            Ok(Course::Refuse) => return self.refused(charge, key).await,
            Err(error) => {
                self.log.store_trouble("a judgement was not stored; nothing was charged", &error);
                return answer::pending(&charge.brief);
            }
        }
        let Some(proof) = self.ask(charge).await else {
            self.log.trouble(charge.brief.number, "the payment is in doubt");
            if let Err(error) = self.store.leave_in_doubt(charge.payment).await {
                self.log.store_trouble("a doubt was not stored; the payment stays open", &error);
            }
            return answer::pending(&charge.brief);
        };
        let key = Some(key.to_owned());
        match self.settle(charge.payment, proof, None, "checkout", key).await {
            Ok(settled) => answer::answer(&settled.standing),
            // Paid or not, it is not on disk: the reconciler finds out.
            Err(error) => {
                self.log.store_trouble("a payment was not settled", &error);
                answer::pending(&charge.brief)
            }
        }
    }

    /// The order was given up before it was charged.
    async fn refused(&self, charge: &Charge, key: &str) -> Stored {
        let standing = Standing::NotCharged { brief: charge.brief.clone(), reason: NotCharged::Suspected };
        let stored = answer::answer(&standing);
        if let Err(error) = self.store.answer_key(key, stored.clone()).await {
            self.log.store_trouble("an answer was not kept", &error);
        }
        stored
    }

    /// Stores a proof and does what follows from it.
    pub(crate) async fn settle(
        self: &Arc<Self>,
        payment: i64,
        proof: Proof,
        event: Option<String>,
        why: &'static str,
        key: Option<String>,
    ) -> Result<Settled, StoreError> {
        let mut settled = self.store.settle_payment(Settlement { payment, proof, event, why, key }).await?;
        if settled.contradiction {
            self.metrics.discrepancies.fetch_add(1, Ordering::Relaxed);
        }
        let (messages, refund) = (std::mem::take(&mut settled.messages), settled.refund.take());
        self.took_effect(&settled.moves, messages, refund);
        Ok(settled)
    }

    /// Asks until something is proven or patience ends; `None` is doubt.
    pub(crate) async fn ask(&self, charge: &Charge) -> Option<Proof> {
        // As long as no attempt can have arrived, it is certain that nothing was charged.
        let mut nothing_arrived = !charge.tried_before;
        for repeat in 0..=self.config.payment.retries {
            if repeat > 0 {
                tokio::time::sleep(backoff(self.config.payment.backoff_ms, repeat - 1, BACKOFF_MAX_MS)).await;
            }
            let guard = if charge.tried_before { Guard::None } else { Guard::Breaker };
            match self.attempt(charge, repeat > 0 || charge.tried_before, guard).await {
                Attempt::Proven(proof) => return Some(proof),
                Attempt::Nothing(NotCharged::Unavailable) => {}
                Attempt::Nothing(reason) if nothing_arrived => return Some(Proof::NotCharged(reason)),
                Attempt::Doubt { again: true } => nothing_arrived = false,
                Attempt::Nothing(reason) => return self.look_for(charge, reason).await,
                Attempt::Doubt { again: false } => return self.look_for(charge, NotCharged::Unavailable).await,
            }
        }
        nothing_arrived.then_some(Proof::NotCharged(NotCharged::Unavailable))
    }

    /// Asks once, under the stored key.
    pub(crate) async fn attempt(&self, charge: &Charge, is_retry: bool, guard: Guard) -> Attempt {
        let minted;
        let mut key = &charge.key;
        // The defect `fresh-key-per-retry`.
        if is_retry && self.defects.mints_a_key_per_retry() {
            minted = identifier("pk_");
            key = &minted;
        }
        match self.payment.charge(charge, key, guard).await {
            // The defect `unknown-forced-to-failed`.
            Attempt::Doubt { .. } if self.defects.forces_unknown_to_failed() => {
                Attempt::Proven(Proof::NotCharged(NotCharged::Forced))
            }
            attempt => attempt,
        }
    }

    /// The key answers with a kept server error, or is refused as one that did nothing: no work of it goes on any more,
    /// so what cannot be found was not done.
    async fn look_for(&self, charge: &Charge, otherwise: NotCharged) -> Option<Proof> {
        match self.payment.find(charge).await {
            Attempt::Proven(proof) => Some(proof),
            Attempt::Nothing(_) => Some(Proof::NotCharged(otherwise)),
            Attempt::Doubt { .. } => None,
        }
    }
}
