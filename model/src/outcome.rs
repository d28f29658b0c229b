//! How a shopper's wish ended, and how one answer is read.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How an arrival ended, as its shopper saw it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The order is final and paid.
    Confirmed,
    /// A final no; see [`Refusal`].
    Rejected,
    /// Neither success nor failure was learnt.
    Unknown,
    /// The shopper left by their own wish.
    Abandoned,
    /// A journey that buys nothing reached its end.
    Completed,
    /// The generator did not start it.
    Shed,
    /// Still under way when the run ended.
    InFlight,
}

impl Outcome {
    /// Every outcome, in the order in which reports name them.
    pub const ALL: [Self; 7] =
        [Self::Confirmed, Self::Rejected, Self::Unknown, Self::Abandoned, Self::Completed, Self::Shed, Self::InFlight];

    /// The word in books and reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::Rejected => "rejected",
            Self::Unknown => "unknown",
            Self::Abandoned => "abandoned",
            Self::Completed => "completed",
            Self::Shed => "shed",
            Self::InFlight => "in_flight",
        }
    }
}

/// Why a shopper was told no.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// The card was refused.
    Declined,
    /// The goods are gone.
    SoldOut,
    /// The promotion reached its limit.
    PromotionUsedUp,
    /// Anything else: the shop's own failure.
    Technical,
}

impl Refusal {
    /// Every refusal.
    pub const ALL: [Self; 4] = [Self::Declined, Self::SoldOut, Self::PromotionUsedUp, Self::Technical];

    /// The word in books and reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Declined => "declined",
            Self::SoldOut => "sold_out",
            Self::PromotionUsedUp => "promotion_used_up",
            Self::Technical => "technical",
        }
    }
}

/// What one answer means to the shopper.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reading {
    /// As expected; for a step that buys: the order is final and paid.
    Ok,
    /// The order exists, its payment is not decided yet.
    Pending,
    /// The shopper must do something first: authenticate, or confirm at the payment provider.
    ActionRequired,
    /// The same key is being worked on.
    InProgress,
    /// The cart was ordered already, by another tab.
    AlreadyOrdered,
    /// A look found no order.
    Absent,
    /// A final no that the journey names.
    Refused(Refusal),
    /// An answer that no expectation fits; after a step that buys its meaning is unknown.
    Unexpected,
    /// No whole answer arrived: a timeout, or a broken connection.
    Unanswered,
}

impl Reading {
    /// Every reading, in the order of [`Reading::place`].
    pub const ALL: [Self; 12] = [
        Self::Ok,
        Self::Pending,
        Self::ActionRequired,
        Self::InProgress,
        Self::AlreadyOrdered,
        Self::Absent,
        Self::Unexpected,
        Self::Unanswered,
        Self::Refused(Refusal::Declined),
        Self::Refused(Refusal::SoldOut),
        Self::Refused(Refusal::PromotionUsedUp),
        Self::Refused(Refusal::Technical),
    ];

    /// The place in [`Reading::ALL`], for tables.
    #[must_use]
    pub const fn place(self) -> usize {
        match self {
            Self::Ok => 0,
            Self::Pending => 1,
            Self::ActionRequired => 2,
            Self::InProgress => 3,
            Self::AlreadyOrdered => 4,
            Self::Absent => 5,
            Self::Unexpected => 6,
            Self::Unanswered => 7,
            Self::Refused(Refusal::Declined) => 8,
            Self::Refused(Refusal::SoldOut) => 9,
            Self::Refused(Refusal::PromotionUsedUp) => 10,
            Self::Refused(Refusal::Technical) => 11,
        }
    }

    /// The reading of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reading| reading.name() == name)
    }

    /// The word in books and reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Pending => "pending",
            Self::ActionRequired => "action_required",
            Self::InProgress => "in_progress",
            Self::AlreadyOrdered => "already_ordered",
            Self::Absent => "absent",
            Self::Refused(refusal) => refusal.name(),
            Self::Unexpected => "unexpected",
            Self::Unanswered => "unanswered",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reading_has_a_place_and_a_name_of_its_own() {
        for (place, reading) in Reading::ALL.into_iter().enumerate() {
            assert_eq!((reading.place(), Reading::named(reading.name())), (place, Some(reading)));
        }
    }
}
