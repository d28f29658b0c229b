//! Flags that are flipped while the shop runs: stored, and obeyed by every process on the store.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::time::{Duration, Instant};

use serde_json::json;
use support::{Stage, checkout_body, until, wire::call};

#[tokio::test]
async fn promotions_can_be_switched_off_under_a_cart_that_has_one() {
    let stage = Stage::honest().await;
    let cart = stage.cart(&[("tv", 1)]).await;
    let promotion = format!("/carts/{cart}/promotion");
    assert_eq!(stage.post(&promotion, "p", json!({"code": "TEN"})).await.status, 200);
    let quoted = stage.post(&format!("/carts/{cart}/quote"), "q", json!({})).await.json;
    assert_eq!(stage.put("/admin/flags/promotions", json!({"value": false})).await.status, 200);
    assert_eq!(stage.post(&promotion, "p2", json!({"code": "TEN"})).await.code(), "promotions_off");
    let mut body = checkout_body("pm_card_visa");
    body["total_minor"] = quoted["total_minor"].clone();
    let got = stage.post(&format!("/carts/{cart}/checkout"), "k1", body).await;
    assert_eq!((got.status, got.code()), (409, "total_changed"));
    assert_eq!(stage.check_out(&cart, "k2", "pm_card_visa").await.status, 201);
    let line = stage.book().await.remove(0);
    assert_eq!((&line["discount_minor"], &line["promotion"]), (&json!(0), &json!(null)));
}

#[tokio::test]
async fn a_shop_that_takes_no_orders_says_so_and_charges_nothing() {
    let stage = Stage::honest().await;
    let (first, second) = (stage.cart(&[("tv", 1)]).await, stage.cart(&[("tv", 1)]).await);
    assert_eq!(stage.check_out(&first, "k1", "pm_card_visa").await.status, 201);
    stage.put("/admin/flags/accept_orders", json!({"value": false})).await;
    let got = stage.check_out(&second, "k2", "pm_card_visa").await;
    assert_eq!((got.status, got.code()), (503, "busy"));
    assert!(stage.check_out(&first, "k1", "pm_card_visa").await.replayed, "what was answered stays so");
    stage.put("/admin/flags/accept_orders", json!({"value": true})).await;
    assert_eq!(stage.check_out(&second, "k2", "pm_card_visa").await.status, 201, "the same key, once it may be");
    assert_eq!(stage.providers.succeeded().len(), 2);
}

#[tokio::test]
async fn every_process_on_the_store_obeys_soon_and_after_a_restart() {
    let mut stage = Stage::honest().await;
    let other = stage.beside().await;
    let path = "/admin/flags/payment_provider";
    let flipped = stage.put(path, json!({"value": "backup_payment"})).await;
    assert_eq!((flipped.status, &flipped.json["value"]), (200, &json!("backup_payment")));
    let since = Instant::now();
    until("the other process obeys", || async {
        call(other.listen(), "GET", path, &[], None).await.json["value"] == "backup_payment"
    })
    .await;
    assert!(since.elapsed() < Duration::from_secs(2), "{:?}", since.elapsed());
    other.stop().await;
    stage.reopen().await;
    assert_eq!(stage.get("/admin/flags").await.json["payment_provider"], "backup_payment");
    for (name, value, status) in [("promotions", json!("no"), 422), ("none", json!(true), 404)] {
        let got = stage.put(&format!("/admin/flags/{name}"), json!({"value": value})).await;
        assert_eq!(got.status, status, "{name}");
    }
}
