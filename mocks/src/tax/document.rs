//! A computed transaction: places, lines and taxes in minor units. Integers all the way.

use serde::{Deserialize, Serialize};

use super::lines::{TaxedLine, spread, tax};
use super::moment::Date;
use super::rates::{Levy, NoPlace, RateChange, Rates};
use super::request::{Address, Create, Kind, Override};
use crate::decimal::{divide, places};

/// Where a document stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Status {
    /// A quote.
    Temporary,
    Saved,
    /// Verified, to be committed.
    Posted,
    Committed,
    Cancelled,
    /// Replaced by an adjustment.
    Adjusted,
}

/// A place, and what is levied there.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Place {
    pub(super) address: Address,
    pub(super) levies: Vec<Levy>,
}

impl Place {
    /// In millionths.
    pub(super) fn rate(&self) -> i64 {
        self.levies.iter().map(|levy| levy.rate).sum()
    }
}

/// A transaction as it is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Document {
    pub(crate) n: i64,
    pub(crate) code: String,
    /// Whose it is; the provider's one account when nobody leased one.
    pub(crate) account: i64,
    pub(crate) kind: Kind,
    pub(crate) status: Status,
    pub(crate) version: u32,
    pub(crate) is_locked: bool,
    /// Where it stood before it was cancelled.
    pub(crate) status_before: Option<Status>,
    /// Whether it was cancelled as if it had never been: its code is free.
    pub(crate) is_deleted: bool,
    pub(crate) adjustment_reason: Option<String>,
    pub(crate) adjustment_description: Option<String>,
    pub(crate) date: Date,
    /// The date whose rates count.
    pub(crate) tax_date: Date,
    pub(crate) modified_us: i64,
    pub(crate) customer: String,
    pub(crate) email: Option<String>,
    pub(crate) purchase_order: Option<String>,
    pub(crate) reference_code: Option<String>,
    pub(crate) salesperson: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) exemption_no: Option<String>,
    pub(crate) entity_use_code: Option<String>,
    pub(crate) tax_override: Option<Override>,
    pub(crate) currency: String,
    pub(crate) ship_from: Option<Address>,
    pub(crate) places: Vec<Place>,
    pub(crate) lines: Vec<TaxedLine>,
    /// What a fault added to the rates, in basis points.
    pub(crate) shift: i64,
    /// The shopper's intent under which it was made.
    pub(crate) mark: Option<String>,
}

/// What a transaction is computed from besides what was asked.
pub(super) struct Basis<'a> {
    pub(super) rates: &'a Rates,
    pub(super) changes: &'a [RateChange],
    pub(super) run: Option<&'a str>,
    pub(super) now_us: i64,
    /// Basis points that a fault adds to every rate.
    pub(super) shift: i64,
}

impl Document {
    /// Computes a transaction.
    pub(super) fn compute(
        create: &Create,
        basis: &Basis<'_>,
        n: i64,
        code: String,
        account: i64,
    ) -> Result<Self, Nowhere> {
        let date = create.date.clone().unwrap_or_else(|| Date::of(basis.now_us));
        let overridden = create.tax_override.as_ref().and_then(|instead| instead.date.clone());
        let tax_date = overridden.unwrap_or_else(|| date.clone());
        let (places_of_lines, at_place) = find_places(create, basis, &tax_date)?;
        let digits = places(&create.currency);
        let lines = create.lines.iter().zip(spread(create, digits)).zip(at_place).map(|((line, discount), place)| {
            tax(create, line, discount, place, &places_of_lines[place].levies, digits)
        });
        let mut document = Self {
            n,
            code,
            account,
            kind: create.kind,
            status: match (create.kind.is_quote(), create.is_committed) {
                (true, _) => Status::Temporary,
                (false, false) => Status::Saved,
                (false, true) => Status::Committed,
            },
            version: 1,
            is_locked: false,
            status_before: None,
            is_deleted: false,
            adjustment_reason: None,
            adjustment_description: None,
            date,
            tax_date,
            modified_us: basis.now_us,
            customer: create.customer.clone(),
            email: create.email.clone(),
            purchase_order: create.purchase_order.clone(),
            reference_code: create.reference_code.clone(),
            salesperson: create.salesperson.clone(),
            description: create.description.clone(),
            exemption_no: create.exemption_no.clone(),
            entity_use_code: create.entity_use_code.clone(),
            tax_override: create.tax_override.clone(),
            currency: create.currency.clone(),
            ship_from: create.ship_from.clone(),
            lines: lines.collect(),
            places: places_of_lines,
            shift: basis.shift,
            mark: None,
        };
        if let Some(tax) = create.tax_override.as_ref().and_then(|instead| instead.tax) {
            document.override_tax(crate::decimal::to_minor(tax, digits));
        }
        Ok(document)
    }

