//! Expansion: an identifier in an answer gives way to the object that it names. It exists once, for every answer.
//!
//! Paths are checked against what an object may hold before anything is executed, and followed when the answer is there.

use serde_json::Value;

use super::form::Form;
use super::state::Intent;
use super::view;
use super::{customers, errors, listing, methods, refunds, sessions};
use crate::turn::Turn;
use crate::wire::{Answer, Stop};

/// Fields of a path, `data` included.
const DEPTH_MAX: usize = 4;

/// A kind of object that has fields to expand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Intent,
    Setup,
    Session,
    /// A line of a checkout.
    Item,
    Charge,
    Refund,
    Customer,
    Method,
    Entry,
    Dispute,
    /// The settings of a customer's invoices.
    InvoiceSettings,
    /// Whatever a balance transaction comes from.
    Source,
    /// Nothing to expand.
    Plain,
}

/// What a field of an object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    /// Names an object.
    Refers(Shape),
    /// Holds fields that can be expanded.
    Holds(Shape),
    /// A list that is shown only when it is asked for.
    Lists(Shape),
    /// Stripe knows it; here nothing is ever in it.
    Vacant,
}

/// The field of an object, if it can stand in a path.
fn field(of: Shape, name: &str) -> Option<Field> {
    use Field::{Holds, Lists, Refers, Vacant};
    Some(match (of, name) {
        (Shape::Intent, "latest_charge") | (Shape::Refund | Shape::Dispute, "charge") => Refers(Shape::Charge),
        (Shape::Intent | Shape::Setup | Shape::Session | Shape::Charge | Shape::Method, "customer") => {
            Refers(Shape::Customer)
        }
        (Shape::Intent | Shape::Setup, "payment_method") | (Shape::InvoiceSettings, "default_payment_method") => {
            Refers(Shape::Method)
        }
        (Shape::Session | Shape::Charge | Shape::Refund | Shape::Dispute, "payment_intent") => Refers(Shape::Intent),
        (Shape::Charge | Shape::Refund, "balance_transaction" | "failure_balance_transaction") => Refers(Shape::Entry),
        (Shape::Charge, "dispute") => Refers(Shape::Dispute),
        (Shape::Charge, "refunds") => Lists(Shape::Refund),
        (Shape::Session, "line_items") => Lists(Shape::Item),
        (Shape::Customer, "invoice_settings") => Holds(Shape::InvoiceSettings),
        (Shape::Customer, "sources" | "subscriptions" | "tax_ids") => Lists(Shape::Plain),
        (Shape::Entry, "source") => Refers(Shape::Source),
        (Shape::Source, name) => {
            return [Shape::Charge, Shape::Refund, Shape::Dispute].into_iter().find_map(|shape| field(shape, name));
        }
        (Shape::Intent | Shape::Charge, "application" | "invoice" | "on_behalf_of" | "review" | "source")
        | (Shape::Setup, "application" | "latest_attempt" | "mandate" | "on_behalf_of" | "single_use_mandate")
        | (Shape::Session, "invoice" | "payment_link" | "setup_intent" | "subscription")
        | (Shape::Charge, "application_fee" | "source_transfer" | "transfer")
        | (Shape::Refund, "source_transfer_reversal" | "transfer_reversal")
        | (Shape::Customer, "default_source" | "cash_balance" | "discount" | "tax" | "test_clock") => Vacant,
        _ => return None,
    })
}

/// The paths that an answer is to be expanded by.
#[derive(Clone, Debug, Default)]
pub(super) struct Paths {
    shape: Option<Shape>,
    paths: Vec<Vec<String>>,
}

