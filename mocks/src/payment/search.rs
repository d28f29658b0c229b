//! Search: payments, charges and customers by Stripe's query language.

use serde::Serialize;

use super::cards::Brand;
use super::form::Form;
use super::listing::{self, Cursors, limit, scan};
use super::query::{Query, Value};
use super::state::{Charge, ChargeStatus, Customer, Intent};
use super::{errors, view};
use crate::shelf::decode;
use crate::store::Table;
use crate::turn::Turn;
use crate::wire::{Answer, Stop};

/// Objects with one mark that a search looks at.
const MARKED_MAX: usize = 1_000;

#[derive(Serialize)]
struct Found<'a, T> {
    object: &'static str,
    data: Vec<T>,
    has_more: bool,
    next_page: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    total_count: Option<usize>,
    url: &'a str,
}

/// What is asked of any search.
struct Asked {
    query: Query,
    limit: usize,
    /// Only what comes after this one in the order of results.
    before: Option<(i64, usize)>,
    with_total: bool,
}

impl Asked {
    fn read(form: &Form, resource: &str, is_field: impl Fn(&str) -> bool) -> Result<Self, Answer> {
        let text = form.get("query").ok_or_else(|| errors::missing("query"))?;
        let invalid = || errors::invalid_plain(Some("page"), "Invalid page token.");
        let before = match form.get("page") {
            None => None,
            Some(page) => {
                let (n, part) = page.split_once('.').ok_or_else(invalid)?;
                Some((n.parse().map_err(|_| invalid())?, part.parse().map_err(|_| invalid())?))
            }
        };
        Ok(Self {
            query: Query::read(text, resource, is_field)?,
            limit: limit(form)?,
            before,
            with_total: form.list("expand").iter().any(|path| path == "total_count"),
        })
    }

    /// The page of what was found, newest first.
    fn told<T, V: Serialize>(
        &self,
        url: &str,
        found: &[T],
        place: impl Fn(&T) -> (i64, usize),
        show: impl Fn(&T) -> V,
    ) -> Answer {
        let rest: Vec<&T> = found.iter().filter(|of| self.before.is_none_or(|before| place(of) < before)).collect();
        let has_more = rest.len() > self.limit;
        let page = &rest[..rest.len().min(self.limit)];
        let next_page = page.last().filter(|_| has_more).map(|last| {
            let (n, part) = place(last);
            format!("{n}.{part}")
        });
        let total_count = self.with_total.then_some(found.len());
        let data = page.iter().map(|of| show(of)).collect();
        Answer::json(200, &Found { object: "search_result", data, has_more, next_page, total_count, url })
    }
}

/// The payments that a query may mean, newest first.
fn candidates(query: &Query, turn: &mut Turn<'_>) -> Result<Vec<Intent>, Stop> {
    let account = turn.context.caller.account;
    let mut found = Vec::new();
    if let Some((key, value)) = query.mark() {
        let hash = turn.books.identity.hash("mark", account, &format!("{key}\u{1}{value}"));
        for n in turn.books.marks.find(hash, MARKED_MAX) {
            found.extend(turn.books.intents.take(n, &turn.books.reader)?);
        }
        return Ok(found);
    }
    scan(Table::Intent, account, Cursors { before: None, after: None }, turn, |_, body| {
        found.push(decode(body)?);
        Ok(false)
    })?;
    Ok(found)
}

pub(super) fn payments(form: &Form, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
    let fields = ["amount", "created", "currency", "customer", "status"];
    let asked = Asked::read(form, "payment_intents", |field| fields.contains(&field))?;
    let mut found = candidates(&asked.query, turn)?;
    found.retain(|intent| {
        !intent.is_bare
            && asked.query.meets(&intent.metadata, |field| match field {
                "amount" => Value::Number(intent.amount),
                "created" => Value::Number(intent.created),
                "currency" => Value::Text(&intent.currency),
                "customer" => text(intent.customer.as_deref()),
                "status" => Value::Text(intent.status.name()),
                _ => Value::Nothing,
            })
    });
    let show = |intent: &Intent| serde_json::to_value(view::intent(intent)).ok();
    Ok(asked.told("/v1/payment_intents/search", &found, |intent| (intent.n, 0), show))
}

