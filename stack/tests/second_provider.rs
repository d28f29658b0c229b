//! Two payment providers: the second one is asked only when the first is proven to hold nothing, and keeps what it took.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use serde_json::json;
use support::{
    Act, Providers, Stage,
    adyen::{self, notification, notify},
    until,
};

async fn stage(change: impl FnOnce(&mut serde_json::Value)) -> Stage {
    Stage::with(|config| {
        let address = config["payment"]["url"].as_str().unwrap().strip_prefix("http://").unwrap().parse().unwrap();
        config["backup_payment"] = adyen::config(address);
        change(config);
    })
    .await
}

fn refuses_first(providers: &Providers) {
    providers.script(|operation, _| if operation == "create" { Act::Refuse(429) } else { Act::Serve });
}

#[tokio::test]
async fn an_outage_of_the_first_goes_to_the_second_and_comes_back() {
    let stage = stage(|_| {}).await;
    refuses_first(&stage.providers);
    let cart = stage.cart(&[("tv", 1)]).await;
    let got = stage.check_out(&cart, "k1", "pm_card_visa").await;
    assert_eq!((got.status, &got.json["provider"]), (201, &json!("backup_payment")), "{}", got.text);
    assert!(stage.check_out(&cart, "k1", "pm_card_visa").await.replayed);
    let held = stage.providers.elsewhere();
    assert_eq!((held.len(), held[0].result, held[0].reference.as_str()), (1, "Authorised", got.order().as_str()));
    assert_eq!(held[0].body["captureDelayHours"], 0);
    assert!(stage.providers.charges().is_empty());

    stage.providers.script(|_, _| Act::Serve);
    let cart = stage.cart(&[("tv", 1)]).await;
    let got = stage.check_out(&cart, "k2", "pm_card_visa").await;
    assert_eq!((got.status, &got.json["provider"]), (201, &json!("payment")), "{}", got.text);
    stage.until_quiet().await;
    assert_eq!((stage.providers.succeeded().len(), stage.providers.elsewhere().len()), (1, 1));
    assert_eq!(stage.book().await[0]["payment_provider"], "backup_payment");
}

#[tokio::test]
async fn a_doubt_about_the_first_never_goes_to_the_second() {
    let stage = stage(|_| {}).await;
    stage.providers.script(|operation, _| match operation {
        "create" => Act::Lose,
        "search" => Act::Refuse(503),
        _ => Act::Serve,
    });
    let cart = stage.cart(&[("tv", 1)]).await;
    let got = stage.check_out(&cart, "k", "pm_card_visa").await;
    assert_eq!(got.status, 202, "{}", got.text);
    stage.providers.script(|_, _| Act::Serve);
    stage.until_state(&got.order(), "fulfilled").await;
    assert!(stage.providers.elsewhere().is_empty());
    assert_eq!(stage.providers.charges().len(), 1);
}

#[tokio::test]
async fn the_flag_chooses_and_a_raw_card_goes_along() {
    let stage = stage(|_| {}).await;
    assert_eq!(stage.put("/admin/flags/payment_provider", json!({"value": "backup_payment"})).await.status, 200);
    let cart = stage.cart(&[("tv", 1)]).await;
    let visa = json!({"number": "4111111111111111", "exp_month": 3, "exp_year": 2030, "cvc": "737"});
    let body = json!({"email": "a@example.com", "payment": {"card": visa}});
    let got = stage.post(&format!("/carts/{cart}/checkout"), "k", body).await;
    assert_eq!(got.status, 201, "{}", got.text);
    assert_eq!(stage.providers.elsewhere()[0].body["paymentMethod"]["number"], "4111111111111111");
    assert_eq!(stage.providers.calls("method"), 0);
    let cart = stage.cart(&[("tv", 1)]).await;
    let got = stage.check_out(&cart, "k2", "pm_card_chargeDeclined").await;
    assert_eq!((got.status, got.code()), (402, "card_declined"), "a refusal with status 200 is a decline");
    stage.until_quiet().await;
    let written = stage.written().await;
    assert!(!written.windows(16).any(|window| window == b"4111111111111111"));
}

