//! What shipping costs: asked of the provider, remembered for a zone and a weight, and read from a declared table when the
//! provider does not say. Without a provider it is the same for every order.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use crate::{
    cart::{Address, Line},
    config,
    providers::shipping::{Rate, Shipment, ShippingProvider},
};

/// Weights are rounded up to this step: parcels within it are asked for once.
const WEIGHT_STEP_G: i64 = 250;
/// Zones and weights that are remembered; beyond that everything is forgotten, and asked again.
const REMEMBERED_MAX: usize = 8_192;

/// Where a shipping amount came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ShippingSource {
    /// The provider quoted it.
    Quote,
    /// The declared table, because the provider did not say.
    Table,
    /// The same for every order.
    Flat,
}

impl ShippingSource {
    /// The source's name in the books.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Quote => "quote",
            Self::Table => "table",
            Self::Flat => "flat",
        }
    }
}

/// Shipping for one basket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Shipping {
    pub(crate) amount_minor: i64,
    pub(crate) source: ShippingSource,
    /// The provider's name of the quote.
    pub(crate) quote: Option<String>,
}

/// Whether the provider may be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asking {
    Provider,
    TableOnly,
}

/// What makes two parcels cost the same: where they go, and what they weigh.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Parcel {
    zone: String,
    weight_g: i64,
}

/// The desk that says what shipping costs.
pub(crate) struct ShippingDesk {
    provider: ShippingProvider,
    terms: config::Shipping,
    remembered: Mutex<HashMap<Parcel, (Instant, Rate)>>,
}

impl ShippingDesk {
    pub(crate) fn new(provider: ShippingProvider, terms: config::Shipping) -> Self {
        Self { provider, terms, remembered: Mutex::default() }
    }

    /// What shipping costs; the table's amount where the provider may not be asked or gives no usable answer.
    pub(crate) async fn rate(&self, basket: &Basket<'_>, asking: Asking) -> Shipping {
        let rate = match asking {
            Asking::Provider => self.quoted(basket).await,
            Asking::TableOnly => None,
        };
        match rate {
            Some(Rate { amount_minor, quote }) => {
                Shipping { amount_minor, source: ShippingSource::Quote, quote: Some(quote) }
            }
            None => Shipping { amount_minor: self.tabled(basket.address), source: ShippingSource::Table, quote: None },
        }
    }

    async fn quoted(&self, basket: &Basket<'_>) -> Option<Rate> {
        let parcel = Parcel { zone: zone(basket.address), weight_g: stepped(basket.weight_g) };
        if let Some(rate) = self.remembered(&parcel) {
            return Some(rate);
        }
        let shipment = Shipment {
            to: basket.address,
            from: &self.terms.origin,
            weight_g: parcel.weight_g,
            reference: basket.cart,
            currency: basket.currency,
            carried: basket.carried,
        };
        let rate = self.provider.rate(&shipment).await?;
        let mut remembered = self.remembered.lock();
        if remembered.len() >= REMEMBERED_MAX {
            remembered.clear();
        }
        remembered.insert(parcel, (Instant::now(), rate.clone()));
        Some(rate)
    }

    fn remembered(&self, parcel: &Parcel) -> Option<Rate> {
        let remembered = self.remembered.lock();
        let (since, rate) = remembered.get(parcel)?;
        (since.elapsed() < Duration::from_millis(self.terms.cache_ms)).then(|| rate.clone())
    }

    fn tabled(&self, address: &Address) -> i64 {
        let row = self.terms.table.iter().find(|row| row.country.eq_ignore_ascii_case(&address.country));
        row.map_or(self.terms.default_minor, |row| row.amount_minor)
    }
}

/// What is to be shipped for whom.
pub(crate) struct Basket<'a> {
    pub(crate) cart: &'a str,
    pub(crate) address: &'a Address,
    pub(crate) weight_g: i64,
    pub(crate) currency: &'a str,
    pub(crate) carried: &'a str,
}

/// What lines weigh together.
pub(crate) fn weight_g(lines: &[Line], weight_of: impl Fn(&str) -> i64) -> i64 {
    lines.iter().map(|line| weight_of(&line.sku).saturating_mul(line.quantity)).fold(0, i64::saturating_add)
}

/// Country, region and the head of the postal code, which is what carriers' zones are made of.
fn zone(address: &Address) -> String {
    let head: String = address.postal_code.chars().filter(|it| !it.is_whitespace()).take(3).collect();
    format!("{}/{}/{head}", address.country, address.region).to_ascii_uppercase()
}

fn stepped(weight_g: i64) -> i64 {
    weight_g.max(1).saturating_add(WEIGHT_STEP_G - 1) / WEIGHT_STEP_G * WEIGHT_STEP_G
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parcels_of_one_zone_and_step_are_the_same() {
        let address = |postal_code: &str| Address {
            name: "A".into(),
            line1: "1 Main St".into(),
            city: "Irvine".into(),
            region: "CA".into(),
            postal_code: postal_code.into(),
            country: "US".into(),
        };
        assert_eq!(zone(&address("92615")), zone(&address("926 01")));
        assert_ne!(zone(&address("92615")), zone(&address("10001")));
        assert_eq!((stepped(1), stepped(250), stepped(251)), (250, 250, 500));
    }

    #[test]
    fn weight_adds_up_and_never_overflows() {
        let line = |quantity| Line { sku: "s".into(), quantity, unit_minor: 1 };
        assert_eq!(weight_g(&[line(2), line(3)], |_| 100), 500);
        assert_eq!(weight_g(&[line(i64::MAX)], |_| 2), i64::MAX);
    }
}
