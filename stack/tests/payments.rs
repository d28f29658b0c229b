//! Payments when the provider misbehaves: lost answers, declines, outages, events in any order, and a shop that dies.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use serde_json::json;
use support::{Act, Stage, checkout_body, providers::send_event, states, until};

#[tokio::test]
async fn a_lost_answer_is_found_out_by_the_same_key() {
    let stage = Stage::honest().await;
    for act in [Act::Lose, Act::FailAfter, Act::DropBefore, Act::Refuse(503), Act::Refuse(409)] {
        let before = stage.providers.succeeded().len();
        stage.providers.script(move |operation, nth| if operation == "create" && nth == 0 { act } else { Act::Serve });
        let cart = stage.cart(&[("tv", 1)]).await;
        let got = stage.check_out(&cart, &format!("{act:?}"), "pm_card_visa").await;
        assert_eq!(got.status, 201, "{act:?}: {}", got.text);
        assert_eq!(stage.providers.succeeded().len(), before + 1, "{act:?}");
    }
}

#[tokio::test]
async fn an_unknown_payment_is_pending_until_the_reconciler_finds_out() {
    let stage = Stage::honest().await;
    stage.providers.script(|operation, _| match operation {
        "create" => Act::Lose,
        "search" => Act::Refuse(503),
        _ => Act::Serve,
    });
    let cart = stage.cart(&[("tv", 1)]).await;
    let got = stage.check_out(&cart, "k", "pm_card_visa").await;
    assert_eq!((got.status, &got.json["state"]), (202, &json!("pending")), "{}", got.text);
    let order = got.order();
    assert_eq!(got.json["poll"], format!("/orders/{order}"));
    until("the doubt is counted", || async { stage.get("/metrics").await.text.contains("shop_doubts 1") }).await;
    assert_eq!(stage.book().await[0]["in_doubt"], true);
    stage.providers.script(|_, _| Act::Serve);
    stage.until_state(&order, "fulfilled").await;
    let again = stage.check_out(&cart, "k", "pm_card_visa").await;
    assert_eq!((again.status, again.order()), (201, order), "the key tells what is true now");
    assert_eq!(stage.providers.charges().len(), 1);
}

#[tokio::test]
async fn a_payment_whose_key_only_errs_is_found_by_looking() {
    let stage = Stage::honest().await;
    stage.providers.script(|operation, _| if operation == "create" { Act::FailAfter } else { Act::Serve });
    let cart = stage.cart(&[("tv", 1)]).await;
    let order = stage.check_out(&cart, "k", "pm_card_visa").await.order();
    stage.until_state(&order, "fulfilled").await;
    assert_eq!(stage.providers.charges().len(), 1);
}

#[tokio::test]
async fn a_refused_payment_method_fails_the_order_even_when_the_first_answer_was_lost() {
    let stage = Stage::honest().await;
    let unknown_method = Act::Refuse(400);
    for (nth, first) in [unknown_method, Act::DropBefore].into_iter().enumerate() {
        stage.providers.script(move |operation, nth| match (operation, nth) {
            ("create", 0) => first,
            ("create", _) => unknown_method,
            _ => Act::Serve,
        });
        let cart = stage.cart(&[("tv", 1)]).await;
        let got = stage.check_out(&cart, &format!("k{nth}"), "pm_none").await;
        assert_eq!((got.status, got.code()), (402, "payment_refused"), "{first:?}");
        assert_eq!(stage.state(&got.order()).await, "failed");
    }
    assert!(stage.providers.charges().is_empty());
}

#[tokio::test]
async fn an_outage_charges_nothing_and_the_same_key_tries_again() {
    let stage = Stage::with(|config| {
        config["payment"]["url"] = "http://127.0.0.1:9".into();
        config["payment"]["breaker"] = json!({"unreachable_in_row": 2, "open_ms": 60_000});
    })
    .await;
    let cart = stage.cart(&[("tv", 1)]).await;
    let got = stage.check_out(&cart, "k", "pm_card_visa").await;
    assert_eq!((got.status, got.code()), (503, "payment_unavailable"));
    assert_eq!(stage.state(&got.order()).await, "failed");
    let again = stage.check_out(&cart, "k", "pm_card_visa").await;
    assert_eq!((again.status, again.order()), (503, got.order()), "the same order, not another one");
    let metrics = stage.get("/metrics").await.text;
    assert!(metrics.contains("operation=\"create_payment\",outcome=\"breaker_open\"}"), "{metrics}");
    assert_eq!(states(&stage.book().await[0]), ["pending", "failed", "pending", "failed"]);
}

