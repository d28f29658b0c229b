//! What one worker writes down: rows that wait to be handed on, histograms, and the count of all its arrivals.

use super::live::Live;
use super::timings::{Tally, histogram};
use books::rows::{ArrivalEnd, Attempt, Batch, Came, Purchase, TurnedAway};
use hdrhistogram::Histogram;
use model::outcome::{Outcome, Reading};
use model::plan::PhaseWindow;
use model::record::Arrivals;
use model::scenario::Record;
use rustix::time::{ClockId, clock_gettime};
use std::sync::Arc;
use std::time::Duration;

/// Failed requests that cannot move money are kept as exemplars, so many a second and worker.
const FAILED_EXEMPLARS_MAX: u32 = 10;

/// The book of one worker.
pub struct Ledger {
    batch: Batch,
    tally: Tally,
    rows: Vec<(String, String)>,
    record: Record,
    live: Arc<Live>,
    arrivals: Arrivals,
    lag_us: Histogram<u64>,
    checkouts: Histogram<u64>,
    exemplars: Exemplars,
    requests: u64,
    reported: Reported,
}

/// Exemplars of the present second.
#[derive(Default)]
struct Exemplars {
    second: u64,
    failed: u32,
    slowest: Option<(u64, Attempt)>,
}

/// What was handed to the live counters so far.
#[derive(Default)]
struct Reported {
    requests: u64,
    cpu: Duration,
}

/// What a worker leaves at its end.
pub struct Closed {
    /// How its arrivals ended.
    pub arrivals: Arrivals,
    /// Dispatch lag of its arrivals, in microseconds.
    pub lag_us: Histogram<u64>,
    /// Requests ended.
    pub requests: u64,
    /// Processor time of the thread.
    pub cpu: Duration,
}

impl Ledger {
    /// An empty one; `rows` are the journeys and steps of the script.
    pub fn new(phases: &[PhaseWindow], rows: Vec<(String, String)>, record: Record, live: Arc<Live>) -> Self {
        Self {
            batch: Batch::default(),
            tally: Tally::new(phases),
            rows,
            record,
            live,
            arrivals: Arrivals::default(),
            lag_us: histogram(3),
            checkouts: histogram(2),
            exemplars: Exemplars::default(),
            requests: 0,
            reported: Reported { requests: 0, cpu: thread_cpu() },
        }
    }

    /// An arrival of the plan became due.
    pub fn scheduled(&mut self) {
        self.arrivals.scheduled += 1;
    }

    /// An arrival of a closed model begins.
    pub fn came(&mut self, came: Came) {
        self.arrivals.scheduled += 1;
        self.batch.came.push(came);
    }

    /// Its first request goes out.
    pub fn begun(&mut self, intended_us: u64, lag_us: u64) {
        self.lag_us.record(lag_us.max(1)).expect("the histogram grows");
        self.live.begun(intended_us, lag_us);
    }

    /// An arrival ended.
    pub fn ended(&mut self, end: ArrivalEnd) {
        let count = match end.outcome {
            Outcome::Confirmed => &mut self.arrivals.confirmed,
            Outcome::Rejected => &mut self.arrivals.rejected,
            Outcome::Unknown => &mut self.arrivals.unknown,
            Outcome::Abandoned => &mut self.arrivals.abandoned,
            Outcome::Completed => &mut self.arrivals.completed,
            Outcome::Shed => &mut self.arrivals.shed,
            Outcome::InFlight => &mut self.arrivals.in_flight,
        };
        *count += 1;
        self.live.ended(end.ended_us, end.outcome);
        self.batch.arrivals.push(end);
    }

    /// A purchase ended.
    pub fn purchased(&mut self, purchase: Purchase) {
        if purchase.outcome == Outcome::Confirmed {
            let took_us = purchase.done_us.saturating_sub(purchase.intended_us);
            self.checkouts.record(took_us.max(1)).expect("the histogram grows");
        }
        self.batch.purchases.push(purchase);
    }

    /// A wish to buy ended before it was submitted.
    pub fn turned_away(&mut self, row: TurnedAway) {
        self.batch.turned_away.push(row);
    }

    /// A request ended.
    pub fn timed(&mut self, row: usize, reading: Reading, intended_us: u64, response_us: u64) {
        self.requests += 1;
        self.tally.record(row, reading, intended_us, response_us);
    }

    /// A connection was made, or secured, or failed to be.
    pub fn connected(&mut self, row: usize, reading: Reading, began_us: u64, took_us: u64) {
        self.tally.record(row, reading, began_us, took_us);
    }

    /// An attempt that can move money.
    pub fn attempted(&mut self, attempt: Attempt) {
        self.batch.attempts.push(attempt);
    }

    /// Any other request; `row` writes it out, when it is to be kept.
    pub fn requested(&mut self, reading: Reading, done_us: u64, response_us: u64, row: impl FnOnce() -> Attempt) {
        if self.record == Record::All {
            return self.batch.attempts.push(row());
        }
        let exemplars = &mut self.exemplars;
        if done_us / 1_000_000 != exemplars.second {
            self.batch.attempts.extend(exemplars.slowest.take().map(|(_, attempt)| attempt));
            *exemplars = Exemplars { second: done_us / 1_000_000, ..Exemplars::default() };
        }
        if matches!(reading, Reading::Unexpected | Reading::Unanswered) {
            if exemplars.failed < FAILED_EXEMPLARS_MAX {
                exemplars.failed += 1;
                self.batch.attempts.push(row());
            }
        } else if exemplars.slowest.as_ref().is_none_or(|(slowest_us, _)| *slowest_us < response_us) {
            exemplars.slowest = Some((response_us, row()));
        }
    }

    /// Tells the live counters what was done since the last time.
    pub fn report(&mut self, now_us: u64) {
        let cpu = thread_cpu();
        let requests = self.requests - self.reported.requests;
        self.live.worked(now_us, cpu.saturating_sub(self.reported.cpu), requests);
        self.reported = Reported { requests: self.requests, cpu };
        self.live.checked_out((now_us / 1_000_000) as u32, &self.checkouts);
        self.checkouts.reset();
    }

    /// Everything that waits, with histograms of seconds before `second`, and of phases if wanted.
    pub fn take(&mut self, second: u32, phases: bool) -> Batch {
        let mut batch = std::mem::take(&mut self.batch);
        self.tally.take_seconds(second, &self.rows, &mut batch.timings);
        if phases {
            self.tally.take_phases(&self.rows, &mut batch.timings);
        }
        batch
    }

    /// The last batch, and the counts.
    pub fn close(mut self) -> (Batch, Closed) {
        self.batch.attempts.extend(self.exemplars.slowest.take().map(|(_, attempt)| attempt));
        let batch = self.take(u32::MAX, true);
        let closed =
            Closed { arrivals: self.arrivals, lag_us: self.lag_us, requests: self.requests, cpu: thread_cpu() };
        (batch, closed)
    }
}

/// Processor time of this thread so far.
fn thread_cpu() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}
