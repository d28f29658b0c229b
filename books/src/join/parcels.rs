//! What the warehouse was told to send, and where to, against the orders.

use super::hash::QuickHasher;
use super::names::Names;
use serde::Deserialize;
use std::borrow::Cow;
use std::hash::Hasher;

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

/// Where something goes: a hash for each part of the address that is known. Who compares hashes may overlook one difference
/// in four thousand million, and never sees one that is not there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Destination([u32; 5]);

impl Destination {
    /// None where the text is no address.
    pub(super) fn read(json: &str) -> Option<Self> {
        serde_json::from_str::<Address<'_>>(json).ok().map(|address| Self::of(&address))
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
    /// Where its lines begin; they end where those of the next one begin.
    lines_from: u32,
    to: Option<Destination>,
}

/// All messages, in the order of the statement.
#[derive(Debug, Default)]
pub(super) struct Parcels {
    all: Vec<Parcel>,
    lines: Vec<Pieces>,
    /// How many of them were taken.
    taken: usize,
}

impl Parcels {
    /// Adds what a row says; one that cannot be read says nothing.
    pub(super) fn add(&mut self, statement: i64, json: &str, skus: &mut Names) {
        let Ok(detail) = serde_json::from_str::<Detail<'_>>(json) else { return };
        let to = detail.ship_to.as_ref().map(Destination::of);
        self.all.push(Parcel { statement, lines_from: self.lines.len() as u32, to });
        let lines = detail.lines.iter();
        self.lines.extend(lines.map(|line| Pieces { sku: skus.id(&line.sku), quantity: line.quantity }));
    }

    /// What the row says; rows are asked for in their order.
    pub(super) fn take(&mut self, statement: i64) -> Option<(&[Pieces], Option<Destination>)> {
        while self.all.get(self.taken).is_some_and(|parcel| parcel.statement < statement) {
            self.taken += 1;
        }
        let parcel = self.all.get(self.taken).filter(|parcel| parcel.statement == statement)?;
        self.taken += 1;
        let to = self.all.get(self.taken).map_or(self.lines.len(), |next| next.lines_from as usize);
        Some((&self.lines[parcel.lines_from as usize..to], parcel.to))
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

/// Articles of orders, as they come.
pub(super) type OfOrders = Vec<(u32, Pieces)>;

/// Compares what was sent with what was ordered, for each order of which something was sent; `ordered` is in the order of the
/// orders. Beside the differences, how many pieces were sent of each order.
pub(super) fn compare(mut sent: OfOrders, ordered: &OfOrders, orders: usize) -> (Vec<Difference>, Vec<i64>) {
    sent.sort_unstable_by_key(|(order, pieces)| (*order, pieces.sku));
    let (mut differences, mut pieces_sent) = (Vec::new(), vec![0; orders]);
    let mut rest = &ordered[..];
    for sent in sent.chunk_by(|(one, _), (other, _)| one == other) {
        let order = sent[0].0;
        rest = &rest[rest.partition_point(|(earlier, _)| *earlier < order)..];
        let own = &rest[..rest.partition_point(|(later, _)| *later <= order)];
        pieces_sent[order as usize] = sent.iter().map(|(_, pieces)| pieces.quantity).sum();
        if pieces_sent[order as usize] > 0 {
            differ(order, sent, own, &mut differences);
        }
    }
    (differences, pieces_sent)
}

fn differ(order: u32, sent: &[(u32, Pieces)], ordered: &[(u32, Pieces)], differences: &mut Vec<Difference>) {
    let sum = |of: &[(u32, Pieces)], sku: u32| -> i64 {
        of.iter().filter(|(_, pieces)| pieces.sku == sku).map(|(_, pieces)| pieces.quantity).sum()
    };
    let from = differences.len();
    for (_, Pieces { sku, .. }) in sent.iter().chain(ordered) {
        let difference = Difference { order, sku: *sku, sent: sum(sent, *sku), ordered: sum(ordered, *sku) };
        if difference.sent != difference.ordered && !differences[from..].contains(&difference) {
            differences.push(difference);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(lines: &[(u32, u32, i64)]) -> OfOrders {
        lines.iter().map(|(order, sku, quantity)| (*order, Pieces { sku: *sku, quantity: *quantity })).collect()
    }

    #[test]
    fn parts_add_up() {
        let ordered = of(&[(0, 7, 2), (0, 8, 1), (2, 7, 1), (3, 9, 4)]);
        let sent = of(&[(2, 7, 1), (0, 8, 1), (0, 7, 1), (0, 7, 1)]);
        assert_eq!(compare(sent, &ordered, 4), (vec![], vec![3, 0, 1, 0]));
    }

    #[test]
    fn too_much_too_little_and_something_else() {
        let ordered = of(&[(0, 7, 2), (1, 7, 1), (1, 8, 1)]);
        let sent = of(&[(0, 7, 3), (1, 9, 1), (1, 7, 1)]);
        let differences = [(0, 7, 3, 2), (1, 9, 1, 0), (1, 8, 0, 1)];
        let differences = differences.map(|(order, sku, sent, ordered)| Difference { order, sku, sent, ordered });
        assert_eq!(compare(sent, &ordered, 2), (differences.to_vec(), vec![3, 2]));
    }

    #[test]
    fn an_address_differs_in_what_both_know() {
        let read = |json: &str| Destination::read(json).expect("an address");
        let elm = read(r#"{"line1": "Elm 1", "city": "Bend", "region": "OR"}"#);
        assert!(!elm.differs(&read(r#"{"line1": "Elm 1", "country": "US"}"#)));
        assert!(elm.differs(&read(r#"{"line1": "Elm 2", "city": "Bend"}"#)));
        assert!(Destination::read("7").is_none());
    }

    #[test]
    fn messages_are_taken_in_their_order() {
        let (mut parcels, mut skus) = (Parcels::default(), Names::default());
        parcels.add(3, r#"{"lines": [{"sku": "MUG", "quantity": 2}, {"sku": "CUP", "quantity": 1}]}"#, &mut skus);
        parcels.add(5, "{}", &mut skus);
        parcels.add(6, "not json", &mut skus);
        parcels.add(8, r#"{"lines": [{"sku": "CUP", "quantity": 1, "note": "é"}]}"#, &mut skus);
        let mut taken = |row| parcels.take(row).map(|(lines, to)| (lines.len(), to));
        assert_eq!([1, 3, 5, 6, 8].map(&mut taken), [None, Some((2, None)), Some((0, None)), None, Some((1, None))]);
    }
}
