//! Ways to put kinds of values together: lists, tables, choices, short and long forms.

use super::desk::At;
use super::form::{Book, Kind};
use super::mistake::{Spot, likely, one_of};
use super::node::{Node, NodeKind};
use serde_json::{Value, json};

/// A value and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Spotted<T> {
    pub value: T,
    pub spot: Spot,
}

/// The same kind, but its place is kept.
pub(super) fn spotted<K: Kind>(kind: K) -> impl Kind<Value = Spotted<K::Value>> {
    kind.and(|value, at| Some(Spotted { value, spot: at.spot() }))
}

/// A list of one kind; what is wrong is noted and left out.
pub(super) fn list<K: Kind>(item: K) -> List<K> {
    List { item }
}

/// See [`list`].
pub(super) struct List<K> {
    item: K,
}

impl<K: Kind> Kind for List<K> {
    type Value = Vec<K::Value>;

    fn read(&self, at: &At<'_>) -> Option<Self::Value> {
        let NodeKind::List(items) = &at.node.kind else {
            at.expected("a list", None);
            return None;
        };
        Some(items.iter().enumerate().filter_map(|(index, node)| self.item.read(&at.item(index, node))).collect())
    }

    fn schema(&self, book: &mut Book) -> Value {
        json!({ "type": "array", "items": self.item.schema(book) })
    }
}

/// A mapping from names of the user's to one kind.
pub(super) fn table<K: Kind>(member: K) -> Table<K> {
    Table { member }
}

/// See [`table`].
pub(super) struct Table<K> {
    member: K,
}

impl<K: Kind> Kind for Table<K> {
    /// Name, place of the name, value; in the order of the file.
    type Value = Vec<(Spotted<String>, K::Value)>;

    fn read(&self, at: &At<'_>) -> Option<Self::Value> {
        let NodeKind::Map(members) = &at.node.kind else {
            at.expected("a mapping", None);
            return None;
        };
        let read = members.iter().filter_map(|(key, node)| {
            let name = Spotted { value: key.name.clone(), spot: at.key(key).spot() };
            Some((name, self.member.read(&at.value(key, node))?))
        });
        Some(read.collect())
    }

    fn schema(&self, book: &mut Book) -> Value {
        json!({ "type": "object", "additionalProperties": self.member.schema(book) })
    }
}

/// The same kind, but what is wrong is read as none after it was noted, so that its name is not lost.
pub(super) fn lenient<K: Kind>(kind: K) -> Lenient<K> {
    Lenient { kind }
}

/// See [`lenient`].
pub(super) struct Lenient<K> {
    kind: K,
}

impl<K: Kind> Kind for Lenient<K> {
    type Value = Option<K::Value>;

    fn read(&self, at: &At<'_>) -> Option<Self::Value> {
        Some(self.kind.read(at))
    }

    fn schema(&self, book: &mut Book) -> Value {
        self.kind.schema(book)
    }
}

/// One word of a few.
pub(super) fn words<T: Copy + 'static>(words: &[(&'static str, T)]) -> Words<T> {
    Words { words: words.to_vec() }
}

/// See [`words`].
pub(super) struct Words<T> {
    words: Vec<(&'static str, T)>,
}

impl<T: Copy> Kind for Words<T> {
    type Value = T;

    fn read(&self, at: &At<'_>) -> Option<T> {
        let known = || self.words.iter().map(|(word, _)| *word);
        if let NodeKind::Scalar { text, .. } = &at.node.kind {
            if let Some((_, value)) = self.words.iter().find(|(word, _)| word == text) {
                return Some(*value);
            }
            let hint = likely(text, known()).map(|word| format!("did you mean `{word}`?"));
            at.expected(&one_of(known()), hint);
        } else {
            at.expected(&one_of(known()), None);
        }
        None
    }

    fn schema(&self, _: &mut Book) -> Value {
        json!({ "enum": self.words.iter().map(|(word, _)| *word).collect::<Vec<_>>() })
    }
}

/// A mapping with one key, which says what its value is: `{ramp: {…}}`.
pub(super) struct Choice<T> {
    cases: Vec<Case<T>>,
}

/// One key of a [`Choice`].
pub(super) struct Case<T> {
    tag: &'static str,
    about: &'static str,
    bare: bool,
    body: Box<dyn Kind<Value = T>>,
}

/// One of these.
pub(super) fn choice<T>(cases: Vec<Case<T>>) -> Choice<T> {
    Choice { cases }
}

/// A key and its value.
pub(super) fn case<T>(tag: &'static str, about: &'static str, body: impl Kind<Value = T> + 'static) -> Case<T> {
    Case { tag, about, bare: false, body: Box::new(body) }
}

/// A key and its value, or the word alone when the value may be empty.
pub(super) fn word_or<T>(tag: &'static str, about: &'static str, body: impl Kind<Value = T> + 'static) -> Case<T> {
    Case { tag, about, bare: true, body: Box::new(body) }
}

impl<T> Choice<T> {
    fn tags(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.cases.iter().map(|case| case.tag)
    }

