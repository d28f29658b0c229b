//! The shopper's history: who came, what they did, how it ended.

use super::{each, upper};
use crate::rows::{ArrivalEnd, Attempt, Came, Cancel, Purchase, TurnedAway};
use model::outcome::Refusal;
use rusqlite::{Connection, params};

pub(super) fn came(conn: &Connection, rows: &[Came]) -> rusqlite::Result<u64> {
    let sql = "INSERT INTO arrival (number, intended_us, journey, buys, card, manner) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    each(conn, sql, rows, |insert, row| {
        insert.execute(params![row.number as i64, row.begun_us as i64, row.journey, row.buys, row.card, row.manner])
    })
}

pub(super) fn arrivals(conn: &Connection, rows: &[ArrivalEnd]) -> rusqlite::Result<u64> {
    let sql = "INSERT OR REPLACE INTO arrival_end VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    each(conn, sql, rows, |insert, row| {
        insert.execute(params![
            row.number as i64,
            row.begun_us.map(u64::cast_signed),
            row.ended_us as i64,
            row.outcome.name(),
            row.refusal.map(Refusal::name),
            row.step,
        ])
    })
}

pub(super) fn turned_away(conn: &Connection, rows: &[TurnedAway]) -> rusqlite::Result<u64> {
    let sql = "INSERT INTO turned_away (arrival, step, intended_us, ended_us, outcome, refusal)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    each(conn, sql, rows, |insert, row| {
        insert.execute(params![
            row.arrival as i64,
            row.step,
            row.intended_us as i64,
            row.ended_us as i64,
            row.outcome.name(),
            row.refusal.map(Refusal::name),
        ])
    })
}

pub(super) fn purchases(conn: &Connection, rows: &[Purchase]) -> rusqlite::Result<u64> {
    let sql = "INSERT INTO purchase (intent, arrival, email, intended_us, done_us, outcome, refusal, shown_total_minor,
                   currency, order_number, total_minor, cancel, basket, ship_to, promotion, account)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)";
    each(conn, sql, rows, |insert, row| {
        let cancel = match row.cancel {
            Cancel::NotAsked => "not_asked",
            Cancel::Asked => "asked",
            Cancel::Confirmed => "confirmed",
        };
        insert.execute(params![
            row.intent,
            row.arrival as i64,
            row.email,
            row.intended_us as i64,
            row.done_us as i64,
            row.outcome.name(),
            row.refusal.map(Refusal::name),
            row.shown_total_minor,
            upper(row.currency.as_deref()),
            row.order_number,
            row.total_minor,
            cancel,
            row.basket.as_ref().map(ToString::to_string),
            row.ship_to.as_ref().map(ToString::to_string),
            row.promotion,
            row.account,
        ])
    })
}

pub(super) fn attempts(conn: &Connection, rows: &[Attempt]) -> rusqlite::Result<u64> {
    let sql = "INSERT INTO attempt (arrival, intent, step, kind, key, intended_us, sent_us, done_us, status, reading,
                   order_number, total_minor, card, remark, shows)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)";
    each(conn, sql, rows, |insert, row| {
        insert.execute(params![
            row.arrival as i64,
            row.intent,
            row.step,
            row.kind.name(),
            row.key,
            row.intended_us as i64,
            row.sent_us.map(u64::cast_signed),
            row.done_us as i64,
            row.status,
            row.reading.name(),
            row.order_number,
            row.total_minor,
            row.card,
            row.remark,
            row.shows,
        ])
    })
}
