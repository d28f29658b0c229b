//! From a shop's words to ours.

use crate::amount;
use crate::rows::{OrderLine, OrderRefund, OrderRow, OrderState};
use model::scenario::{Amounts, OrdersBook};
use serde_json::Value;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Our names for columns of an order. Amounts may be named without `_minor`.
const COLUMNS: [&str; 38] = [
    "number",
    "cart",
    "state",
    "currency",
    "subtotal",
    "discount",
    "shipping",
    "tax",
    "total",
    "paid",
    "refunded",
    "email",
    "promotion",
    "tax_source",
    "tax_policy",
    "tax_quote",
    "tax_document",
    "payment",
    "in_doubt",
    "run",
    "intent",
    "lines",
    "history",
    "refunds",
    "dispatch",
    "credit",
    "given_up",
    "voucher",
    "payment_provider",
    "shipping_source",
    "shipping_quote",
    "fraud",
    "review",
    "disputed",
    "dispute_state",
    "rounding",
    "ship_to",
    "account",
];

/// Our names for members of lines and refunds.
const MEMBERS: [&str; 7] =
    ["lines.sku", "lines.quantity", "lines.unit", "refunds.key", "refunds.amount", "refunds.state", "refunds.asked"];

/// Our words for states.
const STATES: [&str; 7] = ["pending", "authorised", "failed", "paid", "partially_fulfilled", "fulfilled", "cancelled"];

/// What a book's columns mean.
#[derive(Debug)]
pub(super) struct Mapping<'a> {
    columns: BTreeMap<&'a str, &'a str>,
    states: &'a BTreeMap<String, String>,
    amounts: Amounts,
}

/// One row of a book, whatever its form.
pub(super) trait Cells {
    /// The value under the shop's name for it; none when it is absent or empty.
    fn cell(&self, name: &str) -> Option<Cell<'_>>;
}

