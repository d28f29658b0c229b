//! Checkouts, orders and provider events over HTTP.

use std::sync::Arc;

use serde::Deserialize;

use super::{Asked, Reply, carts::Empty, checks};
use crate::{
    answer,
    checkout::{CheckoutBody, PaymentBody},
    order::Number,
    refusal::{Refusal, known},
    shop::Shop,
    whole,
};

pub(super) async fn check_out(shop: &Arc<Shop>, cart: &str, asked: &Asked) -> Result<Reply, Refusal> {
    let (key, carried) = (asked.key()?, asked.carried(shop));
    let body: CheckoutBody = asked.json()?;
    checks::email(&body.email)?;
    checks::amount(body.total_minor, 0)?;
    checks::held(body.payment.is_plausible())?;
    shop.check_out(cart.to_owned(), key, carried, body).await.map(Reply::from)
}

pub(super) async fn pay_again(shop: &Arc<Shop>, number: &str, asked: &Asked) -> Result<Reply, Refusal> {
    let number = Number::read(number).ok_or(known::NOT_FOUND)?;
    let (key, carried) = (asked.key()?, asked.carried(shop));
    let body: PaymentBody = asked.json()?;
    checks::held(body.payment.is_plausible())?;
    shop.pay_again(number, key, &carried, body).await.map(Reply::from)
}

pub(super) async fn cancel(shop: &Arc<Shop>, number: &str, asked: &Asked) -> Result<Reply, Refusal> {
    let Empty {} = asked.json_if_any()?;
    let number = Number::read(number).ok_or(known::NOT_FOUND)?;
    let key = asked.key()?;
    shop.cancel(number, key).await.map(Reply::from)
}

/// How much is to be given back.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RefundBody {
    #[serde(default, deserialize_with = "whole::optional")]
    amount_minor: Option<i64>,
}

pub(super) async fn refund(shop: &Arc<Shop>, number: &str, asked: &Asked) -> Result<Reply, Refusal> {
    let (key, RefundBody { amount_minor }) = (asked.key()?, asked.json_if_any()?);
    checks::amount(amount_minor, 1)?;
    let number = Number::read(number).ok_or(known::NOT_FOUND)?;
    shop.refund(number, key, amount_minor).await.map(Reply::from)
}

pub(super) async fn look(shop: &Shop, number: &str) -> Result<Reply, Refusal> {
    let number = Number::read(number).ok_or(known::NOT_FOUND)?;
    let found = shop.store.order(number.0).await.map_err(|error| shop.refusal(error))?;
    found.map(|brief| answer::look(&brief).into()).ok_or(known::NOT_FOUND)
}

pub(super) async fn of_cart(shop: &Shop, cart: &str) -> Result<Reply, Refusal> {
    let cart = shop.store.cart(cart).await.map_err(|error| shop.refusal(error))?.ok_or(known::NO_ORDER)?;
    let seq = cart.order_seq.ok_or(known::NO_ORDER)?;
    let found = shop.store.order(seq).await.map_err(|error| shop.refusal(error))?;
    found.map(|brief| answer::look(&brief).into()).ok_or(known::NO_ORDER)
}

pub(super) async fn take_event(shop: &Arc<Shop>, asked: &Asked) -> Result<Reply, Refusal> {
    let signature = asked.header("stripe-signature").unwrap_or_default();
    shop.take_event(signature, &asked.body).await.map(|()| Reply::json(200, "{\"received\":true}"))
}
