//! Harm to what the reference shop stands on: its store and its clock.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is done to the store of the reference shop: somebody else has its write lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum StoreHarm {
    /// The lock is held for as long as the fault lasts.
    Locked {},
    /// The lock is taken and given back again and again, so that each transaction waits.
    Slow {
        /// How long it is held each time, in milliseconds.
        hold_ms: u64,
        /// How long it is free in between, in milliseconds.
        pause_ms: u64,
    },
}

/// What is done to the clock of the reference shop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ClockHarm {
    /// It is ahead of the time of day while the fault lasts.
    Ahead {
        /// By how much, in milliseconds.
        ms: u64,
    },
}
