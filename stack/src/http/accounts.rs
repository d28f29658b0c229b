//! Accounts over HTTP.

use serde::Deserialize;
use serde_json::json;

use super::{Asked, Reply};
use crate::{
    account::is_email,
    refusal::{Refusal, known},
    shop::Shop,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AccountBody {
    email: String,
}

pub(super) async fn open(shop: &Shop, asked: &Asked) -> Result<Reply, Refusal> {
    let AccountBody { email } = asked.json()?;
    if !is_email(&email) {
        return Err(known::BAD_REQUEST);
    }
    let opened = shop.open_account(&email).await?;
    let body = json!({"account": opened.account, "token": opened.token, "credit_minor": opened.credit_minor});
    Ok(Reply::json(201, body.to_string()))
}

pub(super) async fn me(shop: &Shop, asked: &Asked) -> Result<Reply, Refusal> {
    let account = shop.account_of(asked.header("authorization").unwrap_or_default()).await?;
    let cards = shop.store.cards(&account.id).await.map_err(|error| shop.refusal(error))?;
    let cards: Vec<_> =
        cards.iter().map(|card| json!({"saved": card.method, "brand": card.brand, "last4": card.last4})).collect();
    let body = json!({
        "account": account.id,
        "email": account.email,
        "credit_minor": account.credit_minor,
        "cards": cards,
    });
    Ok(Reply::json(200, body.to_string()))
}
