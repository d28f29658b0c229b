//! Payment intents: create, retrieve, update, confirm, capture, cancel; and the charges they hold.

use serde_json::json;

use super::charging::{attempt, keep, tell_charge, tell_intent};
use super::form::Form;
use super::state::{CaptureMethod, Intent, Status, merge};
use super::view::{self, Expand};
use super::{balance, errors, methods};
use crate::statement::{Op, Row};
use crate::turn::{Labels, Turn};
use crate::wire::{Answer, Stop};

const AMOUNT_MAX: i64 = 99_999_999;
/// Attempts on one payment; nobody tries as often.
const CHARGES_MAX: usize = 200;

pub(super) fn create(form: &Form, expand: Expand, processing_ms: u64, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
    let amount = amount(form, "amount")?.ok_or_else(|| errors::missing("amount"))?;
    let currency = currency(form)?.ok_or_else(|| errors::missing("currency"))?;
    let capture_method = match form.get("capture_method") {
        None | Some("automatic_async") => CaptureMethod::AutomaticAsync,
        Some("automatic") => CaptureMethod::Automatic,
        Some("manual") => CaptureMethod::Manual,
        Some(_) => {
            return Err(errors::invalid_plain(
                Some("capture_method"),
                "Invalid capture_method: must be one of automatic, automatic_async, or manual",
            )
            .into());
        }
    };
    let is_confirmed = form.boolean("confirm")?.unwrap_or(false);
    let method = methods::named(form, turn)?;
    if is_confirmed && method.is_none() {
        return Err(errors::invalid_plain(
            None,
            "You cannot confirm this PaymentIntent because it's missing a payment method. To confirm this PaymentIntent, specify a payment method attached to this customer along with the customer ID.",
        )
        .into());
    }
    let customer = super::customers::named(form, turn)?;
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
        is_bare: false,
    };
    merge(&mut intent.metadata, form.map("metadata"));
    label(&intent, turn);
    mark(&intent, turn);
    let row = Row::new(Op::Create).object(intent.id.clone()).money(amount, &intent.currency);
    turn.row(row.state(intent.status.name()));
    tell_intent("payment_intent.created", &intent, turn);
    if is_confirmed && let Some(method) = intent.method.clone() {
        attempt(&mut intent, method, processing_ms, turn);
        // What was created is told as it is now.
        if let Some(created) = turn.rows.first_mut() {
            created.state = Some(intent.status.name());
        }
    }
    Ok(shown_and_kept(intent, expand, turn))
}

/// The answer of an attempt: the payment, or the card's refusal with the payment in it.
fn shown_and_kept(intent: Intent, expand: Expand, turn: &mut Turn<'_>) -> Answer {
    let answer = match intent.last_decline() {
        Some((decline, _)) => {
            let charge = intent.latest_charge().map(|charge| charge.id.as_str());
            errors::declined(&decline, charge, Some(&view::intent(&intent, expand)))
        }
        None => shown(&intent, expand),
    };
    keep(intent, turn);
    answer
}

