//! Clients that hang up: what they asked for is done to its end, and what is stored is sent.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use serde_json::json;
use support::{Act, Stage, checkout_body, providers::signature, states, until, wire::begin};

/// A shop that waits long for its providers, and looks for nothing by itself.
async fn patient() -> Stage {
    Stage::with(|config| {
        config["payment"]["timeout_ms"] = 20_000.into();
        config["reconcile_after_ms"] = 600_000.into();
    })
    .await
}

/// Checks out, and hangs up while the provider has not answered the charge.
async fn leave_at_the_till(stage: &Stage) {
    stage.providers.script(|operation, _| if operation == "create" { Act::Wait } else { Act::Serve });
    let cart = stage.cart(&[("tv", 1)]).await;
    let body = checkout_body("pm_card_visa").to_string();
    let path = format!("/carts/{cart}/checkout");
    let connection = begin(stage.shop, "POST", &path, &[("idempotency-key", "k")], &body).await;
    until("the shop charges", || async { stage.providers.calls("create") == 1 }).await;
    drop(connection);
}

/// Lets the shop see that its client has gone: it has answered others since.
async fn seen(stage: &Stage) {
    for _ in 0..20 {
        assert_eq!(stage.get("/products").await.status, 200);
    }
}

#[tokio::test]
async fn an_event_is_taken_in_though_the_provider_hangs_up() {
    let stage = patient().await;
    stage.providers.script(|operation, _| match operation {
        "create" => Act::Lose,
        "retrieve" => Act::Wait,
        _ => Act::Serve,
    });
    let cart = stage.cart(&[("tv", 1)]).await;
    let order = stage.check_out(&cart, "k", "pm_card_visa").await.order();
    assert_eq!(stage.state(&order).await, "pending");

    // The shop asks the provider what is true of it, and the provider hangs up meanwhile.
    let charge = stage.providers.charges().remove(0);
    let (payload, signature) = signature("evt_1", "payment_intent.payment_failed", &charge.object());
    let headers = [("stripe-signature", signature.as_str())];
    let connection = begin(stage.shop, "POST", "/webhooks/payment", &headers, &payload).await;
    until("the shop asks", || async { stage.providers.calls("retrieve") == 1 }).await;
    drop(connection);
    seen(&stage).await;
    assert_eq!(stage.get("/admin/quiet").await.json["in_flight"], 1);
    stage.providers.gate.notify_one();
    stage.until_state(&order, "fulfilled").await;
    stage.until_quiet().await;
    assert_eq!(stage.providers.document(&order).as_deref(), Some("Committed"));
}

#[tokio::test]
async fn a_checkout_and_a_refund_end_though_the_shopper_hangs_up() {
    let stage = patient().await;
    leave_at_the_till(&stage).await;
    seen(&stage).await;
    stage.providers.gate.notify_one();
    until("it is sent", || async { stage.providers.dispatches().len() == 1 }).await;
    stage.until_quiet().await;
    assert_eq!(states(&stage.book().await[0]), ["pending", "paid", "fulfilled"]);

    stage.providers.script(|operation, _| if operation == "refund" { Act::Wait } else { Act::Serve });
    let order = stage.book().await[0]["number"].as_str().unwrap().to_owned();
    let path = format!("/orders/{order}/refunds");
    let connection = begin(stage.shop, "POST", &path, &[("idempotency-key", "r")], "{}").await;
    until("the shop asks for it", || async { stage.providers.calls("refund") == 1 }).await;
    drop(connection);
    seen(&stage).await;
    stage.providers.gate.notify_one();
    stage.until_quiet().await;
    assert_eq!(stage.book().await[0]["refunds"][0]["state"], "succeeded");
}

#[tokio::test]
async fn closing_waits_for_what_a_shopper_left_behind() {
    let mut stage = patient().await;
    leave_at_the_till(&stage).await;
    let running = stage.running.take().unwrap();
    let closing = tokio::spawn(running.stop());
    until("the door is closed", || async { tokio::net::TcpStream::connect(stage.shop).await.is_err() }).await;
    stage.providers.gate.notify_one();
    closing.await.unwrap();
    let store = rusqlite::Connection::open(&stage.config.store).unwrap();
    let state: String = store.query_row("SELECT state FROM orders", [], |row| row.get(0)).unwrap();
    assert_eq!(state, "paid");
}

#[tokio::test]
async fn what_is_stored_and_in_nobodys_hands_is_found_and_sent() {
    let stage = Stage::honest().await;
    let cart = stage.cart(&[("tv", 1)]).await;
    let order = stage.check_out(&cart, "k", "pm_card_visa").await.order();
    stage.until_state(&order, "fulfilled").await;
    stage.until_quiet().await;
    let store = rusqlite::Connection::open(&stage.config.store).unwrap();
    store.busy_timeout(std::time::Duration::from_secs(5)).unwrap();
    let owe = "INSERT INTO outbox (order_seq, kind, owner) SELECT 1, 'tax_void', id FROM instances";
    assert_eq!(store.execute(owe, []).unwrap(), 1);
    assert_eq!(stage.get("/admin/quiet").await.json["outbox_pending"], json!(1), "owed, though nobody is at it");
    until("it is sent", || async { stage.providers.document(&order).as_deref() == Some("Cancelled") }).await;
    stage.until_quiet().await;
    assert_eq!(stage.providers.calls("void"), 1);
}
