//! The first phase of a checkout: key and cart are claimed, stock is held, the promotion is counted, order and payment
//! are on disk – or nothing is.

use rusqlite::{Connection, params};

use super::{
    super::{Begin, Begun, Move, Terms},
    carts, credit, keys,
    orders::{self, Hold},
    payments, unguarded,
    writer::Done,
};
use crate::{
    cart::{Cart, Price, Quote},
    clock::now_ms,
    defects::Defect,
    fraud::Judgement,
    order::{Brief, Number, State},
    refusal::known,
};

pub(super) fn begin(connection: &Connection, terms: &Terms, begin: &Begin) -> Done<Begun> {
    if let Some(row) = keys::find(connection, &begin.claim.key)? {
        let found = (row.order, row.payment);
        return match row.answer_for(&begin.claim)? {
            Some(stored) => Ok(Begun::Replayed(stored)),
            None => payments::resume(connection, terms, &begin.claim, found, (&begin.provider_key, begin.plan)),
        };
    }
    if !terms.flags.accepts_orders() {
        return Err(known::BUSY.into());
    }
    let cart = match &begin.seen.cart {
        None => carts::read(connection, &begin.cart)?.ok_or(known::NOT_FOUND)?,
        Some(seen) => seen.clone(),
    };
    if let Some(seq) = cart.order_seq {
        if terms.defects.has(Defect::ParallelPaymentsActive) {
            return pay_beside(connection, terms, begin, seq);
        }
        return Err(known::CART_ORDERED.about(Number(seq)).into());
    }
    if cart.lines.is_empty() {
        return Err(known::CART_EMPTY.into());
    }
    if cart.address.is_none() {
        return Err(known::NO_ADDRESS.into());
    }
    let discount_minor = terms.discount_of(&cart);
    let Some(quote) = cart.fitting_quote(discount_minor, &terms.currency) else { return Ok(Begun::Unquoted) };
    let price = Price::with_discount(&cart.lines, discount_minor, quote.shipping.amount_minor);
    let total_minor = price.total_minor(quote.tax_minor, &terms.currency);
    if begin.shown_total_minor.is_some_and(|shown| shown != total_minor) {
        return Err(known::TOTAL_CHANGED.into());
    }
    hold(connection, terms, &cart, begin.stock_seen.as_deref())?;
    let taken = credit::take(connection, &cart, (total_minor, &terms.currency), begin.store_credit)?;
    let brief = insert_order(connection, terms, &cart, quote, price, begin, taken.minor())?;
    credit::keep(connection, brief.number.0, &taken)?;
    let charge = payments::insert(connection, terms, &brief, &begin.provider_key, &begin.method, begin.plan)?;
    if let Some(last) = begin.seen.last_number {
        unguarded::number(connection, brief.number.0, last + 1)?;
    }
    // The defect `order-before-claim`: both claims are another step, after the payment.
    if !terms.defects.has(Defect::OrderBeforeClaim) {
        keys::claim(connection, &begin.claim, brief.number.0, Some(charge.payment))?;
        if !terms.defects.claims_the_cart_late() {
            claim_cart(connection, &begin.cart, brief.number)?;
        }
    }
    let moved = Move { order: brief.number.0, from: None, to: State::Pending, why: "checkout" };
    Ok(Begun::Charge(charge, Some(moved)))
}

/// The defect `parallel-payments-active`: an order that is being paid gets another payment.
fn pay_beside(connection: &Connection, terms: &Terms, begin: &Begin, order: i64) -> Done<Begun> {
    let brief = orders::brief(connection, order)?.ok_or(known::NOT_FOUND)?;
    if brief.state != State::Pending {
        return Err(known::CART_ORDERED.about(Number(order)).into());
    }
    let charge = payments::insert(connection, terms, &brief, &begin.provider_key, &begin.method, begin.plan)?;
    keys::claim(connection, &begin.claim, order, Some(charge.payment))?;
    Ok(Begun::Charge(charge, None))
}

/// Binds a cart to its order.
pub(super) fn claim_cart(connection: &Connection, cart: &str, order: Number) -> Done<()> {
    connection.prepare_cached("UPDATE carts SET order_seq = ?2 WHERE id = ?1")?.execute(params![cart, order.0])?;
    Ok(())
}