#[tokio::test]
async fn a_refund_goes_where_the_money_was_taken_and_ends_with_its_notification() {
    let stage = stage(|config| config["fulfilment"]["after_ms"] = 600_000.into()).await;
    refuses_first(&stage.providers);
    let cart = stage.cart(&[("rare", 3)]).await;
    let order = stage.check_out(&cart, "k", "pm_card_visa").await.order();
    let got = stage.post(&format!("/orders/{order}/cancel"), "c", json!({})).await;
    assert_eq!((&got.json["state"], &got.json["refunded_minor"]), (&json!("cancelled"), &json!(0)), "{}", got.text);
    let change = stage.providers.changes().remove(0);
    assert_eq!((change.kind, change.payment.as_str()), ("adyen_refund", "P1"));
    assert_eq!(stage.book().await[0]["refunds"][0]["state"], "pending");
    let told = notification("REFUND", true, (&change.psp, "P1"), &change.reference, change.amount);
    assert_eq!(notify(stage.shop, vec![told.clone(), told.clone()]).await, (200, "[accepted]".into()));
    let line = stage.book().await.remove(0);
    assert_eq!((&line["refunds"][0]["state"], &line["refunded_minor"]), (&json!("succeeded"), &line["total_minor"]));

    let back = notification("REFUND_FAILED", true, (&change.psp, "P1"), &change.reference, change.amount);
    assert_eq!(notify(stage.shop, vec![back]).await.0, 200);
    until("it is asked for anew", || async { stage.providers.changes().len() == 2 }).await;
    let line = stage.book().await.remove(0);
    assert_eq!((&line["refunds"][0]["state"], &line["refunds"][1]["state"]), (&json!("failed"), &json!("pending")));
    assert_ne!(line["refunds"][0]["key"], line["refunds"][1]["key"]);
    assert_eq!(line["refunded_minor"], 0);
}

#[tokio::test]
async fn a_capture_there_is_done_only_when_it_is_told_and_forged_news_are_refused() {
    let stage = stage(|config| config["capture"] = "at_dispatch".into()).await;
    stage.put("/admin/flags/payment_provider", json!({"value": "backup_payment"})).await;
    let cart = stage.cart(&[("tv", 1)]).await;
    let got = stage.check_out(&cart, "k", "pm_card_visa").await;
    assert_eq!((got.status, &got.json["state"]), (201, &json!("authorised")), "{}", got.text);
    until("the capture is asked for", || async { !stage.providers.changes().is_empty() }).await;
    let change = stage.providers.changes().remove(0);
    assert_eq!((change.kind, change.payment.as_str()), ("adyen_capture", "P1"));
    let mut forged = notification("CAPTURE", true, (&change.psp, "P1"), &change.reference, change.amount);
    forged["NotificationRequestItem"]["amount"]["value"] = 1.into();
    assert_eq!(notify(stage.shop, vec![forged]).await.0, 400);
    assert_eq!(stage.state(&got.order()).await, "authorised");
    assert!(stage.providers.dispatches().is_empty(), "nothing leaves that was not captured");
    let told = notification("CAPTURE", true, (&change.psp, "P1"), &change.reference, change.amount);
    assert_eq!(notify(stage.shop, vec![told]).await.0, 200);
    stage.until_state(&got.order(), "fulfilled").await;
    assert_eq!(support::states(&stage.book().await[0]), ["pending", "authorised", "paid", "fulfilled"]);
}

#[tokio::test]
async fn a_holder_authenticates_there_and_comes_back_twice() {
    let stage = stage(|_| {}).await;
    stage.put("/admin/flags/payment_provider", json!({"value": "backup_payment"})).await;
    let cart = stage.cart(&[("tv", 1)]).await;
    let got = stage.check_out(&cart, "k", "pm_card_authenticationRequired").await;
    assert_eq!((got.status, &got.json["action"]["url"]), (202, &json!("http://bank/")), "{}", got.text);
    let order = got.order();
    for _ in 0..2 {
        let back = stage.get(&format!("/orders/{order}/return?redirectResult=P1")).await;
        assert!(["paid", "fulfilled"].contains(&back.json["state"].as_str().unwrap()), "{}", back.text);
    }
    let told = notification("AUTHORISATION", true, ("P1", ""), &order, stage.providers.elsewhere()[0].amount);
    assert_eq!(notify(stage.shop, vec![told]).await.0, 200);
    stage.until_state(&order, "fulfilled").await;
    stage.until_quiet().await;
    assert_eq!(support::states(&stage.book().await[0]), ["pending", "paid", "fulfilled"]);
}

