//! Payments that the shopper's browser finishes: challenges, sessions, and shoppers who never come back.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use serde_json::json;
use support::{Act, Stage, states, until};

const CHALLENGED: &str = "pm_card_authenticationRequired";

#[tokio::test]
async fn a_holder_authenticates_and_what_the_provider_says_counts() {
    let stage = Stage::honest().await;
    let cart = stage.cart(&[("tv", 1)]).await;
    let got = stage.check_out(&cart, "k", CHALLENGED).await;
    assert_eq!((got.status, &got.json["state"]), (202, &json!("pending")), "{}", got.text);
    assert_eq!(got.json["action"], json!({"type": "redirect", "url": "http://bank/pi_1"}));
    let again = stage.check_out(&cart, "k", CHALLENGED).await;
    assert_eq!((again.status, &again.json["action"]), (202, &got.json["action"]));
    let path = format!("/orders/{}/return?redirect_status=succeeded", got.order());
    assert_eq!(stage.get(&path).await.json["state"], "pending", "the query proves nothing");
    stage.providers.holder("pi_1", "succeeded");
    let charge = stage.providers.charges().remove(0);
    let (back, event, twice) = tokio::join!(
        stage.get(&path),
        stage.providers.send_event(stage.shop, "evt", "payment_intent.succeeded", &charge),
        stage.get(&path),
    );
    assert_eq!((back.status, event, twice.status), (200, 200, 200));
    stage.until_state(&got.order(), "fulfilled").await;
    stage.until_quiet().await;
    assert_eq!(states(&stage.book().await[0]), ["pending", "paid", "fulfilled"]);
    assert_eq!(stage.providers.charges().len(), 1);
}

#[tokio::test]
async fn an_abandoned_challenge_ends_at_the_provider_first_and_its_stock_comes_back() {
    let stage = Stage::with(|config| config["hold_ttl_ms"] = 50.into()).await;
    stage
        .providers
        .script(|operation, nth| if (operation, nth) == ("cancel", 0) { Act::Refuse(503) } else { Act::Serve });
    let cart = stage.cart(&[("rare", 3)]).await;
    let order = stage.check_out(&cart, "k", CHALLENGED).await.order();
    stage.until_state(&order, "cancelled").await;
    assert_eq!(stage.providers.charges()[0].status, "canceled");
    assert_eq!(stage.get("/products/rare").await.json["available"], true);
    stage.until_quiet().await;
}

#[tokio::test]
async fn a_holder_who_was_quicker_than_the_end_is_heard() {
    let stage = Stage::with(|config| config["hold_ttl_ms"] = 50.into()).await;
    let cart = stage.cart(&[("rare", 3)]).await;
    stage.providers.script(|operation, _| if operation == "cancel" { Act::Refuse(409) } else { Act::Serve });
    let order = stage.check_out(&cart, "k", CHALLENGED).await.order();
    stage.providers.holder("pi_1", "succeeded");
    stage.until_state(&order, "fulfilled").await;
    assert_eq!(stage.providers.charges()[0].refunded, 0);
}

#[tokio::test]
async fn a_session_is_confirmed_by_the_browser() {
    let stage = Stage::with(|config| config["payment"]["publishable_key"] = "pk_test_1".into()).await;
    let cart = stage.cart(&[("tv", 1)]).await;
    let path = format!("/carts/{cart}/session");
    let got = stage.post(&path, "k", json!({"email": "a@example.com"})).await;
    assert_eq!((got.status, &got.json["state"]), (201, &json!("pending")), "{}", got.text);
    let payment = &got.json["payment"];
    assert_eq!((&payment["intent"], &payment["client_secret"]), (&json!("pi_1"), &json!("pi_1_secret")));
    assert_eq!(payment["publishable_key"], "pk_test_1");
    let again = stage.post(&path, "k", json!({"email": "a@example.com"})).await;
    assert_eq!((again.status, &again.json["payment"]), (201, payment));
    let other = stage.check_out(&cart, "k2", "pm_card_visa").await;
    assert_eq!((other.status, other.code()), (409, "cart_ordered"));

    // The first card is declined in the browser; the session stays open for another one.
    stage.providers.holder("pi_1", "requires_payment_method");
    let charge = stage.providers.charges().remove(0);
    stage.providers.send_event(stage.shop, "evt_0", "payment_intent.payment_failed", &charge).await;
    let back = stage.get(&format!("/orders/{}/return?payment_intent=pi_1", got.order())).await;
    assert_eq!(back.json["state"], "pending");
    stage.providers.holder("pi_1", "succeeded");
    stage.get(&format!("/orders/{}/return?payment_intent=pi_1", got.order())).await;
    stage.until_state(&got.order(), "fulfilled").await;
    assert_eq!(stage.providers.charges().len(), 1);
}

