//! Faults of the original that its users complain about, none of which is repeated here.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod stage;

use std::io::ErrorKind;
use std::time::{Duration, Instant};

use model::fault::{Stream, Toxic};
use stage::{Stage, round_trip, soon};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// The original's issue 603.
#[tokio::test]
async fn a_reset_of_toxicity_0_resets_nobody() {
    let stage = Stage::with_echo().await;
    for (name, toxic) in [
        ("reset", Toxic::ResetPeer { timeout_ms: 0 }),
        ("hole", Toxic::Timeout { timeout_ms: 1 }),
        ("stall", Toxic::Bandwidth { rate_kb: 0 }),
        ("limit", Toxic::LimitData { bytes: 0 }),
    ] {
        stage.client.add("link", name, &toxic, Stream::Upstream, 0.0).await.unwrap();
    }
    for _ in 0..50 {
        round_trip(&mut stage.connect().await, b"spared").await;
    }
    let toxics = &stage.client.counters().await.unwrap().proxies["link"].toxics;
    assert!(toxics.iter().all(|toxic| toxic.connections == 0), "{toxics:?}");
}

/// Its issue 465.
#[tokio::test]
async fn a_reset_is_over_once_it_is_removed() {
    let stage = Stage::with_echo().await;
    let reset = Toxic::ResetPeer { timeout_ms: 0 };
    for _ in 0..10 {
        stage.client.add("link", "reset", &reset, Stream::Downstream, 1.0).await.unwrap();
        let mut stream = stage.connect().await;
        stream.write_all(b"lost").await.unwrap();
        assert_eq!(soon(stream.read(&mut [0; 4])).await.unwrap_err().kind(), ErrorKind::ConnectionReset);
        stage.client.remove("link", "reset", &reset).await.unwrap();
        let mut stream = stage.connect().await;
        round_trip(&mut stream, b"after").await;
        stream.shutdown().await.unwrap();
        assert_eq!(soon(stream.read(&mut [0; 1])).await.unwrap(), 0, "it ends in order");
    }
}

/// Its issues 210 and 254.
#[tokio::test]
async fn the_interface_answers_under_load_and_while_faults_hold_everything_up() {
    let stage = Stage::with_echo().await;
    let mut held = Vec::new();
    stage.client.add("link", "hole", &Toxic::Timeout { timeout_ms: 0 }, Stream::Downstream, 0.5).await.unwrap();
    for _ in 0..24 {
        let listen = stage.listen.clone();
        held.push(tokio::spawn(async move {
            let mut stream = tokio::net::TcpStream::connect(listen).await.unwrap();
            // As much as is taken: half of them never read it back.
            while stream.write_all(&[7; 16 << 10]).await.is_ok() {}
        }));
    }
    let mut slowest = Duration::ZERO;
    for n in 0..20 {
        let began = Instant::now();
        let name = format!("late-{n}");
        let toxic = Toxic::Latency { latency_ms: 1, jitter_ms: 0 };
        stage.client.add("link", &name, &toxic, Stream::Upstream, 1.0).await.unwrap();
        stage.client.proxies().await.unwrap();
        stage.client.remove("link", &name, &toxic).await.unwrap();
        slowest = slowest.max(began.elapsed());
    }
    assert!(slowest < Duration::from_secs(2), "{slowest:?}");
    soon(stage.client.delete("link")).await.unwrap();
    for task in held {
        soon(task).await.unwrap();
    }
}

/// Toxicity of a connection that is open already: by the original it is rolled once, when the connection comes.
#[tokio::test]
async fn a_change_of_toxicity_meets_open_connections() {
    let stage = Stage::with_echo().await;
    let reset = Toxic::ResetPeer { timeout_ms: 0 };
    let mut open = stage.connect().await;
    round_trip(&mut open, b"before").await;
    stage.client.add("link", "reset", &reset, Stream::Upstream, 0.0).await.unwrap();
    round_trip(&mut open, b"spared").await;
    let (status, _) =
        stage::request(stage.running.api(), "POST", "/proxies/link/toxics/reset", "", r#"{"toxicity":1}"#).await;
    assert_eq!(status, 200);
    let _ = open.write_all(b"lost").await;
    assert_eq!(soon(open.read(&mut [0; 4])).await.unwrap_err().kind(), ErrorKind::ConnectionReset);
}
