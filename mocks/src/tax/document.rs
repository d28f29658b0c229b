//! A computed transaction: lines, amounts and taxes in minor units. Integers all the way.

use serde::{Deserialize, Serialize};

use super::decimal::{SCALE, divide, places, to_minor};
use super::rates::Rates;
use super::request::{Create, Kind, Line};

/// Where a document stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Status {
    /// A quote.
    Temporary,
    Saved,
    Committed,
    Cancelled,
}

/// A line with its tax.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct TaxedLine {
    pub(crate) number: String,
    /// In ten-thousandths.
    pub(crate) quantity: i64,
    pub(crate) item: String,
    pub(crate) description: Option<String>,
    pub(crate) tax_code: Option<String>,
    /// What the line comes to without its discount, and without a tax that it included.
    pub(crate) amount_minor: i64,
    pub(crate) discount_minor: i64,
    pub(crate) taxable_minor: i64,
    pub(crate) tax_minor: i64,
    pub(crate) is_tax_included: bool,
}

/// A transaction as it is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Document {
    pub(crate) n: i64,
    pub(crate) code: String,
    /// Whose it is; the provider's one account when nobody leased one.
    pub(crate) account: i64,
    pub(crate) is_quote: bool,
    pub(crate) status: Status,
    pub(crate) version: u32,
    pub(crate) date: String,
    pub(crate) customer: String,
    pub(crate) purchase_order: Option<String>,
    pub(crate) currency: String,
    pub(crate) line1: Option<String>,
    pub(crate) city: Option<String>,
    pub(crate) postal_code: Option<String>,
    pub(crate) region: String,
    pub(crate) country: String,
    pub(crate) basis_points: u32,
    pub(crate) lines: Vec<TaxedLine>,
    /// The shopper's intent under which it was made.
    pub(crate) mark: Option<String>,
}

impl Document {
    /// Computes a transaction.
    pub(super) fn compute(create: &Create, rates: &Rates, n: i64, code: String, account: i64, today: &str) -> Self {
        let country = create.ship_to.country.as_deref().unwrap_or_default();
        let rate = rates.at(country, create.ship_to.region.as_deref().unwrap_or_default());
        let discounts = spread(create);
        let lines = create
            .lines
            .iter()
            .zip(discounts)
            .map(|(line, discount)| tax(line, discount, i64::from(rate.basis_points), places(&create.currency)));
        Self {
            n,
            code,
            account,
            is_quote: create.kind == Kind::SalesOrder,
            status: match (create.kind, create.is_committed) {
                (Kind::SalesOrder, _) => Status::Temporary,
                (Kind::SalesInvoice, false) => Status::Saved,
                (Kind::SalesInvoice, true) => Status::Committed,
            },
            version: 1,
            date: create.date.clone().unwrap_or_else(|| today.to_owned()),
            customer: create.customer.clone(),
            purchase_order: create.purchase_order.clone(),
            currency: create.currency.clone(),
            line1: create.ship_to.line1.clone(),
            city: create.ship_to.city.clone(),
            postal_code: create.ship_to.postal_code.clone(),
            basis_points: rate.basis_points,
            lines: lines.collect(),
            region: rate.region,
            country: rate.country,
            mark: None,
        }
    }

    pub(crate) fn total_minor(&self) -> i64 {
        self.lines.iter().map(|line| line.amount_minor - line.discount_minor).sum()
    }

    pub(crate) fn taxable_minor(&self) -> i64 {
        self.lines.iter().map(|line| line.taxable_minor).sum()
    }

    pub(crate) fn discount_minor(&self) -> i64 {
        self.lines.iter().map(|line| line.discount_minor).sum()
    }

    pub(crate) fn tax_minor(&self) -> i64 {
        self.lines.iter().map(|line| line.tax_minor).sum()
    }
}

/// The document's discount, shared in whole minor units among the discounted lines by their amounts; the last one takes
/// what rounding leaves. In ten-thousandths.
fn spread(create: &Create) -> Vec<i64> {
    let places = places(&create.currency);
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

/// Taxes a line: amounts in ten-thousandths, the rate in basis points.
fn tax(line: &Line, discount: i64, basis_points: i64, places: u32) -> TaxedLine {
    let unit = i128::from(SCALE) / 10_i128.pow(places);
    let net = i128::from(line.amount - discount);
    let is_exempt = line.tax_code.as_deref() == Some("NT");
    let rate = i128::from(if is_exempt { 0 } else { basis_points });
    let tax_minor = if line.is_tax_included {
        divide(net * rate, (i128::from(SCALE) + rate) * unit)
    } else {
        divide(net * rate, i128::from(SCALE) * unit)
    };
    let amount_minor = to_minor(line.amount, places) - if line.is_tax_included { tax_minor } else { 0 };
    let discount_minor = to_minor(discount, places);
    TaxedLine {
        number: line.number.clone(),
        quantity: line.quantity,
        item: line.item.clone(),
        description: line.description.clone(),
        tax_code: line.tax_code.clone(),
        amount_minor,
        discount_minor,
        taxable_minor: if is_exempt { 0 } else { amount_minor - discount_minor },
        tax_minor,
        is_tax_included: line.is_tax_included,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::TaxRate;

    fn compute(lines: &str, more: &str) -> Document {
        let body = format!(
            r#"{{"type":"SalesInvoice","customerCode":"c","addresses":{{"shipTo":{{"country":"us","region":"ca"}}}},"lines":[{lines}]{more}}}"#
        );
        let Ok(create) = Create::read(body.as_bytes()) else { panic!("it is refused: {body}") };
        let rate = TaxRate { country: "US".to_owned(), region: Some("CA".to_owned()), basis_points: 725 };
        Document::compute(&create, &Rates::new(&[rate], 700), 1, "A".to_owned(), 0, "2025-11-28")
    }

    #[test]
    fn each_line_is_rounded_by_itself() {
        // 7.25% of 9.99 is 0.724275, twice; of the sum it would be 1.45.
        let document = compute(r#"{"amount":9.99},{"amount":9.99}"#, "");
        assert_eq!((document.total_minor(), document.tax_minor()), (1_998, 144));
    }

    #[test]
    fn a_discount_is_shared_without_a_rest() {
        let document = compute(
            r#"{"amount":10,"discounted":true},{"amount":10,"discounted":true},{"amount":10,"discounted":true},{"amount":5}"#,
            r#","discount":10"#,
        );
        let shares: Vec<i64> = document.lines.iter().map(|line| line.discount_minor).collect();
        assert_eq!(shares, [333, 333, 334, 0]);
        assert_eq!(document.total_minor(), 2_500);
    }

    #[test]
    fn included_tax_is_taken_out() {
        let document = compute(r#"{"amount":107.25,"taxIncluded":true},{"amount":10,"taxCode":"NT"}"#, "");
        assert_eq!((document.lines[0].amount_minor, document.lines[0].tax_minor), (10_000, 725));
        assert_eq!((document.lines[1].tax_minor, document.taxable_minor()), (0, 10_000));
    }

    #[test]
    fn currencies_without_cents_have_none() {
        let document = compute(r#"{"amount":1050}"#, r#","currencyCode":"JPY""#);
        assert_eq!((document.total_minor(), document.tax_minor()), (1_050, 76));
    }
}
