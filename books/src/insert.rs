//! How each kind of row gets into its table.

use crate::rows::{
    AccountRow, ArrivalEnd, Attempt, Batch, Came, Cancel, Event, OrderRow, PromotionRow, Purchase, Sample,
    SettlementRow, StatementRow, StockRow, Timings, TurnedAway, VoucherRow, Window,
};
use hdrhistogram::serialization::{Serializer, V2Serializer};
use rusqlite::{Connection, params};
use serde_json::Value;
use std::borrow::Cow;

/// Where the sequence number ends and the process begins in the key of a statement row.
pub(crate) const SEQ_BITS: u32 = 48;

/// Adds a batch; returns the number of rows.
pub(crate) fn batch(conn: &Connection, batch: &Batch) -> rusqlite::Result<u64> {
    came(conn, &batch.came)?;
    arrivals(conn, &batch.arrivals)?;
    purchases(conn, &batch.purchases)?;
    turned_away(conn, &batch.turned_away)?;
    attempts(conn, &batch.attempts)?;
    timings(conn, &batch.timings)?;
    samples(conn, &batch.samples)?;
    events(conn, &batch.events)?;
    statement(conn, 0, &batch.statement)?;
    stock(conn, &batch.stock)?;
    vouchers(conn, &batch.vouchers)?;
    promotions(conn, &batch.promotions)?;
    accounts(conn, &batch.accounts)?;
    settlement(conn, &batch.settlement)?;
    let rows = batch.came.len()
        + batch.arrivals.len()
        + batch.purchases.len()
        + batch.turned_away.len()
        + batch.attempts.len()
        + batch.timings.len()
        + batch.samples.len()
        + batch.events.len()
        + batch.statement.len()
        + batch.stock.len()
        + batch.vouchers.len()
        + batch.promotions.len()
        + batch.accounts.len()
        + batch.settlement.len();
    Ok(rows as u64)
}

fn came(conn: &Connection, rows: &[Came]) -> rusqlite::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let mut insert = conn.prepare_cached(
        "INSERT INTO arrival (number, intended_us, journey, buys, card, manner) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    for row in rows {
        insert.execute(params![row.number as i64, row.begun_us as i64, row.journey, row.buys, row.card, row.manner])?;
    }
    Ok(())
}

fn arrivals(conn: &Connection, rows: &[ArrivalEnd]) -> rusqlite::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let mut insert = conn.prepare_cached("INSERT OR REPLACE INTO arrival_end VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?;
    for row in rows {
        insert.execute(params![
            row.number as i64,
            row.begun_us.map(u64::cast_signed),
            row.ended_us as i64,
            row.outcome.name(),
            row.refusal.map(model::outcome::Refusal::name),
            row.step,
        ])?;
    }
    Ok(())
}

fn turned_away(conn: &Connection, rows: &[TurnedAway]) -> rusqlite::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let mut insert = conn.prepare_cached(
        "INSERT INTO turned_away (arrival, step, intended_us, ended_us, outcome, refusal) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    for row in rows {
        insert.execute(params![
            row.arrival as i64,
            row.step,
            row.intended_us as i64,
            row.ended_us as i64,
            row.outcome.name(),
            row.refusal.map(model::outcome::Refusal::name),
        ])?;
    }
    Ok(())
}

fn purchases(conn: &Connection, rows: &[Purchase]) -> rusqlite::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let mut insert = conn.prepare_cached(
        "INSERT INTO purchase (intent, arrival, email, intended_us, done_us, outcome, refusal, shown_total_minor, currency,
             order_number, total_minor, cancel, basket, ship_to, promotion, account)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)",
    )?;
    for row in rows {
        let cancel = match row.cancel {
            Cancel::NotAsked => "not_asked",
            Cancel::Asked => "asked",
            Cancel::Confirmed => "confirmed",
        };
        insert.execute(params![
            row.intent,
            row.arrival as i64,
            row.email,
            row.intended_us as i64,
            row.done_us as i64,
            row.outcome.name(),
            row.refusal.map(model::outcome::Refusal::name),
            row.shown_total_minor,
            upper(row.currency.as_deref()),
            row.order_number,
            row.total_minor,
            cancel,
            row.basket.as_ref().map(ToString::to_string),
            row.ship_to.as_ref().map(ToString::to_string),
            row.promotion,
            row.account,
        ])?;
    }
    Ok(())
}

fn attempts(conn: &Connection, rows: &[Attempt]) -> rusqlite::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let mut insert = conn.prepare_cached(
        "INSERT INTO attempt (arrival, intent, step, kind, key, intended_us, sent_us, done_us, status, reading, order_number,
             total_minor, card, remark, shows)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
    )?;
    for row in rows {
        insert.execute(params![
            row.arrival as i64,
            row.intent,
            row.step,
            row.kind.name(),
            row.key,
            row.intended_us as i64,
            row.sent_us.map(u64::cast_signed),
            row.done_us as i64,
            row.status,
            row.reading.name(),
            row.order_number,
            row.total_minor,
            row.card,
            row.remark,
            row.shows,
        ])?;
    }
    Ok(())
}

