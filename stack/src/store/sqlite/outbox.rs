//! The outbox inside the store: what is owed, by whom it is delivered, what it must tell, and that it was received.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{
    super::{Message, MessageKind, Move, Terms, VoidOrder},
    carts, orders, payments,
    writer::Done,
};
use crate::{
    clock::now_ms,
    order::{Number, Parcel, State, tax_code},
};

impl MessageKind {
    const ALL: [Self; 4] = [Self::TaxDocument, Self::TaxVoid, Self::Dispatch, Self::PaymentVoid];

    /// The kind's name in the outbox.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::TaxDocument => "tax_document",
            Self::TaxVoid => "tax_void",
            Self::Dispatch => "dispatch",
            Self::PaymentVoid => "payment_void",
        }
    }

    fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// Writes down that a message is owed, and that this instance delivers it. A dispatch that waits for nothing has begun.
pub(super) fn owe(
    connection: &Connection,
    terms: &Terms,
    order: i64,
    kind: MessageKind,
    subject: Option<i64>,
) -> rusqlite::Result<Message> {
    let waits = kind == MessageKind::Dispatch && (terms.dispatch_after_ms > 0 || subject.is_some());
    let due_ms = if waits { now_ms() + terms.dispatch_after_ms } else { 0 };
    connection
        .prepare_cached(
            "INSERT INTO outbox (order_seq, kind, owner, subject, due_ms, begun) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![order, kind.name(), terms.instance, subject, due_ms, !waits])?;
    Ok(Message { id: connection.last_insert_rowid(), order, kind, subject, due_ms, begun: !waits })
}

/// Takes back dispatches that were not begun.
pub(super) fn withdraw_dispatch(connection: &Connection, order: i64) -> rusqlite::Result<()> {
    connection.prepare_cached("DELETE FROM outbox WHERE order_seq = ?1 AND kind = 'dispatch'")?.execute([order])?;
    connection
        .prepare_cached("UPDATE dispatches SET state = 'withdrawn' WHERE order_seq = ?1 AND state = 'queued'")?
        .execute([order])?;
    connection.prepare_cached("UPDATE orders SET dispatch = NULL WHERE seq = ?1")?.execute([order])?;
    Ok(())
}

/// Whether a dispatch of an order has begun: then it is too late to cancel.
pub(super) fn has_begun(connection: &Connection, order: i64) -> rusqlite::Result<bool> {
    connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM outbox WHERE order_seq = ?1 AND kind = 'dispatch' AND begun)")?
        .query_row([order], |row| row.get(0))
}

/// Marks dispatches as begun, unless they were withdrawn meanwhile.
pub(super) fn begin_dispatches(connection: &Connection, messages: &[i64]) -> Done<Vec<i64>> {
    let mut begin = connection.prepare_cached("UPDATE outbox SET begun = 1 WHERE id = ?1")?;
    let mut begun = Vec::with_capacity(messages.len());
    for &message in messages {
        if begin.execute([message])? == 1 {
            begun.push(message);
        }
    }
    Ok(begun)
}

/// Claims what nobody alive is delivering.
pub(super) fn adopt(connection: &Connection, terms: &Terms) -> rusqlite::Result<Vec<Message>> {
    let mut messages: Vec<Message> = connection
        .prepare_cached(
            "UPDATE outbox SET owner = ?1
             WHERE owner IS NULL
                OR owner != ?1 AND NOT EXISTS (SELECT 1 FROM instances WHERE id = owner AND expires_ms > ?2)
             RETURNING id, order_seq, kind, subject, due_ms, begun",
        )?
        .query_map(params![terms.instance, now_ms()], message)?
        .collect::<Result<_, _>>()?;
    messages.sort_by_key(|message| message.id);
    Ok(messages)
}

/// Whether anything is to be adopted: a look that writes nothing.
pub(super) fn has_orphans(connection: &Connection, terms: &Terms) -> rusqlite::Result<bool> {
    connection
        .prepare_cached(
            "SELECT EXISTS (
                 SELECT 1 FROM outbox
                 WHERE owner IS NULL
                    OR owner != ?1 AND NOT EXISTS (SELECT 1 FROM instances WHERE id = owner AND expires_ms > ?2))",
        )?
        .query_row(params![terms.instance, now_ms()], |row| row.get(0))
}

/// What this instance has claimed.
pub(super) fn own(connection: &Connection, terms: &Terms) -> rusqlite::Result<Vec<Message>> {
    connection
        .prepare_cached("SELECT id, order_seq, kind, subject, due_ms, begun FROM outbox WHERE owner = ?1 ORDER BY id")?
        .query_map([&terms.instance], message)?
        .collect()
}

/// How many messages are owed.
pub(super) fn owed(connection: &Connection) -> rusqlite::Result<i64> {
    connection.prepare_cached("SELECT count(*) FROM outbox")?.query_row([], |row| row.get(0))
}

