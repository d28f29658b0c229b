//! Orders: their states, which only move forward, their numbers, and what providers and shoppers are told of them.

mod book;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use book::{BookLine, CreditLine, DispatchLine, HistoryLine, OrderedLine, Packed, RefundLine};

use crate::{
    cart::{Address, Line},
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
