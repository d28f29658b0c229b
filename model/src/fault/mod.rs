//! What is broken on purpose: rules inside a provider, toxics on a link, harm to a process, to the shop's store, to its clock.
//!
//! These are nouns and their JSON; who applies them lives in `mocks`, in `chaos` and in the harness.

mod link;
mod process;
mod provider;
mod shop;

pub use link::{LinkEffect, LinkMatch, LinkRule, Stream, Toxic};
pub use process::{Child, ProcessHarm};
pub use provider::{Effect, Malformation, Match, ProviderRule};
pub use shop::{ClockHarm, StoreHarm};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A provider that a shop depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Provider {
    /// Takes the money (Stripe's wire).
    Payment,
    /// Takes the money on the day the first one cannot (Adyen's wire).
    BackupPayment,
    /// Says the tax (`AvaTax`'s wire).
    Tax,
    /// Says whether an order smells of fraud (Riskified's wire).
    Fraud,
    /// Says what shipping costs (`EasyPost`'s wire).
    Shipping,
    /// Dispatches the goods.
    Warehouse,
}

impl Provider {
    /// Every provider, in the order in which reports name them.
    pub const ALL: [Self; 6] =
        [Self::Payment, Self::BackupPayment, Self::Tax, Self::Fraud, Self::Shipping, Self::Warehouse];

    /// The word in files, reports and statements.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Payment => "payment",
            Self::BackupPayment => "backup_payment",
            Self::Tax => "tax",
            Self::Fraud => "fraud",
            Self::Shipping => "shipping",
            Self::Warehouse => "warehouse",
        }
    }
}

/// How a rule's probability is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Draw {
    /// Anew for each request.
    #[default]
    EachRequest,
    /// Once for an idempotency key; holds for its replays until the rule ends.
    StickToKey,
}

/// A time to wait, drawn for each request; milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Delay {
    /// Always the same.
    Fixed {
        /// Milliseconds.
        ms: u64,
    },
    /// Evenly between two bounds.
    Uniform {
        /// Least, in milliseconds.
        ms_min: u64,
        /// Most, in milliseconds.
        ms_max: u64,
    },
    /// Log-normal: most are near the median, a few are far above.
    LogNormal {
        /// Median, in milliseconds.
        median_ms: u64,
        /// Standard deviation of the logarithm.
        sigma: f64,
    },
}

/// How a connection is ended by a fault.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// An orderly end of stream.
    #[default]
    Fin,
    /// A TCP reset.
    Rst,
}

fn certain() -> f64 {
    1.0
}
