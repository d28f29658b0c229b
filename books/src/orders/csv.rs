//! Orders books as CSV: a header, then an order a line; separated by commas, semicolons or tabs.

use super::OrdersError;
use super::mapping::{Cell, Cells, Mapping};
use crate::rows::OrderRow;
use csv::{ReaderBuilder, StringRecord};
use std::collections::BTreeMap;

/// One record under its header.
struct Record<'a> {
    places: &'a BTreeMap<String, usize>,
    record: StringRecord,
}

impl Cells for Record<'_> {
    fn cell(&self, name: &str) -> Option<Cell<'_>> {
        let text = self.record.get(*self.places.get(name)?)?.trim();
        (!text.is_empty()).then(|| Cell::Text(text.into()))
    }
}

pub(super) fn read(text: &str, mapping: &Mapping<'_>) -> Result<Vec<OrderRow>, OrdersError> {
    let mut reader = ReaderBuilder::new().delimiter(delimiter(text)).from_reader(text.as_bytes());
    let broken = |error: &csv::Error| OrdersError::Line {
        line: error.position().map_or(1, csv::Position::line),
        reason: match error.kind() {
            csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
                format!("it has {len} columns, the header has {expected_len}")
            }
            _ => error.to_string(),
        },
    };
    let header = reader.headers().map_err(|error| broken(&error))?;
    let places: BTreeMap<String, usize> =
        header.iter().enumerate().map(|(place, name)| (name.trim().to_owned(), place)).collect();
    let needed = [mapping.theirs("number"), mapping.theirs("state")];
    if let Some(missing) = mapping.mentioned().chain(needed).find(|name| !places.contains_key(*name)) {
        let there = places.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
        return Err(OrdersError::Book { reason: format!("it has no column `{missing}`; there are {there}") });
    }
    let mut orders = Vec::new();
    for record in reader.into_records() {
        let record = record.map_err(|error| broken(&error))?;
        let line = record.position().map_or(0, csv::Position::line);
        let row = Record { places: &places, record };
        let order =
            mapping.order(orders.len() as u64 + 1, &row).map_err(|reason| OrdersError::Line { line, reason })?;
        orders.push(order);
    }
    Ok(orders)
}

/// The separator that the header has most of.
fn delimiter(text: &str) -> u8 {
    let header = text.lines().next().unwrap_or_default();
    let count = |separator: u8| header.bytes().filter(|byte| *byte == separator).count();
    [b'\t', b';', b','].into_iter().max_by_key(|separator| count(*separator)).unwrap_or(b',')
}
