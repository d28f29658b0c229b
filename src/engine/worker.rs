//! One worker: a thread with its own runtime, sockets and book.

use super::clock::Clock;
use super::course::{Course, Error};
use super::dispatch::{Orders, dispatch};
use super::ledger::{Closed, Ledger};
use super::script::Script;
use super::station::{Station, Ways};
use books::rows::Batch;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::runtime::{Builder, LocalOptions, LocalRuntime};
use tokio::time::{MissedTickBehavior, interval};

/// How often rows are handed on.
const HAND_ON: Duration = Duration::from_millis(250);

/// How many times rows are handed on before the histograms of phases go along.
const PHASES_EVERY: u64 = 8;

/// How many tasks run before the sockets and timers are asked again: lower than tokio's 61, because an arrival that is
/// due must not wait behind a burst of answers.
const EVENT_INTERVAL: u32 = 16;

/// One share of a load.
pub struct Worker {
    /// The whole load.
    pub course: Course,
    /// Its journeys.
    pub script: Arc<Script>,
    /// Which share.
    pub shard: usize,
    /// Of how many.
    pub of: usize,
    /// How many shoppers may be under way at once.
    pub open_max: usize,
}

/// A runtime for futures that stay on this thread.
pub fn local_runtime() -> std::io::Result<LocalRuntime> {
    Builder::new_current_thread().enable_all().event_interval(EVENT_INTERVAL).build_local(LocalOptions::default())
}

/// Drives the share to its end.
pub fn work(worker: Worker, sink: impl Fn(Batch) + 'static) -> Result<Closed, Error> {
    let runtime = local_runtime()?;
    let Worker { course, script, shard, of, open_max } = worker;
    let station = open(&course, script, of)?;
    let sink = Rc::new(sink);
    let orders = Orders {
        scenario: Arc::clone(&course.scenario),
        plan: Arc::clone(&course.plan),
        shard,
        of,
        open_max,
        stop: course.stop.clone(),
    };
    let driven = runtime.block_on(async {
        let handing_on = tokio::task::spawn_local(hand_on(Rc::clone(&station), Rc::clone(&sink)));
        let driven = dispatch(&station, orders).await;
        handing_on.abort();
        driven
    });
    let closed = close(runtime, station, &*sink);
    driven?;
    Ok(closed)
}

/// The station of one of so many workers.
pub fn open(course: &Course, script: Arc<Script>, of: usize) -> Result<Rc<Station>, Error> {
    let ledger =
        Ledger::new(&course.plan.phases, script.rows.clone(), course.scenario.record, Arc::clone(&course.live));
    let ways =
        Ways { allowed: &course.scenario.allow_targets, connections: &course.scenario.traffic.connections, shares: of };
    let clock = Clock::new(course.start);
    let address = script.shop.authorities.join(", ");
    let station = Station::new(course.run.clone(), script, clock, ways, ledger, Arc::clone(&course.live))
        .ok_or(super::address::BadAddress(address))?;
    Ok(Rc::new(station))
}

/// Hands on the last rows. Whoever is still under way ends here, and is written down as in flight.
pub fn close(runtime: LocalRuntime, station: Rc<Station>, sink: &impl Fn(Batch)) -> Closed {
    drop(runtime);
    let station = Rc::into_inner(station).expect("all shoppers are gone with the runtime");
    let now_us = station.clock.now_us();
    let mut ledger = station.ledger.into_inner();
    ledger.report(now_us);
    let (batch, closed) = ledger.close();
    sink(batch);
    closed
}

/// Hands rows on from time to time, and looks after what ages.
pub async fn hand_on<S: Fn(Batch)>(station: Rc<Station>, sink: Rc<S>) {
    let mut ticks = interval(HAND_ON);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    for round in 1u64.. {
        ticks.tick().await;
        let now = Instant::now();
        let now_us = station.clock.us(now);
        station.pool.borrow_mut().shelves.sweep(now);
        let mut ledger = station.ledger.borrow_mut();
        ledger.report(now_us);
        // The second before this one may still get late ends; they follow as another batch.
        let batch = ledger.take((now_us / 1_000_000) as u32, round.is_multiple_of(PHASES_EVERY));
        drop(ledger);
        if !is_empty(&batch) {
            sink(batch);
        }
    }
}

fn is_empty(batch: &Batch) -> bool {
    batch.came.is_empty()
        && batch.arrivals.is_empty()
        && batch.purchases.is_empty()
        && batch.turned_away.is_empty()
        && batch.attempts.is_empty()
        && batch.timings.is_empty()
}
