//! Proofs for people and machines: which defects were caught, and whether an honest shop was accused.

mod markdown;
mod page;
mod sentence;
mod terminal;

pub use markdown::markdown;
pub use page::html;
pub use terminal::terminal;

use model::proof::ProofRecord;
use serde_json::Value;

/// `prove.json`: the record as it is, indented, with a line break at the end.
///
/// # Panics
///
/// Never: all keys of a record are text, and nothing in it fails to serialise.
#[must_use]
pub fn json(record: &ProofRecord) -> String {
    let mut text =
        serde_json::to_string_pretty(record).expect("a record has text for keys and nothing that fails to serialise");
    text.push('\n');
    text
}

/// The JSON Schema (draft 2020-12) of `prove.json`, derived from the types.
#[must_use]
pub fn schema() -> Value {
    let mut schema = schemars::schema_for!(ProofRecord);
    schema.insert("title".into(), "prove.json of a Doorbuster proof".into());
    schema.to_value()
}

/// The schema as it is published: indented, with a line break at the end.
#[must_use]
pub fn schema_text() -> String {
    format!("{:#}\n", schema())
}
