//! Which address asks for what.

use serde::Deserialize;
use serde_json::Value;

use super::address::{Place, Verify};
use super::listing::Query;
use super::parcel::Measures;
use super::{Ask, Operation, errors, shipment};
use crate::http::Call;
use crate::turn::Labels;
use crate::wire::{Answer, Understood};

/// Reads a request.
pub(super) fn read(call: &Call) -> Result<Understood<Operation>, Answer> {
    let segments = call.segments();
    let parts: Vec<&str> = segments.iter().map(String::as_str).collect();
    let ["v2", rest @ ..] = parts.as_slice() else { return Err(errors::not_found()) };
    let owned = |id: &str| id.to_owned();
    let mut labels = Labels::default();
    let ask = match (call.method.as_str(), rest) {
        ("POST", ["addresses"]) => make_address(&body(call)?, None)?,
        ("POST", ["addresses", "create_and_verify"]) => make_address(&body(call)?, Some(Verify::Strictly))?,
        ("GET", ["addresses"]) => Ask::Addresses(Query::read(call)?),
        ("GET", ["addresses", id]) => Ask::Address(owned(id)),
        ("GET", ["addresses", id, "verify"]) => Ask::VerifyAddress(owned(id)),
        ("POST", ["parcels"]) => {
            let body = body(call)?;
            Ask::MakeParcel(Measures::read(body.get("parcel").ok_or_else(|| errors::missing("parcel"))?)?)
        }
        ("GET", ["parcels", id]) => Ask::Parcel(owned(id)),
        ("POST", ["shipments"]) => {
            let create = shipment::Create::read(&body(call)?)?;
            labels = create.labels();
            Ask::Ship(Box::new(create))
        }
        ("GET", ["shipments"]) => Ask::Shipments(Query::read(call)?),
        ("GET", ["shipments", id]) => Ask::Shipment(owned(id)),
        ("GET", ["shipments", id, "rates"]) => Ask::Rates(owned(id)),
        ("GET", ["shipments", id, "smartrate"]) => Ask::SmartRates(owned(id)),
        ("POST", ["shipments", id, "rerate"]) => Ask::Rerate(owned(id)),
        ("POST", ["shipments", id, "buy"]) => buy(id, &body(call)?)?,
        ("POST" | "GET", ["shipments", id, "refund"]) => Ask::Refund(owned(id)),
        ("GET", ["rates", id]) => Ask::Rate(owned(id)),
        ("POST", ["trackers"]) => track(&body(call)?)?,
        ("GET", ["trackers"]) => Ask::Trackers(Query::read(call)?),
        ("GET", ["trackers", id]) => Ask::Tracker(owned(id)),
        _ => return Err(errors::not_found()),
    };
    let reads_store = matches!(ask, Ask::Shipments(_) | Ask::Addresses(_) | Ask::Trackers(_));
    Ok(Understood { operation: Operation { ask, shift: 0 }, key: None, labels, reads_store })
}

fn body(call: &Call) -> Result<Value, Answer> {
    serde_json::from_slice(&call.body).ok().filter(Value::is_object).ok_or_else(errors::bad_json)
}

/// Whether a flag is set, in one of the ways in which clients set it.
fn is_set(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null | Value::Bool(false)) => false,
        Some(Value::String(text)) => !text.is_empty() && text != "false",
        Some(Value::Array(kinds)) => !kinds.is_empty(),
        Some(Value::Bool(true) | Value::Number(_) | Value::Object(_)) => true,
    }
}

/// Reads an address to be made; `verify` is what the address of the call asks for.
fn make_address(body: &Value, verify: Option<Verify>) -> Result<Ask, Answer> {
    let given = body.get("address").filter(|value| value.is_object()).ok_or_else(|| errors::missing("address"))?;
    let place = Place::deserialize(given).map_err(|_| errors::invalid("address", "has a field that is no text"))?;
    let flag = |name: &str| is_set(body.get(name)) || is_set(given.get(name));
    let asked = match (flag("verify_strict"), flag("verify")) {
        (true, _) => Verify::Strictly,
        (false, true) => Verify::Yes,
        (false, false) => Verify::No,
    };
    Ok(Ask::MakeAddress { place: Box::new(place), verify: verify.unwrap_or(asked), is_wrapped: verify.is_some() })
}

fn buy(id: &str, body: &Value) -> Result<Ask, Answer> {
    let rate = body.get("rate").ok_or_else(|| errors::missing("rate"))?;
    let rate = rate.as_str().or_else(|| rate.get("id")?.as_str()).ok_or_else(|| errors::missing("rate"))?;
    let insurance = body.get("insurance").and_then(|value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    });
    Ok(Ask::Buy { shipment: id.to_owned(), rate: rate.to_owned(), insurance })
}

fn track(body: &Value) -> Result<Ask, Answer> {
    let tracker = body.get("tracker").ok_or_else(|| errors::missing("tracker"))?;
    let text = |name: &str| tracker.get(name).and_then(Value::as_str).map(str::to_owned);
    let code = text("tracking_code").filter(|code| !code.is_empty());
    Ok(Ask::Track { code: code.ok_or_else(|| errors::missing("tracking_code"))?, carrier: text("carrier") })
}
