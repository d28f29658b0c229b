//! The published schemas, and what a file means apart from its layout.

use super::form::{Book, describe};
use super::node::Node;
use serde_json::{Map, Value, json};

/// The JSON Schema of scenario files.
#[must_use]
pub fn schema() -> String {
    let mut book = Book::default();
    let root = describe(super::top::scenario, &mut book);
    document("Doorbuster scenario", root, book)
}

/// The JSON Schema of journey files.
#[must_use]
pub fn journey_schema() -> String {
    let mut book = Book::default();
    let root = describe(super::journey::journey, &mut book);
    document("Doorbuster journey", root, book)
}

fn document(title: &str, root: Value, book: Book) -> String {
    let mut document = Map::new();
    document.insert("$schema".into(), json!("https://json-schema.org/draft/2020-12/schema"));
    document.insert("title".into(), json!(title));
    if let Value::Object(root) = root {
        document.extend(root);
    }
    document.insert("$defs".into(), Value::Object(book.definitions));
    serde_json::to_string_pretty(&Value::Object(document)).expect("a JSON value has JSON")
}

/// What a file says, without comments, order of keys and layout, and without some of its keys.
pub(super) fn meaning(tree: &Node, without: &[&str]) -> String {
    let mut value = tree.to_json();
    if let Value::Object(members) = &mut value {
        members.retain(|key, _| !without.contains(&key.as_str()));
    }
    value.to_string()
}
