//! What the shop says when it does not do what was asked: a status, a code for machines, a sentence for people, and
//! whether asking again can help.

use serde_json::{Value, json};

use crate::order::Number;

/// A refusal, as the shopper gets it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// HTTP status.
    pub status: u16,
    /// For machines.
    pub code: &'static str,
    /// For people.
    pub message: &'static str,
    /// The issuer's reason, for a declined card.
    pub decline_code: Option<String>,
    /// The order concerned, where there is one.
    pub order: Option<Number>,
}

impl Refusal {
    /// A refusal without an order.
    #[must_use]
    pub const fn new(status: u16, code: &'static str, message: &'static str) -> Self {
        Self { status, code, message, decline_code: None, order: None }
    }

    /// The same, about an order.
    #[must_use]
    pub fn about(mut self, order: Number) -> Self {
        self.order = Some(order);
        self
    }

    /// Whether the same request may succeed later.
    #[must_use]
    pub fn may_be_retried(&self) -> bool {
        self.status >= 500 || matches!(self.code, "key_in_progress" | "payment_pending")
    }

    /// The body of the answer.
    #[must_use]
    pub fn body(&self) -> Value {
        let mut error = json!({"code": self.code, "message": self.message, "retry": self.may_be_retried()});
        if self.status == 402 {
            error["decline_code"] = self.decline_code.clone().into();
        }
        let mut body = json!({ "error": error });
        if let Some(order) = self.order {
            body["order"] = order.to_string().into();
        }
        body
    }
}

/// The refusals that are always the same.
pub(crate) mod known {
    use super::Refusal;

    pub(crate) const NOT_FOUND: Refusal = Refusal::new(404, "not_found", "there is no such thing here");
    pub(crate) const NO_ORDER: Refusal = Refusal::new(404, "no_order", "no order was made of this cart");
    pub(crate) const CART_ORDERED: Refusal = Refusal::new(409, "cart_ordered", "this cart has been ordered");
    pub(crate) const CART_EMPTY: Refusal = Refusal::new(409, "cart_empty", "this cart has no lines");
    pub(crate) const NO_ADDRESS: Refusal = Refusal::new(409, "address_missing", "this cart has no address");
    pub(crate) const SOLD_OUT: Refusal = Refusal::new(409, "sold_out", "there is not enough of this left");
    pub(crate) const USED_UP: Refusal = Refusal::new(409, "promotion_used_up", "this promotion has been used up");
    pub(crate) const NO_PROMOTION: Refusal = Refusal::new(404, "promotion_unknown", "there is no such promotion");
    pub(crate) const PROMOTIONS_OFF: Refusal = Refusal::new(409, "promotions_off", "promotions are not taken now");
    pub(crate) const NO_VOUCHER: Refusal = Refusal::new(404, "voucher_unknown", "there is no such voucher");
    pub(crate) const VOUCHER_EMPTY: Refusal = Refusal::new(409, "voucher_empty", "there is not enough on this voucher");
    pub(crate) const CREDIT_SPENT: Refusal = Refusal::new(409, "credit_spent", "there is not enough store credit left");
    pub(crate) const UNAUTHORISED: Refusal = Refusal::new(401, "unauthorised", "this token is nobody's");
    pub(crate) const NO_CARD: Refusal = Refusal::new(409, "card_unknown", "this account has no such card");
    pub(crate) const TOTAL_CHANGED: Refusal = Refusal::new(409, "total_changed", "the total is not the one shown");
    pub(crate) const KEY_MISSING: Refusal = Refusal::new(400, "key_missing", "an Idempotency-Key is required");
    pub(crate) const KEY_REUSED: Refusal = Refusal::new(422, "key_reused", "this key was used for another request");
    pub(crate) const IN_PROGRESS: Refusal = Refusal::new(409, "key_in_progress", "a request of this key is at work");
    pub(crate) const ALREADY_PAID: Refusal = Refusal::new(409, "already_paid", "this order is paid");
    pub(crate) const PAYMENT_PENDING: Refusal =
        Refusal::new(409, "payment_pending", "an earlier payment of this order is not settled yet");
    pub(crate) const CANCELLED: Refusal = Refusal::new(409, "order_cancelled", "this order was cancelled");
    pub(crate) const TOO_LATE: Refusal = Refusal::new(409, "too_late", "this order is on its way");
    pub(crate) const ALREADY_REFUNDED: Refusal = Refusal::new(409, "already_refunded", "this order was refunded");
    pub(crate) const TOO_MUCH: Refusal = Refusal::new(422, "too_much", "this is more than what is left");
    pub(crate) const NOT_PAID: Refusal = Refusal::new(409, "not_paid", "this order is not paid");
    pub(crate) const DECLINED: Refusal = Refusal::new(402, "card_declined", "the card was declined");
    pub(crate) const PAYMENT_FAILED: Refusal = Refusal::new(402, "payment_failed", "the payment failed");
    pub(crate) const PAYMENT_UNAVAILABLE: Refusal =
        Refusal::new(503, "payment_unavailable", "payment is unavailable; nothing was charged");
    pub(crate) const PAYMENT_REFUSED: Refusal =
        Refusal::new(402, "payment_refused", "the payment provider refused the payment method; nothing was charged");
    pub(crate) const SUSPECTED: Refusal =
        Refusal::new(402, "payment_refused", "this order is not taken; nothing was charged");
    pub(crate) const NO_REVIEW: Refusal = Refusal::new(404, "no_review", "nobody looks at this order");
    pub(crate) const ALREADY_DECIDED: Refusal =
        Refusal::new(409, "already_decided", "the review of this order ended otherwise");
    pub(crate) const BAD_SIGNATURE: Refusal =
        Refusal::new(400, "bad_signature", "this event is not signed by the provider");
    pub(crate) const TAX_UNAVAILABLE: Refusal = Refusal::new(503, "tax_unavailable", "tax cannot be worked out now");
    pub(crate) const BUSY: Refusal = Refusal::new(503, "busy", "the shop cannot take this now; nothing was changed");
    pub(crate) const DISPUTE_ENDED: Refusal =
        Refusal::new(409, "dispute_answered", "this dispute takes no more evidence");
    pub(crate) const BAD_VALUE: Refusal = Refusal::new(422, "bad_value", "this flag takes no such value");
    pub(crate) const BAD_REQUEST: Refusal = Refusal::new(400, "bad_request", "the request could not be understood");
}
