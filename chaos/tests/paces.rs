//! The toxics that pace: bandwidth, slices and slow closes, alone and in their order, on open connections too.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod stage;

use std::time::{Duration, Instant};

use model::fault::{Stream, Toxic};
use stage::{Stage, exchange, pattern, request, round_trip, soon, until, upstream};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const MS: Duration = Duration::from_millis(1);

async fn add(stage: &Stage, name: &str, toxic: Toxic, stream: Stream) {
    stage.client.add("link", name, &toxic, stream, 1.0).await.unwrap();
}

#[tokio::test]
async fn bandwidth_takes_its_time_without_bursts_and_changes_no_byte() {
    let stage = Stage::with_echo().await;
    add(&stage, "thin", Toxic::Bandwidth { rate_kb: 500 }, Stream::Upstream).await;
    let bytes = pattern(100_000);
    let (mut from, mut to) = stage.connect().await.into_split();
    let (began, sent) = (Instant::now(), bytes.clone());
    let sending = tokio::spawn(async move {
        to.write_all(&sent).await.unwrap();
        to.shutdown().await.unwrap();
    });
    let (mut back, mut buffer) = (Vec::new(), vec![0; 65_536]);
    while let count @ 1.. = soon(from.read(&mut buffer)).await.unwrap() {
        back.extend_from_slice(&buffer[..count]);
        // Nothing is ever ahead of the line: 500 bytes for each millisecond.
        let allowed = began.elapsed().as_micros() / 2;
        assert!(back.len() as u128 <= allowed, "{} bytes when {allowed} could have come", back.len());
    }
    sending.await.unwrap();
    assert!(back == bytes && began.elapsed() >= 200 * MS, "{:?}", began.elapsed());
    assert!(began.elapsed() < 2_000 * MS, "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_thin_line_slows_its_sender_down() {
    let stage = Stage::with_echo().await;
    add(&stage, "thin", Toxic::Bandwidth { rate_kb: 100 }, Stream::Upstream).await;
    let mut stream = stage.connect().await;
    let sending = tokio::time::timeout(300 * MS, stream.write_all(&vec![7; 64 << 20])).await;
    assert!(sending.is_err(), "64 MiB were taken at once");
    let read = stage.client.counters().await.unwrap().proxies["link"].upstream.received_bytes;
    assert!(read < 1 << 20, "{read} bytes wait in the proxy");
}

#[tokio::test]
async fn a_rate_of_nothing_stalls_until_it_is_raised() {
    let stage = Stage::with_echo().await;
    add(&stage, "thin", Toxic::Bandwidth { rate_kb: 0 }, Stream::Downstream).await;
    let mut stream = stage.connect().await;
    stream.write_all(b"stalled").await.unwrap();
    until(|| async { stage.client.counters().await.unwrap().proxies["link"].downstream.received_bytes == 7 }).await;
    assert_eq!(stage.client.counters().await.unwrap().proxies["link"].downstream.sent_bytes, 0);
    let body = r#"{"attributes":{"rate":1000}}"#;
    let changed = request(stage.running.api(), "PATCH", "/proxies/link/toxics/thin", "", body).await;
    assert_eq!(changed.0, 200);
    let mut back = [0; 7];
    soon(stream.read_exact(&mut back)).await.unwrap();
    assert_eq!(&back, b"stalled");
}

#[tokio::test]
async fn slices_are_small_and_pause_after_each() {
    let stage = Stage::with_echo().await;
    let slicer = Toxic::Slicer { average_size: 100, size_variation: 20, delay_us: 2_000 };
    add(&stage, "slices", slicer, Stream::Downstream).await;
    let (mut from, mut to) = stage.connect().await.into_split();
    let bytes = pattern(2_000);
    let began = Instant::now();
    to.write_all(&bytes).await.unwrap();
    let (mut back, mut sizes) = (Vec::new(), Vec::new());
    let mut buffer = [0; 4096];
    while back.len() < bytes.len() {
        let count = soon(from.read(&mut buffer)).await.unwrap();
        back.extend_from_slice(&buffer[..count]);
        sizes.push(count);
    }
    assert!(back == bytes);
    assert!(began.elapsed() >= 30 * MS, "17 pauses at least: {:?}", began.elapsed());
    assert!(sizes.len() > 5 && sizes.iter().any(|size| (80..=120).contains(size)), "{sizes:?}");
}

/// A piece that becomes due between a look at the clock and the next must not be taken for one that waits for its receiver.
#[tokio::test]
async fn pieces_that_follow_closely_all_arrive() {
    let stage = Stage::with_echo().await;
    let slicer = Toxic::Slicer { average_size: 1, size_variation: 0, delay_us: 10 };
    add(&stage, "slices", slicer, Stream::Downstream).await;
    let mut stream = stage.connect().await;
    round_trip(&mut stream, &pattern(50_000)).await;
}

#[tokio::test]
async fn a_slow_close_delays_the_end_only() {
    let ending = upstream(|mut stream| async move {
        let mut request = [0; 4];
        stream.read_exact(&mut request).await.unwrap();
        stream.write_all(&request).await.unwrap();
    })
    .await;
    let stage = Stage::before(ending).await;
    add(&stage, "slow", Toxic::SlowClose { delay_ms: 80 }, Stream::Downstream).await;
    let mut stream = stage.connect().await;
    let began = Instant::now();
    round_trip(&mut stream, b"soon").await;
    let answered = began.elapsed();
    assert_eq!(soon(stream.read(&mut [0; 1])).await.unwrap(), 0);
    assert!(answered < 80 * MS && began.elapsed() >= 80 * MS, "{answered:?}, {:?}", began.elapsed());
}

#[tokio::test]
async fn toxics_act_in_the_order_in_which_they_were_added() {
    let stage = Stage::with_echo().await;
    // Cut after five bytes, then the close is delayed: a slow close before the cut would not have met it.
    add(&stage, "short", Toxic::LimitData { bytes: 5 }, Stream::Downstream).await;
    add(&stage, "slow", Toxic::SlowClose { delay_ms: 60 }, Stream::Downstream).await;
    let mut stream = stage.connect().await;
    let began = Instant::now();
    stream.write_all(b"0123456789").await.unwrap();
    let mut back = Vec::new();
    soon(stream.read_to_end(&mut back)).await.unwrap();
    assert_eq!(back, b"01234");
    assert!(began.elapsed() >= 60 * MS, "{:?}", began.elapsed());
}

#[tokio::test]
async fn latency_behind_a_thin_line_adds_up_and_keeps_all_bytes() {
    let stage = Stage::with_echo().await;
    add(&stage, "thin", Toxic::Bandwidth { rate_kb: 2_000 }, Stream::Upstream).await;
    add(&stage, "slices", Toxic::Slicer { average_size: 700, size_variation: 300, delay_us: 0 }, Stream::Upstream)
        .await;
    add(&stage, "late", Toxic::Latency { latency_ms: 50, jitter_ms: 20 }, Stream::Upstream).await;
    let bytes = pattern(200_000);
    let began = Instant::now();
    assert!(exchange(stage.connect().await, &bytes).await == bytes);
    assert!(began.elapsed() >= 130 * MS, "{:?}", began.elapsed());
}
