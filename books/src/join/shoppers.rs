//! The intents that the shopper's book knows, and the marks by which other books may name them.

use super::fit::Fits;
use super::hash::QuickHasher;
use super::maybe::{Currencies, CurrencyId, Whole};
use super::names::Names;
use super::stream;
use rusqlite::Connection;
use std::borrow::Cow;
use std::collections::HashSet;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::num::NonZeroU32;

/// One intent and what its shopper met.
#[derive(Debug, Default)]
pub(super) struct Intent {
    pub arrival: Whole,
    pub purchase: Whole,
    pub currency: Option<CurrencyId>,
    pub shown_total_minor: Whole,
    pub email: Address,
    pub cancel: Cancel,
    pub submits: u32,
    pub submits_unanswered: u32,
    pub told_pending: u32,
    pub has_edited: bool,
    /// The last one of [`Shoppers::told`] that is its.
    last_told: Option<NonZeroU32>,
}

/// An e-mail address: a hash of it, in whichever case it is written. Who compares hashes may overlook one difference in four
/// thousand million, and never sees one that is not there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Address(u32);

impl Address {
    pub(super) fn of(email: &str) -> Self {
        let mut hasher = QuickHasher::default();
        let mut bytes = [0; 64];
        for part in email.as_bytes().chunks(bytes.len()) {
            let lower = &mut bytes[..part.len()];
            lower.copy_from_slice(part);
            lower.make_ascii_lowercase();
            hasher.write(lower);
        }
        let hash = hasher.finish();
        Self(((hash >> 32) as u32 ^ hash as u32).max(1))
    }

    /// Whether there is one.
    pub(super) const fn is_known(self) -> bool {
        self.0 != 0
    }
}

/// What came of a wish to cancel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Cancel {
    #[default]
    NotAsked,
    Asked,
    Confirmed,
}

impl Cancel {
    fn named(name: &str) -> Self {
        match name {
            "asked" => Self::Asked,
            "confirmed" => Self::Confirmed,
            _ => Self::NotAsked,
        }
    }

    /// The number in the derived tables; the views have the words.
    pub(super) const fn code(self) -> u8 {
        match self {
            Self::NotAsked => 0,
            Self::Asked => 1,
            Self::Confirmed => 2,
        }
    }
}

/// An order of which answers told an intent.
#[derive(Debug)]
pub(super) struct Told {
    pub intent: u32,
    /// Among [`Shoppers::numbers`].
    pub number: u32,
    /// The least total told with a yes, and the largest one.
    pub totals_minor: (Whole, Whole),
    /// The one before it of the same intent: its place, from 1.
    before: Option<NonZeroU32>,
}

/// All intents.
#[derive(Debug)]
pub(super) struct Shoppers {
    run: Box<str>,
    arrivals: i64,
    pub intents: Vec<Intent>,
    /// By the number of the intent.
    names: Names,
    /// The last header and what it says: rows of one request stand together.
    last: (Box<str>, u32),
    pub currencies: Currencies,
    /// Numbers of orders and names of carts, as any book writes them.
    pub numbers: Names,
    pub by_number: Fits,
    /// In lower case.
    pub emails: Names,
    pub by_email: Fits,
    has_emails: bool,
    /// Orders that answers told of.
    pub told: Vec<Told>,
    /// Orders that a shopper was told to be paid; by number where the shopper learnt it.
    pub acknowledged: Vec<(u32, Option<u32>)>,
    /// Idempotency keys of which more than one attempt was met.
    pub repeated_keys: HashSet<Box<str>>,
}

/// What a header says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Header<'a> {
    /// An intent of this run.
    Ours(u32),
    /// An intent of that run.
    OtherRun(&'a str),
    /// No mark of any run, or one of this run that no shopper had.
    Stranger,
}

impl Shoppers {
    pub(super) fn read(conn: &Connection) -> rusqlite::Result<Self> {
        let run: String = conn.query_row("SELECT run FROM run", [], |row| row.get(0))?;
        let arrivals = conn.query_row("SELECT coalesce(max(number) + 1, 0) FROM arrival", [], |row| row.get(0))?;
        let mut shoppers = Self {
            run: run.into(),
            arrivals,
            intents: Vec::new(),
            names: Names::default(),
            last: (Box::default(), 0),
            currencies: Currencies::default(),
            numbers: Names::default(),
            by_number: Fits::default(),
            emails: Names::default(),
            by_email: Fits::default(),
            has_emails: false,
            told: Vec::new(),
            acknowledged: Vec::new(),
            repeated_keys: HashSet::new(),
        };
        shoppers.read_purchases(conn)?;
        shoppers.read_attempts(conn)?;
        shoppers.forget_nameless();
        Ok(shoppers)
    }

