//! The desks behind a checkout: refunds that take time, disputes, settlement, and all of it across a kill.

use serde_json::Value;

use crate::world::{World, get, post, purchase};

async fn desk() -> World {
    World::with(|config| {
        config.desk.dispute_after_ms = 1;
        config.desk.dispute_decided_ms = 1;
        config.desk.refund_settles_ms = 1;
        config.desk.refund_fails_ms = 1;
    })
    .await
}

async fn states(world: &World, op: &str) -> Vec<Value> {
    world.rows(op).await.iter().map(|row| row["state"].clone()).collect()
}

#[tokio::test]
async fn a_dispute_is_opened_answered_and_won() {
    let world = desk().await;
    world.payment(purchase(1_000, "pm_card_createDispute")).await.unwrap();
    world.until("it is disputed", async |world| !world.rows("dispute").await.is_empty()).await;
    let row = world.rows("dispute").await.remove(0);
    assert_eq!(
        (&row["state"], &row["amount_minor"], &row["order"]),
        (&"needs_response".into(), &1_000.into(), &"DB-1".into())
    );
    let path = format!("/v1/disputes/{}", row["object"].as_str().unwrap());
    let sent = world.payment(post(&path, "evidence[uncategorized_text]=winning_evidence")).await.unwrap();
    assert_eq!((sent.status, &sent.json()["status"]), (200, &"under_review".into()), "{}", sent.text);
    world.until("it is decided", async |world| states(world, "dispute").await.len() == 3).await;
    assert_eq!(states(&world, "dispute").await, ["needs_response", "under_review", "won"]);
    let report = world.admin(get("/admin/settlement?provider=payment")).await.text;
    let categories: Vec<&str> = report.lines().skip(1).filter_map(|line| line.split(',').nth(3)).collect();
    assert_eq!(categories, ["charge", "dispute", "dispute_reversal"]);
}

#[tokio::test]
async fn refunds_that_take_time_keep_their_key_in_the_statement() {
    let world = desk().await;
    for (n, method) in ["pm_card_pendingRefund", "pm_card_refundFail"].into_iter().enumerate() {
        let intent = world.payment(purchase(700, method)).await.unwrap().id();
        world.payment(post("/v1/refunds", format!("payment_intent={intent}")).key(format!("r{n}"))).await.unwrap();
    }
    world.until("one settled", async |world| states(world, "refund").await.len() == 3).await;
    world.until("one came back", async |world| !world.rows("refund_failed").await.is_empty()).await;
    let refunds = world.rows("refund").await;
    let mut told: Vec<(&str, &str)> =
        refunds.iter().map(|row| (row["key"].as_str().unwrap(), row["state"].as_str().unwrap())).collect();
    told.sort_unstable();
    assert_eq!(told, [("r0", "pending"), ("r0", "succeeded"), ("r1", "succeeded")]);
    let failed = world.rows("refund_failed").await.remove(0);
    assert_eq!((&failed["key"], &failed["amount_minor"]), (&"r1".into(), &700.into()));
    let again = post("/v1/refunds", format!("charge={}", failed["parent"].as_str().unwrap()));
    assert_eq!(world.payment(again).await.unwrap().status, 200, "what came back can be refunded again");
}

#[tokio::test]
async fn what_was_due_later_survives_a_kill() {
    let world = World::with(|config| config.desk.refund_settles_ms = 300).await;
    let intent = world.payment(purchase(700, "pm_card_pendingRefund")).await.unwrap().id();
    let refund = world.payment(post("/v1/refunds", format!("payment_intent={intent}"))).await.unwrap().id();
    let second = world.after_a_kill().await;
    second.until("it settles after the kill", async |world| states(world, "refund").await.len() == 2).await;
    let found = second.payment(get(format!("/v1/refunds/{refund}"))).await.unwrap().json();
    assert_eq!((&found["status"], found["balance_transaction"].is_string()), (&"succeeded".into(), true));
    let third = second.after_a_kill().await;
    let charge = get(format!("/v1/refunds/{refund}?expand[]=balance_transaction.source&expand[]=charge"));
    let whole = third.payment(charge).await.unwrap().json();
    assert_eq!(whole["balance_transaction"]["source"]["id"], refund);
    assert_eq!(whole["charge"]["amount_refunded"], 700);
}

#[tokio::test]
async fn strangers_see_nothing_of_an_account() {
    let world = World::new().await;
    let intent = world.buy(500, "k").await.unwrap().json();
    let customer = world.payment(post("/v1/customers", "email=a@shop.example")).await.unwrap().id();
    let charge = intent["latest_charge"].as_str().unwrap();
    let entry = world.payment(get(format!("/v1/charges/{charge}"))).await.unwrap().json();
    let entry = entry["balance_transaction"].as_str().unwrap().to_owned();
    let paths = [
        format!("/v1/charges/{charge}"),
        format!("/v1/balance_transactions/{entry}"),
        format!("/v1/customers/{customer}"),
        format!("/v1/payment_methods/{}", intent["payment_method"].as_str().unwrap()),
    ];
    for path in paths {
        assert_eq!(world.payment(get(&path)).await.unwrap().status, 200, "{path}");
        let stranger = get(&path).bearer("sk_test_stranger").to(world.addresses().payment).await.unwrap();
        assert_eq!((stranger.status, &stranger.json()["error"]["code"]), (404, &"resource_missing".into()), "{path}");
    }
    for path in ["/v1/charges", "/v1/customers", "/v1/balance_transactions", "/v1/events", "/v1/disputes"] {
        let none = get(path).bearer("sk_test_stranger").to(world.addresses().payment).await.unwrap();
        assert_eq!(none.json()["data"], Value::Array(Vec::new()), "{path}");
    }
}
