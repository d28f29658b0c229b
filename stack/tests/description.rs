//! The published description under fire: schemathesis calls a whole shop from it. It runs where `SCHEMATHESIS` names the
//! program, and says so where it does not.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::path::Path;

use serde_json::json;
use support::{Stage, wire::call};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn schemathesis_finds_nothing() {
    if std::env::var_os("SCHEMATHESIS").is_none() {
        println!("not run: SCHEMATHESIS names no program");
        return;
    }
    let stage = Stage::with(|config| {
        config["vouchers"] = json!([{"code": "V10", "balance_minor": 1_000}]);
        config["store_credit_minor"] = 300.into();
    })
    .await;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/clients/shop_schemathesis.sh");
    let shop = format!("http://{}", stage.shop);
    let run = tokio::task::spawn_blocking(move || std::process::Command::new(script).arg(shop).output());
    let ended = run.await.unwrap().unwrap();
    let told = String::from_utf8_lossy(&ended.stdout);
    assert!(ended.status.success(), "{told}\n{}", String::from_utf8_lossy(&ended.stderr));
    println!("{told}");
}

#[tokio::test]
async fn what_is_not_promised_is_refused_as_it_should_be() {
    let stage = Stage::honest().await;
    let cart = stage.cart(&[]).await;
    let lines = format!("/carts/{cart}/lines");
    let json = [("content-type", "application/json; charset=utf-8")];
    for odd in [
        "",
        "{",
        "[]",
        "null",
        "{\"sku\":\"tv\"}",
        "{\"sku\":1,\"quantity\":1}",
        "{\"sku\":\"tv\",\"quantity\":-1}",
        "{\"sku\":\"tv\",\"quantity\":1e99}",
        "{\"sku\":\"tv\",\"quantity\":99999999999999999999}",
        "{\"sku\":\"tv\",\"quantity\":1,\"extra\":1}",
        "{\"sku\":\"tv\",\"quantity\":1}x",
    ] {
        let got = call(stage.shop, "POST", &lines, &json, Some(odd.into())).await;
        assert_eq!((got.status, got.code()), (400, "bad_request"), "{odd}");
    }
    let xml = [("content-type", "text/xml")];
    assert_eq!(call(stage.shop, "POST", &lines, &xml, Some("<a/>".into())).await.status, 415);
    for (method, path) in [("DELETE", lines.as_str()), ("PATCH", "/carts"), ("POST", "/openapi.json")] {
        assert_eq!(call(stage.shop, method, path, &[], None).await.status, 405, "{method} {path}");
    }
    assert_eq!(call(stage.shop, "GET", "/none", &[], None).await.status, 404);
    for query in ["limit=0", "limit=101", "limit=x", "sort=none", "offset=-1", "limit=1&limit=2"] {
        assert_eq!(stage.get(&format!("/products?{query}")).await.status, 400, "{query}");
    }
    let document = stage.get("/openapi.json").await.json;
    assert_eq!(document["openapi"], "3.1.0");
}
