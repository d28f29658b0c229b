//! Cancelling and refunding: the wish is stored with its key, then the provider is asked, then it is booked.

use std::sync::Arc;

use serde_json::json;

use crate::{
    answer,
    checkout::fingerprint,
    clock::{backoff, identifier},
    defects::Defect,
    order::{Number, State},
    pay::Said,
    providers::gateway::Change,
    refusal::{Refusal, known},
    shop::Shop,
    store::{Claim, GiveBack, Given, Refund, RefundProof, StoreError, Stored},
};

const BACKOFF_MAX_MS: u64 = 2_000;

impl Shop {
    /// Gives an order up at the shopper's wish.
    pub(crate) async fn cancel(self: &Arc<Self>, order: Number, key: String) -> Result<Said, Refusal> {
        let _work = self.keys.enter(&key).ok_or(known::IN_PROGRESS)?;
        let claim = Claim { key, fingerprint: fingerprint(&["cancel", &order.to_string()]) };
        let cancel = GiveBack { order: order.0, claim, amount_minor: None };
        let key = cancel.claim.key.clone();
        let given = self.store.begin_cancel(cancel).await.map_err(|error| self.refusal(error))?;
        let given = match self.take_back(given).await? {
            Ok(given) => given,
            Err(said) => return Ok(said),
        };
        if given.brief.state == State::Pending {
            return Ok(answer::pending(&given.brief).into());
        }
        self.answered(&key, answer::look(&given.brief)).await
    }

    /// Gives an order's money back at the shop's or the shopper's wish: a part, or all that is left.
    pub(crate) async fn refund(
        self: &Arc<Self>,
        order: Number,
        key: String,
        amount_minor: Option<i64>,
    ) -> Result<Said, Refusal> {
        let _work = self.keys.enter(&key).ok_or(known::IN_PROGRESS)?;
        let amount = amount_minor.map(|amount_minor| amount_minor.to_string()).unwrap_or_default();
        let claim = Claim { key, fingerprint: fingerprint(&["refund", &order.to_string(), &amount]) };
        let wish = GiveBack { order: order.0, claim, amount_minor };
        let key = wish.claim.key.clone();
        let given = self.store.begin_refund(wish).await.map_err(|error| self.refusal(error))?;
        if let Err(said) = self.take_back(given).await? {
            return Ok(said);
        }
        let receipt = self.store.receipt(order.0, &key).await.map_err(|error| self.refusal(error))?;
        let receipt = receipt.ok_or(known::BUSY)?;
        if matches!(receipt.state.as_str(), "refused" | "failed") {
            return Err(known::PAYMENT_REFUSED.about(order));
        }
        let body = json!({
            "refund": format!("R-{order}-{}", receipt.id),
            "amount_minor": receipt.card_minor + receipt.credit_minor,
            "credit_minor": receipt.credit_minor,
            "state": receipt.state,
        });
        let stored = Stored { status: 201, body: body.to_string() };
        // What is still on its way is told anew when the key is repeated.
        if receipt.state == "pending" { Ok(stored.into()) } else { self.answered(&key, stored).await }
    }

    async fn answered(&self, key: &str, stored: Stored) -> Result<Said, Refusal> {
        self.store.answer_key(key, stored.clone()).await.map_err(|error| self.refusal(error))?;
        Ok(stored.into())
    }

    /// Does what a cancel or refund owes. `Given::refund` of the result says whether the money is still on its way.
    async fn take_back(self: &Arc<Self>, mut given: Given) -> Result<Result<Given, Said>, Refusal> {
        if let Some(stored) = given.replayed {
            return Ok(Err(Said { stored, replayed: true }));
        }
        let messages = std::mem::take(&mut given.messages);
        self.took_effect(&given.moves, messages, None);
        let Some(refund) = given.refund.take() else { return Ok(Ok(given)) };
        match self.give_back(&refund).await {
            Some(settled) => Ok(Ok(settled)),
            None => Ok(Ok(Given { refund: Some(refund), ..given })),
        }
    }

    /// Asks for the money under the stored key and books the end; `None` while nobody knows, which is the reconciler's
    /// business then, or an event's.
    pub(crate) async fn give_back(self: &Arc<Self>, refund: &Refund) -> Option<Given> {
        let _work = self.refunding.enter(&refund.id)?;
        for repeat in 0..=self.config.payment.retries {
            if repeat > 0 {
                self.pause(backoff(self.config.payment.backoff_ms, repeat - 1, BACKOFF_MAX_MS)).await;
            }
            // The defect `refund-key-rotates`.
            let rotated = (repeat > 0 && self.defects.has(Defect::RefundKeyRotates))
                .then(|| Refund { key: identifier("rk_"), ..refund.clone() });
            match self.gateways.of(refund.provider).refund(rotated.as_ref().unwrap_or(refund)).await {
                Change::Done { reference } => {
                    return self.book_refund(refund, RefundProof::Succeeded { reference }).await.ok();
                }
                Change::Received { reference } => {
                    drop(self.book_refund(refund, RefundProof::Received { reference }).await);
                    return None;
                }
                Change::Refused => return self.book_refund(refund, RefundProof::Refused).await.ok(),
                Change::Unknown if refund.reference.is_some() => return None,
                Change::Unknown => {}
            }
        }
        self.log.trouble(refund.brief.number, "a refund is in doubt");
        None
    }

    async fn book_refund(self: &Arc<Self>, refund: &Refund, proof: RefundProof) -> Result<Given, StoreError> {
        if proof == RefundProof::Refused {
            self.log.trouble(refund.brief.number, "the provider refused a refund");
        }
        let mut given = self.store.settle_refund(refund.id, proof).await?;
        self.took_effect(&given.moves, std::mem::take(&mut given.messages), None);
        Ok(given)
    }
}
