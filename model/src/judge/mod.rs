//! Whether a run went well: objectives from observations, the verdict from objectives and laws.
//!
//! It knows no books and no clock: what it is given decides what it says. Laws are found elsewhere, by queries; here they are
//! weighed. METHODOLOGY.md defines every number.

mod binomial;
mod bootstrap;
mod distribution;
mod estimate;
mod extent;
mod figures;
mod gather;
mod interval;
mod objectives;
mod observations;
mod phases;
mod recovery;
mod vacuity;
mod validity;
mod verdict;

pub use binomial::{at_least, at_most, bounds, purchases_needed, quantile_ranks};
pub use bootstrap::{RESAMPLES, UNITS_MAX};
pub use estimate::{WORST_WINDOW_S, WORST_WINDOW_SAMPLES_MIN};
pub use figures::{count, target, value};
pub use interval::{Interval, RUN_CONFIDENCE, confidence_of_each};
pub use objectives::{Needed, SET_ASIDE_SHARE_MAX, confidence, judge, observations_needed};
pub use observations::{
    FaultWindow, NEVER_US, Observations, PartnerObservations, PartnerSecond, PurchaseEnd, PurchaseObservation,
    StepObservation, Tally,
};
pub use phases::{by_phase, by_second};
pub use recovery::{CHANCE_MIN, GOOD_FOR_S, GoodService, PURCHASES_MIN, Recovery, recoveries};
pub use vacuity::excluded_rate;
pub use validity::{Budgets, HarnessHealth, HarnessSecond, Validity, assess};
pub use verdict::{Ending, verdict};

/// Seconds of a load that are told apart; what comes later counts as the last of them. Four weeks.
const SECONDS_MAX: u32 = 28 * 24 * 3600;

#[cfg(test)]
mod tests;
