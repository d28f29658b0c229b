//! The objects of the providers and the marks of all their rows: what one row of a payment says holds for the whole of it.

use super::hash::QuickMap;
use super::lines::{self, Line, Part};
use super::shoppers::{Header, Shoppers};
use rusqlite::Connection;

/// Longest chain from an object to the one that it belongs to; a longer one is a circle.
const DEPTH_MAX: usize = 8;

/// The marks found on rows.
#[derive(Debug, Default)]
pub(super) struct Marks {
    /// Intents named by headers.
    pub strong: Vec<u32>,
    /// A run other than ours, named by a header or by the account.
    pub other_run: Option<Box<str>>,
    /// Headers that no shopper had.
    pub strangers: Vec<Box<str>>,
    pub orders: Vec<Box<str>>,
    pub emails: Vec<Box<str>>,
}

impl Marks {
    /// Adds what a row says.
    pub(super) fn add(&mut self, line: &Line<'_>, shoppers: &Shoppers) {
        match line.intent.map(|header| (header, shoppers.header(header))) {
            Some((_, Header::Ours(id))) => insert(&mut self.strong, id),
            Some((_, Header::OtherRun(run))) => self.other_run = Some(run.into()),
            Some((header, Header::Stranger)) => insert(&mut self.strangers, header.into()),
            None => match line.run {
                Some(run) if run != shoppers.run() => self.other_run = Some(run.into()),
                Some(_) | None => {}
            },
        }
        if let Some(order) = line.order
            && !self.orders.iter().any(|known| **known == *order)
        {
            self.orders.push(order.into());
        }
        if let Some(email) = line.email {
            let email = email.to_lowercase();
            if !self.emails.iter().any(|known| **known == *email) {
                self.emails.push(email.into());
            }
        }
    }

    fn merge(&mut self, other: Self) {
        other.strong.into_iter().for_each(|id| insert(&mut self.strong, id));
        other.strangers.into_iter().for_each(|header| insert(&mut self.strangers, header));
        other.orders.into_iter().for_each(|order| insert(&mut self.orders, order));
        other.emails.into_iter().for_each(|email| insert(&mut self.emails, email));
        self.other_run = self.other_run.take().or(other.other_run);
    }

    /// For people.
    pub(super) fn describe(&self, shoppers: &Shoppers) -> String {
        let mut parts = Vec::new();
        parts.extend(self.strong.iter().map(|id| format!("header {}", shoppers.intents[*id as usize].name)));
        parts.extend(self.strangers.iter().map(|header| format!("header {header}, which no shopper of this run had")));
        parts.extend(self.other_run.iter().map(|run| format!("run {run}")));
        parts.extend(self.orders.iter().map(|order| format!("order {order}")));
        parts.extend(self.emails.iter().map(|email| format!("e-mail {email}")));
        if parts.is_empty() { "no mark at all".into() } else { parts.join(", ") }
    }
}

fn insert<T: PartialEq>(list: &mut Vec<T>, item: T) {
    if !list.contains(&item) {
        list.push(item);
    }
}

/// One object.
#[derive(Debug)]
pub(super) struct Object {
    pub name: Box<str>,
    /// The outermost object that it belongs to; itself when there is none.
    pub root: u32,
    parent: Option<u32>,
    /// Of all objects below; kept at the outermost one.
    pub marks: Marks,
}

/// All objects of all providers.
#[derive(Debug, Default)]
pub(super) struct Objects {
    pub all: Vec<Object>,
    by_name: [QuickMap<Box<str>, u32>; 5],
}

impl Objects {
    pub(super) fn read(conn: &Connection, shoppers: &mut Shoppers) -> rusqlite::Result<Self> {
        let mut objects = Self::default();
        lines::each(conn, Part::Marks, |line| {
            if let Some(header) = line.intent {
                shoppers.meet(header);
            }
            if line.makes_object()
                && let Some(name) = line.object
            {
                let id = objects.object(line.provider, name);
                if let Some(parent) = line.parent.filter(|parent| *parent != name) {
                    let parent = objects.object(line.provider, parent);
                    objects.all[id as usize].parent = Some(parent);
                }
                objects.all[id as usize].marks.add(line, shoppers);
            }
            Ok(())
        })?;
        objects.pool_marks();
        Ok(objects)
    }

    fn object(&mut self, provider: &str, name: &str) -> u32 {
        let known = &mut self.by_name[side(provider)];
        if let Some(id) = known.get(name) {
            return *id;
        }
        let id = self.all.len() as u32;
        known.insert(name.into(), id);
        self.all.push(Object { name: name.into(), root: id, parent: None, marks: Marks::default() });
        id
    }

    /// Moves the marks of each object to its outermost one.
    fn pool_marks(&mut self) {
        for id in 0..self.all.len() {
            let mut root = id;
            for _ in 0..DEPTH_MAX {
                match self.all[root].parent {
                    Some(parent) => root = parent as usize,
                    None => break,
                }
            }
            self.all[id].root = root as u32;
            if root != id {
                let marks = std::mem::take(&mut self.all[id].marks);
                self.all[root].marks.merge(marks);
            }
        }
    }

    /// A payment, at whichever provider.
    pub(super) fn find_payment(&self, name: Option<&str>) -> Option<u32> {
        self.find("payment", name).or_else(|| self.find("backup_payment", name))
    }

    pub(super) fn find(&self, provider: &str, name: Option<&str>) -> Option<u32> {
        self.by_name[side(provider)].get(name?).copied()
    }

    /// The object that a row is about: its own, else the one that it belongs to.
    pub(super) fn of(&self, line: &Line<'_>) -> Option<u32> {
        let own = if line.makes_object() { line.object } else { None };
        self.find(line.provider, own).or_else(|| self.find(line.provider, line.parent))
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
