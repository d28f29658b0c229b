//! Test cards: what each does. A number is looked at once and never kept.

use serde::{Deserialize, Serialize};

use super::test_cards::{self, AUTHENTICATING, Aftermath, Authentication};
use crate::luhn;

/// A card as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Card {
    pub(crate) brand: Brand,
    pub(crate) funding: Funding,
    pub(crate) last4: String,
    pub(crate) exp_month: u32,
    pub(crate) exp_year: u32,
    pub(crate) behaviour: Behaviour,
    /// Of its issuer; two letters.
    pub(crate) country: String,
    /// The same for every method of one card.
    pub(crate) fingerprint: String,
    pub(crate) aftermath: Aftermath,
    #[serde(default, skip_serializing_if = "Authentication::is_never")]
    pub(crate) authentication: Authentication,
}

/// Ending of the card that can be kept, and is declined when it is to pay.
const ATTACHES_THEN_FAILS: &str = "0341";

impl Card {
    /// Whether it is declined only when it is to pay.
    pub(crate) fn fails_late(&self) -> bool {
        self.last4 == ATTACHES_THEN_FAILS
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Brand {
    Visa,
    Mastercard,
    Amex,
    Discover,
    Diners,
    Jcb,
    Unionpay,
    /// No card: a bank account that is debited.
    #[serde(rename = "us_bank_account")]
    Bank,
}

impl Brand {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Visa => "visa",
            Self::Mastercard => "mastercard",
            Self::Amex => "amex",
            Self::Discover => "discover",
            Self::Diners => "diners",
            Self::Jcb => "jcb",
            Self::Unionpay => "unionpay",
            Self::Bank => "us_bank_account",
        }
    }

    /// As old objects write it.
    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Visa => "Visa",
            Self::Mastercard => "MasterCard",
            Self::Amex => "American Express",
            Self::Discover => "Discover",
            Self::Diners => "Diners Club",
            Self::Jcb => "JCB",
            Self::Unionpay => "UnionPay",
            Self::Bank => "Unknown",
        }
    }

    /// The type of a method of it.
    pub(crate) const fn method_type(self) -> &'static str {
        match self {
            Self::Bank => "us_bank_account",
            Self::Visa | Self::Mastercard | Self::Amex | Self::Discover | Self::Diners | Self::Jcb | Self::Unionpay => {
                "card"
            }
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Funding {
    Credit,
    Debit,
    Prepaid,
}

/// What happens when it is charged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Behaviour {
    Succeeds,
    GenericDecline,
    InsufficientFunds,
    LostCard,
    StolenCard,
    ExpiredCard,
    IncorrectCvc,
    ProcessingError,
    AuthenticationRequired,
    /// The holder failed the challenge, or never answered it.
    AuthenticationFailed,
    /// The shop wanted none, and one was needed.
    AuthenticationNotHandled,
    DoNotHonor,
    Fraudulent,
    TryAgainLater,
    IssuerNotAvailable,
    CardVelocityExceeded,
    TransactionNotAllowed,
    /// Stays `processing` for a while, then succeeds.
    SettlesLater,
    /// Stays `processing` for a while, then fails.
    FailsLater,
}

/// A refusal by the card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::struct_field_names, reason = "the fields are Stripe's")]
pub(crate) struct Decline {
    pub(crate) code: &'static str,
    /// Finer than `code`.
    pub(crate) decline_code: Option<&'static str>,
    pub(crate) param: Option<&'static str>,
    pub(crate) message: &'static str,
}

const fn refused(decline_code: &'static str, message: &'static str) -> Decline {
    Decline { code: "card_declined", decline_code: Some(decline_code), param: None, message }
}

impl Behaviour {
    /// The refusal that has this code; a general one where the code is unknown or absent.
    pub(crate) fn declining(code: Option<&str>) -> Self {
        match code {
            Some("insufficient_funds") => Self::InsufficientFunds,
            Some("lost_card") => Self::LostCard,
            Some("stolen_card") => Self::StolenCard,
            Some("expired_card") => Self::ExpiredCard,
            Some("incorrect_cvc") => Self::IncorrectCvc,
            Some("processing_error") => Self::ProcessingError,
            Some("authentication_required") => Self::AuthenticationRequired,
            Some("do_not_honor") => Self::DoNotHonor,
            Some("fraudulent") => Self::Fraudulent,
            Some("try_again_later") => Self::TryAgainLater,
            Some("issuer_not_available") => Self::IssuerNotAvailable,
            Some("card_velocity_exceeded") => Self::CardVelocityExceeded,
            Some("transaction_not_allowed") => Self::TransactionNotAllowed,
            Some(_) | None => Self::GenericDecline,
        }
    }

