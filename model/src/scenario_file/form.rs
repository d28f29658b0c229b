//! Forms: one definition that both reads a value out of a file, noting every mistake, and describes it as JSON Schema.
//!
//! A form asks for each of its members by name. When it reads, a member that is wrong is noted and left out, and the
//! form goes on, so that all mistakes of a file are told at once; what no member asked for is an unknown key. When it
//! describes, the same calls collect the schema and hand out nothing. A form must therefore ask for all its members
//! before it gives up on any of them.

use super::desk::At;
use super::mistake::{Spot, likely, one_of};
use super::node::{Node, NodeKind};
use serde_json::{Map, Value, json};

/// How a value is read and described.
pub(super) trait Kind {
    /// What it becomes.
    type Value;

    /// Reads it; none when a mistake was noted.
    fn read(&self, at: &At<'_>) -> Option<Self::Value>;

    /// Its JSON Schema; definitions that have a name go into the book.
    fn schema(&self, book: &mut Book) -> Value;

    /// The same, but what was read is passed on; `next` may note mistakes.
    fn and<U, F: Fn(Self::Value, &At<'_>) -> Option<U>>(self, next: F) -> And<Self, F>
    where
        Self: Sized,
    {
        And { kind: self, next }
    }

    /// The same, but what was read is turned into something else.
    fn map<U, F: Fn(Self::Value) -> U>(self, turn: F) -> Turned<Self, F>
    where
        Self: Sized,
    {
        Turned { kind: self, turn }
    }
}

/// Named definitions of a schema.
#[derive(Debug, Default)]
pub(super) struct Book {
    pub definitions: Map<String, Value>,
}

impl Book {
    /// A reference to a definition, which is made when it is met first.
    fn define(&mut self, title: &str, describe: impl FnOnce(&mut Self) -> Value) -> Value {
        if !self.definitions.contains_key(title) {
            self.definitions.insert(title.into(), Value::Null);
            let described = describe(self);
            self.definitions.insert(title.into(), described);
        }
        json!({ "$ref": format!("#/$defs/{title}") })
    }
}

/// See [`Kind::and`].
pub(super) struct And<K, F> {
    kind: K,
    next: F,
}

impl<K: Kind, U, F: Fn(K::Value, &At<'_>) -> Option<U>> Kind for And<K, F> {
    type Value = U;

    fn read(&self, at: &At<'_>) -> Option<U> {
        self.kind.read(at).and_then(|value| (self.next)(value, at))
    }

    fn schema(&self, book: &mut Book) -> Value {
        self.kind.schema(book)
    }
}

/// See [`Kind::map`].
pub(super) struct Turned<K, F> {
    kind: K,
    turn: F,
}

impl<K: Kind, U, F: Fn(K::Value) -> U> Kind for Turned<K, F> {
    type Value = U;

    fn read(&self, at: &At<'_>) -> Option<U> {
        self.kind.read(at).map(&self.turn)
    }

    fn schema(&self, book: &mut Book) -> Value {
        self.kind.schema(book)
    }
}

/// A kind whose schema stands in the book under a name of its own.
pub(super) struct Defined<K> {
    title: &'static str,
    kind: K,
}

/// The same kind, described once and referred to by its title.
pub(super) const fn defined<K: Kind>(title: &'static str, kind: K) -> Defined<K> {
    Defined { title, kind }
}

impl<K: Kind> Kind for Defined<K> {
    type Value = K::Value;

    fn read(&self, at: &At<'_>) -> Option<K::Value> {
        self.kind.read(at)
    }

    fn schema(&self, book: &mut Book) -> Value {
        book.define(self.title, |book| self.kind.schema(book))
    }
}

/// A mapping with known members.
pub(super) struct Object<T> {
    title: &'static str,
    fill: fn(&mut Form<'_>) -> Option<T>,
}

/// A mapping whose members `fill` asks for; `title` names it in the schema.
pub(super) const fn object<T>(title: &'static str, fill: fn(&mut Form<'_>) -> Option<T>) -> Object<T> {
    Object { title, fill }
}

impl<T> Kind for Object<T> {
    type Value = T;

    fn read(&self, at: &At<'_>) -> Option<T> {
        let NodeKind::Map(members) = &at.node.kind else {
            at.expected("a mapping", None);
            return None;
        };
        let mut form = Form { mode: Mode::Reading { at, known: Vec::new() } };
        let value = (self.fill)(&mut form);
        let Mode::Reading { known, .. } = form.mode else { return None };
        for (key, _) in members.iter().filter(|(key, _)| !known.contains(&key.name.as_str())) {
            let hint = likely(&key.name, known.iter().copied()).map_or_else(
                || format!("known here: {}", one_of(known.iter().copied())),
                |word| format!("did you mean `{word}`?"),
            );
            at.key(key).wrong("is not a known key", Some(hint));
        }
        value
    }

    fn schema(&self, book: &mut Book) -> Value {
        book.define(self.title, |book| describe(self.fill, book))
    }
}

/// The schema of a form.
pub(super) fn describe<T>(fill: fn(&mut Form<'_>) -> Option<T>, book: &mut Book) -> Value {
    let mut form = Form { mode: Mode::Describing { book, properties: Map::new(), required: Vec::new() } };
    fill(&mut form);
    let Mode::Describing { properties, required, .. } = form.mode else { return Value::Null };
    let mut schema = json!({ "type": "object", "properties": properties, "additionalProperties": false });
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    schema
}

/// A sentence as a fragment: `How long.` becomes `how long`.
fn as_fragment(sentence: &str) -> String {
    let mut letters = sentence.trim_end_matches('.').chars();
    letters.next().map(|first| first.to_ascii_lowercase()).into_iter().chain(letters).collect()
}

/// A mapping that is being read, or described.
pub(super) struct Form<'f> {
    mode: Mode<'f>,
}

enum Mode<'f> {
    Reading { at: &'f At<'f>, known: Vec<&'static str> },
    Describing { book: &'f mut Book, properties: Map<String, Value>, required: Vec<&'static str> },
}

impl Form<'_> {
    /// A member that must be there.
    pub fn required<K: Kind>(&mut self, key: &'static str, about: &str, kind: K) -> Option<K::Value> {
        if let Mode::Describing { required, .. } = &mut self.mode {
            required.push(key);
        }
        if let Mode::Reading { at, .. } = &self.mode
            && at.node.get(key).is_none()
        {
            at.wrong(&format!("lacks `{key}`"), Some(as_fragment(about)));
        }
        self.optional(key, about, kind)
    }

    /// A member that may be left out.
    #[expect(clippy::needless_pass_by_value, reason = "kinds are made where a member is asked for")]
    pub fn optional<K: Kind>(&mut self, key: &'static str, about: &str, kind: K) -> Option<K::Value> {
        match &mut self.mode {
            Mode::Reading { at, known } => {
                known.push(key);
                kind.read(&at.member(key)?)
            }
            Mode::Describing { book, properties, .. } => {
                let mut schema = kind.schema(book);
                schema["description"] = about.into();
                properties.insert(key.into(), schema);
                None
            }
        }
    }

    /// A member with a default, written as in a file.
    pub fn defaulted<K: Kind>(&mut self, key: &'static str, about: &str, default: &str, kind: K) -> Option<K::Value> {
        if let Mode::Reading { at, known } = &mut self.mode
            && at.node.get(key).is_none()
        {
            known.push(key);
            let node = Node::plain(default);
            return kind.read(&at.with(key, &node));
        }
        let value = self.optional(key, about, kind);
        if let Mode::Describing { properties, .. } = &mut self.mode {
            properties[key]["default"] = super::node::scalar_to_json(default, true);
        }
        value
    }

    /// Whether the file has the member.
    pub fn has(&self, key: &str) -> bool {
        matches!(&self.mode, Mode::Reading { at, .. } if at.node.get(key).is_some())
    }

    /// Whether the file has a list there that holds nothing.
    pub fn lists_nothing(&self, key: &str) -> bool {
        self.items(key) == Some(0)
    }

    /// How many items the file lists there; none when it is no list.
    pub fn items(&self, key: &str) -> Option<usize> {
        match &self.at()?.node.get(key)?.kind {
            NodeKind::List(items) => Some(items.len()),
            NodeKind::Scalar { .. } | NodeKind::Map(_) => None,
        }
    }

    /// Where the mapping stands; none while describing.
    pub fn at(&self) -> Option<&At<'_>> {
        match &self.mode {
            Mode::Reading { at, .. } => Some(at),
            Mode::Describing { .. } => None,
        }
    }

    /// Where a member stands, or the mapping if it has none of that name.
    pub fn spot(&self, key: &str) -> Spot {
        self.at().map(|at| at.member(key).map_or_else(|| at.spot(), |member| member.spot())).unwrap_or_default()
    }

    /// Notes a mistake at a member, or at the mapping if it has none of that name.
    pub fn wrong(&self, key: &str, problem: &str, hint: &str) {
        if let Some(at) = self.at() {
            at.desk.note(self.spot(key), problem.into(), Some(hint.into()));
        }
    }

    /// The one of these keys that is there; notes a mistake when it is none or several.
    pub fn one_key(&self, keys: &[&'static str], hint: &str) -> Option<&'static str> {
        let at = self.at()?;
        let mut present = keys.iter().copied().filter(|key| at.node.get(key).is_some());
        let first = present.next();
        match (first, present.next()) {
            (None, _) => at.wrong(&format!("has none of {}", one_of(keys.iter().copied())), Some(hint.into())),
            (Some(first), Some(second)) => {
                self.wrong(second, &format!("does not go with `{first}`"), hint);
            }
            (Some(_), None) => {}
        }
        first
    }
}
