//! The account itself: its profile, and what is on its balance.

use serde::Serialize;
use serde_json::json;

use crate::turn::Turn;
use crate::wire::{Answer, Stop};

#[derive(Serialize)]
struct SourceTypes {
    card: i64,
}

#[derive(Serialize)]
struct Sum<'a> {
    amount: i64,
    currency: &'a str,
    source_types: SourceTypes,
}

#[derive(Serialize)]
struct BalanceView<'a> {
    object: &'static str,
    available: Vec<Sum<'a>>,
    livemode: bool,
    pending: Vec<Sum<'a>>,
}

/// What can be paid out, and what cannot yet, by currency.
pub(super) fn balance(turn: &mut Turn<'_>) -> Result<Answer, Stop> {
    let account = turn.context.caller.account;
    let mut sums = turn.books.reader.balance(account, turn.now_s())?;
    if sums.is_empty() {
        sums.push(("usd".to_owned(), 0, 0));
    }
    let sum = |amount, currency| Sum { amount, currency, source_types: SourceTypes { card: amount } };
    Ok(Answer::json(
        200,
        &BalanceView {
            object: "balance",
            available: sums.iter().map(|(currency, available, _)| sum(*available, currency.as_str())).collect(),
            livemode: false,
            pending: sums.iter().map(|(currency, _, pending)| sum(*pending, currency.as_str())).collect(),
        },
    ))
}

/// The profile of a test account in the United States.
pub(super) fn account(turn: &Turn<'_>) -> Answer {
    let id = turn.books.identity.make("acct", turn.context.caller.account % 1_000_000_000);
    let profile = json!({
        "id": id,
        "object": "account",
        "business_profile": {
            "annual_revenue": null, "estimated_worker_count": null, "mcc": null, "name": "Doorbuster",
            "product_description": null, "support_address": null, "support_email": null, "support_phone": null,
            "support_url": null, "url": "https://shop.doorbuster.example"
        },
        "business_type": null,
        "capabilities": { "card_payments": "active", "transfers": "active" },
        "charges_enabled": true,
        "controller": { "type": "account" },
        "country": "US",
        "default_currency": "usd",
        "details_submitted": true,
        "email": "owner@shop.doorbuster.example",
        "metadata": {},
        "payouts_enabled": true,
        "settings": {
            "card_payments": { "statement_descriptor_prefix": null },
            "dashboard": { "display_name": "Doorbuster", "timezone": "Etc/UTC" },
            "payments": { "statement_descriptor": "DOORBUSTER" }
        },
        "type": "standard"
    });
    Answer::json(200, &profile)
}
