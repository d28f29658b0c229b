//! Steps without the guard that would make them safe: what only a shop with a seeded defect asks of its storage.

use super::{Answer, Charge, Claim, Settled};
use crate::cart::Cart;

/// What a request saw before its first step and is to act upon; the honest shop acts on nothing that it saw earlier.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    /// The cart, priced.
    pub(crate) cart: Option<Cart>,
    /// The highest order number that was given.
    pub(crate) last_number: Option<i64>,
}

/// Steps without the guard that would make them safe.
pub(crate) trait Unguarded {
    /// The highest order number that was given.
    fn last_number(&self) -> Answer<'_, i64>;
    /// Binds key and cart to the order that was made of the cart, once it has been dealt with.
    fn claim_late(&self, cart: &str, claim: Claim) -> Answer<'_, ()>;
    /// Another payment for the order of a payment; `None` while one of them is open.
    fn pay_beside(&self, payment: i64, key: String) -> Answer<'_, Option<Charge>>;
    /// Makes the order of a payment once more, paid by what the provider holds under that name.
    fn order_again(&self, payment: i64, intent: String) -> Answer<'_, Settled>;
}
