//! What the front of the shop keeps beside orders and payments, in the shop's own words.

use serde::Serialize;

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

/// A customer's account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Account {
    /// `a_…`.
    pub(crate) id: String,
    pub(crate) email: String,
    pub(crate) credit_minor: i64,
    /// The payment provider's name of the customer, once a card was saved.
    pub(crate) customer: Option<String>,
}

/// A card that an account may pay with again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SavedCard {
    /// The provider's name of it.
    pub(crate) method: String,
    pub(crate) brand: Option<String>,
    pub(crate) last4: Option<String>,
}

/// Stock of one product, as auditors see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct StockLine {
    pub(crate) sku: String,
    pub(crate) declared: i64,
    pub(crate) available: i64,
    pub(crate) held: i64,
    pub(crate) sold: i64,
}

/// A voucher, as auditors see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct VoucherLine {
    pub(crate) code: String,
    pub(crate) declared_minor: i64,
    pub(crate) balance_minor: i64,
}

/// A promotion, as auditors see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct PromotionLine {
    pub(crate) code: String,
    pub(crate) used: i64,
    /// Of these, by orders that are not paid yet.
    pub(crate) held: i64,
}

/// What became of a refund.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Receipt {
    pub(crate) id: i64,
    pub(crate) card_minor: i64,
    pub(crate) credit_minor: i64,
    /// `pending`, `succeeded`, `refused` or `failed`.
    pub(crate) state: String,
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

    /// Opens an account; of its token only the hash is kept.
    fn open_account(&self, id: &str, email: &str, token: [u8; 32], credit_minor: i64) -> Answer<'_, ()>;
    /// The account whose token has this hash.
    fn account_by_token(&self, token: [u8; 32]) -> Answer<'_, Option<Account>>;
    /// The account of that name.
    fn account(&self, id: &str) -> Answer<'_, Option<Account>>;
    /// Cards that an account may pay with again.
    fn cards(&self, account: &str) -> Answer<'_, Vec<SavedCard>>;
    /// Keeps the payment provider's name of a customer; the first one stays, and is answered.
    fn keep_customer(&self, account: &str, customer: String) -> Answer<'_, String>;
    /// Keeps a card's name for another time.
    fn keep_card(&self, account: &str, card: SavedCard) -> Answer<'_, ()>;

    /// What became of the refund that a key asked for.
    fn receipt(&self, order: i64, asked: &str) -> Answer<'_, Option<Receipt>>;

    /// Stock as it is, by product.
    fn stock(&self) -> Answer<'_, Vec<StockLine>>;
    /// Vouchers as they are.
    fn vouchers(&self) -> Answer<'_, Vec<VoucherLine>>;
    /// Promotions as they are.
    fn promotions(&self) -> Answer<'_, Vec<PromotionLine>>;
    /// Accounts with the store credit that is left of each, in minor units.
    fn credits(&self) -> Answer<'_, Vec<(String, i64)>>;
}
