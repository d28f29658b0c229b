//! The run itself: response times, samples, what happened to it.

use model::outcome::Reading;
use serde::{Deserialize, Serialize};

/// Response times of a step, counted since the last batch.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Timings {
    /// What the histogram counts over.
    pub window: Window,
    /// Name of the journey.
    pub journey: String,
    /// Name of the step.
    pub step: String,
    /// How the answers were read.
    pub reading: Reading,
    /// Microseconds from the intended start to the last byte: 2 significant digits for a second, 3 for a phase.
    /// Requests in flight at the end are counted with their age, under [`Reading::Unanswered`].
    #[serde(with = "crate::histogram")]
    pub response_us: hdrhistogram::Histogram<u64>,
}

/// What a histogram counts over, by the intended start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Window {
    /// The n-th second of the load.
    Second(u32),
    /// The n-th phase window of the plan.
    Phase(u32),
}

/// One value measured at one second: `generator.lag_max_us`, `generator.begun`, `shop.cpu_s`, `shop.calls.payment.ok`, …
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// Second of the load.
    pub second: u32,
    /// Name, dotted.
    pub name: String,
    /// The value.
    pub value: f64,
}

/// Something that happened to the run itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// When, by the harness's clock.
    pub at_us: u64,
    /// Which kind.
    pub kind: EventKind,
    /// The fault, child or source.
    pub name: String,
    /// For people.
    pub text: String,
    /// What undoes it, for `heal`: JSON of the controller; empty when nothing is to be undone.
    pub undo: String,
}

/// Which kind of event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum EventKind {
    /// A fault began.
    FaultBegan,
    /// A fault ended.
    FaultEnded,
    /// A child process was started, killed, or ended.
    Process,
    /// A request on the run clock that is no shopper's.
    Action,
    /// Something that another system told, such as an alert.
    External,
    /// A remark of the harness or of a person.
    Note,
}

impl EventKind {
    /// The word in the book.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::FaultBegan => "fault_began",
            Self::FaultEnded => "fault_ended",
            Self::Process => "process",
            Self::Action => "action",
            Self::External => "external",
            Self::Note => "note",
        }
    }
}
