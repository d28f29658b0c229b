//! Carts: each change is one step, refused once the cart is ordered.

use rusqlite::{Connection, OptionalExtension, params};

use super::{
    super::{CartChange, Claim, Stored, Telling, Terms, Told},
    keys,
    writer::Done,
};
use crate::{
    cart::{Address, Cart, Line, Quote},
    order::Number,
    refusal::known,
};

/// Applies one change, once for each key, and tells of the cart as it then is.
pub(super) fn change(
    connection: &Connection,
    terms: &Terms,
    id: &str,
    change: CartChange,
    claim: Option<&Claim>,
    telling: Telling,
) -> Done<Told> {
    if let Some(claim) = claim
        && let Some(row) = keys::find(connection, &claim.key)?
        && let Some(stored) = row.answer_for(claim)?
    {
        return Ok(Told { stored, replayed: true });
    }
    let cart = apply(connection, terms, id, change)?;
    let stored = telling(&cart);
    if let Some(claim) = claim {
        keys::claim_answered(connection, claim, &stored)?;
    }
    Ok(Told { stored, replayed: false })
}

fn apply(connection: &Connection, terms: &Terms, id: &str, change: CartChange) -> Done<Cart> {
    match change {
        CartChange::Open { account } => {
            connection
                .prepare_cached("INSERT INTO carts (id, account) VALUES (?1, ?2)")?
                .execute(params![id, account])?;
            Ok(Cart { id: id.to_owned(), ..Cart::default() })
        }
        CartChange::AddLine { sku, quantity, unit_minor } => {
            touch(connection, id)?;
            connection
                .prepare_cached(
                    "INSERT INTO cart_lines (cart, sku, quantity, unit_minor) VALUES (?1, ?2, ?3, ?4)
                     ON CONFLICT (cart, sku) DO UPDATE SET quantity = quantity + excluded.quantity,
                                                           unit_minor = excluded.unit_minor",
                )?
                .execute(params![id, sku, quantity, unit_minor])?;
            with_enough_of(connection, id, &sku)
        }
        CartChange::SetLine { sku, quantity, unit_minor } => {
            touch(connection, id)?;
            if quantity == 0 {
                connection
                    .prepare_cached("DELETE FROM cart_lines WHERE cart = ?1 AND sku = ?2")?
                    .execute(params![id, sku])?;
                return Ok(Cart { id: id.to_owned(), lines: lines(connection, id)?, ..Cart::default() });
            }
            connection
                .prepare_cached(
                    "INSERT INTO cart_lines (cart, sku, quantity, unit_minor) VALUES (?1, ?2, ?3, ?4)
                     ON CONFLICT (cart, sku) DO UPDATE SET quantity = excluded.quantity,
                                                           unit_minor = excluded.unit_minor",
                )?
                .execute(params![id, sku, quantity, unit_minor])?;
            with_enough_of(connection, id, &sku)
        }
        CartChange::SetAddress(address) => {
            let address = encoded(&address);
            let touched = connection
                .prepare_cached(
                    "UPDATE carts SET version = version + 1, address = ?2 WHERE id = ?1 AND order_seq IS NULL",
                )?
                .execute(params![id, address])?;
            must_be_open(connection, id, touched)?;
            Ok(Cart { id: id.to_owned(), ..Cart::default() })
        }
        CartChange::UseVoucher { code } => {
            let balance_minor: Option<i64> = connection
                .prepare_cached("SELECT balance_minor FROM vouchers WHERE code = ?1")?
                .query_row([&code], |row| row.get(0))
                .optional()?;
            match balance_minor {
                Some(balance_minor) if balance_minor > 0 => {}
                Some(_) => return Err(known::VOUCHER_EMPTY.into()),
                None => return Err(known::NO_VOUCHER.into()),
            }
            // It covers, it does not price: the quote stands.
            let touched = connection
                .prepare_cached("UPDATE carts SET voucher = ?2 WHERE id = ?1 AND order_seq IS NULL")?
                .execute(params![id, code])?;
            must_be_open(connection, id, touched)?;
            Ok(Cart { id: id.to_owned(), voucher: Some(code).zip(balance_minor), ..Cart::default() })
        }
        CartChange::Promote { .. } if !terms.flags.promotions() => Err(known::PROMOTIONS_OFF.into()),
        CartChange::Promote { code } => {
            let left: Option<i64> = connection
                .prepare_cached("SELECT use_limit - used FROM promotions WHERE code = ?1")?
                .query_row([&code], |row| row.get(0))
                .optional()?;
            match left {
                Some(left) if left > 0 && terms.promotions.contains_key(&code) => {}
                Some(_) => return Err(known::USED_UP.into()),
                None => return Err(known::NO_PROMOTION.into()),
            }
            let touched = connection
                .prepare_cached(
                    "UPDATE carts SET version = version + 1, promotion = ?2 WHERE id = ?1 AND order_seq IS NULL",
                )?
                .execute(params![id, code])?;
            must_be_open(connection, id, touched)?;
            Ok(read(connection, id)?.ok_or(known::NOT_FOUND)?)
        }
    }
}

