//! The orders book: the record of an order as auditors read it.

use serde::Serialize;

use super::State;
use crate::cart::{Address, TaxSource};

/// One line of the orders book.
#[derive(Clone, Debug, Serialize)]
pub struct BookLine {
    /// Ascending in the order of creation.
    pub seq: i64,
    /// `DB-…`.
    pub number: String,
    /// `c_…`.
    pub cart: String,
    /// Where it stands.
    pub state: State,
    /// ISO 4217 code of every amount of the line.
    pub currency: String,
    /// Lines before discount.
    pub subtotal_minor: i64,
    /// Off the subtotal.
    pub discount_minor: i64,
    /// Shipping.
    pub shipping_minor: i64,
    /// Tax.
    pub tax_minor: i64,
    /// What the order costs.
    pub total_minor: i64,
    /// What was proven to be paid.
    pub paid_minor: i64,
    /// What was proven to be given back.
    pub refunded_minor: i64,
    /// The shopper's address for mail.
    pub email: String,
    /// The promotion that was used.
    pub promotion: Option<String>,
    /// Where the tax came from.
    pub tax_source: TaxSource,
    /// The declared policy for an outage.
    pub tax_policy: String,
    /// The code under which tax was asked for.
    pub tax_quote: String,
    /// The tax document in force.
    pub tax_document: Option<String>,
    /// The provider's name of the payment.
    pub payment: Option<String>,
    /// Whether the payment is in doubt.
    pub in_doubt: bool,
    /// From the carried headers.
    pub run: Option<String>,
    /// From the carried headers.
    pub intent: Option<String>,
    /// What was bought.
    pub lines: Vec<OrderedLine>,
    /// States in the order in which they were taken.
    pub history: Vec<HistoryLine>,
    /// Refunds that were asked for.
    pub refunds: Vec<RefundLine>,
    /// `queued` or `sent`.
    pub dispatch: Option<String>,
    /// What vouchers and store credit covered.
    pub credit_minor: i64,
    /// The voucher that was used.
    pub voucher: Option<String>,
    /// What is reserved and not captured.
    pub authorised_minor: i64,
    /// Who took or reserved the money.
    pub payment_provider: Option<String>,
    /// Where the price of shipping came from.
    pub shipping_source: Option<String>,
    /// The shipping provider's name of the quote.
    pub shipping_quote: Option<String>,
    /// `approve`, `review`, `decline`, `unavailable` or `off`.
    pub fraud: Option<String>,
    /// `pending`, `approved` or `declined`.
    pub review: Option<String>,
    /// The account that bought.
    pub account: Option<String>,
    /// What it took of vouchers and store credit, one by one.
    pub credits: Vec<CreditLine>,
    /// What left the warehouse together, where money is captured at dispatch.
    pub dispatches: Vec<DispatchLine>,
    /// What is disputed, or lost in a dispute.
    pub disputed_minor: i64,
    /// `needs_response`, `under_review`, `won` or `lost`.
    pub dispute_state: Option<String>,
    /// What the total is rounded up by, so that it can be charged.
    pub rounding_minor: i64,
    /// Where it goes.
    pub ship_to: Option<Address>,
    /// What of the total was neither captured nor sent: parts that could not be paid for once others had left.
    pub given_up_minor: i64,
}

/// One line of an order in the book.
#[derive(Clone, Debug, Serialize)]
pub struct OrderedLine {
    /// The product.
    pub sku: String,
    /// How many were ordered.
    pub quantity: i64,
    /// Price of one, in minor units.
    pub unit_minor: i64,
    /// How many of them were given up later, and went back to the shelf.
    pub given_up: i64,
}

/// What an order took of one voucher or of one account.
#[derive(Clone, Debug, Serialize)]
pub struct CreditLine {
    /// `voucher` or `account`.
    pub kind: String,
    /// Its code, or the account.
    pub subject: String,
    /// What was taken, in minor units.
    pub amount_minor: i64,
    /// What of that was given back.
    pub returned_minor: i64,
}

/// One dispatch of an order.
#[derive(Clone, Debug, Serialize)]
pub struct DispatchLine {
    /// The message to the warehouse.
    pub message: String,
    /// What was in it.
    pub lines: Vec<Packed>,
    /// What was captured for it.
    pub amount_minor: i64,
    /// The provider's name of the capture, once it is known.
    pub capture: Option<String>,
}

/// So many of one product in a dispatch.
#[derive(Clone, Debug, Serialize)]
pub struct Packed {
    /// The product.
    pub sku: String,
    /// How many.
    pub quantity: i64,
}

/// One state of an order's life.
#[derive(Clone, Debug, Serialize)]
pub struct HistoryLine {
    /// From 1.
    pub seq: i64,
    /// The state taken.
    pub state: State,
    /// Unix milliseconds, for people.
    pub at_ms: i64,
    /// What brought the order there.
    pub why: String,
}

/// One refund that the shop asked for.
#[derive(Clone, Debug, Serialize)]
pub struct RefundLine {
    /// The provider's idempotency key.
    pub key: String,
    /// What is given back, to the card and as credit.
    pub amount_minor: i64,
    /// `pending`, `succeeded`, `refused`, or `failed` when it came back later.
    pub state: String,
    /// The idempotency key of the request that asked for it.
    pub asked: Option<String>,
    /// What of that is given back as credit.
    pub credit_minor: i64,
}
