//! Payments inside the store: each try with a card is a row with its provider's key, on disk before the call.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{
    super::{BeginPayment, Begun, Charge, Claim, NotCharged, PaymentState, Standing},
    keys, orders,
    writer::Done,
};
use crate::{
    clock::now_ms,
    order::{Brief, State},
    refusal::known,
};

impl PaymentState {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Unknown => "unknown",
            Self::Succeeded => "succeeded",
            Self::Declined => "declined",
            Self::NotCharged => "not_charged",
        }
    }

    fn named(name: &str) -> Option<Self> {
        [Self::Open, Self::Unknown, Self::Succeeded, Self::Declined, Self::NotCharged]
            .into_iter()
            .find(|state| state.name() == name)
    }

    /// Whether nothing is proven yet.
    pub(super) fn is_unsettled(self) -> bool {
        matches!(self, Self::Open | Self::Unknown)
    }
}

impl NotCharged {
    /// The reason's name in the `code` column.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Unavailable => "unavailable",
            Self::Refused => "refused",
            Self::Suspected => "suspected",
            Self::Forced => "forced",
        }
    }

    fn named(name: &str) -> Self {
        match name {
            "refused" => Self::Refused,
            "suspected" => Self::Suspected,
            "forced" => Self::Forced,
            _ => Self::Unavailable,
        }
    }
}

/// A payment as stored.
pub(super) struct PaymentRow {
    pub(super) id: i64,
    pub(super) order: i64,
    pub(super) amount_minor: i64,
    pub(super) state: PaymentState,
    pub(super) code: Option<String>,
    key: String,
    method: String,
}

fn payment_of(row: &Row<'_>) -> rusqlite::Result<PaymentRow> {
    Ok(PaymentRow {
        id: row.get(0)?,
        order: row.get(1)?,
        amount_minor: row.get(2)?,
        state: PaymentState::named(row.get_ref(3)?.as_str()?).ok_or(rusqlite::Error::InvalidQuery)?,
        code: row.get(4)?,
        key: row.get(5)?,
        method: row.get(6)?,
    })
}

impl PaymentRow {
    pub(super) fn charge(self, brief: Brief) -> Charge {
        Charge {
            payment: self.id,
            key: self.key,
            method: self.method,
            amount_minor: self.amount_minor,
            tried_before: true,
            brief,
        }
    }

    /// What a settled payment says of its order, where the order itself is not accepted.
    pub(super) fn standing(&self, brief: Brief) -> Standing {
        let code = self.code.clone().unwrap_or_default();
        match self.state {
            PaymentState::NotCharged => Standing::NotCharged { brief, reason: NotCharged::named(&code) },
            PaymentState::Open | PaymentState::Unknown | PaymentState::Succeeded | PaymentState::Declined => {
                Standing::Declined { brief, code }
            }
        }
    }
}

pub(super) fn find(connection: &Connection, id: i64) -> rusqlite::Result<Option<PaymentRow>> {
    connection
        .prepare_cached("SELECT id, order_seq, amount, state, code, key, method FROM payments WHERE id = ?1")?
        .query_row([id], payment_of)
        .optional()
}

pub(super) fn insert(connection: &Connection, brief: &Brief, key: &str, method: &str) -> rusqlite::Result<i64> {
    connection
        .prepare_cached(
            "INSERT INTO payments (order_seq, key, method, amount, state, created_ms)
             VALUES (?1, ?2, ?3, ?4, 'open', ?5)",
        )?
        .execute(params![brief.number.0, key, method, brief.due_minor(), now_ms()])?;
    Ok(connection.last_insert_rowid())
}

