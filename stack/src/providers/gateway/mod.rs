//! Payment providers as the shop needs them, whatever their wire: what is asked, and what an answer proves. Nothing here
//! knows an order's rules.

use serde::Deserialize;

use super::{Guard, Link};
use crate::{
    order::PaymentProvider,
    refusal::Refusal,
    store::{CaptureOrder, Challenge, Charge, NotCharged, Proof, Refund, VoidOrder},
};

mod adyen;
mod objects;
mod stripe;

pub(crate) use adyen::{Adyen, CARD_GIVEN};
pub(crate) use objects::Metadata;
pub(crate) use stripe::Stripe;

/// What one attempt at a charge told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Attempt {
    /// The outcome is proven.
    Proven(Proof),
    /// The holder must act first: authenticate, or confirm.
    Waiting(Challenge),
    /// This attempt did nothing; an earlier one may have.
    Nothing(NotCharged),
    /// Nobody knows. `again` says whether the same key can still find out.
    Doubt { again: bool },
}

/// A payment as its provider holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Held {
    /// The provider's name of it.
    pub(crate) intent: String,
    /// The shop's row, as the shop wrote it there.
    pub(crate) payment: Option<i64>,
    pub(crate) amount_minor: i64,
    pub(crate) captured_minor: i64,
    pub(crate) attempt: Attempt,
}

/// What looking for an order's payments found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Search {
    Found(Vec<Held>),
    /// The provider did not say, or has no such look.
    Unknown,
}

/// How a change of a payment went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// Done; the provider's name of it, where it has one.
    Done {
        reference: Option<String>,
    },
    /// Taken in; its end is told by an event.
    Received {
        reference: String,
    },
    /// Not done, and it will not be.
    Refused,
    Unknown,
}

/// A card given to the shop itself. It has no `Debug`, is never stored and never logged.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Card {
    number: String,
    #[serde(deserialize_with = "crate::whole::number")]
    exp_month: u32,
    #[serde(deserialize_with = "crate::whole::number")]
    exp_year: u32,
    cvc: String,
}

/// A payment provider, on its own wire.
pub(crate) enum Gateway {
    Stripe(Stripe),
    Adyen(Adyen),
}

impl Card {
    /// Whether it can be a card at all: digits where digits stand, and a month of the year.
    pub(crate) fn is_plausible(&self) -> bool {
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|it| it.is_ascii_digit() || it == b' ');
        (12..=23).contains(&self.number.len())
            && digits(&self.number)
            && (3..=4).contains(&self.cvc.len())
            && self.cvc.bytes().all(|it| it.is_ascii_digit())
            && (1..=12).contains(&self.exp_month)
            && self.exp_year <= 9_999
    }
}

impl Gateway {
    fn link(&self) -> &Link {
        match self {
            Self::Stripe(stripe) => &stripe.link,
            Self::Adyen(adyen) => &adyen.link,
        }
    }

    /// Whether a call would be made now; asking takes no probe's place.
    pub(crate) fn is_reachable(&self) -> bool {
        self.link().breaker.would_let_through()
    }

    /// Authorises a payment under a key, and captures it where it is to be captured at once. `card` is given beside the
    /// method where the provider takes cards themselves.
    pub(crate) async fn charge(&self, charge: &Charge, card: Option<&Card>, key: &str, guard: Guard) -> Attempt {
        match self {
            Self::Stripe(stripe) => stripe.charge(charge, key, guard).await,
            Self::Adyen(adyen) => adyen.charge(charge, card, key, guard).await,
        }
    }

    /// Makes a payment that the shopper's browser confirms.
    pub(crate) async fn open_session(&self, charge: &Charge, guard: Guard) -> Attempt {
        match self {
            Self::Stripe(stripe) => stripe.open_session(charge, guard).await,
            Self::Adyen(_) => Attempt::Nothing(NotCharged::Unavailable),
        }
    }

