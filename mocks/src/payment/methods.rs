//! Means of payment: made from a card's number, which is looked at once, or from a token; kept by customers.

use super::cards::{self, Card, Decline};
use super::form::Form;
use super::listing::{self, Listed};
use super::state::{Method, merge};
use super::test_cards::Authentication;
use super::{customers, errors, form_parts, tokens, view};
use crate::books::Books;
use crate::calendar;
use crate::store::{Table, Write};
use crate::turn::{Happened, Turn};
use crate::wire::{Answer, Stop};

const URL: &str = "/v1/payment_methods";

pub(super) fn create(form: &Form, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
    let method = make(form, "", turn)?;
    Ok(Answer::json(200, &view::method(&method)))
}

pub(super) fn retrieve(id: &str, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
    Ok(Answer::json(200, &view::method(&addressed(id, turn)?)))
}

pub(super) fn update(id: &str, form: &Form, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
    let mut method = addressed(id, turn)?;
    let month = form.integer("card[exp_month]")?.map(|month| month as u32);
    let year = form.integer("card[exp_year]")?.map(|year| year as u32);
    check_expiry(month.unwrap_or(method.card.exp_month), year.unwrap_or(method.card.exp_year), turn.now_s())?;
    method.card.exp_month = month.unwrap_or(method.card.exp_month);
    method.card.exp_year = year.unwrap_or(method.card.exp_year);
    bill(&mut method, form, &|field: &str| field.to_owned());
    merge(&mut method.metadata, form.map("metadata"));
    tell("payment_method.updated", &method, turn);
    let answer = Answer::json(200, &view::method(&method));
    put(method, turn)?;
    Ok(answer)
}

pub(super) fn attach(id: &str, form: &Form, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
    let method = addressed(id, turn)?;
    let customer = customers::named(form, turn)?.ok_or_else(|| errors::missing("customer"))?;
    let method = attach_to(method, &customer.id, turn)?;
    Ok(Answer::json(200, &view::method(&method)))
}

/// The issuer is asked whether the card is good; a method is one customer's for good.
pub(super) fn attach_to(mut method: Method, customer: &str, turn: &mut Turn<'_>) -> Result<Method, Stop> {
    if method.customer.as_deref().is_some_and(|of| of != customer) {
        let message = "The payment method you provided has already been attached to a customer.";
        return Err(errors::invalid_plain(None, message).into());
    }
    // A card that asks for its holder is kept, whatever it does later.
    let is_good = method.card.fails_late() || method.card.authentication != Authentication::Never;
    if let Some(decline) = method.card.behaviour.decline().filter(|_| !is_good) {
        return Err(errors::declined(&decline, None, None).unkept().into());
    }
    belong(&mut method, customer, turn);
    put(method.clone(), turn)?;
    Ok(method)
}

/// The method becomes a customer's, and is found as one of its own.
pub(super) fn belong(method: &mut Method, customer: &str, turn: &mut Turn<'_>) {
    method.customer = Some(customer.to_owned());
    let n = turn.books.identity.read("pm", &method.id).unwrap_or_default();
    let hash = listing::mark(turn.books.identity, Table::Method, method.account, "customer", customer);
    turn.writes.push(Write::Mark { hash, n });
    tell("payment_method.attached", method, turn);
}

pub(super) fn detach(id: &str, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
    let mut method = addressed(id, turn)?;
    let Some(customer) = method.customer.take() else {
        let message = "The payment method you provided is not attached to a customer so detachment is impossible.";
        return Err(errors::invalid_plain(None, message).into());
    };
    customers::forget_method(&customer, id, turn)?;
    tell("payment_method.detached", &method, turn);
    let answer = Answer::json(200, &view::method(&method));
    put(method, turn)?;
    Ok(answer)
}

/// Without a customer Stripe lists nothing that a checkout makes.
pub(super) fn list(form: &Form, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
    match customers::named(form, turn)? {
        Some(customer) => list_of(&customer.id, URL, form, turn),
        None => Ok(listing::empty(URL)),
    }
}

/// A customer's methods, newest first.
pub(super) fn list_of(customer: &str, url: &str, form: &Form, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
    let kind = form.text("type");
    let identity = turn.books.identity;
    let marked = Some(listing::mark(identity, Table::Method, turn.context.caller.account, "customer", customer));
    let asked = Listed { table: Table::Method, prefix: "pm", kind: "payment_method", url, marked };
    let at = |method: &Method| (identity.read("pm", &method.id).unwrap_or_default(), method.created);
    let found = listing::numbered(&asked, form, turn, at, |method| {
        method.customer.as_deref() == Some(customer)
            && kind.as_deref().is_none_or(|kind| kind == method.card.brand.method_type())
    })?;
    Ok(found.told(view::method))
}

fn tell(kind: &'static str, method: &Method, turn: &mut Turn<'_>) {
    let n = turn.books.identity.read("pm", &method.id).unwrap_or_default();
    turn.happened(&Happened {
        kind,
        object: &view::method(method),
        parent: &method.id,
        brand: Some(method.card.brand.name()),
        amount_minor: 0,
        intent: None,
        // Payments have the positive numbers.
        payment: -n,
    });
}

fn put(method: Method, turn: &mut Turn<'_>) -> Result<(), Answer> {
    let n = turn.books.identity.read("pm", &method.id);
    let n = n.ok_or_else(|| errors::no_such("PaymentMethod", "payment_method", &method.id))?;
    turn.books.methods.put(n, method.account, None, method, &mut turn.writes, turn.progress);
    Ok(())
}

/// The method that an address names.
fn addressed(id: &str, turn: &mut Turn<'_>) -> Result<Method, Stop> {
    Ok(find(id, turn)?.ok_or_else(|| errors::no_such("PaymentMethod", "payment_method", id))?)
}

