//! One connection through a proxy: connects to the upstream, carries both directions, and ends as its faults demand.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use model::fault::{Ending, Stream};
use model::seed::Seed;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::sync::watch;
use tokio::time::Sleep;

use crate::chain::Chains;
use crate::counters::Counters;
use crate::direction::{Direction, Ends, Finish};
use crate::http::Watch;

/// How long an upstream may take to accept a connection.
const CONNECT_MAX: Duration = Duration::from_secs(30);
/// How long a closed connection still reads what its peers send, so that the close is an end of stream and no reset.
const LINGER_MAX: Duration = Duration::from_secs(1);

/// How long a connection of which one side has ended may stay silent: its other side may be gone without a word.
const LONELY_MAX: Duration = Duration::from_secs(120);
/// How long a peer may stay silent before the system asks whether it is still there.
const KEEPALIVE_AFTER: Duration = Duration::from_secs(60);

/// What a connection needs to know of its proxy.
#[derive(Clone)]
pub(crate) struct Link {
    /// Where to connect to.
    pub upstream: Arc<str>,
    /// The faults; gone when the proxy is down.
    pub chains: watch::Receiver<Arc<Chains>>,
    pub counters: Arc<Counters>,
    /// Seed of what toxics leave to chance on this connection.
    pub draws: Seed,
    /// The connection's number, counted from 0.
    pub nth: u64,
}

/// Counts a connection as open while it lives.
struct Open(Arc<Counters>);

impl Open {
    fn new(counters: &Arc<Counters>) -> Self {
        counters.connections.add(1);
        counters.connections_open.add(1);
        Self(Arc::clone(counters))
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.connections_open.take(1);
    }
}

/// Carries a connection to its end, or until the proxy goes down.
pub(crate) fn carry(client: TcpStream, link: Link) -> impl Future<Output = ()> + Send {
    // Counted before the task first runs: the next connection draws another number.
    let open = Open::new(&link.counters);
    carry_counted(client, link, open)
}

async fn carry_counted(mut client: TcpStream, mut link: Link, _open: Open) {
    let mut down = link.chains.clone();
    let connected = tokio::select! {
        biased;
        // Only an error ends the wait: the proxy is gone, and with it this connection.
        _ = down.wait_for(|_| false) => {
            link.counters.connections_shut.add(1);
            return;
        }
        connected = tokio::time::timeout(CONNECT_MAX, TcpStream::connect(&*link.upstream)) => connected,
    };
    let Ok(Ok(mut upstream)) = connected else {
        tracing::warn!(upstream = &*link.upstream, "upstream cannot be reached");
        link.counters.connects_failed.add(1);
        return;
    };
    prepare(&client);
    prepare(&upstream);
    match carry_both(&mut client, &mut upstream, &mut link).await {
        Some(Ending::Fin) => linger(client, upstream).await,
        Some(Ending::Rst) => {
            let _ = client.set_zero_linger();
            let _ = upstream.set_zero_linger();
        }
        None => link.counters.connections_shut.add(1),
    }
}

/// A socket that refuses an option is broken already and will say so when it is read.
fn prepare(stream: &TcpStream) {
    let _ = stream.set_nodelay(true);
    let keepalive = socket2::TcpKeepalive::new().with_time(KEEPALIVE_AFTER);
    let _ = socket2::SockRef::from(stream).set_tcp_keepalive(&keepalive);
}

/// The two directions with their halves of the sockets.
struct Both<'a> {
    from_client: ReadHalf<'a>,
    to_client: WriteHalf<'a>,
    from_upstream: ReadHalf<'a>,
    to_upstream: WriteHalf<'a>,
    up: Direction,
    down: Direction,
    watch: Watch,
    lonely: Option<Lonely>,
}

/// Waits for a sign of life of the side that is left.
struct Lonely {
    moves: u64,
    until: Pin<Box<Sleep>>,
}

