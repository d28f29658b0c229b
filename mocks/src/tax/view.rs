//! Transactions as `AvaTax` shows them.

use serde::Serialize;

use super::document::{Document, Status};
use super::lines::TaxedLine;
use super::rates::{Level, Levy, RATE_SCALE};
use super::request::Address;
use crate::calendar::timestamp;
use crate::decimal::{Money, SCALE, places};

/// Which parts of a transaction are shown besides its head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each part is shown or not by itself")]
pub(crate) struct Include {
    pub(super) lines: bool,
    pub(super) details: bool,
    pub(super) summary: bool,
    pub(super) addresses: bool,
}

impl Include {
    /// Everything, as answers to what makes a transaction have it.
    pub(super) const ALL: Self = Self { lines: true, details: true, summary: true, addresses: true };

    /// Reads `$include`: names between commas; details come with their lines.
    pub(super) fn read(text: &str) -> Self {
        let has = |name: &str| text.split(',').any(|word| word.trim().eq_ignore_ascii_case(name));
        let details = has("details");
        Self {
            lines: details || has("lines"),
            details,
            summary: has("summary") || has("summaryonly"),
            addresses: has("addresses") || has("lines") || details,
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DetailView<'a> {
    id: i64,
    transaction_line_id: i64,
    transaction_id: i64,
    country: &'a str,
    region: &'a str,
    juris_code: &'a str,
    juris_name: &'a str,
    juris_type: &'static str,
    jurisdiction_type: Level,
    tax_name: String,
    tax_type: &'static str,
    rate_type: &'static str,
    rate_type_code: &'static str,
    unit_of_basis: &'static str,
    rate: f64,
    taxable_amount: Money,
    exempt_amount: Money,
    non_taxable_amount: Money,
    tax: Money,
    tax_calculated: Money,
    tax_override: Money,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LineView<'a> {
    id: i64,
    transaction_id: i64,
    line_number: &'a str,
    item_code: &'a str,
    description: Option<&'a str>,
    tax_code: &'a str,
    ref1: Option<&'a str>,
    ref2: Option<&'a str>,
    entity_use_code: &'a str,
    customer_usage_type: &'a str,
    exempt_no: &'a str,
    exempt_cert_id: i64,
    destination_address_id: usize,
    quantity: f64,
    line_amount: Money,
    discount_amount: Money,
    is_item_taxable: bool,
    exempt_amount: Money,
    taxable_amount: Money,
    tax: Money,
    tax_calculated: Money,
    tax_date: &'a str,
    tax_included: bool,
    tax_override_type: &'static str,
    tax_override_amount: Money,
    tax_override_reason: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<Vec<DetailView<'a>>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SummaryView<'a> {
    country: &'a str,
    region: &'a str,
    juris_type: Level,
    juris_code: &'a str,
    juris_name: &'a str,
    tax_authority_type: u32,
    state_assigned_no: &'static str,
    tax_type: &'static str,
    tax_name: String,
    rate_type: &'static str,
    taxable: Money,
    rate: f64,
    tax: Money,
    tax_calculated: Money,
    non_taxable: Money,
    exemption: Money,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AddressView<'a> {
    id: usize,
    transaction_id: i64,
    boundary_level: &'static str,
    line1: &'a str,
    line2: &'a str,
    line3: &'a str,
    city: &'a str,
    region: &'a str,
    postal_code: &'a str,
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
    payment_date: &'a str,
    status: Status,
    #[serde(rename = "type")]
    kind: &'static str,
    batch_code: &'static str,
    currency_code: &'a str,
    exchange_rate_currency_code: &'a str,
    exchange_rate: f64,
    entity_use_code: &'a str,
    customer_usage_type: &'a str,
    customer_code: &'a str,
    customer_vendor_code: &'a str,
    exempt_no: &'a str,
    reconciled: bool,
    purchase_order_no: &'a str,
    reference_code: &'a str,
    salesperson_code: &'a str,
    description: &'a str,
    email: &'a str,
    tax_override_type: &'static str,
    tax_override_amount: Money,
    tax_override_reason: &'a str,
    adjustment_reason: &'a str,
    adjustment_description: &'a str,
    locked: bool,
    version: u32,
    total_amount: Money,
    total_exempt: Money,
    total_discount: Money,
    total_tax: Money,
    total_taxable: Money,
    total_tax_calculated: Money,
    tax_date: &'a str,
    region: &'a str,
    country: &'a str,
    modified_date: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    lines: Option<Vec<LineView<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    addresses: Option<Vec<AddressView<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    summary: Option<Vec<SummaryView<'a>>>,
}

#[expect(clippy::ref_option, reason = "fields are borrowed as they are kept")]
fn text(text: &Option<String>) -> &str {
    text.as_deref().unwrap_or_default()
}

pub(super) fn document(document: &Document, include: Include) -> DocumentView<'_> {
    let digits = places(&document.currency);
    let money = |minor| Money { minor, places: digits };
    let instead = document.tax_override.as_ref();
    let first = document.places.first().map(|place| &place.address);
    DocumentView {
        id: document.n,
        code: &document.code,
        company_id: super::company::ID,
        date: &document.date.day,
        payment_date: &document.date.day,
        status: document.status,
        kind: document.kind.name(),
        batch_code: "",
        currency_code: &document.currency,
        exchange_rate_currency_code: &document.currency,
        exchange_rate: 1.0,
        entity_use_code: text(&document.entity_use_code),
        customer_usage_type: text(&document.entity_use_code),
        customer_code: &document.customer,
        customer_vendor_code: &document.customer,
        exempt_no: text(&document.exemption_no),
        reconciled: false,
        purchase_order_no: text(&document.purchase_order),
        reference_code: text(&document.reference_code),
        salesperson_code: text(&document.salesperson),
        description: text(&document.description),
        email: text(&document.email),
        tax_override_type: match instead.map(|instead| instead.tax) {
            None => "None",
            Some(Some(_)) => "TaxAmount",
            Some(None) => "TaxDate",
        },
        tax_override_amount: money(if instead.is_some_and(|instead| instead.tax.is_some()) {
            document.tax_minor()
        } else {
            0
        }),
        tax_override_reason: instead.map_or("", |instead| instead.reason.as_str()),
        adjustment_reason: document.adjustment_reason.as_deref().unwrap_or("NotAdjusted"),
        adjustment_description: text(&document.adjustment_description),
        locked: document.is_locked,
        version: document.version,
        total_amount: money(document.total_minor()),
        total_exempt: money(document.total_minor() - document.taxable_minor()),
        total_discount: money(document.discount_minor()),
        total_tax: money(document.tax_minor()),
        total_taxable: money(document.taxable_minor()),
        total_tax_calculated: money(document.computed_minor()),
        tax_date: &document.tax_date.day,
        region: first.map_or("", |address| text(&address.region)),
        country: first.map_or("", |address| text(&address.country)),
        modified_date: timestamp(document.modified_us),
        lines: include.lines.then(|| {
            document.lines.iter().enumerate().map(|(at, of)| line(document, at, of, include.details)).collect()
        }),
        addresses: include.addresses.then(|| addresses(document)),
        summary: include.summary.then(|| summary(document)),
    }
}

fn addresses(document: &Document) -> Vec<AddressView<'_>> {
    let all = document.places.iter().map(|place| &place.address).chain(document.ship_from.as_ref());
    all.enumerate().map(|(id, of)| address(id, document.n, of)).collect()
}

fn address(id: usize, transaction_id: i64, address: &Address) -> AddressView<'_> {
    AddressView {
        id,
        transaction_id,
        boundary_level: "Address",
        line1: text(&address.line1),
        line2: text(&address.line2),
        line3: text(&address.line3),
        city: text(&address.city),
        region: text(&address.region),
        postal_code: text(&address.postal_code),
        country: text(&address.country),
    }
}

