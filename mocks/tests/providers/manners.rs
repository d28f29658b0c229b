//! Stripe's manners: parameters, keys, headers, and what it says to strangers. And everyone's: what is too large.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::world::{PUBLISHABLE_KEY, World, get, post};

const FINE: &str = "amount=500&currency=usd";

#[tokio::test]
async fn unknown_parameters_are_named() {
    let world = World::new().await;
    for (body, code, param) in [
        ("amount=500&currency=usd&foo=1", "parameter_unknown", "foo"),
        ("amount=500&currency=usd&shipping[planet]=mars", "parameter_unknown", "shipping[planet]"),
        ("amount=&currency=usd", "parameter_invalid_empty", "amount"),
    ] {
        let reply = world.payment(post("/v1/payment_intents", body)).await.unwrap();
        let error = &reply.json()["error"];
        assert_eq!((reply.status, &error["code"], &error["param"]), (400, &code.into(), &param.into()), "{body}");
        assert_eq!(reply.header("stripe-should-retry"), Some("false"));
    }
    let currency = world.payment(post("/v1/payment_intents", "amount=500&currency=usx")).await.unwrap().json();
    let message = currency["error"]["message"].as_str().unwrap();
    assert!(message.starts_with("Invalid currency: usx. Stripe currently supports these currencies: usd, aed,"));
    let confirmed = "amount=500&currency=USD&confirm=True&payment_method=pm_card_visa&metadata[a]=1";
    assert_eq!(world.payment(post("/v1/payment_intents", confirmed)).await.unwrap().json()["status"], "succeeded");
}

#[tokio::test]
async fn strangers_are_told_what_they_lack() {
    let world = World::new().await;
    let address = world.addresses().payment;
    let none = get("/v1/charges").to(address).await.unwrap();
    assert!(none.status == 401 && none.header("www-authenticate").is_some(), "{none:?}");
    let wrong = get("/v1/charges").bearer("sk_wrong_1234567890").to(address).await.unwrap();
    assert!(wrong.text.contains("Invalid API Key provided: sk_wrong_******7890"), "{}", wrong.text);
    let browser = get("/v1/charges").bearer(PUBLISHABLE_KEY).to(address).await.unwrap();
    assert_eq!((browser.status, &browser.json()["error"]["code"]), (403, &"secret_key_required".into()));
    let lost = world.payment(post("/v1/chargez", "")).await.unwrap();
    let message = lost.json()["error"]["message"].as_str().unwrap().to_owned();
    assert!(message.starts_with("Unrecognized request URL (POST: /v1/chargez)."), "{message}");
    let put = world.payment(post("/v1/charges", "").method("PUT")).await.unwrap();
    assert_eq!(put.status, 404);
    let json = post("/v1/payment_intents", "{\"amount\":5}").header("content-type", "application/json");
    assert!(world.payment(json).await.unwrap().text.contains("application/x-www-form-urlencoded"));
}

#[tokio::test]
async fn replays_name_the_request_that_was_answered() {
    let world = World::new().await;
    let ask = || post("/v1/payment_intents", FINE).key("k").header("stripe-version", "2023-10-16");
    let (first, second) = (world.payment(ask()).await.unwrap(), world.payment(ask()).await.unwrap());
    assert_eq!(second.header("original-request"), first.header("request-id"));
    assert_ne!(second.header("request-id"), first.header("request-id"));
    assert_eq!((first.header("original-request"), first.header("stripe-version")), (None, Some("2023-10-16")));
    assert_eq!(second.header("idempotency-key"), Some("k"));
}

#[tokio::test]
async fn a_key_belongs_to_one_endpoint_and_to_posts() {
    let world = World::new().await;
    let made = world.payment(post("/v1/payment_intents", FINE).key("k")).await.unwrap();
    let elsewhere = world.payment(post("/v1/setup_intents", "").key("k")).await.unwrap();
    let message = elsewhere.json()["error"]["message"].as_str().unwrap().to_owned();
    assert!(message.contains("('/v1/payment_intents' vs '/v1/setup_intents')"), "{message}");
    let read = world.payment(get(format!("/v1/payment_intents/{}", made.id())).key("k")).await.unwrap();
    assert_eq!((read.status, read.header("idempotent-replayed")), (200, None));
    let empty = world.payment(post("/v1/payment_intents", FINE).key(" ")).await.unwrap();
    assert_eq!(empty.status, 400);
    let longest = world.payment(post("/v1/payment_intents", FINE).key("k".repeat(255))).await.unwrap();
    assert_eq!(longest.status, 200);
    world.rule("busy", serde_json::json!({ "effect": { "respond": { "status": 429 } } })).await;
    let busy = world.payment(post("/v1/payment_intents", FINE).key("b")).await.unwrap();
    assert_eq!(
        (&busy.json()["error"]["code"], busy.header("stripe-should-retry")),
        (&"lock_timeout".into(), Some("true"))
    );
}

#[tokio::test]
async fn what_is_announced_too_large_is_refused_unread() {
    let world = World::new().await;
    let mocks::Addresses { payment, backup_payment, tax, fraud, shipping, warehouse, admin } = world.addresses();
    for address in [payment, backup_payment, tax, fraud, shipping, warehouse, admin] {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let head = "POST /v1/charges HTTP/1.1\r\nhost: p\r\nexpect: 100-continue\r\ncontent-length: 1048577\r\n\r\n";
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        // Whoever was told to go on would have to be waited for.
        stream.read_to_end(&mut answer).await.unwrap();
        let answer = String::from_utf8(answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 413 ") && answer.ends_with('}'), "{address}: {answer}");
    }
}
