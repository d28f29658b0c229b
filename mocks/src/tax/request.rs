//! What a shop asks of the tax provider.

use serde::Deserialize;
use serde_json::{Number, Value};

use super::decimal::{places, read, to_minor};
use super::errors;
use crate::wire::Answer;

const LINES_MAX: usize = 1_000;
const CODE_LENGTH_MAX: usize = 50;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    #[serde(rename = "type")]
    kind: Option<Value>,
    code: Option<String>,
    company_code: Option<String>,
    date: Option<String>,
    customer_code: Option<String>,
    purchase_order_no: Option<String>,
    #[serde(default)]
    commit: bool,
    currency_code: Option<String>,
    #[serde(default)]
    addresses: Option<Addresses>,
    #[serde(default)]
    lines: Vec<BodyLine>,
    discount: Option<Number>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Addresses {
    single_location: Option<Address>,
    ship_to: Option<Address>,
}

/// A place.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Address {
    pub(super) line1: Option<String>,
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
    #[serde(default)]
    discounted: bool,
    #[serde(default)]
    tax_included: bool,
}

/// What kind of transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A quote, never stored.
    SalesOrder,
    /// A document.
    SalesInvoice,
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
    pub(super) is_discounted: bool,
    pub(super) is_tax_included: bool,
}

/// A transaction to be computed.
#[derive(Clone, Debug)]
pub(crate) struct Create {
    pub(super) kind: Kind,
    pub(super) code: Option<String>,
    pub(super) company: Option<String>,
    pub(super) date: Option<String>,
    pub(super) customer: String,
    pub(super) purchase_order: Option<String>,
    pub(super) is_committed: bool,
    pub(super) currency: String,
    pub(super) ship_to: Address,
    pub(super) lines: Vec<Line>,
    /// Off all discounted lines together, in ten-thousandths.
    pub(super) discount: i64,
}

impl Create {
    pub(super) fn read(body: &[u8]) -> Result<Self, Answer> {
        let body: Body = serde_json::from_slice(body).map_err(|error| errors::bad_json(&error.to_string()))?;
        let kind = match body.kind.as_ref() {
            Some(Value::String(kind)) if kind == "SalesOrder" => Kind::SalesOrder,
            Some(Value::String(kind)) if kind == "SalesInvoice" => Kind::SalesInvoice,
            None => Kind::SalesOrder,
            Some(other) => {
                return Err(errors::error(
                    400,
                    "InvalidTransactionType",
                    "This type of transaction is not simulated.",
                    &format!("{other} is neither SalesOrder nor SalesInvoice."),
                ));
            }
        };
        if body.lines.is_empty() {
            return Err(errors::missing("lines"));
        }
        if body.lines.len() > LINES_MAX {
            return Err(errors::error(
                400,
                "ValueRangeError",
                "There are too many lines.",
                "At most 1000 lines are taken.",
            ));
        }
        let customer =
            body.customer_code.filter(|code| !code.is_empty()).ok_or_else(|| errors::missing("customerCode"))?;
        let code = body.code.filter(|code| !code.is_empty());
        if code.as_ref().is_some_and(|code| code.len() > CODE_LENGTH_MAX) {
            return Err(errors::error(
                400,
                "StringLengthError",
                "Field code is too long.",
                "At most 50 characters are taken.",
            ));
        }
        let addresses = body.addresses.ok_or_else(|| errors::missing("addresses"))?;
        let ship_to =
            addresses.ship_to.or(addresses.single_location).ok_or_else(|| errors::missing("addresses.shipTo"))?;
        if ship_to.country.as_deref().unwrap_or_default().is_empty() {
            return Err(errors::missing("addresses.shipTo.country"));
        }
        let lines =
            body.lines.into_iter().enumerate().map(|(at, line)| read_line(at, line)).collect::<Result<_, _>>()?;
        Ok(Self {
            kind,
            code,
            company: body.company_code.filter(|company| !company.is_empty()),
            date: body.date,
            customer,
            purchase_order: body.purchase_order_no.filter(|order| !order.is_empty()),
            is_committed: body.commit && kind == Kind::SalesInvoice,
            currency: body.currency_code.map_or_else(|| "USD".to_owned(), |code| code.to_ascii_uppercase()),
            ship_to,
            lines,
            discount: body.discount.as_ref().map_or(Ok(0), |number| decimal("discount", number))?,
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
}

fn read_line(at: usize, line: BodyLine) -> Result<Line, Answer> {
    let amount = line.amount.ok_or_else(|| errors::missing("lines.amount"))?;
    let quantity = line.quantity.map_or(Ok(super::decimal::SCALE), |quantity| decimal("lines.quantity", &quantity))?;
    Ok(Line {
        number: line.number.unwrap_or_else(|| (at + 1).to_string()),
        quantity,
        amount: decimal("lines.amount", &amount)?,
        item: line.item_code.unwrap_or_default(),
        description: line.description,
        tax_code: line.tax_code,
        is_discounted: line.discounted,
        is_tax_included: line.tax_included,
    })
}

fn decimal(field: &str, number: &Number) -> Result<i64, Answer> {
    read(number).ok_or_else(|| {
        errors::error(
            400,
            "ValueRangeError",
            &format!("Field {field} is out of range."),
            "Amounts have at most four decimal places and lie below a thousand million.",
        )
    })
}

/// The body of a commit must say so.
pub(super) fn check_flag(body: &[u8], name: &str) -> Result<(), Answer> {
    let value: Value = serde_json::from_slice(body).map_err(|error| errors::bad_json(&error.to_string()))?;
    match value.get(name) {
        Some(Value::Bool(true)) => Ok(()),
        _ => Err(errors::missing(name)),
    }
}

/// The body of a void must give its reason.
pub(super) fn check_void(body: &[u8]) -> Result<(), Answer> {
    let value: Value = serde_json::from_slice(body).map_err(|error| errors::bad_json(&error.to_string()))?;
    match value.get("code").and_then(Value::as_str) {
        Some("DocVoided" | "DocDeleted" | "PostFailed" | "AdjustmentCancelled" | "Unspecified") => Ok(()),
        Some(_) => Err(errors::error(400, "ValueRangeError", "Field code is out of range.", "Use DocVoided.")),
        None => Err(errors::missing("code")),
    }
}
