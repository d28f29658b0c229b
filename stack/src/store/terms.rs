//! The shop's terms of business that storage applies inside its steps: promotions, shipping, holds, and the seeded
//! defects that sit there.

use std::collections::HashMap;

use crate::{
    config::{Config, Product, Promotion},
    defects::Defects,
};

/// Everything of the configuration that a step needs.
#[derive(Clone, Debug)]
pub(crate) struct Terms {
    pub(crate) currency: String,
    pub(crate) shipping_minor: i64,
    pub(crate) products: Vec<Product>,
    pub(crate) promotions: HashMap<String, Promotion>,
    pub(crate) tax_policy: &'static str,
    pub(crate) hold_ttl_ms: i64,
    pub(crate) defects: Defects,
}

impl Terms {
    pub(crate) fn of(config: &Config) -> Self {
        Self {
            currency: config.currency.clone(),
            shipping_minor: config.shipping_minor,
            products: config.catalogue.products.clone(),
            promotions: config.promotions.iter().map(|it| (it.code.clone(), it.clone())).collect(),
            tax_policy: config.tax.fallback.policy(),
            hold_ttl_ms: config.hold_ttl_ms as i64,
            defects: Defects(config.defect),
        }
    }
}
