//! Riskified's wire: decisions at once, decisions later by webhook, signatures.

use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::endpoint::Endpoint;
use crate::world::{RUN, Reply, World, post};

const TOKEN: &str = "a token of the fraud provider";
const SHOP: &str = "shop.doorbuster.example";

fn sign(body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(TOKEN.as_bytes()).unwrap();
    mac.update(body.as_bytes());
    hex::encode(mac.finalize().into_bytes())
}

async fn lease(world: &World, webhook: Value) {
    let body = json!({ "provider": "fraud", "key": TOKEN, "shop_domain": SHOP, "run": RUN, "webhook": webhook });
    let reply = world.admin(post("/admin/accounts", body.to_string())).await;
    assert_eq!(reply.status, 201, "{}", reply.text);
}

async fn send(world: &World, word: &str, body: String) -> Reply {
    let signature = sign(&body);
    post(format!("/api/{word}"), body)
        .header("x-riskified-hmac-sha256", signature)
        .header("x-riskified-shop-domain", SHOP)
        .header("accept", "application/vnd.riskified.com;version=2")
        .to(world.addresses().fraud)
        .await
        .unwrap()
}

async fn decide(world: &World, id: &str, email: &str, total: &str) -> Value {
    let body = json!({ "order": {
        "id": id, "name": format!("#DB-{id}"), "email": email, "total_price": total, "currency": "USD",
        "billing_address": { "country_code": "US" }, "shipping_address": { "country_code": "US" },
        "payment_details": [{ "credit_card_bin": "424242" }],
    } });
    let reply = send(world, "decide", body.to_string()).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    reply.json()["order"].clone()
}

