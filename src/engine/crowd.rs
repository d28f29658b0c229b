//! The closed model: users who walk, think, and walk again, as long as they are let in.
//!
//! Somebody else keeps the population; each of its users asks at the doorway for one walk after the other. Shoppers stay on
//! their worker's thread, as in the open model; only the asking crosses threads.

use super::course::{Course, Driven, Error, compile, merge};
use super::dispatch::drain;
use super::ledger::Closed;
use super::live::Live;
use super::script::Script;
use super::shopper::{Habits, Shopper, pause};
use super::station::Station;
use super::timings::histogram;
use super::worker::{close, hand_on, local_runtime, open};
use books::rows::{Batch, Came, Sample};
use model::outcome::Outcome;
use model::plan::{visit, visit_seed};
use model::scenario::Scenario;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;
use tokio::time::sleep_until;

/// Where users ask for walks; cheap to clone.
#[derive(Clone, Debug)]
pub struct Doorway {
    workers: Arc<[UnboundedSender<Visit>]>,
    scenario: Arc<Scenario>,
}

/// One walk that a user asks for.
#[derive(Debug)]
struct Visit {
    user: u64,
    walk: u64,
    done: oneshot::Sender<()>,
}

/// The workers behind a doorway.
#[derive(Debug)]
pub struct Visited {
    threads: Vec<JoinHandle<Result<Closed, Error>>>,
    live: Arc<Live>,
    start: Instant,
}

/// One worker of a closed model.
struct Host {
    course: Course,
    script: Arc<Script>,
    /// Arrivals of all workers so far.
    numbers: Arc<AtomicU64>,
    lasts: Duration,
    visits: UnboundedReceiver<Visit>,
}

/// Opens the doors of a closed model until its time is over; rows go to `sink` as they come.
pub fn enter<S>(course: &Course, sink: &S) -> Result<(Doorway, Visited), Error>
where
    S: Fn(Batch) + Clone + Send + 'static,
{
    let script = compile(course)?;
    let numbers = Arc::new(AtomicU64::new(0));
    let (mut workers, mut threads) = (Vec::new(), Vec::new());
    for shard in 0..course.workers.max(1) {
        let (asks, visits) = unbounded_channel();
        workers.push(asks);
        let lasts = course.scenario.traffic.duration();
        let host =
            Host { course: course.clone(), script: Arc::clone(&script), numbers: Arc::clone(&numbers), lasts, visits };
        let sink = sink.clone();
        let thread = std::thread::Builder::new().name(format!("shoppers-{shard}"));
        threads.push(thread.spawn(move || host.serve(sink))?);
    }
    let doorway = Doorway { workers: workers.into(), scenario: Arc::clone(&course.scenario) };
    Ok((doorway, Visited { threads, live: Arc::clone(&course.live), start: course.start }))
}

impl Doorway {
    /// One walk of a user from its beginning to its end, and the thinking after it. Never ends when nobody is let in any more.
    pub async fn walk(&self, user: u64, walk: u64) {
        let (done, ended) = oneshot::channel();
        let worker = &self.workers[(user % self.workers.len() as u64) as usize];
        // A worker that is gone, or goes during the walk, lets nobody in any more.
        if worker.send(Visit { user, walk, done }).is_err() || ended.await.is_err() {
            std::future::pending::<()>().await;
        }
        let think = self.scenario.traffic.crowd.and_then(|crowd| crowd.think);
        if let Some(think) = think {
            let seed = visit_seed(self.scenario.seed, user, walk);
            tokio::time::sleep(pause(think, seed, "between walks", 0)).await;
        }
    }
}

impl Visited {
    /// Waits until everybody is gone, or the time to drain is over. Blocks; call it off the runtime.
    pub fn close(self, sink: &impl Fn(Batch)) -> Result<Driven, Error> {
        let mut closed = Vec::with_capacity(self.threads.len());
        for (shard, thread) in self.threads.into_iter().enumerate() {
            closed.push(thread.join().map_err(|_| Error::WorkerEnded(shard))??);
        }
        sink(Batch { samples: samples(&self.live), ..Batch::default() });
        let driven = merge(&closed, self.start.elapsed().as_micros() as u64);
        if driven.arrivals.balance() {
            Ok(driven)
        } else {
            Err(Error::Unbalanced { planned: driven.arrivals.scheduled, counted: driven.arrivals })
        }
    }
}

