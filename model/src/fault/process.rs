//! Harm to a process.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A child process of ours that can be harmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Child {
    /// The reference shop.
    Shop,
    /// The provider simulators.
    Providers,
}

/// What is done to a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ProcessHarm {
    /// SIGKILL; started again after the delay.
    Kill {
        /// Milliseconds from the kill to the start.
        restart_after_ms: u64,
    },
    /// SIGSTOP until the fault ends.
    Pause {},
}
