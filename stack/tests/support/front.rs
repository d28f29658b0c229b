//! Stand-ins for the providers that a shopper meets before payment: shipping rates and the judge of fraud.

use serde_json::{Value, json};

/// What shipping costs, in the currency that was asked for: 5 units and one minor unit more with each call.
pub fn rate(body: &str, call: usize) -> Value {
    let body: Value = serde_json::from_str(body).unwrap();
    let currency = body["shipment"]["options"]["currency"].as_str().unwrap();
    let amount = match currency {
        "JPY" => (500 + call).to_string(),
        "KWD" => format!("5.{call:03}"),
        _ => format!("5.{call:02}"),
    };
    let rates = json!([{"id": "rate_1", "rate": "9999", "currency": currency},
                       {"id": "rate_2", "rate": amount, "currency": currency}]);
    json!({"id": format!("shp_{call}"), "object": "Shipment", "rates": rates})
}

/// Says of an order what its shopper's address says: `decline@…`, `review@…`, anything else is approved.
pub fn decide(body: &str) -> Value {
    let body: Value = serde_json::from_str(body).unwrap();
    let order = &body["order"];
    let status = match order["email"].as_str().unwrap().split('@').next() {
        Some("decline") => "declined",
        Some("review") => "submitted",
        _ => "approved",
    };
    json!({"order": {"id": order["id"], "status": status, "description": "", "old_status": null}})
}
