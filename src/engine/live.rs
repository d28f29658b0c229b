//! Counters that all workers share, for whoever watches the load.

use crate::engine::timings::histogram;
use hdrhistogram::Histogram;
use model::outcome::Outcome;
use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// How many seconds the recent checkouts cover.
const RECENT_SECONDS: u32 = 5;

/// An arrival that began later than this is late, in microseconds: ten times what a quiet machine shows.
const LATE_US: u64 = 10_000;

/// What is going on, second by second.
#[derive(Debug)]
pub struct Live {
    seconds: Vec<Second>,
    open: AtomicU64,
    requests: AtomicU64,
    checkouts: Mutex<VecDeque<(u32, Histogram<u64>)>>,
}

/// Counts of one second of the load.
#[derive(Debug, Default)]
struct Second {
    begun: AtomicU64,
    ended: [AtomicU64; Outcome::ALL.len()],
    late: AtomicU64,
    lag_us_max: AtomicU64,
    cpu_us: AtomicU64,
}

/// Counts of one second of the load, or of all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Arrivals whose first request was sent.
    pub begun: u64,
    /// Ended confirmed.
    pub confirmed: u64,
    /// Ended rejected.
    pub rejected: u64,
    /// Ended unknown.
    pub unknown: u64,
    /// Abandoned.
    pub abandoned: u64,
    /// Bought nothing, as meant.
    pub completed: u64,
    /// Not started.
    pub shed: u64,
    /// Under way when the run ended.
    pub in_flight: u64,
    /// Arrivals that began more than 10 ms late.
    pub late: u64,
    /// Largest dispatch lag, in microseconds.
    pub lag_us_max: u64,
    /// Processor time of the workers, in microseconds.
    pub cpu_us: u64,
}

/// Time from the intended submission to the confirmation over the last seconds, in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecentCheckouts {
    /// Median.
    pub p50_us: u64,
    /// 95th percentile.
    pub p95_us: u64,
    /// 99th percentile.
    pub p99_us: u64,
}

impl Live {
    /// For a load that, drain included, lasts so long at most.
    #[must_use]
    pub fn new(lasts: Duration) -> Self {
        Self {
            seconds: (0..=lasts.as_secs() + 1).map(|_| Second::default()).collect(),
            open: AtomicU64::new(0),
            requests: AtomicU64::new(0),
            checkouts: Mutex::default(),
        }
    }

    /// Counts of one second: arrivals begun by their intended start, arrivals ended by their end.
    #[must_use]
    pub fn second(&self, second: u32) -> Counts {
        self.seconds.get(second as usize).map_or_else(Counts::default, Second::counts)
    }

    /// Counts of the whole load so far.
    #[must_use]
    pub fn total(&self) -> Counts {
        self.seconds.iter().map(Second::counts).fold(Counts::default(), Counts::plus)
    }

    /// Arrivals under way.
    #[must_use]
    pub fn open(&self) -> u64 {
        self.open.load(Relaxed)
    }

    /// Requests ended so far.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.requests.load(Relaxed)
    }

    /// Checkouts confirmed in the last seconds; none when there were none.
    #[must_use]
    pub fn recent_checkouts(&self) -> Option<RecentCheckouts> {
        let merged = self.merged_checkouts();
        (!merged.is_empty()).then(|| RecentCheckouts {
            p50_us: merged.value_at_quantile(0.5),
            p95_us: merged.value_at_quantile(0.95),
            p99_us: merged.value_at_quantile(0.99),
        })
    }

    fn merged_checkouts(&self) -> Histogram<u64> {
        let recent = self.checkouts.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let mut merged = histogram(2);
        for (_, checkouts) in recent.iter() {
            merged.add(checkouts).expect("the histogram grows");
        }
        merged
    }

    pub(super) fn arrived(&self) {
        self.open.fetch_add(1, Relaxed);
    }

    pub(super) fn left(&self) {
        self.open.fetch_sub(1, Relaxed);
    }

    pub(super) fn begun(&self, intended_us: u64, lag_us: u64) {
        let second = self.at(intended_us);
        second.begun.fetch_add(1, Relaxed);
        second.lag_us_max.fetch_max(lag_us, Relaxed);
        if lag_us > LATE_US {
            second.late.fetch_add(1, Relaxed);
        }
    }

    pub(super) fn ended(&self, at_us: u64, outcome: Outcome) {
        self.at(at_us).ended[index(outcome)].fetch_add(1, Relaxed);
    }

    pub(super) fn worked(&self, at_us: u64, cpu: Duration, requests: u64) {
        self.at(at_us).cpu_us.fetch_add(cpu.as_micros() as u64, Relaxed);
        self.requests.fetch_add(requests, Relaxed);
    }

    /// Adds confirmed checkouts of the present second and forgets the old ones.
    pub(super) fn checked_out(&self, second: u32, checkouts: &Histogram<u64>) {
        let mut recent = self.checkouts.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        recent.retain(|(of, _)| of + RECENT_SECONDS > second);
        if let Some((_, known)) = recent.iter_mut().find(|(of, _)| *of == second) {
            known.add(checkouts).expect("the histogram grows");
        } else if !checkouts.is_empty() {
            recent.push_back((second, checkouts.clone()));
        }
    }

    /// How many seconds there are.
    pub(super) fn len(&self) -> u32 {
        self.seconds.len() as u32
    }

    /// Everything past the last second counts in it.
    fn at(&self, us: u64) -> &Second {
        let last = self.seconds.len() - 1;
        &self.seconds[((us / 1_000_000) as usize).min(last)]
    }
}

impl Second {
    fn counts(&self) -> Counts {
        let ended = |outcome| self.ended[index(outcome)].load(Relaxed);
        Counts {
            begun: self.begun.load(Relaxed),
            confirmed: ended(Outcome::Confirmed),
            rejected: ended(Outcome::Rejected),
            unknown: ended(Outcome::Unknown),
            abandoned: ended(Outcome::Abandoned),
            completed: ended(Outcome::Completed),
            shed: ended(Outcome::Shed),
            in_flight: ended(Outcome::InFlight),
            late: self.late.load(Relaxed),
            lag_us_max: self.lag_us_max.load(Relaxed),
            cpu_us: self.cpu_us.load(Relaxed),
        }
    }
}

impl Counts {
    fn plus(self, other: Self) -> Self {
        Self {
            begun: self.begun + other.begun,
            confirmed: self.confirmed + other.confirmed,
            rejected: self.rejected + other.rejected,
            unknown: self.unknown + other.unknown,
            abandoned: self.abandoned + other.abandoned,
            completed: self.completed + other.completed,
            shed: self.shed + other.shed,
            in_flight: self.in_flight + other.in_flight,
            late: self.late + other.late,
            lag_us_max: self.lag_us_max.max(other.lag_us_max),
            cpu_us: self.cpu_us + other.cpu_us,
        }
    }
}

/// Where an outcome is counted.
const fn index(outcome: Outcome) -> usize {
    match outcome {
        Outcome::Confirmed => 0,
        Outcome::Rejected => 1,
        Outcome::Unknown => 2,
        Outcome::Abandoned => 3,
        Outcome::Completed => 4,
        Outcome::Shed => 5,
        Outcome::InFlight => 6,
    }
}
