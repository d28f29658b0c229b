//! Test cards: Adyen's own, and those of the first payment provider, with the same fates. A number is looked at once and
//! never kept.

use serde::{Deserialize, Serialize};

use super::refusals::{ACQUIRER_ERROR, BLOCKED, CVC_DECLINED, DECLINED, EXPIRED, INVALID_CARD, NOT_ENOUGH_BALANCE};
use crate::luhn;

/// A card as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Card {
    pub(crate) brand: Brand,
    pub(crate) last4: String,
    pub(crate) expiry_month: u32,
    pub(crate) expiry_year: u32,
    pub(crate) fate: Fate,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Brand {
    Visa,
    Mc,
    Amex,
    Discover,
    Diners,
    Jcb,
    Cup,
    Maestro,
}

impl Brand {
    /// Adyen's word.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Visa => "visa",
            Self::Mc => "mc",
            Self::Amex => "amex",
            Self::Discover => "discover",
            Self::Diners => "diners",
            Self::Jcb => "jcb",
            Self::Cup => "cup",
            Self::Maestro => "maestro",
        }
    }

    /// The word that fault rules match on, the same for both payment providers.
    pub(crate) const fn trait_name(self) -> &'static str {
        match self {
            Self::Mc => "mastercard",
            Self::Cup => "unionpay",
            Self::Visa | Self::Amex | Self::Discover | Self::Diners | Self::Jcb | Self::Maestro => self.name(),
        }
    }

    pub(crate) const fn cvc_length(self) -> usize {
        match self {
            Self::Amex => 4,
            Self::Visa | Self::Mc | Self::Discover | Self::Diners | Self::Jcb | Self::Cup | Self::Maestro => 3,
        }
    }
}

/// What happens when it is to pay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Fate {
    Pays,
    /// Pays; the holder disputes it once it is captured.
    Disputed,
    Refused(u8),
    /// Asks the holder each time, then pays.
    Challenged,
    /// Asks the holder unless the card was stored.
    ChallengedUnlessStored,
    /// Asks the holder, and is refused all the same.
    ChallengedThenRefused(u8),
    /// Answered as received; its outcome comes by webhook.
    Received,
}

/// A number that no card has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NoCard;

/// Numbers that Adyen documents for tests, valid with [`EXPIRY`] and [`CVC`] only.
const OWN: [(&str, Brand, Fate); 28] = [
    ("4111111111111111", Brand::Visa, Fate::Pays),
    ("4111111145551142", Brand::Visa, Fate::Pays),
    ("4988438843884305", Brand::Visa, Fate::Pays),
    ("4166676667666746", Brand::Visa, Fate::Pays),
    ("4646464646464644", Brand::Visa, Fate::Pays),
    ("4000620000000007", Brand::Visa, Fate::Pays),
    ("4000060000000006", Brand::Visa, Fate::Pays),
    ("4293189100000008", Brand::Visa, Fate::Pays),
    ("4988080000000000", Brand::Visa, Fate::Pays),
    ("4444333322221111", Brand::Visa, Fate::Pays),
    ("4917610000000000", Brand::Visa, Fate::Challenged),
    ("4212345678901237", Brand::Visa, Fate::Challenged),
    ("5555444433331111", Brand::Mc, Fate::Pays),
    ("5555341244441115", Brand::Mc, Fate::Pays),
    ("5577000055770004", Brand::Mc, Fate::Pays),
    ("5136333333333335", Brand::Mc, Fate::Pays),
    ("5585558555855583", Brand::Mc, Fate::Pays),
    ("2222400070000005", Brand::Mc, Fate::Pays),
    ("2222410740360010", Brand::Mc, Fate::Pays),
    ("2223000048410010", Brand::Mc, Fate::Pays),
    ("5201281505129736", Brand::Mc, Fate::Challenged),
    ("5212345678901234", Brand::Mc, Fate::Challenged),
    ("370000000000002", Brand::Amex, Fate::Pays),
    ("6011601160116611", Brand::Discover, Fate::Pays),
    ("36006666333344", Brand::Diners, Fate::Pays),
    ("3569990010095841", Brand::Jcb, Fate::Pays),
    ("6731012345678906", Brand::Maestro, Fate::Pays),
    ("8171999927660000", Brand::Cup, Fate::Pays),
];

/// Month and year that Adyen's test cards bear.
const EXPIRY: (u32, u32) = (3, 2_030);
const CVC: &str = "737";
const CVC_AMEX: &str = "7373";

/// What is read off a card.
pub(crate) struct Face<'a> {
    pub(crate) number: &'a str,
    pub(crate) month: u32,
    pub(crate) year: u32,
    pub(crate) cvc: Option<&'a str>,
}