#[tokio::test]
async fn a_declined_order_is_paid_with_a_second_card_and_stays_paid() {
    let stage = Stage::honest().await;
    let cart = stage.cart(&[("rare", 3)]).await;
    let got = stage.check_out(&cart, "k1", "pm_card_chargeDeclined").await;
    assert_eq!((got.status, got.code()), (402, "card_declined"));
    assert_eq!(got.json["error"]["decline_code"], "lost_card");
    let order = got.order();
    let again = stage.check_out(&cart, "k1", "pm_card_chargeDeclined").await;
    assert_eq!((again.status, again.replayed), (402, true));
    let body = json!({"payment": {"method": "pm_card_visa"}});
    let path = format!("/orders/{order}/payments");
    let second = stage.post(&path, "k2", body.clone()).await;
    assert_eq!((second.status, second.order()), (201, order.clone()));
    let third = stage.post(&path, "k3", body).await;
    assert_eq!((third.status, third.code()), (409, "already_paid"));
    stage.until_state(&order, "fulfilled").await;

    let declined = stage.providers.charges().remove(0);
    for event in ["evt_1", "evt_1", "evt_2"] {
        let kind = "payment_intent.payment_failed";
        assert_eq!(stage.providers.send_event(stage.shop, event, kind, &declined).await, 200);
    }
    assert_eq!(states(&stage.book().await[0]), ["pending", "failed", "pending", "paid", "fulfilled"]);
}

#[tokio::test]
async fn events_settle_what_is_in_doubt_once_and_forged_ones_do_nothing() {
    let stage = Stage::with(|config| config["reconcile_after_ms"] = 600_000.into()).await;
    stage.providers.script(|operation, _| if operation == "create" { Act::Lose } else { Act::Serve });
    let cart = stage.cart(&[("tv", 1)]).await;
    let got = stage.check_out(&cart, "k", "pm_card_visa").await;
    assert_eq!(got.status, 202, "{}", got.text);
    let charge = stage.providers.charges().remove(0);
    let succeeded = "payment_intent.succeeded";
    assert_eq!(send_event(stage.shop, "whsec_forged", "evt_0", succeeded, &charge).await, 400);
    assert_eq!(stage.state(&got.order()).await, "pending");
    // A failure that the object itself does not bear out is not believed.
    assert_eq!(stage.providers.send_event(stage.shop, "evt_1", "payment_intent.payment_failed", &charge).await, 200);
    for _ in 0..3 {
        assert_eq!(stage.providers.send_event(stage.shop, "evt_2", succeeded, &charge).await, 200);
    }
    stage.until_state(&got.order(), "fulfilled").await;
    assert_eq!(states(&stage.book().await[0]), ["pending", "paid", "fulfilled"]);
    assert_eq!(stage.providers.dispatches().len(), 1);
    assert!(stage.get("/metrics").await.text.contains("shop_reconciler_discrepancies_total 0"));
}

#[tokio::test]
async fn a_reopened_shop_settles_what_it_left_and_delivers_what_it_owes() {
    let mut stage = Stage::with(|config| config["reconcile_after_ms"] = 600_000.into()).await;
    stage.providers.script(|operation, _| match operation {
        "create" => Act::Lose,
        "dispatch" | "document" => Act::Refuse(503),
        _ => Act::Serve,
    });
    let cart = stage.cart(&[("tv", 1)]).await;
    let order = stage.check_out(&cart, "k", "pm_card_visa").await.order();
    assert_eq!(stage.state(&order).await, "pending");
    stage.providers.script(|operation, _| if operation == "dispatch" { Act::Refuse(503) } else { Act::Serve });
    stage.reopen().await;
    stage.until_state(&order, "paid").await;
    stage.providers.script(|_, _| Act::Serve);
    stage.reopen().await;
    stage.until_state(&order, "fulfilled").await;
    stage.until_quiet().await;
    assert_eq!((stage.providers.charges().len(), stage.providers.dispatches().len()), (1, 1));
    assert_eq!(stage.providers.document(&order).as_deref(), Some("Committed"));
}

#[tokio::test]
async fn a_cancelled_order_is_refunded_once_and_its_stock_comes_back() {
    let stage = Stage::with(|config| config["fulfilment"]["after_ms"] = 600_000.into()).await;
    stage.providers.script(|operation, nth| if operation == "refund" && nth == 0 { Act::Lose } else { Act::Serve });
    let cart = stage.cart(&[("rare", 3)]).await;
    let order = stage.check_out(&cart, "k1", "pm_card_visa").await.order();
    until("the document is there", || async { stage.providers.document(&order).is_some() }).await;
    let path = format!("/orders/{order}/cancel");
    let got = stage.post(&path, "k2", json!({})).await;
    assert_eq!((got.status, &got.json["state"]), (200, &json!("cancelled")), "{}", got.text);
    assert_eq!(got.json["refunded_minor"], got.json["total_minor"]);
    assert!(stage.post(&path, "k2", json!({})).await.replayed);
    until("the document is void", || async { stage.providers.document(&order).as_deref() == Some("Cancelled") }).await;
    assert_eq!(stage.get("/products/rare").await.json["available"], true);
    let charge = stage.providers.charges().remove(0);
    assert_eq!(charge.refunded, charge.amount, "lost answer, same key, one refund");
    let line = stage.book().await.remove(0);
    assert_eq!(line["refunds"].as_array().unwrap().len(), 1);
    assert_eq!((&line["refunds"][0]["state"], &line["dispatch"]), (&json!("succeeded"), &json!(null)));
    assert!(stage.providers.dispatches().is_empty());
}

