//! Fraud: every order is judged before anything is reserved for it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use support::{
    Act, Stage, checkout_body,
    wire::{Got, call},
};

const DOMAIN: &str = "shop.doorbuster.example";

fn with_judge(config: &mut Value, on_timeout: &str) {
    let url = config["tax"]["url"].clone();
    config["fraud"] =
        json!({"url": url, "shop_domain": DOMAIN, "auth_token": "ft", "timeout_ms": 200, "on_timeout": on_timeout});
}

async fn buy(stage: &Stage, who: &str, key: &str) -> Got {
    let cart = stage.cart(&[("rare", 1)]).await;
    let mut body = checkout_body("pm_card_visa");
    body["email"] = format!("{who}@example.com").into();
    stage.post(&format!("/carts/{cart}/checkout"), key, body).await
}

#[tokio::test]
async fn what_is_approved_is_charged_and_what_is_declined_never() {
    let stage = Stage::with(|config| with_judge(config, "accept")).await;
    assert_eq!(buy(&stage, "good", "k1").await.status, 201);
    let got = buy(&stage, "decline", "k2").await;
    assert_eq!((got.status, got.code()), (402, "payment_refused"), "{}", got.text);
    let order = got.order();
    let repeated = buy(&stage, "decline", "k2").await;
    assert_eq!(repeated.status, 422, "another cart under the same key");
    let body = json!({"payment": {"method": "pm_other"}});
    let second = stage.post(&format!("/orders/{order}/payments"), "k3", body).await;
    assert_eq!((second.status, second.code()), (409, "order_cancelled"), "a second card does not help");
    assert_eq!(stage.providers.succeeded().len(), 1);
    let book = stage.book().await;
    assert_eq!(
        (&book[0]["fraud"], &book[1]["fraud"], &book[1]["state"]),
        (&json!("approve"), &json!("decline"), &json!("cancelled"))
    );
    for key in ["k4", "k5"] {
        assert_eq!(buy(&stage, "good", key).await.status, 201, "its stock was given back");
    }
}

#[tokio::test]
async fn a_judge_who_does_not_answer_is_waited_for_and_passed_by() {
    let stage = Stage::with(|config| with_judge(config, "accept")).await;
    for (act, key) in [(Act::Lose, "a"), (Act::Refuse(500), "b"), (Act::Refuse(401), "c")] {
        stage.providers.script(move |operation, _| if operation == "decide" { act } else { Act::Serve });
        let got = buy(&stage, "decline", key).await;
        assert_eq!(got.status, 201, "{}", got.text);
        assert_eq!(stage.book().await.pop().unwrap()["fraud"], "unavailable");
    }
}

#[tokio::test]
async fn nobody_is_asked_while_the_flag_is_off() {
    let stage = Stage::with(|config| with_judge(config, "accept")).await;
    stage.put("/admin/flags/fraud", json!({"value": false})).await;
    assert_eq!(buy(&stage, "decline", "k1").await.status, 201);
    assert_eq!((stage.providers.calls("decide"), &stage.book().await[0]["fraud"]), (0, &json!("off")));
    let silent = Stage::honest().await;
    assert_eq!(buy(&silent, "decline", "k1").await.status, 201);
    assert_eq!(silent.book().await[0]["fraud"], Value::Null);
}

#[tokio::test]
async fn what_a_person_must_look_at_is_reserved_and_taken_once_approved() {
    let stage = Stage::with(|config| with_judge(config, "accept")).await;
    let got = buy(&stage, "review", "k1").await;
    assert_eq!((got.status, &got.json["state"], &got.json["review"]), (201, &json!("authorised"), &json!(true)));
    let order = got.order();
    let queue = stage.get("/admin/reviews").await.json;
    assert_eq!((&queue["reviews"][0]["order"], &queue["reviews"][0]["fraud"]), (&json!(order), &json!("review")));
    assert!(stage.providers.dispatches().is_empty());
    assert_eq!(stage.book().await[0]["review"], "pending");

    let path = format!("/admin/reviews/{order}");
    let decided = stage.post(&path, "d1", json!({"decision": "approve"})).await;
    assert_eq!(decided.status, 200, "{}", decided.text);
    stage.until_state(&order, "fulfilled").await;
    let line = stage.book().await.remove(0);
    assert_eq!((&line["review"], &line["paid_minor"]), (&json!("approved"), &line["total_minor"]));
    assert_eq!(stage.post(&path, "d2", json!({"decision": "approve"})).await.status, 200, "said again");
    assert_eq!(stage.post(&path, "d3", json!({"decision": "decline"})).await.code(), "already_decided");
    assert_eq!(stage.post("/admin/reviews/DB-1000099", "d4", json!({"decision": "approve"})).await.status, 404);
}

/// The provider's later word, signed with a token.
async fn notify(stage: &Stage, token: &str, order: &str, status: &str) -> u16 {
    let body =
        json!({"order": {"id": order, "status": status, "old_status": "submitted", "description": ""}}).to_string();
    let mut mac = Hmac::<Sha256>::new_from_slice(token.as_bytes()).unwrap();
    mac.update(body.as_bytes());
    let signature = hex::encode(mac.finalize().into_bytes());
    call(stage.shop, "POST", "/webhooks/fraud", &[("x-riskified-hmac-sha256", &signature)], Some(body)).await.status
}

#[tokio::test]
async fn what_is_declined_later_is_released_and_leaves_nothing_open() {
    let stage = Stage::with(|config| with_judge(config, "review")).await;
    stage.providers.script(|operation, _| if operation == "decide" { Act::Lose } else { Act::Serve });
    let got = buy(&stage, "anybody", "k1").await;
    assert_eq!((got.status, &got.json["state"]), (201, &json!("authorised")), "the policy for silence: {}", got.text);
    let order = got.order();
    assert_eq!(notify(&stage, "forged", &order, "declined").await, 400);
    assert_eq!(stage.state(&order).await, "authorised");
    for _ in 0..2 {
        assert_eq!(notify(&stage, "ft", &order, "declined").await, 200);
    }
    stage.until_state(&order, "cancelled").await;
    stage.until_quiet().await;
    assert_eq!(notify(&stage, "ft", &order, "approved").await, 200, "too late");
    let line = stage.book().await.remove(0);
    assert_eq!((&line["state"], &line["authorised_minor"]), (&json!("cancelled"), &json!(0)));
    assert_eq!(stage.get("/products/rare").await.json["available"], true);
    assert!(stage.providers.succeeded().is_empty() && stage.providers.dispatches().is_empty());
    assert!(stage.providers.charges().iter().all(|charge| charge.status == "canceled"), "nothing is left reserved");
}

#[tokio::test]
async fn what_nobody_looks_at_in_time_is_approved() {
    let stage = Stage::with(|config| {
        with_judge(config, "accept");
        config["fraud"]["review_ms"] = 30.into();
    })
    .await;
    let order = buy(&stage, "review", "k1").await.order();
    stage.until_state(&order, "fulfilled").await;
    assert_eq!(stage.book().await[0]["review"], "approved");
}
