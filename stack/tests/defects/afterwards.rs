//! After the order: stock, webhooks, captures, refunds.

use serde_json::{Value, json};
use stack::Defect;

use crate::{
    accepted, both, both_with,
    support::{Act, SECRET, Stage, providers::send_object, states, until},
};

/// What is there of the article of which there are three, by the shop's own shelf.
async fn available(stage: &Stage) -> i64 {
    let shelf = stage.get("/admin/export/stock").await.text;
    let lines = shelf.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines.into_iter().find(|line| line["sku"] == "rare").unwrap()["available"].as_i64().unwrap()
}

/// Waits until the hold of an order has ended that begins now: what was held before has ended too.
async fn until_holds_have_ended(stage: &Stage) {
    let cart = stage.cart(&[("rare", 3)]).await;
    assert_eq!(stage.check_out(&cart, "declined", "pm_card_chargeDeclined").await.status, 402);
    until("what was held is back", || async { available(stage).await == 3 }).await;
}

/// What was taken of shoppers and not given back.
fn kept(stage: &Stage) -> i64 {
    stage.providers.succeeded().iter().map(|charge| charge.amount - charge.refunded).sum()
}

#[tokio::test]
async fn check_then_decrement_oversells() {
    let [honest, defective] = both(Defect::CheckThenDecrement).await;
    for stage in [&honest, &defective] {
        let mut carts = Vec::new();
        for _ in 0..20 {
            let cart = stage.cart(&[("rare", 1)]).await;
            stage.post(&format!("/carts/{cart}/quote"), &format!("q{cart}"), json!({})).await;
            carts.push(cart);
        }
        stage.check_out_all(&carts).await;
    }
    assert_eq!(accepted(&honest).await, 3);
    assert!(accepted(&defective).await > 3);
}

#[tokio::test]
async fn stock_gone_after_charge_keeps_the_money() {
    for (stage, charges) in both(Defect::StockGoneAfterCharge).await.iter().zip([3, 5]) {
        let mut carts = Vec::new();
        for _ in 0..5 {
            carts.push(stage.cart(&[("rare", 1)]).await);
        }
        stage.check_out_all(&carts).await;
        assert_eq!((accepted(stage).await, available(stage).await), (3, 0));
        assert_eq!(stage.providers.succeeded().iter().filter(|charge| charge.refunded == 0).count(), charges);
    }
}

#[tokio::test]
async fn stock_returned_twice_fills_the_shelf() {
    let short_hold = |config: &mut Value| config["hold_ttl_ms"] = 50.into();
    for (stage, left) in both_with(Defect::StockReturnedTwice, short_hold).await.iter().zip([3, 6]) {
        let cart = stage.cart(&[("rare", 3)]).await;
        assert_eq!(stage.check_out(&cart, "k", "pm_card_chargeDeclined").await.status, 402);
        until("its hold has ended", || async { available(stage).await == left }).await;
    }
}

#[tokio::test]
async fn hold_timer_cancels_paid_order_and_keeps_the_money() {
    let short_hold = |config: &mut Value| {
        config["hold_ttl_ms"] = 50.into();
        config["payment"]["timeout_ms"] = 20_000.into();
    };
    for (stage, state) in
        both_with(Defect::HoldTimerCancelsPaidOrder, short_hold).await.iter().zip(["fulfilled", "cancelled"])
    {
        stage.providers.script(|operation, nth| match (operation, nth) {
            ("create", 0) => Act::Wait,
            _ => Act::Serve,
        });
        let cart = stage.cart(&[("tv", 1)]).await;
        let slow = stage.check_out(&cart, "k", "pm_card_visa");
        let meanwhile = async {
            until("it is being paid", || async { stage.providers.calls("create") == 1 }).await;
            until_holds_have_ended(stage).await;
            stage.providers.gate.notify_waiters();
        };
        let (got, ()) = tokio::join!(slow, meanwhile);
        let order = got.order();
        stage.until_quiet().await;
        assert_eq!(stage.state(&order).await, state);
        assert_eq!(kept(stage), stage.book().await[0]["total_minor"]);
    }
}

#[tokio::test]
async fn late_failure_overwrites_success_moves_an_order_backwards() {
    let expected = [
        vec!["pending", "failed", "pending", "paid", "fulfilled"],
        vec!["pending", "failed", "pending", "paid", "fulfilled", "failed"],
    ];
    for (stage, expected) in both(Defect::LateFailureOverwritesSuccess).await.iter().zip(expected) {
        let cart = stage.cart(&[("tv", 1)]).await;
        let order = stage.check_out(&cart, "k1", "pm_card_chargeDeclined").await.order();
        let body = json!({"payment": {"method": "pm_card_visa"}});
        assert_eq!(stage.post(&format!("/orders/{order}/payments"), "k2", body).await.status, 201);
        stage.until_state(&order, "fulfilled").await;
        let declined = stage.providers.charges().remove(0);
        let kind = "payment_intent.payment_failed";
        assert_eq!(stage.providers.send_event(stage.shop, "evt", kind, &declined).await, 200);
        assert_eq!(states(&stage.book().await[0]), expected);
    }
}

