//! The proxy process: its configuration, and the server of its control interface.

use std::future::pending;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::serve::ListenerExt;
use model::seed::Seed;
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::api::{Control, router};
use crate::lease::LeaseBook;
use crate::registry::Registry;

/// How long requests under way may take when the server stops.
const STOP_MAX: Duration = Duration::from_secs(2);

/// What a proxy process needs to know.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Where the control interface listens, `address:port`; port 0 picks one.
    pub api: SocketAddr,
    /// Bearer token of the control interface; required where `api` is not loopback, and ignored where it is.
    pub token: Option<String>,
    /// Seed of what toxics leave to chance: toxicity and jitter.
    pub seed: u64,
    /// Threads that carry connections; 1 carries all on the thread that runs the server. See [`runtime`].
    pub threads: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self { api: SocketAddr::new(IpAddr::from([127, 0, 0, 1]), 0), token: None, seed: 0, threads: 1 }
    }
}

/// Why the proxy could not start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The control interface has no place to listen.
    #[error("listen on {api} for the proxy's control interface")]
    Listen {
        /// Where it should have listened.
        api: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// Anyone who reaches the machine could break things.
    #[error("open the proxy's control interface on {api}: it is not loopback, so `token` is required")]
    TokenMissing {
        /// Where it should have listened.
        api: SocketAddr,
    },
}

/// A runtime as the configuration wants it.
pub fn runtime(config: &Config) -> io::Result<tokio::runtime::Runtime> {
    match config.threads {
        0 | 1 => tokio::runtime::Builder::new_current_thread().enable_all().build(),
        threads => tokio::runtime::Builder::new_multi_thread().worker_threads(threads).enable_all().build(),
    }
}

/// A proxy process at work. Dropping it ends the interface and every connection.
pub struct Running {
    api: SocketAddr,
    registry: Arc<Registry>,
    stop: Option<oneshot::Sender<()>>,
    server: JoinHandle<()>,
    guard: JoinHandle<()>,
    probe: JoinHandle<()>,
}

/// Starts to serve; proxies are made through the interface.
pub async fn serve(config: Config) -> Result<Running, Error> {
    let api = config.api;
    let loopback = api.ip().is_loopback();
    let token = config.token.filter(|token| !loopback && !token.is_empty());
    if !loopback && token.is_none() {
        return Err(Error::TokenMissing { api });
    }
    let failed = |source| Error::Listen { api, source };
    let listener = TcpListener::bind(api).await.map_err(failed)?;
    let api = listener.local_addr().map_err(failed)?;
    let registry = Arc::new(Registry::new(Seed(config.seed)));
    let control = Arc::new(Control { registry: Arc::clone(&registry), leases: LeaseBook::new(), token });
    let guard = tokio::spawn({
        let (control, registry) = (Arc::clone(&control), Arc::clone(&registry));
        async move { control.leases.guard(registry).await }
    });
    let probe = crate::lag::probe(Arc::clone(&registry.lag)).map_err(failed)?;
    let (stop, stopped) = oneshot::channel::<()>();
    let listener = listener.tap_io(|stream| {
        // A stream that refuses the option is broken and will say so when it is read.
        let _ = stream.set_nodelay(true);
    });
    let serving = axum::serve(listener, router(control)).with_graceful_shutdown(async {
        if stopped.await.is_err() {
            pending::<()>().await;
        }
    });
    let server = tokio::spawn(async move {
        if let Err(error) = serving.await {
            tracing::error!(%error, "the control interface ended");
        }
    });
    Ok(Running { api, registry, stop: Some(stop), server, guard, probe })
}

impl Running {
    /// Where the control interface listens.
    #[must_use]
    pub const fn api(&self) -> SocketAddr {
        self.api
    }

    /// What the process prints once it is ready.
    #[must_use]
    pub fn ready_line(&self) -> serde_json::Value {
        serde_json::json!({"role": "proxy", "api": self.api.to_string()})
    }

    /// Waits until the interface ends by itself, which it only does when it breaks.
    pub async fn closed(&mut self) {
        let _ = (&mut self.server).await;
    }

    /// Ends the interface, then every proxy and connection.
    pub async fn stop(mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        let _ = tokio::time::timeout(STOP_MAX, &mut self.server).await;
        self.registry.stop().await;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.server.abort();
        self.guard.abort();
        self.probe.abort();
    }
}
