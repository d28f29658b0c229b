//! What the reading of a scenario shares: the files, the mistakes, and what later checks look at.

use super::mistake::{Mistake, Spot};
use super::node::{Key, Node, Position};
use super::{Files, node};
use crate::scenario::Source;
use crate::template::Variable;
use std::cell::RefCell;
use std::rc::Rc;

/// Shared by all that read a scenario.
pub(super) struct Desk<'a> {
    files: &'a dyn Files,
    mistakes: RefCell<Vec<Mistake>>,
    sources: RefCell<Vec<Source>>,
    uses: RefCell<Vec<Use>>,
    targets: RefCell<Vec<(Spot, String)>>,
}

/// A variable that a template uses.
#[derive(Clone, Debug)]
pub(super) struct Use {
    pub variable: Variable,
    pub spot: Spot,
    pub sees: Sees,
}

/// Which captures a use may rely on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sees {
    /// Those of earlier requests.
    Earlier,
    /// Those of the same request too.
    Own,
    /// Those of any step: it may be unset.
    Any,
}

impl<'a> Desk<'a> {
    pub fn new(files: &'a dyn Files) -> Self {
        Self {
            files,
            mistakes: RefCell::default(),
            sources: RefCell::default(),
            uses: RefCell::default(),
            targets: RefCell::default(),
        }
    }

    /// Notes a mistake.
    pub fn note(&self, spot: Spot, problem: String, hint: Option<String>) {
        self.mistakes.borrow_mut().push(Mistake { spot, problem, hint }.redacted());
    }

    /// Reads a file that the scenario names; a failure is noted at the place that names it.
    pub fn text(&self, path: &str, named_at: &Spot) -> Option<String> {
        match self.files.read(path) {
            Ok(text) => Some(text),
            Err(reason) => {
                let hint = "paths are relative to the scenario file".into();
                self.note(named_at.clone(), format!("names `{path}`, which cannot be read: {reason}"), Some(hint));
                None
            }
        }
    }

    /// Remembers a file whose text is what it means.
    pub fn keep(&self, path: &str, meaning: String) {
        let mut sources = self.sources.borrow_mut();
        if !sources.iter().any(|source| source.path == path) {
            sources.push(Source { path: path.into(), meaning });
        }
    }

    /// The tree of a YAML text; its mistakes and live keys are noted.
    pub fn tree(&self, file: &str, text: &str) -> Option<Node> {
        let tree = node::read(file, text, &mut self.mistakes.borrow_mut());
        super::targets::note_live_keys(self, file, text, tree.as_ref());
        tree
    }

    /// Remembers a variable that is used.
    pub fn uses(&self, variable: Variable, spot: Spot, sees: Sees) {
        self.uses.borrow_mut().push(Use { variable, spot, sees });
    }

    /// The variables used since this was asked last.
    pub fn take_uses(&self) -> Vec<Use> {
        self.uses.take()
    }

    /// Remembers an address that the run would send to.
    pub fn target(&self, spot: Spot, address: &str) {
        self.targets.borrow_mut().push((spot, address.into()));
    }

    /// The addresses remembered.
    pub fn take_targets(&self) -> Vec<(Spot, String)> {
        self.targets.take()
    }

    /// What was read and what was wrong with it, in order of file and line.
    pub fn close(self) -> (Vec<Source>, Vec<Mistake>) {
        let mut mistakes = self.mistakes.into_inner();
        mistakes.sort_by(|a, b| {
            let key = |mistake: &Mistake| (mistake.spot.file.clone(), mistake.spot.line, mistake.spot.column);
            key(a).cmp(&key(b))
        });
        mistakes.dedup();
        (self.sources.into_inner(), mistakes)
    }
}

/// A value in a file that is being read.
#[derive(Clone)]
pub(super) struct At<'a> {
    pub desk: &'a Desk<'a>,
    pub file: Rc<str>,
    pub path: String,
    pub node: &'a Node,
    pub position: Position,
}

impl<'a> At<'a> {
    /// The whole of a file.
    pub fn root(desk: &'a Desk<'a>, file: &str, node: &'a Node) -> Self {
        Self { desk, file: file.into(), path: String::new(), node, position: node.at }
    }

    /// The member of that name, if there is one.
    pub fn member(&self, name: &str) -> Option<Self> {
        self.node.get(name).map(|node| Self { position: node.at, node, ..self.named(name) })
    }

    /// A value that is not in the file, in the place of a member.
    pub fn with<'b>(&'b self, name: &str, node: &'b Node) -> At<'b>
    where
        'a: 'b,
    {
        At { node, ..self.named(name) }
    }

    /// Another value in this very place.
    pub fn instead<'b>(&'b self, node: &'b Node) -> At<'b>
    where
        'a: 'b,
    {
        At { node, ..self.clone() }
    }

    /// The place of a key; its value is that of the mapping.
    pub fn key(&self, key: &Key) -> Self {
        Self { position: key.at, ..self.named(&key.name) }
    }

    /// The value of a key.
    pub fn value(&self, key: &Key, node: &'a Node) -> Self {
        Self { position: node.at, node, ..self.named(&key.name) }
    }

    /// An item of a list.
    pub fn item(&self, index: usize, node: &'a Node) -> Self {
        Self { path: format!("{}[{index}]", self.path), position: node.at, node, ..self.clone() }
    }

    fn named(&self, name: &str) -> Self {
        let path = if self.path.is_empty() { name.into() } else { format!("{}.{name}", self.path) };
        Self { path, ..self.clone() }
    }

    /// Where it stands.
    pub fn spot(&self) -> Spot {
        Spot {
            file: self.file.to_string(),
            path: self.path.clone(),
            line: self.position.line,
            column: self.position.column,
        }
    }

    /// Notes that it is wrong.
    pub fn wrong(&self, problem: &str, hint: Option<String>) {
        self.desk.note(self.spot(), problem.into(), hint);
    }

    /// Notes that it is something else than expected.
    pub fn expected(&self, what: &str, hint: Option<String>) {
        let hint = self.node.unquoted_template().map(|text| format!("put quotes around `{text}`")).or(hint);
        self.wrong(&format!("{}, expected {what}", self.node.describe()), hint);
    }
}
