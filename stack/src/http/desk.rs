//! The desk over HTTP: orders under review, what is decided of them, and the fraud provider's later word.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::json;

use super::{Asked, Reply};
use crate::{
    answer,
    fraud::Decision,
    order::Number,
    refusal::{Refusal, known},
    shop::Shop,
};

pub(super) async fn reviews(shop: &Shop) -> Result<Reply, Refusal> {
    let reviews = shop.store.reviews().await.map_err(|error| shop.refusal(error))?;
    let reviews: Vec<_> = reviews
        .into_iter()
        .map(|review| {
            json!({
                "order": review.brief.number.to_string(),
                "state": review.brief.state,
                "total_minor": review.brief.total_minor,
                "currency": review.brief.currency,
                "email": review.brief.email,
                "fraud": review.brief.fraud,
                "asked_ms": review.asked_ms,
                "until_ms": review.until_ms,
            })
        })
        .collect();
    Ok(Reply::json(200, json!({ "reviews": reviews }).to_string()))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DecisionBody {
    decision: Decision,
}

pub(super) async fn decide(shop: &Arc<Shop>, number: &str, asked: &Asked) -> Result<Reply, Refusal> {
    let DecisionBody { decision } = asked.json()?;
    let number = Number::read(number).ok_or(known::NOT_FOUND)?;
    shop.decide(number, decision).await.map(|brief| answer::look(&brief).into())
}

pub(super) async fn take_opinion(shop: &Arc<Shop>, asked: &Asked) -> Result<Reply, Refusal> {
    let signature = asked.header("x-riskified-hmac-sha256").unwrap_or_default();
    shop.take_opinion(signature, &asked.body).await.map(|()| Reply::json(200, "{\"received\":true}"))
}
