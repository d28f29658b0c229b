//! Sessions: the shop opens one, the shopper's browser pays in it, the shop asks for the result.

use serde_json::json;

use super::body::{Amount, PaymentRequest, SessionPayment};
use super::notification::date;
use super::payments::{self, Manner, Order};
use super::reference::{self, Kind};
use super::refusals::{Refusal, ResultCode};
use super::state::{Session, Stage, Step};
use super::{checks, errors, means, view};
use crate::turn::Turn;
use crate::wire::{Answer, Stop};

/// How long a session can be paid, in microseconds: an hour.
const LIFE_US: i64 = 3_600_000_000;

/// What a browser shows to pay a session, and what it brings back.
fn session_data(session: &Session, turn: &Turn<'_>) -> String {
    format!("Ab02b4c0!{}", turn.books.identity.secret("session", session.n))
}

/// `POST /sessions`.
pub(super) fn open(request: &PaymentRequest, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
    let merchant = checks::merchant(request.merchant_account.as_deref(), turn)?;
    let amount = checks::amount(request.amount.as_ref())?;
    let reference = request.reference.clone().filter(|reference| !reference.is_empty());
    let reference = reference.ok_or_else(|| errors::invalid("130", "Reference Missing"))?;
    let return_url = request.return_url.clone().ok_or_else(|| errors::missing("returnUrl"))?;
    let n = turn.books.backup_sessions.number();
    let session = Session {
        n,
        id: format!("CS{}", reference::make(turn.books.identity, Kind::Session, n, 0)),
        account: turn.context.caller.account,
        merchant,
        reference,
        amount: amount.value,
        currency: amount.currency,
        capture: checks::capture_mode(request, turn),
        return_url,
        shopper_reference: request.shopper_reference.clone(),
        shopper_email: request.shopper_email.clone(),
        metadata: request.metadata.iter().map(|(name, value)| (name.clone(), value.clone())).collect(),
        mark: turn.context.intent.clone(),
        payment: None,
        expires_us: turn.context.clock_us + LIFE_US,
    };
    let body = json!({
        "id": session.id,
        "sessionData": session_data(&session, turn),
        "amount": { "currency": session.currency, "value": session.amount },
        "expiresAt": date(session.expires_us / 1_000_000),
        "merchantAccount": session.merchant,
        "mode": "embedded",
        "reference": session.reference,
        "returnUrl": session.return_url,
        "shopperReference": session.shopper_reference,
    });
    keep(session, turn);
    Ok(Answer::json(201, &body))
}

fn keep(session: Session, turn: &mut Turn<'_>) {
    turn.books.backup_sessions.put(session.n, session.account, None, session, &mut turn.writes, turn.progress);
}

fn find(id: &str, turn: &mut Turn<'_>) -> Result<Session, Stop> {
    let n = id.strip_prefix("CS").and_then(|id| reference::read(turn.books.identity, Kind::Session, id));
    let found = match n {
        Some((n, 0)) => turn.books.backup_sessions.take(n, &turn.books.reader)?,
        _ => None,
    };
    let account = turn.context.caller.account;
    let found = found.filter(|session: &Session| session.account == account);
    Ok(found.ok_or_else(|| errors::invalid("14_0413", "Session not found"))?)
}

/// Pays a session, as a browser does.
pub(super) fn pay(
    id: &str,
    request: &SessionPayment,
    decline: Option<Refusal>,
    manner: Manner<'_>,
    turn: &mut Turn<'_>,
) -> Result<Answer, Stop> {
    let mut session = find(id, turn)?;
    if request.session_data.as_deref() != Some(session_data(&session, turn).as_str()) {
        return Err(errors::invalid("14_0414", "Invalid session data").into());
    }
    if turn.context.clock_us >= session.expires_us {
        return Err(errors::invalid("14_0415", "Session has expired").into());
    }
    let earlier = match session.payment {
        Some(n) => turn.books.backup_payments.take(n, &turn.books.reader)?,
        None => None,
    };
    if earlier.is_some_and(|payment| !matches!(payment.stage, Stage::Refused(_) | Stage::Cancelled)) {
        return Err(errors::invalid("14_0416", "Session has been paid").into());
    }
    let means = request.payment_method.as_ref().ok_or_else(|| errors::missing("paymentMethod"))?;
    let card = means::pick(means, session.shopper_reference.as_deref(), turn)?;
    let order = Order {
        merchant: session.merchant.clone(),
        reference: session.reference.clone(),
        amount: Amount { currency: session.currency.clone(), value: session.amount },
        card,
        capture: session.capture,
        is_pre_authorised: false,
        return_url: Some(session.return_url.clone()),
        shopper_reference: session.shopper_reference.clone(),
        shopper_email: session.shopper_email.clone(),
        stores_card: false,
        metadata: session.metadata.clone(),
        step: Step::Redirect,
        decline,
        mark: session.mark.clone(),
        manner,
    };
    let (payment, answer) = payments::place(order, turn)?;
    session.payment = Some(payment.n);
    keep(session, turn);
    Ok(answer)
}

/// `GET /sessions/{id}`.
pub(super) fn result(id: &str, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
    let session = find(id, turn)?;
    let payment = match session.payment {
        Some(n) => turn.books.backup_payments.take(n, &turn.books.reader)?,
        None => None,
    };
    let status = match payment.as_ref().map(|payment| view::result(payment).0) {
        Some(ResultCode::Authorised) => "completed",
        Some(ResultCode::Received) => "paymentPending",
        Some(ResultCode::Cancelled) => "canceled",
        Some(ResultCode::Refused | ResultCode::Error) => "refused",
        Some(ResultCode::RedirectShopper | ResultCode::IdentifyShopper | ResultCode::ChallengeShopper) | None => {
            if turn.context.clock_us >= session.expires_us { "expired" } else { "active" }
        }
    };
    let payments: Vec<_> = payment
        .iter()
        .map(|payment| {
            json!({
                "amount": { "currency": payment.currency, "value": payment.amount },
                "paymentMethod": { "brand": payment.card.brand.name(), "type": "scheme" },
                "pspReference": payment.psp,
                "resultCode": view::result(payment).0.name(),
            })
        })
        .collect();
    Ok(Answer::json(
        200,
        &json!({ "id": session.id, "status": status, "reference": session.reference, "payments": payments }),
    ))
}