    /// Reads, once, by which addresses intents may be named; nobody asks where every row of every book has a header.
    pub(super) fn need_emails(&mut self, conn: &Connection) -> rusqlite::Result<()> {
        if std::mem::replace(&mut self.has_emails, true) {
            return Ok(());
        }
        let mut select = conn.prepare("SELECT intent, email FROM purchase WHERE email <> '' ORDER BY id")?;
        let mut rows = select.query([])?;
        while let Some(row) = rows.next()? {
            let id = self.intent(row.get_ref(0)?.as_str()?);
            let email = self.email(row.get_ref(1)?.as_str()?);
            self.by_email.add(email, id);
        }
        Ok(())
    }

    /// The name of an intent.
    pub(super) fn name(&self, intent: u32) -> &str {
        self.names.get(intent)
    }

    /// The number of an order's number, or of a cart's name.
    pub(super) fn number(&mut self, number: &str) -> u32 {
        self.numbers.id(number)
    }

    /// The number of an address, in whichever case it is written.
    pub(super) fn email(&mut self, email: &str) -> u32 {
        let small = email.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase());
        let email = if small { Cow::Borrowed(email) } else { Cow::Owned(email.to_lowercase()) };
        self.emails.id(&email)
    }

    pub(super) fn currency(&mut self, code: Option<&str>) -> Option<CurrencyId> {
        code.map(|code| self.currencies.id(code))
    }

    pub(super) fn run(&self) -> &str {
        &self.run
    }

    fn read_purchases(&mut self, conn: &Connection) -> rusqlite::Result<()> {
        let select =
            "SELECT id, intent, arrival, currency, order_number, outcome, shown_total_minor, email, cancel FROM purchase
             ORDER BY id";
        stream::each(conn, select, |row| {
            let id = self.intent(row.known_text(1)?);
            let currency = self.currency(row.text(3)?);
            let intent = &mut self.intents[id as usize];
            intent.purchase = row.number(0)?.into();
            intent.arrival = row.number(2)?.into();
            intent.currency = currency;
            intent.shown_total_minor = row.number(6)?.into();
            intent.email = row.text(7)?.filter(|email| !email.is_empty()).map(Address::of).unwrap_or_default();
            intent.cancel = row.text(8)?.map(Cancel::named).unwrap_or_default();
            let number = row.text(4)?.map(|number| self.numbers.id(number));
            if let Some(number) = number {
                self.by_number.add(number, id);
            }
            if row.known_text(5)? == "confirmed" {
                self.acknowledged.push((id, number));
            }
            Ok(())
        })
    }

    fn read_attempts(&mut self, conn: &Connection) -> rusqlite::Result<()> {
        let select =
            "SELECT intent, arrival, kind, sent_us IS NOT NULL, reading, order_number, key, total_minor FROM attempt";
        // Keys by their hashes alone: two that share one are looked at again by the law, and nothing is lost.
        let (hasher, mut keys) = (RandomState::new(), HashSet::new());
        stream::each(conn, select, |row| {
            if let Some(key) = row.text(6)?
                && !keys.insert(hasher.hash_one(key))
            {
                self.repeated_keys.insert(key.into());
            }
            let Some(name) = row.text(0)? else { return Ok(()) };
            let id = self.intent(name);
            let intent = &mut self.intents[id as usize];
            intent.arrival = row.number(1)?.into();
            let (kind, sent, reading) = (row.known_text(2)?, row.flag(3)?, row.known_text(4)?);
            if kind == "submit" && sent {
                intent.submits += 1;
                intent.submits_unanswered += u32::from(reading == "unanswered");
            }
            intent.told_pending += u32::from(reading == "pending");
            intent.has_edited |= kind == "edit";
            // Who asks for money back names an order themselves; nobody told them of it.
            if let Some(number) = row.text(5)?.filter(|_| kind != "refund") {
                let number = self.numbers.id(number);
                self.by_number.add(number, id);
                let total_minor = row.number(7)?.filter(|_| reading == "ok");
                self.tell(id, number, total_minor);
                if reading == "ok" && matches!(kind, "submit" | "second_card" | "return" | "settle" | "look") {
                    self.acknowledged.push((id, Some(number)));
                }
            }
            Ok(())
        })
    }

    fn tell(&mut self, intent: u32, number: u32, total_minor: Option<i64>) {
        let last = &mut self.intents[intent as usize].last_told;
        let mut place = *last;
        while let Some(told) = place.map(|place| &self.told[place.get() as usize - 1])
            && told.number != number
        {
            place = told.before;
        }
        let told = if let Some(place) = place {
            &mut self.told[place.get() as usize - 1]
        } else {
            self.told.push(Told { intent, number, totals_minor: <_>::default(), before: *last });
            *last = NonZeroU32::new(self.told.len() as u32);
            self.told.last_mut().expect("it was just pushed")
        };
        if let Some(total) = total_minor {
            let (least, most) = told.totals_minor;
            let least = least.get().map_or(total, |least| least.min(total));
            let most = most.get().map_or(total, |most| most.max(total));
            told.totals_minor = (Some(least).into(), Some(most).into());
        }
    }

    /// Each once; a confirmation without a number says nothing beside one with a number.
    fn forget_nameless(&mut self) {
        self.acknowledged.sort_unstable();
        self.acknowledged.dedup();
        let next_of: Vec<u32> = self.acknowledged.iter().skip(1).map(|(id, _)| *id).chain([u32::MAX]).collect();
        let mut next_of = next_of.into_iter();
        self.acknowledged.retain(|(id, number)| {
            let next = next_of.next();
            number.is_some() || next != Some(*id)
        });
    }

    /// The intent of that name; a new one when the book did not know it.
    fn intent(&mut self, name: &str) -> u32 {
        let id = self.names.id(name);
        if id as usize == self.intents.len() {
            let arrival = mark_parts(name).map(|(_, arrival)| arrival).into();
            self.intents.push(Intent { arrival, ..Intent::default() });
        }
        id
    }

    /// Takes note of a header: an arrival of the plan whose rows were lost with the harness is an intent all the same.
    pub(super) fn meet(&mut self, header: &str) {
        if *self.last.0 == *header {
            return;
        }
        if let Some(id) = self.names.find(header) {
            self.last = (header.into(), id);
        } else if let Some((run, arrival)) = mark_parts(header)
            && run == &*self.run
            && (0..self.arrivals).contains(&arrival)
        {
            self.last = (header.into(), self.intent(header));
        }
    }

    /// Reads a header that was met before.
    pub(super) fn header<'a>(&self, header: &'a str) -> Header<'a> {
        if *self.last.0 == *header && !self.last.0.is_empty() {
            return Header::Ours(self.last.1);
        }
        if let Some(id) = self.names.find(header) {
            return Header::Ours(id);
        }
        match mark_parts(header) {
            Some((run, _)) if run != &*self.run => Header::OtherRun(run),
            Some(_) | None => Header::Stranger,
        }
    }

    /// Whether a header is of an intent that has that address.
    pub(super) fn is_address_of(&self, header: &str, email: Address) -> bool {
        match self.header(header) {
            Header::Ours(id) => self.intents[id as usize].email == email,
            Header::OtherRun(_) | Header::Stranger => false,
        }
    }

    /// Forgets how to find by their names what other books name: all is a number from now on.
    pub(super) fn only_numbers(&mut self) {
        self.names.only_texts();
        self.numbers.only_texts();
        self.emails.only_texts();
    }

    /// Forgets what only the rows of other books ask for.
    pub(super) fn only_names(&mut self) {
        self.by_email = Fits::default();
        self.by_number = Fits::default();
    }
}

/// Run and arrival of `RUN.ARRIVAL.ORDINAL`.
fn mark_parts(mark: &str) -> Option<(&str, i64)> {
    let mut parts = mark.rsplitn(3, '.');
    let ordinal = parts.next()?;
    let arrival = parts.next()?;
    let run = parts.next()?;
    ordinal.parse::<u32>().ok()?;
    Some((run, arrival.parse().ok()?))
}
