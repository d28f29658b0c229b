//! Where an objective counts: which instants and seconds belong to its scope, and which of those are set aside because the
//! harness was slow.

use crate::objective::Scope;
use crate::plan::{Phase, PhaseWindow};

const SECOND_US: u64 = 1_000_000;

/// A scope, laid over the phases of a plan.
#[derive(Clone, Debug)]
pub(super) struct Extent<'a> {
    /// Windows in order of time, in microseconds; adjacent ones joined. The last phase has no end: what was intended after
    /// the load belongs to it.
    windows: Vec<(u64, u64)>,
    invalid: &'a [bool],
}

/// Where an observation falls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Not in the scope.
    Outside,
    /// In the scope, in a second in which the harness was slow.
    SetAside,
    /// In the scope, in this second of the load.
    In(u32),
}

impl<'a> Extent<'a> {
    pub(super) fn new(scope: &Scope, phases: &[PhaseWindow], invalid: &'a [bool]) -> Self {
        let mut windows: Vec<(u64, u64)> = Vec::new();
        for (nth, window) in phases.iter().enumerate() {
            if !admits(scope, &window.phase) {
                continue;
            }
            let to_us = if nth + 1 == phases.len() { u64::MAX } else { window.to_us };
            match windows.last_mut() {
                Some(last) if last.1 == window.from_us => last.1 = to_us,
                _ => windows.push((window.from_us, to_us)),
            }
        }
        Self { windows, invalid }
    }

    /// The place of something that is intended at an instant.
    pub(super) fn instant(&self, at_us: u64) -> Place {
        if self.window_of(at_us).is_some() { self.sound(at_us / SECOND_US) } else { Place::Outside }
    }

    /// The place of a second as a whole: in the scope only if all of it is.
    pub(super) fn second(&self, second: u32) -> Place {
        let (from_us, to_us) = (u64::from(second) * SECOND_US, (u64::from(second) + 1) * SECOND_US);
        match self.window_of(from_us) {
            Some((_, end_us)) if to_us <= end_us => self.sound(u64::from(second)),
            _ => Place::Outside,
        }
    }

    /// Whether any part of a second is in the scope, and the harness was not slow in it.
    pub(super) fn touches(&self, second: u32) -> bool {
        let (from_us, to_us) = (u64::from(second) * SECOND_US, (u64::from(second) + 1) * SECOND_US);
        let next = self.windows.partition_point(|window| window.1 <= from_us);
        let touched = self.windows.get(next).is_some_and(|window| window.0 < to_us);
        touched && matches!(self.sound(u64::from(second)), Place::In(_))
    }

    fn window_of(&self, at_us: u64) -> Option<(u64, u64)> {
        let next = self.windows.partition_point(|window| window.1 <= at_us);
        self.windows.get(next).copied().filter(|window| window.0 <= at_us)
    }

    fn sound(&self, second: u64) -> Place {
        if self.invalid.get(second as usize).copied().unwrap_or(false) {
            Place::SetAside
        } else {
            Place::In(u32::try_from(second).unwrap_or(u32::MAX))
        }
    }
}

fn admits(scope: &Scope, phase: &Phase) -> bool {
    match (scope, phase) {
        (Scope::Run, _) | (Scope::OutsideFaults, Phase::Steady | Phase::Recovery(_)) => true,
        (Scope::OutsideFaults, Phase::WarmUp | Phase::Fault(_)) => false,
        (Scope::Phase(label), phase) => phase.label() == *label,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn phases() -> Vec<PhaseWindow> {
        let window =
            |phase, from_ms: u64, to_ms: u64| PhaseWindow { phase, from_us: from_ms * 1000, to_us: to_ms * 1000 };
        vec![
            window(Phase::WarmUp, 0, 2_000),
            window(Phase::Steady, 2_000, 5_500),
            window(Phase::Fault("slow".into()), 5_500, 8_000),
            window(Phase::Recovery("slow".into()), 8_000, 9_500),
            window(Phase::Steady, 9_500, 12_000),
        ]
    }

    #[test]
    fn outside_faults_is_steady_and_recovery() {
        let phases = phases();
        let extent = Extent::new(&Scope::OutsideFaults, &phases, &[]);
        for (at_ms, place) in [
            (0, Place::Outside),
            (1_999, Place::Outside),
            (2_000, Place::In(2)),
            (5_499, Place::In(5)),
            (5_500, Place::Outside),
            (7_999, Place::Outside),
            (8_000, Place::In(8)),
            (9_500, Place::In(9)),
            (30_000, Place::In(30)),
        ] {
            assert_eq!(extent.instant(at_ms * 1000), place, "{at_ms} ms");
        }
    }

    #[test]
    fn a_second_counts_only_as_a_whole() {
        let phases = phases();
        let extent = Extent::new(&Scope::OutsideFaults, &phases, &[]);
        assert_eq!(extent.second(5), Place::Outside, "its second half is in the fault phase");
        assert_eq!(extent.second(9), Place::In(9), "adjacent windows are one");
        assert!(extent.touches(5));
        assert!(!extent.touches(6));
    }

    #[test]
    fn a_phase_is_named_by_its_label() {
        let phases = phases();
        let extent = Extent::new(&Scope::Phase("after slow".into()), &phases, &[]);
        assert_eq!(extent.instant(8_100_000), Place::In(8));
        assert_eq!(extent.instant(9_600_000), Place::Outside);
    }

    #[test]
    fn seconds_in_which_the_harness_was_slow_are_set_aside() {
        let phases = phases();
        let invalid = [false, false, false, true];
        let extent = Extent::new(&Scope::Run, &phases, &invalid);
        assert_eq!(extent.instant(3_200_000), Place::SetAside);
        assert_eq!(extent.second(3), Place::SetAside);
        assert_eq!(extent.second(4), Place::In(4));
    }
}
