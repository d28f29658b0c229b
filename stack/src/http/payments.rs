//! Payments that browsers finish, the second provider's notifications, and the dispute desk, over HTTP.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::json;

use super::{Asked, Reply};
use crate::{
    order::Number,
    refusal::{Refusal, known},
    shop::Shop,
};

const EVIDENCE_MAX: usize = 20_000;

pub(super) async fn open_session(shop: &Arc<Shop>, cart: &str, asked: &Asked) -> Result<Reply, Refusal> {
    let (key, body, carried) = (asked.key()?, asked.json()?, asked.carried(shop));
    shop.open_session(cart.to_owned(), key, carried, body).await.map(Reply::from)
}

/// What the browser says of the payment is not read; what it brings for the provider is handed on.
pub(super) async fn come_back(shop: &Arc<Shop>, number: &str, asked: &Asked) -> Result<Reply, Refusal> {
    let number = Number::read(number).ok_or(known::NOT_FOUND)?;
    let result = asked.parameter("redirectResult")?;
    shop.come_back(number, result.as_deref()).await.map(Reply::from)
}

pub(super) async fn take_notifications(shop: &Arc<Shop>, asked: &Asked) -> Result<Reply, Refusal> {
    shop.take_notifications(&asked.body).await.map(|()| Reply::text("text/plain", "[accepted]"))
}

pub(super) async fn disputes(shop: &Shop) -> Result<Reply, Refusal> {
    let disputes = shop.store.disputes().await.map_err(|error| shop.refusal(error))?;
    let disputes: Vec<_> = disputes
        .into_iter()
        .map(|dispute| {
            json!({
                "dispute": dispute.id,
                "provider": dispute.provider,
                "order": Number(dispute.order).to_string(),
                "amount_minor": dispute.amount_minor,
                "state": dispute.state,
                "reason": dispute.reason,
                "evidence": dispute.evidence,
            })
        })
        .collect();
    Ok(Reply::json(200, json!({ "disputes": disputes }).to_string()))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EvidenceBody {
    evidence: String,
}

pub(super) async fn answer_dispute(shop: &Arc<Shop>, dispute: &str, asked: &Asked) -> Result<Reply, Refusal> {
    let EvidenceBody { evidence } = asked.json()?;
    if evidence.is_empty() || evidence.len() > EVIDENCE_MAX {
        return Err(known::BAD_REQUEST);
    }
    let state = shop.answer_dispute(dispute, evidence).await?;
    Ok(Reply::json(200, json!({"dispute": dispute, "state": state}).to_string()))
}
