//! Several shops on one store: guards are in the store, so that two of them are as good as one.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use serde_json::json;
use support::{Act, Stage, checkout_body, until, wire::call};

#[tokio::test]
async fn double_submits_at_two_instances_make_one_order_and_one_charge_each() {
    let stage = Stage::honest().await;
    let beside = stage.beside().await;
    let shops = [stage.shop, beside.listen()];
    let mut tasks = tokio::task::JoinSet::new();
    for nth in 0..10 {
        let cart = stage.cart(&[("tv", 1)]).await;
        for submit in 0..4 {
            let (shop, path) = (shops[submit % 2], format!("/carts/{cart}/checkout"));
            // Two clicks and two tabs, spread over both instances.
            let key = format!("key-{nth}-{}", submit / 2);
            let body = checkout_body("pm_card_visa").to_string();
            tasks.spawn(async move { call(shop, "POST", &path, &[("idempotency-key", &key)], Some(body)).await });
        }
    }
    for got in tasks.join_all().await {
        assert!([201, 202, 409].contains(&got.status), "{}", got.text);
    }
    stage.until_quiet().await;
    let book = stage.book().await;
    until("all are fulfilled", || async { stage.book().await.iter().all(|line| line["state"] == "fulfilled") }).await;
    assert_eq!((book.len(), stage.providers.succeeded().len()), (10, 10));
    let mut sent = stage.providers.dispatches();
    sent.sort();
    sent.dedup();
    assert_eq!((sent.len(), stage.providers.dispatches().len()), (10, 10), "each was sent once");
    beside.stop().await;
}

#[tokio::test]
async fn an_instance_takes_over_what_a_stopped_one_left() {
    let mut stage = Stage::with(|config| config["reconcile_after_ms"] = 100.into()).await;
    let beside = stage.beside().await;
    stage.providers.script(|operation, _| match operation {
        "create" => Act::Lose,
        "search" | "dispatch" => Act::Refuse(503),
        _ => Act::Serve,
    });
    let cart = stage.cart(&[("tv", 1)]).await;
    let order = stage.check_out(&cart, "k", "pm_card_visa").await.order();
    stage.running.take().unwrap().stop().await;
    stage.shop = beside.listen();
    stage.providers.script(|_, _| Act::Serve);
    stage.until_state(&order, "fulfilled").await;
    assert_eq!((stage.providers.charges().len(), stage.providers.dispatches().len()), (1, 1));
    beside.stop().await;
}

#[tokio::test]
async fn a_cancel_at_one_instance_holds_the_dispatch_of_the_other() {
    let stage = Stage::with(|config| config["fulfilment"]["after_ms"] = 300.into()).await;
    let beside = stage.beside().await;
    let cart = stage.cart(&[("rare", 3)]).await;
    let order = stage.check_out(&cart, "k", "pm_card_visa").await.order();
    let path = format!("/orders/{order}/cancel");
    let got = call(beside.listen(), "POST", &path, &[("idempotency-key", "c")], Some(json!({}).to_string())).await;
    assert_eq!((got.status, &got.json["state"]), (200, &json!("cancelled")), "{}", got.text);
    stage.until_quiet().await;
    assert!(stage.providers.dispatches().is_empty());
    assert_eq!(stage.get("/products/rare").await.json["available"], true);
    beside.stop().await;
}
