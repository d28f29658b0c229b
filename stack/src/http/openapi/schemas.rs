//! The shapes of bodies and answers, as JSON Schema.

use serde_json::{Map, Value, json};

const MONEY_MAX: i64 = 9_007_199_254_740_991;

/// Every schema by name.
pub(super) fn all() -> Value {
    let mut all = Map::new();
    for part in [asked(), carts(), orders(), admin()] {
        let Value::Object(part) = part else { continue };
        all.extend(part);
    }
    Value::Object(all)
}

#[expect(clippy::needless_pass_by_value, reason = "every caller has just made it")]
fn object(required: &[&str], properties: Value) -> Value {
    json!({"type": "object", "required": required, "properties": properties})
}

/// What is asked: unknown members are refused.
fn body(required: &[&str], properties: Value, example: Value) -> Value {
    let mut body = object(required, properties);
    body["additionalProperties"] = false.into();
    body["example"] = example;
    body
}

fn text(characters_max: u32) -> Value {
    json!({"type": "string", "minLength": 1, "maxLength": characters_max, "pattern": "^[^\\u0000-\\u001f\\u007f]+$"})
}

fn money() -> Value {
    json!({"type": "integer", "minimum": 0, "maximum": MONEY_MAX})
}

fn one_of(words: &[&str]) -> Value {
    json!({"type": "string", "enum": words})
}

fn number() -> Value {
    json!({"type": "string", "pattern": "^DB-[0-9]+$"})
}

fn sku() -> Value {
    text(128)
}

fn email() -> Value {
    json!({"type": "string", "example": "a@example.com",
           "pattern": "^[A-Za-z0-9.!#$%&'*+/=?^_{|}~-]{1,64}@[A-Za-z0-9.-]{1,190}$"})
}

fn means() -> Value {
    let card = body(
        &["number", "exp_month", "exp_year", "cvc"],
        json!({
            "number": {"type": "string", "pattern": "^[0-9 ]{12,23}$"},
            "exp_month": {"type": "integer", "minimum": 1, "maximum": 12},
            "exp_year": {"type": "integer", "minimum": 0, "maximum": 9_999},
            "cvc": {"type": "string", "pattern": "^[0-9]{3,4}$"},
        }),
        json!({"number": "4242424242424242", "exp_month": 12, "exp_year": 2031, "cvc": "123"}),
    );
    let way = |name: &str, schema: Value| json!({"type": "object", "required": [name], "additionalProperties": false, "properties": {name: schema}});
    json!({"oneOf": [way("method", token()), way("card", card), way("saved", token())]})
}

/// A provider's name of something.
fn token() -> Value {
    json!({"type": "string", "pattern": "^[A-Za-z0-9_-]{1,128}$"})
}

