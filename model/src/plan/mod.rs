//! All that is decided before byte one.

mod build;
mod canonical;
mod size;

pub use build::{build, instants, phases, visit, visit_seed};
pub use canonical::{canonical_json, plan_hash};
pub use size::too_small;

use crate::card::Card;
use crate::seed::Seed;
use serde::Serialize;
use std::time::Duration;

/// Everything that a run will do, as far as it can be known: equal scenario and seed give an equal plan, byte for byte.
#[derive(Clone, Debug, Serialize)]
pub struct RunPlan {
    /// Name of the scenario.
    pub scenario: String,
    /// The seed.
    pub seed: Seed,
    /// Length of the load, in microseconds.
    pub duration_us: u64,
    /// In order of time.
    pub arrivals: Vec<Arrival>,
    /// In order of time; they cover the whole load without gaps.
    pub phases: Vec<PhaseWindow>,
}

/// One shopper to come.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Arrival {
    /// From 0, in order of time; belongs to shard `number mod n`.
    pub number: u64,
    /// The intended instant, microseconds from the start of the load.
    pub intended_us: u64,
    /// Index into the scenario's mix.
    pub mix: u32,
    /// The card at hand.
    pub card: Card,
    /// What this shopper does besides.
    pub manner: Manner,
    /// Seed of think times and picks.
    pub seed: Seed,
}

/// What one shopper does besides the journey.
#[expect(clippy::struct_excessive_bools, reason = "each is a draw of its own, and any may go with any")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Manner {
    /// Leaves before the step of this index.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub abandons_at: Option<u32>,
    /// How a purchase is submitted.
    pub submits: Submits,
    /// How often a submission without a whole answer is repeated.
    pub repeats: u32,
    /// Looks before submitting again.
    pub looks: bool,
    /// Pays with a second card after a decline.
    pub second_card: bool,
    /// Cancels after the confirmation.
    pub cancels: bool,
    /// Leaves for good before the step of this index of the browser's part in the payment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closes_tab_at: Option<u32>,
    /// Fails the authentication.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub fails_challenge: bool,
    /// Edits the cart so long after the submission, in microseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edits_after_us: Option<u64>,
    /// Comes back from the provider twice at once.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub returns_twice: bool,
}

/// How a purchase is submitted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Submits {
    /// Once.
    #[default]
    Once,
    /// Twice with the same key.
    DoubleClick {
        /// From the first to the second, in microseconds.
        gap_us: u64,
    },
    /// Twice, the second time with a fresh key on the same cart.
    SecondTab {
        /// From the first to the second, in microseconds.
        gap_us: u64,
    },
}

/// What a stretch of the run is for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Before the shop is warm.
    WarmUp,
    /// Nothing is broken.
    Steady,
    /// A fault is active; overlapping faults are joined by `+`.
    Fault(String),
    /// After the fault of that name.
    Recovery(String),
}

impl Phase {
    /// As files and reports write it: `warm-up`, `steady`, the fault's name, `after NAME`.
    #[must_use]
    pub fn label(&self) -> String {
        match self {
            Self::WarmUp => "warm-up".into(),
            Self::Steady => "steady".into(),
            Self::Fault(name) => name.clone(),
            Self::Recovery(name) => format!("after {name}"),
        }
    }
}

/// A phase and its window.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PhaseWindow {
    /// What it is for.
    pub phase: Phase,
    /// From the start of the load, in microseconds.
    pub from_us: u64,
    /// The end, not included.
    pub to_us: u64,
}

impl RunPlan {
    /// Length of the load.
    #[must_use]
    pub const fn duration(&self) -> Duration {
        Duration::from_micros(self.duration_us)
    }

    /// The arrivals of shard `shard` of `shards`: those whose number leaves that remainder.
    pub fn shard(&self, shard: usize, shards: usize) -> impl Iterator<Item = &Arrival> {
        self.arrivals.iter().skip(shard).step_by(shards)
    }

    /// The phase of an instant; the last one for instants past the load.
    #[must_use]
    pub fn phase_at(&self, at_us: u64) -> &Phase {
        let next = self.phases.partition_point(|window| window.to_us <= at_us);
        &self.phases[next.min(self.phases.len() - 1)].phase
    }
}
