//! What a stranger sends who knows the endpoint and not its secret.

use bytes::Bytes;
use serde_json::{Value, json};

use super::Delivery;

/// What the stranger signs with.
pub(super) const SECRET: &str = "whsec_a_stranger_knows_no_secret";

/// A forged delivery that comes before a true one.
pub(super) fn delivery(of: &Delivery, n: i64) -> Delivery {
    Delivery {
        n,
        event_id: format!("evt_forged{n:014}"),
        kind: "payment_intent.succeeded".to_owned(),
        is_forged: true,
        is_lost: false,
        reordered_by: None,
        due_us: of.due_us - 1,
        ..of.clone()
    }
}

/// The true event, made to claim that the payment succeeded.
pub(super) fn payload(of: &Bytes, id: &str) -> Bytes {
    // Events are objects of ours.
    let mut event: Value = serde_json::from_slice(of).unwrap_or_default();
    event["id"] = json!(id);
    let object = &mut event["data"]["object"];
    if object["object"] == "payment_intent" {
        object["status"] = json!("succeeded");
        object["amount_received"] = object["amount"].clone();
        object["amount_capturable"] = json!(0);
        object["last_payment_error"] = Value::Null;
        event["type"] = json!("payment_intent.succeeded");
    } else if object["object"] == "charge" {
        object["status"] = json!("succeeded");
        object["paid"] = json!(true);
        object["captured"] = json!(true);
        object["amount_captured"] = object["amount"].clone();
        event["type"] = json!("charge.succeeded");
    }
    event.to_string().into()
}
