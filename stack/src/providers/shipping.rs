//! The provider of shipping rates on `EasyPost`'s wire (docs.easypost.com/docs/shipments): a shipment is made of two
//! addresses and a parcel, and its answer names what each carrier asks for it.

use http::Method;
use serde::{Deserialize, Serialize};

use super::{Call, Called, Guard, Link};
use crate::{cart::Address, metrics::Operation, money};

/// What is to be shipped.
pub(crate) struct Shipment<'a> {
    pub(crate) to: &'a Address,
    pub(crate) from: &'a Address,
    pub(crate) weight_g: i64,
    /// The cart, for people who look at the provider's list.
    pub(crate) reference: &'a str,
    pub(crate) currency: &'a str,
    pub(crate) carried: &'a str,
}

/// What shipping costs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rate {
    pub(crate) amount_minor: i64,
    /// The provider's name of the shipment that it was quoted for.
    pub(crate) quote: String,
}

#[derive(Serialize)]
struct Body<'a> {
    shipment: BodyShipment<'a>,
}

#[derive(Serialize)]
struct BodyShipment<'a> {
    to_address: Place<'a>,
    from_address: Place<'a>,
    parcel: Parcel,
    reference: &'a str,
    options: Options<'a>,
}

#[derive(Serialize)]
struct Place<'a> {
    name: &'a str,
    street1: &'a str,
    city: &'a str,
    state: &'a str,
    zip: &'a str,
    country: &'a str,
}

#[derive(Serialize)]
struct Parcel {
    /// In ounces.
    weight: f64,
}

#[derive(Serialize)]
struct Options<'a> {
    currency: &'a str,
}

#[derive(Deserialize)]
struct Answer {
    id: String,
    #[serde(default)]
    rates: Vec<AnswerRate>,
}

#[derive(Deserialize)]
struct AnswerRate {
    rate: String,
    #[serde(default)]
    currency: Option<String>,
}

/// The provider of shipping rates.
pub(crate) struct ShippingProvider {
    pub(crate) link: Link,
}

impl ShippingProvider {
    /// The cheapest rate in the currency asked for; `None` when there is no usable answer.
    pub(crate) async fn rate(&self, shipment: &Shipment<'_>) -> Option<Rate> {
        let body = serde_json::to_vec(&body(shipment)).expect("a shipment is plain data");
        let call = Call {
            operation: Operation::Rate,
            method: Method::POST,
            path: "/v2/shipments",
            content_type: "application/json",
            key: None,
            carried: shipment.carried,
            body: body.into(),
            guard: Guard::Breaker,
        };
        match self.link.call::<Answer>(call).await {
            Called::Answered(answer) => cheapest(answer, shipment.currency),
            Called::Rejected(_) | Called::Silent(_) => None,
        }
    }
}

fn body<'a>(shipment: &Shipment<'a>) -> Body<'a> {
    Body {
        shipment: BodyShipment {
            to_address: place(shipment.to),
            from_address: place(shipment.from),
            parcel: Parcel { weight: ounces(shipment.weight_g) },
            reference: shipment.reference,
            options: Options { currency: shipment.currency },
        },
    }
}

fn place(address: &Address) -> Place<'_> {
    Place {
        name: &address.name,
        street1: &address.line1,
        city: &address.city,
        state: &address.region,
        zip: &address.postal_code,
        country: &address.country,
    }
}

/// Ounces with one decimal, as the provider keeps them, and never nothing.
fn ounces(weight_g: i64) -> f64 {
    (weight_g as f64 / 28.349_523_125 * 10.0).round().max(1.0) / 10.0
}

fn cheapest(answer: Answer, currency: &str) -> Option<Rate> {
    let in_currency = |rate: &&AnswerRate| rate.currency.as_deref().is_none_or(|it| it.eq_ignore_ascii_case(currency));
    let amounts = answer.rates.iter().filter(in_currency).filter_map(|rate| money::minor(&rate.rate, currency));
    Some(Rate { amount_minor: amounts.min()?, quote: answer.id })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(rates: &serde_json::Value) -> Answer {
        serde_json::from_value(serde_json::json!({"id": "shp_1", "rates": rates})).unwrap()
    }

    #[test]
    fn the_cheapest_rate_of_the_currency_is_taken_to_the_minor_unit() {
        let rates = serde_json::json!([
            {"rate": "12.10", "currency": "USD"}, {"rate": "7.58", "currency": "USD"}, {"rate": "3", "currency": "EUR"},
        ]);
        let rate = cheapest(answer(&rates), "USD").unwrap();
        assert_eq!((rate.amount_minor, rate.quote.as_str()), (758, "shp_1"));
        let yen = answer(&serde_json::json!([{"rate": "1200", "currency": "JPY"}]));
        assert_eq!(cheapest(yen, "JPY").unwrap().amount_minor, 1_200);
        let dinar = answer(&serde_json::json!([{"rate": "1.250", "currency": "KWD"}]));
        assert_eq!(cheapest(dinar, "KWD").unwrap().amount_minor, 1_250);
    }

    #[test]
    fn no_rate_of_the_currency_is_no_answer() {
        assert_eq!(cheapest(answer(&serde_json::json!([])), "USD"), None);
        assert_eq!(cheapest(answer(&serde_json::json!([{"rate": "1.00", "currency": "EUR"}])), "USD"), None);
        assert_eq!(cheapest(answer(&serde_json::json!([{"rate": "free", "currency": "USD"}])), "USD"), None);
    }

    #[test]
    fn a_parcel_always_weighs_something() {
        assert!((ounces(500) - 17.6).abs() < 1e-9);
        assert!((ounces(0) - 0.1).abs() < 1e-9);
    }
}
