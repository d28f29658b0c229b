//! Authorisations: captured in parts, released, run out; and the clock by which they do.

use serde_json::{Value, json};

use crate::world::{Reply, World, get, post, put};

const DAY_MS: u64 = 86_400_000;
const HOLD: &str = "amount=1000&currency=usd&confirm=true&payment_method=pm_card_visa&capture_method=manual";
const MULTI: &str = "payment_method_options[card][request_multicapture]=if_available";

async fn hold(world: &World, rest: &str) -> String {
    let held = world.payment(post("/v1/payment_intents", format!("{HOLD}&{rest}"))).await.unwrap();
    assert_eq!(held.json()["status"], "requires_capture", "{}", held.text);
    held.id()
}

async fn capture(world: &World, id: &str, body: &str) -> Reply {
    world.payment(post(format!("/v1/payment_intents/{id}/capture"), body)).await.unwrap()
}

async fn clock(world: &World, ahead_ms: u64) {
    let reply = world.admin(put("/admin/clock", &json!({ "ahead_ms": ahead_ms }))).await;
    assert_eq!((reply.status, &reply.json()["ahead_ms"]), (200, &ahead_ms.into()), "{}", reply.text);
}

async fn moves(world: &World) -> Vec<(String, i64)> {
    let rows = world.statement().await;
    let money = |row: &Value| (row["op"].as_str().unwrap().to_owned(), row["amount_minor"].as_i64().unwrap());
    rows.iter().filter(|row| row["amount_minor"].is_i64() && row["op"] != "create").map(money).collect()
}

fn told(pairs: &[(&str, i64)]) -> Vec<(String, i64)> {
    pairs.iter().map(|(op, amount)| ((*op).to_owned(), *amount)).collect()
}

#[tokio::test]
async fn several_captures_take_the_money_and_the_last_releases_the_rest() {
    let world = World::new().await;
    let id = hold(&world, MULTI).await;
    let first = capture(&world, &id, "amount_to_capture=300&final_capture=false").await.json();
    assert_eq!(
        (&first["status"], &first["amount_capturable"], &first["amount_received"]),
        (&"requires_capture".into(), &700.into(), &300.into())
    );
    let too_much = capture(&world, &id, "amount_to_capture=701").await;
    assert_eq!((too_much.status, &too_much.json()["error"]["code"]), (400, &"amount_too_large".into()));
    let last = capture(&world, &id, "amount_to_capture=600").await.json();
    assert_eq!((&last["status"], &last["amount_received"]), (&"succeeded".into(), &900.into()));
    let late = capture(&world, &id, "amount_to_capture=100").await.json();
    assert!(late["error"]["message"].as_str().unwrap().contains("has been released"), "{late}");
    assert_eq!(moves(&world).await, told(&[("authorise", 1_000), ("capture", 300), ("capture", 600), ("void", 100)]));
    let finals: Vec<Value> = world.rows("capture").await.iter().map(|row| row["detail"]["final"].clone()).collect();
    assert_eq!(finals, [false, true]);
}

#[tokio::test]
async fn only_who_asked_for_several_captures_gets_them() {
    let world = World::new().await;
    let id = hold(&world, "description=d").await;
    let refused = capture(&world, &id, "amount_to_capture=300&final_capture=false").await;
    assert_eq!((refused.status, &refused.json()["error"]["param"]), (400, &"final_capture".into()));
    assert_eq!(capture(&world, &id, "").await.json()["amount_received"], 1_000);
    let again = capture(&world, &id, "").await.json();
    assert!(again["error"]["message"].as_str().unwrap().ends_with("has already been captured."), "{again}");
}

#[tokio::test]
async fn what_is_left_of_a_partial_capture_can_be_cancelled_or_let_go() {
    let world = World::new().await;
    let (one, other) = (hold(&world, MULTI).await, hold(&world, MULTI).await);
    for id in [&one, &other] {
        capture(&world, id, "amount_to_capture=300&final_capture=false").await;
    }
    let cancelled = world.payment(post(format!("/v1/payment_intents/{one}/cancel"), "")).await.unwrap().json();
    assert_eq!((&cancelled["status"], &cancelled["amount_received"]), (&"canceled".into(), &300.into()));
    let let_go = capture(&world, &other, "amount_to_capture=0").await.json();
    assert_eq!((&let_go["status"], &let_go["amount_received"]), (&"succeeded".into(), &300.into()));
    let voided: i64 = world.rows("void").await.iter().map(|row| row["amount_minor"].as_i64().unwrap()).sum();
    assert_eq!(voided, 1_400);
    let refund = world.payment(post("/v1/refunds", format!("payment_intent={other}"))).await.unwrap().json();
    assert_eq!(refund["amount"], 300);
}

