//! Leases: what the run holds on servers of ours – accounts, rules, toxics – it renews from its start until its books are read.

use super::LEASE;
use crate::arena::Arena;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// How often leases are renewed.
const RENEWAL: Duration = Duration::from_secs(2);

/// Keeps the leases of a run while it lives.
pub struct Leases {
    over: watch::Sender<bool>,
    task: JoinHandle<Option<String>>,
}

impl Leases {
    /// Renews from now on.
    #[must_use]
    pub fn keep(arena: Arc<Arena>) -> Self {
        let over = watch::Sender::new(false);
        let task = tokio::spawn(renew(arena, over.subscribe()));
        Self { over, task }
    }

    /// Lets them run out; a sentence when some may have run out before.
    pub async fn let_go(self) -> Option<String> {
        self.over.send_replace(true);
        self.task.await.expect("the renewal does not panic")
    }
}

/// A provider that is killed by a fault comes back with what it held, so only a silence longer than the lease is told.
async fn renew(arena: Arc<Arena>, mut over: watch::Receiver<bool>) -> Option<String> {
    let mut ticks = tokio::time::interval(RENEWAL);
    let mut renewed_at = Instant::now();
    let mut lapse = None;
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            _ = over.wait_for(|over| *over) => return lapse,
        }
        match arena.renew_leases(LEASE).await {
            Ok(()) => renewed_at = Instant::now(),
            Err(error) if renewed_at.elapsed() > LEASE => {
                let silent_s = renewed_at.elapsed().as_secs();
                lapse = Some(format!("leases could not be renewed for {silent_s} s and may have run out: {error}"));
            }
            Err(_) => {}
        }
    }
}
