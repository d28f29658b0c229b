//! Charges: looked at, labelled, and made the old way, without a payment around them.

use super::amounts::{amount, check, currency};
use super::captures::{self, Asked};
use super::cards::Behaviour;
use super::charging::{Manner, Presence, attempt, brand, keep};
use super::form::Form;
use super::state::{CaptureMethod, Intent, Status, merge};
use super::{customers, errors, intents, methods, refunds, tokens, view};
use crate::statement::{Op, Row};
use crate::turn::{Happened, Turn};
use crate::wire::{Answer, Stop};

/// A charge that the address names: its payment, and its place there.
fn addressed(id: &str, turn: &mut Turn<'_>) -> Result<(Intent, usize), Stop> {
    let no_such = || errors::no_such("charge", "id", id);
    let (_, at) = turn.books.identity.read_part("ch", id).ok_or_else(no_such)?;
    match refunds::of_charge(id, turn) {
        Ok(intent) => Ok((intent, at)),
        Err(Stop::Answer(_)) => Err(no_such().into()),
        Err(Stop::Store(error)) => Err(Stop::Store(error)),
    }
}

pub(super) fn retrieve(id: &str, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
    let (intent, at) = addressed(id, turn)?;
    Ok(Answer::json(200, &view::charge(&intent, &intent.charges[at])))
}

pub(super) fn update(id: &str, form: &Form, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
    let (mut intent, at) = addressed(id, turn)?;
    let report = form.text("fraud_details[user_report]");
    if report.as_deref().is_some_and(|report| !["fraudulent", "safe"].contains(&report)) {
        let message = "Invalid user_report: must be one of fraudulent or safe";
        return Err(errors::invalid_plain(Some("fraud_details[user_report]"), message).into());
    }
    let changes = form.map("metadata");
    let payments_own = intent.metadata.clone();
    let edits = &mut intent.charges[at].edits;
    if !changes.is_empty() {
        merge(edits.metadata.get_or_insert(payments_own), changes);
    }
    edits.description = form.text("description").or(edits.description.take());
    edits.receipt_email = form.text("receipt_email").or(edits.receipt_email.take());
    edits.fraud_report = report.or(edits.fraud_report.take());
    let charge = &intent.charges[at];
    turn.happened(&Happened {
        kind: "charge.updated",
        object: &view::charge(&intent, charge),
        parent: &charge.id,
        brand: brand(&intent),
        amount_minor: charge.amount,
        intent: intent.mark.as_deref(),
        payment: intent.n,
    });
    let answer = Answer::json(200, &view::charge(&intent, charge));
    keep(intent, turn);
    Ok(answer)
}

/// Charges a token's card at once.
pub(super) fn create(form: &Form, manner: Manner<'_>, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
    let amount = amount(form, "amount")?.ok_or_else(|| errors::missing("amount"))?;
    let currency = currency(form)?.ok_or_else(|| errors::missing("currency"))?;
    check(amount, &currency)?;
    let is_captured = form.boolean("capture")?.unwrap_or(true);
    let customer = customers::named(form, turn)?;
    let Some(source) = form.get("source").or_else(|| form.get("card")) else {
        let message = "Must provide source or customer.";
        return Err(errors::invalid("parameter_missing", None, message).into());
    };
    let card = tokens::card(source, "source", turn)?;
    let mut method = methods::fresh(card, turn);
    method.id = method.id.replacen("pm_", "card_", 1);
    let n = turn.books.intents.number();
    let mut intent = Intent {
        id: turn.books.identity.make("pi", n),
        n,
        account: turn.context.caller.account,
        client_secret: String::new(),
        amount,
        currency,
        capture_method: if is_captured { CaptureMethod::Automatic } else { CaptureMethod::Manual },
        status: Status::RequiresConfirmation,
        method: None,
        created: turn.now_s(),
        canceled_at: None,
        cancellation_reason: None,
        customer: customer.as_ref().map(|customer| customer.id.clone()),
        description: form.text("description"),
        receipt_email: form.text("receipt_email"),
        setup_future_usage: None,
        statement_descriptor: form.text("statement_descriptor"),
        metadata: Vec::new(),
        has_automatic_methods: false,
        refused: None,
        charges: Vec::new(),
        refunds: Vec::new(),
        mark: turn.context.intent.clone(),
        customer_email: customer.and_then(|customer| customer.email),
        options: Box::default(),
        challenge: None,
        is_bare: true,
    };
    merge(&mut intent.metadata, form.map("metadata"));
    intents::label(&intent, turn);
    intents::mark(&intent, turn);
    let row = Row::new(Op::Create).object(intent.id.clone()).money(amount, &intent.currency);
    turn.row(row.state(intent.status.name()));
    // Nobody asks the holder: there is nowhere to be sent to.
    let absent = Presence { is_off_session: true, ..Presence::default() };
    attempt(&mut intent, method, absent, manner, turn);
    let answer = match (intent.last_decline(), intent.latest_charge()) {
        (Some((decline, _)), charge) => errors::declined(&decline, charge.map(|charge| charge.id.as_str()), None),
        (None, Some(charge)) => Answer::json(200, &view::charge(&intent, charge)),
        (None, None) => errors::other(500, "api_error", None, "An unknown error occurred."),
    };
    keep(intent, turn);
    Ok(answer)
}

/// Captures a charge that was made the old way.
pub(super) fn capture(id: &str, form: &Form, declined: Option<Behaviour>, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
    let (mut intent, at) = addressed(id, turn)?;
    captures::release_overdue(&mut intent, turn);
    let capturable = intent.amount_capturable();
    let asked = Asked { amount: amount(form, "amount")?.unwrap_or(capturable), is_final: true };
    if intent.status != Status::RequiresCapture {
        let message = format!("Charge {id} has already been captured.");
        return Err(errors::forbidden("charge_already_captured", None, &message, None).into());
    }
    if asked.amount > capturable {
        let message = "You cannot capture more than the authorized amount.";
        return Err(errors::forbidden("amount_too_large", Some("amount"), message, None).into());
    }
    if !intent.is_bare {
        let message = "This charge belongs to a PaymentIntent; capture that instead.";
        return Err(errors::forbidden("payment_intent_unexpected_state", None, message, None).into());
    }
    captures::take(&mut intent, &asked, declined, turn)?;
    let answer = Answer::json(200, &view::charge(&intent, &intent.charges[at]));
    keep(intent, turn);
    Ok(answer)
}
