//! Further test cards, where each comes from, and what happens after it was charged.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::cards::{Behaviour, Brand, Funding, TestCard};

/// When the issuer wants to see the holder (3-D Secure).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Authentication {
    #[default]
    Never,
    /// Only where the shop asks for it.
    WhenAsked,
    Always,
    /// Unless the method was set up for later payments.
    UnlessSetUp,
    /// Unless the holder is absent: the method counts as set up.
    UnlessAbsent,
}

impl Authentication {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
    pub(super) const fn is_never(&self) -> bool {
        matches!(self, Self::Never)
    }
}

/// Why a holder disputes a charge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Grievance {
    Fraudulent,
    ProductNotReceived,
    /// The issuer only asks; no money moves.
    Inquiry,
}

/// What happens to a charge, or to its refund, some time later.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Aftermath {
    #[default]
    Nothing,
    Disputed(Grievance),
    /// A refund succeeds, and fails later.
    RefundFails,
    /// A refund is pending, and succeeds later.
    RefundPends,
}

const fn pays(number: &'static str, token: &'static str) -> TestCard {
    (number, token, Brand::Visa, Funding::Credit, Behaviour::Succeeds)
}

/// Cards beside those that the state machine knows by heart: countries, disputes, refunds, checks.
pub(super) const MORE: [TestCard; 73] = [
    pays("4242424242424242", "us"),
    pays("4000000000002685", "createDisputeProductNotReceived"),
    pays("4000000000001976", "createDisputeInquiry"),
    pays("4000000000005423", "createIssuerFraudRecord"),
    pays("4000000000005126", "refundFail"),
    pays("4000000000007726", "pendingRefund"),
    pays("4000000000000077", "bypassPending"),
    pays("4000003720000278", "bypassPendingInternational"),
    pays("4000000000009235", "riskLevelElevated"),
    pays("4000000000000010", "avsFail"),
    pays("4000000000000028", "avsLine1Fail"),
    pays("4000000000000036", "avsZipFail"),
    pays("4000000000000044", "avsUnchecked"),
    pays("4000000000000101", "cvcCheckFail"),
    pays("4000000320000021", "ar"),
    pays("4000000760000002", "br"),
    pays("4000001240000000", "ca"),
    pays("4000001520000001", "cl"),
    pays("4000001700000003", "co"),
    pays("4000001880000005", "cr"),
    pays("4000002180000000", "ec"),
    pays("4000004840008001", "mx"),
    pays("4000005910000000", "pa"),
    pays("4000006000000066", "py"),
    pays("4000006040000068", "pe"),
    pays("4000008580000003", "uy"),
    pays("4000007840000001", "ae"),
    pays("4000000400000008", "at"),
    pays("4000000560000004", "be"),
    pays("4000001000000000", "bg"),
    pays("4000001120000005", "by"),
    pays("4000001910000009", "hr"),
    pays("4000001960000008", "cy"),
    pays("4000002030000002", "cz"),
    pays("4000002080000001", "dk"),
    pays("4000002330000009", "ee"),
    pays("4000002460000001", "fi"),
    pays("4000002500000003", "fr"),
    pays("4000002760000016", "de"),
    pays("4000002920000005", "gi"),
    pays("4000003000000030", "gr"),
    pays("4000003480000005", "hu"),
    pays("4000003720000005", "ie"),
    pays("4000003800000008", "it"),
    pays("4000004280000005", "lv"),
    pays("4000004380000004", "li"),
    pays("4000004400000000", "lt"),
    pays("4000004420000006", "lu"),
    pays("4000004700000007", "mt"),
    pays("4000005280000002", "nl"),
    pays("4000005780000007", "no"),
    pays("4000006160000005", "pl"),
    pays("4000006200000007", "pt"),
    pays("4000006420000001", "ro"),
    pays("4000006820000007", "sa"),
    pays("4000007050000006", "si"),
    pays("4000007030000001", "sk"),
    pays("4000007240000007", "es"),
    pays("4000007520000008", "se"),
    pays("4000007560000009", "ch"),
    pays("4000008260000000", "gb"),
    pays("4000000360000006", "au"),
    pays("4000001560000002", "cn"),
    pays("4000003440000004", "hk"),
    pays("4000003560000008", "in"),
    pays("4000003920000003", "jp"),
    pays("4000004580000002", "my"),
    pays("4000005540000008", "nz"),
    pays("4000007020000003", "sg"),
    pays("4000001580000008", "tw"),
    pays("4000007640000003", "th_credit"),
    ("4000057640000008", "th_debit", Brand::Visa, Funding::Debit, Behaviour::Succeeds),
    ("5555558265554449", "gb_mastercard", Brand::Mastercard, Funding::Credit, Behaviour::Succeeds),
];

