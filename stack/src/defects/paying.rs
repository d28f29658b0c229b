//! What the shop does with a defect of paying, where that is more than a word at the place of the mistake.

use std::{pin::Pin, sync::Arc, time::Duration};

use crate::{
    checkout::fingerprint,
    clock::{identifier, now_ms},
    order::Number,
    pay::Finding,
    providers::gateway::Card,
    shop::Shop,
    store::{BeginPayment, Charge, Claim, NotCharged, PaymentKind, Proof},
};

impl Charge {
    /// A key over all that is sent, the time of sending included.
    pub(crate) fn hashed_with_the_time(&self) -> String {
        let (order, amount, sent) =
            (self.brief.number.to_string(), self.amount_minor.to_string(), now_ms().to_string());
        hex::encode(fingerprint(&[&order, &amount, &self.brief.currency, &self.method, &sent]))
    }
}

impl Shop {
    /// Deletes the row of a payment that had an error, and with it all that is known of the call; then pays anew.
    pub(crate) async fn delete_and_begin_anew(
        self: &Arc<Self>,
        charge: &Charge,
        card: Option<&Card>,
    ) -> Option<(Charge, Finding)> {
        let anew = self.store.begin_anew(charge.payment, identifier("pk_")).await.ok()??;
        let _work = self.paying.enter(&anew.payment)?;
        let found = self.ask(&anew, card).await;
        Some((anew, found))
    }

    /// Reads a charge that was made; where that fails, so did the payment, and the order is charged once more later.
    pub(crate) async fn read_back(self: &Arc<Self>, charge: &Charge, found: Finding) -> Finding {
        let Finding::Proven(Proof::Succeeded { intent }) = &found else { return found };
        if self.gateways.of(charge.provider).retrieve(charge, intent, None).await.is_some() {
            return found;
        }
        let order = charge.brief.number;
        // The scheduler has one more try.
        if self.store.payments_of(order.0).await.is_ok_and(|payments| payments.len() == 1) {
            tokio::spawn(Arc::clone(self).charge_once_more(order, charge.method.clone()));
        }
        Finding::Proven(Proof::NotCharged(NotCharged::Forced))
    }

    fn charge_once_more(self: Arc<Self>, order: Number, method: String) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(async move {
            self.pause(Duration::from_millis(self.config.reconcile_after_ms)).await;
            let key = identifier("again_");
            let claim = Claim { fingerprint: fingerprint(&["again", &key]), key };
            let plan = self.plan(PaymentKind::Checkout);
            let provider_key = identifier("pk_");
            let begin = BeginPayment { order: order.0, claim: claim.clone(), method, provider_key, plan };
            if let Ok(begun) = self.store.begin_payment(begin).await {
                self.go_on(begun, None, &claim).await;
            }
        })
    }
}
