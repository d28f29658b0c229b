//! The fraud provider on Riskified's wire (apiref.riskified.com): `decide` before authorisation, and notifications when it
//! made up its mind later. Both are signed over the body with the shop's token.

use hmac::{Hmac, KeyInit, Mac};
use http::Method;
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use super::{Call, Called, Guard, Link};
use crate::{
    clock::{date_time, now_ms},
    metrics::Operation,
    money,
    order::Parcel,
};

/// What the provider thinks of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Opinion {
    Approve,
    /// A person must look at it.
    Review,
    Decline,
}

#[derive(Serialize)]
struct Body<'a> {
    order: BodyOrder<'a>,
}

#[derive(Serialize)]
struct BodyOrder<'a> {
    id: String,
    name: String,
    email: &'a str,
    created_at: String,
    updated_at: String,
    currency: &'a str,
    gateway: &'static str,
    source: &'static str,
    /// A number on this wire; its text is the currency's decimal.
    total_price: serde_json::Number,
    total_discounts: serde_json::Number,
    cart_token: &'a str,
    line_items: Vec<BodyLine<'a>>,
    shipping_lines: [BodyShipping; 1],
    shipping_address: BodyAddress<'a>,
    billing_address: BodyAddress<'a>,
    customer: BodyCustomer<'a>,
}

#[derive(Serialize)]
struct BodyLine<'a> {
    title: &'a str,
    sku: &'a str,
    price: serde_json::Number,
    quantity: i64,
    requires_shipping: bool,
}

#[derive(Serialize)]
struct BodyShipping {
    title: &'static str,
    price: serde_json::Number,
}

#[derive(Clone, Copy, Serialize)]
struct BodyAddress<'a> {
    first_name: &'a str,
    last_name: &'a str,
    address1: &'a str,
    city: &'a str,
    province: &'a str,
    zip: &'a str,
    country_code: &'a str,
}

#[derive(Serialize)]
struct BodyCustomer<'a> {
    email: &'a str,
    first_name: &'a str,
    last_name: &'a str,
    verified_email: bool,
}

#[derive(Deserialize)]
struct Answer {
    order: AnswerOrder,
}

#[derive(Deserialize)]
struct AnswerOrder {
    id: String,
    status: String,
}

/// The fraud provider.
pub(crate) struct FraudProvider {
    pub(crate) link: Link,
    pub(crate) shop_domain: String,
    pub(crate) auth_token: String,
}

impl FraudProvider {
    /// What the provider thinks of an order; `None` when there is no usable answer.
    pub(crate) async fn decide(&self, parcel: &Parcel) -> Option<Opinion> {
        let body = serde_json::to_vec(&Body { order: body(parcel) }).expect("an order is plain data");
        let headers = self.headers(&parcel.brief.carried, &body);
        let call = Call {
            operation: Operation::Decide,
            method: Method::POST,
            path: "/api/decide",
            content_type: "application/json",
            key: None,
            carried: &headers,
            body: body.into(),
            guard: Guard::Breaker,
        };
        match self.link.call::<Answer>(call).await {
            Called::Answered(answer) if answer.order.id == parcel.brief.number.to_string() => {
                Some(opinion(&answer.order.status))
            }
            // An answer about another order says nothing of this one.
            Called::Answered(_) | Called::Rejected(_) | Called::Silent(_) => None,
        }
    }

    /// The order that a notification is about, and what is thought of it now; `None` where the signature is not genuine
    /// or the body is no notification.
    pub(crate) fn notified(&self, signature: &str, body: &[u8]) -> Option<(String, Opinion)> {
        let signature = hex::decode(signature.trim()).ok()?;
        self.mac(body).verify_slice(&signature).ok()?;
        let Answer { order } = serde_json::from_slice(body).ok()?;
        let opinion = opinion(&order.status);
        Some((order.id, opinion))
    }

    fn headers(&self, carried: &str, body: &[u8]) -> String {
        let signature = hex::encode(self.mac(body).finalize().into_bytes());
        let domain = &self.shop_domain;
        format!(
            "{carried}accept: application/vnd.riskified.com; version=2\nx-riskified-shop-domain: {domain}\n\
             x-riskified-hmac-sha256: {signature}\n"
        )
    }

