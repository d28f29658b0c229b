//! Editing an order whose session is open: lines, stock, totals and the payment's amount change in one step, and what they
//! were stays beside the payment until the provider has agreed.

use rusqlite::{Connection, params};
use serde::{Deserialize, Serialize};

use super::{
    super::{Charge, Claim, Edit, EditEnd, PaymentState, Stored},
    carts, keys, orders, payments,
    writer::{Done, JobError},
};
use crate::{
    cart::{Line, Price},
    order::{Number, State},
    refusal::known,
};

/// What an order was before the edit.
#[derive(Serialize, Deserialize)]
struct Before {
    lines: Vec<(String, i64, i64)>,
    subtotal_minor: i64,
    discount_minor: i64,
    shipping_minor: i64,
    tax_minor: i64,
    total_minor: i64,
    tax_quote: String,
    tax_source: String,
    amount_minor: i64,
}

/// Changes the order, and remembers what it was.
pub(super) fn begin(connection: &Connection, edit: &Edit) -> Done<Charge> {
    let row = payments::find(connection, edit.payment)?.ok_or(known::NOT_FOUND)?;
    let order = row.order;
    let refused = || known::CART_ORDERED.about(Number(order));
    let cart = carts::read(connection, &edit.cart)?.ok_or(known::NOT_FOUND)?;
    let brief = orders::brief(connection, order)?.ok_or(known::NOT_FOUND)?;
    let fits = cart.version == edit.version
        && row.state == PaymentState::Waiting
        && !row.is_being_edited
        && brief.state == State::Pending;
    let due_minor = edit.total_minor - brief.credit_minor;
    if !fits || due_minor <= 0 {
        return Err(refused().into());
    }
    let before = before(connection, order, row.amount_minor)?;
    orders::give_stock_back(connection, order)?;
    orders::hold_stock(connection, &edit.lines)?;
    write_lines(connection, &edit.cart, order, &edit.lines)?;
    write_totals(
        connection,
        order,
        edit.price,
        edit.total_minor,
        (&edit.quote.code, edit.quote.source.name()),
        edit.quote.tax_minor,
    )?;
    let before = serde_json::to_string(&before).expect("amounts and lines are plain data");
    connection.prepare_cached("UPDATE payments SET amount = ?2, before_edit = ?3 WHERE id = ?1")?.execute(params![
        edit.payment,
        due_minor,
        before
    ])?;
    let brief = orders::brief(connection, order)?.ok_or(known::NOT_FOUND)?;
    let row = payments::find(connection, edit.payment)?.ok_or(known::NOT_FOUND)?;
    Ok(row.charge(brief))
}

fn before(connection: &Connection, order: i64, amount_minor: i64) -> Done<Before> {
    let lines = orders::lines(connection, order)?;
    let lines = lines.into_iter().map(|line| (line.sku, line.quantity, line.unit_minor)).collect();
    let before = connection
        .prepare_cached(
            "SELECT subtotal_minor, discount_minor, shipping_minor, tax_minor, total_minor, tax_quote, tax_source
             FROM orders WHERE seq = ?1",
        )?
        .query_row([order], |row| {
            Ok(Before {
                lines,
                subtotal_minor: row.get(0)?,
                discount_minor: row.get(1)?,
                shipping_minor: row.get(2)?,
                tax_minor: row.get(3)?,
                total_minor: row.get(4)?,
                tax_quote: row.get(5)?,
                tax_source: row.get(6)?,
                amount_minor,
            })
        })?;
    Ok(before)
}

fn write_lines(connection: &Connection, cart: &str, order: i64, lines: &[Line]) -> Done<()> {
    connection.prepare_cached("DELETE FROM cart_lines WHERE cart = ?1")?.execute([cart])?;
    connection.prepare_cached("DELETE FROM order_lines WHERE order_seq = ?1")?.execute([order])?;
    connection.prepare_cached("UPDATE carts SET version = version + 1 WHERE id = ?1")?.execute([cart])?;
    for line in lines {
        connection
            .prepare_cached("INSERT INTO cart_lines (cart, sku, quantity, unit_minor) VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![cart, line.sku, line.quantity, line.unit_minor])?;
        connection
            .prepare_cached("INSERT INTO order_lines (order_seq, sku, quantity, unit_minor) VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![order, line.sku, line.quantity, line.unit_minor])?;
    }
    Ok(())
}

fn write_totals(
    connection: &Connection,
    order: i64,
    price: Price,
    total_minor: i64,
    (tax_quote, tax_source): (&str, &str),
    tax_minor: i64,
) -> Done<()> {
    connection
        .prepare_cached(
            "UPDATE orders SET subtotal_minor = ?2, discount_minor = ?3, shipping_minor = ?4, tax_minor = ?5,
                    total_minor = ?6, tax_quote = ?7, tax_source = ?8
             WHERE seq = ?1",
        )?
        .execute(params![
            order,
            price.subtotal_minor,
            price.discount_minor,
            price.shipping_minor,
            tax_minor,
            total_minor,
            tax_quote,
            tax_source,
        ])?;
    Ok(())
}

/// The provider has agreed, or the order goes back to what was confirmed.
pub(super) fn end(connection: &Connection, payment: i64, end: EditEnd, answer: Option<(Claim, Stored)>) -> Done<()> {
    let Some(row) = payments::find(connection, payment)?.filter(|row| row.is_being_edited) else { return Ok(()) };
    match end {
        EditEnd::Agreed => {
            if let Some((claim, stored)) = answer {
                keys::claim_answered(connection, &claim, &stored)?;
            }
        }
        EditEnd::Undone => undo(connection, payment, row.order)?,
    }
    connection
        .prepare_cached("UPDATE payments SET before_edit = NULL, owner = NULL WHERE id = ?1")?
        .execute([payment])?;
    Ok(())
}

fn undo(connection: &Connection, payment: i64, order: i64) -> Done<()> {
    let text: Option<String> = connection
        .prepare_cached("SELECT before_edit FROM payments WHERE id = ?1")?
        .query_row([payment], |row| row.get(0))?;
    let Some(before) = carts::decoded::<Before>(text) else { return Ok(()) };
    let brief = orders::brief(connection, order)?.ok_or(known::NOT_FOUND)?;
    let line = |(sku, quantity, unit_minor)| Line { sku, quantity, unit_minor };
    let lines: Vec<Line> = before.lines.into_iter().map(line).collect();
    orders::give_stock_back(connection, order)?;
    connection.execute_batch("SAVEPOINT undo")?;
    match orders::hold_stock(connection, &lines) {
        Ok(()) => connection.execute_batch("RELEASE undo")?,
        // Sold meanwhile: the order holds nothing, and its payment, once it succeeds, finds that out.
        Err(JobError::Refused(_)) => {
            connection.execute_batch("ROLLBACK TO undo; RELEASE undo")?;
            orders::set_hold(connection, order, orders::Hold::Released)?;
        }
        Err(error) => return Err(error),
    }
    write_lines(connection, &brief.cart, order, &lines)?;
    let price = Price {
        subtotal_minor: before.subtotal_minor,
        discount_minor: before.discount_minor,
        shipping_minor: before.shipping_minor,
    };
    let tax = (before.tax_quote.as_str(), before.tax_source.as_str());
    write_totals(connection, order, price, before.total_minor, tax, before.tax_minor)?;
    connection
        .prepare_cached("UPDATE payments SET amount = ?2 WHERE id = ?1")?
        .execute(params![payment, before.amount_minor])?;
    Ok(())
}