#[tokio::test]
async fn failure_webhook_ignored_leaves_an_order_pending() {
    let short_hold = |config: &mut Value| config["hold_ttl_ms"] = 50.into();
    let [honest, defective] = both_with(Defect::FailureWebhookIgnored, short_hold).await;
    for (stage, is_pending) in [(&honest, false), (&defective, true)] {
        let cart = stage.cart(&[("tv", 1)]).await;
        let order = stage.check_out(&cart, "k", "pm_card_authenticationRequired").await.order();
        stage.providers.holder("pi_1", "requires_payment_method");
        let charge = stage.providers.charges().remove(0);
        let kind = "payment_intent.payment_failed";
        assert_eq!(stage.providers.send_event(stage.shop, "evt", kind, &charge).await, 200);
        until_holds_have_ended(stage).await;
        assert_eq!(stage.state(&order).await == "pending", is_pending);
    }
}

fn at_dispatch(after_ms: u64) -> impl Fn(&mut Value) {
    move |config| {
        config["capture"] = "at_dispatch".into();
        config["fulfilment"]["after_ms"] = after_ms.into();
    }
}

#[tokio::test]
async fn expired_authorisation_ships_unpaid() {
    let stages = both_with(Defect::ExpiredAuthorisationShips, at_dispatch(200)).await;
    for (stage, (state, sent)) in stages.iter().zip([("cancelled", 0), ("fulfilled", 1)]) {
        stage.providers.script(|operation, _| if operation == "capture" { Act::Refuse(400) } else { Act::Serve });
        let cart = stage.cart(&[("tv", 1)]).await;
        let order = stage.check_out(&cart, "k", "pm_card_visa").await.order();
        stage.providers.holder("pi_1", "canceled");
        let charge = stage.providers.charges().remove(0);
        assert_eq!(stage.providers.send_event(stage.shop, "evt", "payment_intent.canceled", &charge).await, 200);
        stage.until_state(&order, state).await;
        stage.until_quiet().await;
        assert_eq!((stage.providers.dispatches().len(), kept(stage)), (sent, 0));
    }
}

#[tokio::test]
async fn cancelled_order_captured_takes_money_for_nothing() {
    let stages = both_with(Defect::CancelledOrderCaptured, at_dispatch(500)).await;
    for (stage, captures) in stages.iter().zip([0, 1]) {
        let cart = stage.cart(&[("tv", 1)]).await;
        let order = stage.check_out(&cart, "k", "pm_card_visa").await.order();
        let got = stage.post(&format!("/orders/{order}/cancel"), "c", json!({})).await;
        assert_eq!((got.status, &got.json["state"]), (200, &json!("cancelled")), "{}", got.text);
        stage.until_quiet().await;
        assert_eq!(stage.state(&order).await, "cancelled");
        assert!(stage.providers.dispatches().is_empty());
        assert_eq!(stage.providers.charges()[0].captures.len(), captures);
    }
}

#[tokio::test]
async fn callback_captures_again_takes_a_part_more_than_once() {
    let in_parts = |config: &mut Value| {
        at_dispatch(0)(config);
        config["split_dispatch"] = json!({"every_nth": 1});
    };
    let [honest, defective] = both_with(Defect::CallbackCapturesAgain, in_parts).await;
    for stage in [&honest, &defective] {
        stage.providers.script(|operation, _| if operation == "dispatch" { Act::Refuse(503) } else { Act::Serve });
        let cart = stage.cart(&[("tv", 1), ("cable", 1)]).await;
        let order = stage.check_out(&cart, "k", "pm_card_visa").await.order();
        until("the first part is captured", || async { stage.providers.calls("dispatch") > 0 }).await;
        let charge = stage.providers.charges().remove(0);
        for event in ["evt_1", "evt_2"] {
            let kind = "payment_intent.amount_capturable_updated";
            assert_eq!(stage.providers.send_event(stage.shop, event, kind, &charge).await, 200);
        }
        stage.providers.script(|_, _| Act::Serve);
        stage.until_state(&order, "fulfilled").await;
    }
    let [honest, defective] = [honest, defective].map(|stage| stage.providers.charges().remove(0));
    assert_eq!((honest.captures.len(), honest.captures.iter().sum::<i64>()), (2, honest.amount));
    assert_eq!(defective.captures.len(), 4);
    assert!(defective.captures.iter().sum::<i64>() > defective.amount);
}

