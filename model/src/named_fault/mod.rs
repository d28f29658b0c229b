//! Failures that real checkouts have met, by name: what each is, where it is injected, and what a wrong checkout breaks.
//!
//! A scenario injects one with `inject: NAME` and may narrow it (`when`, `probability`, `draw`). Public records are named where
//! there are any.

mod table;

use crate::scenario::FaultTarget;

/// A failure that has a name.
#[derive(Clone, Copy, Debug)]
pub struct NamedFault {
    /// What a scenario writes.
    pub name: &'static str,
    /// What happens, and to whom it happened.
    pub what: &'static str,
    /// What counts as an exposure.
    pub exposure: &'static str,
    /// The law or objective that a wrong checkout breaks.
    pub at_risk: &'static str,
    /// What a right checkout does.
    pub right: &'static str,
    make: fn() -> FaultTarget,
}

impl NamedFault {
    /// Every one, in the order of the reference.
    pub const ALL: &[Self] = &table::ALL;

    /// The fault of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        Self::ALL.iter().find(|fault| fault.name == name)
    }

    /// What it breaks, unless a scenario narrows it.
    #[must_use]
    pub fn target(&self) -> FaultTarget {
        (self.make)()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_lead_to_their_fault() {
        for fault in NamedFault::ALL {
            assert_eq!(NamedFault::named(fault.name).map(|found| found.what), Some(fault.what));
            assert!(matches!(
                fault.target(),
                FaultTarget::Provider { .. }
                    | FaultTarget::Link { .. }
                    | FaultTarget::Store { .. }
                    | FaultTarget::Clock { .. }
            ));
        }
        assert!(NamedFault::named("lightning").is_none());
    }
}
