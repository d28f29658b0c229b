//! Carts and their arithmetic: lines, address, promotion, and what it all costs. Money is an integer of minor units.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{config::Promotion, shipping::Shipping};

/// So many of one product at one price.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Line {
    /// The product.
    pub sku: String,
    /// How many.
    pub quantity: i64,
    /// Price of one, in minor units.
    pub unit_minor: i64,
}

/// Where a basket goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Address {
    /// Who receives it.
    pub name: String,
    /// Street and number.
    pub line1: String,
    /// City.
    pub city: String,
    /// State or province.
    #[serde(default)]
    pub region: String,
    /// Postal code.
    pub postal_code: String,
    /// ISO 3166 code.
    pub country: String,
}

/// Where a tax amount came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaxSource {
    /// The provider quoted it.
    Quote,
    /// The declared rate for an outage; the order stays flagged.
    Fallback,
}

impl TaxSource {
    /// The source's name in the books.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Quote => "quote",
            Self::Fallback => "fallback",
        }
    }
}

/// Shipping and tax of a cart as it was at one version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Quote {
    /// The code under which the tax provider was asked.
    pub(crate) code: String,
    /// Tax in minor units.
    pub(crate) tax_minor: i64,
    /// Where it came from.
    pub(crate) source: TaxSource,
    pub(crate) shipping: Shipping,
    /// What was priced: [`Cart::fingerprint`].
    pub(crate) priced: String,
}

/// A cart as stored.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cart {
    /// `c_…`.
    pub id: String,
    /// Grows with every change.
    pub version: i64,
    /// In the order of their SKUs.
    pub lines: Vec<Line>,
    /// Where it goes, once known.
    pub address: Option<Address>,
    /// A promotion code that was accepted.
    pub promotion: Option<String>,
    /// The quote for this very version, if there is one.
    pub quote: Option<Quote>,
    /// The order that was made of it.
    pub order_seq: Option<i64>,
    /// The account it was opened with.
    pub account: Option<String>,
    /// A voucher that was accepted, and what is left on it.
    pub voucher: Option<(String, i64)>,
}

impl Cart {
    /// What a quote depends on, in brief: a quote for anything else is no quote for this cart.
    pub(crate) fn fingerprint(&self, discount_minor: i64, currency: &str) -> String {
        let mut hash = Sha256::new();
        let mut part = |text: &[u8]| {
            hash.update((text.len() as u64).to_le_bytes());
            hash.update(text);
        };
        part(currency.as_bytes());
        part(&discount_minor.to_le_bytes());
        for line in &self.lines {
            part(line.sku.as_bytes());
            part(&line.quantity.to_le_bytes());
            part(&line.unit_minor.to_le_bytes());
        }
        if let Some(it) = &self.address {
            for text in [&it.line1, &it.city, &it.region, &it.postal_code, &it.country] {
                part(text.as_bytes());
            }
        }
        hex::encode(&hash.finalize()[..12])
    }

    /// The quote, if it priced what would be ordered now.
    pub(crate) fn fitting_quote(&self, discount_minor: i64, currency: &str) -> Option<&Quote> {
        self.quote.as_ref().filter(|quote| quote.priced == self.fingerprint(discount_minor, currency))
    }

    /// What the voucher covers of a total, in minor units.
    pub(crate) fn voucher_covers_minor(&self, total_minor: i64, currency: &str) -> i64 {
        self.voucher.as_ref().map_or(0, |(_, balance_minor)| covered_minor(*balance_minor, total_minor, currency))
    }
}

/// What a cart costs before tax.
#[expect(clippy::struct_field_names, reason = "every amount names its unit")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Price {
    /// Lines before discount.
    pub subtotal_minor: i64,
    /// Off the subtotal.
    pub discount_minor: i64,
    /// Shipping.
    pub shipping_minor: i64,
}

impl Price {
    /// Prices lines under a promotion.
    #[must_use]
    pub fn of(lines: &[Line], promotion: Option<&Promotion>, shipping_minor: i64) -> Self {
        let discount_minor = promotion.map_or(0, |promotion| discount(subtotal(lines), promotion));
        Self::with_discount(lines, discount_minor, shipping_minor)
    }

    /// Prices lines with a discount that is worked out already.
    #[must_use]
    pub fn with_discount(lines: &[Line], discount_minor: i64, shipping_minor: i64) -> Self {
        Self { subtotal_minor: subtotal(lines), discount_minor, shipping_minor }
    }

    /// What tax is asked on.
    #[must_use]
    pub fn taxable_minor(self) -> i64 {
        self.subtotal_minor - self.discount_minor + self.shipping_minor
    }

    /// What it costs with tax: rounded up to what can be charged. Nothing is taxed on the rounding, and both the answer to
    /// a quote and the book name it.
    #[must_use]
    pub fn total_minor(self, tax_minor: i64, currency: &str) -> i64 {
        let step_minor = charge_step_minor(currency);
        let exact_minor = self.taxable_minor() + tax_minor;
        exact_minor + (step_minor - exact_minor % step_minor) % step_minor
    }
}

