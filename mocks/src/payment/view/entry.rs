//! An entry of the balance as Stripe shows it: a balance transaction.

use crate::payment::balance::{Entry, EntryKind};

#[derive(serde::Serialize)]
struct Fee<'a> {
    amount: i64,
    application: (),
    currency: &'a str,
    description: &'static str,
    #[serde(rename = "type")]
    kind: &'static str,
}

#[derive(serde::Serialize)]
pub(in crate::payment) struct EntryView<'a> {
    id: &'a str,
    object: &'static str,
    amount: i64,
    available_on: i64,
    balance_type: &'static str,
    created: i64,
    currency: &'a str,
    description: Option<&'a str>,
    exchange_rate: (),
    fee: i64,
    fee_details: Vec<Fee<'a>>,
    net: i64,
    reporting_category: &'static str,
    source: &'a str,
    /// As it was when it was booked; a list shows the present.
    pub(in crate::payment) status: &'static str,
    #[serde(rename = "type")]
    kind: &'static str,
}

/// A balance transaction.
pub(in crate::payment) fn entry(of: &Entry) -> EntryView<'_> {
    let description = match of.kind {
        EntryKind::Dispute => "Dispute fee",
        EntryKind::Charge | EntryKind::Refund | EntryKind::RefundFailure | EntryKind::DisputeReversal => {
            "Stripe processing fees"
        }
    };
    let fee = Fee { amount: of.fee, application: (), currency: &of.currency, description, kind: "stripe_fee" };
    EntryView {
        id: &of.id,
        object: "balance_transaction",
        amount: of.amount,
        available_on: of.available_on(),
        balance_type: "payments",
        created: of.created,
        currency: &of.currency,
        description: of.description.as_deref(),
        exchange_rate: (),
        fee: of.fee,
        fee_details: Some(fee).filter(|fee| fee.amount != 0).into_iter().collect(),
        net: of.net(),
        reporting_category: of.kind.category(),
        source: &of.source,
        status: "pending",
        kind: of.kind.kind(),
    }
}

impl EntryView<'_> {
    /// As it stands at a time, in unix seconds.
    pub(in crate::payment) const fn at(mut self, now_s: i64) -> Self {
        self.status = if self.available_on <= now_s { "available" } else { "pending" };
        self
    }
}
