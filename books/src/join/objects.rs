//! The objects of the providers and the marks of all their rows: what one row of a payment says holds for the whole of it.

use super::fit::Fits;
use super::hash::QuickMap;
use super::lines::{self, Line, Part};
use super::names::Names;
use super::shoppers::{Header, Shoppers};
use rusqlite::Connection;

/// Longest chain from an object to the one that it belongs to; a longer one is a circle.
const DEPTH_MAX: usize = 8;

/// No object.
pub(super) const NOTHING: u32 = u32::MAX;

/// Marks that are of no intent of this run.
#[derive(Clone, Debug, Default)]
pub(super) struct Foreign {
    /// A run other than ours, named by a header or by the account.
    pub run: Option<Box<str>>,
    /// Headers that no shopper had.
    pub strangers: Vec<Box<str>>,
}

/// The marks of a row, or of all rows of an object.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Marks<'a> {
    /// Intents named by headers.
    pub strong: &'a [u32],
    /// Orders and carts, by their numbers among [`Shoppers::numbers`].
    pub orders: &'a [u32],
    /// By their numbers among [`Shoppers::emails`]; of rows with a header of ours they are not kept.
    pub emails: &'a [u32],
    pub foreign: Option<&'a Foreign>,
}

impl Marks<'_> {
    pub(super) fn other_run(&self) -> Option<&str> {
        self.foreign.and_then(|foreign| foreign.run.as_deref())
    }

    /// For people.
    pub(super) fn describe(&self, shoppers: &Shoppers) -> String {
        // By name: numbers follow the order of writing, and that says nothing.
        let sorted = |mut texts: Vec<String>| {
            texts.sort_unstable();
            texts
        };
        let mut parts = sorted(self.strong.iter().map(|id| format!("header {}", shoppers.name(*id))).collect());
        let strangers = self.foreign.iter().flat_map(|foreign| &foreign.strangers);
        parts.extend(sorted(strangers.map(|it| format!("header {it}, which no shopper of this run had")).collect()));
        parts.extend(self.other_run().map(|run| format!("run {run}")));
        parts.extend(sorted(self.orders.iter().map(|it| format!("order {}", shoppers.numbers.get(*it))).collect()));
        parts.extend(sorted(self.emails.iter().map(|it| format!("e-mail {}", shoppers.emails.get(*it))).collect()));
        if parts.is_empty() { "no mark at all".into() } else { parts.join(", ") }
    }
}

/// The marks of one row.
#[derive(Debug, Default)]
pub(super) struct OwnMarks {
    strong: Option<u32>,
    order: Option<u32>,
    email: Option<u32>,
    foreign: Option<Foreign>,
}

impl OwnMarks {
    pub(super) fn of(line: &Line<'_>, shoppers: &mut Shoppers) -> Self {
        let mut marks = Self::default();
        let mut foreign = Foreign::default();
        match line.intent.map(|header| (header, shoppers.header(header))) {
            Some((_, Header::Ours(id))) => marks.strong = Some(id),
            Some((_, Header::OtherRun(run))) => foreign.run = Some(run.into()),
            Some((header, Header::Stranger)) => foreign.strangers.push(header.into()),
            None => foreign.run = line.run.filter(|run| *run != shoppers.run()).map(Into::into),
        }
        marks.order = line.order.map(|order| shoppers.number(order));
        if marks.strong.is_none() {
            marks.email = line.email.map(|email| shoppers.email(email));
            marks.foreign = (foreign.run.is_some() || !foreign.strangers.is_empty()).then_some(foreign);
        }
        marks
    }

    pub(super) fn marks(&self) -> Marks<'_> {
        Marks {
            strong: self.strong.as_slice(),
            orders: self.order.as_slice(),
            emails: self.email.as_slice(),
            foreign: self.foreign.as_ref(),
        }
    }
}

/// All objects of all providers.
#[derive(Debug, Default)]
pub(super) struct Objects {
    /// The outermost object that it belongs to; itself when there is none.
    root: Vec<u32>,
    /// Which one it belongs to; [`NOTHING`] when none.
    parent: Vec<u32>,
    /// Where its name stands.
    name: Vec<u32>,
    names: [Names; 5],
    by_name: [Vec<u32>; 5],
    side: Vec<u8>,
    /// The object of each row, in the order of the statement; [`NOTHING`] when none.
    of_row: Vec<u32>,
    strong: Fits,
    orders: Fits,
    emails: Fits,
    foreign: QuickMap<u32, Foreign>,
    /// Whether a row has no header of ours.
    pub weak: bool,
}

