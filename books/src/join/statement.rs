//! One look at the statement: its rows, kept small, and the objects that they name.

use super::lines::{self, Lines, Op, Provider, Read};
use super::maybe::{Number, Whole};
use super::names::Names;
use super::objects::{Objects, OwnMarks};
use super::parcels::Parcels;
use super::queue::Queue;
use super::refunds::RefundTexts;
use super::shoppers::{Address, Header, Shoppers};
use super::stream;
use rusqlite::Connection;
use std::collections::VecDeque;

/// All rows.
#[derive(Debug, Default)]
pub(super) struct Statement {
    pub objects: Objects,
    pub lines: Lines,
    /// Of rows that are about no object of their own.
    pub loose: Queue<Loose>,
    /// Codes of quotes.
    pub quotes: Names,
    /// Of the rows that tell refunds, in their order.
    pub refunds: VecDeque<RefundTexts>,
    /// What the warehouse was told.
    pub parcels: Parcels,
    /// Names of articles.
    pub skus: Names,
    /// Rows whose address is not that of the purchase that their header names.
    pub addressed: VecDeque<Addressed>,
    /// Whether there are decisions or disputes: laws look up the rows of their orders.
    pub is_disputed: bool,
    /// Whether a row has no header of ours.
    pub is_weak: bool,
    /// Places of loose ones, and the objects that no row before them was about.
    awaited: Vec<(usize, Provider, Box<str>)>,
}

/// What a row says itself.
#[derive(Debug)]
pub(super) struct Loose {
    pub marks: OwnMarks,
    /// The number of a quote's code.
    pub quote: Number,
    /// What tax was asked on.
    pub taxed_minor: Whole,
    /// The object that it belongs to, where only rows after it are about that one.
    pub object: Number,
}

/// A row with an address that is to be looked at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Addressed {
    pub statement: i64,
    pub email: Address,
}

impl Statement {
    pub(super) fn read(conn: &Connection, shoppers: &mut Shoppers) -> rusqlite::Result<Self> {
        let mut statement = Self::default();
        stream::each(conn, lines::SELECT, |cells| {
            let read = statement.lines.read(cells, |code| shoppers.currencies.id(code))?;
            statement.take(&read, shoppers);
            Ok(())
        })?;
        for (place, provider, name) in std::mem::take(&mut statement.awaited) {
            if let Some(loose) = statement.loose.get_mut(place) {
                loose.object = statement.objects.find(provider, Some(&name)).into();
            }
        }
        statement.objects.pool_marks();
        Ok(statement)
    }

    /// Forgets what only the orders ask for.
    pub(super) fn only_rows(&mut self) {
        self.quotes = Names::default();
        self.objects.only_names();
    }

    fn take(&mut self, read: &Read<'_>, shoppers: &mut Shoppers) {
        if let Some(header) = read.intent {
            shoppers.meet(header);
        }
        let kind = self.lines.kind(read.kind);
        let (provider, op) = (kind.provider, kind.op);
        self.is_disputed |= op == Op::Dispute || provider == Provider::Other;
        if op == Op::Refund && !kind.replayed && provider.is_payment() {
            let kept = |text: Option<&str>| text.map(Into::into);
            let texts = RefundTexts { object: kept(read.object), parent: kept(read.parent), key: kept(read.key) };
            self.refunds.push_back(texts);
        }
        if kind.may_write()
            && let Some(email) = read.email.map(Address::of)
            && !read.intent.is_some_and(|header| shoppers.is_address_of(header, email))
        {
            self.addressed.push_back(Addressed { statement: read.id, email });
        }
        if let Some(parcel) = read.parcel {
            self.parcels.add(read.id, parcel, &mut self.skus);
        }
        match read.object.filter(|_| op.makes_object()) {
            Some(name) => self.take_object(read, provider, name, shoppers),
            None => self.take_loose(read, provider, op, shoppers),
        }
    }

    fn take_object(&mut self, read: &Read<'_>, provider: Provider, name: &str, shoppers: &mut Shoppers) {
        let own = OwnMarks::of(read, shoppers);
        self.is_weak |= !own.is_strong();
        let id = self.objects.meet(provider, name);
        let parent = match read.parent {
            Some(parent) if parent != name => Some(self.objects.place_under(id, provider, parent)),
            Some(_) => Some(id),
            None => None,
        };
        self.objects.mark(id, own);
        self.lines.push(read, Some(id), parent);
    }

    /// A row of the object that it belongs to, which may come later; without one it speaks for itself.
    fn take_loose(&mut self, read: &Read<'_>, provider: Provider, op: Op, shoppers: &mut Shoppers) {
        self.is_weak |= read.intent.is_none_or(|header| !matches!(shoppers.header(header), Header::Ours(_)));
        let parent = self.objects.find(provider, read.parent);
        if parent.is_none() {
            let quote = read.object.filter(|_| op == Op::Quote).map(|code| self.quotes.id(code)).into();
            self.awaited.extend(read.parent.map(|parent| (self.loose.len(), provider, parent.into())));
            let marks = OwnMarks::of(read, shoppers);
            self.loose.push(Loose { marks, quote, taxed_minor: read.taxed_minor.into(), object: Number::default() });
        }
        self.lines.push(read, parent, parent);
    }
}
