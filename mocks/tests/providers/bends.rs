//! Faults that change what is decided: declines, second executions, bodies of somebody else.

use serde_json::json;

use crate::world::{World, get, post};

async fn with_rule(rest: serde_json::Value) -> World {
    let world = World::new().await;
    world.rule("f", rest).await;
    world
}

#[tokio::test]
async fn a_good_card_is_declined_in_stripes_words() {
    let world = with_rule(json!({ "effect": { "decline": { "code": "do_not_honor" } } })).await;
    let reply = world.buy(1_000, "k").await.unwrap();
    let error = &reply.json()["error"];
    assert_eq!(
        (reply.status, &error["code"], &error["decline_code"]),
        (402, &"card_declined".into(), &"do_not_honor".into())
    );
    let rows = world.rows("authorise").await;
    assert_eq!((&rows[0]["state"], &rows[0]["effect"]), (&"declined".into(), &"decline".into()));
    assert_eq!(world.counters("f").await, (1, 1, 0));
    // What is asked again under the key is replayed, and what cannot be declined is not touched.
    assert_eq!(world.buy(1_000, "k").await.unwrap().header("idempotent-replayed"), Some("true"));
    let intent = error["payment_intent"]["id"].as_str().unwrap();
    assert_eq!(world.payment(get(format!("/v1/payment_intents/{intent}"))).await.unwrap().status, 200);
    assert_eq!(world.counters("f").await.1, 1);
}

#[tokio::test]
async fn a_capture_fails_and_the_authorisation_stays() {
    let world = with_rule(json!({ "effect": { "decline": {} }, "when": { "path": "*/capture", "nth": [1] } })).await;
    let body = "amount=900&currency=usd&confirm=true&capture_method=manual&payment_method=pm_card_visa";
    let id = world.payment(post("/v1/payment_intents", body)).await.unwrap().id();
    let capture = async || world.payment(post(format!("/v1/payment_intents/{id}/capture"), "")).await.unwrap();
    let failed = capture().await;
    assert_eq!((failed.status, &failed.json()["error"]["type"]), (402, &"card_error".into()));
    assert_eq!(capture().await.json()["status"], "succeeded");
    let states: Vec<_> = world.rows("capture").await.iter().map(|row| row["state"].clone()).collect();
    assert_eq!(states, ["failed", "succeeded"]);
}

#[tokio::test]
async fn one_key_is_committed_twice_and_one_answer_is_lost() {
    let world = with_rule(json!({ "effect": { "commit_twice": {} }, "when": { "method": "POST" } })).await;
    let told = world.buy(1_000, "k").await.unwrap().id();
    let captures = world.rows("capture").await;
    let parents: Vec<_> = captures.iter().map(|row| row["parent"].as_str().unwrap().to_owned()).collect();
    assert_eq!((parents.len(), &parents[0]), (2, &told));
    assert_ne!(parents[1], told);
    assert_eq!((&captures[0]["effect"], &captures[0]["answer"]), (&serde_json::Value::Null, &"sent".into()));
    assert_eq!((&captures[1]["effect"], &captures[1]["answer"]), (&"commit_twice".into(), &"lost".into()));
    assert_eq!(world.counters("f").await, (1, 1, 1));
    let listed = world.payment(get("/v1/payment_intents")).await.unwrap().json();
    assert_eq!(listed["data"].as_array().unwrap().len(), 2, "the second is known from the list");
    assert_eq!(world.buy(1_000, "k").await.unwrap().id(), told);
    assert_eq!(world.counters("f").await.1, 1, "a replay executes nothing");
}

#[tokio::test]
async fn bodies_of_somebody_else_come_under_the_right_status() {
    for (body, expected) in [("html", "<!DOCTYPE html>"), ("empty", ""), ("truncated", "{\"id\":")] {
        let world = with_rule(json!({ "effect": { "malformed": { "body": body } } })).await;
        let reply = world.buy(1_000, "k").await.unwrap();
        assert!(reply.text.starts_with(expected) && reply.text.len() < 2_000, "{body}: {}", reply.text);
        assert_eq!((reply.status, world.rows("capture").await[0]["answer"].clone()), (200, "altered".into()));
        assert_eq!(reply.header("content-type").unwrap().contains("html"), body == "html");
    }
}