impl Objects {
    pub(super) fn read(conn: &Connection, shoppers: &mut Shoppers) -> rusqlite::Result<Self> {
        let mut objects = Self::default();
        lines::each(conn, Part::Marks, |line| {
            if let Some(header) = line.intent {
                shoppers.meet(header);
            }
            objects.take(line, shoppers);
            Ok(())
        })?;
        objects.pool_marks();
        Ok(objects)
    }

    fn take(&mut self, line: &Line<'_>, shoppers: &mut Shoppers) {
        let Some(name) = line.object.filter(|_| line.makes_object()) else {
            // Of the object that it belongs to, which may come later.
            self.of_row.push(NOTHING);
            self.weak |= line.intent.is_none_or(|header| !matches!(shoppers.header(header), Header::Ours(_)));
            return;
        };
        let id = self.object(line.provider, name);
        self.of_row.push(id);
        if let Some(parent) = line.parent.filter(|parent| *parent != name) {
            self.parent[id as usize] = self.object(line.provider, parent);
        }
        let own = OwnMarks::of(line, shoppers);
        self.weak |= own.strong.is_none();
        own.strong.into_iter().for_each(|intent| self.strong.add(id, intent));
        own.order.into_iter().for_each(|order| self.orders.add(id, order));
        own.email.into_iter().for_each(|email| self.emails.add(id, email));
        if let Some(foreign) = own.foreign {
            merge(self.foreign.entry(id).or_default(), foreign);
        }
    }

    fn object(&mut self, provider: &str, name: &str) -> u32 {
        let side = side(provider);
        let number = self.names[side].id(name);
        if let Some(id) = self.by_name[side].get(number as usize) {
            return *id;
        }
        let id = self.root.len() as u32;
        self.by_name[side].push(id);
        self.root.push(id);
        self.parent.push(NOTHING);
        self.name.push(number);
        self.side.push(side as u8);
        id
    }

    /// Moves the marks of each object to its outermost one.
    fn pool_marks(&mut self) {
        for id in 0..self.root.len() as u32 {
            let mut root = id;
            for _ in 0..DEPTH_MAX {
                match self.parent[root as usize] {
                    NOTHING => break,
                    parent => root = parent,
                }
            }
            self.root[id as usize] = root;
            if root != id {
                self.strong.pool(id, root);
                self.orders.pool(id, root);
                self.emails.pool(id, root);
                if let Some(foreign) = self.foreign.remove(&id) {
                    merge(self.foreign.entry(root).or_default(), foreign);
                }
            }
        }
        self.parent = Vec::new();
    }

    pub(super) fn len(&self) -> usize {
        self.root.len()
    }

    pub(super) fn name(&self, id: u32) -> &str {
        self.names[usize::from(self.side[id as usize])].get(self.name[id as usize])
    }

    /// The outermost object that it belongs to.
    pub(super) fn root(&self, id: u32) -> u32 {
        self.root[id as usize]
    }

    /// Of all objects below an outermost one.
    pub(super) fn marks(&self, root: u32) -> Marks<'_> {
        Marks {
            strong: self.strong.all(root),
            orders: self.orders.all(root),
            emails: self.emails.all(root),
            foreign: self.foreign.get(&root),
        }
    }

    /// A payment, at whichever provider.
    pub(super) fn find_payment(&self, name: &str) -> Option<u32> {
        self.find("payment", Some(name)).or_else(|| self.find("backup_payment", Some(name)))
    }

    pub(super) fn find(&self, provider: &str, name: Option<&str>) -> Option<u32> {
        let side = side(provider);
        self.names[side].find(name?).map(|number| self.by_name[side][number as usize])
    }

    /// The object that the n-th row is about: its own, else the one that it belongs to.
    pub(super) fn of(&self, row: usize, line: &Line<'_>) -> Option<u32> {
        match self.of_row.get(row) {
            None | Some(&NOTHING) => self.find(line.provider, line.parent),
            Some(id) => Some(*id),
        }
    }

    /// Forgets what only the statement's rows ask for.
    pub(super) fn only_names(&mut self) {
        self.of_row = Vec::new();
        self.by_name = Default::default();
        self.names.iter_mut().for_each(Names::only_texts);
    }
}

fn merge(into: &mut Foreign, other: Foreign) {
    into.run = into.run.take().or(other.run);
    for header in other.strangers {
        if !into.strangers.contains(&header) {
            into.strangers.push(header);
        }
    }
}

/// Object names are unique within a provider only: a tax document is often called like its order.
fn side(provider: &str) -> usize {
    match provider {
        "payment" => 0,
        "backup_payment" => 1,
        "tax" => 2,
        "warehouse" => 3,
        _ => 4,
    }
}
