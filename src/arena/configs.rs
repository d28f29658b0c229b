//! What the children are started with: their configuration as JSON, which is all that judge and defendant share.

use model::fault::Provider;
use model::scenario::{Providers, ReferenceShop, TaxFallback};
use serde_json::{Value, json};
use std::path::Path;

/// What one piece of each article weighs, in grams.
pub const WEIGHT_G: i64 = 500;

/// What the shop is told of its surroundings.
pub struct ShopSurroundings<'a> {
    /// Base address of each provider, as the shop reaches it.
    pub addresses: &'a dyn Fn(Provider) -> String,
    /// The payment provider as browsers reach it.
    pub browser_payment: &'a str,
    /// The accounts.
    pub providers: &'a Providers,
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
                "stock": product.stock, "popularity": product.popularity, "weight_g": WEIGHT_G,
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
    let vouchers: Vec<Value> = shop
        .vouchers
        .iter()
        .map(|voucher| json!({ "code": voucher.code, "balance_minor": voucher.worth_minor }))
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
        "vouchers": vouchers,
        "payment": {
            "url": (around.addresses)(Provider::Payment),
            "secret_key": around.providers.secret_key,
            "publishable_key": around.providers.publishable_key(),
            "browser_url": around.browser_payment,
            "webhook_secret": around.providers.webhooks.as_ref().map_or("", |webhooks| webhooks.secret.as_str()),
        },
        "tax": {
            "url": (around.addresses)(Provider::Tax),
            "account": "doorbuster",
            "license": "simulated",
            "fallback": fallback,
        },
        "fulfilment": { "url": (around.addresses)(Provider::Warehouse) },
        "defect": around.defect,
    });
    for provider in [Provider::BackupPayment, Provider::Fraud, Provider::Shipping] {
        if shop.settings.contains_key(provider.name()) {
            config[provider.name()] = optional(provider, around);
        }
    }
    lay_over(&mut config, &Value::Object(shop.settings.clone()));
    config
}

/// A provider that the shop uses when its settings name it, if only as `{}`.
fn optional(provider: Provider, around: &ShopSurroundings<'_>) -> Value {
    let url = (around.addresses)(provider);
    let Providers { backup_payment, fraud, .. } = around.providers;
    match provider {
        Provider::BackupPayment => json!({
            "url": url,
            "api_key": backup_payment.api_key,
            "merchant_account": backup_payment.merchant_account,
            "hmac_key": backup_payment.hmac_key,
        }),
        Provider::Fraud => json!({ "url": url, "shop_domain": fraud.shop_domain, "auth_token": fraud.auth_token }),
        Provider::Shipping => json!({ "url": url, "api_key": "EZTKdoorbuster" }),
        Provider::Payment | Provider::Tax | Provider::Warehouse => json!({ "url": url }),
    }
}

/// The provider simulators' configuration.
pub fn providers(directory: &Path) -> Value {
    json!({
        "store": directory.join("providers.db"),
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
