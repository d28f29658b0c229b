//! The lines of a transaction: what each comes to, what of it is taxed, and by whom.

use serde::{Deserialize, Serialize};

use super::rates::{Levy, RATE_SCALE};
use super::request::{Create, Line};
use crate::decimal::{SCALE, divide, to_minor};

/// The tax code of what is never taxed.
const NON_TAXABLE: &str = "NT";
/// The use code that says that an otherwise exempt customer pays.
const TAXABLE: &str = "TAXABLE";

/// A line with its tax.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct TaxedLine {
    pub(super) number: String,
    /// In ten-thousandths.
    pub(super) quantity: i64,
    pub(super) item: String,
    pub(super) description: Option<String>,
    pub(super) tax_code: Option<String>,
    pub(super) ref1: Option<String>,
    pub(super) ref2: Option<String>,
    pub(super) exemption_no: Option<String>,
    pub(super) entity_use_code: Option<String>,
    /// What the line comes to without its discount, and without a tax that it included.
    pub(super) amount_minor: i64,
    pub(super) discount_minor: i64,
    pub(super) taxable_minor: i64,
    /// Number of its place.
    pub(super) place: usize,
    /// What each jurisdiction of the place takes.
    pub(super) taxes_minor: Vec<i64>,
    /// What is taken in its stead, because the caller said so.
    pub(super) overridden: Option<i64>,
    pub(super) override_reason: Option<String>,
    pub(super) is_tax_included: bool,
}

impl TaxedLine {
    /// The tax without any override.
    pub(super) fn computed_minor(&self) -> i64 {
        self.taxes_minor.iter().sum()
    }

    pub(super) fn tax_minor(&self) -> i64 {
        self.overridden.unwrap_or_else(|| self.computed_minor())
    }

    pub(super) const fn override_tax(&mut self, tax_minor: i64) {
        self.overridden = Some(tax_minor);
    }

    /// The same line with other amounts and other taxes.
    pub(super) fn times(&self, amount: impl Fn(i64) -> i64, tax: impl Fn(i64) -> i64) -> Self {
        Self {
            amount_minor: amount(self.amount_minor),
            discount_minor: amount(self.discount_minor),
            taxable_minor: amount(self.taxable_minor),
            taxes_minor: self.taxes_minor.iter().map(|minor| tax(*minor)).collect(),
            overridden: self.overridden.map(&tax),
            ..self.clone()
        }
    }

    /// What each jurisdiction is told to take: the computed tax, or its share of the given one, the last taking the rest.
    pub(super) fn told_minor(&self) -> Vec<i64> {
        let Some(given) = self.overridden else { return self.taxes_minor.clone() };
        let computed = self.computed_minor();
        let mut left = given;
        let last = self.taxes_minor.len().saturating_sub(1);
        let shares = self.taxes_minor.iter().enumerate().map(|(at, tax)| {
            let share = match (at == last, computed) {
                (true, _) => left,
                (false, 0) => 0,
                (false, _) => divide(i128::from(given) * i128::from(*tax), i128::from(computed)),
            };
            left -= share;
            share
        });
        shares.collect()
    }
}

/// The document's discount, shared in whole minor units among the discounted lines by their amounts; the last one takes
/// what rounding leaves. In ten-thousandths.
pub(super) fn spread(create: &Create, places: u32) -> Vec<i64> {
    let unit = SCALE / 10_i64.pow(places);
    let base: i64 = create.lines.iter().filter(|line| line.is_discounted).map(|line| line.amount).sum();
    let last = create.lines.iter().rposition(|line| line.is_discounted);
    let whole = if base > 0 { to_minor(create.discount, places) } else { 0 };
    let mut left = whole;
    let share = |at: usize, line: &Line, left: i64| match line.is_discounted {
        false => 0,
        true if Some(at) == last => left,
        true => divide(i128::from(whole) * i128::from(line.amount), i128::from(base.max(1))),
    };
    let shares = create.lines.iter().enumerate().map(|(at, line)| {
        let share = share(at, line, left);
        left -= share;
        share * unit
    });
    shares.collect()
}

fn is_exempt(create: &Create, line: &Line) -> bool {
    let use_code = line.entity_use_code.as_deref().or(create.entity_use_code.as_deref());
    line.tax_code.as_deref() == Some(NON_TAXABLE)
        || match use_code {
            Some(code) => !code.eq_ignore_ascii_case(TAXABLE),
            None => line.exemption_no.is_some() || create.exemption_no.is_some(),
        }
}

/// Taxes a line: amounts in ten-thousandths; each jurisdiction's part is rounded by itself.
pub(super) fn tax(
    create: &Create,
    line: &Line,
    discount: i64,
    place: usize,
    levies: &[Levy],
    places: u32,
) -> TaxedLine {
    let unit = i128::from(SCALE) / 10_i128.pow(places);
    let net = i128::from(line.amount - discount);
    let is_exempt = is_exempt(create, line);
    let rates: Vec<i128> = levies.iter().map(|levy| if is_exempt { 0 } else { i128::from(levy.rate) }).collect();
    let taxes_minor = if line.is_tax_included {
        take_out(net, &rates, unit)
    } else {
        rates.iter().map(|rate| divide(net * rate, i128::from(RATE_SCALE) * unit)).collect()
    };
    let included: i64 = if line.is_tax_included { taxes_minor.iter().sum() } else { 0 };
    let amount_minor = to_minor(line.amount, places) - included;
    let discount_minor = to_minor(discount, places);
    let instead = line.tax_override.as_ref();
    TaxedLine {
        number: line.number.clone(),
        quantity: line.quantity,
        item: line.item.clone(),
        description: line.description.clone(),
        tax_code: line.tax_code.clone(),
        ref1: line.ref1.clone(),
        ref2: line.ref2.clone(),
        exemption_no: line.exemption_no.clone(),
        entity_use_code: line.entity_use_code.clone(),
        amount_minor,
        discount_minor,
        taxable_minor: if is_exempt { 0 } else { amount_minor - discount_minor },
        place,
        taxes_minor,
        overridden: instead.and_then(|instead| instead.tax).map(|tax| to_minor(tax, places)),
        override_reason: instead.map(|instead| instead.reason.clone()),
        is_tax_included: line.is_tax_included,
    }
}

/// The tax that an amount includes, as a whole rounded once; the last jurisdiction takes what rounding leaves.
fn take_out(net: i128, rates: &[i128], unit: i128) -> Vec<i64> {
    let sum: i128 = rates.iter().sum();
    let whole = divide(net * sum, (i128::from(RATE_SCALE) + sum) * unit);
    let mut left = whole;
    let last = rates.len().saturating_sub(1);
    let parts = rates.iter().enumerate().map(|(at, rate)| {
        let part = if at == last { left } else { divide(i128::from(whole) * rate, sum.max(1)) };
        left -= part;
        part
    });
    parts.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn included_taxes_add_up() {
        let parts = take_out(1_000_000, &[40_000, 45_000, 3_750], 100);
        assert_eq!((parts.clone(), parts.iter().sum::<i64>()), (vec![367, 413, 35], 815));
    }
}
