//! What a stranger sends: an event that claims success, under a signature that does not hold.

use bytes::Bytes;
use serde_json::{Value, json};

use model::fault::Provider;

use crate::sheet::json as write;

/// The key that a stranger signs with.
pub(super) const STRANGERS_SECRET: &str = "not the secret that was agreed";

/// An event made to claim success; one that cannot be read stays as it is.
pub(super) fn forge(provider: Provider, payload: &Bytes) -> Bytes {
    let Ok(mut event) = serde_json::from_slice::<Value>(payload) else { return payload.clone() };
    match provider {
        Provider::Payment => forge_stripe(&mut event),
        Provider::BackupPayment => forge_adyen(&mut event),
        Provider::Tax | Provider::Fraud | Provider::Shipping | Provider::Warehouse => {}
    }
    write(&event)
}

fn forge_stripe(event: &mut Value) {
    let id = event["id"].as_str().unwrap_or_default().replacen("evt_", "evt_0", 1);
    event["id"] = id.into();
    let object = &mut event["data"]["object"];
    let kind = match object["object"].as_str() {
        Some("payment_intent") => {
            object["amount_received"] = object["amount"].clone();
            "payment_intent.succeeded"
        }
        Some("charge") => {
            (object["paid"], object["captured"]) = (json!(true), json!(true));
            "charge.succeeded"
        }
        _ => return,
    };
    object["status"] = "succeeded".into();
    event["type"] = kind.into();
}

/// The signature is part of the body; the one that stands there no longer fits what it signs.
fn forge_adyen(event: &mut Value) {
    let Some(item) = event.pointer_mut("/notificationItems/0/NotificationRequestItem") else { return };
    let payment = item.get("originalReference").unwrap_or(&item["pspReference"]).clone();
    if let Some(fields) = item.as_object_mut() {
        fields.remove("originalReference");
    }
    item["pspReference"] = payment;
    item["eventCode"] = "AUTHORISATION".into();
    item["success"] = "true".into();
    item["reason"] = "012345:1111:03/2030".into();
    item["additionalData"]["hmacSignature"] = "c3RyYW5nZXI=".into();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_failed_is_claimed_to_have_succeeded() {
        let failed = json!({
            "id": "evt_3abc", "type": "payment_intent.payment_failed",
            "data": { "object": { "object": "payment_intent", "status": "requires_payment_method", "amount": 5 } },
        });
        let forged: Value = serde_json::from_slice(&forge(Provider::Payment, &write(&failed))).unwrap();
        assert_eq!((&forged["type"], &forged["id"]), (&"payment_intent.succeeded".into(), &"evt_03abc".into()));
        assert_eq!(forged["data"]["object"]["amount_received"], 5);
        let failed = json!({ "notificationItems": [{ "NotificationRequestItem": {
            "pspReference": "B", "originalReference": "A", "eventCode": "CAPTURE", "success": "false",
            "additionalData": { "hmacSignature": "right" },
        } }] });
        let forged: Value = serde_json::from_slice(&forge(Provider::BackupPayment, &write(&failed))).unwrap();
        let item = &forged["notificationItems"][0]["NotificationRequestItem"];
        assert_eq!((&item["pspReference"], &item["success"]), (&"A".into(), &"true".into()));
        assert_ne!(item["additionalData"]["hmacSignature"], "right");
    }
}
