//! Accounts of the providers: which run has leased which key, and where its webhooks go.
//!
//! Keys are kept as hashes only.

use std::collections::HashMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::sheet::json;
use crate::store::{Table, Write};

/// Where webhooks go.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Endpoint {
    pub(crate) n: i64,
    pub(crate) id: String,
    pub(crate) account: i64,
    pub(crate) url: String,
    pub(crate) secret: String,
    /// Types of event, `*` for all.
    pub(crate) events: Vec<String>,
    pub(crate) backoff_ms: Vec<u64>,
    /// Whether it came with a lease, and goes with it.
    pub(crate) leased: bool,
    /// Nothing is sent to it for now.
    pub(crate) is_disabled: bool,
    pub(crate) api_version: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) metadata: Vec<(String, String)>,
    pub(crate) created: i64,
}

impl Endpoint {
    pub(crate) fn wants(&self, kind: &str) -> bool {
        !self.is_disabled && self.events.iter().any(|event| event == "*" || event == kind)
    }

    pub(crate) fn write(&self) -> Write {
        let body = json(self);
        Write::Put { table: Table::Endpoint, n: self.n, account: self.account, tag: None, body }
    }
}

/// A key that a run holds.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Lease {
    pub(crate) account: i64,
    /// Hash of the publishable key.
    pub(crate) publishable: Option<i64>,
    pub(crate) run: String,
    pub(crate) until_us: i64,
    /// Adyen's merchant account, the only one that the key is good for; any when absent.
    #[serde(default)]
    pub(crate) merchant_account: Option<String>,
    /// The shop's domain at the fraud provider.
    #[serde(default)]
    pub(crate) shop_domain: Option<String>,
    /// The token by which the fraud provider and the shop sign, which must be known to check a signature.
    #[serde(default)]
    pub(crate) auth_token: Option<String>,
    /// Whether the account takes money only when it is asked to.
    #[serde(default)]
    pub(crate) capture: CaptureSetting,
}

/// When an account of the second payment provider takes the money, unless a payment says otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CaptureSetting {
    /// As soon as it is authorised.
    #[default]
    Automatic,
    /// When the shop asks.
    Manual,
}

impl Lease {
    pub(crate) fn write(&self) -> Write {
        let body = json(self);
        Write::Put { table: Table::Account, n: self.account, account: self.account, tag: None, body }
    }
}

/// Who makes a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Caller {
    pub(crate) account: i64,
    pub(crate) run: Option<String>,
    /// Holds the publishable key only, as a browser does.
    pub(crate) is_browser: bool,
}

/// Why a key opens nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyRefusal {
    Missing,
    /// A key of the real provider's live mode: refused whatever is configured.
    Live,
    Unknown,
}

/// All accounts.
pub(crate) struct Accounts {
    open: bool,
    leases: HashMap<i64, Lease>,
    publishable: HashMap<i64, i64>,
    endpoints: HashMap<i64, Vec<Arc<Endpoint>>>,
}

/// The number under which a key is known.
pub(crate) fn key_hash(key: &str) -> i64 {
    let digest = Sha256::digest(key.as_bytes());
    let first: [u8; 8] = digest[..8].try_into().expect("a digest has 32 bytes");
    (u64::from_be_bytes(first) >> 1) as i64
}

impl Accounts {
    pub(crate) fn new(open: bool, leases: Vec<Lease>, endpoints: Vec<Endpoint>) -> Self {
        let mut accounts =
            Self { open, leases: HashMap::new(), publishable: HashMap::new(), endpoints: HashMap::new() };
        for lease in leases {
            accounts.put_lease(lease);
        }
        for endpoint in endpoints {
            accounts.put_endpoint(endpoint);
        }
        accounts
    }

    /// Whose key of the payment provider this is.
    pub(crate) fn identify(&self, key: &str) -> Result<Caller, KeyRefusal> {
        if key.is_empty() {
            return Err(KeyRefusal::Missing);
        }
        if is_live(key) {
            return Err(KeyRefusal::Live);
        }
        let hash = key_hash(key);
        if let Some(lease) = self.leases.get(&hash) {
            return Ok(Caller { account: hash, run: Some(lease.run.clone()), is_browser: false });
        }
        if let Some(lease) = self.publishable.get(&hash).and_then(|account| self.leases.get(account)) {
            return Ok(Caller { account: lease.account, run: Some(lease.run.clone()), is_browser: true });
        }
        let browser_of = key.strip_prefix("pk_test_").filter(|rest| !rest.is_empty());
        // Where nobody has leased it, a publishable key belongs to the secret key of the same ending.
        match browser_of.map(|rest| key_hash(&format!("sk_test_{rest}"))) {
            Some(account) if self.open => {
                let run = self.leases.get(&account).map(|lease| lease.run.clone());
                Ok(Caller { account, run, is_browser: true })
            }
            None if self.open && is_secret_key(key) => Ok(Caller { account: hash, run: None, is_browser: false }),
            _ => Err(KeyRefusal::Unknown),
        }
    }

