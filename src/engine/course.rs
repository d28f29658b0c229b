//! A load from its plan to its last row.

use super::address::{BadAddress, Base};
use super::ledger::Closed;
use super::limits::{open_arrivals_max, raise_open_files};
use super::live::Live;
use super::net::{TrustError, connector};
use super::script::{Script, ScriptError};
use super::timings::histogram;
use super::worker::{Worker, work};
use books::rows::{Batch, Sample};
use hdrhistogram::Histogram;
use model::plan::RunPlan;
use model::record::Arrivals;
use model::scenario::Scenario;
use serde_json::{Map, Value};
use std::sync::Arc;
use std::time::{Duration, Instant};
use thiserror::Error;
use tokio::sync::watch;

/// Everything that a load needs.
#[derive(Clone)]
pub struct Course {
    /// What journeys, feeders and headers there are.
    pub scenario: Arc<Scenario>,
    /// Who comes when.
    pub plan: Arc<RunPlan>,
    /// The run's id.
    pub run: String,
    /// The shop's base addresses, `http://host:port` or with a prefix: one for each instance. Requests go to each in turn.
    pub shop: Vec<String>,
    /// Variables that are the same for everyone, by name: `payment` → `{"url": …}`, `env:TOKEN` → `…`.
    pub variables: Map<String, Value>,
    /// The instant 0 of the plan.
    pub start: Instant,
    /// How many threads share the plan.
    pub workers: usize,
    /// Becomes something when the load is to stop early.
    pub stop: watch::Receiver<Option<Stop>>,
    /// Counters for whoever watches; [`Live::new`] with the length of load and drain.
    pub live: Arc<Live>,
}

/// A load stops early: nobody else comes, and those who are under way have so long to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stop {
    /// From the stop to the end.
    pub grace: Duration,
}

/// What was driven.
#[derive(Clone, Debug)]
pub struct Driven {
    /// How the arrivals ended; they balance.
    pub arrivals: Arrivals,
    /// Dispatch lag of all arrivals that began, in microseconds: from the intended instant until connecting or writing.
    pub lag_us: Histogram<u64>,
    /// Requests ended.
    pub requests: u64,
    /// What each worker used.
    pub workers: Vec<WorkerLoad>,
    /// The end of the last worker, from the start of the load.
    pub ended_us: u64,
}

/// What one worker used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WorkerLoad {
    /// Processor time of its thread.
    pub cpu: Duration,
    /// Requests ended.
    pub requests: u64,
}

/// Why a load cannot be driven.
#[derive(Debug, Error)]
pub enum Error {
    /// The shop's address.
    #[error("drive the shop: {0}")]
    Shop(#[from] BadAddress),
    /// A journey.
    #[error(transparent)]
    Script(#[from] ScriptError),
    /// Certificates.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// A thread, a runtime or a timer could not be had.
    #[error("start a worker: {0}")]
    Worker(#[from] std::io::Error),
    /// A worker ended by a panic.
    #[error("drive the load: worker {0} ended early")]
    WorkerEnded(usize),
    /// An arrival was lost, or counted twice.
    #[error("account for every arrival: {planned} were planned, and the ends are {counted:?}")]
    Unbalanced {
        /// In the plan.
        planned: u64,
        /// As counted.
        counted: Arrivals,
    },
}

impl Driven {
    /// A quantile of the dispatch lag, in microseconds.
    #[must_use]
    pub fn lag_us_at(&self, quantile: f64) -> u64 {
        self.lag_us.value_at_quantile(quantile)
    }

    /// Processor time of all workers.
    #[must_use]
    pub fn cpu(&self) -> Duration {
        self.workers.iter().map(|worker| worker.cpu).sum()
    }
}

/// Drives the load to its end, rows going to `sink` as they come. Blocks; call it off the runtime.
pub fn drive<S>(course: &Course, sink: S) -> Result<Driven, Error>
where
    S: Fn(Batch) + Clone + Send + 'static,
{
    let script = compile(course)?;
    let count = course.workers.max(1);
    let open_max = (open_arrivals_max(raise_open_files()) / count).max(1);
    let mut threads = Vec::with_capacity(count);
    for shard in 0..count {
        let worker = Worker { course: course.clone(), script: Arc::clone(&script), shard, of: count, open_max };
        let sink = sink.clone();
        let thread = std::thread::Builder::new().name(format!("shoppers-{shard}"));
        threads.push(thread.spawn(move || work(worker, sink))?);
    }
    let mut closed = Vec::with_capacity(count);
    for (shard, thread) in threads.into_iter().enumerate() {
        closed.push(thread.join().map_err(|_| Error::WorkerEnded(shard))??);
    }
    sink(Batch { samples: samples(&course.live), ..Batch::default() });
    let driven = merge(&closed, course.start.elapsed().as_micros() as u64);
    let planned = course.plan.arrivals.len() as u64;
    if driven.arrivals.scheduled != planned || !driven.arrivals.balance() {
        return Err(Error::Unbalanced { planned, counted: driven.arrivals });
    }
    Ok(driven)
}

/// The journeys as they are walked; what is wrong with them or with certificates is told before the load.
pub fn compile(course: &Course) -> Result<Arc<Script>, Error> {
    let base = Base::parse(&course.shop)?;
    let connections = &course.scenario.traffic.connections;
    let script = Arc::new(Script::compile(&course.scenario, base, &course.run, &course.variables)?);
    if connections.authorities.is_some() {
        connector(connections.authorities.as_deref(), connections.http)?;
    }
    Ok(script)
}

/// What all workers left, put together.
pub fn merge(closed: &[Closed], ended_us: u64) -> Driven {
    let mut arrivals = Arrivals::default();
    let mut lag_us = histogram(3);
    for worker in closed {
        let ends = &worker.arrivals;
        arrivals.scheduled += ends.scheduled;
        arrivals.confirmed += ends.confirmed;
        arrivals.rejected += ends.rejected;
        arrivals.unknown += ends.unknown;
        arrivals.abandoned += ends.abandoned;
        arrivals.completed += ends.completed;
        arrivals.shed += ends.shed;
        arrivals.in_flight += ends.in_flight;
        lag_us.add(&worker.lag_us).expect("the histogram grows");
    }
    Driven {
        arrivals,
        lag_us,
        requests: closed.iter().map(|worker| worker.requests).sum(),
        workers: closed.iter().map(|worker| WorkerLoad { cpu: worker.cpu, requests: worker.requests }).collect(),
        ended_us,
    }
}

/// The generator's own health, second by second.
fn samples(live: &Live) -> Vec<Sample> {
    let mut samples = Vec::new();
    for second in 0..live.len() {
        let counts = live.second(second);
        for (name, value) in [
            ("generator.lag_max_us", counts.lag_us_max as f64),
            ("generator.begun", counts.begun as f64),
            ("generator.late", counts.late as f64),
            ("generator.shed", counts.shed as f64),
            ("generator.cpu_s", counts.cpu_us as f64 / 1e6),
        ] {
            samples.push(Sample { second, name: name.into(), value });
        }
    }
    samples
}
