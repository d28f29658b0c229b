//! The listening side of a proxy: a port that stays its own while the proxy is down, and the loop that accepts.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use model::seed::Seed;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::chain::Chains;
use crate::connection::{Link, carry};
use crate::counters::Counters;

/// Connections that may wait to be accepted.
const BACKLOG: u32 = 1024;
/// Pause after a failed accept, which mostly means that no file descriptor is left; each failure in a row doubles it.
const ACCEPT_PAUSE: Duration = Duration::from_millis(5);
/// Longest pause.
const ACCEPT_PAUSE_MAX: Duration = Duration::from_millis(640);
/// How long a name may take to resolve.
const RESOLVE_MAX: Duration = Duration::from_secs(5);

/// Whether connections come in.
pub(crate) enum Door {
    /// Accepting; dropping `chains` ends every connection that came in here.
    Open { at: SocketAddr, chains: watch::Sender<Arc<Chains>>, accepting: JoinHandle<()> },
    /// Refusing. A bound socket that does not listen keeps the port from others, if it could be had.
    Shut { reserved: Option<TcpSocket> },
}

/// Finds the address that a proxy is told to listen on: `host:port`, `:port` for every interface, or nothing.
pub(crate) async fn resolve(listen: &str) -> io::Result<SocketAddr> {
    let listen = match listen {
        "" => "127.0.0.1:0".to_owned(),
        _ if listen.starts_with(':') => format!("0.0.0.0{listen}"),
        _ => listen.to_owned(),
    };
    let lookup = tokio::time::timeout(RESOLVE_MAX, tokio::net::lookup_host(&listen)).await??;
    let found: Vec<SocketAddr> = lookup.collect();
    found
        .iter()
        .find(|at| at.is_ipv4())
        .or(found.first())
        .copied()
        .ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, format!("no address for `{listen}`")))
}

/// Takes a port without listening on it: connections are refused.
pub(crate) fn reserve(at: SocketAddr) -> io::Result<TcpSocket> {
    let socket = if at.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // Connections of an earlier opening may still linger on the port.
    socket.set_reuseaddr(true)?;
    socket.bind(at)?;
    // Others may share the port only while both sides agree.
    socket.set_reuseaddr(false)?;
    Ok(socket)
}

/// Starts to accept on a reserved port.
pub(crate) fn open(
    reserved: TcpSocket,
    chains: Arc<Chains>,
    upstream: Arc<str>,
    counters: Arc<Counters>,
    draws: Seed,
) -> io::Result<Door> {
    reserved.set_reuseaddr(true)?;
    let listener = reserved.listen(BACKLOG)?;
    let at = listener.local_addr()?;
    let (sender, receiver) = watch::channel(chains);
    let link = Link { upstream, chains: receiver, counters, draws, nth: 0 };
    Ok(Door::Open { at, chains: sender, accepting: tokio::spawn(accept(listener, link)) })
}

/// A door on its way to be shut: nothing goes through any more.
pub(crate) enum Shutting {
    Ending { at: SocketAddr, accepting: JoinHandle<()> },
    Shut(Door),
}

/// Stops to accept and ends every connection; at once, though it takes a moment until the port is free.
pub(crate) fn begin_to_shut(door: Door) -> Shutting {
    match door {
        Door::Open { at, chains, accepting } => {
            drop(chains);
            Shutting::Ending { at, accepting }
        }
        shut @ Door::Shut { .. } => Shutting::Shut(shut),
    }
}

impl Shutting {
    /// Waits until it is shut, and keeps the port.
    pub(crate) async fn shut(self) -> Door {
        match self {
            Self::Ending { at, accepting } => {
                // The listener is closed for certain only when its task has ended.
                let _ = accepting.await;
                Door::Shut { reserved: reserve(at).ok() }
            }
            Self::Shut(door) => door,
        }
    }
}

/// Stops to accept, ends every connection, and keeps the port.
pub(crate) async fn shut(door: Door) -> Door {
    begin_to_shut(door).shut().await
}

async fn accept(listener: TcpListener, link: Link) {
    let mut down = link.chains.clone();
    let mut pause = Duration::ZERO;
    loop {
        let accepted = tokio::select! {
            biased;
            // Only an error ends the wait: the proxy is down.
            _ = down.wait_for(|_| false) => return,
            accepted = accept_after(pause, &listener) => accepted,
        };
        match accepted {
            Ok((client, _)) => {
                pause = Duration::ZERO;
                let nth = link.counters.connections.get();
                let link = Link { draws: link.draws.fork_nth(nth), nth, ..link.clone() };
                // Connecting is the connection's own business: an upstream that never answers holds up nobody else.
                tokio::spawn(carry(client, link));
            }
            Err(error) => {
                tracing::warn!(%error, "connection not accepted");
                pause = (pause * 2).clamp(ACCEPT_PAUSE, ACCEPT_PAUSE_MAX);
            }
        }
    }
}

async fn accept_after(pause: Duration, listener: &TcpListener) -> io::Result<(TcpStream, SocketAddr)> {
    if !pause.is_zero() {
        tokio::time::sleep(pause).await;
    }
    listener.accept().await
}