#[tokio::test]
async fn a_payment_that_the_provider_made_twice_is_given_back_once() {
    let stage = Stage::honest().await;
    let cart = stage.cart(&[("tv", 1)]).await;
    let order = stage.check_out(&cart, "k", "pm_card_visa").await.order();
    let twin = stage.providers.double("pi_1");
    for event in ["evt_1", "evt_1", "evt_2"] {
        let status = stage.providers.send_event(stage.shop, event, "payment_intent.succeeded", &twin).await;
        assert_eq!(status, 200);
    }
    until("the second one is given back", || async { stage.providers.charges()[1].refunded == twin.amount }).await;
    stage.until_state(&order, "fulfilled").await;
    stage.until_quiet().await;
    let line = stage.book().await.remove(0);
    assert_eq!(stage.providers.charges()[0].refunded, 0);
    assert_eq!(line["paid_minor"].as_i64().unwrap() - line["refunded_minor"].as_i64().unwrap(), line["total_minor"]);
}

#[tokio::test]
async fn a_doubt_is_followed_by_a_look_for_what_was_made_twice() {
    let stage = Stage::with(|config| config["reconcile_after_ms"] = 100.into()).await;
    stage.providers.script(|operation, _| match operation {
        "create" => Act::FailAfter,
        "search" => Act::Refuse(503),
        _ => Act::Serve,
    });
    let cart = stage.cart(&[("tv", 1)]).await;
    let got = stage.check_out(&cart, "k", "pm_card_visa").await;
    assert_eq!(got.status, 202, "{}", got.text);
    stage.providers.double("pi_1");
    stage.providers.script(|_, _| Act::Serve);
    until("one of them is given back", || async {
        stage.providers.charges().iter().map(|charge| charge.refunded).sum::<i64>()
            == stage.providers.charges()[0].amount
    })
    .await;
    stage.until_state(&got.order(), "fulfilled").await;
}

#[tokio::test]
async fn a_dispute_is_kept_answered_and_lost() {
    let stage = Stage::honest().await;
    let cart = stage.cart(&[("tv", 1)]).await;
    let order = stage.check_out(&cart, "k", "pm_card_visa").await.order();
    stage.until_state(&order, "fulfilled").await;
    let total = stage.providers.charges()[0].amount;
    let dispute = |state: &str| json!({"id": "dp_1", "status": state, "amount": total, "payment_intent": "pi_1"});
    let send = async |event: &str, kind: &str, state: &str| {
        support::providers::send_object(stage.shop, support::SECRET, event, kind, dispute(state)).await
    };
    assert_eq!(send("e1", "charge.dispute.created", "needs_response").await, 200);
    assert_eq!(stage.get("/admin/disputes").await.json["disputes"][0]["order"], json!(order));
    let evidence = json!({"evidence": "It was delivered and signed for."});
    let got = stage.post("/admin/disputes/dp_1", "d", evidence.clone()).await;
    assert_eq!((got.status, &got.json["state"]), (200, &json!("under_review")), "{}", got.text);
    assert_eq!(stage.post("/admin/disputes/dp_1", "d2", evidence).await.status, 409);
    assert_eq!(send("e3", "charge.dispute.closed", "lost").await, 200);
    assert_eq!(send("e2", "charge.dispute.updated", "under_review").await, 200, "told late, it changes nothing");
    let line = stage.book().await.remove(0);
    assert_eq!((&line["dispute_state"], &line["disputed_minor"]), (&json!("lost"), &json!(total)));
}

#[tokio::test]
async fn a_cart_that_is_edited_while_its_session_is_open_is_priced_anew_with_its_payment() {
    let stage = Stage::honest().await;
    let cart = stage.cart(&[("tv", 1)]).await;
    let body = json!({"email": "a@example.com"});
    let got = stage.post(&format!("/carts/{cart}/session"), "k", body).await;
    let edited = stage.put(&format!("/carts/{cart}/lines/tv"), json!({"quantity": 2})).await;
    assert_eq!((edited.status, &edited.json["lines"][0]["quantity"]), (200, &json!(2)), "{}", edited.text);
    let charge = stage.providers.charges().remove(0);
    assert_eq!(stage.book().await[0]["total_minor"], charge.amount);
    assert!(charge.amount > got.json["total_minor"].as_i64().unwrap());

    // An answer that is lost is made up for.
    stage.providers.script(|operation, nth| if (operation, nth) == ("update", 0) { Act::Lose } else { Act::Serve });
    assert_eq!(stage.put(&format!("/carts/{cart}/lines/tv"), json!({"quantity": 3})).await.status, 200);
    let sold_out = stage.put(&format!("/carts/{cart}/lines/rare"), json!({"quantity": 4})).await;
    assert_eq!((sold_out.status, sold_out.code()), (409, "sold_out"));

    // Once it is confirmed the provider refuses, and the order stays what was confirmed.
    stage.providers.holder("pi_1", "succeeded");
    let late = stage.put(&format!("/carts/{cart}/lines/tv"), json!({"quantity": 9})).await;
    assert_eq!((late.status, late.code()), (409, "cart_ordered"), "{}", late.text);
    stage.get(&format!("/orders/{}/return", got.order())).await;
    stage.until_state(&got.order(), "fulfilled").await;
    stage.until_quiet().await;
    let line = stage.book().await.remove(0);
    let amount = stage.providers.charges()[0].amount;
    assert_eq!((&line["total_minor"], &line["paid_minor"]), (&json!(amount), &json!(amount)));
    assert_eq!(line["lines"][0]["quantity"], 3);
    let stock = stage.get("/admin/export/stock").await.text;
    assert!(stock.contains("\"sku\":\"tv\",\"declared\":1000,\"available\":997"), "{stock}");
}