impl Both<'_> {
    fn follow(&mut self, chains: &Chains, nth: u64) -> Option<Ending> {
        self.watch.follow(&chains.rules, nth);
        let up = self.up.follow(chains, &self.watch);
        let closed = (nth < chains.closed_before).then_some(Ending::Fin);
        self.down.follow(chains, &self.watch).or(up).or(closed)
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Ending> {
        let Self { from_client, to_client, from_upstream, to_upstream, up, down, watch, lonely } = self;
        let up_end = up.poll(cx, &mut Ends { from: from_client, to: to_upstream, watch });
        if let Poll::Ready(Finish::Connection(ending)) = up_end {
            return Poll::Ready(ending);
        }
        let down_end = down.poll(cx, &mut Ends { from: from_upstream, to: to_client, watch });
        if watch.has_due_up() {
            cx.waker().wake_by_ref();
        }
        match (up_end, down_end) {
            (_, Poll::Ready(Finish::Connection(ending))) => Poll::Ready(ending),
            (Poll::Ready(Finish::Done), Poll::Ready(Finish::Done)) => Poll::Ready(Ending::Fin),
            (Poll::Ready(_), Poll::Ready(_)) => Poll::Ready(Ending::Rst),
            (Poll::Ready(_), Poll::Pending) => Lonely::poll(lonely, cx, down.progress()),
            (Poll::Pending, Poll::Ready(_)) => Lonely::poll(lonely, cx, up.progress()),
            (Poll::Pending, Poll::Pending) => Poll::Pending,
        }
    }
}

impl Lonely {
    /// Ends the connection when the direction that is left neither moves nor waits for a fault.
    fn poll(lonely: &mut Option<Self>, cx: &mut Context<'_>, (moves, is_waiting): (u64, bool)) -> Poll<Ending> {
        let until = tokio::time::Instant::now() + LONELY_MAX;
        let this = lonely.get_or_insert_with(|| Self { moves, until: Box::pin(tokio::time::sleep_until(until)) });
        if is_waiting || this.moves != moves {
            this.moves = moves;
            this.until.as_mut().reset(until);
        }
        this.until.as_mut().poll(cx).map(|()| Ending::Rst)
    }
}

/// Carries both directions to their end; nothing is left to say when the proxy went down.
async fn carry_both(client: &mut TcpStream, upstream: &mut TcpStream, link: &mut Link) -> Option<Ending> {
    let (from_client, to_client) = client.split();
    let (from_upstream, to_upstream) = upstream.split();
    let direction = |stream| Direction::new(stream, Arc::clone(&link.counters), link.draws, link.nth);
    let mut both = Both {
        from_client,
        to_client,
        from_upstream,
        to_upstream,
        up: direction(Stream::Upstream),
        down: direction(Stream::Downstream),
        watch: Watch::new(Arc::clone(&link.counters)),
        lonely: None,
    };
    loop {
        let chains = Arc::clone(&link.chains.borrow_and_update());
        if let Some(ending) = both.follow(&chains, link.nth) {
            return Some(ending);
        }
        tokio::select! {
            biased;
            // First, so that a fault that the interface has acknowledged meets every byte sent after that.
            changed = link.chains.changed() => if changed.is_err() {
                return None;
            },
            ending = poll_fn(|cx| both.poll(cx)) => return Some(ending),
        }
    }
}

/// Ends both sides in an orderly way: a close with unread bytes would be a reset, and could destroy what was sent.
async fn linger(mut client: TcpStream, mut upstream: TcpStream) {
    let drained = async { tokio::join!(end_and_drain(&mut client), end_and_drain(&mut upstream)) };
    let _ = tokio::time::timeout(LINGER_MAX, drained).await;
}

async fn end_and_drain(stream: &mut TcpStream) {
    let _ = socket2::SockRef::from(&*stream).shutdown(std::net::Shutdown::Write);
    let mut dropped = [0; 4096];
    while matches!(stream.read(&mut dropped).await, Ok(1..)) {}
}