/// The first provider's test cards, with their fates in Adyen's words.
const fn fate_of(card: model::card::Card) -> Fate {
    use model::card::Card as Test;
    match card {
        Test::Ok | Test::Mastercard | Test::Amex | Test::Discover => Fate::Pays,
        Test::Declined | Test::AttachesThenFails => Fate::Refused(DECLINED),
        Test::InsufficientFunds => Fate::Refused(NOT_ENOUGH_BALANCE),
        Test::Lost | Test::Stolen => Fate::Refused(BLOCKED),
        Test::Expired => Fate::Refused(EXPIRED),
        Test::IncorrectCvc => Fate::Refused(CVC_DECLINED),
        Test::ProcessingError => Fate::Refused(ACQUIRER_ERROR),
        Test::Authenticate => Fate::Challenged,
        Test::AuthenticateUnlessSetUp => Fate::ChallengedUnlessStored,
        Test::AuthenticateThenDeclined => Fate::ChallengedThenRefused(DECLINED),
        Test::Disputed => Fate::Disputed,
    }
}

/// The brand that a number begins like.
fn brand_of(digits: &str) -> Brand {
    let head: u32 = digits.get(..2).and_then(|head| head.parse().ok()).unwrap_or_default();
    match head {
        34 | 37 => Brand::Amex,
        22..=27 | 51..=55 => Brand::Mc,
        30 | 36 | 38 | 39 => Brand::Diners,
        35 => Brand::Jcb,
        60 | 64 | 65 => Brand::Discover,
        62 | 81 => Brand::Cup,
        50 | 56..=59 | 61 | 63 | 66..=69 => Brand::Maestro,
        _ => Brand::Visa,
    }
}

/// The card of a face, at a time of `(month, year)`.
pub(crate) fn read(face: &Face<'_>, now: (u32, u32)) -> Result<Card, NoCard> {
    let digits = luhn::digits_of(face.number).ok_or(NoCard)?;
    let own = OWN.iter().find(|(number, ..)| *number == digits);
    let shared = || model::card::Card::ALL.into_iter().find(|card| card.number() == digits);
    let brand = own.map_or_else(|| brand_of(&digits), |(_, brand, _)| *brand);
    let is_past = (face.year, face.month) < (now.1, now.0);
    let fate = match own {
        Some(_) if (face.month, face.year) != EXPIRY => Fate::Refused(EXPIRED),
        Some(_) if !face.cvc.is_none_or(|cvc| cvc == CVC || cvc == CVC_AMEX) => Fate::Refused(CVC_DECLINED),
        Some((.., fate)) => *fate,
        None => shared().map_or(Fate::Refused(INVALID_CARD), fate_of),
    };
    let fate = if is_past { Fate::Refused(EXPIRED) } else { fate };
    let last4 = digits[digits.len() - 4..].to_owned();
    Ok(Card { brand, last4, expiry_month: face.month, expiry_year: face.year, fate })
}

/// The ready-made token of the first provider that stands for a test card.
pub(crate) fn by_token(token: &str) -> Option<Card> {
    let card = model::card::Card::ALL.into_iter().find(|card| card.token() == token)?;
    let number = card.number();
    Some(Card {
        brand: brand_of(number),
        last4: number[number.len() - 4..].to_owned(),
        expiry_month: EXPIRY.0,
        expiry_year: EXPIRY.1,
        fate: fate_of(card),
    })
}

/// The brand of a number, where it is one.
pub(crate) fn brand(number: &str) -> Brand {
    brand_of(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: (u32, u32) = (11, 2_026);

    fn fate(number: &str, month: u32, year: u32, cvc: &str) -> Result<Fate, NoCard> {
        read(&Face { number, month, year, cvc: Some(cvc) }, NOW).map(|card| card.fate)
    }

    #[test]
    fn adyens_cards_bear_one_expiry_and_one_code() {
        for (number, brand, expected) in OWN {
            let cvc = if brand == Brand::Amex { CVC_AMEX } else { CVC };
            assert_eq!(fate(number, EXPIRY.0, EXPIRY.1, cvc), Ok(expected), "{number}");
        }
        assert_eq!(fate("4111111111111111", 4, 2_030, CVC), Ok(Fate::Refused(EXPIRED)));
        assert_eq!(fate("4111111111111111", 3, 2_030, "123"), Ok(Fate::Refused(CVC_DECLINED)));
    }

    #[test]
    fn the_first_providers_cards_meet_the_same_fate() {
        for card in model::card::Card::ALL {
            assert_eq!(fate(card.number(), 12, 2_034, "123"), Ok(fate_of(card)), "{}", card.name());
            assert_eq!(by_token(card.token()).map(|card| card.fate), Some(fate_of(card)));
        }
        assert_eq!(fate("4242424242424242", 10, 2_026, "123"), Ok(Fate::Refused(EXPIRED)));
    }

    #[test]
    fn strangers_are_told_apart() {
        assert_eq!(fate("4111111111111112", 3, 2_030, CVC), Err(NoCard));
        assert_eq!(fate("é", 3, 2_030, CVC), Err(NoCard));
        assert_eq!(fate("4539578763621486", 3, 2_030, CVC), Ok(Fate::Refused(INVALID_CARD)));
        assert_eq!(by_token("pm_unknown"), None);
    }
}
