//! Payment intents: create, retrieve, update, confirm; and the charges they hold.

use bytes::Bytes;

use super::amounts::{amount, check, currency};
use super::charging::{Manner, Presence, attempt, keep, tell_intent};
use super::form::Form;
use super::options::{ConfirmationMethod, Options, choice};
use super::secret::Held;
use super::state::{CaptureMethod, Intent, Method, Status, merge};
use super::view;
use super::{errors, methods};
use crate::statement::{Op, Row};
use crate::turn::{Labels, Turn};
use crate::wire::{Answer, Stop};

/// Attempts on one payment; nobody tries as often.
const CHARGES_MAX: usize = 200;

const NO_METHOD: &str = "You cannot confirm this PaymentIntent because it's missing a payment method. You can either update the PaymentIntent with a payment method and then confirm it again, or confirm it again directly with a payment method or ConfirmationToken.";

pub(super) fn create(form: &Form, manner: Manner<'_>, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
    let amount = amount(form, "amount")?.ok_or_else(|| errors::missing("amount"))?;
    let currency = currency(form)?.ok_or_else(|| errors::missing("currency"))?;
    check(amount, &currency)?;
    let mut options = Options::default();
    options.read(form)?;
    let capture_method = capture_method(form, &options)?;
    let presence = Presence::read(form)?;
    let is_confirmed = form.boolean("confirm")?.unwrap_or(false);
    check_confirmation(form, is_confirmed, &options, &presence)?;
    choice(form, "setup_future_usage", &["off_session", "on_session"])?;
    let method = methods::named(form, turn)?;
    if is_confirmed && method.is_none() {
        return Err(errors::invalid("payment_intent_unexpected_state", None, NO_METHOD).into());
    }
    let customer = super::customers::named(form, turn)?;
    check_owner(method.as_ref(), customer.as_ref().map(|customer| customer.id.as_str()))?;
    let n = turn.books.intents.number();
    let id = turn.books.identity.make("pi", n);
    let mut intent = Intent {
        client_secret: format!("{id}_secret_{}", turn.books.identity.secret("client_secret", n)),
        n,
        id,
        account: turn.context.caller.account,
        amount,
        currency,
        capture_method,
        status: if method.is_some() { Status::RequiresConfirmation } else { Status::RequiresPaymentMethod },
        method,
        created: turn.now_s(),
        canceled_at: None,
        cancellation_reason: None,
        customer: customer.as_ref().map(|customer| customer.id.clone()),
        description: form.text("description"),
        receipt_email: form.text("receipt_email"),
        setup_future_usage: form.text("setup_future_usage"),
        statement_descriptor: form.text("statement_descriptor"),
        metadata: Vec::new(),
        has_automatic_methods: form.boolean("automatic_payment_methods[enabled]")?.unwrap_or(false),
        refused: None,
        charges: Vec::new(),
        refunds: Vec::new(),
        mark: turn.context.intent.clone(),
        customer_email: customer.and_then(|customer| customer.email),
        options: Box::new(options),
        challenge: None,
        is_bare: false,
    };
    merge(&mut intent.metadata, form.map("metadata"));
    label(&intent, turn);
    mark(&intent, turn);
    let row = Row::new(Op::Create).object(intent.id.clone()).money(amount, &intent.currency);
    turn.row(row.state(intent.status.name()));
    tell_intent("payment_intent.created", &intent, turn);
    let mut told = None;
    if is_confirmed && let Some(method) = intent.method.clone() {
        told = attempt(&mut intent, method, presence, manner, turn);
        // What was created is told as it is now.
        if let Some(created) = turn.rows.first_mut() {
            created.state = Some(intent.status.name());
        }
    }
    Ok(shown_and_kept(intent, told, turn))
}

fn capture_method(form: &Form, options: &Options) -> Result<CaptureMethod, Answer> {
    let named = choice(form, "capture_method", &["automatic", "automatic_async", "manual"])?;
    Ok(match named {
        _ if options.card_capture_is_manual => CaptureMethod::Manual,
        Some("automatic") => CaptureMethod::Automatic,
        Some("manual") => CaptureMethod::Manual,
        _ => CaptureMethod::AutomaticAsync,
    })
}

