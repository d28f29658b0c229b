//! What is bought in a checkout: lines with a price of their own.

use serde::{Deserialize, Serialize};

use crate::payment::errors;
use crate::payment::form::Form;
use crate::turn::Turn;
use crate::wire::Answer;

/// As many as Stripe takes.
const ITEMS_MAX: usize = 100;

/// A line of a checkout.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Item {
    pub(crate) id: String,
    pub(crate) price: String,
    pub(crate) product: String,
    pub(crate) name: String,
    pub(crate) currency: String,
    pub(crate) unit_amount: i64,
    pub(crate) quantity: i64,
}

impl Item {
    pub(crate) const fn total(&self) -> i64 {
        self.unit_amount.saturating_mul(self.quantity)
    }
}

/// The lines of a form.
pub(super) fn read(form: &Form, turn: &mut Turn<'_>) -> Result<Vec<Item>, Answer> {
    let places = form.places("line_items");
    if places.is_empty() {
        return Err(errors::missing("line_items"));
    }
    if places.len() > ITEMS_MAX {
        return Err(errors::invalid_plain(
            Some("line_items"),
            "Array line_items exceeded maximum 100 allowed elements.",
        ));
    }
    places.into_iter().map(|place| read_one(form, place, turn)).collect()
}

fn read_one(form: &Form, place: usize, turn: &mut Turn<'_>) -> Result<Item, Answer> {
    let name = |field: &str| format!("line_items[{place}]{field}");
    if let Some(price) = form.get(&name("[price]")) {
        return Err(errors::no_reference("price", &name("[price]"), price));
    }
    let needed = |field: &str| form.get(&name(field)).ok_or_else(|| errors::missing(&name(field)));
    let currency = needed("[price_data][currency]")?.to_lowercase();
    let unit_amount = form
        .integer(&name("[price_data][unit_amount]"))?
        .ok_or_else(|| errors::missing(&name("[price_data][unit_amount]")))?;
    let title = needed("[price_data][product_data][name]")?.to_owned();
    let quantity = form.integer(&name("[quantity]"))?.ok_or_else(|| errors::missing(&name("[quantity]")))?;
    for (field, value, least) in [("[price_data][unit_amount]", unit_amount, 0), ("[quantity]", quantity, 1)] {
        if value < least || value > 99_999_999 {
            let message = format!("This value must be greater than or equal to {least}.");
            return Err(errors::invalid("parameter_invalid_integer", Some(&name(field)), &message));
        }
    }
    // Lines have no row of their own: their names are drawn beside the checkout's.
    let seed = turn.books.identity.secret("item", turn.books.sessions.last() * ITEMS_MAX as i64 + place as i64);
    let tail = &seed[..14];
    Ok(Item {
        id: format!("li_{tail}"),
        price: format!("price_{tail}"),
        product: format!("prod_{tail}"),
        name: title,
        currency,
        unit_amount,
        quantity,
    })
}

/// The one currency of all lines.
pub(super) fn currency(items: &[Item]) -> Result<String, Answer> {
    let first = items.first().map(|item| item.currency.clone()).unwrap_or_default();
    if items.iter().any(|item| item.currency != first) {
        return Err(errors::invalid_plain(
            Some("line_items"),
            "You may not specify different currencies in the line items of one Checkout Session.",
        ));
    }
    crate::payment::amounts::currency(&Form::of(vec![("currency".to_owned(), first)]))?
        .ok_or_else(|| errors::missing("line_items[0][price_data][currency]"))
}
