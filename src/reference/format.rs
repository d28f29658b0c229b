//! The scenario format, from the schema that editors check with.

use super::cell;
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// The page: the scenario file first, then every definition in the order in which it is met.
pub(super) fn page() -> String {
    let schema: Value =
        serde_json::from_str(&model::scenario_file::schema()).expect("the schema that we print is JSON");
    let mut page = String::from(
        "# The scenario format\n\nEvery key that may stand in a scenario, from the same definitions that read it. `doorbuster scenario check FILE` \
         tells all mistakes of a file at once; `doorbuster scenario schema` prints the JSON Schema for editors. Times are written `300ms`, `2s`, \
         `1.5min`; shares `12%` or `0.12`; rates `40/s`. *Italic* words are definitions of their own, below.\n",
    );
    let mut book = Book { definitions: &schema["$defs"], met: BTreeSet::new(), waiting: Vec::new() };
    page.push_str("\n## The file\n");
    page.push_str(&book.members(&schema));
    while let Some(name) = book.next() {
        let definition = schema["$defs"][&name].clone();
        page.push_str(&format!("\n## {name}\n"));
        page.push_str(&book.definition(&definition));
    }
    page
}

/// The definitions, and which of them are still to be told.
struct Book<'a> {
    definitions: &'a Value,
    met: BTreeSet<String>,
    waiting: Vec<String>,
}

impl Book<'_> {
    fn next(&mut self) -> Option<String> {
        (!self.waiting.is_empty()).then(|| self.waiting.remove(0))
    }

    fn definition(&mut self, schema: &Value) -> String {
        match (schema.get("properties"), schema.get("anyOf").and_then(Value::as_array)) {
            (Some(_), _) => self.members(schema),
            (None, Some(ways)) => self.ways(ways),
            (None, None) => format!("\n{}\n", self.kind(schema)),
        }
    }

    /// A table of members.
    fn members(&mut self, schema: &Value) -> String {
        let Some(properties) = schema["properties"].as_object().filter(|members| !members.is_empty()) else {
            return "\nNothing more to say.\n".into();
        };
        let required: Vec<&str> =
            schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let mut table = String::from("\n| key | what it is | value | default |\n|---|---|---|---|\n");
        for (key, member) in properties {
            let default = match (required.contains(&key.as_str()), member.get("default")) {
                (true, _) => "needed".to_owned(),
                (false, Some(Value::String(text))) => format!("`{text}`"),
                (false, Some(value)) => format!("`{value}`"),
                (false, None) => String::new(),
            };
            let about = member["description"].as_str().unwrap_or_default();
            let kind = self.kind(member);
            table.push_str(&format!("| `{key}` | {} | {} | {default} |\n", cell(about), cell(&kind)));
        }
        table
    }

    /// A list of ways to write something.
    fn ways(&mut self, ways: &[Value]) -> String {
        let mut text = String::from("\nOne of:\n\n");
        for way in ways {
            let single =
                way["properties"].as_object().filter(|members| members.len() == 1 && way.get("required").is_some());
            match single.and_then(|members| members.iter().next()) {
                Some((tag, body)) => {
                    let about = body["description"].as_str().unwrap_or_default();
                    text.push_str(&format!("- `{tag}`: {} – {about}\n", self.kind(body)));
                }
                None => text.push_str(&format!("- {}\n", self.kind(way))),
            }
        }
        text
    }

    /// What a value is, in a few words.
    fn kind(&mut self, schema: &Value) -> String {
        if let Some(name) = schema["$ref"].as_str().and_then(|path| path.strip_prefix("#/$defs/")) {
            return self.refer(name);
        }
        if let Some(words) = schema["enum"].as_array() {
            return listed(words.iter().map(|word| format!("`{}`", plain(word))));
        }
        if let Some(constant) = schema.get("const") {
            return format!("`{}`", plain(constant));
        }
        if let Some(ways) = schema["anyOf"].as_array() {
            let kinds: Vec<String> = ways.iter().map(|way| self.kind(way)).collect();
            return listed(kinds);
        }
        match &schema["type"] {
            Value::String(kind) if kind == "array" => format!("list of {}", self.kind(&schema["items"])),
            Value::String(kind) if kind == "object" => self.object(schema),
            Value::String(kind) if kind == "string" => text_kind(schema),
            Value::String(kind) => kind.clone(),
            Value::Array(_) => "text, may hold `{{variables}}`".into(),
            _ => "anything".into(),
        }
    }

    fn object(&mut self, schema: &Value) -> String {
        let members: Option<&Map<String, Value>> = schema["properties"].as_object();
        if let Some((tag, body)) =
            members.filter(|members| members.len() == 1).and_then(|members| members.iter().next())
        {
            return format!("`{tag}`: {}", self.kind(body));
        }
        match schema.get("additionalProperties") {
            Some(member @ Value::Object(_)) => format!("name → {}", self.kind(member)),
            _ => "mapping".into(),
        }
    }

    fn refer(&mut self, name: &str) -> String {
        if self.definitions.get(name).is_some() && self.met.insert(name.to_owned()) {
            self.waiting.push(name.to_owned());
        }
        format!("*{name}*")
    }
}

/// A text by its pattern.
fn text_kind(schema: &Value) -> String {
    match schema["pattern"].as_str() {
        Some(pattern) if pattern.contains("[.][.]") => "time or range of times".into(),
        Some(pattern) if pattern.contains("(us|ms|s|m|min|h)") => "time".into(),
        Some(pattern) if pattern.contains('%') => "share".into(),
        Some(pattern) if pattern.contains("/(s") || pattern.contains("/s") => "rate".into(),
        Some(pattern) if pattern.contains("a-z0-9_-") => "name".into(),
        _ => "text".into(),
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// `a, b or c`, each once.
fn listed(items: impl IntoIterator<Item = String>) -> String {
    let mut unique: Vec<String> = Vec::new();
    for item in items {
        if !unique.contains(&item) {
            unique.push(item);
        }
    }
    match unique.split_last() {
        None => "nothing".into(),
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
    }
}