impl Paths {
    /// Reads `expand[]`; a path that leads nowhere is a 400. `total_count` is a search's own and no path.
    pub(super) fn read(form: &Form, shape: Shape, is_list: bool) -> Result<Self, Answer> {
        let mut paths = Vec::new();
        for text in form.list("expand").into_iter().filter(|text| !(is_list && text == "total_count")) {
            let fields: Vec<String> = text.split('.').map(str::to_owned).collect();
            if fields.len() > DEPTH_MAX {
                return Err(errors::invalid_plain(
                    Some("expand"),
                    &format!("You cannot expand more than {DEPTH_MAX} levels of a property ({text})."),
                ));
            }
            let leads = if is_list { fields[0] == "data" && leads(shape, &fields[1..]) } else { leads(shape, &fields) };
            if !leads || fields.len() <= usize::from(is_list) {
                return Err(errors::invalid_plain(
                    Some("expand"),
                    &format!("This property cannot be expanded ({text})."),
                ));
            }
            paths.push(fields);
        }
        Ok(Self { shape: Some(shape), paths })
    }

    /// The answer with what the paths lead to in it.
    pub(super) fn follow(&self, answer: Answer, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
        let Some(shape) = self.shape.filter(|_| !self.paths.is_empty() && answer.status == 200) else {
            return Ok(answer);
        };
        let mut root: Value = crate::shelf::decode(&answer.body)?;
        for path in &self.paths {
            open(&mut root, shape, path, turn)?;
        }
        Ok(Answer { body: crate::sheet::json(&root), ..answer })
    }
}

/// Whether a path leads to something.
fn leads(shape: Shape, path: &[String]) -> bool {
    let Some((name, rest)) = path.split_first() else { return true };
    match (field(shape, name), rest.first()) {
        (None, _) => false,
        (Some(Field::Vacant), _) | (Some(Field::Lists(_)), None) => true,
        (Some(Field::Holds(inner)), next) => next.is_some() && leads(inner, rest),
        (Some(Field::Refers(inner)), _) => leads(inner, rest),
        (Some(Field::Lists(inner)), Some(next)) => next == "data" && leads(inner, &rest[1..]),
    }
}

/// Follows a path from an object, or from each object of a list.
fn open(at: &mut Value, shape: Shape, path: &[String], turn: &mut Turn<'_>) -> Result<(), Stop> {
    let Some((name, rest)) = path.split_first() else { return Ok(()) };
    if let Some(Value::Array(objects)) = at.get_mut("data").filter(|_| name == "data") {
        for object in objects {
            open(object, shape, rest, turn)?;
        }
        return Ok(());
    }
    match field(shape, name) {
        None | Some(Field::Vacant) => Ok(()),
        Some(Field::Holds(inner)) => at.get_mut(name).map_or(Ok(()), |held| open(held, inner, rest, turn)),
        Some(Field::Refers(inner)) => {
            let Some(place) = at.get_mut(name) else { return Ok(()) };
            if let Some(id) = place.as_str()
                && let Some(object) = load(inner, id, turn)?
            {
                *place = object;
            }
            if place.is_object() { open(place, inner, rest, turn) } else { Ok(()) }
        }
        Some(Field::Lists(inner)) => {
            if at.get(name).is_none_or(|list| !list.is_object()) {
                let id = at["id"].as_str().unwrap_or_default().to_owned();
                at[name] = sublist(inner, name, &id, turn)?;
            }
            open(&mut at[name], inner, rest, turn)
        }
    }
}

/// A list that belongs to an object.
fn sublist(of: Shape, name: &str, id: &str, turn: &mut Turn<'_>) -> Result<Value, Stop> {
    let answer = match of {
        Shape::Refund => {
            let url = format!("/v1/charges/{id}/refunds");
            listing::refunds(Some((id, &url)), &Form::default(), turn)?
        }
        Shape::Item => sessions::items(id, &Form::default(), turn)?,
        _ => listing::empty(&format!("/v1/customers/{id}/{name}")),
    };
    Ok(crate::shelf::decode(&answer.body)?)
}

fn shown(view: impl serde::Serialize) -> Value {
    serde_json::to_value(view).expect("our views have string keys only")
}

