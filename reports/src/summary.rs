//! `summary.json`: the record as it is, for machines, and its published shape.

use model::record::RunRecord;
use serde_json::Value;

/// The record as JSON, indented, with a line break at the end.
///
/// # Panics
///
/// Never: all keys of a record are text, and nothing in it fails to serialise.
#[must_use]
pub fn json(record: &RunRecord) -> String {
    let mut text =
        serde_json::to_string_pretty(record).expect("a record has text for keys and nothing that fails to serialise");
    text.push('\n');
    text
}

/// The JSON Schema (draft 2020-12) of `summary.json`, derived from the types.
#[must_use]
pub fn schema() -> Value {
    let mut schema = schemars::schema_for!(RunRecord);
    schema.insert("title".into(), "summary.json of a Doorbuster run".into());
    schema.to_value()
}

/// The schema as it is published: indented, with a line break at the end.
#[must_use]
pub fn schema_text() -> String {
    format!("{:#}\n", schema())
}
