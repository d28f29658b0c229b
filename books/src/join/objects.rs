//! The objects of the providers and the marks of all their rows: what one row of a payment says holds for the whole of it.

use super::fit::Fits;
use super::hash::QuickMap;
use super::lines::{Provider, Read};
use super::maybe::Number;
use super::names::Names;
use super::shoppers::{Header, Shoppers};

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
    strong: Number,
    order: Number,
    email: Number,
    foreign: Option<Box<Foreign>>,
}

impl OwnMarks {
    pub(super) fn of(line: &Read<'_>, shoppers: &mut Shoppers) -> Self {
        let mut marks = Self::default();
        let mut foreign = Foreign::default();
        match line.intent.map(|header| (header, shoppers.header(header))) {
            Some((_, Header::Ours(id))) => marks.strong = Some(id).into(),
            Some((_, Header::OtherRun(run))) => foreign.run = Some(run.into()),
            Some((header, Header::Stranger)) => foreign.strangers.push(header.into()),
            None => foreign.run = line.run.filter(|run| *run != shoppers.run()).map(Into::into),
        }
        marks.order = line.order.map(|order| shoppers.number(order)).into();
        if !marks.is_strong() {
            marks.email = line.email.map(|email| shoppers.email(email)).into();
            marks.foreign = (foreign.run.is_some() || !foreign.strangers.is_empty()).then(|| Box::new(foreign));
        }
        marks
    }

    /// Whether a header of ours says whose it is.
    pub(super) fn is_strong(&self) -> bool {
        self.strong.get().is_some()
    }

    pub(super) fn marks(&self) -> Marks<'_> {
        Marks {
            strong: self.strong.as_slice(),
            orders: self.order.as_slice(),
            emails: self.email.as_slice(),
            foreign: self.foreign.as_deref(),
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
    /// By the number of the object, each behind the [`area`] of its provider.
    names: Names,
    strong: Fits,
    orders: Fits,
    emails: Fits,
    foreign: QuickMap<u32, Foreign>,
    /// Whether the second provider of payments has any.
    has_backup: bool,
}

impl Objects {
    /// The number of an object; a new one when it was not met yet.
    pub(super) fn meet(&mut self, provider: Provider, name: &str) -> u32 {
        let id = self.names.id_under(area(provider), name);
        if id as usize == self.root.len() {
            self.has_backup |= provider == Provider::BackupPayment;
            self.root.push(id);
            self.parent.push(NOTHING);
        }
        id
    }

    /// Notes that an object belongs to another one; returns that one.
    pub(super) fn place_under(&mut self, id: u32, provider: Provider, parent: &str) -> u32 {
        let parent = self.meet(provider, parent);
        self.parent[id as usize] = parent;
        parent
    }

    /// Adds what a row of the object says.
    pub(super) fn mark(&mut self, id: u32, own: OwnMarks) {
        own.strong.get().into_iter().for_each(|intent| self.strong.add(id, intent));
        own.order.get().into_iter().for_each(|order| self.orders.add(id, order));
        own.email.get().into_iter().for_each(|email| self.emails.add(id, email));
        if let Some(foreign) = own.foreign {
            merge(self.foreign.entry(id).or_default(), *foreign);
        }
    }

    /// Moves the marks of each object to its outermost one.
    pub(super) fn pool_marks(&mut self) {
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
        &self.names.get(id)[AREA_BYTES..]
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

    /// A payment of the same name at the other provider.
    pub(super) fn twin(&self, payment: u32) -> Option<u32> {
        if !self.has_backup {
            return None;
        }
        let name = self.names.get(payment);
        let other = if name.starts_with(area(Provider::Payment)) { Provider::BackupPayment } else { Provider::Payment };
        self.find(other, Some(&name[AREA_BYTES..]))
    }

    /// A payment, at whichever provider.
    pub(super) fn find_payment(&self, name: &str) -> Option<u32> {
        self.find(Provider::Payment, Some(name)).or_else(|| self.find(Provider::BackupPayment, Some(name)))
    }

    pub(super) fn find(&self, provider: Provider, name: Option<&str>) -> Option<u32> {
        self.names.find_under(area(provider), name?)
    }

    /// Forgets how to find objects by their names.
    pub(super) fn only_names(&mut self) {
        self.names.only_texts();
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

/// Length of an [`area`].
const AREA_BYTES: usize = 1;

/// Object names are unique within a provider only: a tax document is often called like its order.
const fn area(provider: Provider) -> &'static str {
    match provider {
        Provider::Payment => "p",
        Provider::BackupPayment => "b",
        Provider::Tax => "t",
        Provider::Warehouse => "w",
        Provider::Other => "o",
    }
}
