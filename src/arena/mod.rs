//! Where a run takes place: shop, providers and proxies, started or found, and the doors into them.

mod configs;
mod footing;
mod member;
pub mod metrics;
mod preflight;
mod providers;
mod raise;
mod shop;

pub use configs::WEIGHT_G;
pub use footing::{ShopClock, ShopStore};
pub use member::{Member, MemberError};
pub use preflight::{PreflightError, preflight};
pub use providers::{Account, ProvidersAdmin, ProvidersQuiet, RuleCounts};
pub use raise::{Ground, RaiseError, raise};
pub use shop::{ShopDoors, ShopQuiet};

use crate::caller::CallError;
use crate::faults::HarmError;
use model::fault::{Child, Provider};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::sync::Mutex;

/// Shop, providers and proxies of a run.
pub struct Arena {
    run: String,
    /// Base addresses of the shop, one for each instance; never empty.
    pub shop_urls: Vec<String>,
    /// Where the shopper's browser reaches providers, by provider; empty when they are unknown to us.
    pub provider_urls: BTreeMap<Provider, String>,
    /// The payment account's publishable key.
    pub publishable_key: String,
    /// Side doors of the reference shop.
    pub doors: Option<ShopDoors>,
    store: Option<ShopStore>,
    clock: Option<ShopClock>,
    admin: Option<ProvidersAdmin>,
    links: Option<Links>,
    shops: Vec<Mutex<Member>>,
    providers: Option<Mutex<Member>>,
    proxy: Option<Mutex<Member>>,
    secret_key: String,
}

/// The fault proxies before the providers.
pub struct Links {
    /// Their interface.
    pub client: chaos::client::Client,
    /// Its address, for `heal`.
    pub api: String,
    names: BTreeMap<Provider, String>,
    lease: Lease,
}

/// Whether a proxy's faults end by themselves.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lease {
    /// One of ours: renewed by the run.
    Renewed,
    /// A Toxiproxy that a team runs: `heal` is the way back.
    Unknown,
}

impl Links {
    /// The proxy before a provider.
    pub fn proxy(&self, provider: Provider) -> Result<&str, HarmError> {
        self.names
            .get(&provider)
            .map(String::as_str)
            .ok_or(HarmError::Missing("there is no fault proxy before that provider"))
    }
}

/// What came of a child that ended unasked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Revival {
    /// It works again.
    StartedAgain(String),
    /// The run cannot go on.
    Lost(String),
}

/// What a child has used.
#[derive(Clone, Copy, Debug, Default)]
pub struct Use {
    /// Processor time of all its lives, in seconds.
    pub cpu_s: Option<f64>,
    /// Resident memory, in bytes.
    pub resident_bytes: Option<u64>,
}

/// What the children have used so far.
#[derive(Clone, Copy, Debug, Default)]
pub struct Uses {
    /// The reference shop, all instances together.
    pub shop: Use,
    /// The providers.
    pub providers: Use,
    /// The proxy.
    pub proxy: Use,
}

impl Use {
    fn of(member: &Member) -> Self {
        Self { cpu_s: member.cpu_seconds(), resident_bytes: member.resident_bytes() }
    }

    /// Both together.
    fn and(self, other: Self) -> Self {
        Self {
            cpu_s: other.cpu_s.map(|spent| self.cpu_s.unwrap_or(0.0) + spent).or(self.cpu_s),
            resident_bytes: other
                .resident_bytes
                .map(|bytes| self.resident_bytes.unwrap_or(0) + bytes)
                .or(self.resident_bytes),
        }
    }
}

impl Arena {
    /// Base address of the shop's first instance.
    #[must_use]
    pub fn shop_url(&self) -> &str {
        &self.shop_urls[0]
    }

    /// The run's id.
    #[must_use]
    pub fn run(&self) -> &str {
        &self.run
    }

    /// The providers' admin interface.
    pub fn admin(&self) -> Result<&ProvidersAdmin, HarmError> {
        self.admin.as_ref().ok_or(HarmError::Missing("the scenario names no provider simulators"))
    }

    /// The fault proxies.
    pub fn links(&self) -> Result<&Links, HarmError> {
        self.links.as_ref().ok_or(HarmError::Missing("the scenario names no fault proxy"))
    }

    /// The reference shop's store.
    pub fn store(&self) -> Result<&ShopStore, HarmError> {
        self.store.as_ref().ok_or(HarmError::Missing("the shop is not the reference shop"))
    }

    /// The reference shop's clock.
    pub fn clock(&self) -> Result<&ShopClock, HarmError> {
        self.clock.as_ref().ok_or(HarmError::Missing("the shop is not the reference shop"))
    }

    /// A child that can be harmed.
    pub fn child(&self, child: Child) -> Result<&Mutex<Member>, HarmError> {
        let (member, missing) = match child {
            Child::Shop => (self.shops.first(), "the shop is not a child of this run"),
            Child::Providers => (self.providers.as_ref(), "the providers are not a child of this run"),
        };
        member.ok_or(HarmError::Missing(missing))
    }

    /// Renews what the run holds on servers of ours.
    pub async fn renew_leases(&self, ttl: Duration) -> Result<(), HarmError> {
        let ttl_ms = ttl.as_millis() as u64;
        if let Some(admin) = &self.admin {
            admin.renew(&self.run, ttl_ms).await?;
        }
        if let Some(links) = &self.links
            && links.lease == Lease::Renewed
        {
            links.client.lease(&self.run, ttl_ms).await?;
        }
        if let Some(clock) = &self.clock {
            clock.renew(ttl).await?;
        }
        Ok(())
    }

    /// Processor time and memory so far.
    pub async fn uses(&self) -> Uses {
        let of = async |member: &Option<Mutex<Member>>| match member {
            Some(member) => Use::of(&*member.lock().await),
            None => Use::default(),
        };
        let mut shop = Use::default();
        for member in &self.shops {
            shop = shop.and(Use::of(&*member.lock().await));
        }
        Uses { shop, providers: of(&self.providers).await, proxy: of(&self.proxy).await }
    }

    /// Children that ended without being asked to, one sentence each. Shop and providers keep durable books and are started
    /// again on them, as a service manager would; the proxies' loss ends the run.
    pub async fn revive(&self) -> Vec<Revival> {
        let mut revivals = Vec::new();
        let vital = self.proxy.iter().map(|member| (member, true));
        for (member, vital) in self.shops.iter().chain(&self.providers).map(|member| (member, false)).chain(vital) {
            // A member that is being killed or started again by a fault is locked: its end is expected.
            let Ok(mut member) = member.try_lock() else { continue };
            let Some(end) = member.unexpected_end().await else { continue };
            revivals.push(if vital {
                Revival::Lost(end)
            } else {
                match member.restart().await {
                    Ok(()) => Revival::StartedAgain(format!("{end}; it was started again on its books")),
                    Err(error) => Revival::Lost(format!("{end}; it could not be started again: {error}")),
                }
            });
        }
        revivals
    }

    /// Gives the account back and ends the children.
    pub async fn take_down(&self) -> Result<(), CallError> {
        let released = match &self.admin {
            Some(admin) => admin.release_account(&self.secret_key).await,
            None => Ok(()),
        };
        for member in self.shops.iter().chain(&self.proxy).chain(&self.providers) {
            // A child that resists is killed by the supervisor when it is dropped.
            drop(member.lock().await.stop().await);
        }
        released
    }
}
