//! Measures, once a second, what no book holds: processor time, memory, and the providers' service as the shop met it.

use super::note;
use crate::arena::{Arena, Revival, Uses, metrics};
use books::intake::Intake;
use books::rows::{Batch, Event, EventKind, Sample};
use chaos::process::Usage;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// How long a look at the providers may take.
const PATIENCE: Duration = Duration::from_millis(500);

/// Samples of the arena, as differences from one second to the next.
pub struct Monitor<Halt> {
    arena: Arc<Arena>,
    start: Instant,
    intake: Intake,
    halt: Halt,
    counters: HashMap<String, f64>,
    uses: Uses,
    cpu_harness_s: f64,
}

impl<Halt: Fn(String)> Monitor<Halt> {
    /// A monitor on the run clock that began at `start`; `halt` ends the load when a child that the run needs is lost.
    pub async fn new(arena: Arc<Arena>, start: Instant, intake: Intake, halt: Halt) -> Self {
        let uses = arena.uses().await;
        let mut monitor =
            Self { arena, start, intake, halt, counters: HashMap::new(), uses, cpu_harness_s: own_cpu_seconds() };
        // The first look sets the counters; what came before the load is not of the load.
        monitor.shop_counters().await;
        monitor
    }

    /// Samples each second until `stop` turns true.
    pub async fn run(mut self, mut stop: watch::Receiver<bool>) {
        for second in 0.. {
            let end_of_second = self.start + Duration::from_secs(u64::from(second) + 1);
            let over = tokio::select! {
                () = tokio::time::sleep_until(end_of_second.into()) => false,
                _ = stop.wait_for(|stop| *stop) => true,
            };
            self.sample(second).await;
            if over {
                return;
            }
        }
    }

    async fn sample(&mut self, second: u32) {
        let uses = self.arena.uses().await;
        let cpu_harness_s = own_cpu_seconds();
        let mut values = vec![("cpu.harness".to_owned(), cpu_harness_s - self.cpu_harness_s)];
        for (who, now, before) in [
            ("shop", uses.shop, self.uses.shop),
            ("providers", uses.providers, self.uses.providers),
            ("proxy", uses.proxy, self.uses.proxy),
        ] {
            if let (Some(now), Some(before)) = (now.cpu_s, before.cpu_s) {
                values.push((format!("cpu.{who}"), (now - before).max(0.0)));
            }
            values.extend(now.resident_bytes.map(|bytes| (format!("memory.{who}"), bytes as f64)));
        }
        values.extend(Usage::own().map(|usage| ("memory.harness".to_owned(), usage.resident_bytes as f64)));
        (self.uses, self.cpu_harness_s) = (uses, cpu_harness_s);
        values.extend(self.shop_counters().await);
        values.extend(self.providers_lag().await.map(|us| ("providers.lag_max_us".to_owned(), us)));
        let samples = values.into_iter().map(|(name, value)| Sample { second, name, value }).collect();
        let at_us = self.start.elapsed().as_micros() as u64;
        let mut events = Vec::new();
        for revival in self.arena.revive().await {
            let (Revival::StartedAgain(text) | Revival::Lost(text)) = &revival;
            let text = text.clone();
            events.push(Event {
                at_us,
                kind: EventKind::Process,
                name: "ended unasked".into(),
                text,
                undo: String::new(),
            });
            if let Revival::Lost(why) = revival {
                (self.halt)(why);
            }
        }
        note(self.intake.give(Batch { samples, events, ..Batch::default() }));
    }

    /// The largest lag of the providers' own runtime since the last look, in microseconds, to the width of a bucket. Providers
    /// that do not answer at once are being harmed, and give nothing.
    async fn providers_lag(&mut self) -> Option<f64> {
        let admin = self.arena.admin().ok()?;
        let text = tokio::time::timeout(PATIENCE, admin.metrics()).await.ok()?.ok()?;
        let mut buckets: Vec<(f64, f64)> = Vec::new();
        for sample in metrics::samples(&text).filter(|sample| sample.name == "providers_wake_lag_seconds_bucket") {
            let bound: f64 = sample.label("le")?.parse().ok()?;
            let before = self.counters.insert(format!("providers.wake_lag.{bound}"), sample.value).unwrap_or(0.0);
            buckets.push((bound, (sample.value - before).max(0.0)));
        }
        let rises = buckets.iter().zip(std::iter::once(&(0.0, 0.0)).chain(&buckets));
        let largest = rises.filter(|((_, upto), (_, below))| upto > below).map(|((bound, _), _)| *bound).last()?;
        Some(if largest.is_finite() { largest * 1e6 } else { 1e6 })
    }

    /// What the shop's counters rose by since the last look; a shop that does not answer gives nothing.
    async fn shop_counters(&mut self) -> Vec<(String, f64)> {
        let Some(doors) = &self.arena.doors else { return Vec::new() };
        let mut rises: BTreeMap<String, f64> = BTreeMap::new();
        for (instance, text) in doors.metrics().await {
            for (name, value) in
                metrics::samples(&text).filter_map(|sample| Some((sample_name(&sample)?, sample.value)))
            {
                let before = self.counters.insert(format!("{instance} {name}"), value).unwrap_or(0.0);
                // A counter that fell belongs to a shop that was started again: it counts from nothing.
                let rise = if value < before { value } else { value - before };
                if rise > 0.0 {
                    *rises.entry(name).or_default() += rise;
                }
            }
        }
        rises.into_iter().collect()
    }
}

/// The name under which the books keep a metric of the shop, if they keep it.
fn sample_name(sample: &metrics::MetricSample<'_>) -> Option<String> {
    match sample.name {
        "shop_provider_requests_total" => {
            let (provider, outcome) = (sample.label("provider")?, sample.label("outcome")?);
            let operation = sample.label("operation").unwrap_or("any");
            Some(format!("shop.calls.{provider}.{operation}.{outcome}"))
        }
        "shop_provider_request_seconds_bucket" => {
            Some(format!("shop.latency.{}.{}", sample.label("provider")?, sample.label("le")?))
        }
        "shop_reconciler_discrepancies_total" => Some("shop.discrepancies".into()),
        _ => None,
    }
}

/// Processor time of this process, in seconds.
fn own_cpu_seconds() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}
