//! A refund as Stripe shows it.

use crate::payment::state::{Intent, Refund};

use super::{ChargeView, Expand, Expandable, IntentView, Pairs, charge, intent};

#[derive(serde::Serialize)]
pub(in crate::payment) struct RefundView<'a> {
    id: &'a str,
    object: &'static str,
    amount: i64,
    balance_transaction: (),
    charge: Expandable<'a, ChargeView<'a>>,
    created: i64,
    currency: &'a str,
    metadata: Pairs<'a>,
    payment_intent: Expandable<'a, IntentView<'a>>,
    reason: Option<&'a str>,
    receipt_number: (),
    source_transfer_reversal: (),
    status: &'static str,
    transfer_reversal: (),
}

/// Money given back.
pub(in crate::payment) fn refund<'a>(of: &'a Intent, refund: &'a Refund, expand: Expand) -> RefundView<'a> {
    let charged = of.charges.iter().find(|charge| charge.id == refund.charge);
    RefundView {
        id: &refund.id,
        object: "refund",
        amount: refund.amount,
        balance_transaction: (),
        charge: match charged.filter(|_| expand.charge) {
            Some(charged) => Expandable::Object(Box::new(charge(of, charged, Expand::default()))),
            None => Expandable::Id(&refund.charge),
        },
        created: refund.created,
        currency: &of.currency,
        metadata: Pairs(&refund.metadata),
        payment_intent: if expand.payment_intent {
            Expandable::Object(Box::new(intent(of, Expand::default())))
        } else {
            Expandable::Id(&of.id)
        },
        reason: refund.reason.as_deref(),
        receipt_number: (),
        source_transfer_reversal: (),
        status: "succeeded",
        transfer_reversal: (),
    }
}
