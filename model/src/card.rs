//! The payment provider's test cards, by name: plan, books and logs hold the names only.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A test card (Stripe, *Testing*, <https://docs.stripe.com/testing>).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Card {
    /// A Visa that pays.
    Ok,
    /// A Mastercard that pays.
    Mastercard,
    /// An American Express card that pays.
    Amex,
    /// A Discover card that pays.
    Discover,
    /// Declined without a reason.
    Declined,
    /// Declined: insufficient funds.
    InsufficientFunds,
    /// Declined: lost.
    Lost,
    /// Declined: stolen.
    Stolen,
    /// Declined: expired.
    Expired,
    /// Declined: wrong security code.
    IncorrectCvc,
    /// Declined: the issuer had a processing error.
    ProcessingError,
    /// Asks for authentication each time, then pays.
    Authenticate,
    /// Asks for authentication unless it was set up for later use, then pays.
    AuthenticateUnlessSetUp,
    /// Asks for authentication, and is declined all the same.
    AuthenticateThenDeclined,
    /// Can be attached to a customer, and is declined when it is to pay.
    AttachesThenFails,
    /// Pays; the holder disputes it later.
    Disputed,
}

impl Card {
    /// Every card.
    pub const ALL: [Self; 16] = [
        Self::Ok,
        Self::Mastercard,
        Self::Amex,
        Self::Discover,
        Self::Declined,
        Self::InsufficientFunds,
        Self::Lost,
        Self::Stolen,
        Self::Expired,
        Self::IncorrectCvc,
        Self::ProcessingError,
        Self::Authenticate,
        Self::AuthenticateUnlessSetUp,
        Self::AuthenticateThenDeclined,
        Self::AttachesThenFails,
        Self::Disputed,
    ];

    /// The word in scenarios, plans and books.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Mastercard => "mastercard",
            Self::Amex => "amex",
            Self::Discover => "discover",
            Self::Declined => "declined",
            Self::InsufficientFunds => "insufficient_funds",
            Self::Lost => "lost",
            Self::Stolen => "stolen",
            Self::Expired => "expired",
            Self::IncorrectCvc => "incorrect_cvc",
            Self::ProcessingError => "processing_error",
            Self::Authenticate => "authenticate",
            Self::AuthenticateUnlessSetUp => "authenticate_unless_set_up",
            Self::AuthenticateThenDeclined => "authenticate_then_declined",
            Self::AttachesThenFails => "attaches_then_fails",
            Self::Disputed => "disputed",
        }
    }

    /// The card of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|card| card.name() == name)
    }

    /// Its number, sent by shoppers and never stored.
    #[must_use]
    pub const fn number(self) -> &'static str {
        match self {
            Self::Ok => "4242424242424242",
            Self::Mastercard => "5555555555554444",
            Self::Amex => "378282246310005",
            Self::Discover => "6011111111111117",
            Self::Declined => "4000000000000002",
            Self::InsufficientFunds => "4000000000009995",
            Self::Lost => "4000000000009987",
            Self::Stolen => "4000000000009979",
            Self::Expired => "4000000000000069",
            Self::IncorrectCvc => "4000000000000127",
            Self::ProcessingError => "4000000000000119",
            Self::Authenticate => "4000002760003184",
            Self::AuthenticateUnlessSetUp => "4000002500003155",
            Self::AuthenticateThenDeclined => "4000008400001629",
            Self::AttachesThenFails => "4000000000000341",
            Self::Disputed => "4000000000000259",
        }
    }

    /// The ready-made payment method that stands for it.
    #[must_use]
    pub const fn token(self) -> &'static str {
        match self {
            Self::Ok => "pm_card_visa",
            Self::Mastercard => "pm_card_mastercard",
            Self::Amex => "pm_card_amex",
            Self::Discover => "pm_card_discover",
            Self::Declined => "pm_card_chargeDeclined",
            Self::InsufficientFunds => "pm_card_chargeDeclinedInsufficientFunds",
            Self::Lost => "pm_card_chargeDeclinedLostCard",
            Self::Stolen => "pm_card_chargeDeclinedStolenCard",
            Self::Expired => "pm_card_chargeDeclinedExpiredCard",
            Self::IncorrectCvc => "pm_card_chargeDeclinedIncorrectCvc",
            Self::ProcessingError => "pm_card_chargeDeclinedProcessingError",
            Self::Authenticate => "pm_card_authenticationRequired",
            Self::AuthenticateUnlessSetUp => "pm_card_authenticationRequiredOnSetup",
            Self::AuthenticateThenDeclined => "pm_card_authenticationRequiredChargeDeclinedInsufficientFunds",
            Self::AttachesThenFails => "pm_card_chargeCustomerFail",
            Self::Disputed => "pm_card_createDispute",
        }
    }
}
