//! The second and third phase of every payment: the provider is asked under the stored key, outside any transaction,
//! and what it proved is stored. An answer that proves nothing leaves the payment in doubt.

use std::{sync::Arc, sync::atomic::Ordering};

use crate::{
    answer,
    clock::{backoff, identifier},
    defects::Defect,
    fraud::Course,
    order::PaymentProvider,
    providers::{
        Guard,
        gateway::{self, Attempt, Card, Held, Search},
    },
    refusal::known,
    shop::Shop,
    store::{
        Begun, CaptureTime, Challenge, Charge, Claim, NotCharged, PaymentKind, PaymentState, Proof, Settled,
        Settlement, Standing, StoreError, Stored,
    },
};

const BACKOFF_MAX_MS: u64 = 2_000;
/// How often a store that takes nothing is asked to forget an order.
const LOST_TRIES: u32 = 20;

/// What asking a provider came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Finding {
    Proven(Proof),
    /// The holder must act.
    Waiting(Challenge),
    /// Nobody knows yet.
    Doubt,
}

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
    pub(crate) async fn go_on(self: &Arc<Self>, begun: Begun, card: Option<&Card>, claim: &Claim) -> Option<Said> {
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
            Begun::Challenged(brief, challenge) => Some(answer::challenged(&brief, &challenge).into()),
            Begun::Charge(charge, moved) => {
                if let Some(moved) = moved {
                    self.took_effect(&[moved], Vec::new(), None);
                }
                Some(self.pay(charge, card, &claim.key).await.into())
            }
        }
    }

    /// Asks the provider and stores what it proved; where it is proven to hold nothing, asks the other one.
    async fn pay(self: &Arc<Self>, mut charge: Charge, card: Option<&Card>, key: &str) -> Stored {
        let work = self.paying.enter(&charge.payment);
        // The defect `guard-in-open-transaction`: nobody sees the guard before its transaction has ended.
        if work.is_none() && !self.defects.has(Defect::GuardInOpenTransaction) {
            return answer::pending(&charge.brief);
        }
        match self.course_of(&charge).await {
            Ok(Course::Charge) => {}
            Ok(Course::ReserveOnly) => charge.capture = CaptureTime::AtDispatch,
            Ok(Course::Refuse) => return self.refused(&charge, key).await,
            Err(error) => {
                self.log.store_trouble("a judgement was not stored; nothing was charged", &error);
                return answer::pending(&charge.brief);
            }
        }
        // The defect `provider-call-in-transaction`.
        let open = if self.defects.has(Defect::ProviderCallInTransaction) {
            self.store.open_transaction().await.ok()
        } else {
            None
        };
        let mut found = self.ask(&charge, card).await;
        drop(open);
        // The defect `capture-row-deleted-on-error`.
        if found == Finding::Doubt
            && self.defects.has(Defect::CaptureRowDeletedOnError)
            && let Some((anew, refound)) = self.delete_and_begin_anew(&charge, card).await
        {
            (charge, found) = (anew, refound);
        }
        // The defect `read-timeout-means-failed`.
        if self.defects.has(Defect::ReadTimeoutMeansFailed) {
            found = self.read_back(&charge, found).await;
        }
        if let Finding::Proven(Proof::NotCharged(reason)) = &found
            && let Some((elsewhere, refound)) = self.fail_over(&charge, card, *reason).await
        {
            (charge, found) = (elsewhere, refound);
        }
        self.conclude(&charge, found, key).await
    }

    /// Stores what was found out and says it.
    async fn conclude(self: &Arc<Self>, charge: &Charge, found: Finding, key: &str) -> Stored {
        let proof = match found {
            Finding::Proven(proof) => proof,
            Finding::Waiting(challenge) => {
                if let Err(error) = self.store.wait_for_holder(charge.payment, challenge.clone()).await {
                    self.log.store_trouble("a challenge was not stored; the payment stays open", &error);
                }
                return answer::challenged(&charge.brief, &challenge);
            }
            // The defect `ambiguous-answer-is-final`.
            Finding::Doubt if self.defects.has(Defect::AmbiguousAnswerIsFinal) => Proof::NotCharged(NotCharged::Forced),
            Finding::Doubt => {
                self.log.trouble(charge.brief.number, "the payment is in doubt");
                if let Err(error) = self.store.leave_in_doubt(charge.payment).await {
                    self.log.store_trouble("a doubt was not stored; the payment stays open", &error);
                }
                return answer::pending(&charge.brief);
            }
        };
        let key = Some(key.to_owned());
        let undone = self.defects.has(Defect::CompensationRefundsGoodOrder).then(|| proof.clone());
        match self.settle(charge.payment, proof, None, "checkout", key).await {
            Ok(settled) => {
                if let Some(proof) = undone.filter(|_| settled.moves.is_empty()) {
                    self.compensate(charge, proof).await;
                }
                answer::answer(&settled.standing)
            }
            // Paid or not, it is not on disk: the reconciler finds out.
            Err(error) => {
                self.log.store_trouble("a payment was not settled", &error);
                if self.defects.has(Defect::LockWaitLosesOrder) {
                    return self.roll_back(charge.brief.number.0).await;
                }
                answer::pending(&charge.brief)
            }
        }
    }

    /// The defect `lock-wait-loses-order`: nothing is left of the order, as when one transaction holds it from the cart to the
    /// charge and is rolled back.
    async fn roll_back(&self, order: i64) -> Stored {
        for repeat in 0..LOST_TRIES {
            if self.store.lose_order(order).await.is_ok() {
                break;
            }
            self.pause(backoff(self.config.payment.backoff_ms, repeat, BACKOFF_MAX_MS)).await;
        }
        known::BUSY.stored()
    }

    /// Pays at the other provider, where the shop has one and may: only ever after proof that the first one holds nothing.
    async fn fail_over(
        self: &Arc<Self>,
        charge: &Charge,
        card: Option<&Card>,
        reason: NotCharged,
    ) -> Option<(Charge, Finding)> {
        let to = self.other_route(charge).filter(|_| reason == NotCharged::Unavailable)?;
        let method = card.filter(|_| to == PaymentProvider::BackupPayment).map(|_| gateway::CARD_GIVEN.to_owned());
        match self.store.fail_over(charge.payment, reason, to, method, identifier("pk_")).await {
            Ok(Some(mut elsewhere)) => {
                elsewhere.capture = charge.capture;
                let _work = self.paying.enter(&elsewhere.payment)?;
                let found = self.ask(&elsewhere, card).await;
                Some((elsewhere, found))
            }
            Ok(None) => None,
            Err(error) => {
                self.log.store_trouble("a failover was not stored; the payment stays as it was", &error);
                None
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

    /// Asks until something is proven or patience ends.
    pub(crate) async fn ask(self: &Arc<Self>, charge: &Charge, card: Option<&Card>) -> Finding {
        if charge.amount_minor == 0 {
            return Finding::Proven(Proof::Covered);
        }
        // As long as no attempt can have arrived, it is certain that nothing was charged.
        let mut nothing_arrived = !charge.tried_before;
        let (retries, backoff_ms) = self.patience_with(charge.provider);
        for repeat in 0..=retries {
            if repeat > 0 {
                tokio::time::sleep(backoff(backoff_ms, repeat - 1, BACKOFF_MAX_MS)).await;
                if !nothing_arrived && let Some(proof) = self.proven_meanwhile(charge).await {
                    // The defect `webhook-and-checkout-both-pay`.
                    if self.defects.has(Defect::WebhookAndCheckoutBothPay) {
                        self.pay_beside(charge).await;
                    }
                    return Finding::Proven(proof);
                }
            }
            let guard = if charge.tried_before { Guard::None } else { Guard::Breaker };
            match self.attempt(charge, card, repeat > 0 || charge.tried_before, guard).await {
                Attempt::Proven(proof) => return Finding::Proven(proof),
                Attempt::Waiting(challenge) => return Finding::Waiting(challenge),
                Attempt::Nothing(NotCharged::Unavailable) => {}
                Attempt::Nothing(reason) if nothing_arrived => return Finding::Proven(Proof::NotCharged(reason)),
                Attempt::Doubt { again: true } => nothing_arrived = false,
                Attempt::Nothing(reason) => return self.look_for(charge, reason).await,
                Attempt::Doubt { again: false } => return self.look_for(charge, NotCharged::Unavailable).await,
            }
        }
        if nothing_arrived { Finding::Proven(Proof::NotCharged(NotCharged::Unavailable)) } else { Finding::Doubt }
    }

    /// What an event has proven since the last try: that is not asked for again.
    async fn proven_meanwhile(&self, charge: &Charge) -> Option<Proof> {
        // A shop with the defect `fresh-key-per-retry` repeats without a look.
        if self.defects.mints_a_key_per_retry() {
            return None;
        }
        let (state, charge) = self.store.payment(charge.payment).await.ok()??;
        match state {
            PaymentState::Succeeded => Some(Proof::Succeeded { intent: charge.intent? }),
            PaymentState::Authorised => Some(Proof::Authorised { intent: charge.intent?, until_ms: None }),
            PaymentState::Open
            | PaymentState::Unknown
            | PaymentState::Waiting
            | PaymentState::Declined
            | PaymentState::NotCharged
            | PaymentState::Voided => None,
        }
    }

    fn patience_with(&self, provider: PaymentProvider) -> (u32, u64) {
        match (provider, &self.config.backup_payment) {
            (PaymentProvider::BackupPayment, Some(terms)) => (terms.retries, terms.backoff_ms),
            (PaymentProvider::Payment | PaymentProvider::BackupPayment, _) => {
                (self.config.payment.retries, self.config.payment.backoff_ms)
            }
        }
    }

    /// Asks once, under the stored key.
    pub(crate) async fn attempt(&self, charge: &Charge, card: Option<&Card>, is_retry: bool, guard: Guard) -> Attempt {
        let minted;
        let mut key = &charge.key;
        // The defect `fresh-key-per-retry`.
        if is_retry && self.defects.mints_a_key_per_retry() {
            minted = identifier("pk_");
            key = &minted;
        } else if self.defects.has(Defect::KeyHashesVolatilePayload) {
            // The defect `key-hashes-volatile-payload`.
            minted = charge.hashed_with_the_time();
            key = &minted;
        }
        let gateway = self.gateways.of(charge.provider);
        let attempt = match charge.kind {
            PaymentKind::Checkout => gateway.charge(charge, card, key, guard).await,
            PaymentKind::Session => gateway.open_session(charge, guard).await,
            // What was found is not asked for.
            PaymentKind::Stray => Attempt::Doubt { again: false },
        };
        match attempt {
            // The defect `unknown-forced-to-failed`.
            Attempt::Doubt { .. } if self.defects.has(Defect::UnknownForcedToFailed) => {
                Attempt::Proven(Proof::NotCharged(NotCharged::Forced))
            }
            // The defect `both-tabs-paid`: the key was used before, so it is paid.
            Attempt::Doubt { again: false } if self.defects.has(Defect::BothTabsPaid) => {
                Attempt::Proven(Proof::Covered)
            }
            // The shop confirmed it and is asked for nothing that a holder could do.
            Attempt::Waiting(Challenge { url: None, .. }) if charge.kind == PaymentKind::Checkout => {
                Attempt::Doubt { again: true }
            }
            attempt => attempt,
        }
    }

    /// The key answers with a kept server error, or is refused as one that did nothing: no work of it goes on any more,
    /// so what cannot be found was not done.
    async fn look_for(&self, charge: &Charge, otherwise: NotCharged) -> Finding {
        match self.search(charge).await {
            Attempt::Proven(proof) => Finding::Proven(proof),
            Attempt::Waiting(challenge) => Finding::Waiting(challenge),
            Attempt::Nothing(_) => Finding::Proven(Proof::NotCharged(otherwise)),
            Attempt::Doubt { .. } => Finding::Doubt,
        }
    }

    /// Looks for the payment itself among all that the provider holds for its order.
    pub(crate) async fn search(&self, charge: &Charge) -> Attempt {
        let Search::Found(held) = self.gateways.of(charge.provider).find(charge).await else {
            return Attempt::Doubt { again: true };
        };
        let mut ours: Vec<Held> = held.into_iter().filter(|held| held.payment == Some(charge.payment)).collect();
        // Of a payment that was made twice the one with the money counts; the other one is found afterwards.
        ours.sort_by_key(|held| {
            !matches!(held.attempt, Attempt::Proven(Proof::Succeeded { .. } | Proof::Authorised { .. }))
        });
        ours.into_iter().next().map_or(Attempt::Nothing(NotCharged::Unavailable), |held| held.attempt)
    }
}
