//! What is kept of a payment, and how its states follow each other. Pure: decides nothing about storage.

use serde::{Deserialize, Serialize};

use super::cards::Card;
use super::refusals::ResultCode;

/// Where a payment stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Stage {
    /// The holder is asked.
    Asked(Step),
    /// Taken in; its outcome comes later.
    Received,
    Authorised,
    /// Not authorised, for this reason code.
    Refused(u8),
    /// Given up before it was authorised, or released after.
    Cancelled,
    /// The authorisation ran out.
    Expired,
}

/// How far the asking has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Step {
    /// A page of ours asks.
    Redirect,
    /// The shop's page finds out about the device.
    Fingerprint,
    /// The shop's page asks.
    Challenge,
}

impl Step {
    pub(crate) const fn result(self) -> ResultCode {
        match self {
            Self::Redirect => ResultCode::RedirectShopper,
            Self::Fingerprint => ResultCode::IdentifyShopper,
            Self::Challenge => ResultCode::ChallengeShopper,
        }
    }
}

/// What the holder did when asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Reply {
    Authenticated,
    Failed,
    /// Went away.
    Abandoned,
}

impl Reply {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Authenticated => "authenticated",
            Self::Failed => "failed",
            Self::Abandoned => "abandoned",
        }
    }
}

/// When the money is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CaptureMode {
    /// As soon as it is authorised.
    Immediate,
    /// When the shop asks.
    Manual,
    /// So many hours after it was authorised.
    After(u32),
}

/// How a dispute stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum DisputeState {
    NeedsResponse,
    Won,
    Lost,
}

/// The holder wants the money back.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Dispute {
    pub(crate) psp: String,
    pub(crate) amount: i64,
    pub(crate) state: DisputeState,
}

/// A payment with all that belongs to it; amounts in minor units.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Payment {
    pub(crate) n: i64,
    pub(crate) account: i64,
    pub(crate) psp: String,
    pub(crate) merchant: String,
    pub(crate) reference: String,
    pub(crate) amount: i64,
    pub(crate) currency: String,
    pub(crate) card: Card,
    pub(crate) stage: Stage,
    pub(crate) capture: CaptureMode,
    /// What is reserved, captured or not; what was released no longer counts.
    pub(crate) authorised: i64,
    pub(crate) captured: i64,
    pub(crate) refunded: i64,
    /// Whether the reserved amount may be changed.
    pub(crate) is_pre_authorised: bool,
    /// References taken so far, beside the payment's own.
    pub(crate) parts: u32,
    /// What it waits for.
    pub(crate) wait: Option<Wait>,
    /// What the holder did on our page, until the shop asks for the result.
    pub(crate) reply: Option<Reply>,
    pub(crate) dispute: Option<Dispute>,
    pub(crate) return_url: Option<String>,
    pub(crate) shopper_reference: Option<String>,
    pub(crate) shopper_email: Option<String>,
    pub(crate) stores_card: bool,
    pub(crate) metadata: Vec<(String, String)>,
    /// The shopper's intent under which it was made.
    pub(crate) mark: Option<String>,
}

/// What a payment waits for, and until when, in unix microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Wait {
    /// The holder's reply; by our own clock.
    Holder(i64),
    /// The outcome of what was received; by our own clock.
    Outcome(i64),
    /// The capture that was put off; by the vendors' clock.
    Capture(i64),
    /// The end of the authorisation; by the vendors' clock.
    Expiry(i64),
}

/// Why a change of a payment fails, as the notification says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Failure(pub(crate) &'static str);

const NOT_AUTHORISED: Failure = Failure("Transaction hasn't been authorised");
const TOO_MUCH: Failure = Failure("Insufficient balance on payment");
const CAPTURED: Failure = Failure("Transaction has already been captured");
const CANCELLED: Failure = Failure("Transaction has already been cancelled");
const NOT_ADJUSTABLE: Failure = Failure("Authorisation adjustment is not available for this payment");

impl Payment {
    /// What is reserved and not yet captured.
    pub(crate) const fn open(&self) -> i64 {
        match self.stage {
            Stage::Authorised => self.authorised - self.captured,
            Stage::Asked(_) | Stage::Received | Stage::Refused(_) | Stage::Cancelled | Stage::Expired => 0,
        }
    }

