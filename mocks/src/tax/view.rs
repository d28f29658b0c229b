//! Transactions as `AvaTax` shows them.

use serde::Serialize;

use super::decimal::{Money, SCALE, places};
use super::document::{Document, Status, TaxedLine};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Detail<'a> {
    country: &'a str,
    region: &'a str,
    juris_type: &'static str,
    juris_name: &'a str,
    tax_name: String,
    tax_type: &'static str,
    rate: f64,
    taxable_amount: Money,
    tax: Money,
    tax_calculated: Money,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LineView<'a> {
    line_number: &'a str,
    item_code: &'a str,
    description: Option<&'a str>,
    tax_code: Option<&'a str>,
    quantity: f64,
    line_amount: Money,
    discount_amount: Money,
    exempt_amount: Money,
    taxable_amount: Money,
    tax: Money,
    tax_calculated: Money,
    tax_included: bool,
    details: [Detail<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AddressView<'a> {
    line1: Option<&'a str>,
    city: Option<&'a str>,
    region: &'a str,
    postal_code: Option<&'a str>,
    country: &'a str,
}

/// A transaction.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DocumentView<'a> {
    id: i64,
    code: &'a str,
    company_id: i64,
    date: &'a str,
    status: Status,
    #[serde(rename = "type")]
    kind: &'static str,
    currency_code: &'a str,
    customer_code: &'a str,
    customer_vendor_code: &'a str,
    purchase_order_no: Option<&'a str>,
    adjustment_reason: &'static str,
    locked: bool,
    version: u32,
    total_amount: Money,
    total_exempt: Money,
    total_discount: Money,
    total_tax: Money,
    total_taxable: Money,
    total_tax_calculated: Money,
    lines: Vec<LineView<'a>>,
    addresses: [AddressView<'a>; 1],
    summary: [Detail<'a>; 1],
}

pub(super) fn document(document: &Document) -> DocumentView<'_> {
    let money = |minor| Money { minor, places: places(&document.currency) };
    DocumentView {
        id: document.n,
        code: &document.code,
        company_id: 1,
        date: &document.date,
        status: document.status,
        kind: if document.is_quote { "SalesOrder" } else { "SalesInvoice" },
        currency_code: &document.currency,
        customer_code: &document.customer,
        customer_vendor_code: &document.customer,
        purchase_order_no: document.purchase_order.as_deref(),
        adjustment_reason: "NotAdjusted",
        locked: false,
        version: document.version,
        total_amount: money(document.total_minor()),
        total_exempt: money(document.total_minor() - document.taxable_minor()),
        total_discount: money(document.discount_minor()),
        total_tax: money(document.tax_minor()),
        total_taxable: money(document.taxable_minor()),
        total_tax_calculated: money(document.tax_minor()),
        lines: document.lines.iter().map(|of| line(document, of)).collect(),
        addresses: [AddressView {
            line1: document.line1.as_deref(),
            city: document.city.as_deref(),
            region: &document.region,
            postal_code: document.postal_code.as_deref(),
            country: &document.country,
        }],
        summary: [detail(document, document.taxable_minor(), document.tax_minor())],
    }
}

fn line<'a>(document: &'a Document, line: &'a TaxedLine) -> LineView<'a> {
    let money = |minor| Money { minor, places: places(&document.currency) };
    LineView {
        line_number: &line.number,
        item_code: &line.item,
        description: line.description.as_deref(),
        tax_code: line.tax_code.as_deref(),
        quantity: line.quantity as f64 / SCALE as f64,
        line_amount: money(line.amount_minor),
        discount_amount: money(line.discount_minor),
        exempt_amount: money(line.amount_minor - line.discount_minor - line.taxable_minor),
        taxable_amount: money(line.taxable_minor),
        tax: money(line.tax_minor),
        tax_calculated: money(line.tax_minor),
        tax_included: line.is_tax_included,
        details: [detail(document, line.taxable_minor, line.tax_minor)],
    }
}

fn detail(document: &Document, taxable_minor: i64, tax_minor: i64) -> Detail<'_> {
    let money = |minor| Money { minor, places: places(&document.currency) };
    let is_state = !document.region.is_empty();
    let name = if is_state { &document.region } else { &document.country };
    Detail {
        country: &document.country,
        region: &document.region,
        juris_type: if is_state { "State" } else { "Country" },
        juris_name: name,
        tax_name: format!("{name} {} TAX", if is_state { "STATE" } else { "COUNTRY" }),
        tax_type: "Sales",
        rate: f64::from(document.basis_points) / 10_000.0,
        taxable_amount: money(taxable_minor),
        tax: money(tax_minor),
        tax_calculated: money(tax_minor),
    }
}

/// The day of a time in unix seconds, `2025-11-28`.
pub(super) fn date(unix_s: i64) -> String {
    let (year, month, day) = crate::calendar::day(unix_s);
    format!("{year:04}-{month:02}-{day:02}")
}
