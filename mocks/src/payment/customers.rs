//! Customers and the methods attached to them.

use super::form::Form;
use super::listing::{self, Listed};
use super::state::{Customer, Method, merge};
use super::view;
use super::{errors, form_parts, methods};
use crate::store::{Table, Write};
use crate::turn::{Happened, Turn};
use crate::wire::{Answer, Stop};

const URL: &str = "/v1/customers";

pub(super) fn create(form: &Form, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
    let method = match form.get("payment_method") {
        Some(id) => Some(methods::reference(id, "payment_method", turn)?),
        None => None,
    };
    let n = turn.books.customers.number();
    let mut customer = Customer {
        n,
        id: turn.books.identity.make("cus", n),
        account: turn.context.caller.account,
        email: None,
        name: None,
        phone: None,
        description: None,
        address: None,
        shipping: None,
        preferred_locales: Vec::new(),
        tax_exempt: None,
        default_method: None,
        metadata: Vec::new(),
        created: turn.now_s(),
        is_deleted: false,
    };
    change(&mut customer, form)?;
    if let Some(method) = method {
        methods::attach_to(method, &customer.id, turn)?;
    }
    customer.default_method = default_method(&customer, form, turn)?;
    tell("customer.created", &customer, turn);
    Ok(shown_and_kept(customer, turn))
}

/// What create and update have in common.
fn change(customer: &mut Customer, form: &Form) -> Result<(), Answer> {
    let texts = [
        ("email", &mut customer.email),
        ("name", &mut customer.name),
        ("phone", &mut customer.phone),
        ("description", &mut customer.description),
        ("tax_exempt", &mut customer.tax_exempt),
    ];
    for (name, field) in texts {
        *field = form.retext(name, field.take());
    }
    if customer.email.as_ref().is_some_and(|email| !email.contains('@')) {
        let message = format!("Invalid email address: {}", customer.email.as_deref().unwrap_or_default());
        return Err(errors::invalid("email_invalid", Some("email"), &message));
    }
    if customer.tax_exempt.as_ref().is_some_and(|exempt| !["none", "exempt", "reverse"].contains(&exempt.as_str())) {
        let message = "Invalid tax_exempt: must be one of none, exempt, or reverse";
        return Err(errors::invalid_plain(Some("tax_exempt"), message));
    }
    customer.address = form_parts::address(form, "address").or_else(|| customer.address.take());
    customer.shipping = form_parts::shipping(form, "shipping").or_else(|| customer.shipping.take());
    let locales = form.list("preferred_locales");
    if !locales.is_empty() {
        customer.preferred_locales = locales;
    }
    merge(&mut customer.metadata, form.map("metadata"));
    Ok(())
}

/// The method that invoices take, which must be the customer's own.
fn default_method(customer: &Customer, form: &Form, turn: &mut Turn<'_>) -> Result<Option<String>, Stop> {
    const PARAM: &str = "invoice_settings[default_payment_method]";
    let Some(id) = form.get(PARAM) else {
        return Ok(customer.default_method.clone().filter(|_| form.raw(PARAM).is_none()));
    };
    let method = methods::reference(id, PARAM, turn)?;
    if method.customer.as_deref() != Some(&customer.id) {
        let message = format!(
            "The customer does not have a payment method with the ID {id}. The payment method must be attached to the customer."
        );
        return Err(errors::invalid("resource_missing", Some(PARAM), &message).into());
    }
    Ok(Some(method.id))
}

pub(super) fn update(id: &str, form: &Form, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
    let mut customer = alive(id, turn)?;
    change(&mut customer, form)?;
    customer.default_method = default_method(&customer, form, turn)?;
    tell("customer.updated", &customer, turn);
    Ok(shown_and_kept(customer, turn))
}

fn shown_and_kept(customer: Customer, turn: &mut Turn<'_>) -> Answer {
    let answer = Answer::json(200, &view::customer(&customer));
    let named = customer.email.as_ref().map(|email| ("email", email.as_str()));
    let pairs = customer.metadata.iter().map(|(key, value)| (key.as_str(), value.as_str()));
    for (key, value) in named.into_iter().chain(pairs) {
        let hash = listing::mark(turn.books.identity, Table::Customer, customer.account, key, value);
        turn.writes.push(Write::Mark { hash, n: customer.n });
    }
    put(customer, turn);
    answer
}

