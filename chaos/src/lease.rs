//! The lease of a run: unless it is renewed, the faults end by themselves.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::watch;

use crate::refused::Refused;
use crate::registry::Registry;
use crate::wire;

/// Longest lease; also keeps instants from overflowing.
const TTL_MAX: Duration = Duration::from_secs(24 * 60 * 60);

/// A run that holds the proxies, and until when.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Held {
    run: String,
    until: Instant,
}

/// The one lease of a proxy process. Without one ever taken, faults stay until they are removed.
pub(crate) struct LeaseBook {
    held: watch::Sender<Option<Held>>,
}

impl LeaseBook {
    pub(crate) fn new() -> Self {
        Self { held: watch::Sender::new(None) }
    }

    /// The run that holds the lease, and how many milliseconds are left of it.
    pub(crate) fn holder(&self) -> Option<(String, u64)> {
        let held = self.held.borrow();
        let left = |held: &Held| held.until.saturating_duration_since(Instant::now()).as_millis() as u64;
        held.as_ref().map(|held| (held.run.clone(), left(held)))
    }

    /// Takes or renews the lease; another run has to wait until it expires.
    pub(crate) fn renew(&self, lease: &wire::Lease) -> Result<(), Refused> {
        let mut holder = None;
        let now = Instant::now();
        self.held.send_if_modified(|held| {
            holder =
                held.as_ref().filter(|held| held.run != lease.run && held.until > now).map(|held| held.run.clone());
            if holder.is_none() {
                let ttl = Duration::from_millis(lease.ttl_ms).min(TTL_MAX);
                *held = Some(Held { run: lease.run.clone(), until: now + ttl });
            }
            holder.is_none()
        });
        holder.map_or(Ok(()), |run| Err(Refused::Leased { run }))
    }

    /// Gives the lease back; whoever holds another one keeps it.
    pub(crate) fn release(&self, run: &str) -> Result<(), Refused> {
        self.renew(&wire::Lease { run: run.to_owned(), ttl_ms: 0 })?;
        self.held.send_if_modified(|held| held.take_if(|held| held.run == run).is_some());
        Ok(())
    }

    /// Resets the proxies each time a lease expires; for ever.
    pub(crate) async fn guard(&self, registry: Arc<Registry>) {
        let mut watching = self.held.subscribe();
        loop {
            let until = watching.borrow_and_update().as_ref().map(|held| held.until);
            let Some(until) = until else {
                let _ = watching.changed().await;
                continue;
            };
            let renewed = tokio::time::timeout_at(until.into(), watching.changed()).await;
            if renewed.is_err() && self.expire() {
                tracing::warn!("the lease expired: faults are undone");
                if let Err(refused) = registry.reset().await {
                    tracing::error!(%refused, "faults not wholly undone");
                }
            }
        }
    }

    /// Forgets a lease that is over; false when it was renewed at the last moment.
    fn expire(&self) -> bool {
        let now = Instant::now();
        self.held.send_if_modified(|held| held.take_if(|held| held.until <= now).is_some())
    }
}
