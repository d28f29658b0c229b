//! Shipping rates and quotes: the rate shown is the rate charged, whatever the provider does meanwhile, and a quote holds
//! for what it priced only.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use serde_json::{Value, json};
use support::{Act, Stage, checkout_body};

fn with_rates(config: &mut Value) {
    let url = config["tax"]["url"].clone();
    config["shipping"] = json!({"url": url, "api_key": "EZTK", "timeout_ms": 200, "default_minor": 1_500,
                                "table": [{"country": "US", "amount_minor": 900}]});
}

async fn quote(stage: &Stage, cart: &str, key: &str) -> Value {
    let got = stage.post(&format!("/carts/{cart}/quote"), key, json!({})).await;
    assert_eq!(got.status, 200, "{}", got.text);
    got.json
}

#[tokio::test]
async fn the_rate_shown_is_the_rate_charged_and_is_asked_for_once() {
    let stage = Stage::with(with_rates).await;
    let cart = stage.cart(&[("cable", 1)]).await;
    let quoted = quote(&stage, &cart, "q1").await;
    assert_eq!((&quoted["shipping_minor"], &quoted["shipping_source"]), (&json!(501), &json!("quote")));
    assert_eq!((&quoted["credit_minor"], &quoted["due_minor"]), (&json!(0), &quoted["total_minor"]));
    let other = stage.cart(&[("cable", 1)]).await;
    assert_eq!(quote(&stage, &other, "q2").await["shipping_minor"], 501, "the same zone and weight");
    assert_eq!(stage.providers.calls("rate"), 1);
    let heavy = stage.cart(&[("cable", 3)]).await;
    assert_eq!(quote(&stage, &heavy, "q3").await["shipping_minor"], 502, "another weight");

    stage.providers.script(|operation, _| if operation == "rate" { Act::Refuse(500) } else { Act::Serve });
    let mut body = checkout_body("pm_card_visa");
    body["total_minor"] = quoted["total_minor"].clone();
    let got = stage.post(&format!("/carts/{cart}/checkout"), "k", body).await;
    assert_eq!(got.status, 201, "{}", got.text);
    let line = stage.book().await.remove(0);
    assert_eq!((&line["shipping_minor"], &line["shipping_source"]), (&json!(501), &json!("quote")));
    assert_eq!(line["shipping_quote"], "shp_1");
    assert_eq!(stage.providers.succeeded()[0].amount, line["total_minor"].as_i64().unwrap());
}

#[tokio::test]
async fn the_table_stands_in_for_a_provider_that_does_not_say() {
    let stage = Stage::with(with_rates).await;
    for (act, key) in [(Act::Refuse(503), "a"), (Act::Lose, "b"), (Act::Refuse(422), "c")] {
        stage.providers.script(move |operation, _| if operation == "rate" { act } else { Act::Serve });
        let cart = stage.cart(&[("cable", 1)]).await;
        let quoted = quote(&stage, &cart, key).await;
        assert_eq!((&quoted["shipping_minor"], &quoted["shipping_source"]), (&json!(900), &json!("table")));
        let line = {
            let mut body = checkout_body("pm_card_visa");
            body["total_minor"] = quoted["total_minor"].clone();
            assert_eq!(stage.post(&format!("/carts/{cart}/checkout"), &format!("k{key}"), body).await.status, 201);
            stage.book().await.pop().unwrap()
        };
        assert_eq!((&line["shipping_source"], &line["shipping_quote"]), (&json!("table"), &Value::Null));
    }
    stage.providers.script(|_, _| Act::Serve);
    let cart = stage.cart(&[("cable", 1)]).await;
    stage.put("/admin/flags/shipping_quotes", json!({"value": false})).await;
    assert_eq!(quote(&stage, &cart, "d").await["shipping_source"], "table");
    assert_eq!(stage.providers.calls("rate"), 0, "switched off");
    stage.put("/admin/flags/shipping_quotes", json!({"value": true})).await;
    assert_eq!(quote(&stage, &cart, "e").await["shipping_source"], "quote", "asked again once it may be had");
}

