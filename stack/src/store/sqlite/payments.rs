//! Payments inside the store: each try with a card is a row with its provider's key, on disk before the call.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{
    super::{CaptureTime, Charge, NotCharged, PaymentKind, PaymentState, Plan, Standing, Terms},
    orders,
    writer::Done,
};
use crate::{
    clock::now_ms,
    order::{Brief, PaymentProvider},
};

mod attempts;

pub(super) use attempts::{begin_anew, begin_another, beside_the_settled, fail_over, resume};

impl PaymentState {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Unknown => "unknown",
            Self::Waiting => "waiting",
            Self::Authorised => "authorised",
            Self::Succeeded => "succeeded",
            Self::Declined => "declined",
            Self::NotCharged => "not_charged",
            Self::Voided => "voided",
        }
    }

    fn named(name: &str) -> Option<Self> {
        [
            Self::Open,
            Self::Unknown,
            Self::Waiting,
            Self::Authorised,
            Self::Succeeded,
            Self::Declined,
            Self::NotCharged,
            Self::Voided,
        ]
        .into_iter()
        .find(|state| state.name() == name)
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

impl PaymentKind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Checkout => "checkout",
            Self::Session => "session",
            Self::Stray => "stray",
        }
    }

    fn named(name: &str) -> Self {
        match name {
            "session" => Self::Session,
            "stray" => Self::Stray,
            _ => Self::Checkout,
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
    pub(super) provider: PaymentProvider,
    pub(super) kind: PaymentKind,
    pub(super) capture: CaptureTime,
    pub(super) intent: Option<String>,
    pub(super) authorised_minor: i64,
    pub(super) captured_minor: i64,
    pub(super) authorised_until_ms: Option<i64>,
    created_ms: i64,
    /// Its order is being priced anew, and the provider has not agreed yet.
    pub(super) is_being_edited: bool,
}

/// The columns that [`payment_of`] reads.
macro_rules! select_payment {
    ($rest:literal) => {
        concat!(
            "SELECT id, order_seq, amount, state, code, key, method, provider, kind, captures_at_once, intent,
                    authorised_minor, captured_minor, authorised_until_ms, created_ms, before_edit IS NOT NULL
             FROM payments ",
            $rest
        )
    };
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
        provider: PaymentProvider::named(row.get_ref(7)?.as_str()?),
        kind: PaymentKind::named(row.get_ref(8)?.as_str()?),
        capture: if row.get(9)? { CaptureTime::AtOnce } else { CaptureTime::AtDispatch },
        intent: row.get(10)?,
        authorised_minor: row.get(11)?,
        captured_minor: row.get(12)?,
        authorised_until_ms: row.get(13)?,
        created_ms: row.get(14)?,
        is_being_edited: row.get(15)?,
    })
}

impl PaymentRow {
    pub(super) fn charge(self, brief: Brief) -> Charge {
        Charge {
            payment: self.id,
            key: self.key,
            method: self.method,
            amount_minor: self.amount_minor,
            provider: self.provider,
            kind: self.kind,
            capture: self.capture,
            intent: self.intent,
            // A row of the future is from before the clock was put back: nobody knows how old it is, and nothing waits for it.
            age_ms: Some(now_ms() - self.created_ms).filter(|age_ms| *age_ms >= 0).unwrap_or(i64::MAX),
            tried_before: true,
            brief,
        }
    }

    /// What a settled payment says of its order, where the order itself is not accepted.
    pub(super) fn standing(&self, brief: Brief) -> Standing {
        let code = self.code.clone().unwrap_or_default();
        match self.state {
            PaymentState::NotCharged => Standing::NotCharged { brief, reason: NotCharged::named(&code) },
            PaymentState::Open
            | PaymentState::Unknown
            | PaymentState::Waiting
            | PaymentState::Authorised
            | PaymentState::Succeeded
            | PaymentState::Declined
            | PaymentState::Voided => Standing::Declined { brief, code },
        }
    }
}

pub(super) fn find(connection: &Connection, id: i64) -> rusqlite::Result<Option<PaymentRow>> {
    connection.prepare_cached(select_payment!("WHERE id = ?1"))?.query_row([id], payment_of).optional()
}

/// The payment of an order that may still take money.
fn active(connection: &Connection, order: i64) -> rusqlite::Result<Option<PaymentRow>> {
    connection
        .prepare_cached(select_payment!("WHERE order_seq = ?1 AND state IN ('open', 'unknown', 'waiting')"))?
        .query_row([order], payment_of)
        .optional()
}

/// Every payment of an order, newest first.
pub(super) fn of_order(connection: &Connection, order: i64) -> rusqlite::Result<Vec<(PaymentState, Charge)>> {
    let Some(brief) = orders::brief(connection, order)? else { return Ok(Vec::new()) };
    connection
        .prepare_cached(select_payment!("WHERE order_seq = ?1 ORDER BY id DESC"))?
        .query_map([order], payment_of)?
        .map(|row| row.map(|row| (row.state, row.charge(brief.clone()))))
        .collect()
}

