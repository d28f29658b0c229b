//! The seeded defects: mistakes that real shops made, each switched on by name and made at one named place of the shop.

mod ordering;
mod paying;
mod table;

pub use table::Defect;

use std::{fmt, str::FromStr};

impl fmt::Display for Defect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.slug())
    }
}

/// A slug that names no defect.
#[derive(Debug, thiserror::Error)]
#[error("find a defect named `{0}`; there are {known}", known = Defect::ALL.map(Defect::slug).join(", "))]
pub struct UnknownDefect(pub String);

impl FromStr for Defect {
    type Err = UnknownDefect;

    fn from_str(slug: &str) -> Result<Self, UnknownDefect> {
        Self::ALL.into_iter().find(|defect| defect.slug() == slug).ok_or_else(|| UnknownDefect(slug.into()))
    }
}

/// The defect that the shop was told to have, if any.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Defects(pub(crate) Option<Defect>);

impl Defects {
    /// Whether the shop has it. The place that asks is the place of the mistake.
    pub(crate) fn has(self, defect: Defect) -> bool {
        self.0 == Some(defect)
    }

    /// Does a retry of a charge go out under a key of its own?
    pub(crate) fn mints_a_key_per_retry(self) -> bool {
        self.has(Defect::FreshKeyPerRetry)
    }

    /// Is the cart claimed only once it is paid?
    pub(crate) fn claims_the_cart_late(self) -> bool {
        self.has(Defect::CartOrderedTwice) || self.has(Defect::BothTabsPaid)
    }

    /// Do requests under one key go on side by side?
    pub(crate) fn lets_a_key_in_twice(self) -> bool {
        self.has(Defect::GuardInOpenTransaction) || self.has(Defect::OrderBeforeClaim)
    }

    /// Is what an order is paid beyond its total kept?
    pub(crate) fn keeps_a_second_payment(self) -> bool {
        self.has(Defect::WebhookAndCheckoutBothPay)
            || self.has(Defect::GuardInOpenTransaction)
            || self.has(Defect::ParallelPaymentsActive)
    }

    /// Is something read before the first step that is written later?
    pub(crate) fn looks_ahead(self) -> bool {
        self.has(Defect::CartReadOutsideLock) || self.has(Defect::SharedOrderNumber)
    }

    /// May one payment of the provider stand in the book twice?
    pub(crate) fn books_an_intent_twice(self) -> bool {
        self.has(Defect::FindOrCreateWithoutIndex) || self.has(Defect::CheckThenActOnOrder)
    }

    /// Is a promotion's use counted after the payment?
    pub(crate) fn counts_promotions_late(self) -> bool {
        self.has(Defect::CouponOverspent)
    }

    /// Is stock taken only once the order is paid?
    pub(crate) fn takes_stock_late(self) -> bool {
        self.has(Defect::StockGoneAfterCharge)
    }

    /// Does the hold timer end orders whose payment is under way?
    pub(crate) fn cancels_what_is_being_paid(self) -> bool {
        self.has(Defect::HoldTimerCancelsPaidOrder)
    }

    /// Is a charge kept that came too late for its order?
    pub(crate) fn keeps_late_charges(self) -> bool {
        self.takes_stock_late() || self.cancels_what_is_being_paid()
    }

    /// Is nobody there to hear that a payment failed after the shopper was answered?
    pub(crate) fn hears_no_late_failure(self) -> bool {
        self.has(Defect::FailureWebhookIgnored)
    }

    /// Does a reserve count as money, whatever has become of it?
    pub(crate) fn takes_a_reserve_for_money(self) -> bool {
        self.has(Defect::ExpiredAuthorisationShips)
    }

    /// Is an event that could not be stored acknowledged all the same, in a shop that hears of money by events alone?
    pub(crate) fn swallows_errors_of_events(self) -> bool {
        self.has(Defect::WebhookErrorSwallowed)
    }

    /// Does a cancel leave the capture be?
    pub(crate) fn captures_what_was_cancelled(self) -> bool {
        self.has(Defect::CancelledOrderCaptured)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_are_read_back_and_agree_with_the_configuration() {
        for defect in Defect::ALL {
            assert_eq!(defect.slug().parse::<Defect>().unwrap(), defect);
            assert_eq!(serde_json::to_value(defect).unwrap(), defect.slug());
        }
        assert!("none-such".parse::<Defect>().unwrap_err().to_string().contains("cart-ordered-twice"));
    }
}
