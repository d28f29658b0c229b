//! The schedule of one worker: each arrival at its intended instant, whatever the shop does.
//!
//! A late arrival is sent at once and its lag recorded; the schedule goes on as planned.

use super::course::{Error, Stop};
use super::shopper::{Habits, Shopper};
use super::station::Station;
use books::rows::ArrivalEnd;
use model::outcome::Outcome;
use model::plan::{Arrival, RunPlan};
use model::scenario::Scenario;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio::time::sleep_until;
use tokio_timerfd::Delay;

/// How long the wait for the next arrival lasts before it is asked again whether to stop.
const NAP_MAX: Duration = Duration::from_millis(100);

/// What one worker is to dispatch.
pub struct Orders {
    /// Which journeys the mix has.
    pub scenario: Arc<Scenario>,
    /// Who comes when.
    pub plan: Arc<RunPlan>,
    /// Which share of the plan.
    pub shard: usize,
    /// Of how many.
    pub of: usize,
    /// How many shoppers may be under way at once.
    pub open_max: usize,
    /// Becomes something when the load is to stop early.
    pub stop: watch::Receiver<Option<Stop>>,
}

/// The arrivals of a share: those whose number leaves `shard` when divided by `of`.
pub fn share(plan: &RunPlan, shard: usize, of: usize) -> impl Iterator<Item = &Arrival> {
    plan.arrivals.iter().filter(move |arrival| arrival.number % of as u64 == shard as u64)
}

/// Dispatches the share, and waits until its shoppers are gone or their time is over.
pub async fn dispatch(station: &Rc<Station>, orders: Orders) -> Result<(), Error> {
    let Orders { scenario, plan, shard, of, open_max, mut stop } = orders;
    let mut timer = Timer::new()?;
    let mut stopped = None;
    for arrival in share(&plan, shard, of) {
        station.ledger.borrow_mut().scheduled();
        if stopped.is_none() {
            stopped = timer.wait(station.clock.at(arrival.intended_us), &stop).await?;
        }
        if stopped.is_some() || station.open() >= open_max {
            shed(station, arrival);
            continue;
        }
        let entry = &scenario.mix[arrival.mix as usize];
        let habits = Habits { repeat_pause: entry.manners.repeat_pause };
        let shopper = Shopper::new(Rc::clone(station), entry.journey, arrival, habits);
        // Boxed, because a task is moved several times on its way into the runtime and out of it.
        tokio::task::spawn_local(Box::pin(async move { shopper.walk().await }));
    }
    let end = match stopped {
        Some(end) => end,
        None => station.clock.at(plan.duration_us) + scenario.traffic.drain,
    };
    drain(station, end, &mut stop).await;
    Ok(())
}

/// Waits until all shoppers are gone, or `end`, or the end of the grace of a stop.
pub async fn drain(station: &Station, mut end: Instant, stop: &mut watch::Receiver<Option<Stop>>) {
    let mut listening = true;
    loop {
        tokio::select! {
            () = station.emptied() => return,
            () = sleep_until(end.into()) => return,
            changed = stop.changed(), if listening => {
                listening = changed.is_ok();
                if let Some(stop) = *stop.borrow() {
                    end = end.min(Instant::now() + stop.grace);
                }
            }
        }
    }
}

fn shed(station: &Station, arrival: &Arrival) {
    let end = ArrivalEnd {
        number: arrival.number,
        begun_us: None,
        ended_us: arrival.intended_us,
        outcome: Outcome::Shed,
        refusal: None,
        step: None,
    };
    station.ledger.borrow_mut().ended(end);
}

/// A timer with a resolution far below the millisecond of tokio's own.
struct Timer {
    delay: Delay,
}

impl Timer {
    fn new() -> Result<Self, Error> {
        Ok(Self { delay: Delay::new(Instant::now())? })
    }

    /// Waits until `due`. When the load is stopped meanwhile: the instant at which the grace is over.
    async fn wait(&mut self, due: Instant, stop: &watch::Receiver<Option<Stop>>) -> Result<Option<Instant>, Error> {
        loop {
            if let Some(stop) = *stop.borrow() {
                return Ok(Some(Instant::now() + stop.grace));
            }
            let now = Instant::now();
            if now >= due {
                return Ok(None);
            }
            self.delay.reset(due.min(now + NAP_MAX));
            Pin::new(&mut self.delay).await?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::card::Card;
    use model::plan::Manner;
    use model::seed::Seed;

    fn plan(arrivals: u64) -> RunPlan {
        let arrival = |number| Arrival {
            number,
            intended_us: number * 1_000,
            mix: 0,
            card: Card::Ok,
            manner: Manner::default(),
            seed: Seed(number),
        };
        RunPlan {
            scenario: "shares".into(),
            seed: Seed(1),
            duration_us: arrivals * 1_000,
            arrivals: (0..arrivals).map(arrival).collect(),
            phases: Vec::new(),
        }
    }

    #[test]
    fn shares_partition_the_plan_exactly() {
        let plan = plan(1_001);
        for of in 1..=7 {
            let mut seen: Vec<u64> =
                (0..of).flat_map(|shard| share(&plan, shard, of).map(|arrival| arrival.number)).collect();
            seen.sort_unstable();
            assert_eq!(seen, (0..1_001).collect::<Vec<_>>(), "{of} shares");
        }
    }
}
