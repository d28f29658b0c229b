//! Checkouts from the shopper's side: what an order costs, what repeats and double submits come to, what is refused.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use serde_json::{Value, json};
use support::{Act, Stage, checkout_body, states, wire::Got};

#[tokio::test]
async fn a_cart_becomes_a_paid_and_fulfilled_order_in_all_books() {
    let stage = Stage::honest().await;
    assert_eq!(stage.get("/products?sort=popularity&limit=1").await.json["products"][0]["sku"], "cable");
    assert_eq!(stage.get("/products/tv").await.json["available"], true);
    let cart = stage.cart(&[("tv", 1), ("cable", 2)]).await;
    let discount = stage.post(&format!("/carts/{cart}/promotion"), "k0", json!({"code": "TEN"})).await;
    assert_eq!(discount.json["discount_minor"], 5_189);
    let quote = stage.post(&format!("/carts/{cart}/quote"), "k1", json!({})).await.json;
    assert_eq!((&quote["subtotal_minor"], &quote["tax_minor"]), (&json!(51_898), &json!(4_721)));
    let total = quote["total_minor"].as_i64().unwrap();
    assert_eq!(total, 51_898 - 5_189 + 500 + 4_721);

    let mut body = checkout_body("pm_card_visa");
    body["total_minor"] = total.into();
    let got = stage.post(&format!("/carts/{cart}/checkout"), "k2", body).await;
    assert_eq!((got.status, &got.json["state"], &got.json["total_minor"]), (201, &json!("paid"), &json!(total)));
    let order = got.order();
    stage.until_state(&order, "fulfilled").await;
    stage.until_quiet().await;

    let charges = stage.providers.succeeded();
    assert_eq!((charges.len(), charges[0].amount), (1, total));
    assert_eq!(charges[0].intent.as_deref(), Some("r1.7.0"), "our mark is carried on");
    assert_eq!(charges[0].form["metadata[order]"], order);
    assert_eq!(charges[0].form["shipping[address][country]"], "US");
    assert_eq!(stage.providers.dispatches(), [order.as_str()]);
    assert_eq!(stage.providers.document(&order).as_deref(), Some("Committed"));
    let line = stage.book().await.remove(0);
    assert_eq!(states(&line), ["pending", "paid", "fulfilled"]);
    let expected = json!({"number": order, "state": "fulfilled", "paid_minor": total, "refunded_minor": 0,
        "promotion": "TEN", "tax_source": "quote", "tax_policy": "block", "tax_document": order, "payment": "pi_1",
        "in_doubt": false, "intent": "r1.7.0", "dispatch": "sent", "email": "a@example.com"});
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(&line[name], value, "{name}");
    }
    assert_eq!(stage.get(&format!("/carts/{cart}/order")).await.json["order"], json!(order));
    let metrics = stage.get("/metrics").await.text;
    assert!(metrics.contains("shop_orders{state=\"fulfilled\"} 1"), "{metrics}");
    assert!(metrics.contains("operation=\"create_payment\",outcome=\"ok\"} 1"));
    let log = std::fs::read_to_string(stage.config.log.as_ref().unwrap()).unwrap();
    assert_eq!(log.lines().count(), 3, "one line for each step: {log}");
}

#[tokio::test]
async fn a_three_decimal_total_is_rounded_to_what_can_be_charged() {
    let stage = Stage::with(|config| {
        config["currency"] = "KWD".into();
        config["shipping_minor"] = 495.into();
    })
    .await;
    let cart = stage.cart(&[("cable", 1)]).await;
    let quote = stage.post(&format!("/carts/{cart}/quote"), "q", json!({})).await.json;
    let minor = |name: &str| quote[name].as_i64().unwrap();
    let exact = minor("subtotal_minor") + minor("shipping_minor") + minor("tax_minor");
    assert_ne!(exact % 10, 0, "there is something to round");
    assert_eq!((minor("total_minor") % 10, minor("total_minor")), (0, exact + minor("rounding_minor")));
    let order = stage.check_out(&cart, "k", "pm_card_visa").await.order();
    stage.until_state(&order, "fulfilled").await;
    assert_eq!(stage.providers.succeeded()[0].amount, minor("total_minor"), "what is shown is charged");
    assert_eq!(stage.book().await[0]["rounding_minor"], quote["rounding_minor"]);
}

#[tokio::test]
async fn a_repeated_key_gets_the_same_answer_and_another_body_is_refused() {
    let stage = Stage::honest().await;
    let cart = stage.cart(&[("tv", 1)]).await;
    let first = stage.check_out(&cart, "k", "pm_card_visa").await;
    let again = stage.check_out(&cart, "k", "pm_card_visa").await;
    assert_eq!((again.status, again.replayed, &again.text), (201, true, &first.text));
    let other = stage.check_out(&cart, "k", "pm_other").await;
    assert_eq!((other.status, other.code()), (422, "key_reused"));
    let tab = stage.check_out(&cart, "fresh", "pm_card_visa").await;
    assert_eq!((tab.status, tab.code(), tab.order()), (409, "cart_ordered", first.order()));
    let missing = support::wire::call(
        stage.shop,
        "POST",
        &format!("/carts/{cart}/checkout"),
        &[],
        Some(checkout_body("pm").to_string()),
    )
    .await;
    assert_eq!((missing.status, missing.code()), (400, "key_missing"));
    assert_eq!(stage.providers.succeeded().len(), 1);
}

