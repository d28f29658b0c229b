//! Opening and closing a shop: store, log, listener, connections, and the work that goes on beside them.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use serde_json::{Value, json};
use tokio::{
    net::TcpListener,
    sync::watch,
    task::{JoinHandle, JoinSet},
};

use crate::{
    clock::uptime_ms,
    config::Config,
    door::{BadTls, Door},
    flags::Flags,
    log::Log,
    outbox::Outbox,
    providers::BadAddress,
    shop::{Shop, closes},
    store::{SqliteStore, Store, StoreError, Terms},
};

/// How long open requests may take once the shop closes.
const CLOSING_MAX: Duration = Duration::from_secs(5);
/// Pause after a failed accept: the process may have run out of descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(20);

/// Why a shop could not open.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address cannot be listened on.
    #[error("listen on {address}: {source}")]
    Listen {
        /// The address wanted.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The log cannot be written.
    #[error("open log `{path}`: {source}")]
    Log {
        /// The file wanted.
        path: String,
        /// What the system said.
        source: io::Error,
    },
    /// The store cannot be opened or read.
    #[error("open store `{path}`: {reason}")]
    Store {
        /// The file wanted.
        path: String,
        /// What the store said.
        reason: String,
    },
    /// A provider's address is of no use.
    #[error(transparent)]
    Address(#[from] BadAddress),
    /// Certificate or key is of no use.
    #[error(transparent)]
    Tls(#[from] BadTls),
}

/// An open shop.
#[derive(Debug)]
pub struct Running {
    listen: SocketAddr,
    close: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Running {
    /// Where it listens.
    #[must_use]
    pub fn listen(&self) -> SocketAddr {
        self.listen
    }

    /// The line that tells a parent process that the shop is open.
    #[must_use]
    pub fn ready_line(&self) -> Value {
        json!({"role": "shop", "listen": self.listen.to_string()})
    }

    /// Closes: no new connections, open requests are finished for at most five seconds, everything stored stays.
    pub async fn stop(self) {
        self.close.send_replace(true);
        drop(self.task.await);
    }

    /// Waits until the shop has closed by itself, which it does only when its listener is lost.
    pub async fn closed(&mut self) {
        drop((&mut self.task).await);
    }
}

/// Opens a shop: afterwards it listens, and what an earlier life left unsettled is being settled.
pub async fn serve(config: Config) -> Result<Running, Error> {
    let address = config.listen;
    let listener = TcpListener::bind(address).await.map_err(|source| Error::Listen { address, source })?;
    let listen = listener.local_addr().map_err(|source| Error::Listen { address, source })?;
    let door = Door::new(config.tls.as_ref())?;
    let log = Log::open(config.log.as_deref()).map_err(|source| Error::Log {
        path: config.log.as_ref().map_or_else(String::new, |path| path.display().to_string()),
        source,
    })?;
    let path = config.store.display().to_string();
    let store_error = |error: StoreError| Error::Store { path: path.clone(), reason: error.to_string() };
    let flags = Arc::new(Flags::new(config.flags));
    let store = SqliteStore::open(&config.store, Terms::of(&config, Arc::clone(&flags))).map_err(store_error)?;
    let store: Arc<dyn Store> = Arc::new(store);
    let (close, closing) = watch::channel(false);
    let shop = Arc::new(Shop::new(config, Arc::clone(&store), flags, log, listen, closing)?);
    shop.metrics.last_change_ms.store(uptime_ms(), std::sync::atomic::Ordering::Relaxed);
    for (state, count) in store.census().await.map_err(store_error)?.orders {
        shop.metrics.orders_found(state, count);
    }
    shop.live().await.map_err(store_error)?;
    Outbox::send(&shop, store.adopt_messages().await.map_err(store_error)?);
    tokio::spawn(Arc::clone(&shop).stay_alive());
    shop.read_flags().await.map_err(store_error)?;
    tokio::spawn(Arc::clone(&shop).follow_flags());
    let reconciler = tokio::spawn(Arc::clone(&shop).reconcile());
    let task = tokio::spawn(run(door, listener, shop, store, reconciler));
    Ok(Running { listen, close, task })
}

async fn run(door: Door, listener: TcpListener, shop: Arc<Shop>, store: Arc<dyn Store>, reconciler: JoinHandle<()>) {
    let mut closing = shop.closing.clone();
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(door.clone().serve(stream, Arc::clone(&shop)));
                }
                Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
            },
            Some(_) = connections.join_next() => {}
            () = closes(&mut closing) => break,
        }
    }
    drop(listener);
    let finish = async {
        while connections.join_next().await.is_some() {}
        shop.works.end().await;
    };
    // Requests that take longer are cut off; their work is in the store and is taken up at the next opening.
    drop(tokio::time::timeout(CLOSING_MAX, finish).await);
    connections.shutdown().await;
    reconciler.abort();
    if let Err(error) = store.retire().await {
        shop.log.store_trouble("the instance did not retire", &error);
    }
    drop(store.close().await);
}
