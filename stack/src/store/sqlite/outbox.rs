//! The outbox inside the store: what is owed, what it must tell, and that it was received.

use rusqlite::{Connection, OptionalExtension, params};

use super::{
    super::{Message, MessageKind, Move},
    carts, orders,
    writer::Done,
};
use crate::order::{Number, Parcel, State};

impl MessageKind {
    /// The kind's name in the outbox.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::TaxDocument => "tax_document",
            Self::TaxVoid => "tax_void",
            Self::Dispatch => "dispatch",
        }
    }

    fn named(name: &str) -> Option<Self> {
        [Self::TaxDocument, Self::TaxVoid, Self::Dispatch].into_iter().find(|kind| kind.name() == name)
    }
}

/// Writes down that a message is owed.
pub(super) fn owe(connection: &Connection, order: i64, kind: MessageKind) -> rusqlite::Result<Message> {
    connection
        .prepare_cached("INSERT INTO outbox (order_seq, kind) VALUES (?1, ?2)")?
        .execute(params![order, kind.name()])?;
    Ok(Message { id: connection.last_insert_rowid(), order, kind })
}

/// Takes back a dispatch that was not begun.
pub(super) fn withdraw_dispatch(connection: &Connection, order: i64) -> rusqlite::Result<()> {
    connection.prepare_cached("DELETE FROM outbox WHERE order_seq = ?1 AND kind = 'dispatch'")?.execute([order])?;
    connection.prepare_cached("UPDATE orders SET dispatch = NULL WHERE seq = ?1")?.execute([order])?;
    Ok(())
}

pub(super) fn owed(connection: &Connection) -> rusqlite::Result<Vec<Message>> {
    connection
        .prepare_cached("SELECT id, order_seq, kind FROM outbox ORDER BY id")?
        .query_map([], |row| {
            let kind = MessageKind::named(row.get_ref(2)?.as_str()?).ok_or(rusqlite::Error::InvalidQuery)?;
            Ok(Message { id: row.get(0)?, order: row.get(1)?, kind })
        })?
        .collect()
}

pub(super) fn parcel(connection: &Connection, order: i64) -> rusqlite::Result<Option<Parcel>> {
    let Some(brief) = orders::brief(connection, order)? else { return Ok(None) };
    let found = connection
        .prepare_cached("SELECT address, discount_minor, shipping_minor FROM orders WHERE seq = ?1")?
        .query_row([order], |row| Ok((carts::decoded(row.get(0)?), row.get(1)?, row.get(2)?)))
        .optional()?;
    let Some((Some(address), discount_minor, shipping_minor)) = found else { return Ok(None) };
    let lines = orders::lines(connection, order)?;
    Ok(Some(Parcel { brief, lines, address, discount_minor, shipping_minor }))
}

/// Books that a message was received; a second acknowledgement changes nothing.
pub(super) fn acknowledge(connection: &Connection, message: Message) -> Done<Vec<Move>> {
    let Message { id, order, kind } = message;
    if connection.prepare_cached("DELETE FROM outbox WHERE id = ?1")?.execute([id])? == 0 {
        return Ok(Vec::new());
    }
    match kind {
        MessageKind::TaxDocument => {
            connection
                .prepare_cached("UPDATE orders SET tax_document = ?2 WHERE seq = ?1")?
                .execute(params![order, Number(order).to_string()])?;
            Ok(Vec::new())
        }
        MessageKind::TaxVoid => {
            connection.prepare_cached("UPDATE orders SET tax_document = NULL WHERE seq = ?1")?.execute([order])?;
            Ok(Vec::new())
        }
        MessageKind::Dispatch => {
            connection.prepare_cached("UPDATE orders SET dispatch = 'sent' WHERE seq = ?1")?.execute([order])?;
            let Some(mut brief) = orders::brief(connection, order)? else { return Ok(Vec::new()) };
            let moved = orders::step(connection, &mut brief, State::Fulfilled, "dispatch acknowledged")?;
            Ok(moved.into_iter().collect())
        }
    }
}
