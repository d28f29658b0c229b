//! Randomness from one seed that forks by label, so that the same file and seed give the same plan, byte for byte.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use serde::{Deserialize, Serialize};

/// The one number from which everything random in a run follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(transparent)]
pub struct Seed(pub u64);

impl Seed {
    /// A seed of its own for everything under `label`; independent of how often other labels were drawn from.
    #[must_use]
    pub fn fork(self, label: &str) -> Self {
        Self(mix(self.0, label.as_bytes()))
    }

    /// As [`Seed::fork`], for the n-th of a kind.
    #[must_use]
    pub fn fork_nth(self, nth: u64) -> Self {
        Self(mix(self.0, &nth.to_le_bytes()))
    }

    /// The stream of random numbers of this seed.
    #[must_use]
    pub fn rng(self) -> ChaCha8Rng {
        ChaCha8Rng::seed_from_u64(self.0)
    }
}

/// Where a draw for one request falls in [0, 1): a hash of seed, rule, the request's mark and attempt number, so that it
/// does not depend on the order of arrival.
#[must_use]
pub fn draw(seed: Seed, rule: &str, mark: &str, attempt: u64) -> f64 {
    let bits = seed.fork(rule).fork(mark).fork_nth(attempt).0;
    // The upper 53 bits are what an f64 in [0, 1) can hold.
    (bits >> 11) as f64 / (1u64 << 53) as f64
}

/// Whether a fault of the given probability meets this request; see [`draw`].
#[must_use]
pub fn chance(seed: Seed, rule: &str, mark: &str, attempt: u64, probability: f64) -> bool {
    draw(seed, rule, mark, attempt) < probability
}

/// FNV-1a over the bytes, then the finaliser of `SplitMix64` (Steele, Lea, Flood 2014): stable across releases and platforms.
fn mix(seed: u64, bytes: &[u8]) -> u64 {
    let hash = bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325 ^ seed, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3));
    let mut z = hash.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forks_differ_by_label_and_repeat_by_seed() {
        let seed = Seed(7);
        assert_eq!(seed.fork("a"), seed.fork("a"));
        assert_ne!(seed.fork("a"), seed.fork("b"));
        assert_ne!(seed.fork("a"), Seed(8).fork("a"));
    }

    #[test]
    fn a_chance_of_a_third_meets_a_third() {
        let met = (0..30_000).filter(|n| chance(Seed(1), "rule", &format!("run.{n}.0"), 0, 1.0 / 3.0)).count();
        assert!((9_600..10_400).contains(&met), "{met}");
    }
}
