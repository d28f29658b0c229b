//! Paying once more: a key that comes again, another card, another provider.

use rusqlite::{Connection, params};

use super::{
    super::{
        super::{BeginPayment, Begun, Charge, Claim, NotCharged, PaymentState, Plan, Standing, Terms},
        keys, orders, waiting,
        writer::Done,
    },
    active, find, insert,
};
use crate::{
    defects::Defect,
    order::{Brief, PaymentProvider, State},
    refusal::known,
};

/// Takes up a key that was claimed and never finally answered.
pub(in super::super) fn resume(
    connection: &Connection,
    terms: &Terms,
    claim: &Claim,
    (order, payment): (Option<i64>, Option<i64>),
    (provider_key, plan): (&str, Plan),
) -> Done<Begun> {
    let row = payment.map(|id| find(connection, id)).transpose()?.flatten();
    let brief = order.map(|seq| orders::brief(connection, seq)).transpose()?.flatten();
    let (Some(row), Some(mut brief)) = (row, brief) else { return Err(known::KEY_REUSED.into()) };
    match brief.state {
        State::Authorised | State::Paid | State::PartiallyFulfilled | State::Fulfilled | State::Cancelled => {
            Ok(Begun::Standing(Standing::Accepted(brief)))
        }
        // The key's own payment, or the one that took its place at another provider.
        State::Pending => match active(connection, brief.number.0)? {
            Some(row) if row.state == PaymentState::Waiting => {
                let challenge = waiting::challenge_of(connection, row.id)?.ok_or(known::PAYMENT_PENDING)?;
                Ok(Begun::Challenged(brief, challenge))
            }
            // The defect `guard-in-open-transaction`: guard and key of whoever came first are not to be seen yet.
            Some(row) if terms.defects.has(Defect::GuardInOpenTransaction) => {
                let (key, tried_before) = (provider_key.to_owned(), false);
                Ok(Begun::Charge(Charge { key, tried_before, ..row.charge(brief) }, None))
            }
            Some(row) if waiting::claim_payment(connection, terms, row.id)? => {
                Ok(Begun::Charge(row.charge(brief), None))
            }
            Some(_) => Err(known::IN_PROGRESS.into()),
            None => Err(known::PAYMENT_PENDING.about(brief.number).into()),
        },
        // Nothing was charged because the provider could not be asked: the same wish is taken up anew.
        State::Failed if row.code.as_deref() == Some(NotCharged::Unavailable.name()) => {
            let method = row.method;
            another(connection, terms, &mut brief, claim, &method, provider_key, plan)
        }
        State::Failed => Ok(Begun::Standing(row.standing(brief))),
    }
}

/// The first phase of paying a failed order with another card.
pub(in super::super) fn begin_another(connection: &Connection, terms: &Terms, begin: &BeginPayment) -> Done<Begun> {
    if let Some(row) = keys::find(connection, &begin.claim.key)? {
        let found = (row.order, row.payment);
        return match row.answer_for(&begin.claim)? {
            Some(stored) => Ok(Begun::Replayed(stored)),
            None => resume(connection, terms, &begin.claim, found, (&begin.provider_key, begin.plan)),
        };
    }
    let mut brief = orders::brief(connection, begin.order)?.ok_or(known::NOT_FOUND)?;
    match brief.state {
        State::Failed => {
            another(connection, terms, &mut brief, &begin.claim, &begin.method, &begin.provider_key, begin.plan)
        }
        State::Pending => Err(known::PAYMENT_PENDING.about(brief.number).into()),
        State::Authorised | State::Paid | State::PartiallyFulfilled | State::Fulfilled => {
            Err(known::ALREADY_PAID.about(brief.number).into())
        }
        State::Cancelled => Err(known::CANCELLED.about(brief.number).into()),
    }
}

/// A new payment row for a failed order, whose stock is held again if it was released.
fn another(
    connection: &Connection,
    terms: &Terms,
    brief: &mut Brief,
    claim: &Claim,
    method: &str,
    provider_key: &str,
    plan: Plan,
) -> Done<Begun> {
    orders::hold_again(connection, brief.number.0)?;
    let moved = orders::step(connection, brief, State::Pending, "another payment")?;
    let charge = insert(connection, terms, brief, provider_key, method, plan)?;
    keys::claim(connection, claim, brief.number.0, Some(charge.payment))?;
    Ok(Begun::Charge(charge, moved))
}

/// Closes a payment that is proven to hold nothing and opens another one for the same order elsewhere, in one step.
pub(in super::super) fn fail_over(
    connection: &Connection,
    terms: &Terms,
    payment: i64,
    reason: NotCharged,
    (to, method, key): (PaymentProvider, Option<&str>, &str),
) -> Done<Option<Charge>> {
    let Some(row) = find(connection, payment)?.filter(|row| row.state.may_take_money()) else { return Ok(None) };
    let Some(brief) = orders::brief(connection, row.order)?.filter(|brief| brief.state == State::Pending) else {
        return Ok(None);
    };
    connection
        .prepare_cached("UPDATE payments SET state = 'not_charged', code = ?2, owner = NULL WHERE id = ?1")?
        .execute(params![payment, reason.name()])?;
    let plan = Plan { provider: to, kind: row.kind, capture: row.capture };
    Ok(Some(insert(connection, terms, &brief, key, method.unwrap_or(&row.method), plan)?))
}

/// Another payment for an order none of whose payments is open, whatever became of those.
pub(in super::super) fn beside_the_settled(
    connection: &Connection,
    terms: &Terms,
    payment: i64,
    key: &str,
) -> Done<Option<Charge>> {
    let row = find(connection, payment)?.ok_or(known::NOT_FOUND)?;
    if active(connection, row.order)?.is_some() {
        return Ok(None);
    }
    let brief = orders::brief(connection, row.order)?.ok_or(known::NOT_FOUND)?;
    let plan = Plan { provider: row.provider, kind: row.kind, capture: row.capture };
    Ok(Some(insert(connection, terms, &brief, key, &row.method, plan)?))
}

/// Deletes a payment and opens another one in its place, in one step.
pub(in super::super) fn begin_anew(
    connection: &Connection,
    terms: &Terms,
    payment: i64,
    key: &str,
) -> Done<Option<Charge>> {
    let Some(row) = find(connection, payment)?.filter(|row| row.state.may_take_money()) else { return Ok(None) };
    let Some(brief) = orders::brief(connection, row.order)? else { return Ok(None) };
    connection.prepare_cached("DELETE FROM payments WHERE id = ?1")?.execute([payment])?;
    let plan = Plan { provider: row.provider, kind: row.kind, capture: row.capture };
    let anew = insert(connection, terms, &brief, key, &row.method, plan)?;
    connection.prepare_cached("UPDATE keys SET payment = ?2 WHERE payment = ?1")?.execute([payment, anew.payment])?;
    Ok(Some(anew))
}
