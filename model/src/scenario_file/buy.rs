//! The step that buys: the submission, and what a careful shopper and their browser do about it.

use super::expressions::JsonBody;
use super::form::{Form, object};
use super::journey::{Exchange, plain_step};
use super::kinds::{list, words};
use super::request::{Draft, keyed, keyless, polled};
use super::scalars::{template, text};
use crate::journey::{Act, Action, Buy, Part, Request};
use crate::outcome::Reading;

/// `buy`, and what its requests need and set.
pub(super) fn buy(form: &mut Form<'_>) -> Option<(Option<Buy>, Vec<Exchange>)> {
    let shown_total = form.optional("shown_total", "The total that the shopper was shown, in minor units.", template());
    let currency = form.optional("currency", "Its currency.", template());
    let about =
        "What the shopper put in the cart: a list of `sku`, `quantity` and, as the shopper saw it, `unit_minor`.";
    let basket = form.optional("basket", about, JsonBody);
    let about =
        "The address that the shopper gave: `line1`, `city`, `region`, `postal_code`, `country`, or some of them.";
    let ship_to = form.optional("ship_to", about, JsonBody);
    let about = "The shop's name of the account that the shopper buys with.";
    let account = form.optional("account", about, template());
    let about = "The promotion that the shop said yes to before; where its variable is not set, none was asked for.";
    let promotion = form.optional("promotion", about, template());
    let shown = form.at().map(|at| at.desk.take_uses()).unwrap_or_default();
    let order = form.defaulted("order", "The capture that holds the order number.", "order", text());
    let total = form.optional("total", "The capture that holds the total answered, in minor units.", text());
    let submit = form.required("submit", "The submission.", object("Submission", keyed));
    let look = form.optional("look", "Asked before buying again after no answer.", object("Request", keyless));
    let about = "The browser's part in the payment: steps after an answer that reads `action_required`.";
    let action = form.optional("action", about, list(object("Act", act))).unwrap_or_default();
    let settle = form.optional("settle", "Asked while the order is pending.", object("Poll", polled));
    let about = "Sent after a decline by shoppers with a second card.";
    let second_card = form.optional("second_card", about, object("Submission", keyed));
    let about = "Edits the cart; sent in another tab while paying, by shoppers who do so.";
    let edit = form.optional("edit", about, object("Submission", keyed));
    let about = "Sent after the confirmation by shoppers who change their mind.";
    let cancel = form.optional("cancel", about, object("Submission", keyed));
    form.at()?;
    let mut exchanges = vec![Exchange { uses: shown, sets: Vec::new(), later: false }];
    let submit = part(&mut exchanges, submit, false);
    let look = part(&mut exchanges, look, false);
    let edit = part(&mut exchanges, edit, false);
    let (action, needs): (Vec<_>, Vec<_>) = action.into_iter().unzip();
    exchanges.extend(needs.into_iter().flatten());
    let settle = part(&mut exchanges, settle, true);
    let second_card = part(&mut exchanges, second_card, true);
    let cancel = part(&mut exchanges, cancel, true);
    let asking = submit.iter().chain(&look).chain(&second_card).chain(settle.iter().map(|poll| &poll.request));
    if action.is_empty() && asking.clone().any(asks_for_action) {
        form.wrong("action", "lacks `action`", "an answer reads `action_required`: say what the shopper does then");
    }
    let buy = || {
        Some(Buy {
            shown_total,
            currency,
            basket,
            ship_to,
            account,
            promotion,
            order: order?,
            total,
            submit: submit?,
            look,
            settle,
            action,
            edit,
            second_card,
            cancel,
        })
    };
    Some((buy(), exchanges))
}

fn asks_for_action(request: &Request) -> bool {
    request.expect.iter().any(|expected| expected.reading == Reading::ActionRequired)
}

/// A step of the browser's part.
fn act(form: &mut Form<'_>) -> Option<(Act, Vec<Exchange>)> {
    let parts = words(&[("confirm", Part::Confirm), ("authenticate", Part::Authenticate), ("return", Part::Return)]);
    let about = "Whether it confirms the payment at its provider, authenticates the holder, or comes back to the shop.";
    let part = form.defaulted("part", about, "authenticate", parts);
    let mut draft = plain_step(form, &["think", "get", "post", "put", "patch", "delete"])?;
    // It comes after the submission.
    draft.exchanges.iter_mut().for_each(|exchange| exchange.later = true);
    if matches!(draft.action, Some(Action::Buy(_)) | None) {
        return None;
    }
    let (step, exchanges) = draft.finish(0);
    Some((Act { step, part: part? }, exchanges))
}

/// Takes a draft apart: what it sends, and what it needs and sets.
pub(super) fn part<T>(exchanges: &mut Vec<Exchange>, draft: Option<Draft<T>>, later: bool) -> Option<T> {
    let Draft { value, uses, sets } = draft?;
    exchanges.push(Exchange { uses, sets, later });
    value
}
