//! What passed through a proxy, counted where it passed. Raw TCP knows bytes and connections; only rules know
//! exchanges.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use model::fault::Stream;
use parking_lot::Mutex;

use crate::lag::Lag;
use crate::wire;

/// How many names of removed toxics a proxy remembers the figures of.
const TALLIES_MAX: usize = 1_000;

/// A number that many connections add to.
#[derive(Debug, Default)]
pub(crate) struct Count(AtomicU64);

impl Count {
    pub(crate) fn add(&self, n: u64) {
        self.0.fetch_add(n, Ordering::Relaxed);
    }

    pub(crate) fn take(&self, n: u64) {
        self.0.fetch_sub(n, Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Bytes of one direction, over all connections of a proxy.
#[derive(Debug, Default)]
pub(crate) struct Traffic {
    pub received_bytes: Count,
    pub sent_bytes: Count,
}

/// What a toxic met.
#[derive(Debug)]
pub(crate) struct Tally {
    name: String,
    kind: &'static str,
    stream: Stream,
    /// Connections that it took hold of.
    pub connections: Count,
    /// Bytes that were read under it.
    pub bytes: Count,
}

/// What a rule met, over all its changes.
#[derive(Debug)]
pub(crate) struct RuleTally {
    id: String,
    /// Exchanges that met its conditions.
    pub matched: Count,
    /// Of these, exchanges under its effect.
    pub applied: Count,
    /// Of these, exchanges that the upstream answered and whose answer the client never got.
    pub hazardous: Count,
}

impl RuleTally {
    pub(crate) fn show(&self) -> wire::RuleCounters {
        wire::RuleCounters {
            id: self.id.clone(),
            matched: self.matched.get(),
            applied: self.applied.get(),
            hazardous: self.hazardous.get(),
        }
    }
}

/// The figures of one proxy since it was made.
#[derive(Debug)]
pub(crate) struct Counters {
    pub connections: Count,
    /// Connections on which rules could not act, since they do not speak HTTP/1.
    pub connections_foreign: Count,
    pub connections_open: Count,
    /// Connections that ended because the proxy was shut.
    pub connections_shut: Count,
    pub connects_failed: Count,
    pub upstream: Traffic,
    pub downstream: Traffic,
    /// How late the process is; the same for all proxies.
    pub lag: Arc<Lag>,
    tallies: Mutex<VecDeque<Arc<Tally>>>,
    rules: Mutex<VecDeque<Arc<RuleTally>>>,
}

impl Counters {
    pub(crate) fn new(lag: Arc<Lag>) -> Self {
        Self {
            connections: Count::default(),
            connections_foreign: Count::default(),
            connections_open: Count::default(),
            connections_shut: Count::default(),
            connects_failed: Count::default(),
            upstream: Traffic::default(),
            downstream: Traffic::default(),
            lag,
            tallies: Mutex::default(),
            rules: Mutex::default(),
        }
    }

    /// The tally of a rule; one that comes back under its old name goes on counting.
    pub(crate) fn rule_tally(&self, id: &str) -> Arc<RuleTally> {
        let mut rules = self.rules.lock();
        if let Some(known) = rules.iter().find(|tally| tally.id == id) {
            return Arc::clone(known);
        }
        if rules.len() >= TALLIES_MAX {
            rules.pop_front();
        }
        let [matched, applied, hazardous] = [(); 3].map(|()| Count::default());
        let tally = Arc::new(RuleTally { id: id.to_owned(), matched, applied, hazardous });
        rules.push_back(Arc::clone(&tally));
        tally
    }

    pub(crate) const fn traffic(&self, stream: Stream) -> &Traffic {
        match stream {
            Stream::Upstream => &self.upstream,
            Stream::Downstream => &self.downstream,
        }
    }

    /// The tally of a toxic; one that comes back under its old name goes on counting.
    pub(crate) fn tally(&self, name: &str, kind: &'static str, stream: Stream) -> Arc<Tally> {
        let mut tallies = self.tallies.lock();
        let known =
            tallies.iter().find(|tally| (tally.name.as_str(), tally.kind, tally.stream) == (name, kind, stream));
        if let Some(tally) = known {
            return Arc::clone(tally);
        }
        if tallies.len() >= TALLIES_MAX {
            tallies.pop_front();
        }
        let tally = Arc::new(Tally {
            name: name.to_owned(),
            kind,
            stream,
            connections: Count::default(),
            bytes: Count::default(),
        });
        tallies.push_back(Arc::clone(&tally));
        tally
    }

    /// The figures as they stand.
    pub(crate) fn snapshot(&self) -> wire::ProxyCounters {
        let traffic = |traffic: &Traffic| wire::TrafficCounters {
            received_bytes: traffic.received_bytes.get(),
            sent_bytes: traffic.sent_bytes.get(),
        };
        let tallies = self.tallies.lock();
        wire::ProxyCounters {
            connections: self.connections.get(),
            connections_open: self.connections_open.get(),
            connections_shut: self.connections_shut.get(),
            connections_foreign: self.connections_foreign.get(),
            connects_failed: self.connects_failed.get(),
            upstream: traffic(&self.upstream),
            downstream: traffic(&self.downstream),
            toxics: tallies
                .iter()
                .map(|tally| wire::ToxicCounters {
                    name: tally.name.clone(),
                    kind: tally.kind.to_owned(),
                    stream: tally.stream,
                    connections: tally.connections.get(),
                    bytes: tally.bytes.get(),
                })
                .collect(),
            rules: self.rules.lock().iter().map(|tally| tally.show()).collect(),
        }
    }
}