/// What may only be said together with `confirm=true`, and what contradicts itself.
fn check_confirmation(form: &Form, is_confirmed: bool, options: &Options, presence: &Presence) -> Result<(), Answer> {
    if !is_confirmed && let Some(name) = ["off_session", "error_on_requires_action"].iter().find(|name| form.has(name))
    {
        let message = format!(
            "The parameter `{name}` cannot be passed when creating a PaymentIntent unless `confirm` is set to true."
        );
        return Err(errors::invalid_plain(Some(name), &message));
    }
    if !is_confirmed && presence.return_url.is_some() {
        return Err(errors::invalid_plain(
            Some("return_url"),
            "The parameter `return_url` cannot be passed when creating a PaymentIntent unless `confirm` is set to true.",
        ));
    }
    let is_automatic = form.boolean("automatic_payment_methods[enabled]")?.unwrap_or(false);
    if is_automatic && !options.method_types.is_empty() {
        return Err(errors::invalid_plain(
            Some("automatic_payment_methods"),
            "You may only specify one of these parameters: automatic_payment_methods, payment_method_types.",
        ));
    }
    if is_automatic && options.confirmation_method == ConfirmationMethod::Manual {
        return Err(errors::invalid_plain(
            Some("confirmation_method"),
            "You may only specify one of these parameters: automatic_payment_methods, confirmation_method.",
        ));
    }
    if options.refuses_redirects && presence.return_url.is_some() {
        return Err(errors::invalid_plain(
            Some("return_url"),
            "You cannot set `return_url` when `automatic_payment_methods[allow_redirects]` is `never`.",
        ));
    }
    Ok(())
}

/// A method that belongs to one customer pays for no other.
fn check_owner(method: Option<&Method>, customer: Option<&str>) -> Result<(), Answer> {
    let Some(method) = method else { return Ok(()) };
    match (method.customer.as_deref(), customer) {
        (Some(owner), Some(named)) if owner != named => Err(errors::invalid_plain(
            Some("payment_method"),
            &format!(
                "The customer does not have a payment method with the ID {}. The payment method must be attached to the customer.",
                method.id
            ),
        )),
        (Some(_), None) => Err(errors::invalid_plain(
            Some("payment_method"),
            &format!(
                "The payment method {} belongs to a Customer. Please include the Customer in the `customer` parameter on the PaymentIntent.",
                method.id
            ),
        )),
        _ => Ok(()),
    }
}

/// The answer of an attempt: the payment, or the refusal with the payment in it. `told` is the payment as an event told it last,
/// where it has not changed since.
fn shown_and_kept(intent: Intent, told: Option<Bytes>, turn: &mut Turn<'_>) -> Answer {
    let answer = match intent.last_decline() {
        Some((decline, _)) => {
            let charge = intent.refused_charge().map(|charge| charge.id.as_str());
            errors::declined(&decline, charge, Some(&view::intent(&intent)))
        }
        None => told.map_or_else(|| shown(&intent), |told| Answer::new(200, told)),
    };
    keep(intent, turn);
    answer
}

pub(super) fn shown(intent: &Intent) -> Answer {
    Answer::json(200, &view::intent(intent))
}

/// A payment of the caller's.
pub(super) fn find(id: &str, turn: &mut Turn<'_>) -> Result<Intent, Stop> {
    let n = turn.books.identity.read("pi", id);
    let intent = match n {
        Some(n) => turn.books.intents.take(n, &turn.books.reader)?,
        None => None,
    };
    let intent = intent.filter(|intent| intent.account == turn.context.caller.account);
    let intent = intent.ok_or_else(|| errors::no_such("payment_intent", "intent", id))?;
    turn.mark.clone_from(&intent.mark);
    label(&intent, turn);
    Ok(intent)
}

/// Rows about a payment carry its order and e-mail.
pub(super) fn label(intent: &Intent, turn: &mut Turn<'_>) {
    turn.labels =
        Labels { order: intent.order().map(str::to_owned), email: intent.email().map(str::to_owned), key: None };
}

/// Makes the metadata findable.
pub(super) fn mark(intent: &Intent, turn: &mut Turn<'_>) {
    for (key, value) in &intent.metadata {
        let hash = turn.books.identity.hash("mark", intent.account, &format!("{key}\u{1}{value}"));
        turn.writes.push(crate::store::Write::Mark { hash, n: intent.n });
    }
}

pub(super) fn retrieve(id: &str, form: &Form, is_browser: bool, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
    let intent = find(id, turn)?;
    Held::PaymentIntent.check(&intent.client_secret, form, is_browser)?;
    Ok(shown(&intent))
}

