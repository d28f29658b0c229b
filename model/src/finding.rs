//! What laws and objectives say, and the verdict that follows.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a law or an objective says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Finding {
    /// It held for everything examined.
    Held,
    /// Nothing was examined.
    NotExercised,
    /// It cannot be said.
    Undecided,
    /// It was violated at least once.
    Violated,
}

impl Finding {
    /// The word in books and reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::NotExercised => "not exercised",
            Self::Undecided => "undecided",
            Self::Violated => "violated",
        }
    }
}

/// What the run receives; the worst wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The shop survived.
    Pass,
    /// The run does not prove it.
    Inconclusive,
    /// The shop did not survive.
    Fail,
}

impl Verdict {
    /// The word for people.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pass => "Pass",
            Self::Inconclusive => "Inconclusive",
            Self::Fail => "Fail",
        }
    }

    /// The exit code: 0 pass, 1 fail, 3 inconclusive (2 is a usage error, 4 an error of the harness itself).
    #[must_use]
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Pass => 0,
            Self::Fail => 1,
            Self::Inconclusive => 3,
        }
    }
}
