//! The warehouse: one dispatch for a message.

use serde_json::{Value, json};

use crate::world::{Reply, World, get, post};

async fn send(world: &World, body: &Value) -> Reply {
    post("/dispatches", body.to_string()).header("doorbuster-run", "r").to(world.addresses().warehouse).await.unwrap()
}

#[tokio::test]
async fn a_message_is_dispatched_once() {
    let world = World::new().await;
    let body = json!({ "message": "m1", "order": "DB-1", "email": "a@example.test", "lines": [{ "sku": "S", "quantity": 2 }] });
    let first = send(&world, &body).await;
    assert_eq!(first.status, 201, "{}", first.text);
    let second = send(&world, &body).await;
    assert_eq!((second.status, &second.json()["redelivered"]), (200, &true.into()));
    assert_eq!(first.json()["dispatch"], second.json()["dispatch"]);
    let id = first.json()["dispatch"].as_str().unwrap().to_owned();
    let found = get(format!("/dispatches/{id}")).to(world.addresses().warehouse).await.unwrap();
    assert_eq!(found.json()["lines"], body["lines"]);
    let rows = world.statement().await;
    let told: Vec<(&Value, &Value)> = rows.iter().map(|row| (&row["op"], &row["object"])).collect();
    assert_eq!(told, [(&"dispatch".into(), &id.clone().into()), (&"redelivery".into(), &id.into())]);
    assert_eq!((&rows[0]["key"], &rows[0]["order"], &rows[0]["run"]), (&"m1".into(), &"DB-1".into(), &"r".into()));
}

#[tokio::test]
async fn what_is_no_dispatch_is_refused() {
    let world = World::new().await;
    for body in [
        json!({ "order": "DB-1", "lines": [{ "sku": "S", "quantity": 1 }] }),
        json!({ "message": "m", "lines": [{ "sku": "S", "quantity": 1 }] }),
        json!({ "message": "m", "order": "DB-1", "lines": [] }),
        json!({ "message": "m", "order": "DB-1", "lines": [{ "sku": "S", "quantity": 0 }] }),
        json!([]),
    ] {
        let reply = send(&world, &body).await;
        assert_eq!((reply.status, reply.json()["error"]["code"].is_string()), (400, true), "{body}");
    }
    assert_eq!(get("/dispatches/dis_none").to(world.addresses().warehouse).await.unwrap().status, 404);
    assert!(world.statement().await.is_empty());
}

#[tokio::test]
async fn a_lost_answer_leads_to_a_redelivery() {
    let world = World::new().await;
    world.rule("drop", json!({ "provider": "warehouse", "run": "r", "when": { "nth": [1] }, "effect": { "commit_then_drop": {} } })).await;
    let body = json!({ "message": "m1", "order": "DB-1", "lines": [{ "sku": "S", "quantity": 2 }] });
    let lost =
        post("/dispatches", body.to_string()).header("doorbuster-run", "r").to(world.addresses().warehouse).await;
    assert!(lost.is_err());
    assert_eq!(send(&world, &body).await.json()["redelivered"], true);
    assert_eq!(world.rows("dispatch").await[0]["answer"], "lost");
}
