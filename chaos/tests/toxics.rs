//! Each toxic does what it says, to new and to open connections, and changes no byte that it lets through.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod stage;

use std::io::ErrorKind;
use std::time::{Duration, Instant};

use model::fault::{Stream, Toxic};
use stage::{Stage, exchange, pattern, round_trip, soon, until, upstream};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

const LATENCY: Toxic = Toxic::Latency { latency_ms: 60, jitter_ms: 0 };
const BLACK_HOLE: Toxic = Toxic::Timeout { timeout_ms: 0 };

async fn add(stage: &Stage, toxic: Toxic, stream: Stream) {
    stage.client.add("link", "fault", &toxic, stream, 1.0).await.unwrap();
}

async fn remove(stage: &Stage, toxic: Toxic) {
    stage.client.remove("link", "fault", &toxic).await.unwrap();
}

#[tokio::test]
async fn a_clean_link_changes_nothing_and_carries_the_half_close() {
    let stage = Stage::with_echo().await;
    let bytes = pattern(8 << 20);
    // The echo answers to the end only if the end of the request reached it while the answer was still to come.
    assert!(exchange(stage.connect().await, &bytes).await == bytes);
    let counters = &stage.client.counters().await.unwrap().proxies["link"];
    assert_eq!(counters.connections, 1);
    for traffic in [counters.upstream, counters.downstream] {
        assert_eq!((traffic.received_bytes, traffic.sent_bytes), (8 << 20, 8 << 20));
    }
}

#[tokio::test]
async fn latency_delays_each_direction_by_itself_and_meets_open_connections() {
    let stage = Stage::with_echo().await;
    let mut open = stage.connect().await;
    round_trip(&mut open, b"before").await;
    for stream in [Stream::Upstream, Stream::Downstream] {
        add(&stage, LATENCY, stream).await;
        for stream in [&mut open, &mut stage.connect().await] {
            let took = round_trip(stream, b"during").await;
            assert!(took >= Duration::from_millis(60), "{took:?}");
        }
        remove(&stage, LATENCY).await;
    }
    // The quickest of some is below one delay, whatever else the machine does meanwhile.
    let mut quickest = Duration::MAX;
    for _ in 0..20 {
        quickest = quickest.min(round_trip(&mut open, b"after").await);
    }
    assert!(quickest < Duration::from_millis(30), "{quickest:?}");
}

#[tokio::test]
async fn latency_is_exact_to_a_millisecond() {
    let stage = Stage::with_echo().await;
    add(&stage, Toxic::Latency { latency_ms: 20, jitter_ms: 0 }, Stream::Downstream).await;
    let mut stream = stage.connect().await;
    let mut quickest = Duration::MAX;
    for _ in 0..10 {
        quickest = quickest.min(round_trip(&mut stream, b"ping").await);
    }
    let exact = Duration::from_millis(20)..Duration::from_millis(21);
    assert!(exact.contains(&quickest), "{quickest:?}");
}

#[tokio::test]
async fn latency_counts_from_the_reading_so_that_chunks_do_not_add_up() {
    let stage = Stage::with_echo().await;
    add(&stage, Toxic::Latency { latency_ms: 100, jitter_ms: 0 }, Stream::Downstream).await;
    let bytes = pattern(32 << 20);
    let began = Instant::now();
    assert!(exchange(stage.connect().await, &bytes).await == bytes);
    // A thousand chunks, one after the other, would take 100 s.
    assert!(began.elapsed() >= Duration::from_millis(100));
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
}

#[tokio::test]
async fn jitter_keeps_the_order_of_bytes() {
    let stage = Stage::with_echo().await;
    add(&stage, Toxic::Latency { latency_ms: 5, jitter_ms: 5 }, Stream::Upstream).await;
    let bytes = pattern(2 << 20);
    assert!(exchange(stage.connect().await, &bytes).await == bytes);
}

#[tokio::test]
async fn what_a_removed_latency_held_is_let_go() {
    let stage = Stage::with_echo().await;
    let held = Toxic::Latency { latency_ms: 3_600_000, jitter_ms: 0 };
    add(&stage, held, Stream::Downstream).await;
    let mut stream = stage.connect().await;
    stream.write_all(b"held").await.unwrap();
    until(|| async { stage.client.counters().await.unwrap().proxies["link"].downstream.received_bytes == 4 }).await;
    assert_eq!(stage.client.counters().await.unwrap().proxies["link"].downstream.sent_bytes, 0);
    remove(&stage, held).await;
    let mut back = [0; 4];
    soon(stream.read_exact(&mut back)).await.unwrap();
    assert_eq!(&back, b"held");
}

