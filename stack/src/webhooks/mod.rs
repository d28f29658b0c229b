//! The payment providers' events: genuine ones only, each with an effect at most once, and none that moves a payment
//! backwards. What an event says is a hint; where order matters the object itself is fetched. This is Stripe's wire.

use std::sync::Arc;

use hmac::{Hmac, KeyInit, Mac};
use serde::Deserialize;
use sha2::Sha256;

use crate::{
    clock::now_ms,
    defects::Defect,
    order::PaymentProvider,
    providers::gateway::{Attempt, Metadata},
    refusal::{Refusal, known},
    shop::Shop,
    store::{Charge, DisputeNews, DisputeState, PaymentKind, PaymentState, Proof, RefundNews, StoreError, Subject},
};

mod adyen;

const TOLERANCE_S: i64 = 300;

#[derive(Deserialize)]
struct Event {
    id: String,
    #[serde(rename = "type")]
    kind: String,
    data: EventData,
}

#[derive(Deserialize)]
struct EventData {
    object: EventObject,
}

/// A payment intent, a refund or a dispute.
#[derive(Deserialize)]
struct EventObject {
    id: String,
    #[serde(default)]
    metadata: Metadata,
    #[serde(default)]
    status: Option<String>,
    #[serde(default)]
    amount: i64,
    #[serde(default)]
    payment_intent: Option<String>,
    #[serde(default)]
    reason: Option<String>,
}

/// What an event of a payment tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    Captured,
    Reserved,
    /// Declined: a browser may try once more.
    Declined,
    /// Cancelled or run out.
    Ended,
}

/// Checks `t=…,v1=…` against the payload (docs.stripe.com/webhooks/signature).
fn is_genuine(secret: &str, signature: &str, payload: &[u8], now_s: i64) -> bool {
    let fields = || signature.split(',').filter_map(|field| field.trim().split_once('='));
    let Some(at) = fields().find(|(name, _)| *name == "t").map(|(_, value)| value) else { return false };
    if at.parse::<i64>().is_ok_and(|at| (now_s - at).abs() <= TOLERANCE_S) {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { return false };
        mac.update(at.as_bytes());
        mac.update(b".");
        mac.update(payload);
        return fields()
            .filter(|(name, _)| *name == "v1")
            .filter_map(|(_, value)| hex::decode(value).ok())
            .any(|value| mac.clone().verify_slice(&value).is_ok());
    }
    false
}

impl Shop {
    /// Takes an event in; once this is `Ok` the provider need not send it again.
    pub(crate) async fn take_event(self: &Arc<Self>, signature: &str, payload: &[u8]) -> Result<(), Refusal> {
        if !is_genuine(&self.config.payment.webhook_secret, signature, payload, now_ms() / 1_000) {
            return Err(known::BAD_SIGNATURE);
        }
        let event: Event = serde_json::from_slice(payload).map_err(|_| known::BAD_REQUEST)?;
        let told = match event.kind.as_str() {
            "payment_intent.succeeded" => Told::Captured,
            "payment_intent.amount_capturable_updated" => Told::Reserved,
            "payment_intent.payment_failed" => Told::Declined,
            "payment_intent.canceled" => Told::Ended,
            "refund.created" | "refund.updated" | "refund.failed" | "charge.refund.updated" => {
                return self.take_refund_event(event).await;
            }
            kind if kind.starts_with("charge.dispute.") => return self.take_dispute_event(event).await,
            // A charge's own events (`charge.refunded`, `charge.expired`, …) say what its payment's and its refunds' say;
            // where the rest of a reserve ran out, the next capture is refused.
            _ => return Ok(()),
        };
        // Without our mark it is not a payment that this shop knows.
        let payment = event.data.object.metadata.payment.as_deref().and_then(|id| id.parse::<i64>().ok());
        let Some(payment) = payment else { return Ok(()) };
        let found = self.store.payment(payment).await.map_err(|error| self.refusal(error))?;
        let Some((state, charge)) = found else { return Ok(()) };
        // The defect `find-or-create-without-index`: a payment is known by the provider's name of it, or not at all.
        if told == Told::Captured && self.defects.has(Defect::FindOrCreateWithoutIndex) {
            let intent = event.data.object.id.clone();
            let booked = self.store.subject_of(PaymentProvider::Payment, &intent).await;
            if booked.map_err(|error| self.refusal(error))?.is_none() {
                return self.order_again(payment, intent).await;
            }
        }
        self.take_payment_event(event, told, state, &charge).await
    }

