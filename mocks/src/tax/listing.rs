//! The list of transactions: `$filter`, `$top`, `$skip`.

use serde::Serialize;

use super::document::Document;
use super::errors;
use super::view::{self, DocumentView, Include};
use crate::decimal::{SCALE, parse, places};
use crate::shelf::decode;
use crate::store::{Page, Table};
use crate::turn::Turn;
use crate::wire::{Answer, Stop};

/// Most transactions on a page, as documented.
const TOP_MAX: usize = 1_000;
/// Most transactions that are looked at for one answer.
const LOOKED_AT_MAX: usize = 20_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Relation {
    Equal,
    Different,
    Above,
    AtLeast,
    Below,
    AtMost,
    Contains,
    StartsWith,
    EndsWith,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Condition {
    field: String,
    relation: Relation,
    value: String,
}

/// What is asked of the list.
#[derive(Clone, Debug)]
pub(crate) struct Query {
    conditions: Vec<Condition>,
    top: usize,
    skip: usize,
}

#[derive(Serialize)]
struct List<'a> {
    #[serde(rename = "@recordsetCount")]
    count: usize,
    value: Vec<DocumentView<'a>>,
}

impl Query {
    pub(super) fn read(filter: Option<&str>, top: Option<&str>, skip: Option<&str>) -> Result<Self, Answer> {
        let number = |field: &str, text: Option<&str>, default: usize| {
            let read = text.map_or(Some(default), |text| text.parse().ok());
            read.ok_or_else(|| errors::out_of_range(field, "It is no number of 0 or more."))
        };
        Ok(Self {
            conditions: filter.map_or(Ok(Vec::new()), conditions)?,
            top: number("$top", top, TOP_MAX)?.min(TOP_MAX),
            skip: number("$skip", skip, 0)?,
        })
    }
}

/// Reads conditions that all must hold: `code eq 'A' and totalTax gt 1`.
fn conditions(filter: &str) -> Result<Vec<Condition>, Answer> {
    let words = words(filter);
    let bad = || errors::error(400, "FilterError", "The filter is not understood.", filter);
    let mut found = Vec::new();
    for (at, part) in words.split(|word| word.eq_ignore_ascii_case("and")).enumerate() {
        let [field, relation, value] = part else {
            if at == 0 && words.is_empty() {
                return Ok(found);
            }
            return Err(bad());
        };
        let relation = match relation.to_ascii_lowercase().as_str() {
            "eq" | "=" => Relation::Equal,
            "ne" => Relation::Different,
            "gt" => Relation::Above,
            "ge" => Relation::AtLeast,
            "lt" => Relation::Below,
            "le" => Relation::AtMost,
            "contains" => Relation::Contains,
            "startswith" => Relation::StartsWith,
            "endswith" => Relation::EndsWith,
            _ => return Err(bad()),
        };
        let field = field.to_ascii_lowercase();
        if field_of(&field).is_none() {
            return Err(bad());
        }
        found.push(Condition { field, relation, value: value.clone() });
    }
    Ok(found)
}

/// Cuts at spaces, except between quotes; the quotes go.
fn words(text: &str) -> Vec<String> {
    let (mut words, mut word, mut quote, mut is_begun) = (Vec::new(), String::new(), None, false);
    for letter in text.chars() {
        match (letter, quote) {
            (letter, Some(open)) if letter == open => quote = None,
            (letter, Some(_)) => word.push(letter),
            ('\'' | '"', None) => (quote, is_begun) = (Some(letter), true),
            (' ', None) => {
                if is_begun {
                    words.push(std::mem::take(&mut word));
                    is_begun = false;
                }
            }
            (letter, None) => {
                word.push(letter);
                is_begun = true;
            }
        }
    }
    if is_begun {
        words.push(word);
    }
    words
}

type Field = fn(&Document) -> String;

/// A field as text.
fn field_of(name: &str) -> Option<Field> {
    Some(match name {
        "id" => |document| document.n.to_string(),
        "code" => |document| document.code.clone(),
        "status" => |document| format!("{:?}", document.status),
        "type" => |document| document.kind.name().to_owned(),
        "date" => |document| document.date.day.clone(),
        "customercode" | "customervendorcode" => |document| document.customer.clone(),
        "purchaseorderno" => |document| document.purchase_order.clone().unwrap_or_default(),
        "referencecode" => |document| document.reference_code.clone().unwrap_or_default(),
        "currencycode" => |document| document.currency.clone(),
        "locked" => |document| document.is_locked.to_string(),
        "version" => |document| document.version.to_string(),
        "totalamount" => |document| decimal(document.total_minor(), document),
        "totaltax" => |document| decimal(document.tax_minor(), document),
        _ => return None,
    })
}

fn decimal(minor: i64, document: &Document) -> String {
    let scaled = minor * (SCALE / 10_i64.pow(places(&document.currency)));
    let sign = if scaled < 0 { "-" } else { "" };
    format!("{sign}{}.{:04}", scaled.abs() / SCALE, scaled.abs() % SCALE)
}

impl Condition {
    fn holds(&self, document: &Document) -> bool {
        use std::cmp::Ordering;
        let Some(field) = field_of(&self.field) else { return false };
        let (is, value) = (field(document), self.value.as_str());
        let order = match (parse(&is), parse(value)) {
            (Some(one), Some(other)) => one.cmp(&other),
            _ => is.to_ascii_lowercase().cmp(&value.to_ascii_lowercase()),
        };
        match self.relation {
            Relation::Equal => order == Ordering::Equal,
            Relation::Different => order != Ordering::Equal,
            Relation::Above => order == Ordering::Greater,
            Relation::AtLeast => order != Ordering::Less,
            Relation::Below => order == Ordering::Less,
            Relation::AtMost => order != Ordering::Greater,
            Relation::Contains => is.contains(value),
            Relation::StartsWith => is.starts_with(value),
            Relation::EndsWith => is.ends_with(value),
        }
    }
}

/// The caller's transactions, the oldest first.
pub(super) fn list(query: &Query, include: Include, turn: &Turn<'_>) -> Result<Answer, Stop> {
    let account = turn.context.caller.account;
    let page = Page { account, before: i64::MAX, after: 0, limit: LOOKED_AT_MAX, ascending: true };
    let rows = turn.books.reader.page(Table::Document, page, &[])?;
    let all: Vec<Document> = rows.iter().map(|(_, body)| decode(body)).collect::<rusqlite::Result<_>>()?;
    let meant: Vec<&Document> = all
        .iter()
        .filter(|document| !document.is_deleted && query.conditions.iter().all(|condition| condition.holds(document)))
        .collect();
    let shown = meant.iter().skip(query.skip).take(query.top);
    let value = shown.map(|document| view::document(document, include)).collect();
    Ok(Answer::json(200, &List { count: meant.len(), value }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_are_read_or_refused() {
        let read = |filter: &str| conditions(filter).ok().map(|found| found.len());
        assert_eq!(read("code eq 'DB 1 and 2' and totalTax gt 1.5 AND status ne Cancelled"), Some(3));
        assert_eq!(read(""), Some(0));
        for filter in ["code", "code like x", "nothing eq 1", "code eq a and", "code eq a or code eq b"] {
            assert_eq!(read(filter), None, "{filter}");
        }
    }
}
