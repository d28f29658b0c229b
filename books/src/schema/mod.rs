//! The layout of a run file: tables, derived tables, indexes, and the public views.

use rusqlite::Connection;

/// Version of the layout; kept in the file's `user_version`.
pub(crate) const VERSION: i64 = 5;

/// Marks the file as ours in its header (`application_id`): "Door" in ASCII.
pub(crate) const APPLICATION: i64 = 0x446f_6f72;

/// The tables that the join builds; emptied before each build.
pub(crate) const DERIVED: [&str; 22] = [
    "currency",
    "intent",
    "acknowledged",
    "told_order",
    "repeated_key",
    "statement_join",
    "bitten",
    "candidate",
    "set_aside",
    "charge",
    "refund",
    "tax_quote",
    "tax_document",
    "dispatch",
    "parcel_difference",
    "misdirected",
    "stray_mail",
    "settlement_join",
    "unexplained",
    "course",
    "article",
    "order_join",
];

/// Makes all tables and views in an empty file.
pub(crate) fn create(conn: &Connection) -> rusqlite::Result<()> {
    conn.execute_batch(include_str!("tables.sql"))?;
    conn.execute_batch(include_str!("derived.sql"))?;
    conn.execute_batch(include_str!("views.sql"))?;
    conn.pragma_update(None, "application_id", APPLICATION)?;
    conn.pragma_update(None, "user_version", VERSION)
}

/// Removes the indexes: rows that are added one by one to an index take longer than all of them at once.
pub(crate) fn forget_indexes(conn: &Connection) -> rusqlite::Result<()> {
    let mut select = conn.prepare("SELECT name FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL")?;
    let names = select.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<Vec<String>>>()?;
    names.iter().try_for_each(|name| conn.execute_batch(&format!("DROP INDEX \"{name}\"")))
}

/// Indexes that the laws use.
pub(crate) fn index(conn: &Connection) -> rusqlite::Result<()> {
    conn.execute_batch(include_str!("indexes.sql"))
}

/// Indexes by which the rows of one purchase are found: laws use them only where there is something to look up.
pub(crate) fn index_for_stories(conn: &Connection) -> rusqlite::Result<()> {
    conn.execute_batch(include_str!("stories.sql"))
}