#[tokio::test]
async fn timeout_drops_data_and_closes_in_time() {
    let stage = Stage::with_echo().await;
    let mut open = stage.connect().await;
    round_trip(&mut open, b"before").await;
    let began = Instant::now();
    add(&stage, Toxic::Timeout { timeout_ms: 80 }, Stream::Downstream).await;
    open.write_all(b"lost").await.unwrap();
    let mut back = Vec::new();
    soon(open.read_to_end(&mut back)).await.unwrap();
    assert!(began.elapsed() >= Duration::from_millis(80));
    assert!(back.is_empty(), "{back:?}");
    let toxics = &stage.client.counters().await.unwrap().proxies["link"].toxics;
    assert_eq!((toxics[0].name.as_str(), toxics[0].connections, toxics[0].bytes), ("fault", 1, 4));
}

#[tokio::test]
async fn removing_a_timeout_closes_what_it_starved() {
    let stage = Stage::with_echo().await;
    add(&stage, BLACK_HOLE, Stream::Upstream).await;
    let mut stream = stage.connect().await;
    stream.write_all(b"lost").await.unwrap();
    until(|| async { stage.client.counters().await.unwrap().proxies["link"].upstream.received_bytes == 4 }).await;
    remove(&stage, BLACK_HOLE).await;
    let mut back = Vec::new();
    soon(stream.read_to_end(&mut back)).await.unwrap();
    assert!(back.is_empty());
    round_trip(&mut stage.connect().await, b"after").await;
}

#[tokio::test]
async fn reset_peer_resets_both_sides_and_leaves_nothing_behind() {
    let (ends, mut ended) = mpsc::unbounded_channel();
    let server = upstream(move |mut stream| {
        let ends = ends.clone();
        async move {
            let mut request = [0; 4];
            stream.read_exact(&mut request).await.unwrap();
            stream.write_all(b"done").await.unwrap();
            let _ = ends.send(stream.read(&mut request).await.map_err(|error| error.kind()));
        }
    })
    .await;
    let stage = Stage::before(server).await;
    let mut open = stage.connect().await;
    add(&stage, Toxic::ResetPeer { timeout_ms: 40 }, Stream::Downstream).await;
    let began = Instant::now();
    open.write_all(b"work").await.unwrap();
    // The upstream did the work; only its answer is lost.
    let lost = soon(open.read(&mut [0; 4])).await.unwrap_err();
    assert_eq!(lost.kind(), ErrorKind::ConnectionReset);
    assert!(began.elapsed() >= Duration::from_millis(40));
    assert_eq!(soon(ended.recv()).await.unwrap(), Err(ErrorKind::ConnectionReset));

    let mut spared = stage.connect().await;
    remove(&stage, Toxic::ResetPeer { timeout_ms: 40 }).await;
    spared.write_all(b"work").await.unwrap();
    let mut back = [0; 4];
    soon(spared.read_exact(&mut back)).await.unwrap();
    drop(spared);
    assert_eq!(soon(ended.recv()).await.unwrap(), Ok(0), "an orderly end again");
}

#[tokio::test]
async fn a_connection_that_lost_bytes_to_a_reset_is_reset_even_when_the_toxic_goes() {
    let stage = Stage::with_echo().await;
    let reset = Toxic::ResetPeer { timeout_ms: 3_600_000 };
    let mut idle = stage.connect().await;
    round_trip(&mut idle, b"before").await;
    add(&stage, reset, Stream::Upstream).await;
    let mut robbed = stage.connect().await;
    robbed.write_all(b"lost").await.unwrap();
    until(|| async { stage.client.counters().await.unwrap().proxies["link"].toxics[0].bytes == 4 }).await;
    remove(&stage, reset).await;
    assert_eq!(soon(robbed.read(&mut [0; 1])).await.unwrap_err().kind(), ErrorKind::ConnectionReset);
    round_trip(&mut idle, b"after").await;
}

#[tokio::test]
async fn dropping_the_server_closes_its_ports_and_connections() {
    let Stage { running, listen, .. } = Stage::with_echo().await;
    let mut open = TcpStream::connect(&listen).await.unwrap();
    round_trip(&mut open, b"before").await;
    drop(running);
    assert!(!matches!(soon(open.read(&mut [0; 1])).await, Ok(1..)));
    until(|| async { TcpStream::connect(&listen).await.is_err() }).await;
}

#[tokio::test]
async fn limit_data_lets_exactly_so_many_bytes_through() {
    let stage = Stage::with_echo().await;
    add(&stage, Toxic::LimitData { bytes: 100_001 }, Stream::Downstream).await;
    let bytes = pattern(1 << 20);
    for _ in 0..3 {
        let (mut from, mut to) = stage.connect().await.into_split();
        let sent = bytes.clone();
        // What is sent after the close may be refused.
        let sending = tokio::spawn(async move { to.write_all(&sent).await });
        let mut back = Vec::new();
        soon(from.read_to_end(&mut back)).await.unwrap();
        assert!(back == bytes[..100_001], "{} bytes", back.len());
        let _ = soon(sending).await.unwrap();
    }
}

