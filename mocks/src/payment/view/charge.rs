//! A charge as Stripe shows it.

use crate::payment::state::{Charge, ChargeStatus, Intent};

use super::method::{Billing, ChargedCard, Kind, billing, charged};
use super::{Empty, Pairs};

#[derive(serde::Serialize)]
struct ChargeOutcome {
    network_status: &'static str,
    reason: Option<&'static str>,
    risk_level: &'static str,
    risk_score: u32,
    seller_message: &'static str,
    #[serde(rename = "type")]
    kind: &'static str,
}

#[derive(serde::Serialize)]
struct FraudDetails<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    user_report: Option<&'a str>,
}

#[derive(serde::Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "the fields are Stripe's")]
pub(in crate::payment) struct ChargeView<'a> {
    id: &'a str,
    object: &'static str,
    amount: i64,
    amount_captured: i64,
    amount_refunded: i64,
    application: (),
    application_fee: (),
    application_fee_amount: (),
    balance_transaction: Option<&'a str>,
    billing_details: Billing<'a>,
    calculated_statement_descriptor: &'static str,
    captured: bool,
    created: i64,
    currency: &'a str,
    customer: Option<&'a str>,
    description: Option<&'a str>,
    destination: (),
    dispute: Option<&'a str>,
    disputed: bool,
    failure_balance_transaction: (),
    failure_code: Option<&'static str>,
    failure_message: Option<&'static str>,
    fraud_details: FraudDetails<'a>,
    invoice: (),
    livemode: bool,
    metadata: Pairs<'a>,
    on_behalf_of: (),
    order: (),
    outcome: Option<ChargeOutcome>,
    paid: bool,
    payment_intent: Option<&'a str>,
    payment_method: &'a str,
    payment_method_details: Kind<'a, ChargedCard<'a>>,
    radar_options: Empty,
    receipt_email: Option<&'a str>,
    receipt_number: (),
    receipt_url: (),
    refunded: bool,
    review: (),
    shipping: (),
    source: (),
    source_transfer: (),
    statement_descriptor: Option<&'a str>,
    statement_descriptor_suffix: (),
    status: ChargeStatus,
    transfer_data: (),
    transfer_group: (),
}

/// An attempt to take the money.
pub(in crate::payment) fn charge<'a>(of: &'a Intent, charge: &'a Charge) -> ChargeView<'a> {
    let decline = match charge.status {
        ChargeStatus::Failed => charge.method.card.behaviour.decline(),
        ChargeStatus::Pending | ChargeStatus::Succeeded => None,
    };
    // What was only authorised and then released counts as given back whole.
    let amount_refunded =
        if charge.is_voided && charge.amount_captured == 0 { charge.amount } else { charge.amount_refunded };
    ChargeView {
        id: &charge.id,
        object: "charge",
        amount: charge.amount,
        amount_captured: charge.amount_captured,
        amount_refunded,
        application: (),
        application_fee: (),
        application_fee_amount: (),
        balance_transaction: charge.balance_transaction.as_deref(),
        billing_details: billing(&charge.method),
        calculated_statement_descriptor: "DOORBUSTER",
        captured: charge.amount_captured > 0,
        created: charge.created,
        currency: &of.currency,
        customer: of.customer.as_deref(),
        description: charge.edits.description.as_deref().or(of.description.as_deref()),
        destination: (),
        dispute: charge.dispute.as_deref(),
        disputed: charge.dispute.is_some(),
        failure_balance_transaction: (),
        failure_code: decline.map(|decline| decline.code),
        failure_message: decline.map(|decline| decline.message),
        fraud_details: FraudDetails { user_report: charge.edits.fraud_report.as_deref() },
        invoice: (),
        livemode: false,
        metadata: Pairs(charge.metadata(of)),
        on_behalf_of: (),
        order: (),
        outcome: Some(match decline {
            None => ChargeOutcome {
                network_status: "approved_by_network",
                reason: None,
                risk_level: "normal",
                risk_score: 12,
                seller_message: "Payment complete.",
                kind: "authorized",
            },
            Some(decline) => ChargeOutcome {
                network_status: "declined_by_network",
                reason: decline.decline_code,
                risk_level: "normal",
                risk_score: 12,
                seller_message: "The bank did not return any further details with this decline.",
                kind: "issuer_declined",
            },
        }),
        paid: charge.status == ChargeStatus::Succeeded,
        payment_intent: of.shown_id(),
        payment_method: &charge.method.id,
        payment_method_details: charged(&charge.method, charge.amount),
        radar_options: Empty {},
        receipt_email: charge.edits.receipt_email.as_deref().or(of.receipt_email.as_deref()),
        receipt_number: (),
        receipt_url: (),
        refunded: amount_refunded > 0 && amount_refunded >= charge.amount_captured,
        review: (),
        shipping: (),
        source: (),
        source_transfer: (),
        statement_descriptor: of.statement_descriptor.as_deref(),
        statement_descriptor_suffix: (),
        status: charge.status,
        transfer_data: (),
        transfer_group: (),
    }
}
