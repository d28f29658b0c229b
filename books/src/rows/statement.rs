//! The providers' statements, and the settlement reports that are made of them.

use serde::{Deserialize, Serialize};

/// One line of a provider's statement, as its admin interface gives it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StatementRow {
    /// One sequence for all providers of a process.
    pub seq: u64,
    /// Unix microseconds, by the provider's clock; for display only.
    pub at_us: u64,
    /// The run that held the account.
    #[serde(default)]
    pub run: Option<String>,
    /// `payment`, `tax`, `warehouse`.
    pub provider: String,
    /// What was done: `authorise`, `capture`, `refund`, `quote`, `commit`, `dispatch`, `webhook`, …
    pub op: String,
    /// The object.
    #[serde(default)]
    pub object: Option<String>,
    /// The object that it belongs to.
    #[serde(default)]
    pub parent: Option<String>,
    /// What it became.
    #[serde(default)]
    pub state: Option<String>,
    /// In minor units.
    #[serde(default)]
    pub amount_minor: Option<i64>,
    /// ISO 4217 code.
    #[serde(default)]
    pub currency: Option<String>,
    /// Idempotency key.
    #[serde(default)]
    pub key: Option<String>,
    /// Whether a stored answer was given again.
    #[serde(default)]
    pub replayed: bool,
    /// Of the answer, or of the webhook's receiver.
    #[serde(default)]
    pub http_status: Option<u16>,
    /// The strong mark.
    #[serde(default)]
    pub intent: Option<String>,
    /// The shop's order number, where the request named one.
    #[serde(default)]
    pub order: Option<String>,
    /// The customer's address.
    #[serde(default)]
    pub email: Option<String>,
    /// The fault that acted.
    #[serde(default)]
    pub fault: Option<String>,
    /// What it did.
    #[serde(default)]
    pub effect: Option<String>,
    /// `sent`, `lost`, `altered`.
    #[serde(default)]
    pub answer: Option<String>,
    /// Everything else.
    #[serde(default)]
    pub detail: Option<serde_json::Value>,
}

/// A line of a payment provider's settlement report.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettlementRow {
    /// `payment` or `backup_payment`.
    pub provider: String,
    /// From 1, by provider.
    pub line: u64,
    /// What kind of movement.
    pub kind: SettlementKind,
    /// The provider's reference of the movement: charge, capture, refund.
    pub object: String,
    /// The provider's reference of the payment.
    pub payment: Option<String>,
    /// The shop's order number, where the report names it.
    pub order: Option<String>,
    /// What moved, in minor units; negative: away from the shop.
    pub gross_minor: i64,
    /// The provider's fee, in minor units.
    pub fee_minor: i64,
    /// ISO 4217 code.
    pub currency: String,
}

/// What a line of a settlement report is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SettlementKind {
    /// Money that a customer paid.
    #[default]
    Charge,
    /// Money given back.
    Refund,
    /// A refund that came back.
    RefundFailed,
    /// Money that a dispute took.
    Dispute,
    /// Money that came back from a dispute that was won.
    DisputeReversed,
    /// A fee on its own line.
    Fee,
}

impl SettlementKind {
    /// The word in the books.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Charge => "charge",
            Self::Refund => "refund",
            Self::RefundFailed => "refund_failed",
            Self::Dispute => "dispute",
            Self::DisputeReversed => "dispute_reversed",
            Self::Fee => "fee",
        }
    }
}