/// The method that a parameter names.
pub(super) fn reference(id: &str, param: &str, turn: &mut Turn<'_>) -> Result<Method, Stop> {
    Ok(find(id, turn)?.ok_or_else(|| errors::no_reference("PaymentMethod", param, id))?)
}

/// The method that a form names or describes, if it does.
pub(super) fn named(form: &Form, turn: &mut Turn<'_>) -> Result<Option<Method>, Stop> {
    if let Some(id) = form.get("payment_method") {
        return reference(id, "payment_method", turn).map(Some);
    }
    if form.has("payment_method_data[type]") || form.has("payment_method_data[card][number]") {
        return make(form, "payment_method_data", turn).map(Some);
    }
    Ok(None)
}

/// Makes a method from the fields under `prefix`.
fn make(form: &Form, prefix: &str, turn: &mut Turn<'_>) -> Result<Method, Stop> {
    let name = |field: &str| match (prefix, field.split_once('[')) {
        ("", _) => field.to_owned(),
        (prefix, None) => format!("{prefix}[{field}]"),
        (prefix, Some((first, rest))) => format!("{prefix}[{first}][{rest}"),
    };
    if form.get(&name("type")).is_some_and(|kind| kind != "card") {
        return Err(
            errors::invalid_plain(Some("type"), "Only payment methods of type `card` can be created here.").into()
        );
    }
    let card = match form.get(&name("card[token]")) {
        Some(token) => tokens::card(token, &name("card[token]"), turn)?,
        None => read_card(form, &name, turn.now_s())?,
    };
    let mut method = fresh(card, turn);
    bill(&mut method, form, &name);
    if prefix.is_empty() {
        merge(&mut method.metadata, form.map("metadata"));
    }
    put(method.clone(), turn)?;
    Ok(method)
}

/// A method of the caller's that nobody has seen yet.
pub(super) fn fresh(card: Card, turn: &mut Turn<'_>) -> Method {
    let n = turn.books.methods.number();
    Method {
        id: turn.books.identity.make("pm", n),
        card,
        created: turn.now_s(),
        billing_email: None,
        billing_name: None,
        billing_phone: None,
        billing_address: super::state::Address::default(),
        customer: None,
        metadata: Vec::new(),
        account: turn.context.caller.account,
        is_set_up: false,
    }
}

/// Takes over the billing details that a form gives.
fn bill(method: &mut Method, form: &Form, name: &impl Fn(&str) -> String) {
    let field = |part: &str, known: Option<String>| form.text(&name(&format!("billing_details[{part}]"))).or(known);
    method.billing_email = field("email", method.billing_email.take());
    method.billing_name = field("name", method.billing_name.take());
    method.billing_phone = field("phone", method.billing_phone.take());
    if let Some(address) = form_parts::address(form, &name("billing_details[address]")) {
        method.billing_address = address;
    }
}

/// Reads the fields of a card, named by `name`; its number is looked at and forgotten.
pub(super) fn read_card(form: &Form, name: &impl Fn(&str) -> String, now_s: i64) -> Result<Card, Answer> {
    let field = |field: &str| form.get(&name(field)).ok_or_else(|| errors::missing(&name(field)));
    let number = field("card[number]")?;
    let month: u32 = field("card[exp_month]")?.parse().unwrap_or(0);
    let year: u32 = field("card[exp_year]")?.parse().unwrap_or(0);
    let year = if year < 100 { year + 2_000 } else { year };
    check_expiry(month, year, now_s)?;
    let cvc = form.get(&name("card[cvc]"));
    if cvc.is_some_and(|cvc| !(3..=4).contains(&cvc.len()) || !cvc.bytes().all(|byte| byte.is_ascii_digit())) {
        return Err(invalid_card("invalid_cvc", "cvc", "Your card's security code is invalid."));
    }
    cards::by_number(number, month, year).map_err(|decline| errors::declined(&decline, None, None).unkept())
}

fn invalid_card(code: &'static str, param: &'static str, message: &'static str) -> Answer {
    errors::declined(&Decline { code, decline_code: None, param: Some(param), message }, None, None).unkept()
}

fn check_expiry(month: u32, year: u32, now_s: i64) -> Result<(), Answer> {
    let (this_year, this_month, _) = calendar::day(now_s);
    if !(1..=12).contains(&month) || (year == this_year && month < this_month) {
        return Err(invalid_card("invalid_expiry_month", "exp_month", "Your card's expiration month is invalid."));
    }
    if !(this_year..this_year + 50).contains(&year) {
        return Err(invalid_card("invalid_expiry_year", "exp_year", "Your card's expiration year is invalid."));
    }
    Ok(())
}

/// A method of the caller's; a test token makes a new one, as by the vendor.
pub(super) fn find(id: &str, turn: &mut Turn<'_>) -> rusqlite::Result<Option<Method>> {
    if let Some(card) = cards::by_token(id) {
        let method = fresh(card, turn);
        if let Some(n) = turn.books.identity.read("pm", &method.id) {
            turn.books.methods.put(n, method.account, None, method.clone(), &mut turn.writes, turn.progress);
        }
        return Ok(Some(method));
    }
    let Some(n) = turn.books.identity.read("pm", id) else { return Ok(None) };
    let method = turn.books.methods.take(n, &turn.books.reader)?;
    Ok(method.filter(|method| method.account == turn.context.caller.account))
}

/// The card of a method, whoever's it is: rules match on its brand.
pub(super) fn find_any(id: &str, books: &mut Books) -> Option<Card> {
    cards::by_token(id).or_else(|| {
        let n = books.identity.read("pm", id)?;
        // Where the store cannot be read the operation itself will say so.
        books.methods.take(n, &books.reader).ok().flatten().map(|method| method.card)
    })
}
