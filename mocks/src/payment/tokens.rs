//! Card tokens, as a browser's old form makes them: they stand for a card until a method or a charge takes it.

use super::cards::{self, Card};
use super::form::Form;
use super::state::{Address, Method};
use super::{errors, methods, view};
use crate::turn::Turn;
use crate::wire::{Answer, Stop};

pub(super) fn create(form: &Form, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
    if !form.has("card[number]") {
        let message = "You must supply either a card, customer, pii data, bank account, or account to create a token.";
        return Err(errors::invalid_plain(None, message).into());
    }
    let card = methods::read_card(form, &|field: &str| field.to_owned(), turn.now_s())?;
    let n = turn.books.methods.number();
    let token = Method {
        id: turn.books.identity.make("tok", n),
        card,
        created: turn.now_s(),
        billing_email: None,
        billing_name: form.text("card[name]"),
        billing_phone: None,
        billing_address: Address {
            city: form.text("card[address_city]"),
            country: form.text("card[address_country]"),
            line1: form.text("card[address_line1]"),
            line2: form.text("card[address_line2]"),
            postal_code: form.text("card[address_zip]"),
            state: form.text("card[address_state]"),
        },
        customer: None,
        metadata: Vec::new(),
        account: turn.context.caller.account,
        is_set_up: false,
    };
    let answer = Answer::json(200, &view::token(&token));
    turn.books.methods.put(n, token.account, None, token, &mut turn.writes, turn.progress);
    Ok(answer)
}

pub(super) fn retrieve(id: &str, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
    let token = find(id, turn)?.ok_or_else(|| errors::no_such("token", "token", id))?;
    Ok(Answer::json(200, &view::token(&token)))
}

fn find(id: &str, turn: &mut Turn<'_>) -> rusqlite::Result<Option<Method>> {
    let Some(n) = turn.books.identity.read("tok", id) else { return Ok(None) };
    let token = turn.books.methods.take(n, &turn.books.reader)?;
    Ok(token.filter(|token| token.account == turn.context.caller.account && token.id == id))
}

/// The card that a token stands for.
pub(super) fn card(id: &str, param: &str, turn: &mut Turn<'_>) -> Result<Card, Stop> {
    if let Some(card) = cards::by_token(id) {
        return Ok(card);
    }
    let token = find(id, turn)?.ok_or_else(|| errors::no_reference("token", param, id))?;
    Ok(token.card)
}
