//! An order as a shop describes it to the fraud provider.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::errors;
use crate::decimal::{parse, places, to_minor};
use crate::wire::Answer;

/// What of an order is looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Order {
    pub(super) id: String,
    /// The number that people know it by.
    pub(super) name: Option<String>,
    pub(super) email: Option<String>,
    pub(super) total_minor: i64,
    pub(super) currency: String,
    pub(super) billing_country: Option<String>,
    pub(super) shipping_country: Option<String>,
    /// First digits of the card's number.
    pub(super) bin: Option<String>,
}

impl Order {
    /// Reads the member `order` (or `checkout`) of a body; calls about a known order carry little more than its name.
    pub(super) fn read(body: &[u8], member: &str) -> Result<Self, Answer> {
        let body: Value = serde_json::from_slice(body).map_err(|_| errors::error(400, "the body is not JSON"))?;
        let order = body.get(member).filter(|value| value.is_object());
        let order =
            order.ok_or_else(|| errors::error(400, &format!("param is missing or the value is empty: {member}")))?;
        let id = match order.get("id") {
            Some(Value::String(id)) if !id.is_empty() && id.len() <= 255 => id.clone(),
            Some(Value::Number(id)) => id.to_string(),
            _ => return Err(errors::error(400, &format!("{member} id is missing"))),
        };
        let text = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
        let at = |name: &str| order.get(name).unwrap_or(&Value::Null);
        let country = |name: &str| text(at(name), "country_code").or_else(|| text(at(name), "country"));
        let currency = text(order, "currency").unwrap_or_else(|| "USD".to_owned()).to_ascii_uppercase();
        let total = match order.get("total_price") {
            None | Some(Value::Null) => Some(0),
            Some(Value::String(text)) => parse(text),
            Some(Value::Number(number)) => parse(&number.to_string()),
            Some(_) => None,
        };
        let total = total.ok_or_else(|| errors::error(400, "total_price is no amount"))?;
        Ok(Self {
            name: text(order, "name").map(|name| name.trim_start_matches('#').to_owned()),
            email: text(order, "email").or_else(|| text(at("customer"), "email")),
            total_minor: to_minor(total, places(&currency)),
            currency,
            billing_country: country("billing_address"),
            shipping_country: country("shipping_address"),
            bin: at("payment_details").get(0).and_then(|card| text(card, "credit_card_bin")),
            id,
        })
    }
}
