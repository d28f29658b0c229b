//! One connection through a proxy: connects to the upstream, carries both directions, and ends as its toxics demand.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use model::fault::{Ending, Stream};
use model::seed::Seed;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::sync::watch;

use crate::chain::Chains;
use crate::counters::Counters;
use crate::direction::{Direction, Finish};

/// How long an upstream may take to accept a connection.
const CONNECT_MAX: Duration = Duration::from_secs(30);
/// How long a closed connection still reads what its peers send, so that the close is an end of stream and no reset.
const LINGER_MAX: Duration = Duration::from_secs(1);

/// What a connection needs to know of its proxy.
#[derive(Clone)]
pub(crate) struct Link {
    /// Where to connect to.
    pub upstream: Arc<str>,
    /// The toxics; gone when the proxy is down.
    pub chains: watch::Receiver<Arc<Chains>>,
    pub counters: Arc<Counters>,
    /// Seed of what toxics leave to chance on this connection.
    pub draws: Seed,
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

async fn carry_counted(client: TcpStream, link: Link, _open: Open) {
    let mut down = link.chains.clone();
    tokio::select! {
        biased;
        // Only an error ends the wait: the proxy is gone, and with it this connection.
        _ = down.wait_for(|_| false) => {}
        () = connect_and_carry(client, link) => {}
    }
}

async fn connect_and_carry(mut client: TcpStream, mut link: Link) {
    let connected = tokio::time::timeout(CONNECT_MAX, TcpStream::connect(&*link.upstream)).await;
    let Ok(Ok(mut upstream)) = connected else {
        tracing::warn!(upstream = &*link.upstream, "upstream cannot be reached");
        link.counters.connects_failed.add(1);
        return;
    };
    // A socket that refuses the option is broken already and will say so when it is read.
    let _ = client.set_nodelay(true);
    let _ = upstream.set_nodelay(true);
    match carry_both(&mut client, &mut upstream, &mut link).await {
        Ending::Fin => linger(client, upstream).await,
        Ending::Rst => {
            let _ = client.set_zero_linger();
            let _ = upstream.set_zero_linger();
        }
    }
}

/// The two directions with their halves of the sockets.
struct Both<'a> {
    from_client: ReadHalf<'a>,
    to_client: WriteHalf<'a>,
    from_upstream: ReadHalf<'a>,
    to_upstream: WriteHalf<'a>,
    up: Direction,
    down: Direction,
}

impl Both<'_> {
    fn follow(&mut self, chains: &Chains) -> Option<Ending> {
        let up = self.up.follow(chains);
        self.down.follow(chains).or(up)
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Ending> {
        let up = self.up.poll(cx, &mut self.from_client, &mut self.to_upstream);
        if let Poll::Ready(Finish::Connection(ending)) = up {
            return Poll::Ready(ending);
        }
        let down = self.down.poll(cx, &mut self.from_upstream, &mut self.to_client);
        match (up, down) {
            (_, Poll::Ready(Finish::Connection(ending))) => Poll::Ready(ending),
            (Poll::Ready(Finish::Done), Poll::Ready(Finish::Done)) => Poll::Ready(Ending::Fin),
            (Poll::Ready(_), Poll::Ready(_)) => Poll::Ready(Ending::Rst),
            (Poll::Pending, _) | (_, Poll::Pending) => Poll::Pending,
        }
    }
}

async fn carry_both(client: &mut TcpStream, upstream: &mut TcpStream, link: &mut Link) -> Ending {
    let (from_client, to_client) = client.split();
    let (from_upstream, to_upstream) = upstream.split();
    let mut both = Both {
        from_client,
        to_client,
        from_upstream,
        to_upstream,
        up: Direction::new(Stream::Upstream, Arc::clone(&link.counters), link.draws),
        down: Direction::new(Stream::Downstream, Arc::clone(&link.counters), link.draws),
    };
    loop {
        let chains = Arc::clone(&link.chains.borrow_and_update());
        if let Some(ending) = both.follow(&chains) {
            return ending;
        }
        tokio::select! {
            biased;
            // First, so that a toxic that the interface has acknowledged meets every byte sent after that.
            changed = link.chains.changed() => if changed.is_err() {
                return Ending::Fin;
            },
            ending = poll_fn(|cx| both.poll(cx)) => return ending,
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
