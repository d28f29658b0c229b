//! What a shop asks of the tax provider: a transaction to be computed.

use serde::{Deserialize, Serialize};
use serde_json::{Number, Value};

use super::errors;
use super::moment::Date;
use crate::decimal::{SCALE, places, read, to_minor};
use crate::wire::Answer;

const LINES_MAX: usize = 1_000;
const CODE_LENGTH_MAX: usize = 50;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    #[serde(rename = "type", alias = "Type")]
    kind: Option<Value>,
    code: Option<String>,
    company_code: Option<String>,
    date: Option<String>,
    customer_code: Option<String>,
    purchase_order_no: Option<String>,
    reference_code: Option<String>,
    salesperson_code: Option<String>,
    description: Option<String>,
    email: Option<String>,
    exemption_no: Option<String>,
    #[serde(alias = "customerUsageType")]
    entity_use_code: Option<String>,
    #[serde(default)]
    commit: Option<bool>,
    currency_code: Option<String>,
    #[serde(default)]
    addresses: Option<Addresses>,
    #[serde(default)]
    lines: Option<Vec<BodyLine>>,
    discount: Option<Number>,
    tax_override: Option<BodyOverride>,
}

#[derive(Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Addresses {
    #[serde(alias = "SingleLocation")]
    single_location: Option<Address>,
    #[serde(alias = "ShipFrom")]
    ship_from: Option<Address>,
    #[serde(alias = "ShipTo")]
    ship_to: Option<Address>,
}

impl Addresses {
    /// Where the goods go, and where they come from.
    fn ends(self) -> (Option<Address>, Option<Address>) {
        match self.single_location {
            Some(single) => (Some(single), None),
            None => (self.ship_to, self.ship_from),
        }
    }
}

/// A place.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Address {
    pub(super) line1: Option<String>,
    pub(super) line2: Option<String>,
    pub(super) line3: Option<String>,
    pub(super) city: Option<String>,
    pub(super) region: Option<String>,
    pub(super) postal_code: Option<String>,
    pub(super) country: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct BodyLine {
    number: Option<String>,
    quantity: Option<Number>,
    amount: Option<Number>,
    item_code: Option<String>,
    description: Option<String>,
    tax_code: Option<String>,
    ref1: Option<String>,
    ref2: Option<String>,
    exemption_code: Option<String>,
    #[serde(alias = "customerUsageType")]
    entity_use_code: Option<String>,
    discounted: Option<bool>,
    tax_included: Option<bool>,
    addresses: Option<Addresses>,
    tax_override: Option<BodyOverride>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct BodyOverride {
    #[serde(rename = "type")]
    kind: Option<String>,
    tax_amount: Option<Number>,
    tax_date: Option<String>,
    reason: Option<String>,
}

/// What kind of transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Kind {
    /// A quote, never stored.
    SalesOrder,
    /// A document.
    SalesInvoice,
    /// A quote of what would be given back.
    ReturnOrder,
    /// A document of what was given back: amounts are below zero.
    ReturnInvoice,
}

impl Kind {
    pub(super) const STORED: [Self; 2] = [Self::SalesInvoice, Self::ReturnInvoice];

    pub(super) fn read(word: &str) -> Option<Self> {
        [Self::SalesOrder, Self::SalesInvoice, Self::ReturnOrder, Self::ReturnInvoice]
            .into_iter()
            .find(|kind| kind.name().eq_ignore_ascii_case(word))
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::SalesOrder => "SalesOrder",
            Self::SalesInvoice => "SalesInvoice",
            Self::ReturnOrder => "ReturnOrder",
            Self::ReturnInvoice => "ReturnInvoice",
        }
    }

    pub(super) const fn is_quote(self) -> bool {
        matches!(self, Self::SalesOrder | Self::ReturnOrder)
    }
}

/// What the caller wants in the stead of what is computed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Override {
    /// The tax, in ten-thousandths; computed when absent.
    pub(super) tax: Option<i64>,
    /// The date whose rates count.
    pub(super) date: Option<Date>,
    pub(super) reason: String,
}

/// A line, its amount in ten-thousandths.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) number: String,
    pub(super) quantity: i64,
    pub(super) amount: i64,
    pub(super) item: String,
    pub(super) description: Option<String>,
    pub(super) tax_code: Option<String>,
    pub(super) ref1: Option<String>,
    pub(super) ref2: Option<String>,
    pub(super) exemption_no: Option<String>,
    pub(super) entity_use_code: Option<String>,
    pub(super) is_discounted: bool,
    pub(super) is_tax_included: bool,
    /// Where this line goes, when not where the document goes.
    pub(super) ship_to: Option<Address>,
    pub(super) tax_override: Option<Override>,
}

