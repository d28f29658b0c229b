//! Opening the file: pragmas, numbered migrations, and the catalogue's stock and promotions.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use rusqlite::{Connection, OpenFlags, TransactionBehavior, params};

use super::{super::Terms, front};

/// Numbered from 1; a migration, once released, is never changed.
const MIGRATIONS: [&str; 4] = [
    include_str!("../../../migrations/0001_shop.sql"),
    include_str!("../../../migrations/0002_breadth.sql"),
    include_str!("../../../migrations/0003_given_up.sql"),
    include_str!("../../../migrations/0004_refunds.sql"),
];

const STATEMENTS_CACHED: usize = 160;

/// The connection that writes: what it acknowledges is on the disk. It waits so long for a lock that somebody else has.
pub(super) fn writing(path: &Path, patience: Duration) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(patience)?;
    connection.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
         PRAGMA wal_autocheckpoint = 4000; PRAGMA cache_size = -65536; PRAGMA temp_store = MEMORY;",
    )?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_CACHED);
    Ok(connection)
}

/// A connection that reads beside the writer.
pub(super) fn reading(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.execute_batch("PRAGMA cache_size = -16384; PRAGMA busy_timeout = 5000; PRAGMA query_only = 1;")?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_CACHED);
    Ok(connection)
}

/// Applies the migrations that the file has not seen; another instance may be doing the same.
pub(super) fn migrate(connection: &mut Connection) -> rusqlite::Result<()> {
    for (number, migration) in (1_u32..).zip(MIGRATIONS) {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let applied: u32 = transaction.query_row("PRAGMA user_version", [], |row| row.get(0))?;
        if applied >= number {
            continue;
        }
        transaction.execute_batch(migration)?;
        transaction.pragma_update(None, "user_version", number)?;
        transaction.commit()?;
    }
    Ok(())
}

/// Adds products and promotions that are new; what was sold or used of the others stays so, even if their declared
/// numbers changed.
pub(super) fn load(connection: &mut Connection, terms: &Terms) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    {
        let mut stock = transaction.prepare(
            "INSERT INTO stock (sku, declared, available) VALUES (?1, ?2, ?2)
             ON CONFLICT (sku) DO UPDATE SET available = available + excluded.declared - declared,
                                             declared = excluded.declared",
        )?;
        for product in &terms.products {
            stock.execute(params![product.sku, product.stock])?;
        }
        let mut promotions = transaction.prepare(
            "INSERT INTO promotions (code, use_limit) VALUES (?1, ?2)
             ON CONFLICT (code) DO UPDATE SET use_limit = excluded.use_limit",
        )?;
        for promotion in terms.promotions.values() {
            promotions.execute(params![promotion.code, promotion.limit])?;
        }
        front::load(&transaction, terms)?;
    }
    transaction.commit()
}

/// The file and what `SQLite` keeps beside it.
pub(super) fn files(path: &Path) -> Vec<PathBuf> {
    ["", "-wal", "-shm"]
        .iter()
        .map(|suffix| {
            let mut name = path.as_os_str().to_owned();
            name.push(suffix);
            PathBuf::from(name)
        })
        .filter(|file| file.exists())
        .collect()
}
