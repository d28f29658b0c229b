//! Taking reserved money before the goods leave, and releasing what is not to be taken. Both go to the provider that reserved
//! it, under stored keys, as often as it takes.

use std::sync::Arc;

use crate::{
    clock::identifier,
    outbox::Delivery,
    providers::gateway::Change,
    refusal::Refusal,
    shop::Shop,
    store::{Aftermath, CaptureEnd, CaptureOrder, CaptureStep, Message},
};

impl Shop {
    /// Takes the money for a dispatch; only after that may it leave.
    pub(crate) async fn capture_first(self: &Arc<Self>, message: Message) -> Delivery {
        match self.store.begin_capture(message).await {
            Ok(CaptureStep::Captured) => Delivery::Done,
            Ok(CaptureStep::Awaited) => Delivery::Awaited,
            Ok(CaptureStep::Ask(capture)) => self.capture(&capture).await,
            Ok(CaptureStep::Withdrawn(made)) => {
                self.follows(made);
                Delivery::Withdrawn
            }
            Err(error) => {
                self.log.store_trouble("a capture was not stored; nothing was captured", &error);
                Delivery::TryAgain
            }
        }
    }

    async fn capture(self: &Arc<Self>, capture: &CaptureOrder) -> Delivery {
        let (end, delivery) = match self.gateways.of(capture.provider).capture(capture).await {
            Change::Done { reference } => (CaptureEnd::Succeeded { reference }, Delivery::Done),
            Change::Received { reference } => (CaptureEnd::Received { reference }, Delivery::Awaited),
            Change::Refused if self.defects.takes_a_reserve_for_money() => {
                (CaptureEnd::Succeeded { reference: None }, Delivery::Done)
            }
            Change::Refused => {
                self.log.trouble(capture.brief.number, "a capture was refused");
                (CaptureEnd::Refused, Delivery::Withdrawn)
            }
            Change::Unknown => return Delivery::TryAgain,
        };
        match self.store.settle_capture(capture.id, end, None).await {
            Ok(made) => {
                self.follows(made);
                delivery
            }
            Err(error) => {
                self.log.store_trouble("a capture was not booked", &error);
                Delivery::TryAgain
            }
        }
    }

    /// The defect `callback-captures-again`: whenever the provider tells of the reserve, the last capture of it is made once
    /// more, under a key of its own. In the report each callback captured the whole; a provider that knows how much is reserved
    /// refuses that, so what is taken again here is a part of an order that is captured in parts, while something is left.
    pub(crate) async fn capture_again(&self, payment: i64) -> Result<(), Refusal> {
        let last = self.store.last_capture(payment).await.map_err(|error| self.refusal(error))?;
        if let Some(last) = last {
            let again = CaptureOrder { key: identifier("ck_"), is_final: false, ..last };
            self.gateways.of(again.provider).capture(&again).await;
        }
        Ok(())
    }

    /// Does what follows from a step.
    pub(crate) fn follows(self: &Arc<Self>, made: Aftermath) {
        self.took_effect(&made.moves, made.messages, made.refund);
    }

    /// Releases a reserve; what was captured meanwhile is given back instead.
    pub(crate) async fn release(self: &Arc<Self>, message: Message) -> Delivery {
        let void = match self.store.void_order(message).await {
            Ok(Some(void)) => void,
            Ok(None) => return Delivery::Done,
            Err(_) => return Delivery::TryAgain,
        };
        match self.gateways.of(void.provider).void(&void).await {
            Change::Done { .. } | Change::Received { .. } => Delivery::Done,
            Change::Unknown => Delivery::TryAgain,
            Change::Refused => match self.store.refund_instead(void.payment).await {
                Ok(refund) => {
                    self.took_effect(&[], Vec::new(), refund);
                    Delivery::Done
                }
                Err(_) => Delivery::TryAgain,
            },
        }
    }
}
