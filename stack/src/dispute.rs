//! The dispute desk: what it has to say is submitted to the provider, then kept.

use crate::{
    order::PaymentProvider,
    providers::gateway::Change,
    refusal::{Refusal, known},
    shop::Shop,
};

impl Shop {
    /// Submits evidence; answers the dispute's state.
    pub(crate) async fn answer_dispute(&self, dispute: &str, evidence: String) -> Result<String, Refusal> {
        let find = async || {
            let disputes = self.store.disputes().await.map_err(|error| self.refusal(error))?;
            disputes.into_iter().find(|line| line.id == dispute).ok_or(known::NOT_FOUND)
        };
        let line = find().await?;
        if line.state != "needs_response" {
            return Err(known::DISPUTE_ENDED);
        }
        // The second provider takes no evidence over this wire: it is kept for the desk.
        if line.provider == PaymentProvider::Payment.name() {
            match self.gateways.submit_evidence(dispute, &evidence).await {
                Change::Done { .. } | Change::Received { .. } => {}
                Change::Refused => return Err(known::DISPUTE_ENDED),
                Change::Unknown => return Err(known::PAYMENT_UNAVAILABLE),
            }
        }
        self.store.keep_evidence(dispute, evidence).await.map_err(|error| self.refusal(error))?;
        Ok(find().await?.state)
    }
}