    async fn take_payment_event(
        self: &Arc<Self>,
        event: Event,
        told: Told,
        state: PaymentState,
        charge: &Charge,
    ) -> Result<(), Refusal> {
        let failed = matches!(told, Told::Declined | Told::Ended);
        if failed && self.defects.hears_no_late_failure()
            || told == Told::Ended && self.defects.takes_a_reserve_for_money()
        {
            return Ok(());
        }
        // The defect `callback-captures-again`.
        if told == Told::Reserved && self.defects.has(Defect::CallbackCapturesAgain) {
            self.capture_again(charge.payment).await?;
        }
        // The defect `late-failure-overwrites-success`: no look at what is known, none at the object.
        if failed && self.defects.has(Defect::LateFailureOverwritesSuccess) {
            let order = charge.brief.number.0;
            let moves = self.store.overwrite_with_failed(order).await.map_err(|error| self.refusal(error))?;
            self.took_effect(&moves, Vec::new(), None);
            return Ok(());
        }
        let intent = event.data.object.id;
        let is_booked = charge.intent.as_deref() == Some(intent.as_str());
        let proof = match (state, told) {
            // Another payment than the booked one: it is a stray, and settling it says so.
            (PaymentState::Succeeded | PaymentState::Authorised, Told::Captured) if !is_booked => {
                Some(Proof::Succeeded { intent })
            }
            (PaymentState::Succeeded | PaymentState::Authorised, Told::Reserved) if !is_booked => {
                Some(Proof::Authorised { intent, until_ms: None })
            }
            (PaymentState::Succeeded | PaymentState::Voided, _)
            | (PaymentState::Authorised, Told::Captured | Told::Reserved | Told::Declined)
            | (PaymentState::Declined | PaymentState::NotCharged, Told::Declined | Told::Ended) => None,
            // Success is the end of an intent's story, however late it is told.
            (PaymentState::Open | PaymentState::Unknown | PaymentState::Waiting, Told::Captured) => {
                Some(Proof::Succeeded { intent })
            }
            (PaymentState::Open | PaymentState::Unknown | PaymentState::Waiting, Told::Reserved) => {
                Some(Proof::Authorised { intent, until_ms: None })
            }
            // The browser may confirm the same intent with another card.
            (PaymentState::Waiting, Told::Declined) if charge.kind == PaymentKind::Session => None,
            // A failure may be older than what happened since, and a success against a proven failure is odd: ask.
            (
                PaymentState::Open
                | PaymentState::Unknown
                | PaymentState::Waiting
                | PaymentState::Authorised
                | PaymentState::Declined
                | PaymentState::NotCharged,
                _,
            ) => {
                let held = self.gateways.of(PaymentProvider::Payment).retrieve(charge, &intent, None).await;
                match held.ok_or(known::BUSY)?.attempt {
                    Attempt::Proven(proof) => Some(proof),
                    Attempt::Waiting(_) | Attempt::Nothing(_) | Attempt::Doubt { .. } => None,
                }
            }
        };
        let Some(proof) = proof else { return Ok(()) };
        match self.settle(charge.payment, proof, Some(event.id), "webhook", None).await {
            Err(StoreError::Unavailable(_)) if self.defects.swallows_errors_of_events() => Ok(()),
            settled => settled.map(drop).map_err(|error| self.refusal(error)),
        }
    }

    async fn take_refund_event(self: &Arc<Self>, event: Event) -> Result<(), Refusal> {
        let EventObject { id, metadata, status, .. } = event.data.object;
        let ours = metadata.refund.as_deref().and_then(|refund| refund.parse::<i64>().ok());
        let refund = match ours {
            Some(refund) => Some(refund),
            None => self.refund_named(PaymentProvider::Payment, &id).await?,
        };
        let Some(refund) = refund else { return Ok(()) };
        let news = match status.as_deref() {
            Some("succeeded") => RefundNews::Succeeded { reference: Some(id) },
            Some("failed" | "canceled") => RefundNews::Failed,
            _ => return Ok(()),
        };
        self.take_refund_news(refund, news, event.id).await
    }

    async fn refund_named(&self, provider: PaymentProvider, reference: &str) -> Result<Option<i64>, Refusal> {
        let found = self.store.subject_of(provider, reference).await.map_err(|error| self.refusal(error))?;
        Ok(match found {
            Some(Subject::Refund(refund)) => Some(refund),
            Some(Subject::Payment(_) | Subject::Capture(_)) | None => None,
        })
    }

    async fn take_refund_news(self: &Arc<Self>, refund: i64, news: RefundNews, event: String) -> Result<(), Refusal> {
        match self.store.take_refund_news(refund, news, event).await {
            Ok(made) => {
                self.follows(made);
                Ok(())
            }
            Err(error) => {
                let refusal = self.refusal(error);
                // It is no refund of this shop.
                if refusal.status == 404 { Ok(()) } else { Err(refusal) }
            }
        }
    }

    async fn take_dispute_event(self: &Arc<Self>, event: Event) -> Result<(), Refusal> {
        let object = event.data.object;
        let state = object.status.as_deref().and_then(DisputeState::named);
        let (Some(state), Some(intent)) = (state, object.payment_intent) else { return Ok(()) };
        let news = DisputeNews {
            id: object.id,
            provider: PaymentProvider::Payment,
            intent,
            amount_minor: object.amount,
            state,
            reason: object.reason,
            event: event.id,
        };
        self.take_dispute(news).await.map(drop)
    }

    /// Keeps news of a dispute; `false` where it is about no payment that the shop knows.
    async fn take_dispute(self: &Arc<Self>, news: DisputeNews) -> Result<bool, Refusal> {
        let is_ours = self.store.take_dispute(news).await.map_err(|error| self.refusal(error))?;
        self.took_effect(&[], Vec::new(), None);
        Ok(is_ours)
    }
}

#[cfg(test)]
mod tests {

    use super::*;

    fn signed(secret: &str, at: i64, payload: &[u8]) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
        mac.update(format!("{at}.").as_bytes());
        mac.update(payload);
        format!("t={at},v1={}", hex::encode(mac.finalize().into_bytes()))
    }

    #[test]
    fn only_a_fresh_signature_over_this_payload_is_genuine() {
        let payload = br#"{"id":"evt_1"}"#;
        let signature = signed("whsec_1", 1_000, payload);
        assert!(is_genuine("whsec_1", &signature, payload, 1_299));
        assert!(is_genuine("whsec_1", &format!("v1=00,{signature}"), payload, 1_000));
        assert!(!is_genuine("whsec_2", &signature, payload, 1_000), "another secret");
        assert!(!is_genuine("whsec_1", &signature, br#"{"id":"evt_2"}"#, 1_000), "another payload");
        assert!(!is_genuine("whsec_1", &signature, payload, 1_301), "too old");
        assert!(!is_genuine("whsec_1", "", payload, 1_000), "unsigned");
    }
}
