//! What the judge is given: plain observations of one run, from whichever books.
//!
//! Seconds are seconds of the load, counted from 0; a list by second may be shorter than the load (the rest was not
//! observed), and an empty one means that nothing of the kind was measured.

use crate::fault::Provider;
use crate::plan::PhaseWindow;
use std::collections::BTreeMap;

/// Everything that objectives are judged by.
#[derive(Clone, Debug, Default)]
pub struct Observations {
    /// As in the plan; they cover the load without gaps.
    pub phases: Vec<PhaseWindow>,
    /// When faults were active.
    pub faults: Vec<FaultWindow>,
    /// Every wish to buy: those that reached their submission, and those turned away before it.
    pub purchases: Vec<PurchaseObservation>,
    /// Submissions that led to an order, and those that did not, by the second of their intended start. Honest refusals
    /// without an order are left out.
    pub order_creation: Vec<Tally>,
    /// Payments authorised, and those that were not, by second; those refused for the card are left out.
    pub authorisation: Vec<Tally>,
    /// Requests by name of the step.
    pub steps: BTreeMap<String, Vec<StepObservation>>,
    /// Calls to providers as the shop met them.
    pub partners: BTreeMap<Provider, PartnerObservations>,
    /// Orders accepted, by the second in which their purchase was intended.
    pub accepted_orders: Vec<u64>,
    /// Processor time of the shop by second, in microseconds.
    pub shop_cpu_us: Vec<u64>,
    /// Orders and charges that do not agree after settlement; none when the books were not read.
    pub discrepancies: Option<u64>,
    /// Orders and lines of the settlement reports, those that agree being the good ones; none when no report was read.
    pub settlement: Option<Tally>,
}

/// When a fault was active.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FaultWindow {
    /// Its name.
    pub name: String,
    /// From the start of the load, in microseconds.
    pub from_us: u64,
    /// The end, not included.
    pub to_us: u64,
}

/// One wish to buy, as its shopper saw it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PurchaseObservation {
    /// Intended start of the submission, or of the step before it that turned the shopper away; in microseconds from the start of
    /// the load. The phase of this instant is its phase.
    pub intended_us: u64,
    /// How it ended.
    pub end: PurchaseEnd,
}

/// How a wish to buy ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PurchaseEnd {
    /// The order is final and paid.
    Confirmed {
        /// From the intended start until the order was final to the shopper, polling included.
        latency_us: u64,
    },
    /// Refused for the card: left out.
    CardRefused,
    /// Left by their own wish while paying: left out.
    Abandoned,
    /// Sold out, or the promotion used up, and the books bear it out: left out.
    HonestlyRefused,
    /// Refused otherwise, or by a reason that the books do not bear out: infinitely slow.
    Technical,
    /// Neither success nor failure was learnt: infinitely slow.
    Unknown,
    /// Under way when the run ended: infinitely slow, and left out when the run was interrupted.
    InFlight,
}

impl PurchaseEnd {
    /// Until a good end, in microseconds: [`NEVER_US`] without one, and none for what says nothing about the service.
    #[must_use]
    pub const fn latency_us(self) -> Option<u64> {
        match self {
            Self::Confirmed { latency_us } => Some(latency_us),
            Self::CardRefused | Self::Abandoned | Self::HonestlyRefused => None,
            Self::Technical | Self::Unknown | Self::InFlight => Some(NEVER_US),
        }
    }
}

/// The latency of what never came to a good end.
pub const NEVER_US: u64 = u64::MAX;

/// Successes and failures of one second.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Successes.
    pub good: u64,
    /// Failures.
    pub bad: u64,
}

/// Requests of a step that were intended in one second; there may be several for a second.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StepObservation {
    /// Second of the load.
    pub second: u32,
    /// Response times in microseconds, with how many requests had them, in any order.
    pub answered: Vec<(u64, u64)>,
    /// Requests that were unanswered, answered unexpectedly, or refused for technical reasons: infinitely slow.
    pub failed: u64,
}

/// Calls of the shop to one provider.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PartnerObservations {
    /// Upper ends of the buckets of [`PartnerSecond::buckets`], rising, in microseconds; a last one without end is not named.
    pub bounds_us: Vec<u64>,
    /// By second of the load.
    pub seconds: Vec<PartnerSecond>,
}

/// Calls of the shop to one provider that ended in one second.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PartnerSecond {
    /// Calls that were answered, a refused card included.
    pub answered: u64,
    /// Calls that failed: errors, timeouts, and those whose effect is unknown.
    pub failed: u64,
    /// How many calls, failed ones included, fell into each bucket alone; the last one has no upper end.
    pub buckets: Vec<u64>,
}
