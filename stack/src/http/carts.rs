//! Browsing and carts over HTTP.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::json;

use super::{Asked, Reply, checks};
use crate::{
    cart::{Address, Cart, discount, subtotal},
    catalogue::Sort,
    checkout::fingerprint,
    clock::identifier,
    order::State,
    pay::Said,
    refusal::{Refusal, known},
    shop::Shop,
    store::{CartChange, Claim, Stored, Telling},
    whole,
};

const PAGE: i64 = 20;
const PAGE_MAX: i64 = 100;
const OFFSET_MAX: i64 = 1_000_000_000;
const QUANTITY_MAX: i64 = 10_000;

pub(super) fn products(shop: &Shop, asked: &Asked) -> Result<Reply, Refusal> {
    let sort = match asked.parameter("sort")?.as_deref() {
        None => Sort::Declared,
        Some("popularity") => Sort::Popularity,
        Some(_) => return Err(known::BAD_REQUEST),
    };
    let limit = asked.number("limit", 1..=PAGE_MAX)?.unwrap_or(PAGE);
    let offset = asked.number("offset", 0..=OFFSET_MAX)?.unwrap_or(0);
    Ok(Reply::json(200, shop.catalogue.page(sort, offset as usize, limit as usize)))
}

pub(super) async fn product(shop: &Shop, sku: &str) -> Result<Reply, Refusal> {
    let product = shop.catalogue.product(sku).ok_or(known::NOT_FOUND)?;
    let available = shop.store.available(sku).await.map_err(|error| shop.refusal(error))?;
    let body = json!({
        "sku": product.sku,
        "name": product.name,
        "unit_minor": product.unit_minor,
        "currency": shop.config.currency,
        "available": available.unwrap_or(0) > 0,
    });
    Ok(Reply::json(200, body.to_string()))
}

/// A body that says nothing; so does none at all.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Empty {}