/// The object that an identifier names, as its own address would show it.
fn load(shape: Shape, id: &str, turn: &mut Turn<'_>) -> Result<Option<Value>, Stop> {
    let identity = turn.books.identity;
    let account = turn.context.caller.account;
    Ok(match shape {
        Shape::Intent => {
            let n = identity.read("pi", id);
            payment(n, turn)?.map(|intent| shown(view::intent(&intent)))
        }
        Shape::Charge => {
            let place = identity.read_part("ch", id);
            let intent = payment(place.map(|(n, _)| n), turn)?;
            intent
                .zip(place)
                .and_then(|(intent, (_, at))| intent.charges.get(at).map(|charge| shown(view::charge(&intent, charge))))
        }
        Shape::Refund => {
            let (intent, at) = refunds::find_refund(id, turn)?;
            Some(shown(view::refund(&intent, &intent.refunds[at])))
        }
        Shape::Customer => match customers::find(id, turn)? {
            Some(customer) if customer.is_deleted => Some(shown(view::deleted(id, "customer"))),
            customer => customer.map(|customer| shown(view::customer(&customer))),
        },
        Shape::Method => methods::find(id, turn)?.map(|method| shown(view::method(&method))),
        Shape::Entry => {
            let Some(n) = identity.read("txn", id) else { return Ok(None) };
            let entry = turn.books.balance.take(n, &turn.books.reader)?;
            let now_s = turn.now_s();
            entry.filter(|entry| entry.account == account).map(|entry| shown(view::entry(&entry).at(now_s)))
        }
        Shape::Dispute => {
            let Some(n) = identity.read("dp", id) else { return Ok(None) };
            let dispute = turn.books.disputes.take(n, &turn.books.reader)?;
            dispute.filter(|dispute| dispute.account == account).map(|dispute| shown(view::dispute(&dispute)))
        }
        Shape::Source => match id.split_once('_').map(|(prefix, _)| prefix) {
            Some("ch") => load(Shape::Charge, id, turn)?,
            Some("re") => load(Shape::Refund, id, turn)?,
            Some("dp") => load(Shape::Dispute, id, turn)?,
            _ => None,
        },
        // No field refers to one.
        Shape::Setup | Shape::Session | Shape::Item | Shape::InvoiceSettings | Shape::Plain => None,
    })
}

fn payment(n: Option<i64>, turn: &mut Turn<'_>) -> rusqlite::Result<Option<Intent>> {
    let Some(n) = n else { return Ok(None) };
    let intent = turn.books.intents.take(n, &turn.books.reader)?;
    Ok(intent.filter(|intent| intent.account == turn.context.caller.account))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_read(shape: Shape, is_list: bool, path: &str) -> bool {
        Paths::read(&Form::read(format!("expand[]={path}").as_bytes()), shape, is_list).is_ok()
    }

    #[test]
    fn only_paths_that_lead_somewhere_are_taken() {
        for path in [
            "latest_charge",
            "latest_charge.balance_transaction",
            "latest_charge.balance_transaction.source",
            "latest_charge.refunds.data.charge",
            "customer.invoice_settings.default_payment_method",
            "invoice.subscription",
        ] {
            assert!(is_read(Shape::Intent, false, path), "{path}");
        }
        for path in [
            "",
            "nonsense",
            "charge",
            "data.latest_charge",
            "latest_charge.payment_method",
            "latest_charge.nonsense",
            "customer.invoice_settings",
            "latest_charge.payment_intent.latest_charge.payment_intent.customer",
        ] {
            assert!(!is_read(Shape::Intent, false, path), "{path}");
        }
        assert!(is_read(Shape::Intent, true, "data.latest_charge.balance_transaction"));
        assert!(is_read(Shape::Entry, true, "data.source.payment_intent.customer"));
        assert!(!is_read(Shape::Intent, true, "latest_charge") && !is_read(Shape::Intent, true, "data"));
    }
}
