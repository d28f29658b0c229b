//! A lease that nobody renews ends the faults by itself.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod stage;

use std::time::{Duration, Instant};

use http::StatusCode;
use model::fault::{Stream, Toxic};
use stage::{Stage, round_trip, until};

const BLACK_HOLE: Toxic = Toxic::Timeout { timeout_ms: 0 };

async fn is_clean(stage: &Stage) -> bool {
    let proxy = stage.client.proxy("link").await.unwrap();
    proxy.enabled && proxy.toxics.is_empty()
}

#[tokio::test]
async fn expiry_removes_toxics_and_enables() {
    let stage = Stage::with_echo().await;
    let began = Instant::now();
    stage.client.lease("r1", 150).await.unwrap();
    stage.client.add("link", "fault", &BLACK_HOLE, Stream::Upstream, 1.0).await.unwrap();
    stage.client.disable("link").await.unwrap();
    assert!(!is_clean(&stage).await);
    until(|| is_clean(&stage)).await;
    assert!(began.elapsed() >= Duration::from_millis(150));
    round_trip(&mut stage.connect().await, b"healed").await;
}

#[tokio::test]
async fn a_renewed_lease_keeps_the_fault_and_a_returned_one_ends_it() {
    let stage = Stage::with_echo().await;
    let began = Instant::now();
    stage.client.lease("r1", 100).await.unwrap();
    stage.client.lease("r1", 60_000).await.unwrap();
    stage.client.add("link", "fault", &BLACK_HOLE, Stream::Upstream, 1.0).await.unwrap();
    until(|| async { began.elapsed() > Duration::from_millis(200) }).await;
    assert!(!is_clean(&stage).await);
    stage.client.lease("r1", 0).await.unwrap();
    assert!(is_clean(&stage).await);
}

#[tokio::test]
async fn a_second_run_waits_for_the_first() {
    let stage = Stage::with_echo().await;
    stage.client.lease("r1", 60_000).await.unwrap();
    let refused = stage.client.lease("r2", 60_000).await.unwrap_err();
    assert_eq!(refused.status(), Some(StatusCode::CONFLICT));
    assert_eq!(stage.client.lease("r2", 0).await.unwrap_err().status(), Some(StatusCode::CONFLICT));
    stage.client.lease("r1", 0).await.unwrap();
    stage.client.lease("r2", 60_000).await.unwrap();
}

#[tokio::test]
async fn without_a_lease_faults_stay() {
    let stage = Stage::with_echo().await;
    stage.client.disable("link").await.unwrap();
    stage.client.lease("r1", 0).await.unwrap();
    assert!(is_clean(&stage).await, "giving back heals");
    stage.client.disable("link").await.unwrap();
    let began = Instant::now();
    until(|| async { began.elapsed() > Duration::from_millis(50) }).await;
    assert!(!is_clean(&stage).await);
}