/// A transaction to be computed.
#[derive(Clone, Debug)]
pub(crate) struct Create {
    pub(super) kind: Kind,
    pub(super) code: Option<String>,
    pub(super) company: Option<String>,
    pub(super) date: Option<Date>,
    pub(super) customer: String,
    pub(super) email: Option<String>,
    pub(super) purchase_order: Option<String>,
    pub(super) reference_code: Option<String>,
    pub(super) salesperson: Option<String>,
    pub(super) description: Option<String>,
    pub(super) exemption_no: Option<String>,
    pub(super) entity_use_code: Option<String>,
    pub(super) is_committed: bool,
    pub(super) currency: String,
    /// Absent when every line has its own.
    pub(super) ship_to: Option<Address>,
    pub(super) ship_from: Option<Address>,
    pub(super) lines: Vec<Line>,
    /// In ten-thousandths, shared among the discounted lines.
    pub(super) discount: i64,
    pub(super) tax_override: Option<Override>,
}

impl Create {
    /// Reads the body of a call; says in the provider's words what is wrong with it.
    pub(super) fn read(body: &[u8]) -> Result<Self, Answer> {
        let body = serde_json::from_slice(body).map_err(|error| errors::bad_json(&error.to_string()))?;
        Self::of(body)
    }

    /// The same, from a part of a body.
    pub(super) fn of_value(value: Value) -> Result<Self, Answer> {
        let body = serde_json::from_value(value).map_err(|error| errors::bad_json(&error.to_string()))?;
        Self::of(body)
    }

    fn of(body: Body) -> Result<Self, Answer> {
        let kind = read_kind(body.kind.as_ref())?;
        let lines = body.lines.unwrap_or_default();
        if lines.is_empty() {
            return Err(errors::missing("lines"));
        }
        if lines.len() > LINES_MAX {
            return Err(errors::out_of_range("lines", "At most 1000 lines are taken."));
        }
        let customer =
            body.customer_code.filter(|code| !code.is_empty()).ok_or_else(|| errors::missing("customerCode"))?;
        let code = body.code.filter(|code| !code.is_empty());
        if let Some(code) = &code {
            check_code("code", code)?;
        }
        let (ship_to, ship_from) = body.addresses.unwrap_or_default().ends();
        let lines =
            lines.into_iter().enumerate().map(|(at, line)| read_line(at, line)).collect::<Result<Vec<_>, _>>()?;
        if ship_to.is_none() && lines.iter().any(|line| line.ship_to.is_none()) {
            return Err(errors::missing("addresses"));
        }
        for address in ship_to.iter().chain(lines.iter().filter_map(|line| line.ship_to.as_ref())) {
            check_address(address)?;
        }
        Ok(Self {
            kind,
            code,
            company: body.company_code.filter(|company| !company.is_empty()),
            date: body.date.as_deref().map(|text| read_date("date", text)).transpose()?,
            customer,
            email: body.email.filter(|email| !email.is_empty()),
            purchase_order: body.purchase_order_no.filter(|order| !order.is_empty()),
            reference_code: body.reference_code,
            salesperson: body.salesperson_code,
            description: body.description,
            exemption_no: body.exemption_no.filter(|number| !number.is_empty()),
            entity_use_code: body.entity_use_code.filter(|code| !code.is_empty()),
            is_committed: body.commit.unwrap_or_default() && !kind.is_quote(),
            currency: read_currency(body.currency_code)?,
            ship_to,
            ship_from,
            lines,
            discount: body.discount.as_ref().map_or(Ok(0), |number| decimal("discount", number))?,
            tax_override: body.tax_override.map(read_override).transpose()?.flatten(),
        })
    }

    /// The order that it is for.
    pub(super) fn order(&self) -> Option<String> {
        self.purchase_order.clone().or_else(|| self.code.clone())
    }

    /// What the lines come to, in minor units.
    pub(super) fn total_minor(&self) -> i64 {
        to_minor(self.lines.iter().map(|line| line.amount).sum::<i64>() - self.discount, places(&self.currency))
    }

    /// The country where the first line goes.
    pub(super) fn country(&self) -> Option<String> {
        let first = self.lines.first().and_then(|line| line.ship_to.as_ref()).or(self.ship_to.as_ref());
        first.and_then(|address| address.country.clone())
    }
}