fn message(row: &Row<'_>) -> rusqlite::Result<Message> {
    Ok(Message {
        id: row.get(0)?,
        order: row.get(1)?,
        kind: MessageKind::named(row.get_ref(2)?.as_str()?).ok_or(rusqlite::Error::InvalidQuery)?,
        subject: row.get(3)?,
        due_ms: row.get(4)?,
        begun: row.get(5)?,
    })
}

/// What others must be told of an order, or of the part that a message is about.
pub(super) fn parcel(connection: &Connection, order: i64, part: Option<i64>) -> rusqlite::Result<Option<Parcel>> {
    let Some(brief) = orders::brief(connection, order)? else { return Ok(None) };
    let found = connection
        .prepare_cached(
            "SELECT address, discount_minor, shipping_minor, iif(tax_source = 'quote', tax_minor, NULL) FROM orders
             WHERE seq = ?1",
        )?
        .query_row([order], |row| Ok((carts::decoded(row.get(0)?), row.get(1)?, row.get(2)?, row.get(3)?)))
        .optional()?;
    let Some((Some(address), discount_minor, shipping_minor, quoted_tax_minor)) = found else { return Ok(None) };
    let lines = match part {
        Some(message) => connection
            .prepare_cached(
                "SELECT l.sku, d.quantity, l.unit_minor FROM dispatch_lines d
                 JOIN order_lines l ON l.order_seq = ?2 AND l.sku = d.sku WHERE d.message = ?1 ORDER BY l.sku",
            )?
            .query_map([message, order], carts::line)?
            .collect::<Result<_, _>>()?,
        None => orders::lines(connection, order)?,
    };
    Ok(Some(Parcel { brief, lines, address, discount_minor, shipping_minor, quoted_tax_minor }))
}

/// What a void is about; `None` where there is nothing to release.
pub(super) fn void_order(connection: &Connection, message: Message) -> rusqlite::Result<Option<VoidOrder>> {
    let Some(row) = message.subject.map(|id| payments::find(connection, id)).transpose()?.flatten() else {
        return Ok(None);
    };
    let Some(brief) = orders::brief(connection, message.order)? else { return Ok(None) };
    let (payment, provider, intent) = (row.id, row.provider, row.intent.clone());
    let key = format!("{}-void", row.charge(brief.clone()).key);
    Ok(intent.map(|intent| VoidOrder { payment, key, provider, intent, brief }))
}

/// Books that a message was received; a second acknowledgement changes nothing.
pub(super) fn acknowledge(connection: &Connection, message: Message) -> Done<Vec<Move>> {
    let Message { id, order, kind, subject, .. } = message;
    if connection.prepare_cached("DELETE FROM outbox WHERE id = ?1")?.execute([id])? == 0 {
        return Ok(Vec::new());
    }
    match kind {
        MessageKind::TaxDocument => {
            connection
                .prepare_cached("UPDATE orders SET tax_document = ?2 WHERE seq = ?1")?
                .execute(params![order, tax_code(Number(order), subject)])?;
            Ok(Vec::new())
        }
        MessageKind::TaxVoid => {
            connection.prepare_cached("UPDATE orders SET tax_document = NULL WHERE seq = ?1")?.execute([order])?;
            Ok(Vec::new())
        }
        MessageKind::PaymentVoid => {
            released(connection, order, subject)?;
            Ok(Vec::new())
        }
        MessageKind::Dispatch => {
            let to = match subject {
                Some(_) => part_sent(connection, order, id)?,
                None => State::Fulfilled,
            };
            if to == State::Fulfilled {
                connection.prepare_cached("UPDATE orders SET dispatch = 'sent' WHERE seq = ?1")?.execute([order])?;
            }
            let Some(mut brief) = orders::brief(connection, order)? else { return Ok(Vec::new()) };
            let moved = orders::step(connection, &mut brief, to, "dispatch acknowledged")?;
            Ok(moved.into_iter().collect())
        }
    }
}

/// A payment was released.
fn released(connection: &Connection, order: i64, payment: Option<i64>) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "UPDATE payments SET state = 'voided', authorised_minor = 0 WHERE id = ?1 AND state = 'authorised'",
        )?
        .execute([payment])?;
    connection
        .prepare_cached(
            "UPDATE orders SET authorised_minor = 0
             WHERE seq = ?1 AND payment = (SELECT intent FROM payments WHERE id = ?2)",
        )?
        .execute(params![order, payment])?;
    Ok(())
}

/// A part has left: whether it was the last one.
fn part_sent(connection: &Connection, order: i64, message: i64) -> rusqlite::Result<State> {
    connection.prepare_cached("UPDATE dispatches SET state = 'sent' WHERE message = ?1")?.execute([message])?;
    let left: bool = connection
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM dispatches WHERE order_seq = ?1 AND state IN ('queued', 'captured'))",
        )?
        .query_row([order], |row| row.get(0))?;
    Ok(if left { State::PartiallyFulfilled } else { State::Fulfilled })
}