/// An order that is paid and sent.
async fn bought(stage: &Stage) -> String {
    let cart = stage.cart(&[("tv", 1)]).await;
    let order = stage.check_out(&cart, "k", "pm_card_visa").await.order();
    stage.until_state(&order, "fulfilled").await;
    order
}

#[tokio::test]
async fn concurrent_refunds_add_up_to_more_than_was_paid() {
    for (stage, (status, times)) in both(Defect::ConcurrentRefundsAddUp).await.iter().zip([(409, 1), (201, 2)]) {
        let order = bought(stage).await;
        let path = format!("/orders/{order}/refunds");
        stage.providers.script(|operation, _| if operation == "refund" { Act::Refuse(503) } else { Act::Serve });
        let first = stage.post(&path, "r1", json!({})).await;
        assert_eq!((first.status, &first.json["state"]), (201, &json!("pending")));
        assert_eq!(stage.post(&path, "r2", json!({})).await.status, status);
        stage.providers.script(|_, _| Act::Serve);
        stage.until_quiet().await;
        let charge = stage.providers.charges().remove(0);
        assert_eq!(charge.refunded, times * charge.amount);
    }
}

#[tokio::test]
async fn refund_webhook_counted_twice_books_more_than_was_given() {
    for (stage, times) in both(Defect::RefundWebhookCountedTwice).await.iter().zip([1, 2]) {
        let order = bought(stage).await;
        assert_eq!(stage.post(&format!("/orders/{order}/refunds"), "r", json!({})).await.status, 201);
        let refund = json!({"id": "re_1", "object": "refund", "status": "succeeded", "metadata": {"refund": "1"}});
        assert_eq!(send_object(stage.shop, SECRET, "evt", "refund.created", refund).await, 200);
        let line = stage.book().await.remove(0);
        assert_eq!(line["refunded_minor"], times * line["total_minor"].as_i64().unwrap());
    }
}

/// Somebody else who has the write lock of the shop's store until this is dropped.
fn lock(stage: &Stage) -> rusqlite::Connection {
    let other = rusqlite::Connection::open(&stage.config.store).unwrap();
    other.execute_batch("PRAGMA busy_timeout = 5000; BEGIN IMMEDIATE").unwrap();
    other
}

#[tokio::test]
async fn lock_wait_loses_order_that_was_paid() {
    let hasty = |config: &mut Value| {
        config["store_wait_ms"] = 50.into();
        config["payment"]["timeout_ms"] = 20_000.into();
    };
    for (stage, (status, orders)) in both_with(Defect::LockWaitLosesOrder, hasty).await.iter().zip([(202, 1), (503, 0)])
    {
        stage.providers.script(|operation, _| if operation == "create" { Act::Wait } else { Act::Serve });
        let cart = stage.cart(&[("tv", 1)]).await;
        let paying = stage.check_out(&cart, "k", "pm_card_visa");
        let meanwhile = async {
            until("it is paid", || async { stage.providers.succeeded().len() == 1 }).await;
            let locked = lock(stage);
            until("the store takes nothing", || async {
                stage.providers.gate.notify_waiters();
                String::from_utf8_lossy(&stage.written().await).contains("a payment was not settled")
            })
            .await;
            drop(locked);
        };
        let (got, ()) = tokio::join!(paying, meanwhile);
        assert_eq!(got.status, status);
        stage.until_quiet().await;
        assert_eq!((accepted(stage).await, stage.book().await.len()), (orders, orders));
        assert_eq!(kept(stage), stage.providers.charges()[0].amount);
    }
}

#[tokio::test]
async fn webhook_error_swallowed_keeps_a_charge_without_an_order() {
    let hasty = |config: &mut Value| {
        config["store_wait_ms"] = 50.into();
        config["hold_ttl_ms"] = 300.into();
    };
    for (stage, (status, state)) in
        both_with(Defect::WebhookErrorSwallowed, hasty).await.iter().zip([(503, "fulfilled"), (200, "cancelled")])
    {
        let cart = stage.cart(&[("tv", 1)]).await;
        let order = stage.check_out(&cart, "k", "pm_card_authenticationRequired").await.order();
        stage.providers.holder("pi_1", "succeeded");
        let charge = stage.providers.charges().remove(0);
        let kind = "payment_intent.succeeded";
        let locked = lock(stage);
        assert_eq!(stage.providers.send_event(stage.shop, "evt", kind, &charge).await, status);
        drop(locked);
        if status == 503 {
            assert_eq!(stage.providers.send_event(stage.shop, "evt", kind, &charge).await, 200);
        }
        stage.until_state(&order, state).await;
        stage.until_quiet().await;
        assert_eq!(kept(stage), charge.amount);
    }
}
