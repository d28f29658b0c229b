//! The intents that the shopper's book knows, and the marks by which other books may name them.

use super::fit::Fits;
use super::hash::QuickMap;
use rusqlite::Connection;
use std::collections::BTreeSet;

/// One intent and what its shopper met.
#[derive(Debug, Default)]
pub(super) struct Intent {
    pub name: Box<str>,
    pub arrival: Option<i64>,
    pub purchase: Option<i64>,
    pub currency: Option<Box<str>>,
    pub submits: u32,
    pub submits_unanswered: u32,
    pub told_pending: u32,
}

/// All intents.
#[derive(Debug)]
pub(super) struct Shoppers {
    run: Box<str>,
    arrivals: i64,
    pub intents: Vec<Intent>,
    by_name: QuickMap<Box<str>, u32>,
    pub by_number: Fits,
    pub by_email: Fits,
    /// Orders that a shopper was told to be paid; by number where the shopper learnt it.
    pub acknowledged: BTreeSet<(u32, Option<Box<str>>)>,
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
            by_name: QuickMap::default(),
            by_number: Fits::default(),
            by_email: Fits::default(),
            acknowledged: BTreeSet::new(),
        };
        shoppers.read_purchases(conn)?;
        shoppers.read_attempts(conn)?;
        shoppers.forget_nameless();
        Ok(shoppers)
    }

    pub(super) fn run(&self) -> &str {
        &self.run
    }

    fn read_purchases(&mut self, conn: &Connection) -> rusqlite::Result<()> {
        let mut select = conn.prepare(
            "SELECT id, intent, arrival, email, currency, order_number, outcome FROM purchase ORDER BY intent, id",
        )?;
        let mut rows = select.query([])?;
        while let Some(row) = rows.next()? {
            let id = self.intent(row.get_ref(1)?.as_str()?);
            let intent = &mut self.intents[id as usize];
            intent.purchase = Some(row.get(0)?);
            intent.arrival = Some(row.get(2)?);
            intent.currency = row.get_ref(4)?.as_str_or_null()?.map(Into::into);
            let email = row.get_ref(3)?.as_str()?;
            if !email.is_empty() {
                self.by_email.add(&email.to_lowercase(), id);
            }
            let number = row.get_ref(5)?.as_str_or_null()?;
            if let Some(number) = number {
                self.by_number.add(number, id);
            }
            if row.get_ref(6)?.as_str()? == "confirmed" {
                self.acknowledged.insert((id, number.map(Into::into)));
            }
        }
        Ok(())
    }

    fn read_attempts(&mut self, conn: &Connection) -> rusqlite::Result<()> {
        let mut select = conn.prepare(
            "SELECT intent, arrival, kind, sent_us IS NOT NULL, reading, order_number FROM attempt WHERE intent IS NOT NULL",
        )?;
        let mut rows = select.query([])?;
        while let Some(row) = rows.next()? {
            let id = self.intent(row.get_ref(0)?.as_str()?);
            let intent = &mut self.intents[id as usize];
            intent.arrival = Some(row.get(1)?);
            let kind = row.get_ref(2)?.as_str()?;
            let sent: bool = row.get(3)?;
            let reading = row.get_ref(4)?.as_str()?;
            if kind == "submit" && sent {
                intent.submits += 1;
                intent.submits_unanswered += u32::from(reading == "unanswered");
            }
            intent.told_pending += u32::from(reading == "pending");
            if let Some(number) = row.get_ref(5)?.as_str_or_null()? {
                self.by_number.add(number, id);
                if reading == "ok" && matches!(kind, "submit" | "second_card" | "return" | "settle" | "look") {
                    self.acknowledged.insert((id, Some(number.into())));
                }
            }
        }
        Ok(())
    }

    /// A confirmation without a number says nothing beside one with a number.
    fn forget_nameless(&mut self) {
        let named: BTreeSet<u32> =
            self.acknowledged.iter().filter(|(_, number)| number.is_some()).map(|it| it.0).collect();
        self.acknowledged.retain(|(id, number)| number.is_some() || !named.contains(id));
    }

    /// The intent of that name; a new one when the book did not know it.
    fn intent(&mut self, name: &str) -> u32 {
        if let Some(id) = self.by_name.get(name) {
            return *id;
        }
        let id = self.intents.len() as u32;
        self.by_name.insert(name.into(), id);
        let arrival = mark_parts(name).map(|(_, arrival)| arrival);
        self.intents.push(Intent { name: name.into(), arrival, ..Intent::default() });
        id
    }

    /// Takes note of a header: an arrival of the plan whose rows were lost with the harness is an intent all the same.
    pub(super) fn meet(&mut self, header: &str) {
        if !self.by_name.contains_key(header)
            && let Some((run, arrival)) = mark_parts(header)
            && run == &*self.run
            && (0..self.arrivals).contains(&arrival)
        {
            self.intent(header);
        }
    }

    /// Reads a header that was met before.
    pub(super) fn header<'a>(&self, header: &'a str) -> Header<'a> {
        if let Some(id) = self.by_name.get(header) {
            return Header::Ours(*id);
        }
        match mark_parts(header) {
            Some((run, _)) if run != &*self.run => Header::OtherRun(run),
            Some(_) | None => Header::Stranger,
        }
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