/// Sum of the lines, in minor units.
#[must_use]
pub fn subtotal(lines: &[Line]) -> i64 {
    lines.iter().map(|line| line.unit_minor.saturating_mul(line.quantity)).fold(0, i64::saturating_add)
}

/// What a promotion takes off a subtotal: rounded down, never more than the subtotal.
#[must_use]
pub fn discount(subtotal_minor: i64, promotion: &Promotion) -> i64 {
    let share = i128::from(subtotal_minor) * i128::from(promotion.percent_bp) / 10_000;
    (share as i64).saturating_add(promotion.amount_minor).clamp(0, subtotal_minor)
}

/// The lines' amounts net of the discount, which is spread in proportion; they add up exactly.
#[must_use]
pub fn net_amounts(lines: &[Line], discount_minor: i64) -> Vec<i64> {
    let subtotal_minor = subtotal(lines);
    let (mut gross, mut taken) = (0, 0);
    let mut net = Vec::with_capacity(lines.len());
    for line in lines {
        let amount = line.unit_minor * line.quantity;
        gross += amount;
        let due = i128::from(discount_minor) * i128::from(gross) / i128::from(subtotal_minor.max(1));
        net.push(amount - (due as i64 - taken));
        taken = due as i64;
    }
    net
}

/// Tax at a rate in basis points, rounded half up.
#[must_use]
pub fn tax_at(taxable_minor: i64, rate_bp: i64) -> i64 {
    ((i128::from(taxable_minor) * i128::from(rate_bp) + 5_000) / 10_000) as i64
}

/// Digits after the point in amounts of a currency, after ISO 4217.
#[must_use]
pub fn exponent(currency: &str) -> u32 {
    match currency {
        "BIF" | "CLP" | "DJF" | "GNF" | "ISK" | "JPY" | "KMF" | "KRW" | "PYG" | "RWF" | "UGX" | "UYI" | "VND"
        | "VUV" | "XAF" | "XOF" | "XPF" => 0,
        "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
        _ => 2,
    }
}

/// What every charge in a currency is a multiple of, in minor units: of amounts with three digits after the point the last
/// one must be 0 (docs.stripe.com/currencies#three-decimal).
#[must_use]
pub fn charge_step_minor(currency: &str) -> i64 {
    if exponent(currency) == 3 { 10 } else { 1 }
}

/// What a balance covers of a total: all of it, or so much that the rest can be charged.
#[must_use]
pub fn covered_minor(balance_minor: i64, total_minor: i64, currency: &str) -> i64 {
    let covered_minor = balance_minor.clamp(0, total_minor);
    if covered_minor == total_minor {
        covered_minor
    } else {
        covered_minor - covered_minor % charge_step_minor(currency)
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn three_decimal_totals_can_be_charged() {
        let price = Price { subtotal_minor: 12_345, discount_minor: 0, shipping_minor: 495 };
        assert_eq!((price.total_minor(1_059, "KWD"), price.total_minor(1_061, "KWD")), (13_900, 13_910));
        assert_eq!((price.total_minor(1_060, "KWD"), price.total_minor(1_059, "USD")), (13_900, 13_899));
        assert_eq!((covered_minor(1_234, 13_900, "KWD"), covered_minor(13_904, 13_900, "KWD")), (1_230, 13_900));
        assert_eq!((covered_minor(1_234, 13_900, "USD"), covered_minor(-5, 13_900, "USD")), (1_234, 0));
    }

    use super::*;

    fn line(unit_minor: i64, quantity: i64) -> Line {
        Line { sku: "s".into(), quantity, unit_minor }
    }

    fn promotion(percent_bp: i64, amount_minor: i64) -> Promotion {
        Promotion { code: "P".into(), percent_bp, amount_minor, limit: 1 }
    }

    #[test]
    fn a_discount_rounds_down_and_never_exceeds_the_subtotal() {
        assert_eq!(discount(999, &promotion(1_000, 0)), 99);
        assert_eq!(discount(300, &promotion(0, 500)), 300);
        assert_eq!(Price::of(&[line(999, 1)], Some(&promotion(1_000, 0)), 500).taxable_minor(), 1_400);
    }

    #[test]
    fn net_amounts_add_up_exactly() {
        let lines = [line(333, 1), line(333, 2), line(1, 1)];
        for discount_minor in 0..=1_000 {
            let net = net_amounts(&lines, discount_minor);
            assert_eq!(net.iter().sum::<i64>(), 1_000 - discount_minor);
            assert!(net.iter().all(|&amount| amount >= 0));
        }
    }

    #[test]
    fn tax_rounds_half_up() {
        assert_eq!(tax_at(1_000, 825), 83);
        assert_eq!(tax_at(0, 825), 0);
    }
}