    fn mac(&self, body: &[u8]) -> Hmac<Sha256> {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(self.auth_token.as_bytes()).expect("HMAC takes keys of every length");
        mac.update(body);
        mac
    }
}

/// Only the two final words are taken as such; every other state is a matter for a person.
fn opinion(status: &str) -> Opinion {
    match status {
        "approved" => Opinion::Approve,
        "declined" => Opinion::Decline,
        _ => Opinion::Review,
    }
}

fn body(parcel: &Parcel) -> BodyOrder<'_> {
    let brief = &parcel.brief;
    let now = date_time(now_ms());
    let price = |minor: i64| number(minor, &brief.currency);
    let address = &parcel.address;
    let (first_name, last_name) = address.name.split_once(' ').unwrap_or((&address.name, ""));
    let place = BodyAddress {
        first_name,
        last_name,
        address1: &address.line1,
        city: &address.city,
        province: &address.region,
        zip: &address.postal_code,
        country_code: &address.country,
    };
    BodyOrder {
        id: brief.number.to_string(),
        name: brief.number.to_string(),
        email: &brief.email,
        created_at: now.clone(),
        updated_at: now,
        currency: &brief.currency,
        gateway: "doorbuster",
        source: "desktop_web",
        total_price: price(brief.total_minor),
        total_discounts: price(parcel.discount_minor),
        cart_token: &brief.cart,
        line_items: parcel
            .lines
            .iter()
            .map(|it| BodyLine {
                title: &it.sku,
                sku: &it.sku,
                price: price(it.unit_minor),
                quantity: it.quantity,
                requires_shipping: true,
            })
            .collect(),
        shipping_lines: [BodyShipping { title: "standard", price: price(parcel.shipping_minor) }],
        shipping_address: place,
        billing_address: place,
        customer: BodyCustomer { email: &brief.email, first_name, last_name, verified_email: false },
    }
}

/// An amount as a JSON number in the currency's digits: the double nearest to it prints as it was written.
fn number(minor: i64, currency: &str) -> serde_json::Number {
    let decimal: f64 = money::decimal(minor, currency).parse().expect("a decimal is a number");
    serde_json::Number::from_f64(decimal).expect("a decimal is finite")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{config, metrics::Metrics};

    fn provider() -> FraudProvider {
        let breaker = config::Breaker::default();
        let link = Link::new("http://127.0.0.1:1", 1, 1, &breaker, None, Arc::new(Metrics::default())).unwrap();
        FraudProvider { link, shop_domain: "shop.example".into(), auth_token: "token".into() }
    }

    #[test]
    fn only_what_the_provider_signed_is_believed() {
        let provider = provider();
        let body = br#"{"order":{"id":"DB-1000001","status":"approved","old_status":"submitted","description":""}}"#;
        let signature = hex::encode(provider.mac(body).finalize().into_bytes());
        assert_eq!(provider.notified(&signature, body), Some(("DB-1000001".into(), Opinion::Approve)));
        let other = br#"{"order":{"id":"DB-1000002","status":"approved"}}"#;
        assert_eq!(provider.notified(&signature, other), None, "another body");
        for odd in ["", "zz", &signature[2..]] {
            assert_eq!(provider.notified(odd, body), None, "{odd}");
        }
    }

    #[test]
    fn every_word_that_is_not_final_asks_for_a_person() {
        let words = ["approved", "declined", "submitted", "review", "", "APPROVED"].map(opinion);
        let review = Opinion::Review;
        assert_eq!(words, [Opinion::Approve, Opinion::Decline, review, review, review, review]);
    }

    #[test]
    fn prices_are_in_the_digits_of_the_currency() {
        assert_eq!(number(1_999, "USD").to_string(), "19.99");
        assert_eq!(number(1_999, "KWD").to_string(), "1.999");
        assert_eq!(number(1_999, "JPY").to_string(), "1999.0");
    }
}
