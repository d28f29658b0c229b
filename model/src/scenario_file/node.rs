//! A YAML document as a tree in which every value and key knows its line and column.

use super::mistake::{Mistake, Spot};
use granit_parser::{Event, Parser, ScalarStyle, Span};
use serde_json::Value;
use std::collections::HashMap;

/// More values than any scenario has; aliases that multiply each other end here.
const NODES_MAX: usize = 200_000;

/// A place in a text, both from 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Position {
    pub line: usize,
    pub column: usize,
}

/// A value.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub at: Position,
    pub kind: NodeKind,
}

/// What a value is.
#[derive(Clone, Debug)]
pub(super) enum NodeKind {
    /// Text, number, truth or nothing; what a plain one means depends on who reads it.
    Scalar {
        text: String,
        plain: bool,
    },
    List(Vec<Node>),
    Map(Vec<(Key, Node)>),
}

/// The key of a member.
#[derive(Clone, Debug)]
pub(super) struct Key {
    pub name: String,
    pub at: Position,
}

impl Node {
    /// Text that stands for a default, or for a file named in a list.
    pub fn plain(text: &str) -> Self {
        Self { at: Position::default(), kind: NodeKind::Scalar { text: text.into(), plain: true } }
    }

    /// The member of that name.
    pub fn get(&self, name: &str) -> Option<&Self> {
        match &self.kind {
            NodeKind::Map(members) => members.iter().find(|(key, _)| key.name == name).map(|(_, node)| node),
            NodeKind::Scalar { .. } | NodeKind::List(_) => None,
        }
    }

    /// Nothing: an empty or `null` plain scalar.
    pub fn is_null(&self) -> bool {
        matches!(&self.kind, NodeKind::Scalar { text, plain: true } if matches!(text.as_str(), "" | "~" | "null"))
    }

    /// The `{{variable}}` that somebody forgot to quote: YAML takes it for a mapping in a mapping.
    pub fn unquoted_template(&self) -> Option<&str> {
        match &self.kind {
            NodeKind::Map(members) => {
                members.iter().map(|(key, _)| key.name.as_str()).find(|name| name.starts_with("{{"))
            }
            NodeKind::Scalar { .. } | NodeKind::List(_) => None,
        }
    }

    /// For messages: what the value is.
    pub fn describe(&self) -> String {
        match &self.kind {
            NodeKind::Scalar { .. } if self.is_null() => "is empty".into(),
            NodeKind::Scalar { text, .. } => format!("is `{}`", shortened(text)),
            NodeKind::List(_) => "is a list".into(),
            NodeKind::Map(_) => "is a mapping".into(),
        }
    }

    /// The value as JSON, by the core schema of YAML 1.2.
    pub fn to_json(&self) -> Value {
        match &self.kind {
            NodeKind::Scalar { text, plain } => scalar_to_json(text, *plain),
            NodeKind::List(items) => Value::Array(items.iter().map(Self::to_json).collect()),
            NodeKind::Map(members) => {
                Value::Object(members.iter().map(|(key, node)| (key.name.clone(), node.to_json())).collect())
            }
        }
    }

    fn count(&self) -> usize {
        1 + match &self.kind {
            NodeKind::Scalar { .. } => 0,
            NodeKind::List(items) => items.iter().map(Self::count).sum(),
            NodeKind::Map(members) => members.iter().map(|(_, node)| node.count()).sum(),
        }
    }
}

