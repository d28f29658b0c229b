//! Customers: enough of them for a shop that makes one for each shopper.

use super::form::Form;
use super::state::{Customer, merge};
use super::{errors, view};
use crate::turn::Turn;
use crate::wire::{Answer, Stop};

pub(super) fn create(form: &Form, turn: &mut Turn<'_>) -> Answer {
    let n = turn.books.customers.number();
    let mut customer = Customer {
        id: turn.books.identity.make("cus", n),
        account: turn.context.caller.account,
        email: form.text("email"),
        name: form.text("name"),
        description: form.text("description"),
        metadata: Vec::new(),
        created: turn.now_s(),
    };
    merge(&mut customer.metadata, form.map("metadata"));
    let answer = Answer::json(200, &view::customer(&customer));
    turn.books.customers.put(n, customer.account, None, customer, &mut turn.writes, turn.progress);
    answer
}

pub(super) fn retrieve(id: &str, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
    let customer = find(id, turn)?.ok_or_else(|| errors::no_such("customer", "id", id))?;
    Ok(Answer::json(200, &view::customer(&customer)))
}

/// The customer that a form names.
pub(super) fn named(form: &Form, turn: &mut Turn<'_>) -> Result<Option<Customer>, Stop> {
    let Some(id) = form.get("customer") else { return Ok(None) };
    let customer = find(id, turn)?.ok_or_else(|| errors::names_nothing("customer", "customer", id))?;
    Ok(Some(customer))
}

fn find(id: &str, turn: &mut Turn<'_>) -> rusqlite::Result<Option<Customer>> {
    let Some(n) = turn.books.identity.read("cus", id) else { return Ok(None) };
    let customer = turn.books.customers.take(n, &turn.books.reader)?;
    Ok(customer.filter(|customer| customer.account == turn.context.caller.account))
}