pub(super) async fn open(shop: &Shop, asked: &Asked) -> Result<Reply, Refusal> {
    let Empty {} = asked.json_if_any()?;
    let currency = shop.config.currency.clone();
    let telling =
        move |cart: &Cart| Stored { status: 201, body: json!({"cart": cart.id, "currency": currency}).to_string() };
    let account = match asked.header("authorization") {
        Some(authorization) => Some(shop.account_of(authorization).await?.id),
        None => None,
    };
    change(shop, identifier("c_"), asked, "open", CartChange::Open { account }, Box::new(telling)).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LineBody {
    sku: String,
    #[serde(deserialize_with = "whole::number")]
    quantity: i64,
}

pub(super) async fn add_line(shop: &Arc<Shop>, cart: &str, asked: &Asked) -> Result<Reply, Refusal> {
    let LineBody { sku, quantity } = asked.json()?;
    if !(1..=QUANTITY_MAX).contains(&quantity) {
        return Err(known::BAD_REQUEST);
    }
    let unit_minor = shop.catalogue.product(&sku).ok_or(known::NOT_FOUND)?.unit_minor;
    let line = CartChange::AddLine { sku, quantity, unit_minor };
    change_lines(shop, cart, asked, "line", line, 201).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct QuantityBody {
    #[serde(deserialize_with = "whole::number")]
    quantity: i64,
}

pub(super) async fn set_line(shop: &Arc<Shop>, cart: &str, sku: &str, asked: &Asked) -> Result<Reply, Refusal> {
    let QuantityBody { quantity } = asked.json()?;
    if !(0..=QUANTITY_MAX).contains(&quantity) {
        return Err(known::BAD_REQUEST);
    }
    let unit_minor = shop.catalogue.product(sku).ok_or(known::NOT_FOUND)?.unit_minor;
    let line = CartChange::SetLine { sku: sku.to_owned(), quantity, unit_minor };
    let what = format!("line {sku}");
    change_lines(shop, cart, asked, &what, line, 200).await
}

/// Changes lines; those of a cart whose payment session is open together with the payment.
async fn change_lines(
    shop: &Arc<Shop>,
    cart: &str,
    asked: &Asked,
    what: &str,
    line: CartChange,
    status: u16,
) -> Result<Reply, Refusal> {
    let telling = move |cart: &Cart| lines_of(status, cart);
    match change(shop, cart.to_owned(), asked, what, line.clone(), Box::new(telling)).await {
        Err(refusal) if refusal.code == known::CART_ORDERED.code => {
            let claim = claim(asked, what, cart)?;
            shop.edit_in_session(cart, line, claim, telling).await.map(Reply::from)
        }
        done => done,
    }
}

fn lines_of(status: u16, cart: &Cart) -> Stored {
    let body = json!({"cart": cart.id, "lines": cart.lines, "subtotal_minor": subtotal(&cart.lines)});
    Stored { status, body: body.to_string() }
}

pub(super) async fn look(shop: &Shop, id: &str) -> Result<Reply, Refusal> {
    let read = |error| shop.refusal(error);
    let cart = shop.store.cart(id).await.map_err(read)?.ok_or(known::NOT_FOUND)?;
    let order = match cart.order_seq {
        Some(order) => shop.store.order(order).await.map_err(read)?,
        None => None,
    };
    let state = match order.map(|order| order.state) {
        None => "open",
        Some(State::Pending) => "in_payment",
        Some(_) => "ordered",
    };
    let body = json!({
        "cart": cart.id,
        "lines": cart.lines,
        "subtotal_minor": subtotal(&cart.lines),
        "currency": shop.config.currency,
        "state": state,
    });
    Ok(Reply::json(200, body.to_string()))
}

pub(super) async fn set_address(shop: &Shop, cart: &str, asked: &Asked) -> Result<Reply, Refusal> {
    let address: Address = asked.json()?;
    checks::address(&address)?;
    let telling = |cart: &Cart| Stored { status: 200, body: json!({"cart": cart.id}).to_string() };
    change(shop, cart.to_owned(), asked, "address", CartChange::SetAddress(address), Box::new(telling)).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CodeBody {
    code: String,
}

pub(super) async fn promote(shop: &Shop, cart: &str, asked: &Asked) -> Result<Reply, Refusal> {
    let CodeBody { code } = asked.json()?;
    checks::text(&code, 64)?;
    let promotion = shop.config.promotions.iter().find(|promotion| promotion.code == code).cloned();
    let applied = code.clone();
    let telling = move |cart: &Cart| {
        let discount_minor = promotion.map_or(0, |promotion| discount(subtotal(&cart.lines), &promotion));
        Stored { status: 200, body: json!({ "code": applied, "discount_minor": discount_minor }).to_string() }
    };
    change(shop, cart.to_owned(), asked, "promotion", CartChange::Promote { code }, Box::new(telling)).await
}

pub(super) async fn use_voucher(shop: &Shop, cart: &str, asked: &Asked) -> Result<Reply, Refusal> {
    let CodeBody { code } = asked.json()?;
    checks::text(&code, 64)?;
    let telling = |cart: &Cart| {
        let (code, balance_minor) = cart.voucher.clone().unwrap_or_default();
        Stored { status: 200, body: json!({"code": code, "balance_minor": balance_minor}).to_string() }
    };
    change(shop, cart.to_owned(), asked, "voucher", CartChange::UseVoucher { code }, Box::new(telling)).await
}

pub(super) async fn quote(shop: &Arc<Shop>, cart: &str, asked: &Asked) -> Result<Reply, Refusal> {
    let Empty {} = asked.json_if_any()?;
    let claim = claim(asked, "quote", cart)?;
    let _work = match &claim {
        None => None,
        Some(claim) => {
            let work = shop.keys.enter(&claim.key).ok_or(known::IN_PROGRESS)?;
            let kept = shop.store.answer_of(claim).await.map_err(|error| shop.refusal(error))?;
            if let Some(stored) = kept {
                return Ok(Said { stored, replayed: true }.into());
            }
            Some(work)
        }
    };
    shop.quote_cart(cart, &asked.carried(shop), claim).await.map(Reply::from)
}

async fn change(
    shop: &Shop,
    cart: String,
    asked: &Asked,
    what: &str,
    change: CartChange,
    telling: Telling,
) -> Result<Reply, Refusal> {
    // A new cart has a name that no repeat of the request can know.
    let named = if let CartChange::Open { .. } = change { "" } else { cart.as_str() };
    let claim = claim(asked, what, named)?;
    let told = shop.store.change_cart(cart, change, claim, telling).await;
    told.map(Reply::from).map_err(|error| shop.refusal(error))
}

/// The key of a call that may do without one.
fn claim(asked: &Asked, what: &str, cart: &str) -> Result<Option<Claim>, Refusal> {
    let Some(key) = asked.key_if_any()? else { return Ok(None) };
    let body = String::from_utf8_lossy(&asked.body);
    Ok(Some(Claim { key, fingerprint: fingerprint(&[what, cart, &body]) }))
}
