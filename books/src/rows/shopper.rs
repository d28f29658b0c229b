//! The shopper's history: arrivals, purchases, attempts.

use model::outcome::{Outcome, Reading, Refusal};
use serde::{Deserialize, Serialize};

/// An arrival that no plan foresaw: it stands where a planned one stands, from its beginning on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Came {
    /// From 0, as they come.
    pub number: u64,
    /// When it began.
    pub begun_us: u64,
    /// Name of the journey.
    pub journey: String,
    /// Whether it buys.
    pub buys: bool,
    /// Name of the card.
    pub card: String,
    /// What this shopper does besides, as JSON.
    pub manner: String,
}

/// How an arrival ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ArrivalEnd {
    /// Number in the plan.
    pub number: u64,
    /// First byte of its first request written; none when it was shed or sent nothing.
    pub begun_us: Option<u64>,
    /// The end.
    pub ended_us: u64,
    /// How it ended.
    pub outcome: Outcome,
    /// Why it was told no.
    pub refusal: Option<Refusal>,
    /// The step at which it ended, unless it went through.
    pub step: Option<String>,
}

/// One wish to buy one basket once, and what became of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Purchase {
    /// `RUN.ARRIVAL.ORDINAL`.
    pub intent: String,
    /// Number in the plan.
    pub arrival: u64,
    /// Unique to the intent, of a reserved domain.
    pub email: String,
    /// Intended start of the submission.
    pub intended_us: u64,
    /// When the outcome was final to the shopper; for an unknown one, when they gave up.
    pub done_us: u64,
    /// Confirmed, rejected, unknown or in flight.
    pub outcome: Outcome,
    /// Why it was told no.
    pub refusal: Option<Refusal>,
    /// The last total shown before the submission, in minor units.
    pub shown_total_minor: Option<i64>,
    /// ISO 4217 code.
    pub currency: Option<String>,
    /// The order number that the shopper learnt.
    pub order_number: Option<String>,
    /// The total that the confirmation named, in minor units.
    pub total_minor: Option<i64>,
    /// What came of a wish to cancel.
    pub cancel: Cancel,
    /// What the shopper put in the cart: a list of `sku`, `quantity`, `unit_minor`, where the journey says it.
    #[serde(default)]
    pub basket: Option<serde_json::Value>,
    /// The address that the shopper gave, where the journey says it.
    #[serde(default)]
    pub ship_to: Option<serde_json::Value>,
    /// The shop's account that the shopper bought with, where the journey says it.
    #[serde(default)]
    pub account: Option<String>,
    /// The promotion that the shopper asked for and the shop said yes to; empty where they asked for none.
    #[serde(default)]
    pub promotion: Option<String>,
}

/// A wish to buy that came to nothing before it was submitted: a step on the way to it did not go through.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TurnedAway {
    /// Number in the plan.
    pub arrival: u64,
    /// That step.
    pub step: String,
    /// When it was meant to begin.
    pub intended_us: u64,
    /// When the shopper was told, or gave up.
    pub ended_us: u64,
    /// Rejected, unknown or in flight.
    pub outcome: Outcome,
    /// Why it was told no.
    pub refusal: Option<Refusal>,
}

/// What came of a shopper's wish to cancel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Cancel {
    /// Not wished.
    NotAsked,
    /// Asked; the answer was a no, or is not known.
    Asked,
    /// Asked and confirmed.
    Confirmed,
}

/// One request that can move money, or a look at what became of one (all requests with `record: all`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Attempt {
    /// Number in the plan.
    pub arrival: u64,
    /// The intent that it belongs to; none before there is one.
    pub intent: Option<String>,
    /// Name of the step.
    pub step: String,
    /// What it is for.
    pub kind: AttemptKind,
    /// The `Idempotency-Key` sent.
    pub key: Option<String>,
    /// When it was meant to be sent.
    pub intended_us: u64,
    /// First byte written; none when no connection was had.
    pub sent_us: Option<u64>,
    /// Last byte of the answer read, or the end of the wait.
    pub done_us: u64,
    /// HTTP status of the answer.
    pub status: Option<u16>,
    /// How the answer was read.
    pub reading: Reading,
    /// The order number that the answer named.
    pub order_number: Option<String>,
    /// The total that the answer named, in minor units.
    pub total_minor: Option<i64>,
    /// Name of the card.
    pub card: Option<String>,
    /// Why there was no answer, or what did not fit, in a few words.
    pub remark: Option<String>,
    /// An e-mail address of another shopper that the answer shows.
    #[serde(default)]
    pub shows: Option<String>,
}

/// What an attempt is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum AttemptKind {
    /// Submits the purchase, repeats included.
    Submit,
    /// Looks for an order before submitting again.
    Look,
    /// Asks whether a pending order is decided.
    Settle,
    /// Pays with a second card.
    SecondCard,
    /// Confirms the payment at its provider, from the browser; moves money.
    Confirm,
    /// A part of the holder's authentication: the challenge, and what the holder answered to it.
    Authenticate,
    /// Comes back to the shop from the provider.
    Return,
    /// Edits the cart in another tab while the payment is under way.
    Edit,
    /// Cancels.
    Cancel,
    /// Asks for money back.
    Refund,
    /// A failed or slow one of the other requests, kept as an exemplar; or any, with `record: all`.
    Other,
}

impl AttemptKind {
    /// The word in the book.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Submit => "submit",
            Self::Look => "look",
            Self::Settle => "settle",
            Self::SecondCard => "second_card",
            Self::Confirm => "confirm",
            Self::Authenticate => "authenticate",
            Self::Return => "return",
            Self::Edit => "edit",
            Self::Cancel => "cancel",
            Self::Refund => "refund",
            Self::Other => "other",
        }
    }
}
