//! The tax provider on `AvaTax`'s wire (developer.avalara.com): quotes, documents and voids. Amounts are decimals there
//! and integers here.

use bytes::Bytes;
use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Call, Called, Guard, Link};
use crate::{
    cart::{Address, Line, exponent, net_amounts},
    clock::{date, now_ms},
    metrics::Operation,
    order::Parcel,
};

/// What is taxed.
pub(crate) struct Taxable<'a> {
    pub(crate) kind: Kind,
    /// The code under which the provider knows it.
    pub(crate) code: &'a str,
    pub(crate) customer: &'a str,
    pub(crate) reference: &'a str,
    pub(crate) lines: &'a [Line],
    pub(crate) address: &'a Address,
    pub(crate) discount_minor: i64,
    pub(crate) shipping_minor: i64,
    /// What was quoted and charged: it is filed whatever the provider would say by now.
    pub(crate) charged_tax_minor: Option<i64>,
    pub(crate) currency: &'a str,
    pub(crate) carried: &'a str,
}

/// Whether the provider keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Quote,
    Document,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    code: &'a str,
    company_code: &'static str,
    date: String,
    customer_code: &'a str,
    purchase_order_no: &'a str,
    currency_code: &'a str,
    commit: bool,
    addresses: Addresses<'a>,
    lines: Vec<BodyLine<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tax_override: Option<TaxOverride>,
}

/// A tax that stands in the place of the computed one.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TaxOverride {
    #[serde(rename = "type")]
    kind: &'static str,
    tax_amount: f64,
    reason: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Addresses<'a> {
    single_location: Location<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Location<'a> {
    line1: &'a str,
    city: &'a str,
    region: &'a str,
    country: &'a str,
    postal_code: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct BodyLine<'a> {
    number: String,
    quantity: i64,
    amount: f64,
    item_code: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    tax_code: Option<&'static str>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Transaction {
    #[serde(default)]
    status: Option<String>,
    #[serde(default)]
    total_tax: Option<f64>,
}

/// The tax provider.
pub(crate) struct TaxProvider {
    pub(crate) link: Link,
}

impl TaxProvider {
    /// The tax on a basket, in minor units; `None` when there is no usable answer.
    pub(crate) async fn quote(&self, taxable: &Taxable<'_>) -> Option<i64> {
        match self.create(taxable, Operation::Quote).await {
            Called::Answered(transaction) => minor(transaction.total_tax?, taxable.currency),
            Called::Rejected(_) | Called::Silent(_) => None,
        }
    }

    /// Commits the document of an order under a code; `false` when it must be tried again.
    pub(crate) async fn document(&self, code: &str, parcel: &Parcel) -> bool {
        let number = parcel.brief.number.to_string();
        let taxable = Taxable {
            kind: Kind::Document,
            code,
            customer: &parcel.brief.email,
            reference: &number,
            lines: &parcel.lines,
            address: &parcel.address,
            discount_minor: parcel.discount_minor,
            shipping_minor: parcel.shipping_minor,
            charged_tax_minor: parcel.quoted_tax_minor,
            currency: &parcel.brief.currency,
            carried: &parcel.brief.carried,
        };
        match self.create(&taxable, Operation::Document).await {
            Called::Answered(_) => true,
            // It may be there from an earlier try whose answer was lost.
            Called::Rejected(rejection) if rejection.status < 500 && rejection.status != 429 => {
                self.status(code, taxable.carried).await.as_deref() == Some("Committed")
            }
            Called::Rejected(_) | Called::Silent(_) => false,
        }
    }

