//! What the warehouse was told to send, and where to, against the orders.

use super::hash::QuickHasher;
use super::names::Names;
use super::queue::{Emptied, Queue};
use serde::Deserialize;
use std::borrow::Cow;
use std::hash::Hasher;
use std::iter::Peekable;

/// What a dispatch says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Detail<'a> {
    #[serde(borrow)]
    lines: Vec<DetailLine<'a>>,
    #[serde(borrow)]
    ship_to: Option<Address<'a>>,
}

#[derive(Debug, Deserialize)]
struct DetailLine<'a> {
    #[serde(borrow)]
    sku: Cow<'a, str>,
    quantity: i64,
}

/// The parts of an address that all books write alike.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Address<'a> {
    #[serde(borrow)]
    name: Option<Cow<'a, str>>,
    #[serde(borrow)]
    line1: Option<Cow<'a, str>>,
    #[serde(borrow)]
    city: Option<Cow<'a, str>>,
    #[serde(borrow)]
    postal_code: Option<Cow<'a, str>>,
    #[serde(borrow)]
    country: Option<Cow<'a, str>>,
}

/// Where something goes: a hash for each part of the address that is known, zero for the others. Who compares hashes may overlook one difference
/// in four thousand million, and never sees one that is not there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Destination([u32; 5]);

impl Destination {
    /// Nothing is known where the text is no address.
    pub(super) fn read(json: &str) -> Self {
        serde_json::from_str::<Address<'_>>(json).map(|address| Self::of(&address)).unwrap_or_default()
    }

    fn of(address: &Address<'_>) -> Self {
        let Address { name, line1, city, postal_code, country } = address;
        Self([name, line1, city, postal_code, country].map(|part| part.as_deref().map_or(0, hash)))
    }

    /// Whether a part that both know is another one.
    pub(super) fn differs(&self, other: &Self) -> bool {
        self.0.iter().zip(other.0).any(|(ours, theirs)| *ours != 0 && theirs != 0 && *ours != theirs)
    }
}

/// Never zero.
fn hash(text: &str) -> u32 {
    let mut hasher = QuickHasher::default();
    hasher.write(text.as_bytes());
    hasher.write_u32(text.len() as u32);
    let hash = hasher.finish();
    ((hash >> 32) as u32 ^ hash as u32).max(1)
}

/// Some pieces of an article.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pieces {
    /// Its number among the articles met.
    pub sku: u32,
    pub quantity: i64,
}

/// One message to the warehouse.
#[derive(Clone, Copy, Debug)]
struct Parcel {
    /// The row of the statement.
    statement: i64,
    lines: u32,
    to: Destination,
}

/// All messages, in the order of the statement.
#[derive(Debug, Default)]
pub(super) struct Parcels {
    all: Queue<Parcel>,
    lines: Queue<Pieces>,
}

/// Those that are still to be taken.
#[derive(Debug)]
pub(super) struct Waiting {
    all: Peekable<Emptied<Parcel>>,
    lines: Emptied<Pieces>,
}

impl Parcels {
    /// Adds what a row says; one that cannot be read says nothing.
    pub(super) fn add(&mut self, statement: i64, json: &str, skus: &mut Names) {
        let Ok(detail) = serde_json::from_str::<Detail<'_>>(json) else { return };
        let to = detail.ship_to.as_ref().map(Destination::of).unwrap_or_default();
        self.all.push(Parcel { statement, lines: detail.lines.len() as u32, to });
        for line in &detail.lines {
            self.lines.push(Pieces { sku: skus.id(&line.sku), quantity: line.quantity });
        }
    }

    /// Lines of all messages.
    pub(super) fn lines(&self) -> usize {
        self.lines.len()
    }

    pub(super) fn wait(self) -> Waiting {
        Waiting { all: self.all.into_iter().peekable(), lines: self.lines.into_iter() }
    }
}

impl Waiting {
    /// What the row says, and where it sends that; rows are asked for in their order.
    pub(super) fn take(&mut self, statement: i64, send: impl FnMut(Pieces)) -> Option<Destination> {
        while let Some(earlier) = self.all.next_if(|parcel| parcel.statement < statement) {
            self.lines.by_ref().take(earlier.lines as usize).for_each(drop);
        }
        let parcel = self.all.next_if(|parcel| parcel.statement == statement)?;
        self.lines.by_ref().take(parcel.lines as usize).for_each(send);
        Some(parcel.to)
    }
}

/// Of an article, what was sent and what was ordered, where that is not the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Difference {
    pub order: u32,
    pub sku: u32,
    pub sent: i64,
    pub ordered: i64,
}

/// What was sent of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Sent {
    order: u32,
    sku: u32,
    quantity: i64,
}

/// What was sent of all orders.
#[derive(Debug, Default)]
pub(super) struct AllSent {
    /// As it was sent, in order once all is.
    all: Vec<Sent>,
    /// How many of them were compared.
    compared: usize,
}

impl AllSent {
    pub(super) fn with_room(pieces: usize) -> Self {
        Self { all: Vec::with_capacity(pieces), compared: 0 }
    }

    pub(super) fn send(&mut self, order: u32, Pieces { sku, quantity }: Pieces) {
        self.all.push(Sent { order, sku, quantity });
    }