/// A value of a row.
#[derive(Debug)]
pub(super) enum Cell<'a> {
    Text(Cow<'a, str>),
    List(&'a [Value]),
}

impl<'a> Mapping<'a> {
    pub(super) fn of(book: &'a OrdersBook) -> Result<Self, String> {
        let mut columns = BTreeMap::new();
        for (ours, theirs) in &book.columns {
            let name = ours.strip_suffix("_minor").unwrap_or(ours);
            if !COLUMNS.contains(&name) && !MEMBERS.contains(&name) {
                return Err(format!("`{ours}` is no column of an order; there are {}", COLUMNS.join(", ")));
            }
            columns.insert(name, theirs.as_str());
        }
        if let Some(ours) = book.states.values().find(|ours| !STATES.contains(&ours.as_str())) {
            return Err(format!("`{ours}` is no state of an order; there are {}", STATES.join(", ")));
        }
        Ok(Self { columns, states: &book.states, amounts: book.amounts })
    }

    /// The shop's names that the mapping mentions: each must be there.
    pub(super) fn mentioned(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().filter(|(ours, _)| !ours.contains('.')).map(|(_, theirs)| *theirs)
    }

    /// The shop's name for one of our columns.
    pub(super) fn theirs(&self, ours: &'a str) -> &str {
        self.columns.get(ours).copied().unwrap_or(ours)
    }

    /// Reads one row; `seq` is its place in the book.
    pub(super) fn order(&self, seq: u64, cells: &dyn Cells) -> Result<OrderRow, String> {
        let text = |ours: &'static str| self.text(cells, ours);
        let currency = text("currency")?;
        let money = |ours: &'static str| {
            text(ours)?.map(|amount| amount::read(&amount, self.amounts, currency.as_deref())).transpose()
        };
        let needed = |ours: &'static str| text(ours)?.ok_or_else(|| format!("`{}` is empty", self.theirs(ours)));
        Ok(OrderRow {
            seq,
            number: needed("number")?,
            cart: text("cart")?,
            state: self.state(&needed("state")?)?,
            subtotal_minor: money("subtotal")?,
            discount_minor: money("discount")?,
            shipping_minor: money("shipping")?,
            tax_minor: money("tax")?,
            total_minor: money("total")?,
            paid_minor: money("paid")?,
            refunded_minor: money("refunded")?,
            email: text("email")?,
            promotion: text("promotion")?,
            tax_source: text("tax_source")?,
            tax_policy: text("tax_policy")?,
            tax_quote: text("tax_quote")?,
            tax_document: text("tax_document")?,
            payment: text("payment")?,
            in_doubt: text("in_doubt")?.map_or(Ok(false), |word| truth(&word))?,
            run: text("run")?,
            intent: text("intent")?,
            lines: self.lines(cells)?,
            history: self.history(cells)?,
            refunds: self.refunds(cells, currency.as_deref())?,
            dispatch: text("dispatch")?,
            credit_minor: money("credit")?,
            given_up_minor: money("given_up")?,
            voucher: text("voucher")?,
            payment_provider: text("payment_provider")?,
            shipping_source: text("shipping_source")?,
            shipping_quote: text("shipping_quote")?,
            fraud: text("fraud")?,
            review: text("review")?,
            disputed_minor: money("disputed")?,
            dispute_state: text("dispute_state")?,
            rounding_minor: money("rounding")?,
            ship_to: text("ship_to")?.map(|line1| serde_json::json!({ "line1": line1 })),
            account: text("account")?,
            credits: Vec::new(),
            dispatches: Vec::new(),
            currency,
        })
    }

    fn text(&self, cells: &dyn Cells, ours: &'static str) -> Result<Option<String>, String> {
        match self.find(cells, ours) {
            None => Ok(None),
            Some(Cell::Text(text)) => Ok(Some(text.into_owned())),
            Some(Cell::List(_)) => Err(format!("`{}` is a list", self.theirs(ours))),
        }
    }

    /// Under the mapped name, else under ours, for amounts with or without `_minor`.
    fn find<'c>(&self, cells: &'c dyn Cells, ours: &'static str) -> Option<Cell<'c>> {
        match self.columns.get(ours) {
            Some(theirs) => cells.cell(theirs),
            None => cells.cell(ours).or_else(|| cells.cell(&format!("{ours}_minor"))),
        }
    }

    fn state(&self, word: &str) -> Result<String, String> {
        let lower = word.to_lowercase();
        match self.states.get(word) {
            Some(ours) => Ok(ours.clone()),
            None if STATES.contains(&lower.as_str()) => Ok(lower),
            None => {
                Err(format!("state `{word}` is not in the mapping of states, and is none of {}", STATES.join(", ")))
            }
        }
    }

    /// A list of objects, or `SKU*QUANTITY` separated by spaces or semicolons.
    fn lines(&self, cells: &dyn Cells) -> Result<Vec<OrderLine>, String> {
        match self.find(cells, "lines") {
            None => Ok(Vec::new()),
            Some(Cell::Text(text)) => items(&text)
                .map(|item| {
                    let (sku, quantity) = item.rsplit_once('*').unwrap_or((item, "1"));
                    let quantity = quantity.parse().map_err(|_| format!("line `{item}` is not `SKU*QUANTITY`"))?;
                    Ok(OrderLine { sku: sku.into(), quantity, unit_minor: 0, given_up: 0 })
                })
                .collect(),
            Some(Cell::List(list)) => list
                .iter()
                .map(|item| {
                    let quantity = self.member(item, "lines.quantity").unwrap_or_else(|| "1".into());
                    let unit = self.member(item, "lines.unit").or_else(|| item.get("unit_minor").and_then(plain));
                    Ok(OrderLine {
                        sku: self.member(item, "lines.sku").ok_or("a line has no SKU")?,
                        quantity: quantity.parse().map_err(|_| format!("quantity `{quantity}` is not an integer"))?,
                        unit_minor: unit.map_or(Ok(0), |unit| amount::read(&unit, self.amounts, None))?,
                        given_up: 0,
                    })
                })
                .collect(),
        }
    }

    /// A list of states, or of objects with a member `state`, or states separated by spaces or semicolons.
    fn history(&self, cells: &dyn Cells) -> Result<Vec<OrderState>, String> {
        let words: Vec<String> = match self.find(cells, "history") {
            None => Vec::new(),
            Some(Cell::Text(text)) => items(&text).map(str::to_owned).collect(),
            Some(Cell::List(list)) => list
                .iter()
                .map(|item| {
                    plain(item).or_else(|| plain(item.get("state")?)).ok_or("a state of the history is no text")
                })
                .collect::<Result<_, _>>()?,
        };
        let states = words.iter().enumerate();
        states.map(|(seq, word)| Ok(OrderState { seq: seq as u64 + 1, state: self.state(word)? })).collect()
    }

    /// A list of objects.
    fn refunds(&self, cells: &dyn Cells, currency: Option<&str>) -> Result<Vec<OrderRefund>, String> {
        match self.find(cells, "refunds") {
            None => Ok(Vec::new()),
            Some(Cell::Text(text)) => Err(format!("refunds `{text}` are no list")),
            Some(Cell::List(list)) => list
                .iter()
                .enumerate()
                .map(|(place, item)| {
                    let given =
                        self.member(item, "refunds.amount").or_else(|| item.get("amount_minor").and_then(plain));
                    let given = given.ok_or("a refund has no amount")?;
                    Ok(OrderRefund {
                        key: self.member(item, "refunds.key").unwrap_or_else(|| place.to_string()),
                        amount_minor: amount::read(&given, self.amounts, currency)?,
                        state: self.member(item, "refunds.state").unwrap_or_else(|| "succeeded".into()),
                        asked: self.member(item, "refunds.asked"),
                        credit_minor: 0,
                    })
                })
                .collect(),
        }
    }

    /// A member of an object in a list; `ours` is `list.member`.
    fn member(&self, item: &Value, ours: &'static str) -> Option<String> {
        let own = ours.rsplit('.').next().unwrap_or(ours);
        plain(item.get(self.columns.get(ours).copied().unwrap_or(own))?)
    }
}

/// Items separated by spaces or semicolons.
fn items(text: &str) -> impl Iterator<Item = &str> {
    text.split([' ', ';']).map(str::trim).filter(|item| !item.is_empty())
}

/// A text, number or truth value as text; none for null, empty text, lists and objects.
pub(super) fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if text.is_empty() => None,
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

fn truth(word: &str) -> Result<bool, String> {
    match word.to_lowercase().as_str() {
        "true" | "1" | "yes" => Ok(true),
        "false" | "0" | "no" => Ok(false),
        _ => Err(format!("`{word}` is neither true nor false")),
    }
}
