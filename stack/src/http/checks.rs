//! What the published description promises of texts and amounts, held to: whatever else is sent is refused as 400.

use crate::{
    account::is_email,
    cart::Address,
    refusal::{Refusal, known},
};

/// The largest integer that every JSON reader takes exactly.
const AMOUNT_MAX: i64 = 9_007_199_254_740_991;

/// Passes what holds.
pub(super) fn held(holds: bool) -> Result<(), Refusal> {
    if holds { Ok(()) } else { Err(known::BAD_REQUEST) }
}

fn is_text(text: &str, characters_max: usize) -> bool {
    text.chars().count() <= characters_max && !text.chars().any(|it| it.is_ascii_control())
}

/// A text that says something, of at most so many characters, none of which controls anything.
pub(super) fn text(text: &str, characters_max: usize) -> Result<(), Refusal> {
    held(!text.is_empty() && is_text(text, characters_max))
}

pub(super) fn email(text: &str) -> Result<(), Refusal> {
    held(is_email(text))
}

pub(super) fn amount(amount_minor: Option<i64>, least: i64) -> Result<(), Refusal> {
    held(amount_minor.is_none_or(|amount_minor| (least..=AMOUNT_MAX).contains(&amount_minor)))
}

pub(super) fn address(address: &Address) -> Result<(), Refusal> {
    text(&address.name, 200)?;
    text(&address.line1, 200)?;
    text(&address.city, 100)?;
    text(&address.postal_code, 20)?;
    let country = address.country.as_bytes();
    held(is_text(&address.region, 100) && country.len() == 2 && country.iter().all(u8::is_ascii_uppercase))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_promised_passes() {
        assert!(text("ä", 1).is_ok() && text("äb", 1).is_err() && text("", 1).is_err() && text("a\0", 9).is_err());
        assert!(amount(None, 1).is_ok() && amount(Some(0), 1).is_err() && amount(Some(i64::MAX), 0).is_err());
    }
}