    /// Voids a document; `false` when it must be tried again.
    pub(crate) async fn void(&self, document: &str, carried: &str) -> bool {
        let path = format!("/api/v2/companies/DEFAULT/transactions/{document}/void");
        let body = Bytes::from_static(br#"{"code":"DocVoided"}"#);
        let call = Call { body, ..call(Operation::Void, Method::POST, &path, carried) };
        match self.link.call::<Value>(call).await {
            Called::Answered(_) => true,
            Called::Rejected(rejection) if rejection.status == 404 => true,
            Called::Rejected(rejection) if rejection.status < 500 && rejection.status != 429 => {
                self.status(document, carried).await.as_deref() == Some("Cancelled")
            }
            Called::Rejected(_) | Called::Silent(_) => false,
        }
    }

    async fn status(&self, document: &str, carried: &str) -> Option<String> {
        let path = format!("/api/v2/companies/DEFAULT/transactions/{document}");
        match self.link.call(call(Operation::RetrieveDocument, Method::GET, &path, carried)).await {
            Called::Answered(Transaction { status, .. }) => status,
            Called::Rejected(_) | Called::Silent(_) => None,
        }
    }

    async fn create(&self, taxable: &Taxable<'_>, operation: Operation) -> Called<Transaction> {
        let body = serde_json::to_vec(&body(taxable)).expect("a basket is plain data");
        let call = call(operation, Method::POST, "/api/v2/transactions/create", taxable.carried);
        self.link.call(Call { body: body.into(), ..call }).await
    }
}

fn call<'a>(operation: Operation, method: Method, path: &'a str, carried: &'a str) -> Call<'a> {
    Call {
        operation,
        method,
        path,
        content_type: "application/json",
        key: None,
        carried,
        body: Bytes::new(),
        guard: Guard::Breaker,
    }
}

fn body<'a>(taxable: &Taxable<'a>) -> Body<'a> {
    let (kind, commit) = match taxable.kind {
        Kind::Quote => ("SalesOrder", false),
        Kind::Document => ("SalesInvoice", true),
    };
    let address = taxable.address;
    Body {
        kind,
        code: taxable.code,
        company_code: "DEFAULT",
        date: date(now_ms()),
        customer_code: taxable.customer,
        purchase_order_no: taxable.reference,
        currency_code: taxable.currency,
        commit,
        addresses: Addresses {
            single_location: Location {
                line1: &address.line1,
                city: &address.city,
                region: &address.region,
                country: &address.country,
                postal_code: &address.postal_code,
            },
        },
        lines: lines(taxable),
        tax_override: taxable.charged_tax_minor.map(|charged_minor| TaxOverride {
            kind: "TaxAmount",
            tax_amount: decimal(charged_minor, taxable.currency),
            reason: "the tax that the customer was quoted and charged",
        }),
    }
}

/// The basket's lines net of the discount, and shipping as a line of its own.
fn lines<'a>(taxable: &Taxable<'a>) -> Vec<BodyLine<'a>> {
    let net = net_amounts(taxable.lines, taxable.discount_minor);
    let mut lines: Vec<_> = taxable
        .lines
        .iter()
        .zip(net)
        .enumerate()
        .map(|(index, (line, net_minor))| BodyLine {
            number: (index + 1).to_string(),
            quantity: line.quantity,
            amount: decimal(net_minor, taxable.currency),
            item_code: &line.sku,
            tax_code: None,
        })
        .collect();
    if taxable.shipping_minor > 0 {
        lines.push(BodyLine {
            number: (lines.len() + 1).to_string(),
            quantity: 1,
            amount: decimal(taxable.shipping_minor, taxable.currency),
            item_code: "SHIPPING",
            tax_code: Some("FR020100"),
        });
    }
    lines
}

/// The decimal of an amount: the double nearest to it, which prints with the currency's digits below 2^53.
fn decimal(minor: i64, currency: &str) -> f64 {
    minor as f64 / 10_f64.powi(exponent(currency) as i32)
}

/// The amount of a decimal; `None` for what is no amount of money.
fn minor(decimal: f64, currency: &str) -> Option<i64> {
    let scaled = decimal * 10_f64.powi(exponent(currency) as i32);
    (scaled.is_finite() && (0.0..9e15).contains(&scaled)).then(|| scaled.round() as i64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn told(kind: Kind, charged_tax_minor: Option<i64>) -> Value {
        let address = Address {
            name: "A".into(),
            line1: "1 Main St".into(),
            city: "Austin".into(),
            region: "TX".into(),
            postal_code: "78701".into(),
            country: "US".into(),
        };
        let lines = [Line { sku: "MUG".into(), quantity: 1, unit_minor: 1_000 }];
        let taxable = Taxable {
            kind,
            code: "DB-1",
            customer: "c",
            reference: "DB-1",
            lines: &lines,
            address: &address,
            discount_minor: 0,
            shipping_minor: 0,
            charged_tax_minor,
            currency: "USD",
            carried: "",
        };
        serde_json::to_value(body(&taxable)).unwrap()
    }

    #[test]
    fn what_was_charged_is_filed() {
        let filed = told(Kind::Document, Some(825));
        assert_eq!(filed["taxOverride"]["type"], "TaxAmount");
        assert_eq!(filed["taxOverride"]["taxAmount"], json!(8.25));
        assert!(told(Kind::Document, None).get("taxOverride").is_none(), "an estimate is trued up");
        assert!(told(Kind::Quote, None).get("taxOverride").is_none());
    }

    #[test]
    fn amounts_come_back_from_their_decimals() {
        for amount_minor in (0..100_000).chain([123_456_789_012]) {
            for currency in ["USD", "JPY", "KWD"] {
                let text = serde_json::to_string(&decimal(amount_minor, currency)).unwrap();
                assert_eq!(minor(text.parse().unwrap(), currency), Some(amount_minor), "{currency} {text}");
            }
        }
        assert_eq!(minor(f64::NAN, "USD"), None);
        assert_eq!(minor(-1.0, "USD"), None);
    }
}
