//! Methods as payments use them: a test token becomes a method of its own, and one that was set up stays so.

use super::state::{Intent, Method};
use crate::turn::Turn;

/// The method that a test token stands for, under an identifier of its own.
pub(super) fn own(method: Method, turn: &mut Turn<'_>) -> Method {
    let n = turn.books.methods.number();
    let method = Method { id: turn.books.identity.make("pm", n), ..method };
    keep(n, method.clone(), turn);
    method
}

fn keep(n: i64, method: Method, turn: &mut Turn<'_>) {
    turn.books.methods.put(n, method.account, None, method, &mut turn.writes, turn.progress);
}

/// Keeps the method of a payment that succeeded for later ones, if the shop said that there will be some.
pub(super) fn set_up(intent: &mut Intent, turn: &mut Turn<'_>) {
    if intent.setup_future_usage.is_none() {
        return;
    }
    let customer = intent.customer.clone();
    let Some(charge) = intent.charges.last_mut() else { return };
    remember(&mut charge.method, customer, turn);
    intent.method = Some(charge.method.clone());
}

/// Marks a method as set up, and attaches it to its customer.
pub(super) fn remember(method: &mut Method, customer: Option<String>, turn: &mut Turn<'_>) {
    method.is_set_up = true;
    method.customer = customer.or(method.customer.take());
    if let Some(n) = turn.books.identity.read("pm", &method.id) {
        // What a challenge or a rule made of the card for one attempt is not the card's.
        keep(n, method.clone(), turn);
    }
}
