//! Paying: keys, answers that never come, taxes and amounts.

use std::time::Duration;

use serde_json::{Value, json};
use stack::{Defect, serve};

use crate::{
    both,
    support::{Act, Providers, Stage, checkout_body, config, until, wire},
};

#[tokio::test]
async fn fresh_key_per_retry_charges_twice() {
    for (stage, charges) in both(Defect::FreshKeyPerRetry).await.iter().zip([1, 2]) {
        stage.providers.script(|operation, nth| if operation == "create" && nth == 0 { Act::Lose } else { Act::Serve });
        let cart = stage.cart(&[("tv", 1)]).await;
        assert_eq!(stage.check_out(&cart, "k", "pm_card_visa").await.status, 201);
        assert_eq!(stage.providers.succeeded().len(), charges);
    }
}

#[tokio::test]
async fn keys_that_change_between_tries_charge_twice() {
    for defect in [Defect::KeyHashesVolatilePayload, Defect::RetryLayerOverwritesKey] {
        for (stage, charges) in both(defect).await.iter().zip([1, 2]) {
            stage
                .providers
                .script(|operation, nth| if operation == "create" && nth == 0 { Act::Lose } else { Act::Serve });
            let cart = stage.cart(&[("tv", 1)]).await;
            assert_eq!(stage.check_out(&cart, "k", "pm_card_visa").await.status, 201, "{defect}");
            stage.until_quiet().await;
            assert_eq!(stage.providers.succeeded().len(), charges, "{defect}");
        }
    }
}

#[tokio::test]
async fn capture_row_deleted_on_error_charges_anew() {
    for (stage, charges) in both(Defect::CaptureRowDeletedOnError).await.iter().zip([1, 2]) {
        // Every try of the first round.
        stage.providers.script(|operation, nth| if operation == "create" && nth < 3 { Act::Lose } else { Act::Serve });
        let cart = stage.cart(&[("tv", 1)]).await;
        let order = stage.check_out(&cart, "k", "pm_card_visa").await.order();
        stage.until_state(&order, "fulfilled").await;
        assert_eq!(stage.providers.succeeded().len(), charges);
        let first = stage.providers.charges().remove(0);
        let told = stage.providers.send_event(stage.shop, "evt", "payment_intent.succeeded", &first).await;
        assert_eq!(told, 200, "an event of what was deleted is nobody's");
        assert_eq!(stage.book().await[0]["refunded_minor"], 0);
    }
}

#[tokio::test]
async fn read_timeout_means_failed_charges_once_more() {
    for (stage, charges) in both(Defect::ReadTimeoutMeansFailed).await.iter().zip([1, 2]) {
        stage.providers.script(|operation, _| if operation == "retrieve" { Act::Refuse(503) } else { Act::Serve });
        let cart = stage.cart(&[("tv", 1)]).await;
        let got = stage.check_out(&cart, "k", "pm_card_visa").await;
        assert_eq!(got.status, if charges == 1 { 201 } else { 402 }, "{}", got.text);
        until("nothing more is charged", || async {
            stage.until_quiet().await;
            stage.providers.succeeded().len() == charges
        })
        .await;
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
        tokio::task::spawn_blocking(move || runtime.shutdown_timeout(Duration::from_secs(5))).await.unwrap();
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
async fn ambiguous_answer_is_final_and_nobody_looks_again() {
    for (stage, state) in both(Defect::AmbiguousAnswerIsFinal).await.iter().zip(["fulfilled", "failed"]) {
        stage.providers.script(|operation, _| match operation {
            "create" => Act::Lose,
            "search" => Act::Refuse(503),
            _ => Act::Serve,
        });
        let cart = stage.cart(&[("tv", 1)]).await;
        let got = stage.check_out(&cart, "k", "pm_card_visa").await;
        stage.providers.script(|_, _| Act::Serve);
        stage.until_state(&got.order(), state).await;
        stage.until_quiet().await;
        let again = stage.check_out(&cart, "k", "pm_card_visa").await;
        assert_eq!((again.status, again.replayed), if state == "failed" { (402, true) } else { (201, false) });
        assert_eq!((stage.state(&got.order()).await.as_str(), stage.providers.succeeded().len()), (state, 1));
    }
}

#[tokio::test]
async fn provider_call_in_transaction_keeps_all_others_waiting() {
    for defect in [None, Some(Defect::ProviderCallInTransaction)] {
        let stage = Stage::with(|config| {
            config["payment"]["timeout_ms"] = 20_000.into();
            config["defect"] = defect.map_or(Value::Null, |defect| defect.slug().into());
        })
        .await;
        let (mine, other) = (stage.cart(&[("tv", 1)]).await, stage.cart(&[("cable", 1)]).await);
        stage.providers.script(|operation, nth| if operation == "create" && nth == 0 { Act::Wait } else { Act::Serve });
        let first = stage.check_out(&mine, "k1", "pm_card_visa");
        let second = async {
            until("the first charge is on its way", || async { stage.providers.calls("create") == 1 }).await;
            let mut other = std::pin::pin!(stage.check_out(&other, "k2", "pm_card_visa"));
            let in_time = if defect.is_some() { Duration::from_millis(200) } else { Duration::from_secs(10) };
            let early = tokio::time::timeout(in_time, &mut other).await.is_ok();
            stage.providers.gate.notify_waiters();
            if !early {
                assert_eq!(other.await.status, 201);
            }
            early
        };
        let (first, early) = tokio::join!(first, second);
        assert_eq!((first.status, early), (201, defect.is_none()), "{defect:?}");
    }
}

#[tokio::test]
async fn refund_key_rotates_gives_back_twice() {
    for (stage, given) in both(Defect::RefundKeyRotates).await.iter().zip([400, 800]) {
        let cart = stage.cart(&[("tv", 1)]).await;
        let order = stage.check_out(&cart, "k", "pm_card_visa").await.order();
        stage.until_state(&order, "fulfilled").await;
        stage.providers.script(|operation, nth| if operation == "refund" && nth == 0 { Act::Lose } else { Act::Serve });
        let got = stage.post(&format!("/orders/{order}/refunds"), "r", json!({"amount_minor": 400})).await;
        assert_eq!(got.status, 201, "{}", got.text);
        assert_eq!(stage.providers.charges()[0].refunded, given);
        assert_eq!(stage.book().await[0]["refunded_minor"], 400);
    }
}

#[tokio::test]
async fn minor_units_twice_charges_a_hundred_times_too_much() {
    for (defect, times) in [(None, 1), (Some(Defect::MinorUnitsTwice), 100)] {
        for (currency, times) in [("JPY", times), ("USD", 1)] {
            let stage = Stage::with(|config| {
                config["currency"] = currency.into();
                config["defect"] = defect.map_or(Value::Null, |defect| defect.slug().into());
            })
            .await;
            let cart = stage.cart(&[("cable", 3)]).await;
            let got = stage.check_out(&cart, "k", "pm_card_visa").await;
            let total_minor = got.json["total_minor"].as_i64().unwrap();
            assert_eq!(stage.providers.charges()[0].amount, total_minor * times, "{currency} {defect:?}");
        }
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
