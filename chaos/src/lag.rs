//! How late the process is, beyond what faults ask of it: a run whose proxy was late measured the proxy.
//!
//! When bytes became readable only the system knows. So a thread of its own writes the time to a pipe, again and again,
//! and the runtime that carries the connections reads it: what waits there waits as long as a connection's bytes do,
//! for the same loop and the same processor. What comes after the reading is measured on every piece.

use std::io::Write;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::io::AsyncReadExt;
use tokio::task::JoinHandle;

use crate::counters::Count;
use crate::wire;

/// Upper bounds of the buckets, in microseconds.
const BOUNDS_US: [u64; 14] =
    [50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 1_000_000, 5_000_000];
/// Pause between two probes.
const PROBE_EVERY: Duration = Duration::from_millis(20);

/// Lags of one kind.
#[derive(Debug, Default)]
pub(crate) struct Histogram {
    buckets: [Count; BOUNDS_US.len() + 1],
    sum_ns: Count,
}

impl Histogram {
    pub(crate) fn record(&self, lag: Duration) {
        let us = lag.as_micros();
        let bucket = BOUNDS_US.iter().position(|bound| us <= u128::from(*bound)).unwrap_or(BOUNDS_US.len());
        self.buckets[bucket].add(1);
        self.sum_ns.add(u64::try_from(lag.as_nanos()).unwrap_or(u64::MAX));
    }

    /// How many lags each bucket has; the last one has no bound.
    pub(crate) fn counts(&self) -> Vec<u64> {
        self.buckets.iter().map(Count::get).collect()
    }

    /// All lags together, in seconds.
    pub(crate) fn sum_s(&self) -> f64 {
        Duration::from_nanos(self.sum_ns.get()).as_secs_f64()
    }
}

/// The lags of a process.
#[derive(Debug, Default)]
pub(crate) struct Lag {
    /// From readable to read.
    pub read: Histogram,
    /// From read, or due, to written.
    pub write: Histogram,
}

impl Lag {
    pub(crate) fn show(&self) -> wire::Lag {
        wire::Lag { bounds_us: BOUNDS_US.to_vec(), read: self.read.counts(), write: self.write.counts() }
    }
}

/// The bounds as Prometheus has them, in seconds.
pub(crate) fn bounds_s() -> impl Iterator<Item = f64> {
    BOUNDS_US.iter().map(|bound| *bound as f64 / 1e6)
}

/// Probes until the task is aborted; the thread ends with it.
pub(crate) fn probe(lag: Arc<Lag>) -> std::io::Result<JoinHandle<()>> {
    let (mut teller, told) = UnixStream::pair()?;
    told.set_nonblocking(true)?;
    let mut told = tokio::net::UnixStream::from_std(told)?;
    let start = Instant::now();
    std::thread::Builder::new().name("lag-probe".to_owned()).spawn(move || {
        // Writing fails once the reader is gone.
        while teller.write_all(&(start.elapsed().as_nanos() as u64).to_le_bytes()).is_ok() {
            std::thread::sleep(PROBE_EVERY);
        }
    })?;
    Ok(tokio::spawn(async move {
        let mut told_at = [0; 8];
        while told.read_exact(&mut told_at).await.is_ok() {
            lag.read.record(start.elapsed().saturating_sub(Duration::from_nanos(u64::from_le_bytes(told_at))));
        }
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_lies_in_the_bucket_that_holds_it() {
        let lag = Lag::default();
        for us in [10, 60, 70, 80, 3_000] {
            lag.read.record(Duration::from_micros(us));
        }
        let shown = lag.show();
        assert_eq!(shown.quantile_us(0.8), Some(100));
        assert_eq!(shown.quantile_us(1.0), Some(5_000));
        assert_eq!(shown.since(&shown).quantile_us(1.0), None);
        lag.write.record(Duration::from_secs(60));
        assert_eq!(lag.show().quantile_us(1.0), None, "above all bounds");
    }

    #[tokio::test]
    async fn a_blocked_runtime_shows() {
        let lag = Arc::new(Lag::default());
        let probing = probe(Arc::clone(&lag)).unwrap();
        // Blocks the only thread of this runtime, as a proxy would that computes for too long.
        std::thread::sleep(Duration::from_millis(120));
        while lag.read.counts().iter().sum::<u64>() < 3 {
            tokio::task::yield_now().await;
        }
        probing.abort();
        assert!(lag.read.counts()[9..].iter().any(|count| *count > 0), "{:?}", lag.read.counts());
    }
}