#[tokio::test]
async fn a_chargeback_is_lost_only_when_nobody_defends_it_or_in_vain() {
    let stage = stage(|_| {}).await;
    stage.put("/admin/flags/payment_provider", json!({"value": "backup_payment"})).await;
    let cart = stage.cart(&[("tv", 1)]).await;
    let order = stage.check_out(&cart, "k", "pm_card_visa").await.order();
    stage.until_state(&order, "fulfilled").await;
    let amount = stage.providers.elsewhere()[0].amount;
    for (event, state) in [
        ("CHARGEBACK", "needs_response"),
        ("NOTIFICATION_OF_CHARGEBACK", "needs_response"),
        ("CHARGEBACK_REVERSED", "won"),
        ("SECOND_CHARGEBACK", "lost"),
        ("CHARGEBACK_REVERSED", "lost"),
    ] {
        let told = notification(event, true, ("D1", "P1"), &order, amount);
        assert_eq!(notify(stage.shop, vec![told]).await.0, 200);
        assert_eq!(stage.book().await[0]["dispute_state"], state, "{event}");
    }
    let undefended = notification("DISPUTE_DEFENSE_PERIOD_ENDED", true, ("D2", "P1"), &order, amount);
    assert_eq!(notify(stage.shop, vec![undefended]).await.0, 200);
    assert_eq!(stage.book().await[0]["dispute_state"], "lost");
}

#[tokio::test]
async fn a_chargeback_that_is_told_before_its_payment_is_told_again_and_a_refused_refund_is_final() {
    let stage = stage(|config| {
        config["reconcile_after_ms"] = 600_000.into();
        config["backup_payment"]["timeout_ms"] = 20_000.into();
    })
    .await;
    stage.put("/admin/flags/payment_provider", json!({"value": "backup_payment"})).await;
    stage.providers.script(|operation, _| if operation == "authorise" { Act::Wait } else { Act::Serve });
    let cart = stage.cart(&[("tv", 1)]).await;
    let early = async {
        until("it is charged", || async { stage.providers.elsewhere().len() == 1 }).await;
        let order = stage.book().await[0]["number"].as_str().unwrap().to_owned();
        let amount = stage.providers.elsewhere()[0].amount;
        let told = notification("CHARGEBACK", true, ("D1", "P1"), &order, amount);
        assert_eq!(notify(stage.shop, vec![told.clone()]).await.0, 503);
        stage.providers.gate.notify_one();
        stage.until_state(&order, "fulfilled").await;
        assert_eq!(notify(stage.shop, vec![told]).await.0, 200);
        order
    };
    let (_, order) = tokio::join!(stage.check_out(&cart, "k", "pm_card_visa"), early);
    assert_eq!(stage.book().await[0]["dispute_state"], "needs_response");
    let won = notification("CHARGEBACK_REVERSED", true, ("D1", "P1"), &order, stage.providers.elsewhere()[0].amount);
    assert_eq!(notify(stage.shop, vec![won]).await.0, 200);

    let got = stage.post(&format!("/orders/{order}/refunds"), "r", json!({})).await;
    assert_eq!((got.status, &got.json["state"]), (201, &json!("pending")), "{}", got.text);
    let change = stage.providers.changes().remove(0);
    let refused = notification("REFUND", false, (&change.psp, "P1"), &change.reference, change.amount);
    assert_eq!(notify(stage.shop, vec![refused]).await.0, 200);
    stage.until_quiet().await;
    let line = stage.book().await.remove(0);
    assert_eq!((line["refunds"].as_array().unwrap().len(), &line["refunds"][0]["state"]), (1, &json!("failed")));
    assert_eq!(stage.providers.calls("void"), 0);
}
