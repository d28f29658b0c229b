//! The payment provider's events: genuine ones only, each with an effect at most once, and none that moves a payment
//! backwards. What an event says is a hint; where order matters the object itself is fetched.

use std::sync::Arc;

use hmac::{Hmac, KeyInit, Mac};
use serde::Deserialize;
use sha2::Sha256;

use crate::{
    clock::now_ms,
    order::Number,
    providers::payment::{Metadata, proof},
    refusal::{Refusal, known},
    shop::Shop,
    store::{PaymentState, Proof},
};

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

#[derive(Deserialize)]
struct EventObject {
    id: String,
    #[serde(default)]
    metadata: Metadata,
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
        if !matches!(
            event.kind.as_str(),
            "payment_intent.succeeded" | "payment_intent.payment_failed" | "payment_intent.canceled"
        ) {
            return Ok(());
        }
        // Without our mark it is not a payment that this shop knows.
        let payment = event.data.object.metadata.payment.as_deref().and_then(|id| id.parse::<i64>().ok());
        let Some(payment) = payment else { return Ok(()) };
        let found = self.store.payment(payment).await.map_err(|error| self.refusal(error))?;
        let Some((state, charge)) = found else { return Ok(()) };
        self.apply_event(event, payment, state, charge.brief.number, &charge.brief.carried).await
    }

    async fn apply_event(
        self: &Arc<Self>,
        event: Event,
        payment: i64,
        state: PaymentState,
        order: Number,
        carried: &str,
    ) -> Result<(), Refusal> {
        let succeeded = event.kind == "payment_intent.succeeded";
        // The defect `late-failure-overwrites-success`: no look at what is known, none at the object.
        if !succeeded && self.defects.believes_every_failure_event() {
            let moves = self.store.overwrite_with_failed(order.0).await.map_err(|error| self.refusal(error))?;
            self.took_effect(&moves, Vec::new(), None);
            return Ok(());
        }
        let proof = match state {
            PaymentState::Succeeded => return Ok(()),
            PaymentState::Declined | PaymentState::NotCharged if !succeeded => return Ok(()),
            // Success is the end of an intent's story, however late it is told.
            PaymentState::Open | PaymentState::Unknown if succeeded => {
                Some(Proof::Succeeded { intent: event.data.object.id })
            }
            // A failure may be older than what happened since, and a success against a proven failure is odd: ask.
            PaymentState::Open | PaymentState::Unknown | PaymentState::Declined | PaymentState::NotCharged => {
                let intent = self.payment.retrieve(&event.data.object.id, carried).await;
                Some(intent.ok_or(known::BUSY)?).and_then(proof)
            }
        };
        let Some(proof) = proof else { return Ok(()) };
        let settled = self.settle(payment, proof, Some(event.id), "webhook", None).await;
        settled.map(drop).map_err(|error| self.refusal(error))
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
