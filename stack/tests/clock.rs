//! A clock that is moved: a process of its own, since a process has one clock.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use serde_json::json;
use support::{Act, Stage, until, wire::call};

#[tokio::test]
async fn what_was_begun_under_a_clock_that_is_ahead_is_settled_under_one_that_is_right() {
    let stage = Stage::honest().await;
    let told = stage.get("/admin/clock").await.json;
    assert_eq!(told["ahead_ms"], 0);
    let right_ms = told["now_ms"].as_i64().unwrap();
    let day_ms = 24 * 3_600_000;

    let moved = stage.put("/admin/clock", json!({"ahead_ms": day_ms, "ttl_ms": 3_600_000})).await;
    assert_eq!((moved.status, &moved.json["ahead_ms"]), (200, &json!(day_ms)));
    assert!(moved.json["now_ms"].as_i64().unwrap() >= right_ms + day_ms);
    assert_eq!(stage.put("/admin/clock", json!({"ahead_ms": i64::MAX, "ttl_ms": 1})).await.status, 400);

    // A charge whose answers are all lost: the order stays in doubt.
    stage.providers.script(|operation, _| if operation == "create" { Act::Lose } else { Act::Serve });
    let cart = stage.cart(&[("tv", 1)]).await;
    let got = stage.check_out(&cart, "k1", "pm_card_visa").await;
    assert_eq!(got.status, 202, "{}", got.json);

    assert_eq!(call(stage.shop, "DELETE", "/admin/clock", &[], None).await.json["ahead_ms"], 0);
    stage.providers.script(|_, _| Act::Serve);
    stage.until_state(&got.order(), "fulfilled").await;
    assert_eq!(stage.providers.succeeded().len(), 1);
    // Quiet is a span, not a time of day.
    until("the shop is quiet", || async {
        let quiet = stage.get("/admin/quiet").await.json;
        quiet["doubts"] == 0 && quiet["last_change_ms_ago"].as_i64().unwrap() > 20
    })
    .await;

    stage.put("/admin/clock", json!({"ahead_ms": day_ms, "ttl_ms": 30})).await;
    until("the lease has run out", || async { stage.get("/admin/clock").await.json["ahead_ms"] == 0 }).await;
}
