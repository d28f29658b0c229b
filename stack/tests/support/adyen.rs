//! The second payment provider for tests: payments and changes of them, and notifications that are sent when a test says so.

use std::net::SocketAddr;

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use super::wire;

pub const HMAC_KEY: &str = "44782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056";
pub const ACCOUNT: &str = "DoorbusterECOM";

#[derive(Clone, Debug)]
pub struct Payment {
    pub psp: String,
    pub reference: String,
    pub amount: i64,
    pub result: &'static str,
    pub body: Value,
}

#[derive(Clone, Debug)]
pub struct Change {
    pub kind: &'static str,
    pub psp: String,
    pub payment: String,
    pub reference: String,
    pub amount: i64,
}

#[derive(Default)]
pub struct Books {
    pub payments: Vec<Payment>,
    pub changes: Vec<Change>,
}

pub fn operation(path: &str) -> &'static str {
    match path.rsplit('/').next() {
        Some("captures") => "adyen_capture",
        Some("cancels") => "adyen_cancel",
        Some("refunds") => "adyen_refund",
        _ => "other",
    }
}

impl Books {
    pub fn act(&mut self, operation: &'static str, path: &str, body: &str) -> (u16, Value) {
        let body: Value = serde_json::from_str(body).unwrap();
        match operation {
            "authorise" => self.authorise(body),
            "details" => {
                let psp = body["details"]["redirectResult"].as_str().unwrap();
                let payment = self.payments.iter_mut().find(|payment| payment.psp == psp).unwrap();
                payment.result = "Authorised";
                (200, json!({"pspReference": payment.psp, "resultCode": "Authorised"}))
            }
            kind => {
                let psp = format!("M{}", self.changes.len() + 1);
                self.changes.push(Change {
                    kind,
                    psp: psp.clone(),
                    payment: path.split('/').nth(3).unwrap().into(),
                    reference: body["reference"].as_str().unwrap_or_default().into(),
                    amount: body["amount"]["value"].as_i64().unwrap_or(0),
                });
                (201, json!({"pspReference": psp, "status": "received"}))
            }
        }
    }

    fn authorise(&mut self, body: Value) -> (u16, Value) {
        let method = body["paymentMethod"]["storedPaymentMethodId"].as_str().unwrap_or("card").to_owned();
        let psp = format!("P{}", self.payments.len() + 1);
        let result = match method.as_str() {
            method if method.contains("Declined") => "Refused",
            method if method.contains("authentication") => "RedirectShopper",
            _ => "Authorised",
        };
        let reference = body["reference"].as_str().unwrap().to_owned();
        let amount = body["amount"]["value"].as_i64().unwrap();
        self.payments.push(Payment { psp: psp.clone(), reference, amount, result, body });
        let answer = match result {
            "RedirectShopper" => json!({"resultCode": result, "action": {"type": "redirect", "url": "http://bank/"}}),
            _ => json!({"pspReference": psp, "resultCode": result, "refusalReason": "Refused"}),
        };
        (200, answer)
    }
}

/// One notification, signed.
pub fn notification(event: &str, success: bool, of: (&str, &str), reference: &str, value: i64) -> Value {
    let (psp, original) = of;
    let signed = format!("{psp}:{original}:{ACCOUNT}:{reference}:{value}:USD:{event}:{success}");
    let mut mac = Hmac::<Sha256>::new_from_slice(&hex::decode(HMAC_KEY).unwrap()).unwrap();
    mac.update(signed.as_bytes());
    json!({"NotificationRequestItem": {
        "eventCode": event, "success": success.to_string(), "pspReference": psp, "originalReference": original,
        "merchantAccountCode": ACCOUNT, "merchantReference": reference, "amount": {"value": value, "currency": "USD"},
        "additionalData": {"hmacSignature": STANDARD.encode(mac.finalize().into_bytes())},
    }})
}

/// Sends a batch to the shop; answers its status and text.
pub async fn notify(shop: SocketAddr, items: Vec<Value>) -> (u16, String) {
    let body = json!({"live": "false", "notificationItems": items}).to_string();
    let got = wire::call(shop, "POST", "/webhooks/backup_payment", &[], Some(body)).await;
    (got.status, got.text)
}

/// The backup's part of a configuration.
pub fn config(providers: SocketAddr) -> Value {
    json!({"url": format!("http://{providers}"), "api_key": "k", "merchant_account": ACCOUNT, "hmac_key": HMAC_KEY,
           "timeout_ms": 300, "retries": 2, "backoff_ms": 5})
}
