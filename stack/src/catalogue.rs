//! The catalogue in memory: what does not change while the shop is open is never read from the store.

use std::collections::HashMap;

use serde_json::json;

use crate::config::{Config, Product};

/// All products, by popularity and by SKU.
pub(crate) struct Catalogue {
    /// Rendered for lists, most popular first.
    by_popularity: Vec<String>,
    /// Rendered for lists, in the order of the configuration.
    as_declared: Vec<String>,
    by_sku: HashMap<String, Product>,
}

/// How a list is ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sort {
    Declared,
    Popularity,
}

impl Catalogue {
    pub(crate) fn new(config: &Config) -> Self {
        let products = &config.catalogue.products;
        let mut sorted: Vec<&Product> = products.iter().collect();
        sorted.sort_by(|a, b| b.popularity.total_cmp(&a.popularity));
        let render = |product: &&Product| {
            json!({
                "sku": product.sku,
                "name": product.name,
                "unit_minor": product.unit_minor,
                "currency": config.currency,
                "popularity": product.popularity,
            })
            .to_string()
        };
        Self {
            by_popularity: sorted.iter().map(render).collect(),
            as_declared: products.iter().map(|product| render(&product)).collect(),
            by_sku: products.iter().map(|product| (product.sku.clone(), product.clone())).collect(),
        }
    }

    pub(crate) fn product(&self, sku: &str) -> Option<&Product> {
        self.by_sku.get(sku)
    }

    /// A page of the list, as JSON.
    pub(crate) fn page(&self, sort: Sort, offset: usize, limit: usize) -> String {
        let list = match sort {
            Sort::Declared => &self.as_declared,
            Sort::Popularity => &self.by_popularity,
        };
        let page: Vec<&str> = list.iter().skip(offset).take(limit).map(String::as_str).collect();
        format!("{{\"products\":[{}]}}", page.join(","))
    }
}