    /// Whose key of a provider this is whose keys have no form of their own.
    pub(crate) fn identify_any(&self, key: &str) -> Result<Caller, KeyRefusal> {
        match self.run_of([key]) {
            _ if key.is_empty() => Err(KeyRefusal::Missing),
            _ if is_live(key) => Err(KeyRefusal::Live),
            Some(caller) => Ok(caller),
            None if self.open => Ok(Caller { account: key_hash(key), run: None, is_browser: false }),
            None => Err(KeyRefusal::Unknown),
        }
    }

    /// The run that has leased one of these credentials.
    pub(crate) fn run_of<'a>(&self, credentials: impl IntoIterator<Item = &'a str>) -> Option<Caller> {
        credentials.into_iter().find_map(|credential| {
            let lease = self.leases.get(&key_hash(credential))?;
            Some(Caller { account: lease.account, run: Some(lease.run.clone()), is_browser: false })
        })
    }

    /// The lease of the fraud provider's shop of this domain.
    pub(crate) fn shop(&self, domain: &str) -> Option<&Lease> {
        self.leases.values().find(|lease| lease.shop_domain.as_deref() == Some(domain))
    }

    pub(crate) const fn is_open(&self) -> bool {
        self.open
    }

    /// The one run whose leases are alive, if it is one.
    pub(crate) fn only_run(&self, now_us: i64) -> Option<String> {
        let mut alive = self.leases.values().filter(|lease| lease.until_us > now_us).map(|lease| lease.run.as_str());
        let first = alive.next()?;
        alive.all(|run| run == first).then(|| first.to_owned())
    }

    pub(crate) fn lease(&self, account: i64) -> Option<&Lease> {
        self.leases.get(&account)
    }

    pub(crate) fn put_lease(&mut self, lease: Lease) {
        if let Some(publishable) = lease.publishable {
            self.publishable.insert(publishable, lease.account);
        }
        self.leases.insert(lease.account, lease);
    }

    /// Ends a lease; returns it with the endpoints that came with it.
    pub(crate) fn end_lease(&mut self, account: i64) -> Option<(Lease, Vec<Arc<Endpoint>>)> {
        let lease = self.leases.remove(&account)?;
        self.publishable.retain(|_, of| *of != account);
        Some((lease, self.take_leased_endpoints(account)))
    }

    /// Takes away the endpoints that came with a lease.
    pub(crate) fn take_leased_endpoints(&mut self, account: i64) -> Vec<Arc<Endpoint>> {
        let Some(all) = self.endpoints.get_mut(&account) else { return Vec::new() };
        let (gone, kept) = std::mem::take(all).into_iter().partition(|endpoint| endpoint.leased);
        *all = kept;
        gone
    }

    /// Renews all leases of a run; returns them as they are now.
    pub(crate) fn renew(&mut self, run: &str, until_us: i64) -> Vec<Lease> {
        let of_run = self.leases.values_mut().filter(|lease| lease.run == run);
        of_run
            .map(|lease| {
                lease.until_us = lease.until_us.max(until_us);
                lease.clone()
            })
            .collect()
    }

    pub(crate) fn endpoints(&self, account: i64) -> &[Arc<Endpoint>] {
        self.endpoints.get(&account).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn endpoint(&self, account: i64, n: i64) -> Option<&Arc<Endpoint>> {
        self.endpoints(account).iter().find(|endpoint| endpoint.n == n)
    }

    pub(crate) fn put_endpoint(&mut self, endpoint: Endpoint) {
        let all = self.endpoints.entry(endpoint.account).or_default();
        all.retain(|other| other.n != endpoint.n);
        all.push(Arc::new(endpoint));
    }

    pub(crate) fn remove_endpoint(&mut self, account: i64, n: i64) {
        if let Some(all) = self.endpoints.get_mut(&account) {
            all.retain(|endpoint| endpoint.n != n);
        }
    }
}

/// Whether a key says that it is one of the real provider's live mode.
pub(crate) fn is_live(key: &str) -> bool {
    key.contains("_live_")
}

fn is_secret_key(key: &str) -> bool {
    ["sk_test_", "rk_test_"].iter().any(|prefix| key.strip_prefix(prefix).is_some_and(|rest| !rest.is_empty()))
}
