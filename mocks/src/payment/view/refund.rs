//! A refund as Stripe shows it.

use crate::payment::cards::Brand;
use crate::payment::state::{Intent, Refund, RefundStatus};

use super::Pairs;

#[derive(serde::Serialize)]
struct CardDestination {
    reference_status: &'static str,
    reference_type: &'static str,
    #[serde(rename = "type")]
    kind: &'static str,
}

#[derive(serde::Serialize)]
struct Destination {
    card: CardDestination,
    #[serde(rename = "type")]
    kind: &'static str,
}

#[derive(serde::Serialize)]
pub(in crate::payment) struct RefundView<'a> {
    id: &'a str,
    object: &'static str,
    amount: i64,
    balance_transaction: Option<&'a str>,
    charge: &'a str,
    created: i64,
    currency: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    destination_details: Option<Destination>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure_balance_transaction: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure_reason: Option<&'a str>,
    metadata: Pairs<'a>,
    payment_intent: Option<&'a str>,
    reason: Option<&'a str>,
    receipt_number: (),
    source_transfer_reversal: (),
    status: RefundStatus,
    transfer_reversal: (),
}

/// Money given back.
pub(in crate::payment) fn refund<'a>(of: &'a Intent, refund: &'a Refund) -> RefundView<'a> {
    let is_card = of.latest_charge().is_none_or(|charge| charge.method.card.brand != Brand::Bank);
    RefundView {
        id: &refund.id,
        object: "refund",
        amount: refund.amount,
        balance_transaction: refund.balance_transaction.as_deref(),
        charge: &refund.charge,
        created: refund.created,
        currency: &of.currency,
        destination_details: is_card.then_some(Destination {
            card: CardDestination {
                reference_status: "pending",
                reference_type: "acquirer_reference_number",
                kind: "refund",
            },
            kind: "card",
        }),
        failure_balance_transaction: refund.failure_balance_transaction.as_deref(),
        failure_reason: refund.failure_reason.as_deref(),
        metadata: Pairs(&refund.metadata),
        payment_intent: of.shown_id(),
        reason: refund.reason.as_deref(),
        receipt_number: (),
        source_transfer_reversal: (),
        status: refund.status,
        transfer_reversal: (),
    }
}