/// Cards whose issuer wants to see the holder.
pub(super) const AUTHENTICATING: [(&str, &str, Authentication, Behaviour); 9] = [
    ("4000002760003184", "authenticationRequired", Authentication::Always, Behaviour::Succeeds),
    ("4000002500003155", "authenticationRequiredOnSetup", Authentication::UnlessSetUp, Behaviour::Succeeds),
    ("4000003800000446", "authenticationRequiredSetupForOffSession", Authentication::UnlessAbsent, Behaviour::Succeeds),
    (
        "4000008260003178",
        "authenticationRequiredChargeDeclinedInsufficientFunds",
        Authentication::Always,
        Behaviour::InsufficientFunds,
    ),
    ("4000000000003220", "threeDSecure2Required", Authentication::Always, Behaviour::Succeeds),
    ("4000000000003063", "threeDSecureRequired", Authentication::Always, Behaviour::Succeeds),
    ("4000008400001629", "threeDSecureRequiredChargeDeclined", Authentication::Always, Behaviour::GenericDecline),
    ("4000000000003055", "threeDSecureOptional", Authentication::WhenAsked, Behaviour::Succeeds),
    ("4000008400001280", "threeDSecureRequiredProcessingError", Authentication::Always, Behaviour::ProcessingError),
];

/// What happens after a card was charged or refunded.
pub(super) fn aftermath(number: &str) -> Aftermath {
    match number {
        "4000000000000259" => Aftermath::Disputed(Grievance::Fraudulent),
        "4000000000002685" => Aftermath::Disputed(Grievance::ProductNotReceived),
        "4000000000001976" => Aftermath::Disputed(Grievance::Inquiry),
        "4000000000005126" => Aftermath::RefundFails,
        "4000000000007726" => Aftermath::RefundPends,
        _ => Aftermath::Nothing,
    }
}

/// Two letters; a card of a country is named by them, all others are issued in the United States.
pub(super) fn country(number: &str) -> String {
    let named = MORE.iter().find(|(known, ..)| *known == number).map_or("us", |(_, token, ..)| *token);
    let named = named.split('_').next().filter(|letters| letters.len() == 2).unwrap_or("us");
    named.to_ascii_uppercase()
}

/// The same for every method of one card, and no way back to its number.
pub(super) fn fingerprint(number: &str) -> String {
    const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let digest = Sha256::digest(number.as_bytes());
    digest[..16].iter().map(|byte| char::from(DIGITS[usize::from(*byte) % DIGITS.len()])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payment::cards::{by_number, by_token};

    #[test]
    fn every_card_is_found_and_knows_its_country() {
        for (number, token, brand, ..) in MORE {
            let found = by_number(number, 1, 2_040).expect(number);
            let named = by_token(&format!("pm_card_{token}")).expect(token);
            assert_eq!((found.brand, &found.last4, &found.country), (brand, &named.last4, &named.country), "{token}");
            assert_eq!(found.fingerprint, named.fingerprint);
        }
        assert_eq!(by_token("pm_card_de").map(|card| card.country).as_deref(), Some("DE"));
        assert_eq!(by_token("tok_visa").map(|card| card.country).as_deref(), Some("US"));
    }
}