#[tokio::test]
async fn a_quote_holds_for_what_it_priced_only() {
    let stage = Stage::with(with_rates).await;
    let cart = stage.cart(&[("cable", 1)]).await;
    let first = quote(&stage, &cart, "q1").await;
    let set = stage.put(&format!("/carts/{cart}/lines/cable"), json!({"quantity": 2})).await;
    assert_eq!((set.status, &set.json["subtotal_minor"]), (200, &json!(1_998)));
    let mut body = checkout_body("pm_card_visa");
    body["total_minor"] = first["total_minor"].clone();
    let got = stage.post(&format!("/carts/{cart}/checkout"), "k1", body).await;
    assert_eq!((got.status, got.code()), (409, "total_changed"));
    let second = quote(&stage, &cart, "q2").await;
    assert_ne!(first["total_minor"], second["total_minor"]);

    let elsewhere = json!({"name": "A", "line1": "1 Main St", "city": "New York", "region": "NY",
                           "postal_code": "10001", "country": "US"});
    assert_eq!(stage.put(&format!("/carts/{cart}/address"), elsewhere).await.status, 200);
    let asked = stage.providers.calls("rate");
    let got = stage.check_out(&cart, "k2", "pm_card_visa").await;
    assert_eq!(got.status, 201, "without a total to compare, it is asked anew: {}", got.text);
    assert_eq!(stage.providers.calls("rate"), asked + 1);
    assert_eq!(stage.book().await[0]["shipping_quote"], format!("shp_{}", asked + 1));
}

#[tokio::test]
async fn a_cart_is_edited_until_it_is_ordered() {
    let stage = Stage::honest().await;
    let cart = stage.cart(&[("tv", 1), ("cable", 2)]).await;
    let path = format!("/carts/{cart}/lines/cable");
    let set = stage.put(&path, json!({"quantity": 0})).await;
    assert_eq!((set.status, set.json["lines"].as_array().unwrap().len()), (200, 1));
    assert_eq!(stage.put(&path, json!({"quantity": 5})).await.json["subtotal_minor"], 49_900 + 5 * 999);
    assert_eq!(stage.put(&format!("/carts/{cart}/lines/rare"), json!({"quantity": 4})).await.code(), "sold_out");
    assert_eq!(stage.put(&format!("/carts/{cart}/lines/none"), json!({"quantity": 1})).await.status, 404);
    for odd in [json!({"quantity": -1}), json!({"quantity": 10_001}), json!({"quantity": "1"}), json!({})] {
        assert_eq!(stage.put(&path, odd.clone()).await.status, 400, "{odd}");
    }
    let look = stage.get(&format!("/carts/{cart}")).await.json;
    assert_eq!((&look["state"], &look["subtotal_minor"]), (&json!("open"), &json!(49_900 + 5 * 999)));
    assert_eq!(stage.check_out(&cart, "k", "pm_card_visa").await.status, 201);
    assert_eq!(stage.get(&format!("/carts/{cart}")).await.json["state"], "ordered");
    assert_eq!(stage.put(&path, json!({"quantity": 1})).await.code(), "cart_ordered");
}

#[tokio::test]
async fn amounts_without_and_with_three_minor_digits_are_exact() {
    for (currency, shipping_minor) in [("JPY", 501), ("KWD", 5_001)] {
        let stage = Stage::with(|config| {
            with_rates(config);
            config["currency"] = currency.into();
        })
        .await;
        let cart = stage.cart(&[("cable", 3)]).await;
        let quoted = quote(&stage, &cart, "q").await;
        assert_eq!((&quoted["currency"], &quoted["shipping_minor"]), (&json!(currency), &json!(shipping_minor)));
        let taxable = 3 * 999 + shipping_minor;
        assert!((quoted["tax_minor"].as_i64().unwrap() * 10 - taxable).abs() < 15, "{quoted}");
        let got = stage.check_out(&cart, "k", "pm_card_visa").await;
        assert_eq!((got.status, &got.json["currency"]), (201, &json!(currency)), "{}", got.text);
        let charge = stage.providers.succeeded().remove(0);
        assert_eq!(charge.form["currency"], currency.to_ascii_lowercase());
        assert_eq!(charge.amount, quoted["total_minor"].as_i64().unwrap());
    }
}
