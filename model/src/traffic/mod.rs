//! When shoppers come: an intensity over time, and how instants are drawn from it.

mod intensity;

pub(crate) use intensity::unit;

use crate::connections::Connections;
use crate::journey::Pause;
use std::time::Duration;

/// The load over time.
#[derive(Clone, Debug, PartialEq)]
pub struct Traffic {
    /// One after the other; none in a closed model.
    pub segments: Vec<Segment>,
    /// The closed model: a fixed population in place of a schedule.
    pub crowd: Option<Crowd>,
    /// How instants are drawn.
    pub arrivals: Arrivals,
    /// From the start; its windows are left out of default objectives.
    pub warm_up: Duration,
    /// How long after each fault its windows count as recovery.
    pub recovery: Duration,
    /// How shoppers reach their servers.
    pub connections: Connections,
    /// After the last arrival, how long journeys may still run before they count as in flight.
    pub drain: Duration,
}

impl Traffic {
    /// From the first to the last possible arrival.
    #[must_use]
    pub fn duration(&self) -> Duration {
        match &self.crowd {
            Some(crowd) => crowd.lasts,
            None => self.segments.iter().map(Segment::lasts).sum(),
        }
    }
}

/// A fixed population: each user walks, thinks, and walks again, so that a slow shop is asked less.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Crowd {
    /// How many there are.
    pub users: u32,
    /// How many of them begin a second.
    pub hatch: f64,
    /// From the first of them until nobody begins another walk.
    pub lasts: Duration,
    /// From the end of a walk to the beginning of the next.
    pub think: Option<Pause>,
}

/// How instants are drawn from the intensity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Arrivals {
    /// At random (a Poisson process): customers do not come evenly.
    #[default]
    Poisson,
    /// Evenly spaced.
    Even,
}

/// A stretch of the load; rates are arrivals a second.
#[derive(Clone, Debug, PartialEq)]
pub enum Segment {
    /// The same rate throughout.
    Constant {
        /// Arrivals a second.
        rate: f64,
        /// How long.
        lasts: Duration,
    },
    /// From one rate to another, in a straight line.
    Ramp {
        /// At the start.
        from: f64,
        /// At the end.
        to: f64,
        /// How long.
        lasts: Duration,
    },
    /// One rate, then at once another.
    Step {
        /// Before.
        from: f64,
        /// After.
        to: f64,
        /// When, from the start of the segment.
        at: Duration,
        /// How long, both together.
        lasts: Duration,
    },
    /// A base rate with a triangular peak in the middle.
    Spike {
        /// At both ends.
        base: f64,
        /// In the middle.
        peak: f64,
        /// How long.
        lasts: Duration,
    },
    /// A curve through points, scaled.
    Curve {
        /// Relative intensities at even distances, the largest being 1.
        points: Vec<f64>,
        /// Rate of the largest.
        peak: f64,
        /// How long.
        lasts: Duration,
    },
}

impl Segment {
    /// How long it lasts.
    #[must_use]
    pub const fn lasts(&self) -> Duration {
        match self {
            Self::Constant { lasts, .. }
            | Self::Ramp { lasts, .. }
            | Self::Step { lasts, .. }
            | Self::Spike { lasts, .. }
            | Self::Curve { lasts, .. } => *lasts,
        }
    }
}
