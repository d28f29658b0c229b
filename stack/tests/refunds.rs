//! Refunds and what hangs on them: the tax document, and goods that have not left.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use serde_json::{Value, json};
use support::{Act, SECRET, Stage, providers::send_object, states, until};

const NEVER_MS: u64 = 600_000;

async fn bought(stage: &Stage) -> String {
    let cart = stage.cart(&[("rare", 3)]).await;
    let order = stage.check_out(&cart, "k", "pm_card_visa").await.order();
    until("the document is there", || async { stage.providers.document(&order).is_some() }).await;
    order
}

async fn refund(stage: &Stage, order: &str, key: &str) -> support::wire::Got {
    stage.post(&format!("/orders/{order}/refunds"), key, json!({})).await
}

async fn late() -> Stage {
    Stage::with(|config| config["fulfilment"]["after_ms"] = NEVER_MS.into()).await
}

#[tokio::test]
async fn a_refused_refund_leaves_the_tax_document_as_it_is() {
    let stage = Stage::honest().await;
    let order = bought(&stage).await;
    stage.until_state(&order, "fulfilled").await;
    stage.providers.script(|operation, _| if operation == "refund" { Act::Refuse(400) } else { Act::Serve });
    assert_eq!(refund(&stage, &order, "r").await.code(), "payment_refused");
    stage.until_quiet().await;
    assert_eq!(stage.providers.document(&order).as_deref(), Some("Committed"));
    stage.providers.script(|_, _| Act::Serve);
    assert_eq!(refund(&stage, &order, "again").await.status, 201);
    until("it is void", || async { stage.providers.document(&order).as_deref() == Some("Cancelled") }).await;
}

#[tokio::test]
async fn a_refund_that_comes_back_has_the_order_filed_anew() {
    let stage = Stage::honest().await;
    let order = bought(&stage).await;
    stage.until_state(&order, "fulfilled").await;
    assert_eq!(refund(&stage, &order, "r").await.json["state"], "succeeded");
    until("it is void", || async { stage.providers.document(&order).as_deref() == Some("Cancelled") }).await;

    stage.providers.script(|operation, _| if operation == "refund" { Act::Refuse(400) } else { Act::Serve });
    let failed = json!({"id": "re_1", "object": "refund", "status": "failed", "metadata": {"refund": "1"}});
    for _ in 0..2 {
        assert_eq!(send_object(stage.shop, SECRET, "evt", "refund.failed", failed.clone()).await, 200);
    }
    let anew = format!("{order}-2");
    until("it is filed", || async { stage.providers.document(&anew).as_deref() == Some("Committed") }).await;
    stage.until_quiet().await;
    let line = stage.book().await.remove(0);
    assert_eq!((&line["tax_document"], &line["refunded_minor"]), (&json!(anew), &json!(0)));
    let of: Vec<&Value> = line["refunds"].as_array().unwrap().iter().map(|refund| &refund["state"]).collect();
    assert_eq!(of, ["failed", "refused"]);

    stage.providers.script(|_, _| Act::Serve);
    assert_eq!(refund(&stage, &order, "again").await.json["state"], "succeeded");
    until("that is void too", || async { stage.providers.document(&anew).as_deref() == Some("Cancelled") }).await;
}

#[tokio::test]
async fn what_is_given_back_before_it_leaves_never_leaves() {
    let stage = late().await;
    let order = bought(&stage).await;
    assert_eq!(refund(&stage, &order, "r").await.json["state"], "succeeded");
    stage.until_quiet().await;
    let line = stage.book().await.remove(0);
    assert_eq!((&line["dispatch"], &line["refunded_minor"]), (&Value::Null, &line["total_minor"]));
    assert_eq!(stage.providers.document(&order).as_deref(), Some("Cancelled"));
    assert_eq!(refund(&stage, &order, "again").await.code(), "already_refunded");
    assert_eq!(stage.get("/products/rare").await.json["available"], false, "the refund may come back");

    assert_eq!(stage.post(&format!("/orders/{order}/cancel"), "c", json!({})).await.status, 200);
    stage.until_quiet().await;
    assert_eq!(states(&stage.book().await[0]), ["pending", "paid", "cancelled"]);
    assert_eq!(stage.get("/products/rare").await.json["available"], true);
    assert_eq!(stage.providers.charges()[0].refunded, stage.providers.charges()[0].amount, "once");
    assert!(stage.providers.dispatches().is_empty());
}

#[tokio::test]
async fn what_is_not_given_back_after_all_leaves() {
    let stage = late().await;
    let order = bought(&stage).await;
    stage.providers.script(|operation, _| if operation == "refund" { Act::Refuse(400) } else { Act::Serve });
    assert_eq!(refund(&stage, &order, "r").await.code(), "payment_refused");
    let line = stage.book().await.remove(0);
    assert_eq!((&line["state"], &line["dispatch"]), (&json!("paid"), &json!("queued")));
    assert_eq!(stage.get("/admin/quiet").await.json["outbox_pending"], 1);
    assert_eq!(stage.providers.document(&order).as_deref(), Some("Committed"));
}

#[tokio::test]
async fn goods_that_are_leaving_already_leave_paid() {
    let stage = Stage::honest().await;
    stage.providers.script(|operation, _| if operation == "dispatch" { Act::Refuse(503) } else { Act::Serve });
    let order = bought(&stage).await;
    for _ in 0..2 {
        let got = refund(&stage, &order, "r").await;
        assert_eq!((got.status, &got.json["state"]), (201, &json!("pending")), "{}", got.text);
    }
    let looked = stage.providers.calls("dispatch");
    until("the warehouse is asked again", || async { stage.providers.calls("dispatch") > looked + 1 }).await;
    assert_eq!(stage.providers.calls("refund"), 0);
    stage.providers.script(|_, _| Act::Serve);
    stage.until_quiet().await;
    let line = stage.book().await.remove(0);
    assert_eq!((&line["state"], &line["refunded_minor"]), (&json!("fulfilled"), &line["total_minor"]));
    assert_eq!(stage.providers.document(&order).as_deref(), Some("Cancelled"));
    assert_eq!(refund(&stage, &order, "r").await.json["state"], "succeeded");
}

#[tokio::test]
async fn what_comes_back_again_and_again_leaves_in_the_end() {
    let stage = late().await;
    let order = bought(&stage).await;
    assert_eq!(refund(&stage, &order, "r").await.json["state"], "succeeded");
    for nth in 1..=3 {
        until("it is given", || async {
            let line = stage.book().await.remove(0);
            let refunds = line["refunds"].as_array().unwrap();
            refunds.len() == nth && refunds[nth - 1]["state"] == "succeeded"
        })
        .await;
        let failed = json!({"id": format!("re_{nth}"), "status": "failed", "metadata": {"refund": nth.to_string()}});
        assert_eq!(send_object(stage.shop, SECRET, &format!("evt_{nth}"), "refund.failed", failed).await, 200);
    }
    let last = format!("{order}-4");
    until("it is filed", || async { stage.book().await[0]["tax_document"] == json!(last) }).await;
    let line = stage.book().await.remove(0);
    assert_eq!((&line["state"], &line["dispatch"]), (&json!("paid"), &json!("queued")));
    assert_eq!(line["refunded_minor"], 0);
    assert_eq!(stage.providers.document(&format!("{order}-3")).as_deref(), Some("Cancelled"));
}
