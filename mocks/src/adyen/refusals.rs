//! Result codes, and Adyen's ways to say no: code, reason, and the word by which a test asks for it.

use serde::{Deserialize, Serialize};

/// What a payment came to, as Adyen names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum ResultCode {
    Authorised,
    Refused,
    Error,
    Cancelled,
    Received,
    RedirectShopper,
    IdentifyShopper,
    ChallengeShopper,
}

impl ResultCode {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Authorised => "Authorised",
            Self::Refused => "Refused",
            Self::Error => "Error",
            Self::Cancelled => "Cancelled",
            Self::Received => "Received",
            Self::RedirectShopper => "RedirectShopper",
            Self::IdentifyShopper => "IdentifyShopper",
            Self::ChallengeShopper => "ChallengeShopper",
        }
    }
}

/// Why a payment was not authorised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// `refusalReasonCode`.
    pub(crate) code: u8,
    /// The holder name that asks for it in a test.
    pub(crate) word: &'static str,
    /// `refusalReason`.
    pub(crate) reason: &'static str,
    pub(crate) result: ResultCode,
}

const fn refused(code: u8, word: &'static str, reason: &'static str) -> Refusal {
    Refusal { code, word, reason, result: ResultCode::Refused }
}

const fn other(code: u8, word: &'static str, reason: &'static str, result: ResultCode) -> Refusal {
    Refusal { code, word, reason, result }
}

/// The general refusal.
pub(crate) const DECLINED: u8 = 2;
pub(crate) const ACQUIRER_ERROR: u8 = 4;
pub(crate) const BLOCKED: u8 = 5;
pub(crate) const EXPIRED: u8 = 6;
pub(crate) const INVALID_CARD: u8 = 8;
pub(crate) const NOT_3D_AUTHENTICATED: u8 = 11;
pub(crate) const NOT_ENOUGH_BALANCE: u8 = 12;
pub(crate) const SHOPPER_CANCELLED: u8 = 16;
pub(crate) const CVC_DECLINED: u8 = 24;
pub(crate) const AUTHENTICATION_REQUIRED: u8 = 38;

/// Refusal reasons and their triggers (Adyen, *Refusal reasons* and *Testing result codes*).
const REFUSALS: [Refusal; 32] = [
    other(0, "UNKNOWN", "Unknown", ResultCode::Error),
    refused(DECLINED, "DECLINED", "Refused"),
    refused(3, "REFERRAL", "Referral"),
    other(ACQUIRER_ERROR, "ERROR", "Acquirer Error", ResultCode::Error),
    refused(BLOCKED, "BLOCK_CARD", "Blocked Card"),
    refused(EXPIRED, "CARD_EXPIRED", "Expired Card"),
    refused(7, "INVALID_AMOUNT", "Invalid Amount"),
    refused(INVALID_CARD, "INVALID_CARD", "Invalid Card Number"),
    refused(9, "ISSUER_UNAVAILABLE", "Issuer Unavailable"),
    refused(10, "NOT_SUPPORTED", "Not supported"),
    refused(NOT_3D_AUTHENTICATED, "NOT_3D_AUTHENTICATED", "3D Not Authenticated"),
    refused(NOT_ENOUGH_BALANCE, "NOT_ENOUGH_BALANCE", "Not enough balance"),
    refused(14, "ACQUIRER_FRAUD", "Acquirer Fraud"),
    other(15, "CANCELLED", "Cancelled", ResultCode::Cancelled),
    other(SHOPPER_CANCELLED, "SHOPPER_CANCELLED", "Shopper Cancelled", ResultCode::Cancelled),
    refused(17, "INVALID_PIN", "Invalid Pin"),
    refused(18, "PIN_TRIES_EXCEEDED", "Pin tries exceeded"),
    refused(19, "PIN_VALIDATION_NOT_POSSIBLE", "Pin validation not possible"),
    refused(20, "FRAUD", "FRAUD"),
    refused(21, "NOT_SUBMITTED", "Not Submitted"),
    other(22, "FRAUD_CANCELLED", "FRAUD-CANCELLED", ResultCode::Cancelled),
    refused(23, "TRANSACTION_NOT_PERMITTED", "Transaction Not Permitted"),
    refused(CVC_DECLINED, "CVC_DECLINED", "CVC Declined"),
    refused(25, "RESTRICTED_CARD", "Restricted Card"),
    refused(26, "REVOCATION_OF_AUTH", "Revocation Of Auth"),
    refused(27, "DECLINED_NON_GENERIC", "Declined Non Generic"),
    refused(28, "WITHDRAWAL_AMOUNT_EXCEEDED", "Withdrawal amount exceeded"),
    refused(29, "WITHDRAWAL_COUNT_EXCEEDED", "Withdrawal count exceeded"),
    refused(31, "ISSUER_SUSPECTED_FRAUD", "Issuer Suspected Fraud"),
    refused(32, "AVS_DECLINED", "AVS Declined"),
    refused(AUTHENTICATION_REQUIRED, "AUTHENTICATION_REQUIRED", "Authentication required"),
    refused(42, "3DS_AUTHENTICATION_ERROR", "3DS Authentication Error"),
];

impl Refusal {
    /// The refusal of a code; the general one when there is none.
    pub(crate) fn of_code(code: u8) -> Self {
        let known = REFUSALS.iter().find(|refusal| refusal.code == code);
        known.copied().unwrap_or(refused(DECLINED, "DECLINED", "Refused"))
    }

    /// The refusal that a holder name asks for.
    pub(crate) fn of_word(word: &str) -> Option<Self> {
        REFUSALS.iter().find(|refusal| refusal.word == word).copied()
    }

    /// The refusal that a rule or a test names, by code, word or reason.
    pub(crate) fn named(name: &str) -> Option<Self> {
        let name = name.trim();
        let by_code = name.parse().ok().and_then(|code: u8| REFUSALS.iter().find(|refusal| refusal.code == code));
        let by_text = || {
            REFUSALS
                .iter()
                .find(|refusal| refusal.word.eq_ignore_ascii_case(name) || refusal.reason.eq_ignore_ascii_case(name))
        };
        by_code.or_else(by_text).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_words_are_unique() {
        for (at, refusal) in REFUSALS.iter().enumerate() {
            assert_eq!(Refusal::of_code(refusal.code), *refusal);
            assert_eq!(Refusal::of_word(refusal.word), Some(*refusal));
            assert!(REFUSALS[..at].iter().all(|other| other.code < refusal.code), "{}", refusal.word);
        }
        assert_eq!(Refusal::named("not enough balance").map(|refusal| refusal.code), Some(NOT_ENOUGH_BALANCE));
        assert_eq!(Refusal::named("24").map(|refusal| refusal.reason), Some("CVC Declined"));
        assert_eq!(Refusal::named("do_not_honor"), None);
    }
}