fn asked() -> Value {
    let address = json!({"name": "A. Shopper", "line1": "1 Main St", "city": "Irvine", "region": "CA",
                         "postal_code": "92615", "country": "US"});
    let place = json!({
        "name": text(200), "line1": text(200), "city": text(100),
        "region": {"type": "string", "maxLength": 100, "pattern": "^[^\\u0000-\\u001f\\u007f]*$"},
        "postal_code": text(20), "country": {"type": "string", "pattern": "^[A-Z]{2}$"},
    });
    let checkout = json!({"email": email(), "payment": means(), "total_minor": money(),
                          "use_credit": {"type": "boolean"}, "save_card": {"type": "boolean"}});
    let paid = json!({"email": "a@example.com", "payment": {"method": "pm_card_visa"}});
    json!({
        "Empty": body(&[], json!({}), json!({})),
        "Key": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[\\x21-\\x7e]+$"},
        "Line": body(&["sku", "quantity"],
                     json!({"sku": sku(), "quantity": {"type": "integer", "minimum": 1, "maximum": 10_000}}),
                     json!({"sku": "cable", "quantity": 2})),
        "Quantity": body(&["quantity"], json!({"quantity": {"type": "integer", "minimum": 0, "maximum": 10_000}}),
                         json!({"quantity": 1})),
        "Address": body(&["name", "line1", "city", "postal_code", "country"], place, address),
        "Code": body(&["code"], json!({"code": text(64)}), json!({"code": "TEN"})),
        "Checkout": body(&["email", "payment"], checkout, paid),
        "Payment": body(&["payment"], json!({"payment": means()}), json!({"payment": {"method": "pm_card_visa"}})),
        "RefundWish": body(&[], json!({"amount_minor": {"type": "integer", "minimum": 1, "maximum": MONEY_MAX}}),
                           json!({"amount_minor": 500})),
        "AccountWish": body(&["email"], json!({"email": email()}), json!({"email": "a@example.com"})),
        "FlagValue": body(&["value"], json!({"value": {
                "anyOf": [{"type": "boolean"}, one_of(&["auto", "payment", "backup_payment"])]}}),
            json!({"value": true})),
        "SessionWish": body(&["email"], json!({"email": email(), "total_minor": money(), "return_url": text(500)}),
                            json!({"email": "a@example.com"})),
        "Evidence": body(&["evidence"], json!({"evidence": {"type": "string", "minLength": 1, "maxLength": 5_000}}),
                         json!({"evidence": "It was delivered and signed for."})),
        "ClockAhead": body(&["ahead_ms", "ttl_ms"], json!({
            "ahead_ms": {"type": "integer", "minimum": 0, "maximum": 3_162_240_000_000_u64},
            "ttl_ms": {"type": "integer", "minimum": 0}}),
                         json!({"ahead_ms": 0, "ttl_ms": 1_000})),
        "Decision": body(&["decision"], json!({"decision": one_of(&["approve", "decline"])}),
                         json!({"decision": "approve"})),
    })
}

fn carts() -> Value {
    let line = object(
        &["sku", "quantity", "unit_minor"],
        json!({
        "sku": sku(), "quantity": {"type": "integer", "minimum": 1}, "unit_minor": money()}),
    );
    let lines = json!({"type": "array", "items": line});
    let product = json!({"sku": sku(), "name": {"type": "string"}, "unit_minor": money(),
                         "currency": currency(), "popularity": {"type": "number"}, "available": {"type": "boolean"}});
    json!({
        "Products": object(&["products"], json!({"products": {"type": "array", "items":
            object(&["sku", "name", "unit_minor", "currency", "popularity"], product.clone())}})),
        "Product": object(&["sku", "name", "unit_minor", "currency", "available"], product),
        "CartOpened": object(&["cart", "currency"], json!({"cart": cart(), "currency": currency()})),
        "CartNamed": object(&["cart"], json!({"cart": cart()})),
        "Lines": object(&["cart", "lines", "subtotal_minor"],
                        json!({"cart": cart(), "lines": lines, "subtotal_minor": money()})),
        "Cart": object(&["cart", "lines", "subtotal_minor", "currency", "state"],
                       json!({"cart": cart(), "lines": lines, "subtotal_minor": money(), "currency": currency(),
                              "state": one_of(&["open", "in_payment", "ordered"])})),
        "Discount": object(&["code", "discount_minor"], json!({"code": text(64), "discount_minor": money()})),
        "Voucher": object(&["code", "balance_minor"], json!({"code": text(64), "balance_minor": money()})),
        "Quote": object(
            &["subtotal_minor", "discount_minor", "shipping_minor", "tax_minor", "total_minor", "currency",
              "rounding_minor", "tax_source", "shipping_source", "credit_minor", "due_minor"],
            json!({"subtotal_minor": money(), "discount_minor": money(), "shipping_minor": money(),
                   "tax_minor": money(), "rounding_minor": money(), "total_minor": money(), "currency": currency(),
                   "tax_source": one_of(&["quote", "fallback"]),
                   "shipping_source": one_of(&["quote", "table", "flat"]),
                   "credit_minor": money(), "due_minor": money()})),
    })
}

fn cart() -> Value {
    json!({"type": "string", "pattern": "^c_[0-9a-f]+$"})
}

fn currency() -> Value {
    json!({"type": "string", "pattern": "^[A-Z]{3}$"})
}