#[tokio::test]
async fn orders_are_decided_once() {
    let world = World::new().await;
    lease(&world, Value::Null).await;
    let good = decide(&world, "1", "ada@shop.example", "20.00").await;
    assert_eq!(
        (&good["status"], &good["old_status"], &good["id"]),
        (&"approved".into(), &"created".into(), &"1".into())
    );
    let bad = decide(&world, "2", "eve@decline.example", "20.00").await;
    assert_eq!((&bad["status"], &bad["category"]), (&"declined".into(), &"Fraudulent".into()));
    assert_eq!(decide(&world, "1", "eve@decline.example", "20.00").await["status"], "approved", "it was decided");
    let told: Vec<String> = world
        .statement()
        .await
        .iter()
        .map(|row| format!("{} {} {} {}", row["op"], row["state"], row["order"], row["detail"]["score"]))
        .collect();
    assert_eq!(
        told,
        [r#""decision" "approve" "DB-1" 50"#, r#""decision" "decline" "DB-2" 950"#, r#""replay" null "DB-1" null"#]
    );
    assert_eq!(world.rows("decision").await[0]["run"], RUN);
}

#[tokio::test]
async fn what_people_look_at_is_decided_by_webhook_even_after_a_kill() {
    let world = World::with(|config| config.fraud_rules.review_ms = 300).await;
    let endpoint = Endpoint::failing(1).await;
    let url = format!("http://{}/webhooks", endpoint.address);
    lease(&world, json!({ "url": url, "secret": TOKEN, "backoff_ms": [5, 5] })).await;
    assert_eq!(decide(&world, "2", "a@review.example", "20.00").await["status"], "submitted");
    let copy = world.after_a_kill().await;
    drop(world);
    let world = copy;
    let arrived = endpoint.wait(2).await;
    let last = arrived.last().unwrap();
    assert_eq!(last.signature, sign(&last.text));
    let told = (&last.event["order"]["id"], &last.event["order"]["status"], &last.event["order"]["old_status"]);
    assert_eq!(told, (&"2".into(), &"approved".into(), &"submitted".into()));
    world.until("both rows are there", async |world| world.rows("webhook").await.len() == 2).await;
    let states: Vec<Value> = world.rows("decision").await.iter().map(|row| row["state"].clone()).collect();
    assert_eq!(states, ["review", "approve"]);
    let hooks = world.rows("webhook").await;
    assert_eq!(
        (&hooks[0]["provider"], &hooks[1]["state"], &hooks[1]["order"]),
        (&"fraud".into(), &"delivered".into(), &"DB-2".into())
    );
}

#[tokio::test]
async fn customers_who_come_often_smell() {
    let world = World::new().await;
    lease(&world, Value::Null).await;
    for at in 0..8 {
        decide(&world, &at.to_string(), "often@shop.example", "6000").await;
    }
    let scores: Vec<Value> = world.rows("decision").await.iter().map(|row| row["detail"]["score"].clone()).collect();
    assert_eq!(scores, [400, 400, 400, 500, 600, 700, 700, 700]);
    for _ in 0..5 {
        let denied = json!({ "checkout": { "id": "c", "email": "card@shop.example", "payment_details": [{ "credit_card_bin": "424242" }] } });
        assert_eq!(send(&world, "checkout_denied", denied.to_string()).await.status, 200);
    }
    decide(&world, "x", "card@shop.example", "1").await;
    assert_eq!(world.rows("decision").await.last().unwrap()["detail"]["score"], 350);
}

#[tokio::test]
async fn faults_decline_and_move_the_score() {
    let world = World::new().await;
    lease(&world, Value::Null).await;
    let when = json!({ "amount_minor_min": 5_000 });
    world.rule("no", json!({ "provider": "fraud", "when": when, "effect": { "decline": {} } })).await;
    world.rule("up", json!({ "provider": "fraud", "effect": { "shift": { "by": 600 } } })).await;
    assert_eq!(decide(&world, "1", "a@shop.example", "50.00").await["status"], "declined");
    assert_eq!(decide(&world, "2", "a@shop.example", "49.99").await["status"], "submitted");
    let rows = world.rows("decision").await;
    assert_eq!((&rows[0]["effect"], &rows[1]["effect"]), (&"decline".into(), &"shift".into()));
    assert_eq!((&rows[1]["detail"]["shift_points"], &rows[1]["detail"]["score"]), (&600.into(), &650.into()));
}

#[tokio::test]
async fn what_became_of_an_order_is_noted() {
    let world = World::with(|config| config.fraud_rules.review_ms = 60_000).await;
    lease(&world, Value::Null).await;
    decide(&world, "1", "a@review.example", "1").await;
    for (word, status) in [("fulfill", "submitted"), ("refund", "submitted"), ("cancel", "canceled")] {
        let reply = send(&world, word, json!({ "order": { "id": "1" } }).to_string()).await;
        assert_eq!((reply.status, &reply.json()["order"]["status"]), (200, &status.into()), "{word}");
    }
    assert_eq!(send(&world, "cancel", json!({ "order": { "id": "none" } }).to_string()).await.status, 404);
    let submitted = json!({ "order": { "id": 5, "email": "a@shop.example", "total_price": 1.5 } });
    assert_eq!(send(&world, "submit", submitted.to_string()).await.json()["order"]["status"], "submitted");
    let after = world.after_a_kill().await;
    let again = send(&after, "decide", submitted.to_string()).await.json();
    assert_eq!(again["order"]["status"], "submitted", "{again}");
}

#[tokio::test]
async fn bad_input_meets_riskifieds_errors() {
    let world = World::new().await;
    lease(&world, Value::Null).await;
    for (word, body, status) in [
        ("decide", "{".to_owned(), 400),
        ("decide", "{}".to_owned(), 400),
        ("decide", r#"{"order":{}}"#.to_owned(), 400),
        ("decide", r#"{"order":{"id":"1","total_price":"much"}}"#.to_owned(), 400),
        ("nothing", r#"{"order":{"id":"1"}}"#.to_owned(), 404),
        ("decide", "x".repeat((1 << 20) + 1), 413),
    ] {
        let reply = send(&world, word, body).await;
        assert_eq!((reply.status, reply.json()["error"]["message"].is_string()), (status, true), "{}", reply.text);
    }
    let body = json!({ "order": { "id": "1", "total_price": "1" } }).to_string();
    let asked = |signature: &str, shop: &str| {
        post("/api/decide", body.clone())
            .header("x-riskified-hmac-sha256", signature)
            .header("x-riskified-shop-domain", shop)
            .to(world.addresses().fraud)
    };
    assert_eq!(asked("00", SHOP).await.unwrap().status, 401);
    assert_eq!(asked("", SHOP).await.unwrap().status, 401);
    assert_eq!(asked(&sign(&body), "").await.unwrap().status, 401);
    let old = post("/api/decide", body.clone())
        .header("x-riskified-hmac-sha256", sign(&body))
        .header("x-riskified-shop-domain", SHOP)
        .header("accept", "application/vnd.riskified.com;version=1");
    assert_eq!(old.to(world.addresses().fraud).await.unwrap().status, 406);
    assert!(world.statement().await.is_empty());
}