fn line<'a>(document: &'a Document, at: usize, line: &'a TaxedLine, with_details: bool) -> LineView<'a> {
    let digits = places(&document.currency);
    let money = |minor| Money { minor, places: digits };
    let id = document.n * 1_000 + at as i64;
    let exempt_minor = line.amount_minor - line.discount_minor - line.taxable_minor;
    let place = &document.places[line.place];
    let detail = |(levy, (computed, told)): (&'a Levy, (&i64, i64))| DetailView {
        id: id * 10,
        transaction_line_id: id,
        transaction_id: document.n,
        country: text(&place.address.country),
        region: text(&place.address.region),
        juris_code: &levy.code,
        juris_name: &levy.name,
        juris_type: short(levy.level),
        jurisdiction_type: levy.level,
        tax_name: tax_name(levy, &place.address),
        tax_type: tax_type(&place.address),
        rate_type: "General",
        rate_type_code: "G",
        unit_of_basis: "PerCurrencyUnit",
        rate: levy.rate as f64 / RATE_SCALE as f64,
        taxable_amount: money(line.taxable_minor),
        exempt_amount: money(exempt_minor),
        non_taxable_amount: money(0),
        tax: money(told),
        tax_calculated: money(*computed),
        tax_override: money(if line.overridden.is_some() { told } else { 0 }),
    };
    LineView {
        id,
        transaction_id: document.n,
        line_number: &line.number,
        item_code: &line.item,
        description: line.description.as_deref(),
        tax_code: line.tax_code.as_deref().unwrap_or("P0000000"),
        ref1: line.ref1.as_deref(),
        ref2: line.ref2.as_deref(),
        entity_use_code: text(&line.entity_use_code),
        customer_usage_type: text(&line.entity_use_code),
        exempt_no: text(&line.exemption_no),
        exempt_cert_id: 0,
        destination_address_id: line.place,
        quantity: line.quantity as f64 / SCALE as f64,
        line_amount: money(line.amount_minor),
        discount_amount: money(line.discount_minor),
        is_item_taxable: line.tax_code.as_deref() != Some("NT"),
        exempt_amount: money(exempt_minor),
        taxable_amount: money(line.taxable_minor),
        tax: money(line.tax_minor()),
        tax_calculated: money(line.computed_minor()),
        tax_date: &document.tax_date.day,
        tax_included: line.is_tax_included,
        tax_override_type: if line.overridden.is_some() { "TaxAmount" } else { "None" },
        tax_override_amount: money(line.overridden.unwrap_or_default()),
        tax_override_reason: text(&line.override_reason),
        details: with_details
            .then(|| place.levies.iter().zip(line.taxes_minor.iter().zip(line.told_minor())).map(detail).collect()),
    }
}

