//! What passed through a proxy, counted where it passed. Raw TCP knows bytes and connections, and nothing of requests.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use model::fault::Stream;
use parking_lot::Mutex;

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

/// The figures of one proxy since it was made.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub connections: Count,
    pub connections_open: Count,
    pub connects_failed: Count,
    pub upstream: Traffic,
    pub downstream: Traffic,
    tallies: Mutex<VecDeque<Arc<Tally>>>,
}

impl Counters {
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
        }
    }
}
