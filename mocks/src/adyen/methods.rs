//! Ways to pay: which there are, and the cards that shoppers let be kept.

use serde_json::{Value, json};

use super::body::MethodsRequest;
use super::reference::{self, Kind};
use super::state::StoredMethod;
use super::{checks, errors, payments};
use crate::turn::Turn;
use crate::wire::{Answer, Stop};

/// Cards of one shopper that are listed.
const STORED_MAX: usize = 100;

/// `POST /paymentMethods`.
pub(super) fn all(request: &MethodsRequest, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
    checks::merchant(request.merchant_account.as_deref(), turn)?;
    let stored = match request.shopper_reference.as_deref() {
        Some(shopper) => of_shopper(shopper, turn)?,
        None => Vec::new(),
    };
    let stored: Vec<Value> = stored
        .iter()
        .map(|stored| {
            json!({
                "id": stored.id,
                "type": "scheme",
                "name": stored.card.brand.name(),
                "brand": stored.card.brand.name(),
                "lastFour": stored.card.last4,
                "expiryMonth": format!("{:02}", stored.card.expiry_month),
                "expiryYear": stored.card.expiry_year.to_string(),
                "supportedShopperInteractions": ["Ecommerce", "ContAuth"],
                "supportedRecurringProcessingModels": ["CardOnFile", "Subscription", "UnscheduledCardOnFile"],
            })
        })
        .collect();
    let mut body = json!({
        "paymentMethods": [
            { "name": "Cards", "type": "scheme", "brands": ["visa", "mc", "amex", "discover", "diners", "jcb", "cup", "maestro"] },
        ],
    });
    if !stored.is_empty() {
        body["storedPaymentMethods"] = stored.into();
    }
    Ok(Answer::json(200, &body))
}

fn of_shopper(shopper: &str, turn: &mut Turn<'_>) -> Result<Vec<StoredMethod>, Stop> {
    let account = turn.context.caller.account;
    let hash = payments::shopper_mark(account, shopper, turn);
    let mut found = Vec::new();
    for n in turn.books.marks.find(hash, STORED_MAX) {
        let stored = turn.books.backup_methods.take(n, &turn.books.reader)?;
        found.extend(
            stored.filter(|stored| {
                stored.account == account && stored.shopper_reference == shopper && !stored.is_deleted
            }),
        );
    }
    Ok(found)
}

/// `GET /storedPaymentMethods`.
pub(super) fn list(shopper: Option<&str>, merchant: Option<&str>, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
    let merchant = checks::merchant(merchant, turn)?;
    let shopper = shopper.ok_or_else(|| errors::missing("shopperReference"))?;
    let stored: Vec<Value> = of_shopper(shopper, turn)?
        .iter()
        .map(|stored| {
            json!({
                "id": stored.id,
                "type": "scheme",
                "brand": stored.card.brand.name(),
                "lastFour": stored.card.last4,
                "expiryMonth": format!("{:02}", stored.card.expiry_month),
                "expiryYear": stored.card.expiry_year.to_string(),
                "shopperReference": stored.shopper_reference,
            })
        })
        .collect();
    let body = json!({ "merchantAccount": merchant, "shopperReference": shopper, "storedPaymentMethods": stored });
    Ok(Answer::json(200, &body))
}

/// `DELETE /storedPaymentMethods/{id}`.
pub(super) fn delete(
    id: &str,
    shopper: Option<&str>,
    merchant: Option<&str>,
    turn: &mut Turn<'_>,
) -> Result<Answer, Stop> {
    checks::merchant(merchant, turn)?;
    let account = turn.context.caller.account;
    let found = match reference::read(turn.books.identity, Kind::StoredMethod, id) {
        Some((n, _)) => turn.books.backup_methods.take(n, &turn.books.reader)?.map(|stored| (n, stored)),
        None => None,
    };
    let found = found.filter(|(_, stored)| {
        stored.account == account && !stored.is_deleted && shopper == Some(stored.shopper_reference.as_str())
    });
    let (n, mut stored) = found.ok_or_else(|| errors::invalid("800", "Contract not found"))?;
    stored.is_deleted = true;
    turn.books.backup_methods.put(n, account, None, stored, &mut turn.writes, turn.progress);
    Ok(Answer::new(204, ""))
}
