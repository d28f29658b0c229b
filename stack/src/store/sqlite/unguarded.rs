//! Steps without the guard that would make them safe, for the seeded defects, and what their shops' schema is without.

use rusqlite::{Connection, OptionalExtension, params};

use super::{
    super::{Answer, Charge, Claim, Move, Plan, Proof, Settled, Settlement, Unguarded},
    SqliteStore, Terms, checkout, keys, orders, payments, settlement,
    writer::Done,
};
use crate::{
    clock::identifier,
    defects::{Defect, Defects},
    order::{BookLine, Number, State},
    refusal::known,
};

impl Unguarded for SqliteStore {
    fn last_number(&self) -> Answer<'_, i64> {
        self.look(|connection| {
            connection.query_row("SELECT coalesce(max(number), 0) FROM order_numbers", [], |row| row.get(0))
        })
    }

    fn claim_late(&self, cart: &str, claim: Claim) -> Answer<'_, ()> {
        let cart = cart.to_owned();
        self.step(move |connection, _| claim_late(connection, &cart, &claim))
    }

    fn pay_beside(&self, payment: i64, key: String) -> Answer<'_, Option<Charge>> {
        self.step(move |connection, terms| payments::beside_the_settled(connection, terms, payment, &key))
    }

    fn order_again(&self, payment: i64, intent: String) -> Answer<'_, Settled> {
        self.step(move |connection, terms| order_again(connection, terms, payment, intent))
    }
}

/// Takes away what a shop with a defect never had, and gives it what it had instead.
pub(super) fn loosen(connection: &Connection, defects: Defects) -> rusqlite::Result<()> {
    if defects.has(Defect::ParallelPaymentsActive) {
        connection.execute_batch("DROP INDEX IF EXISTS payments_one_active")?;
    }
    if defects.books_an_intent_twice() {
        connection.execute_batch("DROP INDEX IF EXISTS payments_by_intent")?;
    }
    if defects.has(Defect::SharedOrderNumber) {
        connection.execute_batch(
            "CREATE TABLE IF NOT EXISTS order_numbers (order_seq INTEGER PRIMARY KEY, number INTEGER NOT NULL) STRICT",
        )?;
    }
    Ok(())
}

/// Gives an order a number of its own, whoever has it already.
pub(super) fn number(connection: &Connection, order: i64, number: i64) -> rusqlite::Result<()> {
    connection
        .prepare_cached("INSERT INTO order_numbers (order_seq, number) VALUES (?1, ?2)")?
        .execute(params![order, number])?;
    Ok(())
}

/// Writes the orders' own numbers into the book.
pub(super) fn renumber(connection: &Connection, lines: &mut [BookLine]) -> rusqlite::Result<()> {
    for line in lines {
        let own: Option<i64> = connection
            .prepare_cached("SELECT number FROM order_numbers WHERE order_seq = ?1")?
            .query_row([line.seq], |row| row.get(0))
            .optional()?;
        if let Some(own) = own {
            line.number = Number(own).to_string();
        }
    }
    Ok(())
}

fn claim_late(connection: &Connection, cart: &str, claim: &Claim) -> Done<()> {
    let newest: Option<(i64, i64)> = connection
        .prepare_cached(
            "SELECT p.order_seq, p.id FROM payments p JOIN orders o ON o.seq = p.order_seq
             WHERE o.cart = ?1 ORDER BY p.id DESC LIMIT 1",
        )?
        .query_row([cart], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((order, payment)) = newest else { return Ok(()) };
    keys::claim(connection, claim, order, Some(payment))?;
    checkout::claim_cart(connection, cart, Number(order))
}

fn order_again(connection: &Connection, terms: &Terms, payment: i64, intent: String) -> Done<Settled> {
    let row = payments::find(connection, payment)?.ok_or(known::NOT_FOUND)?;
    orders::hold_stock(connection, &orders::lines(connection, row.order)?)?;
    connection
        .prepare_cached(
            "INSERT INTO orders (cart, state, currency, subtotal_minor, discount_minor, shipping_minor, tax_minor,
                                 total_minor, email, address, promotion, tax_source, tax_policy, tax_quote, carried,
                                 hold, hold_until_ms, shipping_source, shipping_quote, fraud, credit_minor, voucher,
                                 account)
             SELECT cart, 'pending', currency, subtotal_minor, discount_minor, shipping_minor, tax_minor,
                    total_minor, email, address, promotion, tax_source, tax_policy, tax_quote, carried,
                    'held', hold_until_ms, shipping_source, shipping_quote, fraud, credit_minor, voucher,
                    account
             FROM orders WHERE seq = ?1",
        )?
        .execute([row.order])?;
    let again = connection.last_insert_rowid();
    connection
        .prepare_cached(
            "INSERT INTO order_lines (order_seq, sku, quantity, unit_minor)
             SELECT ?2, sku, quantity, unit_minor FROM order_lines WHERE order_seq = ?1",
        )?
        .execute(params![row.order, again])?;
    let why = "the payment was made";
    orders::record(connection, again, State::Pending, why)?;
    let brief = orders::brief(connection, again)?.ok_or(known::NOT_FOUND)?;
    let plan = Plan { provider: row.provider, kind: row.kind, capture: row.capture };
    let charge = payments::insert(connection, terms, &brief, &identifier("pk_"), "", plan)?;
    let proof = Proof::Succeeded { intent };
    let settlement = Settlement { payment: charge.payment, proof, event: None, why, key: None };
    let mut settled = settlement::settle(connection, terms, settlement)?;
    settled.moves.insert(0, Move { order: again, from: None, to: State::Pending, why });
    Ok(settled)
}
