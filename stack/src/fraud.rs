//! Suspicion: every order is judged once, before anything is reserved for it. What is declined is never charged; what a
//! person must look at is reserved and not taken until the desk, or the provider's later word, says so.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{
    clock::now_ms,
    config::OnTimeout,
    order::{Brief, Number},
    providers::fraud::Opinion,
    refusal::{Refusal, known},
    shop::Shop,
    store::{Charge, StoreError},
};

/// How an order was judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Judgement {
    /// Nothing speaks against it.
    Approve,
    /// A person must look at it.
    Review,
    /// It is not to be charged.
    Decline,
    /// The provider did not say; the shop's policy decided.
    Unavailable,
    /// Nobody was asked.
    Off,
}

impl Judgement {
    const ALL: [Self; 5] = [Self::Approve, Self::Review, Self::Decline, Self::Unavailable, Self::Off];

    /// The judgement's name in the books.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Review => "review",
            Self::Decline => "decline",
            Self::Unavailable => "unavailable",
            Self::Off => "off",
        }
    }

    /// The judgement of that name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|judgement| judgement.name() == name)
    }
}

/// What an order's judgement comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Course {
    /// It is paid as every order is.
    Charge,
    /// Its money is reserved, and taken once somebody has looked at it.
    ReserveOnly,
    /// It is not charged.
    Refuse,
}

/// What the desk, or the provider's later word, decides of an order under review.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Decision {
    Approve,
    Decline,
}

/// A judgement to be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) order: i64,
    pub(crate) payment: i64,
    pub(crate) judgement: Judgement,
    pub(crate) course: Course,
    /// When the desk approves what nobody looked at (Unix milliseconds).
    pub(crate) until_ms: Option<i64>,
}

impl Shop {
    /// What is to become of an order, before its first charge; the answer is on disk before it is given.
    pub(crate) async fn course_of(self: &Arc<Self>, charge: &Charge) -> Result<Course, StoreError> {
        let Some(provider) = &self.fraud else { return Ok(Course::Charge) };
        if let Some(judgement) = charge.brief.fraud {
            return Ok(known_course(judgement, &charge.brief));
        }
        let order = charge.brief.number.0;
        let opinion = match self.store.parcel(order).await? {
            Some(parcel) => provider.decide(&parcel).await,
            None => None,
        };
        let (judgement, course) = self.weighed(opinion);
        let review_ms = self.config.fraud.as_ref().and_then(|fraud| fraud.review_ms);
        let until_ms = review_ms.map(|review_ms| now_ms() + review_ms as i64);
        let moves =
            self.store.keep_verdict(Verdict { order, payment: charge.payment, judgement, course, until_ms }).await?;
        self.took_effect(&moves, Vec::new(), None);
        Ok(course)
    }

    fn weighed(&self, opinion: Option<Opinion>) -> (Judgement, Course) {
        match opinion {
            Some(Opinion::Approve) => (Judgement::Approve, Course::Charge),
            Some(Opinion::Review) => (Judgement::Review, Course::ReserveOnly),
            Some(Opinion::Decline) => (Judgement::Decline, Course::Refuse),
            None => match self.config.fraud.as_ref().map(|fraud| fraud.on_timeout).unwrap_or_default() {
                OnTimeout::Accept => (Judgement::Unavailable, Course::Charge),
                OnTimeout::Review => (Judgement::Unavailable, Course::ReserveOnly),
            },
        }
    }

    /// Takes in the provider's later word on an order.
    pub(crate) async fn take_opinion(self: &Arc<Self>, signature: &str, body: &[u8]) -> Result<(), Refusal> {
        // Where nobody was asked, nobody's signature is known.
        let provider = self.fraud.as_ref().ok_or(known::BAD_SIGNATURE)?;
        let (order, opinion) = provider.notified(signature, body).ok_or(known::BAD_SIGNATURE)?;
        let decision = match opinion {
            Opinion::Approve => Decision::Approve,
            Opinion::Decline => Decision::Decline,
            // It still does not know.
            Opinion::Review => return Ok(()),
        };
        let Some(order) = Number::read(&order) else { return Ok(()) };
        match self.decide(order, decision).await {
            // It may come twice, after the desk, or about an order that nobody looks at.
            Ok(_) => Ok(()),
            Err(refusal) if refusal.status < 500 => Ok(()),
            Err(refusal) => Err(refusal),
        }
    }

    /// Ends a review.
    pub(crate) async fn decide(self: &Arc<Self>, order: Number, decision: Decision) -> Result<Brief, Refusal> {
        let decided = self.store.decide_review(order.0, decision).await.map_err(|error| self.refusal(error))?;
        self.took_effect(&decided.moves, decided.messages, None);
        Ok(decided.brief)
    }

    /// Approves what has waited for the desk as long as it may.
    pub(crate) async fn approve_overdue(self: &Arc<Self>) {
        if self.fraud.is_none() {
            return;
        }
        match self.store.overdue_reviews(now_ms()).await {
            Ok(orders) => {
                for order in orders {
                    // The desk may have been quicker.
                    drop(self.decide(Number(order), Decision::Approve).await);
                }
            }
            Err(error) => self.log.store_trouble("overdue reviews were not read", &error),
        }
    }
}

fn known_course(judgement: Judgement, brief: &Brief) -> Course {
    match judgement {
        Judgement::Decline => Course::Refuse,
        Judgement::Approve | Judgement::Review | Judgement::Unavailable | Judgement::Off if brief.in_review => {
            Course::ReserveOnly
        }
        Judgement::Approve | Judgement::Review | Judgement::Unavailable | Judgement::Off => Course::Charge,
    }
}