fn timings(conn: &Connection, rows: &[Timings]) -> rusqlite::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let mut insert = conn.prepare_cached(
        "INSERT INTO timing (span, number, journey, step, reading, requests, response_us) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?;
    let mut serializer = V2Serializer::new();
    let mut bytes = Vec::new();
    for row in rows {
        let (span, number) = match row.window {
            Window::Second(number) => ("second", number),
            Window::Phase(number) => ("phase", number),
        };
        bytes.clear();
        serializer
            .serialize(&row.response_us, &mut bytes)
            .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
        insert.execute(params![
            span,
            number,
            row.journey,
            row.step,
            row.reading.name(),
            row.response_us.len() as i64,
            bytes
        ])?;
    }
    Ok(())
}

fn samples(conn: &Connection, rows: &[Sample]) -> rusqlite::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let mut insert = conn.prepare_cached("INSERT INTO sample (second, name, value) VALUES (?1, ?2, ?3)")?;
    for row in rows {
        insert.execute(params![row.second, row.name, row.value])?;
    }
    Ok(())
}

fn events(conn: &Connection, rows: &[Event]) -> rusqlite::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let mut insert =
        conn.prepare_cached("INSERT INTO event (at_us, kind, name, text, undo) VALUES (?1, ?2, ?3, ?4, ?5)")?;
    for row in rows {
        insert.execute(params![row.at_us as i64, row.kind.name(), row.name, row.text, row.undo])?;
    }
    Ok(())
}

/// Adds rows of a provider process; rows that are there already are left as they are.
pub(crate) fn statement(conn: &Connection, process: u16, rows: &[StatementRow]) -> rusqlite::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let mut insert = conn.prepare_cached(
        "INSERT OR IGNORE INTO statement
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21)",
    )?;
    for row in rows {
        let id = (i64::from(process) << SEQ_BITS) | row.seq as i64;
        let detail = row.detail.as_ref().filter(|detail| !detail.is_null()).map(ToString::to_string);
        insert.execute(params![
            id,
            row.at_us as i64,
            row.run,
            row.provider,
            row.op,
            row.object,
            row.parent,
            row.state,
            row.amount_minor,
            upper(row.currency.as_deref()),
            row.key,
            row.replayed,
            row.http_status,
            row.intent,
            row.order,
            row.email,
            row.fault,
            row.effect,
            row.answer,
            detail,
            row.detail.as_ref().and_then(|detail| place(detail.get("ship_to")?)),
        ])?;
    }
    Ok(())
}