    /// How it refuses, if it does.
    pub(crate) const fn decline(self) -> Option<Decline> {
        Some(match self {
            Self::Succeeds | Self::SettlesLater => return None,
            Self::GenericDecline => refused("generic_decline", "Your card was declined."),
            Self::InsufficientFunds | Self::FailsLater => {
                refused("insufficient_funds", "Your card has insufficient funds.")
            }
            Self::DoNotHonor => refused("do_not_honor", "Your card was declined."),
            Self::Fraudulent => refused("fraudulent", "Your card was declined."),
            Self::TryAgainLater => refused("try_again_later", "Your card was declined. You can try again later."),
            Self::IssuerNotAvailable => refused("issuer_not_available", "Your card was declined."),
            Self::CardVelocityExceeded => refused(
                "card_velocity_exceeded",
                "Your card was declined for making repeated attempts too frequently or exceeding its amount limit.",
            ),
            Self::TransactionNotAllowed => {
                refused("transaction_not_allowed", "Your card does not support this type of purchase.")
            }
            Self::LostCard => refused("lost_card", "Your card was declined."),
            Self::StolenCard => refused("stolen_card", "Your card was declined."),
            Self::ExpiredCard => Decline {
                code: "expired_card",
                decline_code: Some("expired_card"),
                param: Some("exp_month"),
                message: "Your card has expired.",
            },
            Self::IncorrectCvc => Decline {
                code: "incorrect_cvc",
                decline_code: Some("incorrect_cvc"),
                param: Some("cvc"),
                message: "Your card's security code is incorrect.",
            },
            Self::ProcessingError => Decline {
                code: "processing_error",
                decline_code: Some("processing_error"),
                param: None,
                message: "An error occurred while processing your card. Try again in a little bit.",
            },
            Self::AuthenticationFailed => AUTHENTICATION_FAILED,
            Self::AuthenticationNotHandled => Decline {
                code: "authentication_required",
                decline_code: Some("authentication_not_handled"),
                param: None,
                message: "This payment required an authentication action to complete, but `error_on_requires_action` was set. When you're ready, you can upgrade your integration to handle actions at https://stripe.com/docs/payments/payment-intents/upgrade-to-handle-actions.",
            },
            Self::AuthenticationRequired => Decline {
                code: "authentication_required",
                decline_code: Some("authentication_required"),
                param: None,
                message: "Your card was declined. This transaction requires authentication.",
            },
        })
    }
}

/// What the payment says of a challenge that was failed.
const AUTHENTICATION_FAILED: Decline = Decline {
    code: "payment_intent_authentication_failure",
    decline_code: None,
    param: None,
    message: "The provided PaymentMethod has failed authentication. You can provide payment_method_data or a new PaymentMethod to attempt to fulfill this PaymentIntent again.",
};

impl Decline {
    /// Stripe's type of error.
    pub(crate) fn kind(&self) -> &'static str {
        if self.code == AUTHENTICATION_FAILED.code { "invalid_request_error" } else { "card_error" }
    }
}

/// A number that is no test card.
pub(crate) const NOT_A_TEST_CARD: Decline = refused(
    "test_mode_live_card",
    "Your card was declined. Your request was in test mode, but used a non test card. For a list of valid test cards, visit: https://stripe.com/docs/testing.",
);

/// A number that is no card's.
pub(crate) const INCORRECT_NUMBER: Decline = Decline {
    code: "incorrect_number",
    decline_code: None,
    param: Some("number"),
    message: "Your card number is incorrect.",
};

/// A test card: its number, the ending of its tokens (`pm_card_…`, `tok_…`), what it is and does.
pub(super) type TestCard = (&'static str, &'static str, Brand, Funding, Behaviour);

/// The numbers and tokens that Stripe documents for tests.
const CARDS: [TestCard; 21] = [
    ("4242424242424242", "visa", Brand::Visa, Funding::Credit, Behaviour::Succeeds),
    ("4000056655665556", "visa_debit", Brand::Visa, Funding::Debit, Behaviour::Succeeds),
    ("5555555555554444", "mastercard", Brand::Mastercard, Funding::Credit, Behaviour::Succeeds),
    ("2223003122003222", "mastercard_2", Brand::Mastercard, Funding::Credit, Behaviour::Succeeds),
    ("5200828282828210", "mastercard_debit", Brand::Mastercard, Funding::Debit, Behaviour::Succeeds),
    ("5105105105105100", "mastercard_prepaid", Brand::Mastercard, Funding::Prepaid, Behaviour::Succeeds),
    ("378282246310005", "amex", Brand::Amex, Funding::Credit, Behaviour::Succeeds),
    ("6011111111111117", "discover", Brand::Discover, Funding::Credit, Behaviour::Succeeds),
    ("3056930009020004", "diners", Brand::Diners, Funding::Credit, Behaviour::Succeeds),
    ("3566002020360505", "jcb", Brand::Jcb, Funding::Credit, Behaviour::Succeeds),
    ("6200000000000005", "unionpay", Brand::Unionpay, Funding::Credit, Behaviour::Succeeds),
    ("4000000000000002", "chargeDeclined", Brand::Visa, Funding::Credit, Behaviour::GenericDecline),
    ("4000000000009995", "chargeDeclinedInsufficientFunds", Brand::Visa, Funding::Credit, Behaviour::InsufficientFunds),
    ("4000000000009987", "chargeDeclinedLostCard", Brand::Visa, Funding::Credit, Behaviour::LostCard),
    ("4000000000009979", "chargeDeclinedStolenCard", Brand::Visa, Funding::Credit, Behaviour::StolenCard),
    ("4000000000000069", "chargeDeclinedExpiredCard", Brand::Visa, Funding::Credit, Behaviour::ExpiredCard),
    ("4000000000000127", "chargeDeclinedIncorrectCvc", Brand::Visa, Funding::Credit, Behaviour::IncorrectCvc),
    ("4000000000000119", "chargeDeclinedProcessingError", Brand::Visa, Funding::Credit, Behaviour::ProcessingError),
    ("4000000000000341", "chargeCustomerFail", Brand::Visa, Funding::Credit, Behaviour::GenericDecline),
    ("4000000000000259", "createDispute", Brand::Visa, Funding::Credit, Behaviour::Succeeds),
    ("4012888888881881", "visa_2", Brand::Visa, Funding::Credit, Behaviour::Succeeds),
];

