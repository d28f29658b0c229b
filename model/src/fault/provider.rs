//! Faults inside a provider: which requests or webhooks, and what becomes of them.

use super::{Delay, Draw, Ending, Provider, certain};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A fault inside a provider: which requests it meets, how likely, and what it does to them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProviderRule {
    /// Name of the fault; stamped on every statement row that it touched.
    pub id: String,
    /// The run that holds the rule.
    pub run: String,
    /// The provider that misbehaves.
    pub provider: Provider,
    /// Which requests (or webhooks) it may meet; everything when empty.
    #[serde(default)]
    pub when: Match,
    /// Chance for each draw, in (0, 1].
    #[serde(default = "certain")]
    pub probability: f64,
    /// Whether each request is drawn for, or a key is drawn for once.
    #[serde(default)]
    pub draw: Draw,
    /// What happens to a request that it meets.
    pub effect: Effect,
    /// Seed of the draws.
    pub seed: u64,
    /// The lease: milliseconds until the rule ends by itself unless it is renewed.
    pub ttl_ms: u64,
}

/// Which requests a rule meets: all of the conditions that are set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Match {
    /// HTTP method.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// Path; `*` stands for any text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Card brand, as the payment provider names it (`visa`, `mastercard`, …).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub brand: Option<String>,
    /// ISO 3166 country of the card holder or of the delivery, where the request names one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// ISO 4217 code, where the request names one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// Least amount, in minor units.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount_minor_min: Option<i64>,
    /// Largest amount, in minor units.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount_minor_max: Option<i64>,
    /// Only these calls, counted from 1 among those that met the other conditions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub nth: Vec<u64>,
    /// Webhook effects only: the types of event, `*` stands for any text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
}

/// What a rule does to a request, or to a webhook.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Effect {
    /// Answers later than it could.
    Delay(Delay),
    /// Answers this instead; nothing is executed.
    Respond {
        /// HTTP status.
        status: u16,
        /// Body; the provider's own error shape when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        body: Option<String>,
    },
    /// Executes, stores, then drops the connection: the answer is lost.
    CommitThenDrop {
        /// How the connection ends.
        #[serde(default)]
        ending: Ending,
    },
    /// Drops the connection; nothing is executed.
    DropBeforeCommit {
        /// How the connection ends.
        #[serde(default)]
        ending: Ending,
    },
    /// Executes, stores, then answers an error.
    ErrorAfterCommit {
        /// HTTP status, 500 or above.
        status: u16,
    },
    /// Answers rightly, a few bytes at a time.
    Drip {
        /// Bytes in a piece.
        bytes: usize,
        /// Pause between pieces, in milliseconds.
        pause_ms: u64,
    },
    /// Executes, then answers a body that is none of the provider's.
    Malformed {
        /// In which way.
        #[serde(default)]
        body: Malformation,
    },
    /// Says no in the provider's own words, as to a card that is declined or a capture that fails.
    Decline {
        /// The provider's code, such as `do_not_honor`; its general one when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        code: Option<String>,
    },
    /// Executes twice under one key, as a gateway did that recovered from an outage: the second object is known from the
    /// provider's lists and events only.
    CommitTwice {},
    /// Moves what the provider says: basis points on every rate of tax, points on a fraud score, basis points on the price of
    /// shipping.
    Shift {
        /// Up, or down below zero.
        by: i64,
    },
    /// The clock of all providers of the process is ahead while the fault lasts: keys are forgotten, authorisations expire.
    ClockAhead {
        /// Milliseconds.
        ms: u64,
    },
    /// Refuses with 429 what exceeds a token bucket.
    RateLimit {
        /// Tokens a second.
        per_second: f64,
        /// Size of the bucket.
        burst: u32,
        /// Value of `Retry-After`, in seconds.
        #[serde(default)]
        retry_after_s: u32,
    },
    /// Holds the answer of the first matching request until the n-th arrives or the deadline passes.
    Barrier {
        /// How many requests meet before all are let go.
        count: u32,
        /// Longest hold, in milliseconds.
        deadline_ms: u64,
    },
    /// Delivers each webhook several times.
    WebhookDuplicate {
        /// Extra deliveries.
        copies: u32,
        /// Pause between them, in milliseconds.
        gap_ms: u64,
    },
    /// Delivers webhooks late.
    WebhookDelay(Delay),
    /// Never delivers.
    WebhookLose {},
    /// Delivers before the API's own answer leaves.
    WebhookEarly {},
    /// Holds an older event of an order until a newer one is delivered, or the deadline passes.
    WebhookReorder {
        /// Longest hold, in milliseconds.
        deadline_ms: u64,
    },
    /// Before each event, a stranger sends one that claims success, with a signature that does not hold.
    WebhookForge {},
}

impl Effect {
    /// The word in statements and reports.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Delay(_) => "delay",
            Self::Respond { .. } => "respond",
            Self::CommitThenDrop { .. } => "commit_then_drop",
            Self::DropBeforeCommit { .. } => "drop_before_commit",
            Self::ErrorAfterCommit { .. } => "error_after_commit",
            Self::Drip { .. } => "drip",
            Self::Malformed { .. } => "malformed",
            Self::Decline { .. } => "decline",
            Self::CommitTwice {} => "commit_twice",
            Self::Shift { .. } => "shift",
            Self::ClockAhead { .. } => "clock_ahead",
            Self::RateLimit { .. } => "rate_limit",
            Self::Barrier { .. } => "barrier",
            Self::WebhookDuplicate { .. } => "webhook_duplicate",
            Self::WebhookDelay(_) => "webhook_delay",
            Self::WebhookLose {} => "webhook_lose",
            Self::WebhookEarly {} => "webhook_early",
            Self::WebhookReorder { .. } => "webhook_reorder",
            Self::WebhookForge {} => "webhook_forge",
        }
    }

    /// Whether it acts on webhooks and not on requests.
    #[must_use]
    pub const fn is_about_webhooks(&self) -> bool {
        match self {
            Self::WebhookDuplicate { .. }
            | Self::WebhookDelay(_)
            | Self::WebhookLose {}
            | Self::WebhookEarly {}
            | Self::WebhookReorder { .. }
            | Self::WebhookForge {} => true,
            Self::Delay(_)
            | Self::Respond { .. }
            | Self::CommitThenDrop { .. }
            | Self::DropBeforeCommit { .. }
            | Self::ErrorAfterCommit { .. }
            | Self::Drip { .. }
            | Self::Malformed { .. }
            | Self::Decline { .. }
            | Self::CommitTwice {}
            | Self::Shift { .. }
            | Self::ClockAhead { .. }
            | Self::RateLimit { .. }
            | Self::Barrier { .. } => false,
        }
    }
}

/// How a body is not the provider's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Malformation {
    /// The first half of the right one.
    #[default]
    Truncated,
    /// A page for people, as a gateway in between answers.
    Html,
    /// Nothing.
    Empty,
    /// Bytes that are no text, under the right content type.
    Garbage,
}