/// Adds orders; one that is there already (by `seq`) is replaced as a whole.
pub(crate) fn orders(conn: &Connection, rows: &[OrderRow]) -> rusqlite::Result<()> {
    let mut insert = conn.prepare_cached(
        "INSERT OR REPLACE INTO shop_order
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24,
             ?25, ?26, ?27, ?28, ?29, ?30, ?31, ?32, ?33, ?34, ?35, ?36, ?37)",
    )?;
    let mut forget = ["order_line", "order_state", "order_refund", "order_dispatch", "order_credit"]
        .into_iter()
        .map(|table| conn.prepare_cached(&format!("DELETE FROM {table} WHERE order_seq = ?1")))
        .collect::<rusqlite::Result<Vec<_>>>()?;
    let mut line = conn.prepare_cached("INSERT INTO order_line VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?;
    let mut state = conn.prepare_cached("INSERT OR REPLACE INTO order_state VALUES (?1, ?2, ?3)")?;
    let mut refund = conn.prepare_cached("INSERT INTO order_refund VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")?;
    let mut dispatch = conn.prepare_cached("INSERT INTO order_dispatch VALUES (?1, ?2, ?3, ?4, ?5)")?;
    let mut credit = conn.prepare_cached("INSERT INTO order_credit VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?;
    for row in rows {
        let seq = row.seq as i64;
        insert.execute(params![
            seq,
            row.number,
            row.cart,
            row.state,
            upper(row.currency.as_deref()),
            row.subtotal_minor,
            row.discount_minor,
            row.shipping_minor,
            row.tax_minor,
            row.total_minor,
            row.paid_minor,
            row.refunded_minor,
            row.email,
            row.promotion,
            row.tax_source,
            row.tax_policy,
            row.tax_quote,
            row.tax_document,
            row.payment,
            row.in_doubt,
            row.run,
            row.intent,
            row.dispatch,
            row.credit_minor,
            row.voucher,
            row.payment_provider,
            row.shipping_source,
            row.shipping_quote,
            row.fraud,
            row.review,
            row.disputed_minor,
            row.dispute_state,
            row.given_up_minor,
            row.rounding_minor,
            row.ship_to.as_ref().filter(|place| !place.is_null()).map(ToString::to_string),
            row.ship_to.as_ref().and_then(place),
            row.account,
        ])?;
        for forget in &mut forget {
            forget.execute([seq])?;
        }
        for (number, it) in row.lines.iter().enumerate() {
            line.execute(params![seq, number as i64, it.sku, it.quantity - it.given_up, it.unit_minor, it.given_up])?;
        }
        let mut last = 0;
        for (position, it) in row.history.iter().enumerate() {
            // A history without numbers is in the order of its writing.
            let number = if it.seq == 0 { position as i64 } else { it.seq as i64 };
            last = last.max(number);
            state.execute(params![seq, number, it.state])?;
        }
        // The state in which the order was read closes its history, if the history does not say so itself.
        if row.history.iter().max_by_key(|it| it.seq).is_some_and(|it| it.state != row.state) {
            state.execute(params![seq, last + 1, row.state])?;
        }
        for (number, it) in row.refunds.iter().enumerate() {
            refund.execute(params![
                seq,
                number as i64,
                it.key,
                it.amount_minor,
                it.state,
                it.asked,
                it.credit_minor
            ])?;
        }
        for (number, it) in row.dispatches.iter().enumerate() {
            dispatch.execute(params![seq, number as i64, it.message, it.amount_minor, it.capture])?;
        }
        for (number, it) in row.credits.iter().enumerate() {
            credit.execute(params![seq, number as i64, it.kind, it.subject, it.amount_minor, it.returned_minor])?;
        }
    }
    Ok(())
}

fn stock(conn: &Connection, rows: &[StockRow]) -> rusqlite::Result<()> {
    let mut insert = conn.prepare_cached("INSERT OR REPLACE INTO stock_book VALUES (?1, ?2, ?3, ?4, ?5)")?;
    rows.iter()
        .try_for_each(|row| insert.execute(params![row.sku, row.declared, row.available, row.held, row.sold]).map(drop))
}

fn vouchers(conn: &Connection, rows: &[VoucherRow]) -> rusqlite::Result<()> {
    let mut insert = conn.prepare_cached("INSERT OR REPLACE INTO voucher_book VALUES (?1, ?2, ?3)")?;
    rows.iter().try_for_each(|row| insert.execute(params![row.code, row.declared_minor, row.balance_minor]).map(drop))
}

fn promotions(conn: &Connection, rows: &[PromotionRow]) -> rusqlite::Result<()> {
    let mut insert = conn.prepare_cached("INSERT OR REPLACE INTO promotion_book VALUES (?1, ?2, ?3)")?;
    rows.iter().try_for_each(|row| insert.execute(params![row.code, row.used, row.held]).map(drop))
}

fn accounts(conn: &Connection, rows: &[AccountRow]) -> rusqlite::Result<()> {
    let mut insert = conn.prepare_cached("INSERT OR REPLACE INTO account_book VALUES (?1, ?2, ?3)")?;
    rows.iter()
        .try_for_each(|row| insert.execute(params![row.account, row.declared_minor, row.balance_minor]).map(drop))
}

/// Adds lines of settlement reports; a line that is there already is left as it is.
fn settlement(conn: &Connection, rows: &[SettlementRow]) -> rusqlite::Result<()> {
    let mut insert =
        conn.prepare_cached("INSERT OR IGNORE INTO settlement VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)")?;
    rows.iter().try_for_each(|row| {
        insert
            .execute(params![
                row.provider,
                row.line as i64,
                row.kind.name(),
                row.object,
                row.payment,
                row.order,
                row.gross_minor,
                row.fee_minor,
                upper(Some(&row.currency)),
            ])
            .map(drop)
    })
}

/// Currency codes are upper-case in the books; providers write them in either case.
fn upper(code: Option<&str>) -> Option<Cow<'_, str>> {
    code.map(|code| {
        if code.bytes().any(|byte| byte.is_ascii_lowercase()) {
            Cow::Owned(code.to_ascii_uppercase())
        } else {
            Cow::Borrowed(code)
        }
    })
}

/// Where an address is, as far as tax and carriers care and all books write it alike: `US/92615`. None where it names no
/// country.
fn place(address: &Value) -> Option<String> {
    let part = |name| address.get(name).and_then(Value::as_str).unwrap_or_default();
    let country = Some(part("country")).filter(|country| !country.is_empty())?;
    let mut place = format!("{country}/{}", part("postal_code"));
    place.retain(|letter| !letter.is_whitespace());
    place.make_ascii_uppercase();
    Some(place)
}
