//! Out of file descriptors a proxy waits, and lives on. The limit is the process's: this test has one of its own.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod stage;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use stage::{Stage, round_trip, until};
use tokio::net::TcpSocket;

#[tokio::test]
async fn a_proxy_without_descriptors_serves_again_once_there_are_some() {
    let stage = Stage::with_echo().await;
    let mut first = stage.connect().await;
    round_trip(&mut first, b"before").await;
    let before = getrlimit(Resource::Nofile);
    let in_use = std::fs::read_dir("/proc/self/fd").unwrap().count() as u64;
    // Made before the limit falls: what remains serves two connections, each of which takes two more in the proxy, and
    // one at the upstream, which is in this process, too.
    let waiting: Vec<TcpSocket> = (0..6).map(|_| TcpSocket::new_v4().unwrap()).collect();
    setrlimit(Resource::Nofile, Rlimit { current: Some(in_use + 6 + 7), maximum: before.maximum }).unwrap();
    let mut streams = Vec::new();
    for socket in waiting {
        streams.push(socket.connect(stage.listen.parse().unwrap()).await.unwrap());
    }
    round_trip(&mut first, b"those inside are served").await;
    setrlimit(Resource::Nofile, before).unwrap();
    let accepted = || async { stage.client.counters().await.unwrap().proxies["link"].connections };
    until(|| async { accepted().await == 7 }).await;
    round_trip(&mut stage.connect().await, b"after").await;
    round_trip(&mut first, b"after").await;
}