impl Host {
    fn serve(self, sink: impl Fn(Batch) + 'static) -> Result<Closed, Error> {
        let runtime = local_runtime()?;
        let station = open(&self.course, Arc::clone(&self.script), self.course.workers.max(1))?;
        let sink = Rc::new(sink);
        runtime.block_on(async {
            let handing_on = tokio::task::spawn_local(hand_on(Rc::clone(&station), Rc::clone(&sink)));
            self.let_in(&station).await;
            handing_on.abort();
        });
        Ok(close(runtime, station, &*sink))
    }

    /// Lets users in until the time is over or the load is stopped, and waits for those who are inside.
    async fn let_in(mut self, station: &Rc<Station>) {
        let closes = self.course.start + self.lasts;
        let mut stop = self.course.stop.clone();
        let mut end = closes + self.course.scenario.traffic.drain;
        loop {
            tokio::select! {
                visit = self.visits.recv() => {
                    let now = Instant::now();
                    match visit.filter(|_| now < closes) {
                        Some(visit) => self.begin(station, visit, station.clock.us(now)),
                        None => break,
                    }
                }
                () = sleep_until(closes.into()) => break,
                Ok(stop) = stop.wait_for(Option::is_some) => {
                    end = Instant::now() + stop.map_or(Duration::ZERO, |stop| stop.grace);
                    break;
                }
            }
        }
        self.visits.close();
        drain(station, end, &mut stop).await;
    }

    fn begin(&self, station: &Rc<Station>, visit_asked: Visit, now_us: u64) {
        let Visit { user, walk, done } = visit_asked;
        let scenario = &self.course.scenario;
        let number = self.numbers.fetch_add(1, Ordering::Relaxed);
        let arrival = visit(scenario, user, walk, number, now_us);
        let entry = &scenario.mix[arrival.mix as usize];
        let journey = &scenario.journeys[entry.journey];
        station.ledger.borrow_mut().came(Came {
            number,
            begun_us: now_us,
            journey: journey.name.clone(),
            buys: journey.buys(),
            card: arrival.card.name().into(),
            manner: serde_json::to_string(&arrival.manner).expect("a manner is plain JSON"),
        });
        let habits = Habits { repeat_pause: entry.manners.repeat_pause };
        let shopper = Shopper::new(Rc::clone(station), entry.journey, &arrival, habits);
        tokio::task::spawn_local(Box::pin(async move {
            shopper.walk().await;
            drop(shopper);
            // When nobody waits any more, nobody misses it.
            let _ = done.send(());
        }));
    }
}

/// The generator's own health, second by second. Nothing is scheduled, so nothing lags or is late.
fn samples(live: &Live) -> Vec<Sample> {
    let of = |second| {
        let counts = live.second(second);
        [("generator.begun", counts.begun as f64), ("generator.cpu_s", counts.cpu_us as f64 / 1e6)]
            .map(|(name, value)| Sample { second, name: name.into(), value })
    };
    (0..live.len()).flat_map(of).collect()
}

impl Live {
    /// Counts rows of a closed model that another process drives.
    pub fn take_in(&self, batch: &Batch) {
        for came in &batch.came {
            self.arrived();
            self.begun(came.begun_us, 0);
        }
        for end in &batch.arrivals {
            self.left();
            self.ended(end.ended_us, end.outcome);
        }
        let mut checkouts = histogram(2);
        let mut second = 0;
        for purchase in batch.purchases.iter().filter(|purchase| purchase.outcome == Outcome::Confirmed) {
            let took_us = purchase.done_us.saturating_sub(purchase.intended_us);
            checkouts.record(took_us.max(1)).expect("the histogram grows");
            second = second.max((purchase.done_us / 1_000_000) as u32);
        }
        if !checkouts.is_empty() {
            self.checked_out(second, &checkouts);
        }
    }
}
