//! Which payment provider is asked: the one that the flag names or, left to itself, the first one while it can be reached.

use crate::{
    config::Capture,
    flags::PaymentRoute,
    order::PaymentProvider,
    shop::Shop,
    store::{CaptureTime, Charge, PaymentKind, Plan},
};

impl Shop {
    /// Where a new payment goes and how.
    pub(crate) fn plan(&self, kind: PaymentKind) -> Plan {
        let capture = match self.config.capture {
            Capture::AtCheckout => CaptureTime::AtOnce,
            Capture::AtDispatch => CaptureTime::AtDispatch,
        };
        Plan { provider: self.route(kind), kind, capture }
    }

    fn route(&self, kind: PaymentKind) -> PaymentProvider {
        // Browsers confirm with the first provider's key.
        let Some(backup) = self.gateways.backup.as_ref().filter(|_| kind == PaymentKind::Checkout) else {
            return PaymentProvider::Payment;
        };
        match self.flags.payment_route() {
            PaymentRoute::BackupPayment => PaymentProvider::BackupPayment,
            // Once its breaker lets a probe through, the first one is asked again.
            PaymentRoute::Auto if !self.gateways.first.is_reachable() && backup.is_reachable() => {
                PaymentProvider::BackupPayment
            }
            PaymentRoute::Auto | PaymentRoute::Payment => PaymentProvider::Payment,
        }
    }

    /// Whether the second provider may be asked in place of the first.
    pub(crate) fn may_go_elsewhere(&self) -> bool {
        self.gateways.backup.is_some() && self.flags.payment_route() == PaymentRoute::Auto
    }

    /// Where a payment may go that one provider is proven not to hold.
    pub(crate) fn other_route(&self, charge: &Charge) -> Option<PaymentProvider> {
        let may = charge.kind == PaymentKind::Checkout && self.may_go_elsewhere();
        may.then(|| charge.provider.other())
    }
}
