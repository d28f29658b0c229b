//! Lays the three books side by side: which row belongs to which intent, and what each intent, order and charge adds up to.
//!
//! Marks are resolved in a declared order: our header, else the order's number as the shopper learnt it or as the orders
//! book knows it, else a provider's reference that the orders book names, else the e-mail address unique to the intent.
//! A weak mark that fits two intents leaves its row undecided. No clock is read: order within a book is its sequence.

mod attribute;
mod by_object;
mod charges;
mod credit;
mod dispatches;
mod documents;
mod fit;
mod hash;
mod lines;
mod listed;
mod maybe;
mod money;
mod names;
mod objects;
mod orders;
mod parcels;
mod places;
mod purse;
mod queue;
mod refunds;
mod shoppers;
mod statement;
mod store;
mod stream;
mod tally;
mod told;
mod written;

use crate::error::{Error, While};
use crate::schema;
use orders::Orders;
use rusqlite::Connection;
use shoppers::Shoppers;
use statement::Statement;
use store::Found;
use tally::Tally;

/// Version of the join; a file joined by another one is joined anew.
pub(crate) const VERSION: i64 = 4;

/// Tables are read and written from end to end, so that little is met twice (KiB; negative as `SQLite` counts).
const CACHE_KIB: i64 = -16_384;

/// Rebuilds all derived tables and indexes, in one transaction.
pub(crate) fn build(conn: &mut Connection) -> Result<(), Error> {
    conn.pragma_update(None, "cache_size", CACHE_KIB).reading("the cache")?;
    let tx = conn.transaction().writing("the join")?;
    build_within(&tx).writing("the join")?;
    tx.commit().writing("the join")
}

fn build_within(conn: &Connection) -> rusqlite::Result<()> {
    // Most is read before a row is written: until then a second connection can read beside this one.
    let mut shoppers = Shoppers::read(conn)?;
    let mut statement = Statement::read(conn, &mut shoppers)?;
    let mut orders = Orders::read(conn, &mut shoppers, &statement)?;
    if statement.is_weak {
        shoppers.need_emails(conn)?;
    }
    schema::forget_indexes(conn)?;
    for table in schema::DERIVED {
        conn.execute(&format!("DELETE FROM {table}"), [])?;
    }
    // What is not needed any more is given back before there is more.
    shoppers.only_numbers();
    statement.only_rows();
    let (skus, is_disputed) = (std::mem::take(&mut statement.skus), statement.is_disputed);
    let (tally, objects) = Tally::read(conn, &shoppers, statement, &orders)?;
    orders.only_orders();
    shoppers.only_names();
    Found { conn, shoppers: &mut shoppers, objects: &objects, orders: &orders, tally }.store(skus)?;
    drop((shoppers, objects, orders));
    schema::index(conn)?;
    if is_disputed {
        schema::index_for_stories(conn)?;
    }
    conn.execute_batch("PRAGMA analysis_limit = 400; ANALYZE")?;
    conn.execute("UPDATE run SET joined = ?1", [VERSION])?;
    Ok(())
}

/// Whether the derived tables are those of this version and of the rows in the file.
pub(crate) fn is_built(conn: &Connection) -> rusqlite::Result<bool> {
    conn.query_row("SELECT joined = ?1 FROM run", [VERSION], |row| row.get(0))
}