    fn unknown(&self, at: &At<'_>, word: &str) {
        let hint = likely(word, self.tags()).map(|word| format!("did you mean `{word}`?"));
        at.wrong(&format!("is `{word}`, expected {}", one_of(self.tags())), hint);
    }
}

impl<T> Kind for Choice<T> {
    type Value = T;

    fn read(&self, at: &At<'_>) -> Option<T> {
        match &at.node.kind {
            NodeKind::Scalar { text, .. } if !at.node.is_null() => {
                let Some(case) = self.cases.iter().find(|case| case.tag == text) else {
                    self.unknown(at, text);
                    return None;
                };
                if !case.bare {
                    at.wrong(&format!("says nothing about `{text}`"), Some(case.about.into()));
                    return None;
                }
                let empty = Node { at: at.node.at, kind: NodeKind::Map(Vec::new()) };
                case.body.read(&at.instead(&empty))
            }
            NodeKind::Map(members) if members.len() == 1 => {
                let (key, node) = &members[0];
                let Some(case) = self.cases.iter().find(|case| case.tag == key.name) else {
                    self.unknown(&at.key(key), &key.name);
                    return None;
                };
                case.body.read(&at.value(key, node))
            }
            _ => {
                at.expected(&format!("one of {}", one_of(self.tags())), None);
                None
            }
        }
    }

    fn schema(&self, book: &mut Book) -> Value {
        let bare: Vec<&str> = self.cases.iter().filter(|case| case.bare).map(|case| case.tag).collect();
        let mut any: Vec<Value> = self
            .cases
            .iter()
            .map(|case| {
                let mut body = case.body.schema(book);
                body["description"] = case.about.into();
                json!({ "type": "object", "properties": { case.tag: body }, "required": [case.tag], "additionalProperties": false })
            })
            .collect();
        if !bare.is_empty() {
            any.push(json!({ "enum": bare }));
        }
        json!({ "anyOf": any })
    }
}

/// A short form and a long one, told apart by their shape.
pub(super) struct Shapes<T> {
    scalar: Option<Box<dyn Kind<Value = T>>>,
    list: Option<Box<dyn Kind<Value = T>>>,
    map: Option<Box<dyn Kind<Value = T>>>,
}

/// What a scalar, a list and a mapping mean here.
pub(super) const fn shapes<T>() -> Shapes<T> {
    Shapes { scalar: None, list: None, map: None }
}

impl<T> Shapes<T> {
    pub fn scalar(mut self, kind: impl Kind<Value = T> + 'static) -> Self {
        self.scalar = Some(Box::new(kind));
        self
    }

    pub fn list(mut self, kind: impl Kind<Value = T> + 'static) -> Self {
        self.list = Some(Box::new(kind));
        self
    }

    pub fn map(mut self, kind: impl Kind<Value = T> + 'static) -> Self {
        self.map = Some(Box::new(kind));
        self
    }
}

impl<T> Kind for Shapes<T> {
    type Value = T;

    fn read(&self, at: &At<'_>) -> Option<T> {
        let kind = match &at.node.kind {
            NodeKind::Scalar { .. } => &self.scalar,
            NodeKind::List(_) => &self.list,
            NodeKind::Map(_) => &self.map,
        };
        // The first that exists says in its own words what was expected.
        kind.as_ref().or(self.map.as_ref()).or(self.scalar.as_ref()).or(self.list.as_ref())?.read(at)
    }

    fn schema(&self, book: &mut Book) -> Value {
        let kinds = [&self.scalar, &self.list, &self.map];
        json!({ "anyOf": kinds.into_iter().flatten().map(|kind| kind.schema(book)).collect::<Vec<_>>() })
    }
}

/// Any YAML value, as JSON.
pub(super) struct Json;

impl Kind for Json {
    type Value = Value;

    fn read(&self, at: &At<'_>) -> Option<Value> {
        Some(at.node.to_json())
    }

    fn schema(&self, _: &mut Book) -> Value {
        json!({})
    }
}
