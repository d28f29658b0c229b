//! What the shop says: its orders, and what it has left at the end.

use super::{each, place, upper};
use crate::rows::{AccountRow, OrderRow, PromotionRow, StockRow, VoucherRow};
use rusqlite::{Connection, params};

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

pub(super) fn stock(conn: &Connection, rows: &[StockRow]) -> rusqlite::Result<u64> {
    let sql = "INSERT OR REPLACE INTO stock_book VALUES (?1, ?2, ?3, ?4, ?5)";
    each(conn, sql, rows, |insert, row| {
        insert.execute(params![row.sku, row.declared, row.available, row.held, row.sold])
    })
}

pub(super) fn vouchers(conn: &Connection, rows: &[VoucherRow]) -> rusqlite::Result<u64> {
    let sql = "INSERT OR REPLACE INTO voucher_book VALUES (?1, ?2, ?3)";
    each(conn, sql, rows, |insert, row| insert.execute(params![row.code, row.declared_minor, row.balance_minor]))
}

pub(super) fn promotions(conn: &Connection, rows: &[PromotionRow]) -> rusqlite::Result<u64> {
    let sql = "INSERT OR REPLACE INTO promotion_book VALUES (?1, ?2, ?3)";
    each(conn, sql, rows, |insert, row| insert.execute(params![row.code, row.used, row.held]))
}

pub(super) fn accounts(conn: &Connection, rows: &[AccountRow]) -> rusqlite::Result<u64> {
    let sql = "INSERT OR REPLACE INTO account_book VALUES (?1, ?2, ?3)";
    each(conn, sql, rows, |insert, row| insert.execute(params![row.account, row.declared_minor, row.balance_minor]))
}