    /// Shares a given tax among the lines that have none of their own, by what was computed for them, else by what they
    /// come to; the last takes what rounding leaves.
    fn override_tax(&mut self, tax_minor: i64) {
        let mut free: Vec<&mut TaxedLine> = self.lines.iter_mut().filter(|line| line.overridden.is_none()).collect();
        let computed: i64 = free.iter().map(|line| line.computed_minor()).sum();
        let weight = |line: &TaxedLine| match computed {
            0 => line.amount_minor - line.discount_minor,
            _ => line.computed_minor(),
        };
        let whole: i64 = free.iter().map(|line| weight(line)).sum();
        let count = free.len();
        let mut left = tax_minor;
        for (at, line) in free.iter_mut().enumerate() {
            let share = match (at + 1 == count, whole) {
                (true, _) | (false, 0) => left,
                (false, _) => divide(i128::from(tax_minor) * i128::from(weight(line)), i128::from(whole)),
            };
            left -= share;
            line.override_tax(share);
        }
    }

    /// The country where it goes.
    pub(crate) fn country(&self) -> Option<&str> {
        self.places.first()?.address.country.as_deref()
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
        self.lines.iter().map(TaxedLine::tax_minor).sum()
    }

    /// The tax without any override.
    pub(crate) fn computed_minor(&self) -> i64 {
        self.lines.iter().map(TaxedLine::computed_minor).sum()
    }
}

/// Why and where nothing can be taxed.
pub(super) type Nowhere = Box<(NoPlace, Address)>;

/// The places that lines go to, each once, and which one each line goes to.
fn find_places(create: &Create, basis: &Basis<'_>, tax_date: &Date) -> Result<(Vec<Place>, Vec<usize>), Nowhere> {
    let (mut found, mut of_lines): (Vec<Place>, Vec<usize>) = (Vec::with_capacity(1), Vec::new());
    for line in &create.lines {
        let address = line.ship_to.as_ref().or(create.ship_to.as_ref());
        let address = address.expect("reading refuses a line that goes nowhere");
        let known = found.iter().position(|place| place.address == *address);
        of_lines.push(known.unwrap_or(found.len()));
        if known.is_none() {
            let mut levies = basis.rates.at(address).map_err(|why| Box::new((why, address.clone())))?;
            let at_us = tax_date.moment_us(basis.now_us);
            basis.rates.bring_to(&mut levies, basis.changes, basis.run, at_us, basis.shift);
            found.push(Place { address: address.clone(), levies });
        }
    }
    Ok((found, of_lines))
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
        let basis =
            Basis { rates: &Rates::new(&[rate], 700, Vec::new()), changes: &[], run: None, now_us: 0, shift: 0 };
        Document::compute(&create, &basis, 1, "A".to_owned(), 0).expect("a place")
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
        assert_eq!((document.lines[0].amount_minor, document.lines[0].tax_minor()), (10_000, 725));
        assert_eq!((document.lines[1].tax_minor(), document.taxable_minor()), (0, 10_000));
    }

    #[test]
    fn currencies_have_their_own_digits() {
        let document = compute(r#"{"amount":1050}"#, r#","currencyCode":"JPY""#);
        assert_eq!((document.total_minor(), document.tax_minor()), (1_050, 76));
        // 7.25% of 1.234 dinars is 0.089465.
        let document = compute(r#"{"amount":1.234}"#, r#","currencyCode":"KWD""#);
        assert_eq!((document.total_minor(), document.tax_minor()), (1_234, 89));
    }

    #[test]
    fn a_given_tax_is_shared_and_the_computed_one_kept() {
        let instead = r#","taxOverride":{"type":"TaxAmount","taxAmount":1.00,"reason":"outage"}"#;
        let document = compute(r#"{"amount":10},{"amount":20},{"amount":5,"taxCode":"NT"}"#, instead);
        let taxes: Vec<i64> = document.lines.iter().map(TaxedLine::tax_minor).collect();
        assert_eq!((taxes, document.tax_minor(), document.computed_minor()), (vec![33, 67, 0], 100, 218));
        let zero = compute(r#"{"amount":5,"taxCode":"NT"}"#, instead);
        assert_eq!(zero.tax_minor(), 100, "where nothing was computed the amounts share it");
    }

    #[test]
    fn who_is_exempt_pays_nothing() {
        for more in [r#","exemptionNo":"12-345""#, r#","entityUseCode":"A""#, r#","customerUsageType":"G""#] {
            let document = compute(r#"{"amount":10}"#, more);
            assert_eq!(
                (document.tax_minor(), document.taxable_minor(), document.total_minor()),
                (0, 0, 1_000),
                "{more}"
            );
        }
        assert_eq!(compute(r#"{"amount":10}"#, r#","entityUseCode":"TAXABLE""#).tax_minor(), 73);
    }
}
