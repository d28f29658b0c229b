//! Each seeded defect does its harm, and the honest shop in the same trouble does not.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use serde_json::{Value, json};
use stack::{Defect, serve};
use support::{Act, Providers, Stage, checkout_body, config, states, until, wire};

async fn both(defect: Defect) -> [Stage; 2] {
    [Stage::honest().await, Stage::defective(defect).await]
}

#[tokio::test]
async fn fresh_key_per_retry_charges_twice() {
    for (stage, charges) in both(Defect::FreshKeyPerRetry).await.iter().zip([1, 2]) {
        stage.providers.script(|operation, nth| if operation == "create" && nth == 0 { Act::Lose } else { Act::Serve });
        let cart = stage.cart(&[("tv", 1)]).await;
        assert_eq!(stage.check_out(&cart, "k", "pm_card_visa").await.status, 201);
        assert_eq!(stage.providers.succeeded().len(), charges);
    }
}

/// A shop on threads of its own, so that it can be killed between two of its steps.
struct Mortal {
    runtime: Option<tokio::runtime::Runtime>,
    shop: std::net::SocketAddr,
}

impl Mortal {
    async fn open(config: stack::Config) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let running = runtime.spawn(serve(config)).await.unwrap().unwrap();
        let shop = running.listen();
        runtime.spawn(async move {
            std::future::pending::<()>().await;
            drop(running);
        });
        Self { runtime: Some(runtime), shop }
    }

    async fn kill(mut self) {
        let runtime = self.runtime.take().unwrap();
        tokio::task::spawn_blocking(move || runtime.shutdown_timeout(std::time::Duration::from_secs(5))).await.unwrap();
    }
}

#[tokio::test]
async fn charge_before_recovery_point_charges_again_after_a_crash() {
    for (defect, charges) in [(None, 1), (Some(Defect::ChargeBeforeRecoveryPoint), 2)] {
        let files = tempfile::tempdir().unwrap();
        let providers = Providers::start().await;
        let mut json = config(providers.address, files.path());
        json["payment"]["timeout_ms"] = 20_000.into();
        let mut config: stack::Config = serde_json::from_value(json).unwrap();
        config.defect = defect;
        providers.script(|operation, _| if operation == "create" { Act::Wait } else { Act::Serve });
        let shop = Mortal::open(config.clone()).await;
        let cart = cart_at(shop.shop).await;
        let path = format!("/carts/{cart}/checkout");
        let (at, body) = (shop.shop, checkout_body("pm_card_visa").to_string());
        let first = tokio::spawn(submit(at, path.clone(), body.clone()));
        until("the charge is made", || async { !providers.charges().is_empty() }).await;
        shop.kill().await;
        assert!(first.await.unwrap().is_none(), "the shop died before it answered");
        providers.script(|_, _| Act::Serve);
        let shop = Mortal::open(config).await;
        until("the repeat is answered finally", || async {
            submit(shop.shop, path.clone(), body.clone()).await.is_some_and(|got| got.status == 201)
        })
        .await;
        assert_eq!(providers.succeeded().len(), charges, "{defect:?}");
        shop.kill().await;
    }
}

async fn submit(shop: std::net::SocketAddr, path: String, body: String) -> Option<wire::Got> {
    wire::try_call(shop, "POST", &path, &[("idempotency-key", "k")], Some(body)).await
}

async fn cart_at(shop: std::net::SocketAddr) -> String {
    let cart = wire::call(shop, "POST", "/carts", &[], Some("{}".into())).await;
    let cart = cart.json["cart"].as_str().unwrap().to_owned();
    let line = json!({"sku": "tv", "quantity": 1}).to_string();
    wire::call(shop, "POST", &format!("/carts/{cart}/lines"), &[], Some(line)).await;
    let address = json!({"name": "A", "line1": "1", "city": "I", "postal_code": "1", "country": "US"});
    wire::call(shop, "PUT", &format!("/carts/{cart}/address"), &[], Some(address.to_string())).await;
    cart
}

