//! The card that is to pay: as it is typed, or as it was kept; and what a test asks of it.

use super::body::{Means, PaymentRequest};
use super::cards::{self, Card, Face, Fate};
use super::errors;
use super::reference::{self, Kind};
use super::refusals::{AUTHENTICATION_REQUIRED, Refusal};
use super::state::StoredMethod;
use crate::calendar;
use crate::turn::Turn;
use crate::wire::Stop;

/// The card of a payment, with the fate that the request asks for.
pub(super) fn card_of(request: &PaymentRequest, turn: &mut Turn<'_>) -> Result<Card, Stop> {
    let means = request.payment_method.as_ref().ok_or_else(|| errors::missing("paymentMethod"))?;
    let mut card = pick(means, request.shopper_reference.as_deref(), turn)?;
    // The acquirer of the test platform says what it is asked to.
    let forced = request.additional("RequestedTestAcquirerResponseCode").and_then(|code| code.parse::<u8>().ok());
    if let Some(code) = forced {
        card.fate = forced_fate(code);
    }
    if request.shopper_interaction.as_deref() == Some("ContAuth") && card.fate == Fate::Challenged {
        card.fate = Fate::Refused(AUTHENTICATION_REQUIRED);
    }
    Ok(card)
}

const fn forced_fate(code: u8) -> Fate {
    match code {
        1 => Fate::Pays,
        13 => Fate::Received,
        code => Fate::Refused(code),
    }
}

/// The card that is to pay.
pub(super) fn pick(means: &Means, shopper: Option<&str>, turn: &mut Turn<'_>) -> Result<Card, Stop> {
    if let Some(id) = &means.stored_payment_method_id {
        return stored(id, shopper, turn);
    }
    match means.kind.as_deref() {
        Some("scheme" | "card") => {}
        Some(_) => return Err(errors::invalid("905", "Payment details are not supported").into()),
        None => return Err(errors::missing("paymentMethod.type").into()),
    }
    let number = means.number().ok_or_else(|| errors::invalid("101", "Invalid card number"))?;
    let expiry = means.month().zip(means.year()).filter(|(month, year)| (1..=12).contains(month) && *year >= 2_000);
    let (month, year) = expiry.ok_or_else(|| errors::invalid("129", "Expiry Date Invalid"))?;
    let (now_year, now_month, _) = calendar::day(turn.now_s());
    let face = Face { number, month, year, cvc: means.cvc() };
    let mut card =
        cards::read(&face, (now_month, now_year)).map_err(|_| errors::invalid("101", "Invalid card number"))?;
    let is_cvc = |cvc: &str| cvc.len() == card.brand.cvc_length() && cvc.bytes().all(|byte| byte.is_ascii_digit());
    if !means.cvc().is_none_or(is_cvc) {
        return Err(errors::invalid("103", "CVC is not the right length").into());
    }
    match means.holder_name.as_deref() {
        Some("PENDING") => card.fate = Fate::Received,
        Some(name) => {
            let refusal = Refusal::of_word(name);
            card.fate = refusal.map_or(card.fate, |refusal| Fate::Refused(refusal.code));
        }
        None => {}
    }
    Ok(card)
}

/// A card that was kept, or a ready-made one.
fn stored(id: &str, shopper: Option<&str>, turn: &mut Turn<'_>) -> Result<Card, Stop> {
    if let Some(card) = cards::by_token(id) {
        return Ok(card);
    }
    let account = turn.context.caller.account;
    let found = match reference::read(turn.books.identity, Kind::StoredMethod, id) {
        Some((n, _)) => turn.books.backup_methods.take(n, &turn.books.reader)?,
        None => None,
    };
    let found = found.filter(|stored: &StoredMethod| {
        stored.account == account && !stored.is_deleted && shopper == Some(stored.shopper_reference.as_str())
    });
    let stored = found.ok_or_else(|| errors::invalid("800", "Contract not found"))?;
    let mut card = stored.card;
    if card.fate == Fate::ChallengedUnlessStored {
        card.fate = Fate::Pays;
    }
    Ok(card)
}
