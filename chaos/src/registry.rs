//! The proxies of a process, by name.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use model::seed::Seed;
use parking_lot::Mutex;

use crate::lag::Lag;
use crate::proxy::Proxy;
use crate::refused::Refused;
use crate::wire;

/// All proxies. The map is locked for look-ups only, never while a proxy works.
pub(crate) struct Registry {
    seed: Seed,
    pub lag: Arc<Lag>,
    proxies: Mutex<BTreeMap<String, Arc<Proxy>>>,
    pub(crate) last_set: Mutex<LastSet>,
}

/// The run that set all of its faults at once, and the proxies that it named.
#[derive(Debug, Default)]
pub(crate) struct LastSet {
    pub run: String,
    pub proxies: BTreeSet<String>,
}

impl Registry {
    pub(crate) fn new(seed: Seed) -> Self {
        Self { seed, lag: Arc::default(), proxies: Mutex::default(), last_set: Mutex::default() }
    }

    /// Every proxy, by name.
    pub(crate) fn all(&self) -> Vec<(String, Arc<Proxy>)> {
        self.proxies.lock().iter().map(|(name, proxy)| (name.clone(), Arc::clone(proxy))).collect()
    }

    /// The proxy of this name.
    pub(crate) fn get(&self, name: &str) -> Result<Arc<Proxy>, Refused> {
        self.proxies.lock().get(name).cloned().ok_or(Refused::ProxyNotFound)
    }

    /// Makes a proxy.
    pub(crate) async fn create(&self, new: &wire::NewProxy) -> Result<Arc<Proxy>, Refused> {
        require(new, "")?;
        if self.get(&new.name).is_ok() {
            return Err(Refused::ProxyExists);
        }
        let proxy = Arc::new(Proxy::start(new, self.seed, &self.lag).await?);
        let lost = match self.proxies.lock().entry(new.name.clone()) {
            Entry::Vacant(place) => {
                place.insert(Arc::clone(&proxy));
                false
            }
            Entry::Occupied(_) => true,
        };
        if lost {
            proxy.stop().await;
            return Err(Refused::ProxyExists);
        }
        Ok(proxy)
    }

    /// Ends a proxy and all its connections.
    pub(crate) async fn delete(&self, name: &str) -> Result<(), Refused> {
        let proxy = self.proxies.lock().remove(name).ok_or(Refused::ProxyNotFound)?;
        proxy.stop().await;
        Ok(())
    }

    /// Makes or replaces proxies, in order, and stops at the first that fails; unchanged ones are left alone.
    pub(crate) async fn populate(&self, list: &[wire::NewProxy]) -> (Vec<Arc<Proxy>>, Result<(), Refused>) {
        let mut made = Vec::with_capacity(list.len());
        for (at, new) in list.iter().enumerate() {
            if let Err(refused) = require(new, &format!(" at proxy {}", at + 1)) {
                return (made, Err(refused));
            }
        }
        for new in list {
            match self.create_or_replace(new).await {
                Ok(proxy) => made.push(proxy),
                Err(refused) => return (made, Err(refused)),
            }
        }
        (made, Ok(()))
    }

    async fn create_or_replace(&self, new: &wire::NewProxy) -> Result<Arc<Proxy>, Refused> {
        if let Ok(known) = self.get(&new.name) {
            if known.is_like(new).await {
                return Ok(known);
            }
            self.delete(&new.name).await?;
        }
        self.create(new).await
    }

    /// Removes every fault and opens every proxy; tries all before it answers with the first failure.
    pub(crate) async fn reset(&self) -> Result<(), Refused> {
        let mut outcome = Ok(());
        for (_, proxy) in self.all() {
            outcome = outcome.and(proxy.reset().await);
        }
        outcome
    }

    /// Ends every proxy.
    pub(crate) async fn stop(&self) {
        let proxies = std::mem::take(&mut *self.proxies.lock());
        for proxy in proxies.values() {
            proxy.stop().await;
        }
    }
}

fn require(new: &wire::NewProxy, place: &str) -> Result<(), Refused> {
    if new.name.is_empty() {
        return Err(Refused::MissingField(format!("name{place}")));
    }
    if new.upstream.is_empty() {
        return Err(Refused::MissingField(format!("upstream{place}")));
    }
    Ok(())
}