fn text(value: Option<&str>) -> Value<'_> {
    value.map_or(Value::Nothing, Value::Text)
}

const CARD: &str = "payment_method_details.card.";

pub(super) fn charges(form: &Form, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
    let fields = ["amount", "created", "currency", "customer", "disputed", "refunded", "status"];
    let of_card = ["brand", "exp_month", "exp_year", "fingerprint", "last4"];
    let asked = Asked::read(form, "charges", |field| {
        fields.contains(&field)
            || field == "billing_details.address.postal_code"
            || field.strip_prefix(CARD).is_some_and(|field| of_card.contains(&field))
    })?;
    let mut found: Vec<(Intent, usize)> = Vec::new();
    for intent in candidates(&asked.query, turn)? {
        for at in (0..intent.charges.len()).rev() {
            let charge = &intent.charges[at];
            if asked.query.meets(charge.metadata(&intent), |field| of_charge(&intent, charge, field)) {
                found.push((intent.clone(), at));
            }
        }
    }
    let show = |(intent, at): &(Intent, usize)| serde_json::to_value(view::charge(intent, &intent.charges[*at])).ok();
    Ok(asked.told("/v1/charges/search", &found, |(intent, at)| (intent.n, *at), show))
}

/// A field of a charge.
fn of_charge<'a>(intent: &'a Intent, charge: &'a Charge, field: &str) -> Value<'a> {
    let card = &charge.method.card;
    match field {
        "amount" => Value::Number(charge.amount),
        "created" => Value::Number(charge.created),
        "currency" => Value::Text(&intent.currency),
        "customer" => text(intent.customer.as_deref()),
        "disputed" => Value::Flag(charge.dispute.is_some()),
        "refunded" => Value::Flag(charge.amount_captured > 0 && charge.amount_refunded == charge.amount_captured),
        "status" => Value::Text(match charge.status {
            ChargeStatus::Pending => "pending",
            ChargeStatus::Succeeded => "succeeded",
            ChargeStatus::Failed => "failed",
        }),
        "billing_details.address.postal_code" => text(charge.method.billing_address.postal_code.as_deref()),
        _ => match field.strip_prefix(CARD).filter(|_| card.brand != Brand::Bank) {
            Some("brand") => Value::Text(card.brand.name()),
            Some("exp_month") => Value::Number(card.exp_month.into()),
            Some("exp_year") => Value::Number(card.exp_year.into()),
            Some("fingerprint") => Value::Text(&card.fingerprint),
            Some("last4") => Value::Text(&card.last4),
            _ => Value::Nothing,
        },
    }
}

pub(super) fn customers(form: &Form, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
    let fields = ["created", "email", "name", "phone"];
    let asked = Asked::read(form, "customers", |field| fields.contains(&field))?;
    let account = turn.context.caller.account;
    let mut found: Vec<Customer> = Vec::new();
    if let Some((key, value)) = asked.query.mark() {
        let hash = listing::mark(turn.books.identity, Table::Customer, account, key, value);
        for n in turn.books.marks.find(hash, MARKED_MAX) {
            found.extend(turn.books.customers.take(n, &turn.books.reader)?);
        }
    } else {
        scan(Table::Customer, account, Cursors { before: None, after: None }, turn, |_, body| {
            found.push(decode(body)?);
            Ok(false)
        })?;
    }
    found.retain(|customer| {
        !customer.is_deleted
            && asked.query.meets(&customer.metadata, |field| match field {
                "created" => Value::Number(customer.created),
                "email" => text(customer.email.as_deref()),
                "name" => text(customer.name.as_deref()),
                "phone" => text(customer.phone.as_deref()),
                _ => Value::Nothing,
            })
    });
    let show = |customer: &Customer| serde_json::to_value(view::customer(customer)).ok();
    Ok(asked.told("/v1/customers/search", &found, |customer| (customer.n, 0), show))
}