    /// All was sent; how many pieces of each order.
    pub(super) fn seal(&mut self, orders: usize) -> Vec<i64> {
        self.all.sort_unstable();
        let mut pieces = vec![0; orders];
        self.all.iter().for_each(|sent| pieces[sent.order as usize] += sent.quantity);
        pieces
    }

    /// Adds where what was sent is not what the order has; orders are asked for in their order, and those between that have
    /// nothing are left out.
    pub(super) fn compare(&mut self, order: u32, ordered: &[Pieces], differences: &mut Vec<Difference>) {
        let same = |one: &Sent, other: &Sent| one.order == other.order;
        while let Some(sent) = self.all[self.compared..].chunk_by(same).next()
            && sent[0].order <= order
        {
            let ordered = if sent[0].order == order { ordered } else { &[] };
            if sent.iter().map(|sent| sent.quantity).sum::<i64>() > 0 {
                differ(sent, ordered, differences);
            }
            self.compared += sent.len();
        }
    }
}

fn differ(sent: &[Sent], ordered: &[Pieces], differences: &mut Vec<Difference>) {
    let (order, from) = (sent[0].order, differences.len());
    let skus = sent.iter().map(|sent| sent.sku).chain(ordered.iter().map(|pieces| pieces.sku));
    for sku in skus {
        let sent = sent.iter().filter(|sent| sent.sku == sku).map(|sent| sent.quantity).sum();
        let ordered = ordered.iter().filter(|pieces| pieces.sku == sku).map(|pieces| pieces.quantity).sum();
        let difference = Difference { order, sku, sent, ordered };
        if sent != ordered && !differences[from..].contains(&difference) {
            differences.push(difference);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Compares articles of orders, each with its quantity.
    fn compared(sent: &[(u32, u32, i64)], ordered: &[(u32, u32, i64)], orders: u32) -> (Vec<Difference>, Vec<i64>) {
        let (mut all, mut differences) = (AllSent::default(), Vec::new());
        for (order, sku, quantity) in sent {
            all.send(*order, Pieces { sku: *sku, quantity: *quantity });
        }
        let pieces = all.seal(orders as usize);
        for own in ordered.chunk_by(|one, other| one.0 == other.0) {
            let lines: Vec<Pieces> =
                own.iter().map(|(_, sku, quantity)| Pieces { sku: *sku, quantity: *quantity }).collect();
            all.compare(own[0].0, &lines, &mut differences);
        }
        all.compare(orders, &[], &mut differences);
        (differences, pieces)
    }

    fn differences(of: &[(u32, u32, i64, i64)]) -> Vec<Difference> {
        of.iter()
            .map(|(order, sku, sent, ordered)| Difference { order: *order, sku: *sku, sent: *sent, ordered: *ordered })
            .collect()
    }

    #[test]
    fn parts_add_up() {
        let ordered = [(0, 7, 2), (0, 8, 1), (2, 7, 1), (3, 9, 4)];
        let sent = [(2, 7, 1), (0, 8, 1), (0, 7, 1), (0, 7, 1)];
        assert_eq!(compared(&sent, &ordered, 4), (vec![], vec![3, 0, 1, 0]));
    }

    #[test]
    fn too_much_too_little_and_something_else() {
        let ordered = [(0, 7, 2), (1, 7, 1), (1, 8, 1)];
        let sent = [(0, 7, 3), (1, 9, 1), (1, 7, 1)];
        let found = differences(&[(0, 7, 3, 2), (1, 9, 1, 0), (1, 8, 0, 1)]);
        assert_eq!(compared(&sent, &ordered, 2), (found, vec![3, 2]));
    }

    #[test]
    fn an_order_without_lines_had_nothing_to_send() {
        let found = differences(&[(0, 7, 1, 0), (2, 7, 2, 0)]);
        assert_eq!(compared(&[(2, 7, 2), (0, 7, 1), (1, 7, 1)], &[(1, 7, 1)], 3), (found, vec![1, 1, 2]));
    }

    #[test]
    fn an_address_differs_in_what_both_know() {
        let elm = Destination::read(r#"{"line1": "Elm 1", "city": "Bend", "region": "OR"}"#);
        assert!(!elm.differs(&Destination::read(r#"{"line1": "Elm 1", "country": "US"}"#)));
        assert!(elm.differs(&Destination::read(r#"{"line1": "Elm 2", "city": "Bend"}"#)));
        assert_eq!(Destination::read("7"), Destination::default());
    }

    #[test]
    fn messages_are_taken_in_their_order() {
        let (mut parcels, mut skus) = (Parcels::default(), Names::default());
        parcels.add(3, r#"{"lines": [{"sku": "MUG", "quantity": 2}, {"sku": "CUP", "quantity": 1}]}"#, &mut skus);
        parcels.add(5, "{}", &mut skus);
        parcels.add(6, "not json", &mut skus);
        parcels.add(8, r#"{"lines": [{"sku": "CUP", "quantity": 1, "note": "é"}]}"#, &mut skus);
        let mut waiting = parcels.wait();
        let mut taken = |row| {
            let mut lines = Vec::new();
            waiting.take(row, |pieces| lines.push((pieces.sku, pieces.quantity))).map(|_| lines)
        };
        let rows = [1, 4, 5, 6, 8].map(&mut taken);
        assert_eq!(rows, [None, None, Some(vec![]), None, Some(vec![(1, 1)])]);
    }
}