pub(super) fn update(id: &str, form: &Form, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
    let mut intent = find(id, turn)?;
    let amount = amount(form, "amount")?;
    let currency = currency(form)?;
    let method = methods::named(form, turn)?;
    let is_open =
        matches!(intent.status, Status::RequiresPaymentMethod | Status::RequiresConfirmation | Status::RequiresAction);
    let named = [("amount", amount.is_some()), ("currency", currency.is_some()), ("payment_method", method.is_some())];
    if let Some((name, _)) = named.iter().find(|(_, is_named)| !is_open && *is_named) {
        return Err(immutable(&intent, name).into());
    }
    intent.amount = amount.unwrap_or(intent.amount);
    intent.currency = currency.unwrap_or(intent.currency);
    check(intent.amount, &intent.currency)?;
    if let Some(customer) = super::customers::named(form, turn)? {
        intent.customer = Some(customer.id);
        intent.customer_email = customer.email;
    }
    check_owner(method.as_ref(), intent.customer.as_deref())?;
    if let Some(method) = method {
        intent.method = Some(method);
        intent.refused = None;
    }
    // Whatever the holder was asked was about what was to be paid then.
    if matches!(intent.status, Status::RequiresPaymentMethod | Status::RequiresAction) && intent.method.is_some() {
        intent.status = Status::RequiresConfirmation;
    }
    choice(form, "setup_future_usage", &["off_session", "on_session"])?;
    intent.options.read(form)?;
    intent.description = form.retext("description", intent.description);
    intent.receipt_email = form.retext("receipt_email", intent.receipt_email);
    intent.setup_future_usage = form.retext("setup_future_usage", intent.setup_future_usage);
    intent.statement_descriptor = form.retext("statement_descriptor", intent.statement_descriptor);
    merge(&mut intent.metadata, form.map("metadata"));
    label(&intent, turn);
    mark(&intent, turn);
    let answer = shown(&intent);
    keep(intent, turn);
    Ok(answer)
}

pub(super) fn confirm(
    id: &str,
    form: &Form,
    is_browser: bool,
    manner: Manner<'_>,
    turn: &mut Turn<'_>,
) -> Result<Answer, Stop> {
    let mut intent = find(id, turn)?;
    Held::PaymentIntent.check(&intent.client_secret, form, is_browser)?;
    let presence = Presence::read(form)?;
    choice(form, "setup_future_usage", &["off_session", "on_session"])?;
    if is_browser && intent.options.confirmation_method == ConfirmationMethod::Manual {
        let message =
            "This PaymentIntent's `confirmation_method` is `manual`, so it can only be confirmed with a secret key.";
        return Err(errors::forbidden("payment_intent_invalid_parameter", None, message, None).into());
    }
    let method = methods::named(form, turn)?;
    match intent.status {
        Status::RequiresPaymentMethod | Status::RequiresConfirmation | Status::RequiresAction => {}
        Status::Succeeded => return Err(unexpected(
            &intent,
            "You cannot confirm this PaymentIntent because it has already succeeded after being previously confirmed.",
        )
        .into()),
        Status::Processing | Status::RequiresCapture | Status::Canceled => {
            let message = format!(
                "You cannot confirm this PaymentIntent because it has a status of {}. Only a PaymentIntent with one of the following statuses may be confirmed: requires_confirmation, requires_action.",
                intent.status.name()
            );
            return Err(unexpected(&intent, &message).into());
        }
    }
    let Some(method) = method.or_else(|| intent.method.clone()).filter(|_| intent.charges.len() < CHARGES_MAX) else {
        return Err(unexpected(&intent, NO_METHOD).into());
    };
    check_owner(Some(&method), intent.customer.as_deref())?;
    intent.options.read(form)?;
    intent.receipt_email = form.retext("receipt_email", intent.receipt_email);
    intent.setup_future_usage = form.text("setup_future_usage").or(intent.setup_future_usage);
    if let Some(named) = choice(form, "capture_method", &["automatic", "automatic_async", "manual"])? {
        intent.capture_method = match named {
            "manual" => CaptureMethod::Manual,
            "automatic" => CaptureMethod::Automatic,
            _ => CaptureMethod::AutomaticAsync,
        };
    }
    if intent.mark.is_none() {
        intent.mark.clone_from(&turn.context.intent);
    }
    label(&intent, turn);
    let told = attempt(&mut intent, method, presence, manner, turn);
    Ok(shown_and_kept(intent, told, turn))
}

/// The state forbids what was asked.
pub(super) fn unexpected(intent: &Intent, message: &str) -> Answer {
    errors::forbidden("payment_intent_unexpected_state", None, message, Some(&view::intent(intent)))
}

/// The state forbids that this field changes.
fn immutable(intent: &Intent, name: &str) -> Answer {
    let message = format!(
        "This PaymentIntent's {name} could not be updated because it has a status of {}. You may only update the {name} of a PaymentIntent with one of the following statuses: requires_payment_method, requires_confirmation, requires_action.",
        intent.status.name()
    );
    let view = view::intent(intent);
    errors::forbidden("payment_intent_unexpected_state", Some(name), &message, Some(&view))
}
