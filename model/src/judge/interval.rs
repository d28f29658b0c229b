//! An interval of confidence, and what it says about a target.

use crate::finding::Finding;
use crate::objective::Target;

/// Confidence that all intervals of a run hold at once.
pub const RUN_CONFIDENCE: f64 = 0.95;

/// Between these the true value lies, with the confidence that was asked for; `f64::INFINITY` where there is no upper end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

impl Interval {
    /// For what is counted and not estimated.
    #[must_use]
    pub const fn exactly(value: f64) -> Self {
        Self { low: value, high: value }
    }

    /// The least interval around both.
    #[must_use]
    pub const fn around(self, other: Self) -> Self {
        Self { low: self.low.min(other.low), high: self.high.max(other.high) }
    }

    /// Held or violated when the whole interval lies on one side of the target, else undecided.
    #[must_use]
    pub fn finding(self, target: Target) -> Finding {
        let (held, violated) = match target {
            Target::AtMost(limit) => (self.high <= limit, self.low > limit),
            Target::AtLeast(limit) => (self.low >= limit, self.high < limit),
        };
        match (held, violated) {
            (true, _) => Finding::Held,
            (false, true) => Finding::Violated,
            (false, false) => Finding::Undecided,
        }
    }
}

/// The confidence of each of so many objectives that makes [`RUN_CONFIDENCE`] for all of them together (Bonferroni).
#[must_use]
pub fn confidence_of_each(objectives: usize) -> f64 {
    1.0 - (1.0 - RUN_CONFIDENCE) / objectives.max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_interval_finds() {
        let between = |low, high| Interval { low, high };
        let limit = Target::AtMost(500.0);
        assert_eq!(between(400.0, 500.0).finding(limit), Finding::Held);
        assert_eq!(between(400.0, 501.0).finding(limit), Finding::Undecided);
        assert_eq!(between(500.0, f64::INFINITY).finding(limit), Finding::Undecided);
        assert_eq!(between(500.5, f64::INFINITY).finding(limit), Finding::Violated);
        let floor = Target::AtLeast(0.97);
        assert_eq!(between(0.97, 1.0).finding(floor), Finding::Held);
        assert_eq!(between(0.9, 0.97).finding(floor), Finding::Undecided);
        assert_eq!(between(0.9, 0.96).finding(floor), Finding::Violated);
    }

    #[test]
    fn confidence_is_shared_out() {
        assert!((confidence_of_each(1) - 0.95).abs() < 1e-12);
        assert!((confidence_of_each(10) - 0.995).abs() < 1e-12);
        assert!((confidence_of_each(0) - 0.95).abs() < 1e-12);
    }
}