/// Takes up a key that was claimed and never finally answered.
pub(super) fn resume(
    connection: &Connection,
    claim: &Claim,
    order: Option<i64>,
    payment: Option<i64>,
    provider_key: &str,
) -> Done<Begun> {
    let row = payment.map(|id| find(connection, id)).transpose()?.flatten();
    let brief = order.map(|seq| orders::brief(connection, seq)).transpose()?.flatten();
    let (Some(row), Some(mut brief)) = (row, brief) else { return Err(known::KEY_REUSED.into()) };
    match brief.state {
        State::Authorised | State::Paid | State::PartiallyFulfilled | State::Fulfilled | State::Cancelled => {
            Ok(Begun::Standing(Standing::Accepted(brief)))
        }
        State::Pending if row.state.is_unsettled() => Ok(Begun::Charge(row.charge(brief), None)),
        State::Pending => Err(known::PAYMENT_PENDING.about(brief.number).into()),
        // Nothing was charged because the provider could not be asked: the same wish is taken up anew.
        State::Failed if row.code.as_deref() == Some(NotCharged::Unavailable.name()) => {
            let method = row.method;
            another(connection, &mut brief, claim, &method, provider_key)
        }
        State::Failed => Ok(Begun::Standing(row.standing(brief))),
    }
}

/// The first phase of paying a failed order with another card.
pub(super) fn begin_another(connection: &Connection, begin: &BeginPayment) -> Done<Begun> {
    if let Some(row) = keys::find(connection, &begin.claim.key)? {
        let (order, payment) = (row.order, row.payment);
        return match row.answer_for(&begin.claim)? {
            Some(stored) => Ok(Begun::Replayed(stored)),
            None => resume(connection, &begin.claim, order, payment, &begin.provider_key),
        };
    }
    let mut brief = orders::brief(connection, begin.order)?.ok_or(known::NOT_FOUND)?;
    match brief.state {
        State::Failed => another(connection, &mut brief, &begin.claim, &begin.method, &begin.provider_key),
        State::Pending => Err(known::PAYMENT_PENDING.about(brief.number).into()),
        State::Authorised | State::Paid | State::PartiallyFulfilled | State::Fulfilled => {
            Err(known::ALREADY_PAID.about(brief.number).into())
        }
        State::Cancelled => Err(known::CANCELLED.about(brief.number).into()),
    }
}

/// A new payment row for a failed order, whose stock is held again if it was released.
fn another(connection: &Connection, brief: &mut Brief, claim: &Claim, method: &str, provider_key: &str) -> Done<Begun> {
    orders::hold_again(connection, brief.number.0)?;
    let moved = orders::step(connection, brief, State::Pending, "another payment")?;
    let payment = insert(connection, brief, provider_key, method)?;
    keys::claim(connection, claim, brief.number.0, Some(payment))?;
    let charge = Charge {
        payment,
        key: provider_key.to_owned(),
        method: method.to_owned(),
        amount_minor: brief.due_minor(),
        tried_before: false,
        brief: brief.clone(),
    };
    Ok(Begun::Charge(charge, moved))
}

pub(super) fn leave_in_doubt(connection: &Connection, payment: i64) -> Done<()> {
    connection
        .prepare_cached("UPDATE payments SET state = 'unknown' WHERE id = ?1 AND state = 'open'")?
        .execute([payment])?;
    Ok(())
}

/// A payment with its order.
pub(super) fn read(connection: &Connection, id: i64) -> rusqlite::Result<Option<(PaymentState, Charge)>> {
    let Some(row) = find(connection, id)? else { return Ok(None) };
    let Some(brief) = orders::brief(connection, row.order)? else { return Ok(None) };
    Ok(Some((row.state, row.charge(brief))))
}

/// Payments that nothing is proven about, oldest first; at most 1,000.
pub(super) fn unsettled(connection: &Connection, before_ms: i64) -> rusqlite::Result<Vec<Charge>> {
    let rows: Vec<PaymentRow> = connection
        .prepare_cached(
            "SELECT id, order_seq, amount, state, code, key, method FROM payments
             WHERE state IN ('open', 'unknown') AND created_ms < ?1 ORDER BY id LIMIT 1000",
        )?
        .query_map([before_ms], payment_of)?
        .collect::<Result<_, _>>()?;
    let mut charges = Vec::with_capacity(rows.len());
    for row in rows {
        if let Some(brief) = orders::brief(connection, row.order)? {
            charges.push(row.charge(brief));
        }
    }
    Ok(charges)
}

pub(super) fn doubts(connection: &Connection) -> rusqlite::Result<i64> {
    connection
        .prepare_cached("SELECT count(*) FROM payments WHERE state IN ('open', 'unknown') AND state = 'unknown'")?
        .query_row([], |row| row.get(0))
}