    /// What it still waits for.
    pub(crate) const fn waits_for(&self) -> Option<Wait> {
        match (self.stage, self.wait) {
            (Stage::Asked(_), Some(Wait::Holder(_)))
            | (Stage::Received, Some(Wait::Outcome(_)))
            | (Stage::Authorised, Some(Wait::Capture(_) | Wait::Expiry(_)))
                if !matches!(self.stage, Stage::Authorised) || self.open() > 0 =>
            {
                self.wait
            }
            _ => None,
        }
    }

    /// What a dispute has taken.
    const fn disputed(&self) -> i64 {
        match &self.dispute {
            Some(Dispute { amount, state: DisputeState::NeedsResponse | DisputeState::Lost, .. }) => *amount,
            Some(Dispute { state: DisputeState::Won, .. }) | None => 0,
        }
    }

    pub(crate) const fn refundable(&self) -> i64 {
        self.captured - self.refunded - self.disputed()
    }

    /// The shop's order number: of the metadata, else its reference.
    pub(crate) fn order(&self) -> &str {
        order_of(&self.metadata).unwrap_or(&self.reference)
    }

    pub(crate) const fn check_capture(&self, amount: i64) -> Result<(), Failure> {
        match self.stage {
            Stage::Authorised if amount <= self.open() => Ok(()),
            Stage::Authorised => Err(TOO_MUCH),
            Stage::Cancelled => Err(CANCELLED),
            Stage::Asked(_) | Stage::Received | Stage::Refused(_) | Stage::Expired => Err(NOT_AUTHORISED),
        }
    }

    pub(crate) const fn check_refund(&self, amount: i64) -> Result<(), Failure> {
        if amount <= self.refundable() { Ok(()) } else { Err(TOO_MUCH) }
    }

    /// Whether there is something to release: what a holder has not confirmed yet, or what is reserved.
    pub(crate) const fn check_cancel(&self) -> Result<(), Failure> {
        match self.stage {
            Stage::Asked(_) | Stage::Received => Ok(()),
            Stage::Authorised if self.open() > 0 => Ok(()),
            Stage::Authorised => Err(CAPTURED),
            Stage::Cancelled => Err(CANCELLED),
            Stage::Refused(_) | Stage::Expired => Err(NOT_AUTHORISED),
        }
    }

    /// Whether another amount may be reserved.
    pub(crate) const fn check_adjustment(&self, amount: i64) -> Result<(), Failure> {
        match self.stage {
            Stage::Authorised if self.is_pre_authorised && amount >= self.captured => Ok(()),
            Stage::Authorised => Err(NOT_ADJUSTABLE),
            Stage::Asked(_) | Stage::Received | Stage::Refused(_) | Stage::Cancelled | Stage::Expired => {
                Err(NOT_AUTHORISED)
            }
        }
    }
}

/// The shop's order number among a payment's metadata.
fn order_of(metadata: &[(String, String)]) -> Option<&str> {
    let find = |name: &&str| metadata.iter().find(|(key, _)| key == name);
    ["order", "order_id", "order_number", "orderCode"].iter().find_map(find).map(|(_, value)| value.as_str())
}

/// A card that a shopper let be kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct StoredMethod {
    pub(crate) id: String,
    pub(crate) account: i64,
    pub(crate) shopper_reference: String,
    pub(crate) card: Card,
    pub(crate) is_deleted: bool,
}

/// A session that a browser pays by itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Session {
    pub(crate) n: i64,
    pub(crate) id: String,
    pub(crate) account: i64,
    pub(crate) merchant: String,
    pub(crate) reference: String,
    pub(crate) amount: i64,
    pub(crate) currency: String,
    pub(crate) capture: CaptureMode,
    pub(crate) return_url: String,
    pub(crate) shopper_reference: Option<String>,
    pub(crate) shopper_email: Option<String>,
    pub(crate) metadata: Vec<(String, String)>,
    pub(crate) mark: Option<String>,
    /// The number of the payment that was made in it.
    pub(crate) payment: Option<i64>,
    /// Unix microseconds.
    pub(crate) expires_us: i64,
}
