//! Orders inside the store: reading them, moving them forward, and what they hold of stock and promotions.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{
    super::{Move, Terms},
    carts::line,
    credit,
    writer::Done,
};
use crate::{
    cart::Line,
    clock::now_ms,
    fraud::Judgement,
    order::{Brief, Failure, Number, PaymentProvider, State},
    refusal::known,
};

/// A brief from the columns that [`brief`] selects.
fn brief_of(row: &Row<'_>) -> rusqlite::Result<Brief> {
    Ok(Brief {
        number: Number(row.get(0)?),
        cart: row.get(1)?,
        state: state_of(row, 2)?,
        total_minor: row.get(3)?,
        failure: row
            .get::<_, Option<bool>>(8)?
            .map(|declined| if declined { Failure::CardDeclined } else { Failure::PaymentUnavailable }),
        refunded_minor: row.get(4)?,
        currency: row.get(5)?,
        email: row.get(6)?,
        carried: row.get(7)?,
        credit_minor: row.get(9)?,
        provider: row.get_ref(10)?.as_str_or_null()?.map(PaymentProvider::named),
        fraud: row.get_ref(12)?.as_str_or_null()?.and_then(Judgement::named),
        in_review: row.get_ref(11)?.as_str_or_null()? == Some("pending"),
        address: row.get(13)?,
    })
}

/// The state in a column.
pub(super) fn state_of(row: &Row<'_>, column: usize) -> rusqlite::Result<State> {
    State::named(row.get_ref(column)?.as_str()?).ok_or(rusqlite::Error::InvalidQuery)
}

pub(super) fn brief(connection: &Connection, seq: i64) -> rusqlite::Result<Option<Brief>> {
    connection
        .prepare_cached(
            "SELECT seq, cart, state, total_minor, refunded_minor, currency, email, carried,
                    CASE state WHEN 'failed' THEN
                        (SELECT state = 'declined' FROM payments WHERE order_seq = orders.seq ORDER BY id DESC LIMIT 1)
                    END, credit_minor, payment_provider, review, fraud, address
             FROM orders WHERE seq = ?1",
        )?
        .query_row([seq], brief_of)
        .optional()
}

/// Moves an order forward and writes its history; `None` where the state machine has no such arrow.
pub(super) fn step(
    connection: &Connection,
    brief: &mut Brief,
    to: State,
    why: &'static str,
) -> rusqlite::Result<Option<Move>> {
    if !brief.state.may_become(to) {
        return Ok(None);
    }
    write_state(connection, brief.number.0, to, why)?;
    let from = Some(brief.state);
    brief.state = to;
    Ok(Some(Move { order: brief.number.0, from, to, why }))
}

fn write_state(connection: &Connection, order: i64, to: State, why: &str) -> rusqlite::Result<()> {
    connection.prepare_cached("UPDATE orders SET state = ?2 WHERE seq = ?1")?.execute(params![order, to.name()])?;
    record(connection, order, to, why)
}

/// Adds a line to the order's history.
pub(super) fn record(connection: &Connection, order: i64, to: State, why: &str) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO history (order_seq, seq, state, at_ms, why)
             SELECT ?1, 1 + coalesce(max(seq), 0), ?2, ?3, ?4 FROM history WHERE order_seq = ?1",
        )?
        .execute(params![order, to.name(), now_ms(), why])?;
    Ok(())
}

/// Writes `failed` over whatever the order was.
pub(super) fn overwrite_with_failed(connection: &Connection, order: i64) -> Done<Vec<Move>> {
    let Some(brief) = brief(connection, order)? else { return Ok(Vec::new()) };
    if brief.state == State::Failed {
        return Ok(Vec::new());
    }
    let why = "failure event";
    write_state(connection, order, State::Failed, why)?;
    Ok(vec![Move { order, from: Some(brief.state), to: State::Failed, why }])
}

/// Takes every trace of an order away, and gives back what it holds.
pub(super) fn lose(connection: &Connection, order: i64) -> Done<()> {
    release(connection, order)?;
    for statement in [
        "UPDATE carts SET order_seq = NULL WHERE order_seq = ?1",
        "DELETE FROM keys WHERE order_seq = ?1",
        "DELETE FROM payments WHERE order_seq = ?1",
        "DELETE FROM outbox WHERE order_seq = ?1",
        "DELETE FROM history WHERE order_seq = ?1",
        "DELETE FROM order_lines WHERE order_seq = ?1",
        "DELETE FROM orders WHERE seq = ?1",
    ] {
        connection.prepare_cached(statement)?.execute([order])?;
    }
    Ok(())
}

/// The lines of an order.
pub(super) fn lines(connection: &Connection, order: i64) -> rusqlite::Result<Vec<Line>> {
    connection
        .prepare_cached("SELECT sku, quantity, unit_minor FROM order_lines WHERE order_seq = ?1 ORDER BY sku")?
        .query_map([order], line)?
        .collect()
}

