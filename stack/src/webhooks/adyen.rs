//! Notifications on Adyen's wire (docs.adyen.com/development-resources/webhooks): several in a batch, each signed by itself,
//! booleans as text. What a change of a payment came to is told here and nowhere else.

use std::{collections::HashMap, sync::Arc};

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use serde::Deserialize;
use sha2::Sha256;

use crate::{
    order::{Number, PaymentProvider},
    refusal::{Refusal, known},
    shop::Shop,
    store::{
        CaptureEnd, CaptureTime, Charge, DisputeNews, DisputeState, PaymentState, Proof, RefundNews, Stray, Subject,
    },
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Batch {
    notification_items: Vec<Wrapped>,
}

#[derive(Deserialize)]
struct Wrapped {
    #[serde(rename = "NotificationRequestItem")]
    item: Item,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    #[serde(default)]
    additional_data: HashMap<String, String>,
    event_code: String,
    success: String,
    psp_reference: String,
    #[serde(default)]
    original_reference: String,
    merchant_account_code: String,
    #[serde(default)]
    merchant_reference: String,
    amount: Amount,
    #[serde(default)]
    reason: Option<String>,
}

#[derive(Deserialize)]
struct Amount {
    value: i64,
    currency: String,
}

impl Item {
    /// Checks the signature over the fields that Adyen signs; `key` is hexadecimal.
    fn is_genuine(&self, key: &str) -> bool {
        let (Some(signature), Ok(key)) = (self.additional_data.get("hmacSignature"), hex::decode(key)) else {
            return false;
        };
        let (Ok(signature), Ok(mut mac)) = (STANDARD.decode(signature), Hmac::<Sha256>::new_from_slice(&key)) else {
            return false;
        };
        mac.update(self.signed().as_bytes());
        !key.is_empty() && mac.verify_slice(&signature).is_ok()
    }

    fn signed(&self) -> String {
        let Amount { value, currency } = &self.amount;
        format!(
            "{}:{}:{}:{}:{value}:{currency}:{}:{}",
            self.psp_reference,
            self.original_reference,
            self.merchant_account_code,
            self.merchant_reference,
            self.event_code,
            self.success
        )
    }

    fn is_success(&self) -> bool {
        self.success == "true"
    }

    /// A notification has no name of its own: this is what makes it the same one.
    fn event(&self) -> String {
        format!("{}:{}:{}", self.psp_reference, self.event_code, self.success)
    }

    /// The row that a change was asked for, after the reference that the shop gave it.
    fn row(&self, prefix: &str) -> Option<i64> {
        self.merchant_reference.strip_prefix(prefix)?.parse().ok()
    }
}

impl Shop {
    /// Takes a batch in; once this is `Ok` the provider need not send it again. One forged notification spoils the batch.
    pub(crate) async fn take_notifications(self: &Arc<Self>, payload: &[u8]) -> Result<(), Refusal> {
        let Some(terms) = &self.config.backup_payment else { return Err(known::NOT_FOUND) };
        let batch: Batch = serde_json::from_slice(payload).map_err(|_| known::BAD_REQUEST)?;
        if !batch.notification_items.iter().all(|wrapped| wrapped.item.is_genuine(&terms.hmac_key)) {
            return Err(known::BAD_SIGNATURE);
        }
        for Wrapped { item } in batch.notification_items {
            self.take_notification(item).await?;
        }
        Ok(())
    }

    async fn take_notification(self: &Arc<Self>, item: Item) -> Result<(), Refusal> {
        match item.event_code.as_str() {
            "AUTHORISATION" => self.take_authorisation(item).await,
            "CAPTURE" | "CAPTURE_FAILED" => self.take_capture(&item).await,
            "REFUND" | "REFUND_FAILED" | "REFUNDED_REVERSED" => {
                let refund = match item.row("R-") {
                    Some(refund) => Some(refund),
                    None => self.refund_named(PaymentProvider::BackupPayment, &item.psp_reference).await?,
                };
                let Some(refund) = refund else { return Ok(()) };
                let news = match (item.event_code.as_str(), item.is_success()) {
                    ("REFUND", true) => RefundNews::Succeeded { reference: Some(item.psp_reference.clone()) },
                    ("REFUND", false) => RefundNews::Refused,
                    _ => RefundNews::Failed,
                };
                self.take_refund_news(refund, news, item.event()).await
            }
            "CANCELLATION" | "EXPIRE" | "TECHNICAL_CANCEL" | "OFFER_CLOSED" => self.take_end(&item).await,
            // The money is withheld from the chargeback on; lost it is only when nobody defends it, or in vain.
            "NOTIFICATION_OF_CHARGEBACK" | "CHARGEBACK" => {
                self.take_chargeback(item, DisputeState::NeedsResponse).await
            }
            "DISPUTE_DEFENSE_PERIOD_ENDED" | "SECOND_CHARGEBACK" => {
                self.take_chargeback(item, DisputeState::Lost).await
            }
            "CHARGEBACK_REVERSED" => self.take_chargeback(item, DisputeState::Won).await,
            _ => Ok(()),
        }
    }

    async fn take_authorisation(self: &Arc<Self>, item: Item) -> Result<(), Refusal> {
        let Some(order) = Number::read(&item.merchant_reference) else { return Ok(()) };
        let payments = self.store.payments_of(order.0).await.map_err(|error| self.refusal(error))?;
        let event = item.event();
        let Some((state, charge)) = meant(&payments, &item) else {
            if item.is_success() && !payments.is_empty() {
                self.give_stray_back(Stray {
                    order: order.0,
                    provider: PaymentProvider::BackupPayment,
                    intent: item.psp_reference,
                    amount_minor: item.amount.value,
                    is_captured: self.config.capture == crate::config::Capture::AtCheckout,
                    event: Some(event),
                })
                .await;
            }
            return Ok(());
        };
        let intent = item.psp_reference.clone();
        let proof = match (item.is_success(), charge.capture) {
            (true, CaptureTime::AtOnce) => Proof::Succeeded { intent },
            (true, CaptureTime::AtDispatch) => Proof::Authorised { intent, until_ms: None },
            // A refusal that is told late belongs to a story that has ended.
            (false, _) if !state.may_take_money() => return Ok(()),
            (false, _) => Proof::Declined {
                intent: Some(intent),
                code: item.reason.unwrap_or_else(|| "generic_decline".into()).to_lowercase().replace(' ', "_"),
            },
        };
        let settled = self.settle(charge.payment, proof, Some(event), "webhook", None).await;
        settled.map(drop).map_err(|error| self.refusal(error))
    }

    async fn take_capture(self: &Arc<Self>, item: &Item) -> Result<(), Refusal> {
        let capture = match item.row("C-") {
            Some(capture) => capture,
            None => match self.store.subject_of(PaymentProvider::BackupPayment, &item.psp_reference).await {
                Ok(Some(Subject::Capture(capture))) => capture,
                // Captured by the provider itself, as it was told with the payment.
                Ok(_) => return Ok(()),
                Err(error) => return Err(self.refusal(error)),
            },
        };
        let end = if item.event_code == "CAPTURE" && item.is_success() {
            CaptureEnd::Succeeded { reference: Some(item.psp_reference.clone()) }
        } else {
            CaptureEnd::Refused
        };
        let made = self.store.settle_capture(capture, end, Some(item.event())).await;
        self.follows(made.map_err(|error| self.refusal(error))?);
        Ok(())
    }

    /// A payment was released, or ran out.
    async fn take_end(self: &Arc<Self>, item: &Item) -> Result<(), Refusal> {
        let of = if item.original_reference.is_empty() { &item.psp_reference } else { &item.original_reference };
        let found = self.store.subject_of(PaymentProvider::BackupPayment, of).await;
        let Some(Subject::Payment(payment)) = found.map_err(|error| self.refusal(error))? else { return Ok(()) };
        // What could not be released had been released or had run out: nothing is voided here that was captured.
        if !item.is_success() {
            return Ok(());
        }
        let proof = Proof::Declined { intent: Some(of.clone()), code: "canceled".into() };
        let settled = self.settle(payment, proof, Some(item.event()), "webhook", None).await;
        settled.map(drop).map_err(|error| self.refusal(error))
    }

    async fn take_chargeback(self: &Arc<Self>, item: Item, state: DisputeState) -> Result<(), Refusal> {
        let event = item.event();
        let order = Number::read(&item.merchant_reference);
        let news = DisputeNews {
            id: item.psp_reference,
            provider: PaymentProvider::BackupPayment,
            intent: item.original_reference,
            amount_minor: item.amount.value,
            state,
            reason: item.reason,
            event,
        };
        if self.take_dispute(news).await? {
            return Ok(());
        }
        // The payment may be one whose name nobody has told yet: then this is too early, and is to be told again.
        let Some(order) = order else { return Ok(()) };
        let payments = self.store.payments_of(order.0).await.map_err(|error| self.refusal(error))?;
        let waits = |(state, charge): &(PaymentState, Charge)| {
            state.may_take_money() && charge.provider == PaymentProvider::BackupPayment
        };
        if payments.iter().any(waits) { Err(known::BUSY) } else { Ok(()) }
    }
}

/// The payment that an authorisation is about: by its name, by the row that the shop wrote on it, or the one of the order
/// that still waits for its name.
fn meant<'a>(payments: &'a [(PaymentState, Charge)], item: &Item) -> Option<&'a (PaymentState, Charge)> {
    let here = || payments.iter().filter(|(_, charge)| charge.provider == PaymentProvider::BackupPayment);
    let row = item.additional_data.get("metadata.payment").and_then(|row| row.parse::<i64>().ok());
    here()
        .find(|(_, charge)| charge.intent.as_deref() == Some(item.psp_reference.as_str()))
        .or_else(|| here().find(|(_, charge)| Some(charge.payment) == row))
        .or_else(|| here().find(|(state, _)| state.may_take_money()))
        .or_else(|| here().find(|(_, charge)| charge.intent.is_none()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of Adyen's documentation of HMAC signatures.
    #[test]
    fn only_what_adyen_signed_is_genuine() {
        let key = "44782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056";
        let mut item: Item = serde_json::from_value(serde_json::json!({
            "pspReference": "7914073381342284", "merchantAccountCode": "TestMerchant", "merchantReference": "TestPayment-1407325143704",
            "amount": {"value": 1130, "currency": "EUR"}, "eventCode": "AUTHORISATION", "success": "true",
            "additionalData": {"hmacSignature": "coqCmt/IZ4E3CzPvMY8zTjQVL5hYJUiBRg8UU+iCWo0="},
        }))
        .unwrap();
        assert_eq!(
            item.signed(),
            "7914073381342284::TestMerchant:TestPayment-1407325143704:1130:EUR:AUTHORISATION:true"
        );
        assert!(item.is_genuine(key));
        item.amount.value = 1131;
        assert!(!item.is_genuine(key));
    }
}
