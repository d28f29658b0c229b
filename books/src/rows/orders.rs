//! The shop's orders, its shelf and its vouchers.

use serde::{Deserialize, Serialize};

/// One order of the shop's book, in our words.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct OrderRow {
    /// Order of creation.
    pub seq: u64,
    /// The shop's number for it.
    pub number: String,
    /// The cart that it was made of.
    pub cart: Option<String>,
    /// `pending`, `authorised`, `failed`, `paid`, `partially_fulfilled`, `fulfilled`, `cancelled`.
    pub state: String,
    /// ISO 4217 code.
    pub currency: Option<String>,
    /// Goods, before discount.
    pub subtotal_minor: Option<i64>,
    /// What the promotion took off.
    pub discount_minor: Option<i64>,
    /// Shipping.
    pub shipping_minor: Option<i64>,
    /// Tax.
    pub tax_minor: Option<i64>,
    /// What the customer owes.
    pub total_minor: Option<i64>,
    /// What of the total a voucher or store credit covers.
    pub credit_minor: Option<i64>,
    /// What of the total was given up later: parts that were neither paid nor sent.
    pub given_up_minor: Option<i64>,
    /// Code of the voucher used.
    pub voucher: Option<String>,
    /// What the shop believes to have received.
    pub paid_minor: Option<i64>,
    /// What it believes to have given back.
    pub refunded_minor: Option<i64>,
    /// The customer's address.
    pub email: Option<String>,
    /// Code of the promotion used.
    pub promotion: Option<String>,
    /// `quote` or `fallback`.
    pub tax_source: Option<String>,
    /// The declared policy: `block` or `rate`.
    pub tax_policy: Option<String>,
    /// Code of the quote.
    pub tax_quote: Option<String>,
    /// Code of the tax document.
    pub tax_document: Option<String>,
    /// The provider's reference of the payment.
    pub payment: Option<String>,
    /// Which payment provider has it: `payment`, `backup_payment`.
    pub payment_provider: Option<String>,
    /// Where the price of shipping came from: `quote`, `table`, `flat`.
    pub shipping_source: Option<String>,
    /// The provider's reference of the shipping rate.
    pub shipping_quote: Option<String>,
    /// What the fraud provider said: `approve`, `review`, `decline`, `unavailable`, `off`.
    pub fraud: Option<String>,
    /// What the desk said: `pending`, `approved`, `declined`.
    pub review: Option<String>,
    /// What the total is rounded up by, so that it can be charged.
    pub rounding_minor: Option<i64>,
    /// Where it goes: `line1`, `city`, `region`, `postal_code`, `country`, as far as the book tells.
    pub ship_to: Option<serde_json::Value>,
    /// What is disputed.
    pub disputed_minor: Option<i64>,
    /// Where the dispute stands: `needs_response`, `under_review`, `won`, `lost`.
    pub dispute_state: Option<String>,
    /// Whether the shop does not know if it was paid.
    pub in_doubt: bool,
    /// The run, where the shop carries marks on.
    pub run: Option<String>,
    /// The strong mark, where the shop carries it on.
    pub intent: Option<String>,
    /// What was bought.
    pub lines: Vec<OrderLine>,
    /// The states that it went through, in order.
    pub history: Vec<OrderState>,
    /// What was given back, or asked for.
    pub refunds: Vec<OrderRefund>,
    /// Whether the warehouse was told: `queued`, `sent`.
    pub dispatch: Option<String>,
    /// The customer's account.
    pub account: Option<String>,
    /// What it took of vouchers and store credit, one by one.
    pub credits: Vec<OrderCredit>,
    /// What was sent, where an order may be sent in parts.
    pub dispatches: Vec<OrderDispatch>,
}

/// A line of an order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct OrderLine {
    /// Stock keeping unit.
    pub sku: String,
    /// How many.
    pub quantity: i64,
    /// Price of one.
    pub unit_minor: i64,
    /// How many of them were given up later, such as a part that could not be paid any more.
    pub given_up: i64,
}

/// A state that an order went through.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct OrderState {
    /// Order within the order's history.
    pub seq: u64,
    /// The state.
    pub state: String,
}

/// A refund as the shop booked it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct OrderRefund {
    /// The key that the shop used.
    pub key: String,
    /// In minor units.
    pub amount_minor: i64,
    /// `succeeded`, `pending`, `refused`, `failed`.
    pub state: String,
    /// The key of the request that asked for it; several refunds may come of one.
    pub asked: Option<String>,
    /// What of it is given back as store credit.
    pub credit_minor: i64,
}

/// What an order took of one voucher or of one account's store credit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct OrderCredit {
    /// `voucher` or `account`.
    pub kind: String,
    /// Code of the voucher, or name of the account.
    pub subject: String,
    /// What was taken.
    pub amount_minor: i64,
    /// What of it was given back.
    pub returned_minor: i64,
}

/// A part of an order that was sent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct OrderDispatch {
    /// The message by which the warehouse was told.
    pub message: String,
    /// What was captured for it.
    pub amount_minor: i64,
    /// The provider's reference of that capture.
    pub capture: Option<String>,
}

/// What the shop says of an article at the end.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct StockRow {
    /// Stock keeping unit.
    pub sku: String,
    /// How many there were to sell.
    pub declared: i64,
    /// How many are left.
    pub available: i64,
    /// How many are kept for orders that are not paid yet.
    pub held: i64,
    /// How many were sold.
    pub sold: i64,
}

/// What the shop says of a voucher at the end.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct VoucherRow {
    /// What a shopper types.
    pub code: String,
    /// What it was worth.
    pub declared_minor: i64,
    /// What is left of it.
    pub balance_minor: i64,
}

/// What the shop says of an account's store credit at the end.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AccountRow {
    /// The shop's name for it.
    pub account: String,
    /// The credit that it was opened with.
    pub declared_minor: i64,
    /// What is left of it.
    pub balance_minor: i64,
}

/// What the shop says of a promotion at the end.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PromotionRow {
    /// What a shopper types.
    pub code: String,
    /// How often it is taken.
    pub used: i64,
    /// How often of that for orders that are not paid yet.
    pub held: i64,
}