fn read_kind(kind: Option<&Value>) -> Result<Kind, Answer> {
    let word = match kind {
        // Left out, a transaction is a quote.
        None | Some(Value::Null) => return Ok(Kind::SalesOrder),
        Some(Value::String(word)) => word.clone(),
        // The wire also knows them by number.
        Some(other) => match other.as_i64() {
            Some(0) => return Ok(Kind::SalesOrder),
            Some(1) => return Ok(Kind::SalesInvoice),
            Some(4) => return Ok(Kind::ReturnOrder),
            Some(5) => return Ok(Kind::ReturnInvoice),
            _ => other.to_string(),
        },
    };
    Kind::read(&word).ok_or_else(|| {
        errors::error(
            400,
            "InvalidTransactionType",
            "This type of transaction is not simulated.",
            &format!("{word} is none of SalesOrder, SalesInvoice, ReturnOrder and ReturnInvoice."),
        )
    })
}

fn read_line(at: usize, line: BodyLine) -> Result<Line, Answer> {
    let amount = line.amount.ok_or_else(|| errors::missing("lines.amount"))?;
    let quantity = line.quantity.map_or(Ok(SCALE), |quantity| decimal("lines.quantity", &quantity))?;
    Ok(Line {
        number: line.number.unwrap_or_else(|| (at + 1).to_string()),
        quantity,
        amount: decimal("lines.amount", &amount)?,
        item: line.item_code.unwrap_or_default(),
        description: line.description,
        tax_code: line.tax_code,
        ref1: line.ref1,
        ref2: line.ref2,
        exemption_no: line.exemption_code.filter(|number| !number.is_empty()),
        entity_use_code: line.entity_use_code.filter(|code| !code.is_empty()),
        is_discounted: line.discounted.unwrap_or_default(),
        is_tax_included: line.tax_included.unwrap_or_default(),
        ship_to: line.addresses.and_then(|addresses| addresses.ends().0),
        tax_override: line.tax_override.map(read_override).transpose()?.flatten(),
    })
}

fn read_override(body: BodyOverride) -> Result<Option<Override>, Answer> {
    let reason = body.reason.unwrap_or_default();
    let date = body.tax_date.as_deref().map(|text| read_date("taxOverride.taxDate", text)).transpose()?;
    match body.kind.as_deref().unwrap_or("None") {
        "None" => Ok(None),
        "TaxAmount" => {
            let amount = body.tax_amount.ok_or_else(|| errors::missing("taxOverride.taxAmount"))?;
            Ok(Some(Override { tax: Some(decimal("taxOverride.taxAmount", &amount)?), date, reason }))
        }
        "TaxDate" if date.is_none() => Err(errors::missing("taxOverride.taxDate")),
        "TaxDate" => Ok(Some(Override { tax: None, date, reason })),
        "Exemption" => Ok(Some(Override { tax: Some(0), date, reason })),
        other => Err(errors::out_of_range("taxOverride.type", &format!("{other} is no kind of override."))),
    }
}

pub(super) fn read_date(field: &str, text: &str) -> Result<Date, Answer> {
    Date::read(text).ok_or_else(|| {
        errors::error(400, "DateError", &format!("Field {field} is no date."), &format!("'{text}' was given."))
    })
}

pub(super) fn check_code(field: &str, code: &str) -> Result<(), Answer> {
    if code.len() <= CODE_LENGTH_MAX {
        return Ok(());
    }
    let message = format!("Field {field} is too long.");
    Err(errors::error(400, "StringLengthError", &message, "At most 50 characters are taken."))
}

fn check_address(address: &Address) -> Result<(), Answer> {
    if address.country.as_deref().unwrap_or_default().trim().is_empty() {
        return Err(errors::missing("addresses.shipTo.country"));
    }
    Ok(())
}

fn read_currency(code: Option<String>) -> Result<String, Answer> {
    let code = code.filter(|code| !code.is_empty()).map_or_else(|| "USD".to_owned(), |code| code.to_ascii_uppercase());
    if code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return Ok(code);
    }
    Err(errors::out_of_range("currencyCode", "Currencies have three letters."))
}

fn decimal(field: &str, number: &Number) -> Result<i64, Answer> {
    read(number).ok_or_else(|| {
        errors::out_of_range(field, "Amounts have at most four decimal places and lie below a thousand million.")
    })
}
