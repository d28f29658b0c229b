//! Faults on a link: Toxiproxy's toxics, and rules for single exchanges.

use super::{Delay, Draw, Ending, certain};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What is wrong with a link, in Toxiproxy's terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Toxic {
    /// Delays every chunk from the time it was read.
    Latency {
        /// Milliseconds.
        latency_ms: u64,
        /// Uniform deviation to either side, in milliseconds.
        #[serde(default)]
        jitter_ms: u64,
    },
    /// Drops data and closes after the timeout; 0 never closes.
    Timeout {
        /// Milliseconds.
        timeout_ms: u64,
    },
    /// Resets the connection after the timeout.
    ResetPeer {
        /// Milliseconds.
        timeout_ms: u64,
    },
    /// Lets only so much through.
    Bandwidth {
        /// Thousands of bytes a second; 0 stalls.
        rate_kb: u64,
    },
    /// Delays the end of the stream.
    SlowClose {
        /// Milliseconds.
        delay_ms: u64,
    },
    /// Cuts data into small pieces.
    Slicer {
        /// Bytes in a piece.
        average_size: u64,
        /// Uniform deviation to either side, in bytes.
        #[serde(default)]
        size_variation: u64,
        /// Pause after each piece, in microseconds.
        #[serde(default)]
        delay_us: u64,
    },
    /// Closes after exactly so many bytes.
    LimitData {
        /// Bytes, for each connection and direction.
        bytes: u64,
    },
    /// Refuses new connections and ends the open ones.
    Down {},
}

impl Toxic {
    /// Toxiproxy's name for it; `down` is its disabled proxy.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Latency { .. } => "latency",
            Self::Timeout { .. } => "timeout",
            Self::ResetPeer { .. } => "reset_peer",
            Self::Bandwidth { .. } => "bandwidth",
            Self::SlowClose { .. } => "slow_close",
            Self::Slicer { .. } => "slicer",
            Self::LimitData { .. } => "limit_data",
            Self::Down {} => "down",
        }
    }
}

/// Which way a toxic acts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Stream {
    /// From the provider to the shop.
    #[default]
    Downstream,
    /// From the shop to the provider.
    Upstream,
}

/// A fault on a link that knows HTTP: which exchanges it meets and what it does to them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LinkRule {
    /// Name of the fault.
    pub id: String,
    /// The run that holds the rule.
    pub run: String,
    /// Which exchanges it may meet; everything when empty.
    #[serde(default)]
    pub when: LinkMatch,
    /// Chance for each draw, in (0, 1].
    #[serde(default = "certain")]
    pub probability: f64,
    /// Whether each exchange is drawn for, or an idempotency key is drawn for once.
    #[serde(default)]
    pub draw: Draw,
    /// What happens to an exchange that it meets.
    pub effect: LinkEffect,
    /// Seed of the draws.
    pub seed: u64,
}

/// Which exchanges on a link a rule meets: all of the conditions that are set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LinkMatch {
    /// HTTP method.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// Path; `*` stands for any text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Request headers that must have these values; `*` stands for any text.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// Only these exchanges, counted from 1 among those that met the other conditions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub nth: Vec<u64>,
    /// Only the first so many, counted likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<u64>,
}

/// What a rule does to an exchange on a link.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum LinkEffect {
    /// The request goes on later.
    DelayRequest(Delay),
    /// The answer goes on later.
    DelayAnswer(Delay),
    /// The request is never passed on; the connection ends.
    DropRequest {
        /// How the connection ends.
        #[serde(default)]
        ending: Ending,
    },
    /// The request is passed on; its answer is not, and the connection ends.
    DropAnswer {
        /// How the connection ends.
        #[serde(default)]
        ending: Ending,
    },
    /// The answer is cut after so many bytes of its body, and the connection ends.
    TruncateAnswer {
        /// Bytes of the body that are let through.
        bytes: u64,
    },
    /// The request is not passed on; this is answered.
    Respond {
        /// HTTP status.
        status: u16,
        /// Body; empty when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        body: Option<String>,
    },
    /// The request is passed on; this is answered in the stead of the answer.
    ReplaceAnswer {
        /// HTTP status.
        status: u16,
        /// Body; empty when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        body: Option<String>,
    },
    /// A byte of the answer's body is changed.
    CorruptAnswer {},
}

impl LinkEffect {
    /// The word in reports.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::DelayRequest(_) => "delay_request",
            Self::DelayAnswer(_) => "delay_answer",
            Self::DropRequest { .. } => "drop_request",
            Self::DropAnswer { .. } => "drop_answer",
            Self::TruncateAnswer { .. } => "truncate_answer",
            Self::Respond { .. } => "respond",
            Self::ReplaceAnswer { .. } => "replace_answer",
            Self::CorruptAnswer {} => "corrupt_answer",
        }
    }
}
