//! Orders books as JSON: an array of objects, or an object a line.

use super::OrdersError;
use super::mapping::{Cell, Cells, Mapping, plain};
use crate::rows::OrderRow;
use serde_json::Value;

/// One object; dots in a name go into objects.
struct Object<'a>(&'a Value);

impl Cells for Object<'_> {
    fn cell(&self, name: &str) -> Option<Cell<'_>> {
        let at = |name: &str| name.split('.').try_fold(self.0, |value, part| value.get(part));
        match self.0.get(name).or_else(|| at(name))? {
            Value::Array(list) => Some(Cell::List(list)),
            other => plain(other).map(|text| Cell::Text(text.into())),
        }
    }
}

pub(super) fn array(text: &str, mapping: &Mapping<'_>) -> Result<Vec<OrderRow>, OrdersError> {
    let list: Vec<Value> = serde_json::from_str(text)
        .map_err(|error| OrdersError::Line { line: error.line() as u64, reason: error.to_string() })?;
    list.iter()
        .zip(1..)
        .map(|(value, entry)| {
            mapping.order(entry, &Object(value)).map_err(|reason| OrdersError::Entry { entry, reason })
        })
        .collect()
}

pub(super) fn lines(text: &str, mapping: &Mapping<'_>) -> Result<Vec<OrderRow>, OrdersError> {
    let full = text.lines().zip(1..).filter(|(line, _)| !line.trim().is_empty());
    full.zip(1..)
        .map(|((line, number), seq)| {
            let failed = |reason| OrdersError::Line { line: number, reason };
            let value: Value = serde_json::from_str(line).map_err(|error| failed(error.to_string()))?;
            mapping.order(seq, &Object(&value)).map_err(failed)
        })
        .collect()
}
