//! The client against a Toxiproxy that is not ours: only its own routes, and a plain word where it knows no others.
//!
//! The server here answers as Toxiproxy 2.12 does (<https://github.com/Shopify/toxiproxy#http-api>): its shapes, its
//! statuses, its errors, and `404 page not found` for every other route.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod stage;

use chaos::client::{Client, Error};
use chaos::wire::Faults;
use model::fault::{Stream, Toxic};
use serde_json::{Value, json};
use stage::upstream;
use stage::web::Web;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

const PROXY: &str = r#"{"name":"pay","listen":"127.0.0.1:26379","upstream":"payment:443","enabled":true,"Logger":{},"toxics":[{"attributes":{"latency":1000,"jitter":0},"name":"slow","type":"latency","stream":"downstream","toxicity":1}]}"#;

/// Status and body, as golden shapes of the original.
fn answer(method: &str, path: &str, body: &Value) -> (u16, String) {
    match (method, path) {
        ("GET", "/version") => (200, "{\"version\": \"2.12.0\"}\n".to_owned()),
        ("GET", "/proxies") => (200, format!("{{\"pay\":{PROXY}}}")),
        ("POST", "/proxies") if body["name"] == "taken" => {
            (409, r#"{"error":"proxy already exists","status":409}"#.to_owned())
        }
        ("POST", "/proxies") => (201, PROXY.to_owned()),
        ("GET" | "POST", "/proxies/pay") => (200, PROXY.to_owned()),
        ("POST", "/proxies/pay/toxics") => {
            let (name, kind, stream) = (&body["name"], &body["type"], &body["stream"]);
            assert!(name.is_string() && body["toxicity"].is_number(), "{body}");
            assert!(body["attributes"].as_object().is_some_and(|fields| fields.values().all(Value::is_u64)), "{body}");
            let shown =
                json!({"attributes": body["attributes"], "name": name, "type": kind, "stream": stream, "toxicity": 1});
            (200, shown.to_string())
        }
        ("DELETE", "/proxies/pay/toxics/gone") => (404, r#"{"error":"toxic not found","status":404}"#.to_owned()),
        ("DELETE", "/proxies/pay/toxics/slow" | "/proxies/pay") | ("POST", "/reset") => (204, String::new()),
        _ if path.starts_with("/proxies/") && path.matches('/').count() == 2 => {
            (404, r#"{"error":"proxy not found","status":404}"#.to_owned())
        }
        _ => (404, "404 page not found\n".to_owned()),
    }
}

/// The original, and what it was asked.
async fn original() -> (SocketAddr, Arc<Mutex<Vec<String>>>) {
    let asked = Arc::<Mutex<Vec<String>>>::default();
    let noted = Arc::clone(&asked);
    let at = upstream(move |stream| {
        let asked = Arc::clone(&noted);
        async move {
            let mut web = Web::new(stream);
            let Some(head) = web.head().await else { return };
            let body = web.body(&head).await.unwrap();
            let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
            let mut words = head.split(' ');
            let (method, path) = (words.next().unwrap(), words.next().unwrap());
            asked.lock().unwrap().push(format!("{method} {path}"));
            let (status, body) = answer(method, path, &body);
            let length = body.len();
            web.say(&format!("HTTP/1.1 {status} X\r\ncontent-length: {length}\r\n\r\n{body}")).await;
        }
    })
    .await;
    (at, asked)
}

#[tokio::test]
async fn toxics_proxies_and_reset_need_nothing_but_the_originals_routes() {
    let (at, asked) = original().await;
    let client = Client::new(&at.to_string(), None).unwrap();
    assert_eq!(client.version().await.unwrap(), "2.12.0");
    assert_eq!(client.create("pay", "127.0.0.1:26379", "payment:443").await.unwrap().listen, "127.0.0.1:26379");
    let taken = client.create("taken", "", "payment:443").await.unwrap_err();
    assert_eq!(taken.to_string(), "POST /proxies at the proxy: proxy already exists (409 Conflict)");
    assert_eq!(client.proxies().await.unwrap()["pay"].toxics[0].attributes["latency"], 1_000);
    assert!(client.proxy("pay").await.unwrap().enabled);
    assert_eq!(client.proxy("none").await.unwrap_err().status().unwrap().as_u16(), 404);
    let toxics = [
        Toxic::Latency { latency_ms: 1, jitter_ms: 1 },
        Toxic::Timeout { timeout_ms: 1 },
        Toxic::ResetPeer { timeout_ms: 1 },
        Toxic::Bandwidth { rate_kb: 1 },
        Toxic::SlowClose { delay_ms: 1 },
        Toxic::Slicer { average_size: 10, size_variation: 1, delay_us: 1 },
        Toxic::LimitData { bytes: 1 },
        Toxic::Down {},
    ];
    for toxic in toxics {
        client.add("pay", "slow", &toxic, Stream::Upstream, 1.0).await.unwrap();
        client.remove("pay", "slow", &toxic).await.unwrap();
        client.remove("pay", "gone", &toxic).await.unwrap();
    }
    client.reset().await.unwrap();
    client.delete("pay").await.unwrap();
    let asked = asked.lock().unwrap();
    assert!(asked.iter().all(|asked| !asked.contains("lease") && !asked.contains("rules")), "{asked:?}");
}

#[tokio::test]
async fn what_only_our_proxy_knows_is_told_as_unsupported() {
    let (at, _) = original().await;
    let client = Client::new(&at.to_string(), None).unwrap();
    let rule = json!({"id": "r", "run": "r1", "seed": 1, "effect": {"drop_answer": {}}});
    let rule = serde_json::from_value(rule).unwrap();
    let refusals = [
        client.lease("r1", 1_000).await.unwrap_err(),
        client.counters().await.unwrap_err(),
        client.put_rule("pay", &rule).await.unwrap_err(),
        client.rules("pay").await.unwrap_err(),
        client.remove_rule("pay", "r").await.unwrap_err(),
        client.set_faults(&Faults::default()).await.unwrap_err(),
    ];
    for refusal in refusals {
        assert!(matches!(refusal, Error::Unsupported { .. }), "{refusal}");
    }
}
