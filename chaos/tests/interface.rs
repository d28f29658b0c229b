//! The control interface answers as Toxiproxy does: shapes, statuses and errors, held against a golden transcript.
//!
//! `UPDATE_GOLDEN=1` writes the transcript anew.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod stage;

use std::fmt::Write;
use std::net::SocketAddr;
use std::path::Path;

use chaos::client::Client;
use chaos::{Config, Error, serve};
use stage::{Stage, request};

/// Real ports differ from run to run; each keeps a number of its own here.
fn redact(text: &str, ports: &mut Vec<String>) -> String {
    let mut redacted = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("127.0.0.1:") {
        let (before, after) = rest.split_at(at + "127.0.0.1:".len());
        let digits = after.len() - after.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let port = &after[..digits];
        redacted.push_str(before);
        if port.parse::<u16>().is_ok_and(|port| port > 1_024) {
            let known = ports.iter().position(|known| known == port).unwrap_or_else(|| {
                ports.push(port.to_owned());
                ports.len() - 1
            });
            write!(redacted, "PORT{known}").unwrap();
        } else {
            redacted.push_str(port);
        }
        rest = &after[digits..];
    }
    redacted + rest
}

fn without_ttl(text: &str) -> String {
    match text.split_once("\"ttl_ms\":5") {
        Some((before, after)) => {
            format!("{before}\"ttl_ms\":TTL{}", after.trim_start_matches(|c: char| c.is_ascii_digit()))
        }
        None => text.to_owned(),
    }
}

#[tokio::test]
async fn answers_as_the_golden_transcript_says() {
    let running = serve(Config::default()).await.unwrap();
    let script = include_str!("golden/interface.requests");
    let mut transcript = String::new();
    let mut ports = Vec::new();
    for line in script.lines().filter(|line| !line.is_empty()) {
        if line.starts_with('#') {
            writeln!(transcript, "\n{line}").unwrap();
            continue;
        }
        let mut words = line.splitn(3, ' ');
        let (method, path) = (words.next().unwrap(), words.next().unwrap());
        let (status, body) = request(running.api(), method, path, "", words.next().unwrap_or("")).await;
        // How much is left of a lease differs from run to run.
        let body = without_ttl(&redact(&body, &mut ports));
        writeln!(transcript, "> {line}\n{status} {body}").unwrap();
    }
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/interface.transcript");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&golden, &transcript).unwrap();
    }
    let expected = std::fs::read_to_string(&golden).unwrap();
    for (now, golden) in transcript.lines().zip(expected.lines()) {
        assert_eq!(now, golden);
    }
    assert_eq!(transcript, expected);
}

#[tokio::test]
async fn metrics_carry_toxiproxys_names_and_the_traffic() {
    let stage = Stage::with_echo().await;
    stage::round_trip(&mut stage.connect().await, b"12345").await;
    let (status, text) = request(stage.running.api(), "GET", "/metrics", "", "").await;
    assert_eq!(status, 200);
    let has = |start: &str, value: &str| {
        text.lines().any(|line| line.starts_with(start) && line.ends_with(&format!("}} {value}")))
    };
    assert!(has("toxiproxy_proxy_received_bytes_total{direction=\"upstream\",listener=\"127.0.0.1:", "5"), "{text}");
    assert!(has("toxiproxy_proxy_sent_bytes_total{direction=\"downstream\",listener=\"127.0.0.1:", "5"), "{text}");
    assert!(has("doorbuster_proxy_connections_total{proxy=\"link\"", "1"), "{text}");
}

#[tokio::test]
async fn browsers_are_turned_away() {
    let running = serve(Config::default()).await.unwrap();
    let (status, _) = request(running.api(), "POST", "/reset", "user-agent: Mozilla/5.0\r\n", "").await;
    assert_eq!(status, 403);
}

#[tokio::test]
async fn off_loopback_a_token_is_demanded() {
    let everywhere = Config { api: "0.0.0.0:0".parse().unwrap(), ..Config::default() };
    assert!(matches!(serve(everywhere.clone()).await, Err(Error::TokenMissing { .. })));
    let running = serve(Config { token: Some("s3cret".to_owned()), ..everywhere }).await.unwrap();
    let api = SocketAddr::from(([127, 0, 0, 1], running.api().port()));
    let (status, body) = request(api, "GET", "/version", "", "").await;
    assert_eq!((status, body.as_str()), (401, r#"{"error":"a bearer token is required","status":401}"#));
    let with = |token: &str| Client::new(&format!("http://{api}"), Some(token.to_owned())).unwrap();
    assert_eq!(with("wrong").version().await.unwrap_err().status().map(|status| status.as_u16()), Some(401));
    assert_eq!(with("s3cret").version().await.unwrap(), "2.12.0");
    running.stop().await;
}

#[tokio::test]
async fn a_busy_address_is_named() {
    let first = serve(Config::default()).await.unwrap();
    let error = serve(Config { api: first.api(), ..Config::default() }).await.err().unwrap();
    assert_eq!(error.to_string(), format!("listen on {} for the proxy's control interface", first.api()));
    assert_eq!(first.ready_line()["api"], first.api().to_string());
}

#[tokio::test]
async fn clients_know_a_bad_address_from_an_absent_proxy() {
    for address in ["https://localhost:1", "http://localhost/path", "not an address"] {
        assert!(Client::new(address, None).is_err(), "{address}");
    }
    let gone = serve(Config::default()).await.unwrap();
    let client = Client::new(&gone.api().to_string(), None).unwrap();
    gone.stop().await;
    let error = client.version().await.unwrap_err();
    assert!(matches!(error, chaos::client::Error::Unreachable { .. }), "{error}");
}
