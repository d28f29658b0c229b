//! The shop's terms of business that storage applies inside its steps: promotions, shipping, holds, and the seeded
//! defects that sit there.

use std::{collections::HashMap, sync::Arc};

use crate::{
    cart::{Cart, Price},
    clock::identifier,
    config::{Config, Product, Promotion, Voucher},
    defects::Defects,
    flags::Flags,
    fraud::Judgement,
};

/// Everything of the configuration that a step needs.
#[derive(Clone, Debug)]
pub(crate) struct Terms {
    pub(crate) currency: String,
    pub(crate) products: Vec<Product>,
    pub(crate) promotions: HashMap<String, Promotion>,
    pub(crate) vouchers: Vec<Voucher>,
    pub(crate) flags: Arc<Flags>,
    /// Whether there is somebody to judge orders.
    pub(crate) judges: bool,
    pub(crate) tax_policy: &'static str,
    pub(crate) store_wait_ms: u64,
    pub(crate) hold_ttl_ms: i64,
    /// How long a dispatch waits for the shopper's change of mind.
    pub(crate) dispatch_after_ms: i64,
    pub(crate) split_every_nth: Option<i64>,
    pub(crate) authorisation_ttl_ms: i64,
    /// This process, among those that run on the store.
    pub(crate) instance: String,
    pub(crate) defects: Defects,
}

impl Terms {
    pub(crate) fn of(config: &Config, flags: Arc<Flags>) -> Self {
        Self {
            currency: config.currency.clone(),
            products: config.catalogue.products.clone(),
            promotions: config.promotions.iter().map(|it| (it.code.clone(), it.clone())).collect(),
            vouchers: config.vouchers.clone(),
            flags,
            judges: config.fraud.is_some(),
            tax_policy: config.tax.fallback.policy(),
            store_wait_ms: config.store_wait_ms,
            hold_ttl_ms: config.hold_ttl_ms as i64,
            dispatch_after_ms: config.fulfilment.after_ms as i64,
            split_every_nth: config.split_dispatch.map(|split| split.every_nth.max(1)),
            authorisation_ttl_ms: config.authorisation_ttl_ms as i64,
            instance: identifier("i_"),
            defects: Defects(config.defect),
        }
    }

    /// The judgement that an order begins with: none, where somebody is to judge or nobody could.
    pub(crate) fn fraud_at_birth(&self) -> Option<Judgement> {
        (self.judges && !self.flags.fraud()).then_some(Judgement::Off)
    }

    /// What a cart's promotion takes off, while promotions are on.
    pub(crate) fn discount_of(&self, cart: &Cart) -> i64 {
        let promotion = cart.promotion.as_ref().filter(|_| self.flags.promotions());
        let promotion = promotion.and_then(|code| self.promotions.get(code));
        Price::of(&cart.lines, promotion, 0).discount_minor
    }
}