fn put(customer: Customer, turn: &mut Turn<'_>) {
    turn.books.customers.put(customer.n, customer.account, None, customer, &mut turn.writes, turn.progress);
}

fn tell(kind: &'static str, customer: &Customer, turn: &mut Turn<'_>) {
    turn.happened(&Happened {
        kind,
        object: &view::customer(customer),
        parent: &customer.id,
        brand: None,
        amount_minor: 0,
        intent: None,
        // Payments have the positive numbers.
        payment: -customer.n,
    });
}

pub(super) fn retrieve(id: &str, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
    let customer = find(id, turn)?.ok_or_else(|| errors::no_such("customer", "id", id))?;
    if customer.is_deleted {
        return Ok(Answer::json(200, &view::deleted(id, "customer")));
    }
    Ok(Answer::json(200, &view::customer(&customer)))
}

/// Its methods are detached, as by the vendor.
pub(super) fn delete(id: &str, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
    let mut customer = alive(id, turn)?;
    tell("customer.deleted", &customer, turn);
    customer.is_deleted = true;
    customer.default_method = None;
    put(customer, turn);
    Ok(Answer::json(200, &view::deleted(id, "customer")))
}

/// A customer that the address names and that was not deleted.
fn alive(id: &str, turn: &mut Turn<'_>) -> Result<Customer, Stop> {
    let customer = find(id, turn)?.filter(|customer| !customer.is_deleted);
    Ok(customer.ok_or_else(|| errors::no_such("customer", "id", id))?)
}

/// The customer that a form names.
pub(super) fn named(form: &Form, turn: &mut Turn<'_>) -> Result<Option<Customer>, Stop> {
    let Some(id) = form.get("customer") else { return Ok(None) };
    let customer = find(id, turn)?.filter(|customer| !customer.is_deleted);
    Ok(Some(customer.ok_or_else(|| errors::no_reference("customer", "customer", id))?))
}

pub(super) fn find(id: &str, turn: &mut Turn<'_>) -> rusqlite::Result<Option<Customer>> {
    let Some(n) = turn.books.identity.read("cus", id) else { return Ok(None) };
    let customer = turn.books.customers.take(n, &turn.books.reader)?;
    Ok(customer.filter(|customer| customer.account == turn.context.caller.account))
}

pub(super) fn list(form: &Form, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
    let email = form.text("email");
    let identity = turn.books.identity;
    let marked = email
        .as_deref()
        .map(|email| listing::mark(identity, Table::Customer, turn.context.caller.account, "email", email));
    let asked = Listed { table: Table::Customer, prefix: "cus", kind: "customer", url: URL, marked };
    let found = listing::numbered(
        &asked,
        form,
        turn,
        |customer: &Customer| (customer.n, customer.created),
        |customer| !customer.is_deleted && (email.is_none() || customer.email == email),
    )?;
    Ok(found.told(view::customer))
}

/// The methods attached to a customer, or one of them.
pub(super) fn methods_of(id: &str, form: &Form, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
    let customer = alive(id, turn)?;
    methods::list_of(&customer.id, &format!("{URL}/{id}/payment_methods"), form, turn)
}

pub(super) fn method_of(id: &str, method: &str, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
    let customer = alive(id, turn)?;
    let found = methods::find(method, turn)?.filter(|method| method.customer.as_deref() == Some(&customer.id));
    let found: Method = found.ok_or_else(|| errors::no_such("PaymentMethod", "payment_method", method))?;
    Ok(Answer::json(200, &view::method(&found)))
}

/// Takes note of a method that is the customer's no longer.
pub(super) fn forget_method(customer: &str, method: &str, turn: &mut Turn<'_>) -> rusqlite::Result<()> {
    if let Some(mut customer) = find(customer, turn)?
        && customer.default_method.as_deref() == Some(method)
    {
        customer.default_method = None;
        put(customer, turn);
    }
    Ok(())
}
