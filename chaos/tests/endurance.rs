//! Peers that are slow, gone, many or malicious: no panic, and nothing is left when all have gone.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod stage;

use std::time::Duration;

use model::fault::{Stream, Toxic};
use serde_json::json;
use stage::web::{Web, web};
use stage::{Stage, request, round_trip, soon, until, until_reached};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

async fn open(stage: &Stage) -> u64 {
    stage.client.counters().await.unwrap().proxies["link"].connections_open
}

#[tokio::test]
async fn nothing_is_left_of_clients_that_left_in_whatever_way() {
    let (at, _) = web().await;
    let stage = Stage::before(at).await;
    let rules = [
        json!({"id": "slow", "run": "r", "seed": 1, "probability": 0.3, "effect": {"delay_answer": {"fixed": {"ms": 20}}}}),
        json!({"id": "lost", "run": "r", "seed": 2, "probability": 0.2, "effect": {"drop_answer": {"ending": "rst"}}}),
        json!({"id": "cut", "run": "r", "seed": 3, "probability": 0.2, "effect": {"truncate_answer": {"bytes": 2}}}),
    ];
    for rule in rules {
        stage.client.put_rule("link", &serde_json::from_value(rule).unwrap()).await.unwrap();
    }
    let thin = Toxic::Bandwidth { rate_kb: 200 };
    stage.client.add("link", "thin", &thin, Stream::Downstream, 0.5).await.unwrap();
    let mut leaving = Vec::new();
    for n in 0..120_u64 {
        let stream = stage.connect().await;
        leaving.push(tokio::spawn(async move {
            let mut web = Web::new(stream);
            match n % 6 {
                0 => {}
                1 => web.say("POST /a HTTP/1.1\r\nconte").await,
                2 => {
                    web.post("/a", &n.to_string(), "left before the answer").await;
                    web.stream.set_zero_linger().unwrap();
                }
                3 => {
                    web.post("/a", &n.to_string(), "half closed").await;
                    web.stream.shutdown().await.unwrap();
                    web.rest().await;
                }
                4 => {
                    // One byte at a time.
                    for byte in b"POST /a HTTP/1.1\r\ncontent-length: 2\r\n\r\nab" {
                        let _ = web.stream.write_all(&[*byte]).await;
                        tokio::task::yield_now().await;
                    }
                    web.answer().await;
                }
                _ => while web.ask("/chunked", &n.to_string(), "").await.is_some_and(|(status, _)| status == 0) {},
            }
        }));
    }
    for client in leaving {
        soon(client).await.unwrap();
    }
    until(|| async { open(&stage).await == 0 }).await;
}

#[tokio::test]
async fn a_client_that_never_reads_keeps_its_own_bytes_waiting_and_nobody_elses() {
    let stage = Stage::with_echo().await;
    let mut deaf = stage.connect().await;
    let sent = async {
        // Until every buffer on the way is full.
        while let Ok(Ok(_)) = tokio::time::timeout(Duration::from_millis(300), deaf.write(&vec![7; 64 << 10])).await {}
    };
    soon(sent).await;
    let bytes = stage.client.counters().await.unwrap().proxies["link"].upstream.received_bytes;
    assert!(bytes < 64 << 20, "{bytes} bytes were taken from a client that reads nothing");
    round_trip(&mut stage.connect().await, b"others").await;
    drop(deaf);
    until(|| async { open(&stage).await == 0 }).await;
}

#[tokio::test]
async fn thousands_of_idle_connections_cost_nobody_an_answer() {
    let stage = Stage::with_echo().await;
    // Each takes four descriptors here, the two ends of ours and the proxy's two; a fifth of the limit leaves some for others.
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current.unwrap_or(4_096);
    let count = (limit / 5).min(10_000);
    let mut idle = Vec::new();
    for _ in 0..count {
        idle.push(soon(TcpStream::connect(&stage.listen)).await.unwrap());
    }
    until_reached(count, || open(&stage)).await;
    for stream in idle.iter_mut().step_by(97) {
        round_trip(stream, b"still here").await;
    }
    stage
        .client
        .add("link", "late", &Toxic::Latency { latency_ms: 1, jitter_ms: 0 }, Stream::Upstream, 1.0)
        .await
        .unwrap();
    for stream in idle.iter_mut().step_by(997) {
        round_trip(stream, b"still here").await;
    }
    drop(idle);
    until_reached(0, || open(&stage)).await;
}

#[tokio::test]
async fn bodies_that_are_none_are_refused_and_the_interface_lives() {
    let stage = Stage::with_echo().await;
    let api = stage.running.api();
    let long = format!("{{\"name\":\"{}\"}}", "x".repeat(1 << 20));
    let deep = "[".repeat(100_000);
    let routes = [
        ("POST", "/proxies"),
        ("POST", "/populate"),
        ("PATCH", "/proxies/link"),
        ("POST", "/proxies/link/toxics"),
        ("PUT", "/proxies/link/rules/r"),
        ("POST", "/faults"),
        ("PUT", "/lease"),
    ];
    for (method, path) in routes {
        for body in ["", "{", "null", "[]", "[null]", "\"\"", "1e999", "{\"\":{}}", &long, &deep] {
            let (status, answer) = request(api, method, path, "", body).await;
            // An empty list of proxies, and a change of nothing, are no mistake.
            let is_harmless = (path == "/populate" && body == "[]") || (method == "PATCH" && body.starts_with("{\""));
            assert!(status == 400 || is_harmless, "{method} {path} {body:.20}: {status} {answer:.80}");
        }
    }
    for path in ["/proxies/%ff", "/proxies/%00/toxics", "//", "/proxies/link/toxics/%2e%2e", "/%"] {
        let (status, _) = request(api, "GET", path, "", "").await;
        assert!((400..500).contains(&status), "{path}: {status}");
    }
    for (head, status) in [
        ("expect: 100-continue\r\ncontent-length: 2097153\r\n\r\n", 413),
        ("transfer-encoding: chunked\r\n\r\nno chunk\r\n", 400),
    ] {
        let mut strange = TcpStream::connect(api).await.unwrap();
        strange.write_all(format!("POST /proxies HTTP/1.1\r\nhost: p\r\n{head}").as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        soon(strange.read_to_end(&mut answer)).await.unwrap();
        let answer = String::from_utf8(answer).unwrap();
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
        assert!(answer.contains("{\"error\":\"bad request body: "), "{answer}");
    }
    let mut half = TcpStream::connect(api).await.unwrap();
    half.write_all(b"POST /proxies HTTP/1.1\r\ncontent-length: 100\r\n\r\n{").await.unwrap();
    drop(half);
    round_trip(&mut stage.connect().await, b"alive").await;
    let mut byte = [0; 1];
    let mut garbage = TcpStream::connect(api).await.unwrap();
    garbage.write_all(b"\x16\x03\x01\x00\r\n\r\n").await.unwrap();
    let _ = soon(garbage.read(&mut byte)).await;
    assert_eq!(stage.client.version().await.unwrap(), "2.12.0");
}
