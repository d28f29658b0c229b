//! Methods that later payments take: one that was set up stays so, and is its customer's.

use super::methods;
use super::state::{Intent, Method};
use crate::turn::Turn;

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
    if let Some(customer) = customer.filter(|customer| method.customer.as_ref() != Some(customer)) {
        methods::belong(method, &customer, turn);
    }
    if let Some(n) = turn.books.identity.read("pm", &method.id) {
        // What a challenge or a rule made of the card for one attempt is not the card's.
        turn.books.methods.put(n, method.account, None, method.clone(), &mut turn.writes, turn.progress);
    }
}