#[tokio::test]
async fn a_fulfilled_order_is_too_late_to_cancel_but_can_be_refunded_once() {
    let stage = Stage::honest().await;
    let cart = stage.cart(&[("tv", 1)]).await;
    let order = stage.check_out(&cart, "k1", "pm_card_visa").await.order();
    stage.until_state(&order, "fulfilled").await;
    let late = stage.post(&format!("/orders/{order}/cancel"), "k2", json!({})).await;
    assert_eq!((late.status, late.code()), (409, "too_late"));
    let path = format!("/orders/{order}/refunds");
    let refund = stage.post(&path, "k3", json!({})).await;
    assert_eq!((refund.status, &refund.json["state"]), (201, &json!("succeeded")), "{}", refund.text);
    assert!(stage.post(&path, "k3", json!({})).await.replayed);
    assert_eq!(stage.post(&path, "k4", json!({})).await.code(), "already_refunded");
    let line = stage.book().await.remove(0);
    assert_eq!(line["refunded_minor"], line["total_minor"]);
    assert_eq!(line["state"], "fulfilled");
}

#[tokio::test]
async fn an_order_cancelled_while_in_doubt_is_refunded_once_it_is_known_to_be_paid() {
    let stage = Stage::with(|config| config["reconcile_after_ms"] = 600_000.into()).await;
    stage.providers.script(|operation, _| if operation == "create" { Act::Lose } else { Act::Serve });
    let cart = stage.cart(&[("rare", 3)]).await;
    let order = stage.check_out(&cart, "k1", "pm_card_visa").await.order();
    let got = stage.post(&format!("/orders/{order}/cancel"), "k2", json!({})).await;
    assert_eq!(got.status, 202, "{}", got.text);
    let charge = stage.providers.charges().remove(0);
    stage.providers.send_event(stage.shop, "evt", "payment_intent.succeeded", &charge).await;
    until("the money is back", || async { stage.providers.charges()[0].refunded == charge.amount }).await;
    stage.until_quiet().await;
    assert_eq!(states(&stage.book().await[0]), ["pending", "paid", "cancelled"]);
    assert!(stage.providers.dispatches().is_empty());
    assert_eq!(stage.get("/products/rare").await.json["available"], true);
    assert_eq!(stage.post(&format!("/orders/{order}/cancel"), "k2", json!({})).await.status, 200);
}

#[tokio::test]
async fn a_failed_order_gives_its_stock_back_when_its_time_is_up_and_can_be_paid_after() {
    let stage = Stage::with(|config| config["hold_ttl_ms"] = 1.into()).await;
    let cart = stage.cart(&[("rare", 3)]).await;
    let order = stage.check_out(&cart, "k1", "pm_card_chargeDeclined").await.order();
    until("the stock is back", || async { stage.get("/products/rare").await.json["available"] == true }).await;
    let pay = json!({"payment": {"method": "pm_card_visa"}});
    let got = stage.post(&format!("/orders/{order}/payments"), "k2", pay.clone()).await;
    assert_eq!(got.status, 201, "{}", got.text);
    assert_eq!(stage.get("/products/rare").await.json["available"], false);
    stage.until_quiet().await;

    let other = stage.cart(&[("tv", 1_000)]).await;
    let late = stage.check_out(&other, "k3", "pm_card_chargeDeclined").await.order();
    until("the stock is back", || async { stage.get("/products/tv").await.json["available"] == true }).await;
    let winner = stage.cart(&[("tv", 1_000)]).await;
    assert_eq!(stage.check_out(&winner, "k4", "pm_card_visa").await.status, 201);
    let got = stage.post(&format!("/orders/{late}/payments"), "k5", pay).await;
    assert_eq!((got.status, got.code()), (409, "sold_out"));
}

#[tokio::test]
async fn a_tax_outage_blocks_or_falls_back_as_declared() {
    let blocking = Stage::honest().await;
    blocking.providers.script(|operation, _| if operation == "quote" { Act::Refuse(503) } else { Act::Serve });
    let cart = blocking.cart(&[("tv", 1)]).await;
    let got = blocking.check_out(&cart, "k", "pm_card_visa").await;
    assert_eq!((got.status, got.code()), (503, "tax_unavailable"));
    assert!(blocking.book().await.is_empty());

    let falling = Stage::with(|config| config["tax"]["fallback"] = json!({"rate": {"rate_bp": 800}})).await;
    falling.providers.script(|operation, _| if operation == "quote" { Act::DropBefore } else { Act::Serve });
    let cart = falling.cart(&[("tv", 1)]).await;
    let quote = falling.post(&format!("/carts/{cart}/quote"), "q", json!({})).await.json;
    assert_eq!((&quote["tax_minor"], &quote["tax_source"]), (&json!(4_032), &json!("fallback")));
    let got = falling.post(&format!("/carts/{cart}/checkout"), "k", checkout_body("pm_card_visa")).await;
    assert_eq!(got.status, 201);
    let line = falling.book().await.remove(0);
    assert_eq!((&line["tax_source"], &line["tax_policy"]), (&json!("fallback"), &json!("rate")));
}
