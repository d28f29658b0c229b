//! Vouchers, store credit, accounts and refunds: what is given is never more than what was taken.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use serde_json::{Value, json};
use support::{Act, Stage, checkout_body, wire::call};

async fn shop(change: impl FnOnce(&mut Value)) -> Stage {
    Stage::with(|config| {
        config["vouchers"] =
            json!([{"code": "V10", "balance_minor": 1_000}, {"code": "BIG", "balance_minor": 900_000}]);
        config["store_credit_minor"] = 300.into();
        change(config);
    })
    .await
}

async fn vouchers(stage: &Stage, code: &str) -> i64 {
    let text = stage.get("/admin/export/vouchers").await.text;
    let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines.filter(|line| line["code"] == code).map(|line| line["balance_minor"].as_i64().unwrap()).sum()
}

async fn with_voucher(stage: &Stage, code: &str, sku: &str) -> String {
    let cart = stage.cart(&[(sku, 1)]).await;
    let body = json!({ "code": code }).to_string();
    let got = call(stage.shop, "POST", &format!("/carts/{cart}/voucher"), &[], Some(body)).await;
    assert_eq!(got.status, 200, "{}", got.text);
    cart
}

#[tokio::test]
async fn a_voucher_covers_what_it_can_and_comes_back_with_the_order() {
    let stage = shop(|config| config["fulfilment"]["after_ms"] = 1_500.into()).await;
    let cart = with_voucher(&stage, "V10", "tv").await;
    let quoted = stage.post(&format!("/carts/{cart}/quote"), "q", json!({})).await.json;
    assert_eq!(quoted["credit_minor"], 1_000);
    let got = stage.check_out(&cart, "k", "pm_card_visa").await;
    assert_eq!((got.status, &got.json["state"]), (201, &json!("paid")), "{}", got.text);
    let order = got.order();
    assert_eq!(stage.providers.succeeded()[0].amount, quoted["due_minor"].as_i64().unwrap());
    assert_eq!(vouchers(&stage, "V10").await, 0);
    let empty = stage.cart(&[("tv", 1)]).await;
    let voucher = |code: &str| json!({ "code": code });
    assert_eq!(stage.post(&format!("/carts/{empty}/voucher"), "v1", voucher("V10")).await.code(), "voucher_empty");
    assert_eq!(stage.post(&format!("/carts/{empty}/voucher"), "v2", voucher("NO")).await.code(), "voucher_unknown");
    assert_eq!(stage.post(&format!("/orders/{order}/cancel"), "c", json!({})).await.status, 200);
    stage.until_quiet().await;
    assert_eq!(vouchers(&stage, "V10").await, 1_000);
    assert_eq!(stage.providers.charges()[0].refunded, stage.providers.charges()[0].amount);
}

#[tokio::test]
async fn what_credit_covers_whole_needs_no_provider() {
    let stage = shop(|_| {}).await;
    stage.providers.script(|operation, _| if operation == "create" { Act::Refuse(500) } else { Act::Serve });
    let cart = with_voucher(&stage, "BIG", "cable").await;
    let got = stage.check_out(&cart, "k", "pm_card_visa").await;
    assert_eq!(got.status, 201, "{}", got.text);
    let order = got.order();
    stage.until_state(&order, "fulfilled").await;
    assert_eq!(stage.providers.calls("create"), 0);
    let line = stage.book().await.remove(0);
    assert_eq!((&line["credit_minor"], &line["paid_minor"]), (&line["total_minor"], &json!(0)));
    let refund = stage.post(&format!("/orders/{order}/refunds"), "r", json!({})).await;
    assert_eq!((refund.status, &refund.json["credit_minor"]), (201, &line["total_minor"]), "{}", refund.text);
    assert_eq!(vouchers(&stage, "BIG").await, 900_000);
}

#[tokio::test]
async fn a_voucher_is_never_spent_twice_at_the_same_time() {
    let stage = shop(|_| {}).await;
    let mut carts = Vec::new();
    for _ in 0..8 {
        carts.push(with_voucher(&stage, "V10", "tv").await);
    }
    stage.check_out_all(&carts).await;
    let covered: i64 = stage.book().await.iter().map(|line| line["credit_minor"].as_i64().unwrap()).sum();
    assert_eq!((covered, vouchers(&stage, "V10").await), (1_000, 0));
}

