//! Authorised at checkout, captured at dispatch: nothing leaves that was not captured, and nothing is captured that does not
//! leave.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use serde_json::json;
use support::{Act, Stage, states, until};

async fn at_dispatch(change: impl FnOnce(&mut serde_json::Value)) -> Stage {
    Stage::with(|config| {
        config["capture"] = "at_dispatch".into();
        change(config);
    })
    .await
}

#[tokio::test]
async fn an_order_is_reserved_captured_and_then_sent() {
    let stage = at_dispatch(|_| {}).await;
    let cart = stage.cart(&[("tv", 1)]).await;
    let got = stage.check_out(&cart, "k", "pm_card_visa").await;
    assert_eq!((got.status, &got.json["state"]), (201, &json!("authorised")), "{}", got.text);
    stage.until_state(&got.order(), "fulfilled").await;
    stage.until_quiet().await;
    let line = stage.book().await.remove(0);
    assert_eq!(states(&line), ["pending", "authorised", "paid", "fulfilled"]);
    assert_eq!((&line["paid_minor"], &line["authorised_minor"]), (&line["total_minor"], &json!(0)));
    assert_eq!(line["dispatches"][0]["amount_minor"], line["total_minor"]);
    assert!(line["dispatches"][0]["capture"].is_string());
    let charge = stage.providers.charges().remove(0);
    assert_eq!((charge.captures, charge.status.as_str()), (vec![charge.amount], "succeeded"));
}

#[tokio::test]
async fn a_split_order_is_captured_in_parts_that_add_up() {
    let stage = at_dispatch(|config| config["split_dispatch"] = json!({"every_nth": 1})).await;
    stage.providers.script(|operation, nth| match (operation, nth) {
        ("capture", 0) => Act::Lose,
        ("dispatch", 1) => Act::Refuse(503),
        _ => Act::Serve,
    });
    let cart = stage.cart(&[("tv", 1), ("cable", 2)]).await;
    let order = stage.check_out(&cart, "k", "pm_card_visa").await.order();
    stage.until_state(&order, "fulfilled").await;
    stage.until_quiet().await;
    let line = stage.book().await.remove(0);
    assert_eq!(states(&line), ["pending", "authorised", "partially_fulfilled", "fulfilled"]);
    let charge = stage.providers.charges().remove(0);
    assert_eq!((charge.captures.len(), charge.captures.iter().sum::<i64>()), (2, charge.amount), "a lost answer too");
    let skus: Vec<_> = line["dispatches"].as_array().unwrap().iter().map(|it| it["lines"][0]["sku"].clone()).collect();
    assert_eq!(skus, ["cable", "tv"]);
    assert_eq!(line["paid_minor"], line["total_minor"]);
}

#[tokio::test]
async fn a_refused_capture_ships_nothing_and_ends_the_order() {
    let stage = at_dispatch(|config| config["fulfilment"]["after_ms"] = 100.into()).await;
    stage.providers.script(|operation, _| if operation == "capture" { Act::Refuse(402) } else { Act::Serve });
    let cart = stage.cart(&[("rare", 3)]).await;
    let order = stage.check_out(&cart, "k", "pm_card_visa").await.order();
    stage.until_state(&order, "cancelled").await;
    stage.until_quiet().await;
    assert!(stage.providers.dispatches().is_empty());
    assert_eq!(stage.get("/products/rare").await.json["available"], true);
    assert_eq!(stage.providers.document(&order).as_deref(), Some("Cancelled"));
    assert_eq!(stage.providers.charges()[0].status, "canceled", "what is reserved is released");
    assert_eq!(stage.book().await[0]["paid_minor"], 0);
}

