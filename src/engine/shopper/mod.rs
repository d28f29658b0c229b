//! One shopper: walks through a journey with their own manners, and writes down what became of it.

mod answer;
mod browser;
mod buy;
mod exchange;
mod jar;
mod memory;
mod mood;
mod purchase;
mod reach;
mod reading;
mod seek;
mod standing;
mod trial;
mod walk;

pub use memory::{Memory, NotSet};
pub use mood::pause;

use super::net::Shelves;
use super::station::Station;
use books::rows::ArrivalEnd;
use exchange::NoAnswer;
use http::HeaderValue;
use jar::Jar;
use model::outcome::{Outcome, Refusal};
use model::plan::{Arrival, Manner};
use model::seed::Seed;
use serde_json::Value;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

/// A shopper under way. However they end, dropping them leaves one [`ArrivalEnd`].
pub struct Shopper {
    station: Rc<Station>,
    journey: usize,
    arrival: u64,
    intended_us: u64,
    seed: Seed,
    manner: Manner,
    habits: Habits,
    memory: Memory,
    jar: RefCell<Jar>,
    /// Connections of their own, where shoppers have them.
    shelves: RefCell<Shelves>,
    /// First byte of the first request.
    begun_us: Cell<Option<u64>>,
    /// Whether the first request was on its way, and its lag noted.
    noted: Cell<bool>,
    /// Index of the present step.
    step: Cell<usize>,
    /// When it was meant to begin.
    ready_us: Cell<u64>,
    intent_header: RefCell<Option<HeaderValue>>,
    trace: Trace,
    end: Cell<Option<End>>,
}

/// What a kind of shopper has in common beside the plan's draws.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Habits {
    /// From no answer to the next submission.
    pub repeat_pause: model::journey::Pause,
}

/// How an arrival ended.
#[derive(Clone, Copy, Debug)]
struct End {
    outcome: Outcome,
    refusal: Option<Refusal>,
    /// Index of the step at which it ended, unless it went through.
    step: Option<usize>,
}

/// The shopper's trace (W3C Trace Context) and the number of its last span.
struct Trace {
    prefix: [u8; 36],
    seed: Seed,
    spans: Cell<u64>,
}

impl Shopper {
    /// A shopper for an arrival of the plan, on a journey of the script.
    pub fn new(station: Rc<Station>, journey: usize, arrival: &Arrival, habits: Habits) -> Self {
        let slots = station.script.journeys[journey].slots.len();
        let intent = intent(&station.run, arrival.number, 0);
        let memory = Memory::new(Arc::clone(&station.script), slots, arrival, intent);
        station.arrived();
        Self {
            journey,
            arrival: arrival.number,
            intended_us: arrival.intended_us,
            seed: arrival.seed,
            manner: arrival.manner,
            habits,
            memory,
            jar: RefCell::default(),
            shelves: RefCell::new(Shelves::new(station.own_max)),
            begun_us: Cell::new(None),
            noted: Cell::new(false),
            step: Cell::new(0),
            ready_us: Cell::new(arrival.intended_us),
            intent_header: RefCell::new(None),
            trace: Trace::new(arrival.seed.fork(&station.run)),
            end: Cell::new(None),
            station,
        }
    }

    /// What they captured, by name.
    pub fn captured(&self) -> serde_json::Map<String, Value> {
        let slots = self.station.script.journeys[self.journey].slots.iter().enumerate();
        slots.filter_map(|(slot, name)| Some((name.clone(), self.memory.captured(slot)?))).collect()
    }

    /// Notes that the first request is on its way: from here on, waiting is the shop's doing.
    fn note_begun(&self) {
        if !self.noted.replace(true) {
            let lag_us = self.station.clock.now_us().saturating_sub(self.intended_us);
            self.station.ledger.borrow_mut().begun(self.intended_us, lag_us);
        }
    }

    /// A new intent: what was wished before is settled, whatever comes now is another wish.
    fn next_intent(&self, ordinal: u32) {
        *self.memory.intent.borrow_mut() = intent(&self.station.run, self.arrival, ordinal);
        *self.intent_header.borrow_mut() = None;
    }

    fn intent_header(&self) -> Result<HeaderValue, NoAnswer> {
        let mut header = self.intent_header.borrow_mut();
        if let Some(header) = header.as_ref() {
            return Ok(header.clone());
        }
        let value = HeaderValue::from_str(&self.memory.intent.borrow())
            .map_err(|_| NoAnswer::Unsendable("the run's id cannot be sent in a header".into()))?;
        Ok(header.insert(value).clone())
    }

    fn traceparent(&self) -> HeaderValue {
        self.trace.header()
    }

    /// What each of their own e-mail addresses begins with.
    fn own_mail(&self) -> String {
        format!("{}.{}.", self.station.run, self.arrival)
    }

    /// Name of the present step.
    fn step_name(&self) -> &str {
        &self.station.script.journeys[self.journey].steps[self.step.get()].name
    }
}

impl Drop for Shopper {
    fn drop(&mut self) {
        let cut = if std::thread::panicking() { Outcome::Unknown } else { Outcome::InFlight };
        if self.end.get().is_none() && cut == Outcome::InFlight {
            self.cut_off();
        }
        let end = self.end.get().unwrap_or(End { outcome: cut, refusal: None, step: Some(self.step.get()) });
        let steps = &self.station.script.journeys[self.journey].steps;
        let row = ArrivalEnd {
            number: self.arrival,
            begun_us: self.begun_us.get(),
            ended_us: self.station.clock.us(Instant::now()),
            outcome: end.outcome,
            refusal: end.refusal,
            step: end.step.and_then(|step| steps.get(step)).map(|step| step.name.clone()),
        };
        self.station.ledger.borrow_mut().ended(row);
        self.station.left();
    }
}

impl Trace {
    fn new(seed: Seed) -> Self {
        let mut prefix = *b"00-00000000000000000000000000000000-";
        write_hex(&mut prefix[3..19], seed.fork("trace").0);
        write_hex(&mut prefix[19..35], seed.fork("trace, second half").0 | 1);
        Self { prefix, seed, spans: Cell::new(0) }
    }

    fn header(&self) -> HeaderValue {
        let span = self.spans.get();
        self.spans.set(span + 1);
        let mut text = *b"00-00000000000000000000000000000000-0000000000000000-01";
        text[..36].copy_from_slice(&self.prefix);
        write_hex(&mut text[36..52], self.seed.fork_nth(span).0 | 1);
        HeaderValue::from_bytes(&text).expect("hex digits and dashes are a header's value")
    }
}

fn write_hex(out: &mut [u8], mut number: u64) {
    for digit in out.iter_mut().rev() {
        *digit = b"0123456789abcdef"[(number & 15) as usize];
        number >>= 4;
    }
}

/// The mark: `RUN.ARRIVAL.ORDINAL`.
fn intent(run: &str, arrival: u64, ordinal: u32) -> String {
    format!("{run}.{arrival}.{ordinal}")
}
