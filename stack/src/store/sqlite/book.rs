//! The orders book and the counts for gauges.

use rusqlite::{Connection, Row, params};

use super::{
    super::Census,
    orders::{self, state_of},
};
use crate::{
    cart::{Line, TaxSource},
    order::{BookLine, DispatchLine, HistoryLine, Number, OrderedLine, Packed, RefundLine, State},
};

/// Orders after a sequence number, ascending.
pub(super) fn read(connection: &Connection, after: i64, limit: usize) -> rusqlite::Result<Vec<BookLine>> {
    // One transaction, so that an order and its history are of one moment.
    let snapshot = connection.unchecked_transaction()?;
    let mut lines: Vec<BookLine> = snapshot
        .prepare_cached(
            "SELECT seq, cart, state, currency, subtotal_minor, discount_minor, shipping_minor, tax_minor,
                    total_minor, paid_minor, refunded_minor, email, promotion, tax_source, tax_policy, tax_quote,
                    tax_document, payment, dispatch, carried, credit_minor, voucher, authorised_minor,
                    payment_provider, shipping_source, shipping_quote, fraud, review, account, disputed_minor,
                    dispute_state, given_up_minor,
                    total_minor - subtotal_minor + discount_minor - shipping_minor - tax_minor, address
             FROM orders WHERE seq > ?1 ORDER BY seq LIMIT ?2",
        )?
        .query_map(params![after, limit as i64], line)?
        .collect::<Result<_, _>>()?;
    for line in &mut lines {
        line.lines = ordered(&snapshot, line.seq, line.given_up_minor)?;
        line.history = history(&snapshot, line.seq)?;
        line.refunds = refunds(&snapshot, line.seq)?;
        line.dispatches = dispatches(&snapshot, line.seq)?;
    }
    Ok(lines)
}

fn line(row: &Row<'_>) -> rusqlite::Result<BookLine> {
    let seq = row.get(0)?;
    let state = state_of(row, 2)?;
    let carried: String = row.get(19)?;
    let header =
        |name: &str| carried.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": ")).map(str::to_owned);
    let tax_source =
        if row.get_ref(13)?.as_str()? == TaxSource::Fallback.name() { TaxSource::Fallback } else { TaxSource::Quote };
    Ok(BookLine {
        seq,
        number: Number(seq).to_string(),
        cart: row.get(1)?,
        state,
        currency: row.get(3)?,
        subtotal_minor: row.get(4)?,
        discount_minor: row.get(5)?,
        shipping_minor: row.get(6)?,
        tax_minor: row.get(7)?,
        total_minor: row.get(8)?,
        paid_minor: row.get(9)?,
        refunded_minor: row.get(10)?,
        email: row.get(11)?,
        promotion: row.get(12)?,
        tax_source,
        tax_policy: row.get(14)?,
        tax_quote: row.get(15)?,
        tax_document: row.get(16)?,
        payment: row.get(17)?,
        in_doubt: state == State::Pending,
        run: header("doorbuster-run"),
        intent: header("doorbuster-intent"),
        lines: Vec::new(),
        history: Vec::new(),
        refunds: Vec::new(),
        dispatch: row.get(18)?,
        credit_minor: row.get(20)?,
        voucher: row.get(21)?,
        authorised_minor: row.get(22)?,
        payment_provider: row.get(23)?,
        shipping_source: row.get(24)?,
        shipping_quote: row.get(25)?,
        fraud: row.get(26)?,
        review: row.get(27)?,
        account: row.get(28)?,
        dispatches: Vec::new(),
        disputed_minor: row.get(29)?,
        dispute_state: row.get(30)?,
        given_up_minor: row.get(31)?,
        rounding_minor: row.get(32)?,
        // What cannot be read is not told.
        ship_to: serde_json::from_str(row.get_ref(33)?.as_str()?).ok(),
    })
}

fn ordered(connection: &Connection, order: i64, given_up_minor: i64) -> rusqlite::Result<Vec<OrderedLine>> {
    let mut lines: Vec<OrderedLine> = orders::lines(connection, order)?
        .into_iter()
        .map(|Line { sku, quantity, unit_minor }| OrderedLine { sku, quantity, unit_minor, given_up: 0 })
        .collect();
    if given_up_minor > 0 {
        let mut given_up = connection.prepare_cached(
            "SELECT coalesce(sum(l.quantity), 0) FROM dispatch_lines l JOIN dispatches d ON d.message = l.message
             WHERE d.order_seq = ?1 AND d.state = 'withdrawn' AND l.sku = ?2",
        )?;
        for line in &mut lines {
            line.given_up = given_up.query_row(params![order, line.sku], |row| row.get(0))?;
        }
    }
    Ok(lines)
}

fn history(connection: &Connection, order: i64) -> rusqlite::Result<Vec<HistoryLine>> {
    connection
        .prepare_cached("SELECT seq, state, at_ms, why FROM history WHERE order_seq = ?1 ORDER BY seq")?
        .query_map([order], |row| {
            Ok(HistoryLine { seq: row.get(0)?, state: state_of(row, 1)?, at_ms: row.get(2)?, why: row.get(3)? })
        })?
        .collect()
}

fn refunds(connection: &Connection, order: i64) -> rusqlite::Result<Vec<RefundLine>> {
    connection
        .prepare_cached("SELECT key, amount + credit_minor, state, asked, credit_minor FROM refunds WHERE order_seq = ?1 ORDER BY id")?
        .query_map([order], |row| {
            Ok(RefundLine {
                key: row.get(0)?,
                amount_minor: row.get(1)?,
                state: row.get(2)?,
                asked: row.get(3)?,
                credit_minor: row.get(4)?,
            })
        })?
        .collect()
}

fn dispatches(connection: &Connection, order: i64) -> rusqlite::Result<Vec<DispatchLine>> {
    let mut packed =
        connection.prepare_cached("SELECT sku, quantity FROM dispatch_lines WHERE message = ?1 ORDER BY sku")?;
    connection
        .prepare_cached(
            "SELECT d.message, d.amount_minor, c.reference
             FROM dispatches d LEFT JOIN captures c ON c.message = d.message AND c.state = 'succeeded'
             WHERE d.order_seq = ?1 AND d.state IN ('captured', 'sent') ORDER BY d.message",
        )?
        .query_map([order], |row| {
            let message: i64 = row.get(0)?;
            let lines = packed
                .query_map([message], |row| Ok(Packed { sku: row.get(0)?, quantity: row.get(1)? }))?
                .collect::<Result<_, _>>()?;
            Ok(DispatchLine { message: format!("m_{message}"), lines, amount_minor: row.get(1)?, capture: row.get(2)? })
        })?
        .collect()
}

/// Orders by state.
pub(super) fn census(connection: &Connection) -> rusqlite::Result<Census> {
    let orders = connection
        .prepare_cached("SELECT state, count(*) FROM orders GROUP BY state")?
        .query_map([], |row| Ok((state_of(row, 0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    Ok(Census { orders })
}
