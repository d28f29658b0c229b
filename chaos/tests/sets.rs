//! All faults of a run at one instant: all of them or none.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod stage;

use chaos::wire::{Faults, NewToxic, ProxyFaults};
use model::fault::{Stream, Toxic};
use serde_json::json;
use stage::web::{Web, web};
use stage::{Stage, round_trip, soon, until};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

fn faults(proxies: impl IntoIterator<Item = (&'static str, ProxyFaults)>, ttl_ms: u64) -> Faults {
    let proxies = proxies.into_iter().map(|(name, faults)| (name.to_owned(), faults)).collect();
    Faults { run: "r1".to_owned(), ttl_ms, proxies }
}

fn toxic(name: &str, toxic: Toxic) -> ProxyFaults {
    let toxic = NewToxic::of(name, &toxic, Stream::Downstream, 1.0).unwrap();
    ProxyFaults { toxics: vec![toxic], ..ProxyFaults::default() }
}

fn down() -> ProxyFaults {
    ProxyFaults { enabled: false, ..ProxyFaults::default() }
}

const LATE: Toxic = Toxic::Latency { latency_ms: 1, jitter_ms: 0 };

#[tokio::test]
async fn a_set_replaces_the_one_before_on_every_proxy() {
    let stage = Stage::with_echo().await;
    let other = stage.client.create("other", "127.0.0.1:0", &stage::echo().await.to_string()).await.unwrap();
    let mut open = TcpStream::connect(&other.listen).await.unwrap();
    round_trip(&mut open, b"before").await;
    stage.client.set_faults(&faults([("link", toxic("late", LATE)), ("other", down())], 60_000)).await.unwrap();
    assert_eq!(stage.client.proxy("link").await.unwrap().toxics.len(), 1);
    assert!(!matches!(soon(open.read(&mut [0; 1])).await, Ok(1..)), "open connections end");
    assert!(TcpStream::connect(&other.listen).await.is_err());
    // What the next set does not name is healed.
    stage.client.set_faults(&faults([("link", down())], 60_000)).await.unwrap();
    assert!(stage.client.proxy("link").await.unwrap().toxics.is_empty());
    round_trip(&mut TcpStream::connect(&other.listen).await.unwrap(), b"after").await;
    stage.client.set_faults(&faults([], 60_000)).await.unwrap();
    round_trip(&mut stage.connect().await, b"healed").await;
}

#[tokio::test]
async fn a_set_with_one_mistake_changes_nothing() {
    let stage = Stage::with_echo().await;
    stage.client.set_faults(&faults([("link", toxic("late", LATE))], 60_000)).await.unwrap();
    let before = stage.client.proxies().await.unwrap();
    let mistaken = ProxyFaults { rules: vec![json!({"id": "r", "seed": 1, "effect": {"melt": {}}})], ..down() };
    for wrong in [faults([("link", mistaken)], 60_000), faults([("link", down()), ("none", down())], 60_000)] {
        assert!(stage.client.set_faults(&wrong).await.is_err());
        assert_eq!(stage.client.proxies().await.unwrap(), before);
    }
    let other_run = Faults { run: "r2".to_owned(), ..faults([("link", down())], 60_000) };
    assert_eq!(stage.client.set_faults(&other_run).await.unwrap_err().status().unwrap().as_u16(), 409);
    assert_eq!(stage.client.proxies().await.unwrap(), before);
}

#[tokio::test]
async fn a_rule_that_stays_the_same_goes_on_counting() {
    let (at, _) = web().await;
    let stage = Stage::before(at).await;
    let mut web = Web::new(stage.connect().await);
    let rules = |more: Option<&str>| {
        let rule =
            |id: &str| json!({"id": id, "seed": 1, "when": {"nth": [2]}, "effect": {"respond": {"status": 500}}});
        let rules = std::iter::once("r").chain(more).map(rule).collect();
        faults([("link", ProxyFaults { rules, ..ProxyFaults::default() })], 60_000)
    };
    stage.client.set_faults(&rules(None)).await.unwrap();
    assert_eq!(web.ask("/a", "k", "").await.unwrap().0, 200);
    stage.client.set_faults(&rules(Some("s"))).await.unwrap();
    assert_eq!(web.ask("/a", "k", "").await.unwrap().0, 500, "the second that it met");
    let shown = stage.client.rules("link").await.unwrap();
    let counts: Vec<_> = shown.iter().map(|rule| (rule.rule.run.as_str(), rule.counters.matched)).collect();
    assert_eq!(counts, [("r1", 1), ("r1", 0)]);
}

#[tokio::test]
async fn a_set_ends_with_its_lease() {
    let (at, _) = web().await;
    let stage = Stage::before(at).await;
    let rule = json!({"id": "r", "seed": 1, "effect": {"delay_answer": {"fixed": {"ms": 600_000}}}});
    let set = faults([("link", ProxyFaults { rules: vec![rule], ..ProxyFaults::default() })], 150);
    stage.client.set_faults(&set).await.unwrap();
    let mut web = Web::new(stage.connect().await);
    assert_eq!(web.ask("/a", "k", "held").await, Some((200, "held".to_owned())), "let go when the lease expired");
    until(|| async { stage.client.rules("link").await.unwrap().is_empty() }).await;
}
