//! Adyen's idempotency keys.

use std::sync::Arc;

use serde_json::json;

use crate::adyen::{API_KEY, ask, payment, psp};
use crate::world::{Ask, World, post};

fn keyed(value: i64, key: &str) -> Ask {
    post("/v72/payments", payment(value, "4111111111111111").to_string()).key(key).header("x-api-key", API_KEY)
}

#[tokio::test]
async fn a_key_answers_as_it_did() {
    let world = World::new().await;
    let address = world.addresses().backup_payment;
    let first = keyed(1_000, "k").to(address).await.unwrap();
    let again = keyed(1_000, "k").to(address).await.unwrap();
    assert_eq!((again.status, &again.text), (first.status, &first.text));
    assert_eq!(
        (again.header("idempotency-key"), again.header("pspreference")),
        (Some("k"), Some(psp(&first).as_str()))
    );
    assert_eq!(again.header("idempotent-replayed"), None, "that header is another provider's");
    let other = keyed(2_000, "k").to(address).await.unwrap();
    assert_eq!((other.status, &other.json()["errorCode"], other.header("transient-error")), (422, &"704".into(), None));
    assert_eq!(world.rows("replay").await.len(), 1);
    assert_eq!(world.rows("capture").await.len(), 1);
    assert_eq!(keyed(1_000, &"k".repeat(65)).to(address).await.unwrap().status, 422);
    let refused = payment(1_000, "4000000000000002").to_string();
    let refused = async || ask(&world, post("/v72/payments", refused.clone()).key("refused")).await.text;
    assert_eq!(refused().await, refused().await, "a refusal is an answer, too");
}

#[tokio::test]
async fn what_is_transient_is_not_kept() {
    let world = World::new().await;
    let address = world.addresses().backup_payment;
    let rule = json!({ "provider": "backup_payment", "effect": { "respond": { "status": 503 } } });
    world.rule("down", rule).await;
    let down = keyed(1_000, "k").to(address).await.unwrap();
    assert_eq!(
        (down.status, down.header("transient-error"), &down.json()["errorType"]),
        (503, Some("true"), &"internal".into())
    );
    world.admin(crate::world::delete("/admin/rules")).await;
    let wrong = post("/v72/payments", payment(-1, "4111111111111111").to_string()).key("k");
    assert_eq!(ask(&world, wrong).await.status, 422);
    assert_eq!(keyed(1_000, "k").to(address).await.unwrap().json()["resultCode"], "Authorised");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_four_at_once_execute_once() {
    let world = Arc::new(World::new().await);
    for round in 0..5 {
        let asks: Vec<_> = (0..64)
            .map(|_| {
                let address = world.addresses().backup_payment;
                tokio::spawn(async move { keyed(1_000, &format!("k{round}")).to(address).await.unwrap() })
            })
            .collect();
        let mut texts = Vec::new();
        for ask in asks {
            let reply = ask.await.unwrap();
            match reply.status {
                200 => texts.push(reply.text),
                409 => {
                    assert_eq!(reply.json()["errorCode"], "704");
                    assert_eq!(reply.header("transient-error"), Some("true"));
                }
                status => panic!("{status}: {}", reply.text),
            }
        }
        assert!(!texts.is_empty());
        assert!(texts.iter().all(|text| *text == texts[0]));
    }
    assert_eq!(world.rows("authorise").await.len(), 5);
    assert_eq!(world.rows("capture").await.len(), 5);
}

#[tokio::test]
async fn an_answer_that_was_lost_is_found_under_its_key() {
    let world = World::new().await;
    let address = world.addresses().backup_payment;
    let rule = json!({ "provider": "backup_payment", "when": { "nth": [1] }, "effect": { "commit_then_drop": {} } });
    world.rule("cut", rule).await;
    assert!(keyed(1_000, "k").to(address).await.is_err());
    let found = keyed(1_000, "k").to(address).await.unwrap();
    assert_eq!(found.json()["resultCode"], "Authorised");
    let rows = world.rows("authorise").await;
    assert_eq!((rows.len(), &rows[0]["answer"], &rows[0]["object"]), (1, &"lost".into(), &psp(&found).into()));
}
