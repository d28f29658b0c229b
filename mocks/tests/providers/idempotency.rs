//! Keys execute once, whoever asks, however often, however many at a time.

use std::sync::Arc;

use serde_json::json;

use crate::world::{World, post, purchase};

#[tokio::test]
async fn a_key_replays_the_answer_that_was_stored() {
    let world = World::new().await;
    let first = world.buy(1_000, "k").await.unwrap();
    world.payment(post(format!("/v1/payment_intents/{}", first.id()), "metadata[note]=changed")).await.unwrap();
    let second = world.buy(1_000, "k").await.unwrap();
    assert_eq!((second.status, &second.text), (first.status, &first.text), "the stored answer, not the live object");
    assert_eq!((first.header("idempotent-replayed"), second.header("idempotent-replayed")), (None, Some("true")));
    let replays = world.rows("replay").await;
    assert_eq!((replays.len(), &replays[0]["object"], &replays[0]["replayed"]), (1, &first.id().into(), &true.into()));
    assert_eq!((&replays[0]["order"], &replays[0]["key"]), (&"DB-1".into(), &"k".into()));
    assert_eq!(world.rows("capture").await.len(), 1);
}

#[tokio::test]
async fn refusals_by_card_and_state_are_replayed_too() {
    let world = World::new().await;
    let declined = world.payment(purchase(1_000, "pm_card_chargeDeclined").key("d")).await.unwrap();
    let again = world.payment(purchase(1_000, "pm_card_chargeDeclined").key("d")).await.unwrap();
    assert_eq!((again.status, &again.text, again.header("idempotent-replayed")), (402, &declined.text, Some("true")));
    let intent = world.buy(1_000, "k").await.unwrap().id();
    let refund = || post("/v1/refunds", format!("payment_intent={intent}&amount=2000")).key("r");
    let refused = world.payment(refund()).await.unwrap();
    assert_eq!((refused.status, world.payment(refund()).await.unwrap().text), (400, refused.text));
    assert_eq!(world.rows("refund").await.len(), 1);
}

#[tokio::test]
async fn a_key_means_one_request() {
    let world = World::new().await;
    world.buy(1_000, "k").await.unwrap();
    let other = world.buy(1_001, "k").await.unwrap();
    assert_eq!((other.status, &other.json()["error"]["type"]), (400, &"idempotency_error".into()));
    let elsewhere = world.payment(post("/v1/refunds", "payment_intent=pi_1").key("k")).await.unwrap();
    assert_eq!(elsewhere.json()["error"]["type"], "idempotency_error");
    let told: Vec<_> =
        world.rows("key_reused").await.iter().map(|row| (row["key"].clone(), row["http_status"].clone())).collect();
    assert_eq!(told, vec![("k".into(), 400.into()); 2], "what was refused stands in the statement");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_four_at_once_execute_once() {
    let world = Arc::new(World::new().await);
    for round in 0..5 {
        let asks: Vec<_> = (0..64)
            .map(|_| {
                let world = Arc::clone(&world);
                tokio::spawn(async move { world.buy(1_000, &format!("k{round}")).await.unwrap() })
            })
            .collect();
        let mut texts = Vec::new();
        for ask in asks {
            let reply = ask.await.unwrap();
            match reply.status {
                200 => texts.push(reply.text),
                409 => assert_eq!(reply.json()["error"]["code"], "idempotency_key_in_use"),
                status => panic!("{status}: {}", reply.text),
            }
        }
        assert!(!texts.is_empty());
        assert!(texts.iter().all(|text| *text == texts[0]));
    }
    assert_eq!(world.rows("capture").await.len(), 5);
}

#[tokio::test]
async fn a_key_is_in_flight_while_its_answer_is_held() {
    let world = Arc::new(World::new().await);
    world.rule("hold", json!({ "effect": { "barrier": { "count": 3, "deadline_ms": 20_000 } } })).await;
    let first = tokio::spawn({
        let world = Arc::clone(&world);
        async move { world.buy(1_000, "k").await.unwrap() }
    });
    world.until("the first is executed", async |world| world.counters("hold").await.1 == 1).await;
    world.admin(crate::world::get("/admin/quiet")).await;
    let second = tokio::spawn({
        let world = Arc::clone(&world);
        async move { world.buy(1_000, "k").await.unwrap() }
    });
    world.until("the second has come", async |world| world.counters("hold").await.1 == 2).await;
    let third = world.buy(1_000, "k").await.unwrap();
    assert_eq!((third.status, third.header("stripe-should-retry")), (409, Some("true")));
    assert_eq!((first.await.unwrap().status, second.await.unwrap().status), (200, 409));
    world.admin(crate::world::delete("/admin/rules")).await;
    assert_eq!(world.buy(1_000, "k").await.unwrap().header("idempotent-replayed"), Some("true"));
}
