//! Accept loops of our own: a handler can end the connection that its request came on, by FIN or by RST.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use model::fault::Ending;
use parking_lot::Mutex;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, watch};

use super::AnswerBody;

/// Longest time for a request's head to arrive, and for a connection to stay idle.
const HEAD_TIMEOUT: Duration = Duration::from_secs(90);
const ACCEPT_PAUSE: Duration = Duration::from_millis(10);
const GRACE: Duration = Duration::from_secs(5);

/// Becomes true when the server stops.
pub(crate) type Stopping = watch::Receiver<bool>;

/// The connection that a request came on.
#[derive(Clone, Debug)]
pub(crate) struct ConnectionHandle {
    pub(crate) peer: SocketAddr,
    ending: Arc<(Mutex<Option<Ending>>, Notify)>,
}

impl ConnectionHandle {
    fn new(peer: SocketAddr) -> Self {
        Self { peer, ending: Arc::new((Mutex::new(None), Notify::new())) }
    }

    /// Ends the connection. Does not return: the handler that calls it is dropped with the connection.
    pub(crate) async fn end(&self, ending: Ending) -> Infallible {
        *self.ending.0.lock() = Some(ending);
        self.ending.1.notify_one();
        std::future::pending().await
    }

    async fn ended(&self) -> Ending {
        loop {
            if let Some(ending) = *self.ending.0.lock() {
                return ending;
            }
            self.ending.1.notified().await;
        }
    }
}

/// Answers the requests of one listener.
pub(crate) trait Handler: Send + Sync + 'static {
    fn handle(
        self: Arc<Self>,
        request: Request<Incoming>,
        connection: ConnectionHandle,
    ) -> impl Future<Output = Response<AnswerBody>> + Send;
}

/// Serves a listener until the server stops and its connections are done.
pub(crate) async fn accept<H: Handler>(listener: TcpListener, handler: Arc<H>, mut stopping: Stopping) {
    let connections = tokio_tracker();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stopping.wait_for(|stop| *stop) => break,
        };
        match accepted {
            Ok((stream, peer)) => {
                let connection = serve_connection(stream, peer, Arc::clone(&handler), stopping.clone());
                let alive = connections.0.clone();
                tokio::spawn(async move {
                    connection.await;
                    drop(alive);
                });
            }
            // Out of descriptors, or the peer has gone again: neither is helped by giving up.
            Err(error) => {
                tracing::warn!(%error, "failed to accept a connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(listener);
    let (alive, mut done) = connections;
    drop(alive);
    // `recv` returns when the last connection has dropped its end.
    if tokio::time::timeout(GRACE, done.recv()).await.is_err() {
        tracing::debug!("some connections were cut at the stop");
    }
}

/// A channel that nothing is sent on: it closes when the last sender is gone.
fn tokio_tracker() -> (tokio::sync::mpsc::Sender<Infallible>, tokio::sync::mpsc::Receiver<Infallible>) {
    tokio::sync::mpsc::channel(1)
}

async fn serve_connection<H: Handler>(stream: TcpStream, peer: SocketAddr, handler: Arc<H>, mut stopping: Stopping) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "failed to set TCP_NODELAY");
    }
    let handle = ConnectionHandle::new(peer);
    let service = service_fn(|request| {
        let (handler, handle) = (Arc::clone(&handler), handle.clone());
        async move { Ok::<_, Infallible>(handler.handle(request, handle).await) }
    });
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(64 * 1024)
        .serve_connection(TokioIo::new(stream), service);
    let mut is_stopping = false;
    loop {
        tokio::select! {
            done = &mut connection => {
                if let Err(error) = done {
                    tracing::debug!(%error, "a connection ended early");
                }
                return;
            }
            ending = handle.ended() => {
                let stream = connection.into_parts().io.into_inner();
                finish(&stream, ending);
                return;
            }
            _ = stopping.wait_for(|stop| *stop), if !is_stopping => {
                is_stopping = true;
                std::pin::Pin::new(&mut connection).graceful_shutdown();
            }
        }
    }
}

/// Dropping a stream sends FIN; with no time to linger, RST.
fn finish(stream: &TcpStream, ending: Ending) {
    match ending {
        Ending::Fin => {}
        Ending::Rst => {
            if let Err(error) = socket2::SockRef::from(stream).set_linger(Some(Duration::ZERO)) {
                tracing::debug!(%error, "failed to prepare a reset");
            }
        }
    }
}
