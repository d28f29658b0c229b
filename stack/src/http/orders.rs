//! Checkouts, orders and provider events over HTTP. Work that moves money runs as a task of its own: a shopper who
//! hangs up does not stop it half-way.

use std::{
    future::Future,
    sync::{Arc, atomic::Ordering},
};

use serde::Deserialize;

use super::{Asked, Reply, carts::Empty, checks};
use crate::{
    answer,
    checkout::{CheckoutBody, PaymentBody},
    order::Number,
    pay::Said,
    refusal::{Refusal, known},
    shop::Shop,
    whole,
};

pub(super) async fn check_out(shop: &Arc<Shop>, cart: &str, asked: &Asked) -> Result<Reply, Refusal> {
    let (key, carried, cart) = (asked.key()?, asked.carried(shop), cart.to_owned());
    let body: CheckoutBody = asked.json()?;
    checks::email(&body.email)?;
    checks::amount(body.total_minor, 0)?;
    checks::held(body.payment.is_plausible())?;
    to_the_end(shop, |shop| async move { shop.check_out(cart, key, carried, body).await }).await
}

pub(super) async fn pay_again(shop: &Arc<Shop>, number: &str, asked: &Asked) -> Result<Reply, Refusal> {
    let number = Number::read(number).ok_or(known::NOT_FOUND)?;
    let (key, carried) = (asked.key()?, asked.carried(shop));
    let body: PaymentBody = asked.json()?;
    checks::held(body.payment.is_plausible())?;
    to_the_end(shop, move |shop| async move { shop.pay_again(number, key, &carried, body).await }).await
}

pub(super) async fn cancel(shop: &Arc<Shop>, number: &str, asked: &Asked) -> Result<Reply, Refusal> {
    let Empty {} = asked.json_if_any()?;
    let number = Number::read(number).ok_or(known::NOT_FOUND)?;
    let key = asked.key()?;
    to_the_end(shop, move |shop| async move { shop.cancel(number, key).await }).await
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
    to_the_end(shop, move |shop| async move { shop.refund(number, key, amount_minor).await }).await
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

/// Runs work to its end whether or not the shopper waits for it.
pub(super) async fn to_the_end<W>(shop: &Arc<Shop>, work: impl FnOnce(Arc<Shop>) -> W) -> Result<Reply, Refusal>
where
    W: Future<Output = Result<Said, Refusal>> + Send + 'static,
{
    let busy = Busy::new(shop);
    let work = work(Arc::clone(shop));
    let task = tokio::spawn(async move {
        let said = work.await;
        drop(busy);
        said
    });
    task.await.unwrap_or(Err(known::BUSY)).map(Reply::from)
}

/// Counts work that moves money while it lasts.
struct Busy(Arc<Shop>);

impl Busy {
    fn new(shop: &Arc<Shop>) -> Self {
        shop.metrics.working.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(shop))
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.metrics.working.fetch_sub(1, Ordering::Relaxed);
    }
}
