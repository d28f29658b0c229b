//! Webhooks: signed, tried again, and harmed on purpose.

use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::endpoint::{Arrived, Endpoint};
use crate::world::{World, delete, get, post, purchase};

async fn with(endpoint: &Endpoint) -> World {
    let world = World::new().await;
    world.lease(endpoint.webhook()).await;
    world
}

fn kinds(arrived: &[Arrived]) -> Vec<&str> {
    arrived.iter().map(Arrived::kind).collect()
}

async fn quiet(world: &World) {
    world
        .until("nothing waits", async |world| {
            let quiet = world.admin(get("/admin/quiet")).await.json();
            quiet["webhooks_pending"] == 0 && quiet["held"] == 0
        })
        .await;
}

#[tokio::test]
async fn events_arrive_signed() {
    let endpoint = Endpoint::new().await;
    let world = with(&endpoint).await;
    world.buy(1_000, "k").await.unwrap();
    let arrived = endpoint.wait(1).await;
    assert_eq!(kinds(&arrived), ["payment_intent.succeeded"]);
    let (time, signature) = arrived[0].signature.strip_prefix("t=").unwrap().split_once(",v1=").unwrap();
    let mut mac = Hmac::<Sha256>::new_from_slice(b"whsec_shop").unwrap();
    mac.update(format!("{time}.{}", arrived[0].text).as_bytes());
    assert_eq!(hex::encode(mac.finalize().into_bytes()), signature);
    assert_eq!(arrived[0].event["data"]["object"]["metadata"]["order"], "DB-1");
    quiet(&world).await;
    let rows = world.rows("webhook").await;
    assert_eq!(
        (&rows[0]["object"], &rows[0]["state"], &rows[0]["http_status"]),
        (&arrived[0].event["id"], &"delivered".into(), &200.into())
    );
    assert_eq!(
        (&rows[0]["detail"]["type"], &rows[0]["detail"]["attempt"]),
        (&"payment_intent.succeeded".into(), &1.into())
    );
    assert_eq!((&rows[0]["order"], &rows[0]["parent"]), (&"DB-1".into(), &arrived[0].event["data"]["object"]["id"]));
}

#[tokio::test]
async fn only_enabled_events_are_sent() {
    let endpoint = Endpoint::new().await;
    let world = World::new().await;
    let mut webhook = endpoint.webhook();
    webhook["events"] = json!(["charge.refunded", "refund.created"]);
    world.lease(webhook).await;
    let intent = world.buy(1_000, "k").await.unwrap().id();
    world.payment(post("/v1/refunds", format!("payment_intent={intent}"))).await.unwrap();
    let mut arrived = kinds(&endpoint.wait(2).await).into_iter().map(str::to_owned).collect::<Vec<_>>();
    arrived.sort();
    assert_eq!(arrived, ["charge.refunded", "refund.created"]);
}

#[tokio::test]
async fn what_fails_is_tried_again_until_the_schedule_ends() {
    let endpoint = Endpoint::failing(2).await;
    let world = with(&endpoint).await;
    world.buy(1_000, "k").await.unwrap();
    let arrived = endpoint.wait(3).await;
    assert!(arrived.iter().all(|again| again.text == arrived[0].text));
    quiet(&world).await;
    let states = async |world: &World| {
        world.rows("webhook").await.iter().map(|row| row["state"].clone()).collect::<Vec<Value>>()
    };
    assert_eq!(states(&world).await, ["failed", "failed", "delivered"]);

    let endpoint = Endpoint::failing(1_000).await;
    let world = with(&endpoint).await;
    world.buy(1_000, "k").await.unwrap();
    quiet(&world).await;
    assert_eq!(states(&world).await, ["failed"; 4], "one attempt and three repetitions");
    assert_eq!(world.rows("webhook").await[3]["detail"]["last"], true);
}

#[tokio::test]
async fn events_are_doubled() {
    let endpoint = Endpoint::new().await;
    let world = with(&endpoint).await;
    world.rule("twice", json!({ "effect": { "webhook_duplicate": { "copies": 2, "gap_ms": 1 } } })).await;
    world.buy(1_000, "k").await.unwrap();
    let arrived = endpoint.wait(3).await;
    assert!(arrived.iter().all(|again| again.event["id"] == arrived[0].event["id"]));
    quiet(&world).await;
    let rows = world.rows("webhook").await;
    let doubles: Vec<&Value> = rows.iter().filter(|row| row["state"] == "duplicate").collect();
    assert_eq!(
        (doubles.len(), &doubles[0]["fault"], &doubles[0]["effect"]),
        (2, &"twice".into(), &"webhook_duplicate".into())
    );
}

#[tokio::test]
async fn events_are_lost() {
    let endpoint = Endpoint::new().await;
    let world = with(&endpoint).await;
    world.rule("gone", json!({ "when": { "event": "*.succeeded" }, "effect": { "webhook_lose": {} } })).await;
    let intent = world.buy(1_000, "k").await.unwrap().id();
    world.payment(post("/v1/refunds", format!("payment_intent={intent}"))).await.unwrap();
    quiet(&world).await;
    assert_eq!(kinds(&endpoint.arrived()), ["charge.refunded"]);
    let rows = world.rows("webhook").await;
    assert!(rows.iter().any(|row| row["state"] == "lost" && row["fault"] == "gone" && row["http_status"].is_null()));
    assert_eq!(world.counters("gone").await, (1, 1, 0));
}

