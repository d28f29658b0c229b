//! What the published description does not promise is refused in its words.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use support::{Stage, wire::call};

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
