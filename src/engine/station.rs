//! What all shoppers of one worker share. It belongs to one thread, so nothing in it is locked.

use super::address::Scheme;
use super::clock::Clock;
use super::ledger::Ledger;
use super::live::Live;
use super::net::{AuthorityId, Pool, Speaks, connector};
use super::script::Script;
use model::connections::{Connections, Http, Per};
use std::cell::{Cell, OnceCell, RefCell};
use std::sync::Arc;
use tokio::sync::Notify;
use tokio_rustls::TlsConnector;

/// Connections of one browser to one server, as common browsers have them.
const BROWSERS_MAX: usize = 6;

/// How shoppers may reach their servers.
#[derive(Clone, Copy)]
pub struct Ways<'a> {
    /// Hosts off loopback that may be sent to.
    pub allowed: &'a [String],
    /// How connections are kept.
    pub connections: &'a Connections,
    /// How many workers share the pool's connections.
    pub shares: usize,
}

/// What all shoppers of one worker share.
pub struct Station {
    /// The run's id.
    pub run: String,
    /// The journeys.
    pub script: Arc<Script>,
    /// The clock of the load.
    pub clock: Clock,
    /// Servers, and idle connections.
    pub pool: RefCell<Pool>,
    /// Whose connections are.
    pub per: Per,
    /// How many connections to one server a shopper has at most.
    pub own_max: Option<usize>,
    http: Http,
    /// Certificates of authorities beside the system's, in PEM.
    authorities: Option<String>,
    connector: OnceCell<Option<TlsConnector>>,
    /// The shop at each of its addresses, in the pool, and which of them is next.
    shops: Vec<AuthorityId>,
    next: Cell<usize>,
    /// The worker's book.
    pub ledger: RefCell<Ledger>,
    /// Shared by all workers.
    pub live: Arc<Live>,
    /// Arrivals under way.
    open: Cell<usize>,
    emptied: Notify,
}

impl Station {
    /// A station without shoppers.
    pub fn new(
        run: String,
        script: Arc<Script>,
        clock: Clock,
        ways: Ways<'_>,
        ledger: Ledger,
        live: Arc<Live>,
    ) -> Option<Self> {
        let Connections { per, max, http, authorities } = ways.connections;
        let (pool_max, own_max) = match per {
            Per::Pool => (max.map(|max| (max / ways.shares).max(1)), None),
            Per::Shopper => (None, Some(max.unwrap_or(BROWSERS_MAX))),
        };
        let mut pool = Pool::new(ways.allowed.to_vec(), pool_max);
        let scheme = script.shop.scheme;
        let speaks = match (*http, scheme) {
            (Http::One, _) => Speaks::One,
            (Http::Two, Scheme::Http) => Speaks::Two,
            (Http::Two, Scheme::Https) => Speaks::Either,
        };
        let shops = script.shop.authorities.iter().map(|authority| pool.authority(scheme, authority, speaks));
        let shops = shops.collect::<Option<Vec<_>>>()?;
        Some(Self {
            run,
            script,
            clock,
            pool: RefCell::new(pool),
            per: *per,
            own_max,
            http: *http,
            authorities: authorities.clone(),
            connector: OnceCell::new(),
            shops,
            next: Cell::new(0),
            ledger: RefCell::new(ledger),
            live,
            open: Cell::new(0),
            emptied: Notify::new(),
        })
    }

    /// The instance that the next request goes to: each in turn, as a balancer does.
    pub fn next_shop(&self) -> AuthorityId {
        let next = self.next.get();
        self.next.set(if next + 1 < self.shops.len() { next + 1 } else { 0 });
        self.shops[next]
    }

    /// A server that is not the shop. Without TLS it is not known to speak HTTP/2.
    pub fn elsewhere(&self, scheme: Scheme, authority: &str) -> Option<AuthorityId> {
        let speaks = match (self.http, scheme) {
            (Http::One, _) | (Http::Two, Scheme::Http) => Speaks::One,
            (Http::Two, Scheme::Https) => Speaks::Either,
        };
        self.pool.borrow_mut().authority(scheme, authority, speaks)
    }

    /// What secures connections; none when its settings are wrong, which is known before the load.
    pub fn connector(&self) -> Option<&TlsConnector> {
        let make = || connector(self.authorities.as_deref(), self.http).ok();
        self.connector.get_or_init(make).as_ref()
    }

    /// How many shoppers are under way.
    pub fn open(&self) -> usize {
        self.open.get()
    }

    /// A shopper comes.
    pub fn arrived(&self) {
        self.open.set(self.open.get() + 1);
        self.live.arrived();
    }

    /// A shopper is gone.
    pub fn left(&self) {
        self.open.set(self.open.get() - 1);
        self.live.left();
        if self.open.get() == 0 {
            self.emptied.notify_one();
        }
    }

    /// Until no shopper is under way.
    pub async fn emptied(&self) {
        while self.open.get() > 0 {
            self.emptied.notified().await;
        }
    }
}