#[tokio::test]
async fn limit_data_counts_upstream_too_and_from_when_it_took_hold() {
    let stage = Stage::with_echo().await;
    let mut open = stage.connect().await;
    round_trip(&mut open, b"these do not count").await;
    add(&stage, Toxic::LimitData { bytes: 3 }, Stream::Upstream).await;
    open.write_all(b"abcdef").await.unwrap();
    until(|| async { stage.client.counters().await.unwrap().proxies["link"].upstream.sent_bytes == 18 + 3 }).await;
    let mut back = Vec::new();
    soon(open.read_to_end(&mut back)).await.unwrap();
    assert!(b"abc".starts_with(&back), "{back:?}");
}

#[tokio::test]
async fn a_toxicity_of_zero_touches_nobody_and_a_third_touches_a_third() {
    let stage = Stage::with_echo().await;
    let reset = Toxic::ResetPeer { timeout_ms: 0 };
    let mut open = stage.connect().await;
    stage.client.add("link", "never", &reset, Stream::Upstream, 0.0).await.unwrap();
    stage.client.add("link", "never too", &reset, Stream::Downstream, 0.0).await.unwrap();
    round_trip(&mut open, b"spared").await;
    for _ in 0..20 {
        assert_eq!(exchange(stage.connect().await, b"spared").await, b"spared");
    }
    stage.client.add("link", "some", &reset, Stream::Upstream, 1.0 / 3.0).await.unwrap();
    let mut reset = 0;
    for _ in 0..300 {
        let mut stream = stage.connect().await;
        let asked = stream.write_all(b"spared?").await;
        let answered = soon(stream.read_exact(&mut [0; 7])).await;
        reset += u32::from(asked.is_err() || answered.is_err());
    }
    assert!((70..130).contains(&reset), "{reset} of 300");
}

#[tokio::test]
async fn down_refuses_ends_open_connections_and_keeps_the_port() {
    let stage = Stage::with_echo().await;
    let mut open = stage.connect().await;
    round_trip(&mut open, b"before").await;
    add(&stage, Toxic::Down {}, Stream::Downstream).await;
    assert!(!matches!(soon(open.read(&mut [0; 1])).await, Ok(1..)), "the open connection has ended");
    let refused = TcpStream::connect(&stage.listen).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
    let taken = std::net::TcpListener::bind(&stage.listen).unwrap_err();
    assert_eq!(taken.kind(), ErrorKind::AddrInUse, "the port is kept from others meanwhile");
    remove(&stage, Toxic::Down {}).await;
    assert_eq!(stage.client.proxy("link").await.unwrap().listen, stage.listen);
    round_trip(&mut stage.connect().await, b"after").await;
}

#[tokio::test]
async fn an_upstream_that_never_accepts_holds_up_nobody() {
    // A full backlog answers no handshake: the kernel drops it, as a black hole would.
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let full: TcpListener = socket.listen(1).unwrap();
    let at = full.local_addr().unwrap();
    let mut fillers = Vec::new();
    while let Ok(Ok(filler)) = tokio::time::timeout(Duration::from_millis(300), TcpStream::connect(at)).await {
        fillers.push(filler);
        assert!(fillers.len() < 64, "the backlog never fills");
    }
    let stage = Stage::before(at).await;
    let mut waiting = Vec::new();
    for _ in 0..8 {
        waiting.push(soon(stage.connect()).await);
    }
    until(|| async { stage.client.counters().await.unwrap().proxies["link"].connections == 8 }).await;
    add(&stage, LATENCY, Stream::Upstream).await;
    soon(stage.client.disable("link")).await.unwrap();
    for mut stream in waiting {
        assert!(!matches!(soon(stream.read(&mut [0; 1])).await, Ok(1..)));
    }
    soon(stage.client.delete("link")).await.unwrap();
}

#[tokio::test]
async fn a_link_that_goes_down_counts_the_connections_that_it_ends() {
    let stage = Stage::with_echo().await;
    let shut = async || stage.client.counters().await.unwrap().proxies["link"].connections_shut;
    let mut ended = stage.connect().await;
    round_trip(&mut ended, b"open").await;
    let mut left = stage.connect().await;
    round_trip(&mut left, b"open").await;
    drop(left);
    until(|| async { stage.client.counters().await.unwrap().proxies["link"].connections_open == 1 }).await;
    assert_eq!(shut().await, 0);
    stage.client.disable("link").await.unwrap();
    until(|| async { shut().await == 1 }).await;
    stage.client.enable("link").await.unwrap();
    round_trip(&mut stage.connect().await, b"again").await;
    assert_eq!(shut().await, 1);
}

#[tokio::test]
async fn toxics_of_a_chain_act_in_their_order() {
    let stage = Stage::with_echo().await;
    let client = &stage.client;
    client.add("link", "slow", &LATENCY, Stream::Downstream, 1.0).await.unwrap();
    client.add("link", "short", &Toxic::LimitData { bytes: 2 }, Stream::Downstream, 1.0).await.unwrap();
    let mut stream = stage.connect().await;
    let began = Instant::now();
    stream.write_all(b"four").await.unwrap();
    let mut back = Vec::new();
    soon(stream.read_to_end(&mut back)).await.unwrap();
    assert_eq!(back, b"fo");
    assert!(began.elapsed() >= Duration::from_millis(60), "the close waits for the bytes before it");
}