#[tokio::test]
async fn events_are_late() {
    let endpoint = Endpoint::new().await;
    let world = with(&endpoint).await;
    world.rule("late", json!({ "effect": { "webhook_delay": { "fixed": { "ms": 120 } } } })).await;
    let begun = std::time::Instant::now();
    world.buy(1_000, "k").await.unwrap();
    endpoint.wait(1).await;
    assert!(begun.elapsed() >= std::time::Duration::from_millis(120));
}

#[tokio::test]
async fn an_event_comes_before_the_answer() {
    let endpoint = Endpoint::shut().await;
    let world = std::sync::Arc::new(with(&endpoint).await);
    world.rule("early", json!({ "effect": { "webhook_early": {} } })).await;
    let answer = tokio::spawn({
        let world = std::sync::Arc::clone(&world);
        async move { world.buy(1_000, "k").await.unwrap().status }
    });
    endpoint.wait(1).await;
    assert!(!answer.is_finished(), "the answer waits for the endpoint");
    endpoint.open();
    assert_eq!(answer.await.unwrap(), 200);
}

#[tokio::test]
async fn an_older_event_waits_for_a_newer_one() {
    let endpoint = Endpoint::new().await;
    let world = with(&endpoint).await;
    world.rule("swap", json!({ "effect": { "webhook_reorder": { "deadline_ms": 20_000 } } })).await;
    let declined = world.payment(purchase(1_000, "pm_card_chargeDeclined")).await.unwrap().json();
    assert_eq!(world.admin(get("/admin/quiet")).await.json()["held"], 1);
    let path = format!("/v1/payment_intents/{}/confirm", declined["error"]["payment_intent"]["id"].as_str().unwrap());
    world.payment(post(path, "payment_method=pm_card_visa")).await.unwrap();
    assert_eq!(kinds(&endpoint.wait(2).await), ["payment_intent.succeeded", "payment_intent.payment_failed"]);
    quiet(&world).await;
}

#[tokio::test]
async fn a_held_event_goes_at_the_deadline_and_at_the_rules_end() {
    let endpoint = Endpoint::new().await;
    let world = with(&endpoint).await;
    world.rule("swap", json!({ "effect": { "webhook_reorder": { "deadline_ms": 60 } } })).await;
    world.buy(1_000, "k").await.unwrap();
    endpoint.wait(1).await;
    world.rule("swap", json!({ "effect": { "webhook_reorder": { "deadline_ms": 60_000 } } })).await;
    world.buy(1_000, "k2").await.unwrap();
    world.until("it is held", async |world| world.admin(get("/admin/quiet")).await.json()["held"] == 1).await;
    world.admin(delete("/admin/rules/swap")).await;
    endpoint.wait(2).await;
}

#[tokio::test]
async fn what_memory_has_no_room_for_waits_in_the_store() {
    let endpoint = Endpoint::shut().await;
    let world = World::with(|config| config.webhooks.queue_max = 4).await;
    world.lease(endpoint.webhook()).await;
    for n in 0..40 {
        world.buy(1_000, &format!("k{n}")).await.unwrap();
    }
    endpoint.open();
    let arrived = endpoint.wait(40).await;
    quiet(&world).await;
    let distinct: std::collections::HashSet<String> = arrived.iter().map(|one| one.event["id"].to_string()).collect();
    assert_eq!((distinct.len(), endpoint.arrived().len()), (40, 40));
}

#[tokio::test]
async fn what_was_not_delivered_is_after_a_restart() {
    let endpoint = Endpoint::shut().await;
    let world = with(&endpoint).await;
    world.buy(1_000, "k").await.unwrap();
    endpoint.wait(1).await;
    let after = world.after_a_kill().await;
    endpoint.open();
    let arrived = endpoint.wait(2).await;
    assert_eq!(arrived[0].text, arrived[1].text);
    quiet(&after).await;
    assert_eq!(after.rows("webhook").await.len(), 1);
}

#[tokio::test]
async fn a_stranger_claims_success_and_cannot_sign_it() {
    let endpoint = Endpoint::new().await;
    let world = World::new().await;
    let mut webhook = endpoint.webhook();
    webhook["events"] = json!(["payment_intent.payment_failed"]);
    world.lease(webhook).await;
    world.rule("forge", json!({ "effect": { "webhook_forge": {} } })).await;
    world.payment(purchase(1_000, "pm_card_chargeDeclined")).await.unwrap();
    let arrived = endpoint.wait(2).await;
    let forged = arrived.iter().find(|one| one.kind() == "payment_intent.succeeded").unwrap();
    assert_eq!(forged.event["data"]["object"]["amount_received"], 1_000);
    let (time, signature) = forged.signature.strip_prefix("t=").unwrap().split_once(",v1=").unwrap();
    let mut mac = Hmac::<Sha256>::new_from_slice(b"whsec_shop").unwrap();
    mac.update(format!("{time}.{}", forged.text).as_bytes());
    assert_ne!(hex::encode(mac.finalize().into_bytes()), signature);
    quiet(&world).await;
    let rows = world.rows("webhook").await;
    let states: Vec<&Value> = rows.iter().map(|row| &row["state"]).collect();
    assert!(states.contains(&&json!("forged")) && states.contains(&&json!("delivered")), "{states:?}");
    assert_eq!(world.counters("forge").await, (1, 1, 1));
}