/// The payment under a provider's name.
pub(super) fn by_intent(
    connection: &Connection,
    provider: PaymentProvider,
    intent: &str,
) -> rusqlite::Result<Option<PaymentRow>> {
    connection
        .prepare_cached(select_payment!("WHERE provider = ?1 AND intent = ?2"))?
        .query_row(params![provider.name(), intent], payment_of)
        .optional()
}

/// A new payment, claimed by this instance, with its provider's key: the recovery point of every charge.
pub(super) fn insert(
    connection: &Connection,
    terms: &Terms,
    brief: &Brief,
    key: &str,
    method: &str,
    plan: Plan,
) -> rusqlite::Result<Charge> {
    connection
        .prepare_cached(
            "INSERT INTO payments (order_seq, key, method, amount, state, created_ms, provider, kind, captures_at_once,
                                   owner)
             VALUES (?1, ?2, ?3, ?4, 'open', ?5, ?6, ?7, ?8, ?9)",
        )?
        .execute(params![
            brief.number.0,
            key,
            method,
            brief.due_minor(),
            now_ms(),
            plan.provider.name(),
            plan.kind.name(),
            plan.capture == CaptureTime::AtOnce,
            terms.instance,
        ])?;
    Ok(Charge {
        payment: connection.last_insert_rowid(),
        key: key.to_owned(),
        method: method.to_owned(),
        amount_minor: brief.due_minor(),
        provider: plan.provider,
        kind: plan.kind,
        capture: plan.capture,
        intent: None,
        age_ms: 0,
        tried_before: false,
        brief: brief.clone(),
    })
}

/// Payments whose holder did not act in time, or that wait for longer than the shop ever does, as they seem to once a clock was
/// put back; at most 500.
pub(super) fn overdue(connection: &Connection, terms: &Terms, now_ms: i64) -> rusqlite::Result<Vec<Charge>> {
    let rows: Vec<PaymentRow> = connection
        .prepare_cached(select_payment!(
            "WHERE state IN ('open', 'unknown', 'waiting') AND state = 'waiting'
               AND (waits_until_ms <= ?1 OR waits_until_ms > ?2)
             ORDER BY id LIMIT 500"
        ))?
        .query_map([now_ms, now_ms + terms.hold_ttl_ms], payment_of)?
        .collect::<Result<_, _>>()?;
    with_briefs(connection, rows)
}

/// Payments whose orders are being priced anew.
pub(super) fn being_edited(connection: &Connection) -> rusqlite::Result<Vec<Charge>> {
    let rows: Vec<PaymentRow> = connection
        .prepare_cached(select_payment!(
            "WHERE state IN ('open', 'unknown', 'waiting') AND before_edit IS NOT NULL ORDER BY id LIMIT 500"
        ))?
        .query_map([], payment_of)?
        .collect::<Result<_, _>>()?;
    with_briefs(connection, rows)
}

fn with_briefs(connection: &Connection, rows: Vec<PaymentRow>) -> rusqlite::Result<Vec<Charge>> {
    let mut charges = Vec::with_capacity(rows.len());
    for row in rows {
        if let Some(brief) = orders::brief(connection, row.order)? {
            charges.push(row.charge(brief));
        }
    }
    Ok(charges)
}

pub(super) fn leave_in_doubt(connection: &Connection, payment: i64) -> Done<()> {
    connection
        .prepare_cached(
            "UPDATE payments SET state = 'unknown', owner = NULL WHERE id = ?1 AND state IN ('open', 'unknown')",
        )?
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
        .prepare_cached(select_payment!(
            "WHERE state IN ('open', 'unknown', 'waiting') AND state != 'waiting'
               AND (created_ms < ?1 OR created_ms > ?2)
             ORDER BY id LIMIT 1000"
        ))?
        .query_map([before_ms, now_ms()], payment_of)?
        .collect::<Result<_, _>>()?;
    with_briefs(connection, rows)
}

/// How many payments are in doubt.
pub(super) fn doubts(connection: &Connection) -> rusqlite::Result<i64> {
    connection
        .prepare_cached(
            "SELECT count(*) FROM payments WHERE state IN ('open', 'unknown', 'waiting') AND state = 'unknown'",
        )?
        .query_row([], |row| row.get(0))
}

/// How many payments may still take money.
pub(super) fn open_ends(connection: &Connection) -> rusqlite::Result<i64> {
    connection
        .prepare_cached("SELECT count(*) FROM payments WHERE state IN ('open', 'unknown', 'waiting')")?
        .query_row([], |row| row.get(0))
}