/// Bank accounts by token: they settle later.
const BANKS: [(&str, Behaviour); 3] = [
    ("pm_usBankAccount", Behaviour::SettlesLater),
    ("pm_usBankAccount_success", Behaviour::SettlesLater),
    ("pm_usBankAccount_insufficientFunds", Behaviour::FailsLater),
];

const EXPIRY: (u32, u32) = (12, 2_034);

fn card(test: &TestCard, expiry: (u32, u32)) -> Card {
    let (number, _, brand, funding, behaviour) = *test;
    let last4 = number[number.len() - 4..].to_owned();
    Card {
        brand,
        funding,
        last4,
        exp_month: expiry.0,
        exp_year: expiry.1,
        behaviour,
        authentication: Authentication::Never,
        country: test_cards::country(number),
        fingerprint: test_cards::fingerprint(number),
        aftermath: test_cards::aftermath(number),
    }
}

fn find(is_it: impl Fn(&str, &str) -> bool, expiry: (u32, u32)) -> Option<Card> {
    if let Some(test) = CARDS.iter().chain(&test_cards::MORE).find(|(number, ending, ..)| is_it(number, ending)) {
        return Some(card(test, expiry));
    }
    let (number, ending, authentication, behaviour) =
        *AUTHENTICATING.iter().find(|(number, ending, ..)| is_it(number, ending))?;
    let plain = card(&(number, ending, Brand::Visa, Funding::Credit, behaviour), expiry);
    Some(Card { authentication, ..plain })
}

/// The card of a token such as `pm_card_visa` or `tok_visa`.
pub(crate) fn by_token(token: &str) -> Option<Card> {
    if let Some((_, behaviour)) = BANKS.iter().find(|(name, _)| *name == token) {
        return Some(Card {
            brand: Brand::Bank,
            funding: Funding::Debit,
            last4: "6789".to_owned(),
            exp_month: EXPIRY.0,
            exp_year: EXPIRY.1,
            behaviour: *behaviour,
            authentication: Authentication::Never,
            country: "US".to_owned(),
            fingerprint: test_cards::fingerprint("110000000 000123456789"),
            aftermath: Aftermath::Nothing,
        });
    }
    let ending = token.strip_prefix("pm_card_").or_else(|| token.strip_prefix("tok_"))?;
    let ending = ending.strip_prefix("visa_").filter(|rest| rest.starts_with("charge")).unwrap_or(ending);
    find(|_, name| name == ending, EXPIRY)
}

/// The test card of a number.
pub(crate) fn by_number(number: &str, exp_month: u32, exp_year: u32) -> Result<Card, Decline> {
    let digits = luhn::digits_of(number).ok_or(INCORRECT_NUMBER)?;
    find(|known, _| known == digits, (exp_month, exp_year)).ok_or(NOT_A_TEST_CARD)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_test_card_is_found_by_number_and_token() {
        for (number, token, brand, _, behaviour) in CARDS {
            let by_number = by_number(number, 1, 2_040).expect(number);
            let by_token = by_token(&format!("pm_card_{token}")).expect(token);
            assert_eq!((by_number.brand, by_number.behaviour), (brand, behaviour), "{token}");
            assert_eq!((by_token.last4, by_token.behaviour), (by_number.last4, behaviour), "{token}");
        }
    }

    #[test]
    fn strangers_are_refused() {
        for (number, token, authentication, behaviour) in AUTHENTICATING {
            let card = by_number(number, 1, 2_040).expect(number);
            assert_eq!((card.authentication, card.behaviour), (authentication, behaviour), "{token}");
            assert_eq!(by_token(&format!("pm_card_{token}")).expect(token).last4, card.last4);
        }
        assert_eq!(by_number("4242424242424241", 1, 2_040), Err(INCORRECT_NUMBER));
        assert_eq!(by_number("4539578763621486", 1, 2_040), Err(NOT_A_TEST_CARD));
        assert_eq!(by_token("pm_card_unknown"), None);
        assert!(by_token("pm_card_visa_chargeDeclined").is_some());
        assert!(by_token("tok_visa").is_some());
    }
}
