//! What the children are started with: their configuration as JSON, which is all that judge and defendant share.

use model::scenario::{ReferenceShop, TaxFallback, Webhooks};
use serde_json::{Value, json};
use std::path::Path;

/// Addresses and secrets of the providers, as the shop is told them.
pub struct ShopSurroundings<'a> {
    /// Base address of the payment provider.
    pub payment: &'a str,
    /// Of the tax provider.
    pub tax: &'a str,
    /// Of the warehouse.
    pub warehouse: &'a str,
    /// The payment account's secret key.
    pub secret_key: &'a str,
    /// How webhooks come.
    pub webhooks: Option<&'a Webhooks>,
    /// A seeded defect.
    pub defect: Option<&'a str>,
}

/// The reference shop's configuration; the scenario's `settings` are laid over it, member by member.
pub fn shop(shop: &ReferenceShop, around: &ShopSurroundings<'_>, directory: &Path) -> Value {
    let products: Vec<Value> = shop
        .products
        .iter()
        .map(|product| {
            json!({
                "sku": product.sku, "name": product.name, "unit_minor": product.unit_minor,
                "stock": product.stock, "popularity": product.popularity,
            })
        })
        .collect();
    let promotions: Vec<Value> = shop
        .promotions
        .iter()
        .map(
            |promotion| json!({ "code": promotion.code, "percent_bp": promotion.percent_bp, "limit": promotion.limit }),
        )
        .collect();
    let fallback = match shop.tax_fallback {
        TaxFallback::Block => json!("block"),
        TaxFallback::Rate(rate_bp) => json!({ "rate": { "rate_bp": rate_bp } }),
    };
    let mut config = json!({
        "listen": "127.0.0.1:0",
        "store": directory.join("shop.db"),
        "currency": shop.currency.code(),
        "catalogue": { "products": products },
        "promotions": promotions,
        "payment": {
            "url": around.payment,
            "secret_key": around.secret_key,
            "webhook_secret": around.webhooks.map_or("", |webhooks| webhooks.secret.as_str()),
        },
        "tax": { "url": around.tax, "account": "doorbuster", "license": "simulated", "fallback": fallback },
        "fulfilment": { "url": around.warehouse },
        "defect": around.defect,
    });
    lay_over(&mut config, &Value::Object(shop.settings.clone()));
    config
}

/// The provider simulators' configuration.
pub fn providers(directory: &Path) -> Value {
    json!({
        "store": directory.join("providers.db"),
        "payment": "127.0.0.1:0",
        "tax": "127.0.0.1:0",
        "warehouse": "127.0.0.1:0",
        "admin": "127.0.0.1:0",
    })
}

/// The fault proxy's configuration.
pub fn proxy() -> Value {
    json!({ "api": "127.0.0.1:0" })
}

fn lay_over(below: &mut Value, above: &Value) {
    match (below, above) {
        (Value::Object(below), Value::Object(above)) => {
            for (name, value) in above {
                lay_over(below.entry(name.clone()).or_insert(Value::Null), value);
            }
        }
        (below, above) => *below = above.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_lie_over_the_defaults_member_by_member() {
        let mut config = json!({ "payment": { "url": "u", "retries": 2 }, "listen": "x" });
        lay_over(&mut config, &json!({ "payment": { "retries": 5 }, "hold_ttl_ms": 1 }));
        assert_eq!(config, json!({ "payment": { "url": "u", "retries": 5 }, "listen": "x", "hold_ttl_ms": 1 }));
    }
}
