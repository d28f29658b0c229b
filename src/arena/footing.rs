//! What the reference shop stands on and a fault can harm: its store and its clock.

use crate::caller::{CallError, Caller};
use chaos::store::{Error, Hold, Tally};
use http::Method;
use model::fault::StoreHarm;
use serde_json::json;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;
use tokio::sync::Mutex;

/// The store of the reference shop, and who holds its write lock beside it.
pub struct ShopStore {
    file: PathBuf,
    holds: Mutex<BTreeMap<String, Hold>>,
    tallies: Mutex<BTreeMap<String, Tally>>,
}

impl ShopStore {
    /// The store in `file`.
    #[must_use]
    pub fn new(file: PathBuf) -> Self {
        Self { file, holds: Mutex::default(), tallies: Mutex::default() }
    }

    /// Begins a fault; it has the lock when this returns.
    pub async fn begin(&self, fault: &str, harm: StoreHarm, longest: Duration) -> Result<(), Error> {
        let hold = Hold::begin(&self.file, harm, longest).await?;
        self.holds.lock().await.insert(fault.to_owned(), hold);
        Ok(())
    }

    /// Ends a fault; what is gone already is fine.
    pub async fn end(&self, fault: &str) {
        let hold = self.holds.lock().await.remove(fault);
        if let Some(hold) = hold {
            let tally = hold.end().await;
            self.tallies.lock().await.insert(fault.to_owned(), tally);
        }
    }

    /// What a fault that has ended came to.
    pub async fn tally(&self, fault: &str) -> Option<Tally> {
        self.tallies.lock().await.get(fault).copied()
    }
}

/// The clock of the reference shop, that of every instance.
pub struct ShopClock {
    caller: Caller,
    shops: Vec<String>,
    /// Locked for as long as the instances are told, so that no renewal comes after the end.
    ahead_ms: Mutex<Option<u64>>,
}

impl ShopClock {
    /// The clock of the instances at `shops`; there is at least one.
    #[must_use]
    pub fn new(caller: Caller, shops: Vec<String>) -> Self {
        Self { caller, shops, ahead_ms: Mutex::default() }
    }

    /// Base addresses of the instances.
    #[must_use]
    pub fn shops(&self) -> &[String] {
        &self.shops
    }

    /// Moves it ahead, as a lease.
    pub async fn put_ahead(&self, ahead_ms: u64, ttl: Duration) -> Result<(), CallError> {
        let mut active = self.ahead_ms.lock().await;
        *active = Some(ahead_ms);
        self.tell(ahead_ms, ttl).await
    }

    /// Renews the lease of a fault that is active; an instance that was started again hears of it here.
    pub async fn renew(&self, ttl: Duration) -> Result<(), CallError> {
        let active = self.ahead_ms.lock().await;
        match *active {
            Some(ahead_ms) => self.tell(ahead_ms, ttl).await,
            None => Ok(()),
        }
    }

    /// Puts it right; one that is right already is fine. Every instance is asked, whatever another one says.
    pub async fn put_right(&self) -> Result<(), CallError> {
        let mut active = self.ahead_ms.lock().await;
        *active = None;
        let mut said = Ok(());
        for shop in &self.shops {
            said = said.and(self.caller.delete(&address(shop)).await);
        }
        said
    }

    async fn tell(&self, ahead_ms: u64, ttl: Duration) -> Result<(), CallError> {
        let body = json!({ "ahead_ms": ahead_ms, "ttl_ms": ttl.as_millis() as u64 });
        for shop in &self.shops {
            self.caller.send_json(Method::PUT, &address(shop), &body).await?;
        }
        Ok(())
    }
}

fn address(shop: &str) -> String {
    format!("{shop}/admin/clock")
}