fn shown(intent: &Intent, expand: Expand) -> Answer {
    Answer::json(200, &view::intent(intent, expand))
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

/// A browser must show the secret that the shop was given.
fn check_secret(intent: &Intent, form: &Form, is_browser: bool) -> Result<(), Answer> {
    let is_right = form.get("client_secret") == Some(intent.client_secret.as_str());
    if is_browser && !is_right {
        return Err(errors::invalid(
            "payment_intent_invalid_parameter",
            Some("client_secret"),
            "The client_secret provided does not match the client_secret associated with the PaymentIntent.",
        ));
    }
    Ok(())
}

pub(super) fn retrieve(
    id: &str,
    form: &Form,
    expand: Expand,
    is_browser: bool,
    turn: &mut Turn<'_>,
) -> Result<Answer, Stop> {
    let intent = find(id, turn)?;
    check_secret(&intent, form, is_browser)?;
    Ok(shown(&intent, expand))
}

pub(super) fn update(id: &str, form: &Form, expand: Expand, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
    let mut intent = find(id, turn)?;
    let amount = amount(form, "amount")?;
    let currency = currency(form)?;
    let method = methods::named(form, turn)?;
    let is_open = matches!(intent.status, Status::RequiresPaymentMethod | Status::RequiresConfirmation);
    if !is_open && (amount.is_some() || currency.is_some() || method.is_some()) {
        return Err(unexpected(&intent, "updated in this way", "requires_payment_method, requires_confirmation").into());
    }
    intent.amount = amount.unwrap_or(intent.amount);
    intent.currency = currency.unwrap_or(intent.currency);
    if let Some(method) = method {
        intent.method = Some(method);
        intent.status = Status::RequiresConfirmation;
    }
    intent.description = form.text("description").or(intent.description);
    intent.receipt_email = form.text("receipt_email").or(intent.receipt_email);
    merge(&mut intent.metadata, form.map("metadata"));
    label(&intent, turn);
    mark(&intent, turn);
    let answer = shown(&intent, expand);
    keep(intent, turn);
    Ok(answer)
}

pub(super) fn confirm(
    id: &str,
    form: &Form,
    expand: Expand,
    is_browser: bool,
    processing_ms: u64,
    turn: &mut Turn<'_>,
) -> Result<Answer, Stop> {
    let mut intent = find(id, turn)?;
    check_secret(&intent, form, is_browser)?;
    let method = methods::named(form, turn)?;
    if !matches!(intent.status, Status::RequiresPaymentMethod | Status::RequiresConfirmation) {
        return Err(unexpected(&intent, "confirmed", "requires_payment_method, requires_confirmation").into());
    }
    let Some(method) = method.or_else(|| intent.method.clone()).filter(|_| intent.charges.len() < CHARGES_MAX) else {
        return Err(
            unexpected(&intent, "confirmed because it's missing a payment method", "requires_confirmation").into()
        );
    };
    intent.receipt_email = form.text("receipt_email").or(intent.receipt_email);
    if intent.mark.is_none() {
        intent.mark.clone_from(&turn.context.intent);
    }
    label(&intent, turn);
    attempt(&mut intent, method, processing_ms, turn);
    Ok(shown_and_kept(intent, expand, turn))
}

pub(super) fn capture(id: &str, form: &Form, expand: Expand, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
    let mut intent = find(id, turn)?;
    let asked = amount(form, "amount_to_capture")?;
    let authorised = intent.amount_capturable();
    if intent.status != Status::RequiresCapture {
        return Err(unexpected(&intent, "captured", "requires_capture").into());
    }
    let captured = asked.unwrap_or(authorised);
    if captured > authorised {
        let message = format!(
            "You cannot capture more than the authorized amount. The PaymentIntent has {authorised} capturable, {captured} were asked for."
        );
        return Err(errors::forbidden("amount_too_large", Some("amount_to_capture"), &message, None).into());
    }
    intent.status = Status::Succeeded;
    let Some(charge) = intent.charges.last_mut() else {
        return Err(unexpected(&intent, "captured", "requires_capture").into());
    };
    charge.amount_captured = captured;
    let row = Row::new(Op::Capture).object(charge.id.clone()).parent(intent.id.clone()).state("succeeded");
    turn.row(row.money(captured, &intent.currency).detail(json!({ "released_minor": authorised - captured })));
    let at = intent.charges.len() - 1;
    balance::captured(&mut intent, at, captured, turn);
    tell_charge("charge.captured", &intent, turn);
    tell_intent("payment_intent.succeeded", &intent, turn);
    let answer = shown(&intent, expand);
    keep(intent, turn);
    Ok(answer)
}

pub(super) fn cancel(id: &str, form: &Form, expand: Expand, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
    let mut intent = find(id, turn)?;
    let reasons = ["duplicate", "fraudulent", "requested_by_customer", "abandoned"];
    let reason = form.text("cancellation_reason");
    if reason.as_deref().is_some_and(|reason| !reasons.contains(&reason)) {
        return Err(errors::invalid_plain(
            Some("cancellation_reason"),
            "Invalid cancellation_reason: must be one of duplicate, fraudulent, requested_by_customer, or abandoned",
        )
        .into());
    }
    match intent.status {
        Status::RequiresPaymentMethod | Status::RequiresConfirmation | Status::RequiresCapture => {}
        Status::Processing | Status::Succeeded | Status::Canceled => {
            return Err(unexpected(
                &intent,
                "canceled",
                "requires_payment_method, requires_capture, requires_confirmation, requires_action",
            )
            .into());
        }
    }
    let is_authorised = intent.status == Status::RequiresCapture;
    intent.status = Status::Canceled;
    intent.canceled_at = Some(turn.now_s());
    intent.cancellation_reason = reason;
    if let Some(charge) = intent.charges.last_mut().filter(|_| is_authorised) {
        charge.is_voided = true;
        let row = Row::new(Op::Void).object(charge.id.clone()).parent(intent.id.clone()).state("voided");
        turn.row(row.money(charge.amount, &intent.currency));
    }
    turn.row(Row::new(Op::Cancel).object(intent.id.clone()).state("canceled").money(intent.amount, &intent.currency));
    intent.refused = None;
    tell_intent("payment_intent.canceled", &intent, turn);
    let answer = shown(&intent, expand);
    keep(intent, turn);
    Ok(answer)
}

/// The state forbids what was asked.
fn unexpected(intent: &Intent, what: &str, states: &str) -> Answer {
    let message = format!(
        "This PaymentIntent could not be {what}. It has a status of {} but needs one of: {states}.",
        intent.status.name()
    );
    errors::forbidden("payment_intent_unexpected_state", None, &message, Some(&view::intent(intent, Expand::default())))
}

pub(super) fn amount(form: &Form, name: &str) -> Result<Option<i64>, Answer> {
    let amount = form.integer(name)?;
    match amount {
        Some(amount) if amount < 1 => Err(errors::invalid(
            "parameter_invalid_integer",
            Some(name),
            "This value must be greater than or equal to 1.",
        )),
        Some(amount) if amount > AMOUNT_MAX => {
            Err(errors::invalid("amount_too_large", Some(name), "Amount must be no more than 999,999.99"))
        }
        amount => Ok(amount),
    }
}

pub(super) fn currency(form: &Form) -> Result<Option<String>, Answer> {
    let Some(currency) = form.get("currency") else { return Ok(None) };
    if currency.len() == 3 && currency.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        return Ok(Some(currency.to_ascii_lowercase()));
    }
    Err(errors::invalid_plain(Some("currency"), &format!("Invalid currency: {currency}.")))
}