fn orders() -> Value {
    let states = one_of(&["pending", "authorised", "failed", "paid", "partially_fulfilled", "fulfilled", "cancelled"]);
    let order = json!({
        "order": number(), "state": states, "total_minor": money(), "currency": currency(), "credit_minor": money(),
        "refunded_minor": money(), "provider": one_of(&["payment", "backup_payment"]),
        "review": {"type": "boolean"}, "poll": {"type": "string"}, "failure": {"type": "string"},
        "action": object(&["type", "url"], json!({"type": one_of(&["redirect"]), "url": {"type": "string"}})),
    });
    let known = ["order", "state", "total_minor", "currency"];
    let error = object(
        &["code", "message", "retry"],
        json!({
        "code": {"type": "string"}, "message": {"type": "string"}, "retry": {"type": "boolean"},
        "decline_code": {"type": ["string", "null"]}}),
    );
    let card = object(
        &["saved"],
        json!({"saved": token(), "brand": {"type": ["string", "null"]},
                                         "last4": {"type": ["string", "null"]}}),
    );
    json!({
        "Order": object(&known, order.clone()),
        "OrderPending": object(&[&known[..], &["poll"]].concat(), order.clone()),
        "OrderLook": object(&[&known[..], &["refunded_minor"]].concat(), order),
        "Refund": object(&["refund", "amount_minor", "state"], json!({
            "refund": {"type": "string"}, "amount_minor": money(), "credit_minor": money(),
            "state": one_of(&["succeeded", "pending"])})),
        "Error": object(&["error"], json!({"error": error, "order": number()})),
        "AccountOpened": object(&["account", "token", "credit_minor"], json!({
            "account": {"type": "string"}, "token": {"type": "string"}, "credit_minor": money()})),
        "Account": object(&["account", "email", "credit_minor", "cards"], json!({
            "account": {"type": "string"}, "email": {"type": "string"}, "credit_minor": money(),
            "cards": {"type": "array", "items": card}})),
        "Session": object(&[&known[..], &["payment", "poll"]].concat(), json!({
            "order": number(), "state": {"type": "string"}, "total_minor": money(), "currency": currency(),
            "poll": {"type": "string"},
            "payment": object(&["intent", "client_secret", "publishable_key", "url", "return_url"], json!({
                "intent": {"type": "string"}, "client_secret": {"type": ["string", "null"]},
                "publishable_key": {"type": ["string", "null"]}, "url": {"type": "string"},
                "return_url": {"type": "string"}}))})),
        "Received": object(&["received"], json!({"received": {"const": true}})),
    })
}

fn admin() -> Value {
    let count = json!({"type": "integer", "minimum": 0});
    let flags = json!({
        "promotions": {"type": "boolean"}, "payment_provider": one_of(&["auto", "payment", "backup_payment"]),
        "fraud": {"type": "boolean"}, "shipping_quotes": {"type": "boolean"}, "accept_orders": {"type": "boolean"},
    });
    let names = ["promotions", "payment_provider", "fraud", "shipping_quotes", "accept_orders"];
    let review = object(
        &["order", "state", "total_minor", "currency", "asked_ms"],
        json!({"order": number(), "state": {"type": "string"}, "total_minor": money(),
                               "currency": currency(), "asked_ms": count}),
    );
    json!({
        "Quiet": object(&["outbox_pending", "doubts", "in_flight", "last_change_ms_ago"], json!({
            "outbox_pending": count, "doubts": count, "in_flight": count, "last_change_ms_ago": count})),
        "Flags": object(&names, flags),
        "Flag": object(&["name", "value"], json!({
            "name": one_of(&names), "value": {"type": ["boolean", "string"]}})),
        "Reviews": object(&["reviews"], json!({"reviews": {"type": "array", "items": review}})),
        "Disputes": object(&["disputes"], json!({"disputes": {"type": "array", "items": {"type": "object"}}})),
        "Dispute": object(&["dispute", "state"], json!({"dispute": {"type": "string"},
            "state": one_of(&["needs_response", "under_review", "won", "lost"])})),
        "Files": object(&["files"], json!({"files": {"type": "array", "items": {"type": "string"}}})),
        "Clock": object(&["now_ms", "ahead_ms"], json!({"now_ms": count, "ahead_ms": count})),
        "Document": object(&["openapi", "info", "paths"], json!({
            "openapi": {"type": "string"}, "info": {"type": "object"}, "paths": {"type": "object"}})),
    })
}