#[tokio::test]
async fn a_double_click_and_a_second_tab_make_one_order() {
    let stage = Stage::honest().await;
    stage.providers.script(|operation, _| if operation == "create" { Act::Wait } else { Act::Serve });
    let cart = stage.cart(&[("tv", 1)]).await;
    let first = stage.check_out(&cart, "k", "pm_card_visa");
    let others = async {
        support::until("the charge is on its way", || async { stage.providers.calls("create") > 0 }).await;
        let click = stage.check_out(&cart, "k", "pm_card_visa").await;
        let tab = stage.check_out(&cart, "fresh", "pm_card_visa").await;
        stage.providers.script(|_, _| Act::Serve);
        stage.providers.gate.notify_waiters();
        (click, tab)
    };
    let (first, (click, tab)): (Got, (Got, Got)) = tokio::join!(first, others);
    assert_eq!((click.status, click.code()), (409, "key_in_progress"));
    assert_eq!((tab.status, tab.code()), (409, "cart_ordered"));
    assert_eq!(first.status, 201, "{}", first.text);
    assert_eq!((stage.providers.succeeded().len(), stage.book().await.len()), (1, 1));
}

#[tokio::test]
async fn stock_and_promotion_are_never_oversold_under_concurrency() {
    let stage = Stage::honest().await;
    let mut carts = Vec::new();
    for _ in 0..12 {
        carts.push(stage.cart(&[("rare", 1)]).await);
    }
    let got = stage.check_out_all(&carts).await;
    assert_eq!(got.iter().filter(|it| it.status == 201).count(), 3);
    assert!(got.iter().filter(|it| it.status != 201).all(|it| it.code() == "sold_out"), "{got:?}");
    assert_eq!(stage.get("/products/rare").await.json["available"], false);

    let mut carts = Vec::new();
    for number in 0..12 {
        let cart = stage.cart(&[("cable", 1)]).await;
        let got = stage.post(&format!("/carts/{cart}/promotion"), &format!("p{number}"), json!({"code": "TEN"})).await;
        assert_eq!(got.status, 200);
        carts.push(cart);
    }
    let got = stage.check_out_all(&carts).await;
    assert_eq!(got.iter().filter(|it| it.status == 201).count(), 3);
    assert!(got.iter().filter(|it| it.status != 201).all(|it| it.code() == "promotion_used_up"), "{got:?}");
}

#[tokio::test]
async fn what_cannot_be_ordered_is_refused_and_changes_nothing() {
    let stage = Stage::honest().await;
    let cart = stage.cart(&[]).await;
    assert_eq!(stage.check_out(&cart, "k1", "pm").await.code(), "cart_empty");
    assert_eq!(stage.check_out("c_none", "k2", "pm").await.code(), "not_found");
    let cart = stage.cart(&[("tv", 1)]).await;
    let mut body = checkout_body("pm_card_visa");
    body["total_minor"] = 1.into();
    let got = stage.post(&format!("/carts/{cart}/checkout"), "k3", body).await;
    assert_eq!((got.status, got.code()), (409, "total_changed"));
    let bad: Value = json!({"email": "a@example.com", "payment": {"card": {"number": "4242424242424242"}}});
    let got = stage.post(&format!("/carts/{cart}/checkout"), "k4", bad).await;
    assert_eq!((got.status, got.text.contains("4242")), (400, false));
    let line = stage.post(&format!("/carts/{cart}/lines"), "k5", json!({"sku": "rare", "quantity": 4})).await;
    assert_eq!((line.status, line.code()), (409, "sold_out"));
    assert!(stage.book().await.is_empty() && stage.providers.charges().is_empty());
    let got = stage.check_out(&cart, "k3b", "pm_card_visa").await;
    assert_eq!(got.status, 201);
    let late = stage.post(&format!("/carts/{cart}/lines"), "k6", json!({"sku": "tv", "quantity": 1})).await;
    assert_eq!((late.status, late.code()), (409, "cart_ordered"));
}

#[tokio::test]
async fn a_raw_card_goes_to_the_provider_and_nowhere_else() {
    let stage = Stage::honest().await;
    let cart = stage.cart(&[("tv", 1)]).await;
    let visa = json!({"number": "4242424242424242", "exp_month": 12, "exp_year": 2031, "cvc": "987"});
    let body = json!({"email": "a@example.com", "payment": {"card": visa}});
    let got = stage.post(&format!("/carts/{cart}/checkout"), "k", body.clone()).await;
    assert_eq!(got.status, 201, "{}", got.text);
    let again = stage.post(&format!("/carts/{cart}/checkout"), "k", body).await;
    assert!(again.replayed);
    stage.until_quiet().await;
    let seen = stage.providers.bodies().iter().filter(|body| body.contains("4242424242424242")).count();
    assert_eq!(seen, 1, "only the exchange for a token");
    assert_eq!(stage.providers.succeeded()[0].form["payment_method"], "pm_from_card");
    let written = stage.written().await;
    assert!(!written.windows(16).any(|window| window == b"4242424242424242"));
}