#[tokio::test]
async fn refunds_at_the_same_time_give_back_what_was_paid_and_no_more() {
    let stage = shop(|_| {}).await;
    let cart = with_voucher(&stage, "V10", "tv").await;
    let order = stage.check_out(&cart, "k", "pm_card_visa").await.order();
    stage.until_state(&order, "fulfilled").await;
    let paid = stage.providers.succeeded()[0].amount;
    let path = format!("/orders/{order}/refunds");
    assert_eq!(stage.post(&path, "much", json!({"amount_minor": paid + 1_001})).await.code(), "too_much");
    let part = paid / 4 + 300;
    let mut tasks = tokio::task::JoinSet::new();
    for nth in 0..8 {
        let (shop, path) = (stage.shop, path.clone());
        tasks.spawn(async move {
            let key = format!("r{nth}");
            let body = json!({ "amount_minor": part }).to_string();
            call(shop, "POST", &path, &[("idempotency-key", &key)], Some(body)).await
        });
    }
    let got = tasks.join_all().await;
    let given = got.iter().filter(|it| it.status == 201).count() as i64;
    assert!(got.iter().all(|it| it.status == 201 || it.code() == "too_much"), "{got:?}");
    let rest = stage.post(&path, "rest", json!({})).await;
    assert_eq!((rest.status, &rest.json["amount_minor"]), (201, &json!(paid + 1_000 - given * part)), "{}", rest.text);
    assert_eq!(stage.post(&path, "again", json!({})).await.code(), "already_refunded");
    assert!(stage.post(&path, "rest", json!({})).await.replayed);
    assert_eq!((stage.providers.charges()[0].refunded, vouchers(&stage, "V10").await), (paid, 1_000));
    assert_eq!(stage.book().await[0]["refunds"][0]["asked"].as_str().unwrap().len(), 2);
    let line = stage.book().await.remove(0);
    let sum = |member: &str| {
        line["refunds"].as_array().unwrap().iter().map(|refund| refund[member].as_i64().unwrap()).sum::<i64>()
    };
    assert_eq!((sum("amount_minor"), sum("credit_minor")), (paid + 1_000, 1_000), "the credit is a part of the amount");
}

#[tokio::test]
async fn a_refund_without_an_answer_stays_pending_and_is_given_once() {
    let stage = shop(|_| {}).await;
    let cart = stage.cart(&[("tv", 1)]).await;
    let order = stage.check_out(&cart, "k", "pm_card_visa").await.order();
    stage.until_state(&order, "fulfilled").await;
    stage.providers.script(|operation, nth| match operation {
        "refund" if nth < 4 => Act::Lose,
        _ => Act::Serve,
    });
    let path = format!("/orders/{order}/refunds");
    let first = stage.post(&path, "r", json!({"amount_minor": 700})).await;
    assert_eq!((first.status, &first.json["state"]), (201, &json!("pending")), "{}", first.text);
    stage.until_quiet().await;
    let later = stage.post(&path, "r", json!({"amount_minor": 700})).await;
    assert_eq!((later.status, &later.json["state"]), (201, &json!("succeeded")));
    assert_eq!(stage.providers.charges()[0].refunded, 700);
}

#[tokio::test]
async fn an_account_pays_with_its_credit_and_a_card_that_it_kept() {
    let stage = shop(|_| {}).await;
    let opened = stage.post("/accounts", "a", json!({"email": "me@example.com"})).await;
    assert_eq!((opened.status, &opened.json["credit_minor"]), (201, &json!(300)));
    let token = format!("Bearer {}", opened.json["token"].as_str().unwrap());
    let bearer = [("authorization", token.as_str())];
    let cart = async || {
        let guest = stage.cart(&[]).await;
        let got = call(stage.shop, "POST", "/carts", &bearer, Some("{}".into())).await;
        let cart = got.json["cart"].as_str().unwrap().to_owned();
        assert_ne!(cart, guest);
        stage.put(&format!("/carts/{cart}/lines/tv"), json!({"quantity": 1})).await;
        let address = json!({"name": "A", "line1": "1 Main St", "city": "Irvine", "region": "CA",
                             "postal_code": "92615", "country": "US"});
        assert_eq!(stage.put(&format!("/carts/{cart}/address"), address).await.status, 200);
        cart
    };
    let first = cart().await;
    let mut body = checkout_body("pm_card_visa");
    body["use_credit"] = true.into();
    body["save_card"] = true.into();
    let got = stage.post(&format!("/carts/{first}/checkout"), "k1", body).await;
    assert_eq!(got.status, 201, "{}", got.text);
    let charge = stage.providers.succeeded().remove(0);
    assert_eq!(
        (charge.form["customer"].as_str(), charge.form["setup_future_usage"].as_str()),
        ("cus_1", "off_session")
    );
    assert_eq!(charge.amount, got.json["total_minor"].as_i64().unwrap() - 300);
    let me = call(stage.shop, "GET", "/accounts/me", &bearer, None).await.json;
    assert_eq!((&me["credit_minor"], &me["cards"][0]["saved"]), (&json!(0), &json!("pm_card_visa")));

    let second = cart().await;
    let saved = json!({"email": "me@example.com", "payment": {"saved": "pm_card_visa"}});
    let got = stage.post(&format!("/carts/{second}/checkout"), "k2", saved.clone()).await;
    assert_eq!(got.status, 201, "{}", got.text);
    assert_eq!(stage.providers.succeeded()[1].form["customer"], "cus_1");
    let guest = stage.cart(&[("tv", 1)]).await;
    let got = stage.post(&format!("/carts/{guest}/checkout"), "k3", saved).await;
    assert_eq!(got.code(), "card_unknown");
    assert_eq!(call(stage.shop, "GET", "/accounts/me", &[("authorization", "Bearer x")], None).await.status, 401);
    let secret = token.strip_prefix("Bearer ").unwrap().as_bytes();
    assert!(!stage.written().await.windows(secret.len()).any(|it| it == secret), "the token is nowhere");
}
