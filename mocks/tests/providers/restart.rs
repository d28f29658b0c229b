//! A kill loses nothing that was answered, and what was held is known to be lost.

use std::sync::Arc;

use mocks::{Config, serve};
use rusqlite::Connection;
use serde_json::{Value, json};

use crate::world::{PUBLISHABLE_KEY, RUN, World, get, post, purchase};

#[tokio::test]
async fn everything_is_back_after_a_kill() {
    let world = World::new().await;
    world.lease(Value::Null).await;
    let when = json!({ "path": "/v1/charges" });
    world.rule("f", json!({ "when": when, "effect": { "respond": { "status": 500 } } })).await;
    let bought = world.buy(1_000, "k").await.unwrap();
    let refunded = world
        .payment(post("/v1/refunds", format!("payment_intent={}&amount=400", bought.id())).key("r"))
        .await
        .unwrap();
    let held = world.payment(post("/v1/payment_intents", "amount=700&currency=usd").key("h")).await.unwrap();
    assert_eq!(world.payment(get("/v1/charges")).await.unwrap().status, 500);
    let statement = world.statement().await;

    let after = world.after_a_kill().await;
    assert_eq!(after.statement().await, statement);
    let replayed = after.buy(1_000, "k").await.unwrap();
    assert_eq!((&replayed.text, replayed.header("idempotent-replayed")), (&bought.text, Some("true")));
    let refund = after.payment(get(format!("/v1/refunds/{}", refunded.id()))).await.unwrap();
    assert_eq!(refund.json(), refunded.json());
    let too_much =
        after.payment(post("/v1/refunds", format!("payment_intent={}&amount=601", bought.id()))).await.unwrap();
    assert_eq!(too_much.status, 400);
    assert_eq!(after.counters("f").await, (1, 1, 0));
    assert_eq!(after.payment(get("/v1/charges")).await.unwrap().status, 500);
    let confirm = format!(
        "key={PUBLISHABLE_KEY}&client_secret={}&payment_method=pm_card_visa",
        held.json()["client_secret"].as_str().unwrap()
    );
    let confirmed = post(format!("/v1/payment_intents/{}/confirm", held.id()), confirm)
        .to(after.addresses().payment)
        .await
        .unwrap();
    assert_eq!(confirmed.status, 200, "{}", confirmed.text);
    let rows = after.statement().await;
    let numbers: Vec<i64> = rows.iter().map(|row| row["seq"].as_i64().unwrap()).collect();
    assert!(numbers.windows(2).all(|pair| pair[0] < pair[1]), "{numbers:?}");
    assert!(rows.iter().all(|row| row["run"] == RUN));
    let fresh = after.buy(1_000, "k2").await.unwrap();
    assert!(fresh.id() != bought.id() && fresh.id() != held.id());
}

#[tokio::test]
async fn an_answer_that_was_held_at_the_kill_was_lost() {
    let world = Arc::new(World::new().await);
    world.rule("slow", json!({ "effect": { "delay": { "fixed": { "ms": 60_000 } } } })).await;
    let asked = tokio::spawn({
        let world = Arc::clone(&world);
        async move { world.payment(purchase(1_000, "pm_card_visa").key("k")).await }
    });
    world
        .until("it is executed", async |world| {
            world.counters("slow").await.1 == 1 && world.admin(get("/metrics")).await.text.contains("status=\"200\"} 1")
        })
        .await;
    assert_eq!(world.rows("capture").await.len(), 0, "what is open is not told");
    let after = world.after_a_kill().await;
    let rows = after.rows("capture").await;
    assert_eq!((rows.len(), &rows[0]["answer"], &rows[0]["fault"]), (1, &"lost".into(), &"slow".into()));
    assert_eq!(after.counters("slow").await, (1, 1, 1));
    asked.abort();
}

#[tokio::test]
async fn rules_that_ran_out_while_nobody_was_there_expire_at_the_start() {
    let world = World::new().await;
    world.rule("f", json!({ "ttl_ms": 60, "effect": { "respond": { "status": 500 } } })).await;
    let copy = world.after_a_kill().await;
    copy.until("it has expired", async |world| world.rows("fault").await.iter().any(|row| row["state"] == "expired"))
        .await;
    assert_eq!(copy.buy(1_000, "k").await.unwrap().status, 200);
}

#[tokio::test]
async fn a_graceful_stop_folds_the_log_in() {
    let World { running, directory } = World::new().await;
    let path = directory.path().join("providers.db");
    let busy = serve(Config::new(&path)).await.err().expect("the store is one process's");
    assert!(busy.to_string().starts_with("lock the providers' store"), "{busy}");
    running.stop().await;
    let again = serve(Config::new(&path)).await.expect("it is free again");
    let address = again.addresses().payment;
    let mut config = Config::new(directory.path().join("other.db"));
    config.payment = address;
    let taken = serve(config).await.err().expect("the port is taken");
    assert!(taken.to_string().contains(&address.to_string()), "{taken}");
    again.stop().await;
}

#[tokio::test]
async fn what_cannot_be_stored_is_refused_and_leaves_no_trace() {
    let world = World::new().await;
    let first = world.buy(1_000, "before").await.unwrap();
    let other = Connection::open(world.directory.path().join("providers.db")).unwrap();
    let full = "CREATE TRIGGER full BEFORE INSERT ON statement BEGIN SELECT RAISE(ABORT, 'disk is full'); END";
    other.execute_batch(full).unwrap();
    let refused = world.buy(1_000, "k").await.unwrap();
    assert_eq!((refused.status, &refused.json()["error"]["type"]), (500, &"api_error".into()));
    let refund = || post("/v1/refunds", format!("payment_intent={}", first.id())).key("r");
    assert_eq!(world.payment(refund()).await.unwrap().status, 500);
    other.execute_batch("DROP TRIGGER full").unwrap();
    let made = world.buy(1_000, "k").await.unwrap();
    assert_eq!((made.status, made.header("idempotent-replayed")), (200, None), "nothing was begun under the key");
    let refunded = world.payment(refund()).await.unwrap();
    assert_eq!((refunded.status, &refunded.json()["amount"]), (200, &1_000.into()), "the money was still there");
    assert_eq!(world.rows("capture").await.len(), 2);
    let listed = world.payment(get("/v1/payment_intents")).await.unwrap().json();
    assert_eq!(listed["data"].as_array().unwrap().len(), 2);
}