#[tokio::test]
async fn a_part_that_cannot_be_captured_is_given_up() {
    let stage = at_dispatch(|config| config["split_dispatch"] = json!({"every_nth": 1})).await;
    stage.providers.script(|operation, nth| match (operation, nth) {
        ("capture", 1) => Act::Refuse(402),
        _ => Act::Serve,
    });
    let cart = stage.cart(&[("cable", 1), ("rare", 3)]).await;
    let order = stage.check_out(&cart, "k", "pm_card_visa").await.order();
    stage.until_state(&order, "fulfilled").await;
    stage.until_quiet().await;
    let line = stage.book().await.remove(0);
    assert_eq!(states(&line), ["pending", "authorised", "partially_fulfilled", "fulfilled"]);
    assert_eq!(stage.providers.dispatches().len(), 1);
    let sent = line["dispatches"].as_array().unwrap();
    assert_eq!((sent.len(), &sent[0]["lines"][0]["sku"]), (1, &json!("cable")));
    let given_up: Vec<_> = line["lines"].as_array().unwrap().iter().map(|it| it["given_up"].clone()).collect();
    assert_eq!(given_up, [0, 3]);
    let minor = |name: &str| line[name].as_i64().unwrap();
    assert_eq!(minor("paid_minor"), minor("total_minor") - minor("given_up_minor"));
    assert_eq!((minor("paid_minor"), minor("authorised_minor")), (sent[0]["amount_minor"].as_i64().unwrap(), 0));
    assert_eq!(stage.get("/products/rare").await.json["available"], true, "its stock is back");
    let stock = stage.get("/admin/export/stock").await.text;
    let rare = stock.lines().find(|line| line.contains("\"rare\"")).unwrap();
    let rare: serde_json::Value = serde_json::from_str(rare).unwrap();
    assert_eq!((&rare["available"], &rare["sold"]), (&rare["declared"], &json!(0)));
    assert_eq!(stage.providers.charges()[0].status, "canceled", "what is still reserved is released");
    assert_eq!(stage.providers.document(&order).as_deref(), Some("Committed"), "it names what was ordered");
}

#[tokio::test]
async fn an_expired_authorisation_is_not_captured() {
    let stage = at_dispatch(|config| {
        config["authorisation_ttl_ms"] = 1.into();
        config["fulfilment"]["after_ms"] = 30.into();
    })
    .await;
    let cart = stage.cart(&[("tv", 1)]).await;
    let order = stage.check_out(&cart, "k", "pm_card_visa").await.order();
    stage.until_state(&order, "cancelled").await;
    stage.until_quiet().await;
    let charge = stage.providers.charges().remove(0);
    assert_eq!((charge.status.as_str(), charge.captures.len()), ("canceled", 0));
    assert!(stage.providers.dispatches().is_empty());
}

#[tokio::test]
async fn a_cancelled_reserve_is_released_and_not_captured() {
    let stage = at_dispatch(|config| config["fulfilment"]["after_ms"] = 600_000.into()).await;
    stage.providers.script(|operation, nth| if (operation, nth) == ("cancel", 0) { Act::Lose } else { Act::Serve });
    let cart = stage.cart(&[("rare", 3)]).await;
    let order = stage.check_out(&cart, "k", "pm_card_visa").await.order();
    let got = stage.post(&format!("/orders/{order}/cancel"), "c", json!({})).await;
    assert_eq!((got.status, &got.json["state"]), (200, &json!("cancelled")), "{}", got.text);
    until("it is released", || async { stage.providers.charges()[0].status == "canceled" }).await;
    assert_eq!(stage.get("/products/rare").await.json["available"], true);
    let charge = stage.providers.charges().remove(0);
    stage.providers.send_event(stage.shop, "evt", "payment_intent.canceled", &charge).await;
    assert_eq!(states(&stage.book().await[0]), ["pending", "authorised", "cancelled"]);
}

#[tokio::test]
async fn what_the_provider_let_go_is_not_sent() {
    let stage = at_dispatch(|config| config["fulfilment"]["after_ms"] = 600_000.into()).await;
    let cart = stage.cart(&[("rare", 3)]).await;
    let order = stage.check_out(&cart, "k", "pm_card_visa").await.order();
    stage.providers.holder("pi_1", "canceled");
    let charge = stage.providers.charges().remove(0);
    for _ in 0..2 {
        assert_eq!(stage.providers.send_event(stage.shop, "evt", "payment_intent.canceled", &charge).await, 200);
    }
    assert_eq!(stage.state(&order).await, "cancelled");
    assert_eq!(stage.get("/products/rare").await.json["available"], true);
}

#[tokio::test]
async fn a_capture_that_a_crash_cut_off_is_taken_up_under_its_key() {
    let mut stage = at_dispatch(|_| {}).await;
    stage.providers.script(|operation, _| if operation == "capture" { Act::Lose } else { Act::Serve });
    let cart = stage.cart(&[("tv", 1)]).await;
    let order = stage.check_out(&cart, "k", "pm_card_visa").await.order();
    until("it is captured there", || async { !stage.providers.charges()[0].captures.is_empty() }).await;
    stage.reopen().await;
    stage.providers.script(|_, _| Act::Serve);
    stage.until_state(&order, "fulfilled").await;
    assert_eq!(stage.providers.charges()[0].captures.len(), 1);
}
