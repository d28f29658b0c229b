//! One walk through one journey, outside the load: set-up, tear-down, canaries. The same shoppers, the same rows.

use super::address::{BadAddress, Base};
use super::clock::Clock;
use super::course::Error;
use super::ledger::Ledger;
use super::live::Live;
use super::script::Script;
use super::shopper::{Habits, Shopper};
use super::station::{Station, Ways};
use super::worker::local_runtime;
use books::rows::{ArrivalEnd, Batch};
use model::journey::Manners;
use model::plan::Arrival;
use model::scenario::Scenario;
use serde_json::{Map, Value};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// What one walk needs.
#[derive(Clone)]
pub struct Once {
    /// What journeys, feeders and headers there are.
    pub scenario: Arc<Scenario>,
    /// Which journey: its index in the scenario.
    pub journey: usize,
    /// The shopper. Its number makes the mark, so it must differ from all others of the run; the mix is not looked at.
    pub shopper: Arrival,
    /// The run's id.
    pub run: String,
    /// The shop's base addresses, one for each instance.
    pub shop: Vec<String>,
    /// Variables that are the same for everyone.
    pub variables: Map<String, Value>,
    /// From which instant the rows count.
    pub start: Instant,
}

/// What one walk left.
#[derive(Clone, Debug)]
pub struct Walked {
    /// How it ended.
    pub end: ArrivalEnd,
    /// All rows, the end included.
    pub batch: Batch,
    /// What it captured, by name: later walks and the load may use it.
    pub captured: Map<String, Value>,
}

/// Walks through a journey once, at once, on a thread of its own.
pub async fn run_once(once: Once) -> Result<Walked, Error> {
    let (done, walked) = oneshot::channel();
    std::thread::Builder::new().name("one-shopper".into()).spawn(move || {
        // When nobody waits any more, nobody misses the answer.
        let _ = done.send(walk(once));
    })?;
    walked.await.map_err(|_| Error::WorkerEnded(0))?
}

fn walk(once: Once) -> Result<Walked, Error> {
    let base = Base::parse(&once.shop)?;
    let script = Arc::new(Script::compile(&once.scenario, base, &once.run, &once.variables)?);
    let live = Arc::new(Live::new(Duration::ZERO));
    let ledger = Ledger::new(&[], script.rows.clone(), model::scenario::Record::All, Arc::clone(&live));
    let connections = &once.scenario.traffic.connections;
    let ways = Ways { allowed: &once.scenario.allow_targets, connections, shares: 1 };
    let clock = Clock::new(once.start);
    let station = Rc::new(
        Station::new(once.run, script, clock, ways, ledger, live).ok_or_else(|| BadAddress(once.shop.join(", ")))?,
    );
    let habits = Habits { repeat_pause: Manners::default().repeat_pause };
    let arrival = Arrival { intended_us: clock.now_us(), ..once.shopper };
    let runtime = local_runtime()?;
    let captured = runtime.block_on(async {
        let shopper = Shopper::new(Rc::clone(&station), once.journey, &arrival, habits);
        shopper.walk().await;
        shopper.captured()
    });
    drop(runtime);
    let station = Rc::into_inner(station).expect("the shopper is gone");
    let (batch, _) = station.ledger.into_inner().close();
    let end = batch.arrivals.first().cloned().expect("a shopper leaves one end");
    Ok(Walked { end, batch, captured })
}