    /// Gives an unconfirmed payment another amount.
    pub(crate) async fn reprice(&self, charge: &Charge, amount_minor: i64) -> Change {
        match self {
            Self::Stripe(stripe) => stripe.reprice(charge, amount_minor).await,
            Self::Adyen(_) => Change::Refused,
        }
    }

    /// Every payment that the provider holds for an order, by what the shop wrote on it.
    pub(crate) async fn find(&self, charge: &Charge) -> Search {
        match self {
            Self::Stripe(stripe) => stripe.find(charge).await,
            Self::Adyen(_) => Search::Unknown,
        }
    }

    /// A payment as it is now; `None` when it cannot be had. `proof` is what the browser brought back, where the provider
    /// asks for it.
    pub(crate) async fn retrieve(&self, charge: &Charge, intent: &str, proof: Option<&str>) -> Option<Held> {
        match self {
            Self::Stripe(stripe) => stripe.retrieve(intent, &charge.brief).await,
            Self::Adyen(adyen) => adyen.details(intent, proof?, charge).await,
        }
    }

    /// Ends a payment that waits for its holder.
    pub(crate) async fn abandon(&self, charge: &Charge) -> Attempt {
        match self {
            Self::Stripe(stripe) => stripe.abandon(charge).await,
            Self::Adyen(adyen) => adyen.abandon(charge).await,
        }
    }

    pub(crate) async fn capture(&self, capture: &CaptureOrder) -> Change {
        match self {
            Self::Stripe(stripe) => stripe.capture(capture).await,
            Self::Adyen(adyen) => adyen.capture(capture).await,
        }
    }

    /// Releases what is reserved and not captured.
    pub(crate) async fn void(&self, void: &VoidOrder) -> Change {
        match self {
            Self::Stripe(stripe) => stripe.void(void).await,
            Self::Adyen(adyen) => adyen.void(void).await,
        }
    }

    /// Gives money back; what was taken in before is only looked at.
    pub(crate) async fn refund(&self, refund: &Refund) -> Change {
        match self {
            Self::Stripe(stripe) if refund.reference.is_some() => stripe.look_at_refund(refund).await,
            Self::Adyen(_) if refund.reference.is_some() => Change::Unknown,
            Self::Stripe(stripe) => stripe.refund(refund).await,
            Self::Adyen(adyen) => adyen.refund(refund).await,
        }
    }
}

/// The payment providers of a shop.
pub(crate) struct Gateways {
    pub(crate) first: Gateway,
    pub(crate) backup: Option<Gateway>,
}

impl Gateways {
    /// The provider of that name; without a backup all is the first one's.
    pub(crate) fn of(&self, provider: PaymentProvider) -> &Gateway {
        match (provider, &self.backup) {
            (PaymentProvider::BackupPayment, Some(backup)) => backup,
            (PaymentProvider::Payment | PaymentProvider::BackupPayment, _) => &self.first,
        }
    }

    /// Makes a customer at the first provider, whose cards are kept there.
    pub(crate) async fn customer(&self, email: &str, key: &str, carried: &str) -> Result<String, Refusal> {
        match &self.first {
            Gateway::Stripe(stripe) => stripe.customer(email, key, carried).await,
            Gateway::Adyen(_) => Err(crate::refusal::known::PAYMENT_UNAVAILABLE),
        }
    }

    /// Exchanges a card for the first provider's name of it.
    pub(crate) async fn tokenise(&self, card: &Card, key: &str, carried: &str) -> Result<String, Refusal> {
        match &self.first {
            Gateway::Stripe(stripe) => stripe.tokenise(card, key, carried).await,
            Gateway::Adyen(_) => Err(crate::refusal::known::PAYMENT_UNAVAILABLE),
        }
    }

    /// Submits evidence in a dispute.
    pub(crate) async fn submit_evidence(&self, dispute: &str, evidence: &str) -> Change {
        match &self.first {
            Gateway::Stripe(stripe) => stripe.submit_evidence(dispute, evidence).await,
            Gateway::Adyen(_) => Change::Refused,
        }
    }
}