/// At most 60 characters of a text.
fn shortened(text: &str) -> String {
    match text.char_indices().nth(60) {
        None => text.into(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

/// What a scalar means when nobody says what it is to be.
pub(super) fn scalar_to_json(text: &str, plain: bool) -> Value {
    if !plain {
        return text.into();
    }
    match text {
        "" | "~" | "null" => Value::Null,
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        _ => number(text).unwrap_or_else(|| text.into()),
    }
}

/// A decimal number without leading zeros or plus sign, as JSON has them.
fn number(text: &str) -> Option<Value> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let looks_like_one = digits.starts_with(|first: char| first.is_ascii_digit());
    if looks_like_one { serde_json::from_str::<serde_json::Number>(text).ok().map(Value::Number) } else { None }
}

/// Reads the one document of a text. Repeated keys are noted in `mistakes` and the first is kept.
pub(super) fn read(file: &str, text: &str, mistakes: &mut Vec<Mistake>) -> Option<Node> {
    let mut builder =
        Builder { file, mistakes, open: Vec::new(), anchors: HashMap::new(), root: None, nodes: 0, documents: 0 };
    for event in Parser::new_from_str(text) {
        let (event, span) = match event {
            Ok(event) => event,
            Err(error) => {
                let at = Position { line: error.marker().line(), column: error.marker().col() + 1 };
                let hint =
                    "look for a bracket, a brace or a quote that is left open, or a `: ` in a text without quotes";
                builder.wrong(at, format!("is not YAML: {}", error.info()), Some(hint.into()));
                return None;
            }
        };
        builder.take(event, span);
        if builder.nodes > NODES_MAX {
            builder.wrong(position(span), format!("holds more than {NODES_MAX} values, aliases included"), None);
            return None;
        }
    }
    let root = builder.root.take();
    if root.is_none() {
        let hint = "see scenarios/README.md for what a file holds";
        builder.wrong(Position { line: 1, column: 1 }, "is empty".into(), Some(hint.into()));
    }
    root
}

/// A list or mapping that is not yet closed.
struct Open {
    node: Node,
    anchor: usize,
    key: Option<Key>,
}

struct Builder<'a> {
    file: &'a str,
    mistakes: &'a mut Vec<Mistake>,
    open: Vec<Open>,
    anchors: HashMap<usize, Node>,
    root: Option<Node>,
    nodes: usize,
    documents: usize,
}

impl Builder<'_> {
    fn take(&mut self, event: Event<'_>, span: Span) {
        let at = position(span);
        match event {
            Event::DocumentStart(..) => {
                self.documents += 1;
                if self.documents == 2 {
                    self.wrong(at, "starts a second document".into(), Some("one file holds one document".into()));
                }
            }
            Event::Scalar(text, style, anchor, _) => {
                let kind = NodeKind::Scalar { text: text.into_owned(), plain: style == ScalarStyle::Plain };
                self.close(Node { at, kind }, anchor);
            }
            Event::SequenceStart(_, anchor, _) => {
                self.open.push(Open { node: Node { at, kind: NodeKind::List(Vec::new()) }, anchor, key: None });
            }
            Event::MappingStart(_, anchor, _) => {
                self.open.push(Open { node: Node { at, kind: NodeKind::Map(Vec::new()) }, anchor, key: None });
            }
            Event::SequenceEnd | Event::MappingEnd => {
                if let Some(open) = self.open.pop() {
                    self.close(open.node, open.anchor);
                }
            }
            Event::Alias(anchor) => {
                if let Some(node) = self.anchors.get(&anchor).cloned() {
                    self.nodes += node.count();
                    if self.nodes <= NODES_MAX {
                        self.close(Node { at, ..node }, 0);
                    }
                } else {
                    self.wrong(at, "is an alias of a value that contains it".into(), None);
                }
            }
            // Comments, and marks of stream and document, carry no value.
            _ => {}
        }
    }

    /// Puts a whole value where it belongs.
    fn close(&mut self, node: Node, anchor: usize) {
        self.nodes += 1;
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        let Some(parent) = self.open.last_mut() else {
            if self.root.is_none() {
                self.root = Some(node);
            }
            return;
        };
        match &mut parent.node.kind {
            NodeKind::List(items) => items.push(node),
            NodeKind::Map(members) => match parent.key.take() {
                None => {
                    let name = match &node.kind {
                        NodeKind::Scalar { text, .. } => text.clone(),
                        NodeKind::Map(members) => {
                            let inner: Vec<&str> = members.iter().map(|(key, _)| key.name.as_str()).collect();
                            format!("{{{{{}}}}}", inner.join(", "))
                        }
                        NodeKind::List(_) => "[…]".into(),
                    };
                    parent.key = Some(Key { name, at: node.at });
                }
                Some(key) if members.iter().any(|(earlier, _)| earlier.name == key.name) => {
                    let problem = format!("has the key `{}` a second time", key.name);
                    self.wrong(key.at, problem, Some("keep one of the two".into()));
                }
                Some(key) => members.push((key, node)),
            },
            NodeKind::Scalar { .. } => {}
        }
    }

    fn wrong(&mut self, at: Position, problem: String, hint: Option<String>) {
        let path = path_of(&self.open);
        let spot = Spot { file: self.file.into(), path, line: at.line, column: at.column };
        self.mistakes.push(Mistake { spot, problem, hint }.redacted());
    }
}

/// The dotted way to the innermost open value.
fn path_of(open: &[Open]) -> String {
    let outer = &open[..open.len().saturating_sub(1)];
    outer.iter().fold(String::new(), |path, outer| match (&outer.node.kind, &outer.key) {
        (NodeKind::List(items), _) => format!("{path}[{}]", items.len()),
        (_, Some(key)) if path.is_empty() => key.name.clone(),
        (_, Some(key)) => format!("{path}.{}", key.name),
        (_, None) => path,
    })
}

fn position(span: Span) -> Position {
    Position { line: span.start.line(), column: span.start.col() + 1 }
}
