//! What the process says of itself.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use model::fault::Provider;

/// Upper bounds of the lag histogram, in microseconds.
const BOUNDS_US: [u64; 20] = [
    50, 100, 200, 300, 500, 750, 1_000, 1_500, 2_000, 3_000, 5_000, 7_500, 10_000, 20_000, 50_000, 100_000, 250_000,
    500_000, 1_000_000, 5_000_000,
];

#[derive(Default)]
struct Histogram {
    buckets: [AtomicU64; BOUNDS_US.len()],
    count: AtomicU64,
    sum_us: AtomicU64,
}

impl Histogram {
    fn record(&self, value: Duration) {
        let us = value.as_micros() as u64;
        if let Some(bucket) = BOUNDS_US.iter().position(|bound| us <= *bound) {
            self.buckets[bucket].fetch_add(1, Ordering::Relaxed);
        }
        self.count.fetch_add(1, Ordering::Relaxed);
        self.sum_us.fetch_add(us, Ordering::Relaxed);
    }

    fn render(&self, name: &str, text: &mut String) {
        let mut below = 0;
        let line =
            |text: &mut String, bound: &str, count: u64| writeln!(text, "{name}_bucket{{le=\"{bound}\"}} {count}");
        let written: Result<(), std::fmt::Error> = (|| {
            writeln!(text, "# TYPE {name} histogram")?;
            for (bucket, bound) in self.buckets.iter().zip(BOUNDS_US) {
                below += bucket.load(Ordering::Relaxed);
                line(text, &(bound as f64 / 1e6).to_string(), below)?;
            }
            let count = self.count.load(Ordering::Relaxed);
            line(text, "+Inf", count)?;
            writeln!(text, "{name}_sum {}", self.sum_us.load(Ordering::Relaxed) as f64 / 1e6)?;
            writeln!(text, "{name}_count {count}")
        })();
        written.expect("a string takes every text");
    }
}

/// Counters of the process.
#[derive(Default)]
pub(crate) struct Metrics {
    requests: AtomicU64,
    by_status: Mutex<BTreeMap<(Provider, u16), u64>>,
    webhooks: Mutex<BTreeMap<&'static str, u64>>,
    /// From a request being read to its answer being ready, without what a fault held it.
    lag: Histogram,
    /// How late the runtime wakes a timer.
    wake_lag: Histogram,
}

/// What is read elsewhere when the metrics are asked for.
pub(crate) struct Gauges {
    pub(crate) in_flight: u64,
    pub(crate) webhooks_pending: u64,
    pub(crate) webhooks_held: u64,
    pub(crate) rules: usize,
    pub(crate) store_commits: u64,
    pub(crate) seq: i64,
}

impl Metrics {
    /// Counts a request and names it.
    pub(crate) fn request_id(&self) -> String {
        let n = self.requests.fetch_add(1, Ordering::Relaxed);
        format!("req_{n:014}")
    }

    pub(crate) fn count(&self, provider: Provider, status: u16, begun: Instant) {
        self.lag.record(begun.elapsed());
        *self.by_status.lock().entry((provider, status)).or_insert(0) += 1;
    }

    pub(crate) fn count_webhook(&self, state: &'static str) {
        *self.webhooks.lock().entry(state).or_insert(0) += 1;
    }

    pub(crate) fn record_wake(&self, late: Duration) {
        self.wake_lag.record(late);
    }

    /// Prometheus text.
    pub(crate) fn render(&self, gauges: &Gauges) -> String {
        let mut text = String::with_capacity(4_096);
        self.lag.render("providers_lag_seconds", &mut text);
        self.wake_lag.render("providers_wake_lag_seconds", &mut text);
        let written: Result<(), std::fmt::Error> = (|| {
            writeln!(text, "# TYPE providers_requests_total counter")?;
            for ((provider, status), count) in &*self.by_status.lock() {
                let provider = provider.name();
                writeln!(text, "providers_requests_total{{provider=\"{provider}\",status=\"{status}\"}} {count}")?;
            }
            writeln!(text, "# TYPE providers_webhooks_total counter")?;
            for (state, count) in &*self.webhooks.lock() {
                writeln!(text, "providers_webhooks_total{{state=\"{state}\"}} {count}")?;
            }
            for (name, value) in [
                ("providers_in_flight", gauges.in_flight as f64),
                ("providers_webhooks_pending", gauges.webhooks_pending as f64),
                ("providers_webhooks_held", gauges.webhooks_held as f64),
                ("providers_rules", gauges.rules as f64),
                ("providers_statement_seq", gauges.seq as f64),
            ] {
                writeln!(text, "# TYPE {name} gauge\n{name} {value}")?;
            }
            writeln!(
                text,
                "# TYPE providers_store_commits_total counter\nproviders_store_commits_total {}",
                gauges.store_commits
            )?;
            writeln!(text, "# TYPE process_cpu_seconds_total counter\nprocess_cpu_seconds_total {:.6}", cpu_seconds())
        })();
        written.expect("a string takes every text");
        text
    }
}

/// CPU time of the whole process.
fn cpu_seconds() -> f64 {
    let spent = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    spent.tv_nsec as f64 / 1e9 + spent.tv_sec as f64
}