/// Marks an open cart as changed.
fn touch(connection: &Connection, id: &str) -> Done<()> {
    let touched = connection
        .prepare_cached("UPDATE carts SET version = version + 1 WHERE id = ?1 AND order_seq IS NULL")?
        .execute([id])?;
    must_be_open(connection, id, touched)
}

/// The cart's lines, if there is enough left of one of them.
fn with_enough_of(connection: &Connection, id: &str, sku: &str) -> Done<Cart> {
    let lines = lines(connection, id)?;
    let wanted = lines.iter().find(|line| line.sku == sku).map_or(0, |line| line.quantity);
    if available(connection, sku)?.unwrap_or(0) < wanted {
        return Err(known::SOLD_OUT.into());
    }
    Ok(Cart { id: id.to_owned(), lines, ..Cart::default() })
}

/// Refuses a change that touched no open cart.
fn must_be_open(connection: &Connection, id: &str, touched: usize) -> Done<()> {
    if touched > 0 {
        return Ok(());
    }
    match read(connection, id)?.and_then(|cart| cart.order_seq) {
        Some(seq) => Err(known::CART_ORDERED.about(Number(seq)).into()),
        None => Err(known::NOT_FOUND.into()),
    }
}

/// A cart with its lines.
pub(super) fn read(connection: &Connection, id: &str) -> rusqlite::Result<Option<Cart>> {
    let cart = connection
        .prepare_cached(
            "SELECT version, address, promotion, CASE WHEN quoted_for = version THEN quote END, order_seq, account,
                    voucher, (SELECT balance_minor FROM vouchers WHERE code = carts.voucher)
             FROM carts WHERE id = ?1",
        )?
        .query_row([id], |row| {
            Ok(Cart {
                id: id.to_owned(),
                version: row.get(0)?,
                lines: Vec::new(),
                address: decoded(row.get(1)?),
                promotion: row.get(2)?,
                quote: decoded(row.get(3)?),
                order_seq: row.get(4)?,
                account: row.get(5)?,
                voucher: row.get::<_, Option<String>>(6)?.zip(row.get(7)?),
            })
        })
        .optional()?;
    let Some(mut cart) = cart else { return Ok(None) };
    cart.lines = lines(connection, id)?;
    Ok(Some(cart))
}

/// An address as it is stored.
pub(super) fn encoded(address: &Address) -> String {
    serde_json::to_string(address).expect("an address is plain text")
}

/// Text that this shop wrote itself; a row that it cannot read counts as absent.
pub(super) fn decoded<T: serde::de::DeserializeOwned>(text: Option<String>) -> Option<T> {
    text.and_then(|text| serde_json::from_str(&text).ok())
}

fn lines(connection: &Connection, id: &str) -> rusqlite::Result<Vec<Line>> {
    connection
        .prepare_cached("SELECT sku, quantity, unit_minor FROM cart_lines WHERE cart = ?1 ORDER BY sku")?
        .query_map([id], line)?
        .collect()
}

/// A line from columns `sku, quantity, unit_minor`.
pub(super) fn line(row: &rusqlite::Row<'_>) -> rusqlite::Result<Line> {
    Ok(Line { sku: row.get(0)?, quantity: row.get(1)?, unit_minor: row.get(2)? })
}

/// Keeps a quote unless the cart has changed meanwhile.
pub(super) fn keep_quote(
    connection: &Connection,
    cart: &str,
    version: i64,
    quote: &Quote,
    answer: Option<(Claim, Stored)>,
) -> Done<()> {
    let quote = serde_json::to_string(quote).expect("a quote is plain");
    connection
        .prepare_cached("UPDATE carts SET quote = ?3, quoted_for = ?2 WHERE id = ?1 AND version = ?2")?
        .execute(params![cart, version, quote])?;
    if let Some((claim, stored)) = answer {
        keys::claim_answered(connection, &claim, &stored)?;
    }
    Ok(())
}

pub(super) fn available(connection: &Connection, sku: &str) -> rusqlite::Result<Option<i64>> {
    connection
        .prepare_cached("SELECT available FROM stock WHERE sku = ?1")?
        .query_row([sku], |row| row.get(0))
        .optional()
}