#[tokio::test]
async fn an_authorisation_runs_out_after_seven_days() {
    let world = World::new().await;
    let id = hold(&world, "description=d").await;
    clock(&world, 7 * DAY_MS - 60_000).await;
    assert_eq!(world.rows("expire").await.len(), 0);
    clock(&world, 7 * DAY_MS + 60_000).await;
    let rows = world.rows("expire").await;
    assert_eq!((rows.len(), &rows[0]["parent"], &rows[0]["amount_minor"]), (1, &id.as_str().into(), &1_000.into()));
    let intent = world.payment(get(format!("/v1/payment_intents/{id}"))).await.unwrap().json();
    assert_eq!(
        (&intent["status"], &intent["cancellation_reason"], &intent["amount_capturable"]),
        (&"canceled".into(), &"automatic".into(), &0.into())
    );
    let late = capture(&world, &id, "").await;
    assert!(late.status == 400 && late.text.contains("it has a status of canceled"), "{}", late.text);
    for kind in ["charge.expired", "payment_intent.canceled"] {
        let events = world.payment(get(format!("/v1/events?type={kind}"))).await.unwrap().json();
        assert_eq!(events["data"].as_array().unwrap().len(), 1, "{kind}");
    }
    // The clock stays where it is over a restart, and what is made now is of that day.
    let after = world.after_a_kill().await;
    let made = after.buy(1_000, "later").await.unwrap().json()["created"].as_i64().unwrap();
    assert!(made > intent["created"].as_i64().unwrap() + 6 * 86_400);
}

#[tokio::test]
async fn a_key_is_forgotten_after_a_day() {
    let world = World::new().await;
    let first = world.buy(1_000, "k").await.unwrap();
    clock(&world, DAY_MS - 60_000).await;
    assert_eq!(world.buy(1_000, "k").await.unwrap().text, first.text);
    clock(&world, DAY_MS + 60_000).await;
    let second = world.buy(1_000, "k").await.unwrap();
    assert_eq!((second.header("idempotent-replayed"), second.id() == first.id()), (None, false));
    assert_eq!(world.buy(1_000, "k").await.unwrap().text, second.text, "the new answer is kept in its turn");
    let store = rusqlite::Connection::open(world.directory.path().join("providers.db")).unwrap();
    let answers: i64 = store.query_row("SELECT count(*) FROM answer", [], |row| row.get(0)).unwrap();
    assert_eq!(answers, 1, "what is forgotten is gone from the table");
    let after = world.after_a_kill().await;
    assert_eq!(after.buy(1_000, "k").await.unwrap().text, second.text);
}

#[tokio::test]
async fn a_fault_sets_the_clock_ahead_while_it_lasts() {
    let world = World::new().await;
    world.rule("late", json!({ "effect": { "clock_ahead": { "ms": DAY_MS } } })).await;
    let bought = world.buy(1_000, "k").await.unwrap().json();
    assert_eq!(world.rows("capture").await[0]["effect"], "clock_ahead");
    assert_eq!(world.counters("late").await, (1, 1, 0));
    world.admin(crate::world::delete("/admin/rules/late")).await;
    let now = world.admin(get("/admin/clock")).await.json();
    assert_eq!(now["by_rules_ms"], 0);
    assert!(bought["created"].as_i64().unwrap() > now["now_us"].as_i64().unwrap() / 1_000_000 + 86_000);
}

#[tokio::test]
async fn a_rule_that_sets_the_clock_ahead_lets_authorisations_run_out() {
    let world = World::new().await;
    hold(&world, "description=d").await;
    world.rule("late", json!({ "effect": { "clock_ahead": { "ms": 8 * DAY_MS } } })).await;
    world.until("it has run out", async |world| world.rows("expire").await.len() == 1).await;
}