/// What each jurisdiction takes of the whole.
fn summary(document: &Document) -> Vec<SummaryView<'_>> {
    let digits = places(&document.currency);
    let money = |minor| Money { minor, places: digits };
    let mut rows = Vec::with_capacity(4);
    for (number, place) in document.places.iter().enumerate() {
        let lines: Vec<(&TaxedLine, Vec<i64>)> =
            document.lines.iter().filter(|line| line.place == number).map(|line| (line, line.told_minor())).collect();
        let net: i64 = lines.iter().map(|(line, _)| line.amount_minor - line.discount_minor).sum();
        let taxable: i64 = lines.iter().map(|(line, _)| line.taxable_minor).sum();
        for (at, levy) in place.levies.iter().enumerate() {
            rows.push(SummaryView {
                country: text(&place.address.country),
                region: text(&place.address.region),
                juris_type: levy.level,
                juris_code: &levy.code,
                juris_name: &levy.name,
                tax_authority_type: 45,
                state_assigned_no: "",
                tax_type: tax_type(&place.address),
                tax_name: tax_name(levy, &place.address),
                rate_type: "General",
                taxable: money(taxable),
                rate: levy.rate as f64 / RATE_SCALE as f64,
                tax: money(lines.iter().map(|(_, told)| told[at]).sum()),
                tax_calculated: money(lines.iter().map(|(line, _)| line.taxes_minor[at]).sum()),
                non_taxable: money(0),
                exemption: money(net - taxable),
            });
        }
    }
    rows
}

const fn short(level: Level) -> &'static str {
    match level {
        Level::Country => "CNT",
        Level::State => "STA",
        Level::County => "CTY",
        Level::City => "CIT",
        Level::Special => "STJ",
    }
}

fn tax_type(address: &Address) -> &'static str {
    if text(&address.country).eq_ignore_ascii_case("US") { "Sales" } else { "Output" }
}

/// `CA STATE TAX`, `CA SPECIAL TAX`, `DE COUNTRY TAX`.
pub(super) fn tax_name(levy: &Levy, address: &Address) -> String {
    let place = match levy.level {
        Level::Country => text(&address.country),
        Level::State | Level::County | Level::City | Level::Special => text(&address.region),
    };
    format!("{} {} TAX", place.to_ascii_uppercase(), format!("{:?}", levy.level).to_ascii_uppercase())
}
