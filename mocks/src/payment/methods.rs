//! Means of payment: made from a card's number, which is looked at once, or named by a test token.

use super::cards::{self, Card, Decline};
use super::form::Form;
use super::state::{Method, merge};
use super::view;
use super::{errors, wallet};
use crate::books::Books;
use crate::calendar;
use crate::turn::Turn;
use crate::wire::{Answer, Stop};

pub(super) fn create(form: &Form, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
    let method = make(form, "", turn)?;
    Ok(Answer::json(200, &view::method(&method)))
}

pub(super) fn retrieve(id: &str, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
    let method = find(id, turn)?.ok_or_else(|| errors::no_such("PaymentMethod", "payment_method", id))?;
    Ok(Answer::json(200, &view::method(&method)))
}

/// The method that a form names or describes, if it does.
pub(super) fn named(form: &Form, turn: &mut Turn<'_>) -> Result<Option<Method>, Stop> {
    if let Some(id) = form.get("payment_method") {
        let method = find(id, turn)?.ok_or_else(|| errors::names_nothing("PaymentMethod", "payment_method", id))?;
        return Ok(Some(if method.id == id && cards::by_token(id).is_some() {
            wallet::own(method, turn)
        } else {
            method
        }));
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
        Some(token) => cards::by_token(token).ok_or_else(|| errors::names_nothing("token", "card[token]", token))?,
        None => read_card(form, &name, turn.now_s())?,
    };
    let n = turn.books.methods.number();
    let mut method = Method {
        id: turn.books.identity.make("pm", n),
        card,
        created: turn.now_s(),
        billing_email: form.text(&name("billing_details[email]")),
        billing_name: form.text(&name("billing_details[name]")),
        customer: None,
        metadata: Vec::new(),
        account: turn.context.caller.account,
        is_set_up: false,
    };
    if prefix.is_empty() {
        merge(&mut method.metadata, form.map("metadata"));
    }
    turn.books.methods.put(n, method.account, None, method.clone(), &mut turn.writes, turn.progress);
    Ok(method)
}

fn read_card(form: &Form, name: &impl Fn(&str) -> String, now_s: i64) -> Result<Card, Answer> {
    let field = |field: &str| form.get(&name(field)).ok_or_else(|| errors::missing(&name(field)));
    let number = field("card[number]")?;
    let month: u32 = field("card[exp_month]")?.parse().unwrap_or(0);
    let year: u32 = field("card[exp_year]")?.parse().unwrap_or(0);
    let year = if year < 100 { year + 2_000 } else { year };
    let refuse = |code, param, message| {
        errors::declined(&Decline { code, decline_code: None, param: Some(param), message }, None, None).unkept()
    };
    if !(1..=12).contains(&month) {
        return Err(refuse("invalid_expiry_month", "exp_month", "Your card's expiration month is invalid."));
    }
    let (this_year, this_month, _) = calendar::day(now_s);
    if !(this_year..this_year + 50).contains(&year) {
        return Err(refuse("invalid_expiry_year", "exp_year", "Your card's expiration year is invalid."));
    }
    if year == this_year && month < this_month {
        return Err(refuse("invalid_expiry_month", "exp_month", "Your card's expiration month is invalid."));
    }
    let cvc = form.get(&name("card[cvc]"));
    if cvc.is_some_and(|cvc| !(3..=4).contains(&cvc.len()) || !cvc.bytes().all(|byte| byte.is_ascii_digit())) {
        return Err(refuse("invalid_cvc", "cvc", "Your card's security code is invalid."));
    }
    cards::by_number(number, month, year).map_err(|decline| errors::declined(&decline, None, None).unkept())
}

/// A method of the caller's, or a test token.
fn find(id: &str, turn: &mut Turn<'_>) -> rusqlite::Result<Option<Method>> {
    if let Some(card) = cards::by_token(id) {
        return Ok(Some(Method {
            id: id.to_owned(),
            card,
            created: turn.now_s(),
            billing_email: None,
            billing_name: None,
            customer: None,
            metadata: Vec::new(),
            account: turn.context.caller.account,
            is_set_up: false,
        }));
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
