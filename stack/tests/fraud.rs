//! Fraud: every order is judged before anything is reserved for it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use serde_json::{Value, json};
use support::{Act, Stage, checkout_body, wire::Got};

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