#[tokio::test]
async fn unknown_forced_to_failed_keeps_a_charge_without_an_order() {
    for (stage, state) in both(Defect::UnknownForcedToFailed).await.iter().zip(["fulfilled", "failed"]) {
        stage.providers.script(|operation, _| match operation {
            "create" => Act::Lose,
            "search" => Act::Refuse(503),
            _ => Act::Serve,
        });
        let cart = stage.cart(&[("tv", 1)]).await;
        let order = stage.check_out(&cart, "k", "pm_card_visa").await.order();
        stage.providers.script(|_, _| Act::Serve);
        let charge = stage.providers.charges().remove(0);
        stage.providers.send_event(stage.shop, "evt", "payment_intent.succeeded", &charge).await;
        stage.until_state(&order, state).await;
        stage.until_quiet().await;
        assert_eq!(stage.state(&order).await, state, "neither event nor reconciler changes it any more");
    }
}

#[tokio::test]
async fn cart_ordered_twice_makes_two_accepted_orders() {
    for (stage, orders) in both(Defect::CartOrderedTwice).await.iter().zip([1, 2]) {
        stage.providers.script(|operation, _| if operation == "create" { Act::Wait } else { Act::Serve });
        let cart = stage.cart(&[("tv", 1)]).await;
        let gate = async {
            until("the charges are on their way", || async { stage.providers.calls("create") >= orders }).await;
            if orders == 1 {
                return;
            }
            stage.providers.gate.notify_waiters();
        };
        if orders == 1 {
            let first = stage.check_out(&cart, "k1", "pm_card_visa");
            let second = async {
                gate.await;
                let got = stage.check_out(&cart, "k2", "pm_card_visa").await;
                stage.providers.gate.notify_waiters();
                got
            };
            let (first, second) = tokio::join!(first, second);
            assert_eq!((first.status, second.code()), (201, "cart_ordered"));
        } else {
            let first = stage.check_out(&cart, "k1", "pm_card_visa");
            let second = stage.check_out(&cart, "k2", "pm_card_visa");
            let (first, second, ()) = tokio::join!(first, second, gate);
            assert_eq!((first.status, second.status), (201, 201));
        }
        stage.until_quiet().await;
        let accepted = stage.book().await.iter().filter(|line| line["state"] == "fulfilled").count();
        assert_eq!((accepted, stage.providers.succeeded().len()), (orders, orders));
    }
}

async fn accepted(stage: &Stage) -> usize {
    stage.until_quiet().await;
    stage.book().await.iter().filter(|line| line["state"] == "fulfilled").count()
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
async fn coupon_overspent_exceeds_the_limit() {
    let [honest, defective] = both(Defect::CouponOverspent).await;
    for (stage, charges) in [(&honest, 3), (&defective, 8)] {
        stage.providers.script(|operation, _| if operation == "create" { Act::Wait } else { Act::Serve });
        let mut carts = Vec::new();
        for nth in 0..8 {
            let cart = stage.cart(&[("tv", 1)]).await;
            stage.post(&format!("/carts/{cart}/promotion"), &format!("p{nth}"), json!({"code": "TEN"})).await;
            carts.push(cart);
        }
        let gate = async {
            until("the charges are on their way", || async { stage.providers.calls("create") >= charges }).await;
            stage.providers.script(|_, _| Act::Serve);
            stage.providers.gate.notify_waiters();
        };
        tokio::join!(stage.check_out_all(&carts), gate);
        assert_eq!(accepted(stage).await, charges);
    }
}

#[tokio::test]
async fn tax_outage_is_zero_sells_untaxed_and_unflagged() {
    let [honest, defective] = both(Defect::TaxOutageIsZero).await;
    let mut got = Vec::new();
    for stage in [&honest, &defective] {
        stage.providers.script(|operation, _| if operation == "quote" { Act::Refuse(503) } else { Act::Serve });
        let cart = stage.cart(&[("tv", 1)]).await;
        got.push(stage.check_out(&cart, "k", "pm_card_visa").await.status);
    }
    assert_eq!(got, [503, 201]);
    let line: Value = defective.book().await.remove(0);
    assert_eq!((&line["tax_minor"], &line["tax_source"]), (&json!(0), &json!("quote")));
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
