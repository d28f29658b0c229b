//! Closes the connection after exactly so many bytes in its direction.

use model::fault::Ending;
use serde::{Deserialize, Serialize};

use super::{Passage, Then};

/// The attributes on the wire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Attributes {
    /// How many may pass, for each connection and direction.
    bytes: u64,
}

impl Attributes {
    /// The effect when so many bytes have passed under it already.
    pub(super) const fn effect(self, passed: u64) -> LimitData {
        LimitData { bytes: self.bytes, passed }
    }
}

/// The effect on one direction of one connection.
#[derive(Debug)]
pub(crate) struct LimitData {
    bytes: u64,
    passed: u64,
}

impl LimitData {
    pub(super) const fn passed(&self) -> u64 {
        self.passed
    }

    pub(super) fn meet(&mut self, passage: &mut Passage) {
        let left = self.bytes.saturating_sub(self.passed);
        passage.cut_to(usize::try_from(left).unwrap_or(usize::MAX));
        self.passed += passage.bytes() as u64;
        if self.passed >= self.bytes {
            passage.then = Then::Close(Ending::Fin);
            passage.then_at = passage.slices.last().map_or(passage.at, |slice| slice.at);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    fn pass(effect: &mut LimitData, bytes: usize) -> (usize, Then) {
        let mut passage = Passage::new(Instant::now(), bytes, Then::More);
        effect.meet(&mut passage);
        (passage.bytes(), passage.then)
    }

    #[test]
    fn exactly_the_limit_passes_however_it_is_cut() {
        let mut effect = Attributes { bytes: 10 }.effect(0);
        assert_eq!(pass(&mut effect, 4), (4, Then::More));
        assert_eq!(pass(&mut effect, 7), (6, Then::Close(Ending::Fin)));
    }

    #[test]
    fn a_limit_lowered_below_what_passed_lets_nothing_through() {
        let mut effect = Attributes { bytes: 3 }.effect(8);
        assert_eq!(pass(&mut effect, 5), (0, Then::Close(Ending::Fin)));
    }
}
