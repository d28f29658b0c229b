//! The seeded defects: mistakes that real shops made, each switched on by name and asked for at one place of the shop.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// A mistake that the shop can be told to make. All are off by default.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Defect {
    /// Every retry of a charge goes out under a new idempotency key.
    FreshKeyPerRetry,
    /// Nothing is stored before the charge, so a crash forgets it.
    ChargeBeforeRecoveryPoint,
    /// A payment whose answer was lost is stored as failed, for good.
    UnknownForcedToFailed,
    /// The cart is claimed after the payment instead of before it.
    CartOrderedTwice,
    /// Stock is read in one transaction and written as read minus quantity in another.
    CheckThenDecrement,
    /// The promotion's limit is checked at the start, its use counted after the order.
    CouponOverspent,
    /// A tax outage becomes tax 0, not to be told from a true 0.
    TaxOutageIsZero,
    /// A failure event of the provider overwrites the order's state, however late it comes.
    LateFailureOverwritesSuccess,
}

impl Defect {
    /// Every defect, in the order of the documentation.
    pub const ALL: [Self; 8] = [
        Self::FreshKeyPerRetry,
        Self::ChargeBeforeRecoveryPoint,
        Self::UnknownForcedToFailed,
        Self::CartOrderedTwice,
        Self::CheckThenDecrement,
        Self::CouponOverspent,
        Self::TaxOutageIsZero,
        Self::LateFailureOverwritesSuccess,
    ];

    /// The name on the command line and in documents.
    #[must_use]
    pub fn slug(self) -> &'static str {
        match self {
            Self::FreshKeyPerRetry => "fresh-key-per-retry",
            Self::ChargeBeforeRecoveryPoint => "charge-before-recovery-point",
            Self::UnknownForcedToFailed => "unknown-forced-to-failed",
            Self::CartOrderedTwice => "cart-ordered-twice",
            Self::CheckThenDecrement => "check-then-decrement",
            Self::CouponOverspent => "coupon-overspent",
            Self::TaxOutageIsZero => "tax-outage-is-zero",
            Self::LateFailureOverwritesSuccess => "late-failure-overwrites-success",
        }
    }

    /// One sentence on what the shop does wrong.
    #[must_use]
    pub fn summary(self) -> &'static str {
        match self {
            Self::FreshKeyPerRetry => "every retry of a charge mints a new idempotency key",
            Self::ChargeBeforeRecoveryPoint => {
                "nothing is stored before the charge, so after a crash the repeated request charges anew"
            }
            Self::UnknownForcedToFailed => "a payment whose answer was lost is stored as failed, for good",
            Self::CartOrderedTwice => "the cart is claimed after the payment, so a second tab makes a second order",
            Self::CheckThenDecrement => {
                "stock is read in one transaction and written as read minus quantity in another"
            }
            Self::CouponOverspent => "the coupon's limit is checked at the start and its use counted after the order",
            Self::TaxOutageIsZero => "a tax outage becomes tax 0, not to be told from a true 0",
            Self::LateFailureOverwritesSuccess => "a late failure event overwrites a paid order",
        }
    }

    /// Where the mistake was reported in a real project.
    #[must_use]
    pub fn origin(self) -> &'static str {
        match self {
            Self::FreshKeyPerRetry => "stripe clients with a retry around them; akash-network/console PR 3449",
            Self::ChargeBeforeRecoveryPoint => "woocommerce-gateway-stripe 3638",
            Self::UnknownForcedToFailed => "hyperswitch PR 2380",
            Self::CartOrderedTwice => "magento2 13952, 10767",
            Self::CheckThenDecrement => "vendure 3508, magento2 11488, Sylius 2776",
            Self::CouponOverspent => "saleor 544, spree 11284",
            Self::TaxOutageIsZero => "saleor 12685, ClassyLlama_AvaTax 125",
            Self::LateFailureOverwritesSuccess => "adyen-shopware6 311",
        }
    }
}

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

/// The questions that the shop asks; each is answered `false` without its defect, and each is asked at one place.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Defects(pub(crate) Option<Defect>);

impl Defects {
    fn has(self, defect: Defect) -> bool {
        self.0 == Some(defect)
    }

    /// Does a retry of a charge go out under a key of its own?
    pub(crate) fn mints_a_key_per_retry(self) -> bool {
        self.has(Defect::FreshKeyPerRetry)
    }

    /// Does the charge come before anything is stored?
    pub(crate) fn charges_before_storing(self) -> bool {
        self.has(Defect::ChargeBeforeRecoveryPoint)
    }

    /// Is a payment without an answer failed, whatever is learnt later?
    pub(crate) fn forces_unknown_to_failed(self) -> bool {
        self.has(Defect::UnknownForcedToFailed)
    }

    /// Is the cart claimed only once it is paid?
    pub(crate) fn claims_the_cart_late(self) -> bool {
        self.has(Defect::CartOrderedTwice)
    }

    /// Is stock written back from a value read earlier?
    pub(crate) fn writes_stock_back(self) -> bool {
        self.has(Defect::CheckThenDecrement)
    }

    /// Is a promotion's use counted after the payment?
    pub(crate) fn counts_promotions_late(self) -> bool {
        self.has(Defect::CouponOverspent)
    }

    /// Does a missing tax quote count as a quote of zero?
    pub(crate) fn takes_no_quote_for_zero(self) -> bool {
        self.has(Defect::TaxOutageIsZero)
    }

    /// Does a failure event overwrite whatever state the order is in?
    pub(crate) fn believes_every_failure_event(self) -> bool {
        self.has(Defect::LateFailureOverwritesSuccess)
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