/// Holds stock and promotion for a cart.
fn hold(connection: &Connection, terms: &Terms, cart: &Cart, stock_seen: Option<&[(String, i64)]>) -> Done<()> {
    if terms.defects.takes_stock_late() {
        return Ok(());
    }
    match stock_seen {
        None => orders::hold_stock(connection, &cart.lines)?,
        Some(seen) => write_stock_back(connection, cart, seen)?,
    }
    match cart.promotion.as_ref().filter(|_| terms.flags.promotions()) {
        None => Ok(()),
        Some(code) if terms.defects.counts_promotions_late() => look_at_limit(connection, code),
        Some(code) => orders::hold_promotion(connection, code),
    }
}

/// The defect `check-then-decrement`: what was read, minus the quantity, whatever happened in between.
fn write_stock_back(connection: &Connection, cart: &Cart, seen: &[(String, i64)]) -> Done<()> {
    let mut write = connection.prepare_cached("UPDATE stock SET available = ?2 WHERE sku = ?1")?;
    for line in &cart.lines {
        let read = seen.iter().find(|(sku, _)| *sku == line.sku).map_or(0, |(_, read)| *read);
        if read < line.quantity {
            return Err(known::SOLD_OUT.into());
        }
        write.execute(params![line.sku, read - line.quantity])?;
    }
    Ok(())
}

/// The defect `coupon-overspent`: a look at the limit that takes nothing.
fn look_at_limit(connection: &Connection, code: &str) -> Done<()> {
    let left: bool = connection
        .prepare_cached("SELECT used < use_limit FROM promotions WHERE code = ?1")?
        .query_row([code], |row| row.get(0))?;
    if left { Ok(()) } else { Err(known::USED_UP.into()) }
}

fn insert_order(
    connection: &Connection,
    terms: &Terms,
    cart: &Cart,
    quote: &Quote,
    price: Price,
    begin: &Begin,
    credit_minor: i64,
) -> Done<Brief> {
    let total_minor = price.total_minor(quote.tax_minor, &terms.currency);
    let hold = if terms.defects.takes_stock_late() { Hold::Released } else { Hold::Held };
    connection
        .prepare_cached(
            "INSERT INTO orders (cart, state, currency, subtotal_minor, discount_minor, shipping_minor, tax_minor,
                                 total_minor, email, address, promotion, tax_source, tax_policy, tax_quote, carried,
                                 hold, hold_until_ms, shipping_source, shipping_quote, fraud, credit_minor, voucher,
                                 account)
             SELECT id, 'pending', ?2, ?3, ?4, ?5, ?6, ?7, ?8, address, iif(?16, promotion, NULL), ?9, ?10, ?11, ?12,
                    ?19, ?13, ?14, ?15, ?17, ?18, voucher, account
             FROM carts WHERE id = ?1",
        )?
        .execute(params![
            cart.id,
            terms.currency,
            price.subtotal_minor,
            price.discount_minor,
            price.shipping_minor,
            quote.tax_minor,
            total_minor,
            begin.email,
            quote.source.name(),
            terms.tax_policy,
            quote.code,
            begin.carried,
            now_ms() + terms.hold_ttl_ms,
            quote.shipping.source.name(),
            quote.shipping.quote,
            terms.flags.promotions(),
            terms.fraud_at_birth().map(Judgement::name),
            credit_minor,
            hold.name(),
        ])?;
    let seq = connection.last_insert_rowid();
    connection
        .prepare_cached(
            "INSERT INTO order_lines (order_seq, sku, quantity, unit_minor)
             SELECT ?2, sku, quantity, unit_minor FROM cart_lines WHERE cart = ?1",
        )?
        .execute(params![cart.id, seq])?;
    orders::record(connection, seq, State::Pending, "checkout")?;
    Ok(Brief {
        number: Number(seq),
        cart: cart.id.clone(),
        state: State::Pending,
        total_minor,
        failure: None,
        credit_minor,
        refunded_minor: 0,
        provider: None,
        fraud: terms.fraud_at_birth(),
        in_review: false,
        currency: terms.currency.clone(),
        email: begin.email.clone(),
        carried: begin.carried.clone(),
        address: cart.address.as_ref().map(carts::encoded).unwrap_or_default(),
    })
}
