//! The run itself: response times, samples, what happened to it.

use super::each;
use crate::rows::{Event, Sample, Timings, Window};
use hdrhistogram::serialization::{Serializer, V2Serializer};
use rusqlite::{Connection, params};

pub(super) fn timings(conn: &Connection, rows: &[Timings]) -> rusqlite::Result<u64> {
    let sql = "INSERT INTO timing (span, number, journey, step, reading, requests, response_us)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    let mut serializer = V2Serializer::new();
    let mut bytes = Vec::new();
    each(conn, sql, rows, |insert, row| {
        let (span, number) = match row.window {
            Window::Second(number) => ("second", number),
            Window::Phase(number) => ("phase", number),
        };
        bytes.clear();
        serializer
            .serialize(&row.response_us, &mut bytes)
            .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
        insert.execute(params![
            span,
            number,
            row.journey,
            row.step,
            row.reading.name(),
            row.response_us.len() as i64,
            bytes
        ])
    })
}

pub(super) fn samples(conn: &Connection, rows: &[Sample]) -> rusqlite::Result<u64> {
    let sql = "INSERT INTO sample (second, name, value) VALUES (?1, ?2, ?3)";
    each(conn, sql, rows, |insert, row| insert.execute(params![row.second, row.name, row.value]))
}

pub(super) fn events(conn: &Connection, rows: &[Event]) -> rusqlite::Result<u64> {
    let sql = "INSERT INTO event (at_us, kind, name, text, undo) VALUES (?1, ?2, ?3, ?4, ?5)";
    each(conn, sql, rows, |insert, row| {
        insert.execute(params![row.at_us as i64, row.kind.name(), row.name, row.text, row.undo])
    })
}
