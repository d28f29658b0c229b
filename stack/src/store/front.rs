//! What the front of the shop keeps beside orders and payments, in the shop's own words.

use super::{Answer, Message, Move};
use crate::{
    fraud::{Decision, Verdict},
    order::Brief,
};

/// What ending a review came to.
#[derive(Clone, Debug)]
pub(crate) struct Decided {
    pub(crate) brief: Brief,
    pub(crate) moves: Vec<Move>,
    pub(crate) messages: Vec<Message>,
}

/// An order that the desk is to look at.
#[derive(Clone, Debug)]
pub(crate) struct Review {
    pub(crate) brief: Brief,
    /// Unix milliseconds.
    pub(crate) asked_ms: i64,
    /// When it is approved by itself.
    pub(crate) until_ms: Option<i64>,
}

/// The front's part of the storage.
pub(crate) trait Front {
    /// Every stored flag with its value as JSON.
    fn flags(&self) -> Answer<'_, Vec<(String, String)>>;
    /// Stores a flag's value as JSON.
    fn set_flag(&self, name: &'static str, value: String) -> Answer<'_, ()>;

    /// Keeps how an order was judged, and what follows: a review begins, or the order is given up unpaid.
    fn keep_verdict(&self, verdict: Verdict) -> Answer<'_, Vec<Move>>;
    /// Ends a review, once; refuses another word after the first.
    fn decide_review(&self, order: i64, decision: Decision) -> Answer<'_, Decided>;
    /// Orders under review, oldest first; at most 1,000.
    fn reviews(&self) -> Answer<'_, Vec<Review>>;
    /// Orders whose review ends by itself now; at most 500.
    fn overdue_reviews(&self, now_ms: i64) -> Answer<'_, Vec<i64>>;
}
