//! Orders: their states, which only move forward, their numbers, and the record that the books show.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    cart::{Address, Line, TaxSource},
    fraud::Judgement,
};

/// Where an order stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Being paid, or its payment is in doubt.
    Pending,
    /// Money is reserved and will be captured before dispatch: confirmed to the shopper just as paid.
    Authorised,
    /// Proven not to be paid; may be paid with a second card.
    Failed,
    /// Paid, not yet with the warehouse.
    Paid,
    /// Part of it is with the warehouse, and captured.
    PartiallyFulfilled,
    /// Acknowledged by the warehouse.
    Fulfilled,
    /// Given up at the shopper's wish, or because it was paid after its stock was gone; what was paid is refunded.
    Cancelled,
}

impl State {
    /// Every state, in the order of an order's life.
    pub const ALL: [Self; 7] = [
        Self::Pending,
        Self::Authorised,
        Self::Failed,
        Self::Paid,
        Self::PartiallyFulfilled,
        Self::Fulfilled,
        Self::Cancelled,
    ];

    /// The state's name in every book.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Authorised => "authorised",
            Self::Failed => "failed",
            Self::Paid => "paid",
            Self::PartiallyFulfilled => "partially_fulfilled",
            Self::Fulfilled => "fulfilled",
            Self::Cancelled => "cancelled",
        }
    }

    /// The state of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }

    /// Whether the state machine has an arrow from here to `next`. A failed order becomes pending again only when the
    /// shopper pays it with another card; one that is paid or authorised never fails.
    #[must_use]
    pub fn may_become(self, next: Self) -> bool {
        match self {
            Self::Pending => matches!(next, Self::Authorised | Self::Failed | Self::Paid | Self::Cancelled),
            Self::Failed => matches!(next, Self::Pending | Self::Authorised | Self::Paid | Self::Cancelled),
            Self::Authorised => matches!(next, Self::Paid | Self::PartiallyFulfilled | Self::Cancelled),
            Self::Paid => matches!(next, Self::PartiallyFulfilled | Self::Fulfilled | Self::Cancelled),
            Self::PartiallyFulfilled => matches!(next, Self::Fulfilled),
            Self::Fulfilled | Self::Cancelled => false,
        }
    }
}

/// Who takes the money.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentProvider {
    /// The first one, on Stripe's wire.
    #[default]
    Payment,
    /// The second one, on Adyen's.
    BackupPayment,
}

impl PaymentProvider {
    /// The provider's name in every book.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Payment => "payment",
            Self::BackupPayment => "backup_payment",
        }
    }

    /// The provider of that name; any other name is the first one's.
    #[must_use]
    pub fn named(name: &str) -> Self {
        if name == "backup_payment" { Self::BackupPayment } else { Self::Payment }
    }

    /// The one that is asked when this one cannot serve.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Payment => Self::BackupPayment,
            Self::BackupPayment => Self::Payment,
        }
    }
}

/// The number that people read out: `DB-1000042`. It is the order's sequence, so it is unique by construction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Number(pub i64);

const FIRST: i64 = 1_000_000;

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DB-{}", FIRST + self.0)
    }
}

impl Number {
    /// Reads `DB-1000042`; anything else is no order of ours.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let seq = text.strip_prefix("DB-")?.parse::<i64>().ok()?.checked_sub(FIRST)?;
        (seq > 0).then_some(Self(seq))
    }
}

/// The code of an order's tax document: its number, and from the second version on which one it is.
#[must_use]
pub(crate) fn tax_code(order: Number, version: Option<i64>) -> String {
    version.map_or_else(|| order.to_string(), |version| format!("{order}-{version}"))
}

/// Why an order failed: what became of its last payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Failure {
    /// The card was refused; another one may pay.
    CardDeclined,
    /// Nothing was charged, for a reason that is not the card's.
    PaymentUnavailable,
}

/// What calls to providers and answers to shoppers need to know of an order.
#[derive(Clone, Debug)]
pub struct Brief {
    /// Place in the book.
    pub number: Number,
    /// The cart it was made of.
    pub cart: String,
    /// Where it stands.
    pub state: State,
    /// Why it failed, of a failed order.
    pub failure: Option<Failure>,
    /// What it costs, in minor units.
    pub total_minor: i64,
    /// What vouchers and store credit cover of that, in minor units.
    pub credit_minor: i64,
    /// What was given back, in minor units.
    pub refunded_minor: i64,
    /// Who took or reserved the money, once somebody has.
    pub provider: Option<PaymentProvider>,
    /// How it was judged, once it was.
    pub fraud: Option<Judgement>,
    /// Whether the desk is looking at it.
    pub in_review: bool,
    /// ISO 4217 code.
    pub currency: String,
    /// The shopper's address for mail.
    pub email: String,
    /// Headers to repeat on every provider call, one `name: value` a line.
    pub carried: String,
    /// Where it goes, as it is stored; empty while nobody needs it.
    pub address: String,
}

impl Brief {
    /// Where it goes.
    #[must_use]
    pub fn address(&self) -> Option<Address> {
        serde_json::from_str(&self.address).ok()
    }

    /// What is to be charged, in minor units: the total less vouchers and store credit.
    #[must_use]
    pub fn due_minor(&self) -> i64 {
        self.total_minor - self.credit_minor
    }
}

/// Everything that tax and warehouse must be told about an order.
#[derive(Clone, Debug)]
pub struct Parcel {
    /// The order.
    pub brief: Brief,
    /// What was bought.
    pub lines: Vec<Line>,
    /// Where it goes.
    pub address: Address,
    /// Off the subtotal, in minor units.
    pub discount_minor: i64,
    /// For shipping, in minor units.
    pub shipping_minor: i64,
    /// The tax that was quoted and charged, in minor units; absent where it was estimated by the declared policy.
    pub quoted_tax_minor: Option<i64>,
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_paid_order_never_fails() {
        for state in [State::Authorised, State::Paid, State::PartiallyFulfilled, State::Fulfilled, State::Cancelled] {
            assert!(!state.may_become(State::Failed));
            assert!(!state.may_become(State::Pending));
        }
        assert!(State::Failed.may_become(State::Paid));
    }

    #[test]
    fn numbers_are_read_back() {
        assert_eq!(Number(42).to_string(), "DB-1000042");
        assert_eq!(Number::read("DB-1000042"), Some(Number(42)));
        for foreign in ["DB-1000000", "DB-", "1000042", "DB-x", "DB--5"] {
            assert_eq!(Number::read(foreign), None, "{foreign}");
        }
    }
}