/// Takes stock for lines, all or none: the guard and the decrement are one statement.
pub(super) fn hold_stock(connection: &Connection, lines: &[Line]) -> Done<()> {
    let mut take =
        connection.prepare_cached("UPDATE stock SET available = available - ?2 WHERE sku = ?1 AND available >= ?2")?;
    for line in lines {
        if take.execute(params![line.sku, line.quantity])? == 0 {
            return Err(known::SOLD_OUT.into());
        }
    }
    Ok(())
}

/// Counts one use of a promotion, within its limit.
pub(super) fn hold_promotion(connection: &Connection, code: &str) -> Done<()> {
    let taken = connection
        .prepare_cached("UPDATE promotions SET used = used + 1 WHERE code = ?1 AND used < use_limit")?
        .execute([code])?;
    if taken == 0 { Err(known::USED_UP.into()) } else { Ok(()) }
}

/// What an order holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hold {
    Held,
    Sold,
    Released,
}

impl Hold {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Sold => "sold",
            Self::Released => "released",
        }
    }
}

/// The hold of an order and the promotion that goes with it.
pub(super) fn hold_of(connection: &Connection, order: i64) -> rusqlite::Result<(Hold, Option<String>)> {
    connection.prepare_cached("SELECT hold, promotion FROM orders WHERE seq = ?1")?.query_row([order], |row| {
        let hold = match row.get_ref(0)?.as_str()? {
            "held" => Hold::Held,
            "sold" => Hold::Sold,
            _ => Hold::Released,
        };
        Ok((hold, row.get(1)?))
    })
}

pub(super) fn set_hold(connection: &Connection, order: i64, hold: Hold) -> rusqlite::Result<()> {
    connection.prepare_cached("UPDATE orders SET hold = ?2 WHERE seq = ?1")?.execute(params![order, hold.name()])?;
    Ok(())
}

/// Holds again what was released.
pub(super) fn hold_again(connection: &Connection, order: i64) -> Done<()> {
    let (hold, promotion) = hold_of(connection, order)?;
    if hold == Hold::Released {
        hold_stock(connection, &lines(connection, order)?)?;
        if let Some(code) = promotion {
            hold_promotion(connection, &code)?;
        }
        credit::take_again(connection, order)?;
        set_hold(connection, order, Hold::Held)?;
    }
    Ok(())
}

/// Gives back the stock of an order's lines and nothing else.
pub(super) fn give_stock_back(connection: &Connection, order: i64) -> rusqlite::Result<()> {
    let mut give = connection.prepare_cached("UPDATE stock SET available = available + ?2 WHERE sku = ?1")?;
    for line in lines(connection, order)? {
        give.execute(params![line.sku, line.quantity])?;
    }
    Ok(())
}

/// Gives back stock, promotion use and credit; an order that holds nothing gives nothing back.
pub(super) fn release(connection: &Connection, order: i64) -> rusqlite::Result<()> {
    let (hold, promotion) = hold_of(connection, order)?;
    if hold == Hold::Released {
        return Ok(());
    }
    give_stock_back(connection, order)?;
    if let Some(code) = promotion {
        connection.prepare_cached("UPDATE promotions SET used = max(used - 1, 0) WHERE code = ?1")?.execute([code])?;
    }
    credit::give_back(connection, order, i64::MAX)?;
    set_hold(connection, order, Hold::Released)
}

/// Gives back what failed orders hold past their time, or for longer than the shop ever holds, as it seems once a clock was put
/// back. A pending order keeps its hold: it may be paid already.
pub(super) fn release_expired(connection: &Connection, terms: &Terms, now_ms: i64) -> Done<usize> {
    if terms.defects.cancels_what_is_being_paid() {
        cancel_pending(connection, now_ms)?;
    }
    let expired: Vec<i64> = connection
        .prepare_cached(
            "SELECT seq FROM orders
             WHERE state = 'failed' AND hold = 'held' AND (hold_until_ms <= ?1 OR hold_until_ms > ?2) LIMIT 500",
        )?
        .query_map([now_ms, now_ms + terms.hold_ttl_ms], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    for &order in &expired {
        release(connection, order)?;
    }
    Ok(expired.len())
}

/// The defect `hold-timer-cancels-paid-order`: pending is taken for not paid.
fn cancel_pending(connection: &Connection, now_ms: i64) -> Done<()> {
    let expired: Vec<i64> = connection
        .prepare_cached("SELECT seq FROM orders WHERE state = 'pending' AND hold_until_ms <= ?1 LIMIT 500")?
        .query_map([now_ms], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    for order in expired {
        release(connection, order)?;
        write_state(connection, order, State::Cancelled, "not paid in time")?;
    }
    Ok(())
}
