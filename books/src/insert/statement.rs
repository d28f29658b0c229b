//! What the providers say: their statement, and their settlement reports.

use super::{each, place, upper};
use crate::rows::{SettlementRow, StatementRow};
use rusqlite::{Connection, params};

/// Where the sequence number ends and the process begins in the key of a statement row.
const SEQ_BITS: u32 = 48;

/// Adds rows of a provider process; rows that are there already are left as they are.
pub(crate) fn statement(conn: &Connection, process: u16, rows: &[StatementRow]) -> rusqlite::Result<u64> {
    let sql = "INSERT OR IGNORE INTO statement
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21)";
    each(conn, sql, rows, |insert, row| {
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
        ])
    })
}

/// Adds lines of settlement reports; a line that is there already is left as it is.
pub(super) fn settlement(conn: &Connection, rows: &[SettlementRow]) -> rusqlite::Result<u64> {
    let sql = "INSERT OR IGNORE INTO settlement VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
    each(conn, sql, rows, |insert, row| {
        insert.execute(params![
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
    })
}
