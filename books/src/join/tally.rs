//! One pass over the statement: joins each row and adds up what it did.

use super::attribute::{Books, Reference};
use super::charges::Charges;
use super::fit::Attribution;
use super::hash::QuickMap;
use super::lines::{self, Line, Part};
use super::objects::{Objects, OwnMarks};
use super::orders::Orders;
use super::places::{Kind, Place, Places};
use super::purse::Purse;
use super::shoppers::Shoppers;
use rusqlite::{CachedStatement, Connection, params};
use std::collections::{BTreeMap, BTreeSet};

/// What the statement says about an intent.
#[derive(Clone, Debug, Default)]
pub(super) struct Money {
    pub captures: u32,
    pub captured_minor: i64,
    pub refunded_minor: i64,
    pub peak_minor: i64,
    doubled_minor: i64,
    pub answers_lost: u32,
    pub replays: u32,
    pub payment_faults: u32,
    pub tax_faults: u32,
    pub warehouse_faults: u32,
    /// Its number among the currencies met.
    pub currency: Option<u32>,
}

impl Money {
    fn capture(&mut self, amount: i64, line: &Line<'_>, currency: Option<u32>) {
        self.captures += 1;
        self.captured_minor += amount;
        // What the provider doubled by itself is the shop's to give back; having taken it is not its doing.
        self.doubled_minor += if line.is_doubled_by_provider() { amount } else { 0 };
        self.peak_minor = self.peak_minor.max(self.captured_minor - self.doubled_minor - self.refunded_minor);
        self.currency = self.currency.or(currency);
    }
}

/// A tax document or a dispatch.
#[derive(Debug)]
pub(super) struct Paper {
    pub object: u32,
    pub state: PaperState,
    pub amount_minor: Option<i64>,
    /// Its number among the currencies met.
    pub currency: Option<u32>,
    /// The first row that tells of it.
    pub statement: i64,
    /// What its order held when it was sent: captured less given back; none where nothing was sent.
    pub held_minor: Option<i64>,
    pub redeliveries: u32,
    pub faults: u32,
}

/// What became of a tax document; a dispatch stays saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PaperState {
    Saved,
    Committed,
    Voided,
}

/// The sums.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// By intent.
    pub money: Vec<Money>,
    pub charges: Charges,
    pub documents: Vec<Paper>,
    pub dispatches: Vec<Paper>,
    pub places: Places,
    /// By order.
    pub purses: Vec<Purse>,
    /// Rows of other runs.
    pub set_aside: BTreeMap<Box<str>, u64>,
    document_of: QuickMap<u32, u32>,
    dispatch_of: QuickMap<u32, u32>,
}

/// The books and the statements that write what was found.
struct Pass<'a> {
    shoppers: &'a mut Shoppers,
    objects: &'a Objects,
    orders: &'a Orders,
    tally: Tally,
    /// Rows read so far.
    row: usize,
    join: CachedStatement<'a>,
    bitten: CachedStatement<'a>,
    refund: CachedStatement<'a>,
    settled_refund: CachedStatement<'a>,
    /// Refunds met so far.
    refunds: BTreeSet<u32>,
    quote: CachedStatement<'a>,
}

impl Tally {
    pub(super) fn read(
        conn: &Connection,
        shoppers: &mut Shoppers,
        objects: &Objects,
        orders: &Orders,
    ) -> rusqlite::Result<Self> {
        if objects.weak {
            shoppers.need_emails(conn)?;
        }
        let money = vec![Money::default(); shoppers.intents.len()];
        let purses = vec![Purse::default(); orders.all.len()];
        let mut pass = Pass {
            shoppers,
            objects,
            orders,
            tally: Self { money, purses, places: Places::new(objects.len()), ..Self::default() },
            row: 0,
            join: conn.prepare_cached("INSERT INTO statement_join VALUES (?1, ?2, ?3, ?4, ?5)")?,
            bitten: conn.prepare_cached("INSERT INTO bitten VALUES (?1)")?,
            refund: conn.prepare_cached(
                "INSERT INTO refund (statement, refund, charge, payment, intent, order_seq, amount_minor, currency, state, key,
                     fault, answer)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
            )?,
            settled_refund: conn.prepare_cached("UPDATE refund SET state = ?1 WHERE refund = ?2")?,
            refunds: BTreeSet::new(),
            quote: conn.prepare_cached("INSERT INTO tax_quote VALUES (?1, ?2)")?,
        };
        lines::each(conn, Part::Whole, |line| pass.take(line))?;
        Ok(pass.tally)
    }

    fn money_of(&mut self, intent: Option<u32>) -> Option<&mut Money> {
        self.money.get_mut(intent? as usize)
    }
}

impl Pass<'_> {
    fn take(&mut self, line: &Line<'_>) -> rusqlite::Result<()> {
        let object = self.objects.of(self.row, line);
        self.row += 1;
        let (place, aside) = self.place(line, object);
        if place.kind() == Kind::SetAside {
            *self.tally.set_aside.entry(aside.unwrap_or_default()).or_default() += 1;
            return Ok(());
        }
        let intent = place.intent();
        let order_seq = place.order().map(|index| self.orders.all[index as usize].seq);
        self.join.execute(params![line.id, intent, order_seq, place.kind().code(), place.mark_code()])?;
        if line.fault.is_some() {
            self.bitten.execute([line.id])?;
        }
        self.count_faults(line, &place);
        if let Some(order) = place.order() {
            self.tally.purses[order as usize].take(line);
        }
        match (line.provider, object) {
            ("payment" | "backup_payment", Some(object)) => {
                if line.op == "refund" && !line.replayed && line.object.is_some() && !self.refunds.insert(object) {
                    // What was pending is settled: the same refund, told once more.
                    self.settle_refund(line)?;
                    return Ok(());
                }
                self.pay(line, object, intent);
                if line.op == "refund" && !line.replayed {
                    self.note_refund(line, object, intent, order_seq)?;
                }
            }
            ("tax", Some(object)) => self.file(line, object),
            ("tax", None) if line.op == "quote" => self.note_quote(line, intent)?,
            ("warehouse", Some(object)) => self.dispatch(line, object, &place),
            _ => {}
        }
        Ok(())
    }

    /// A row's own header says whose it is; otherwise its object does; a row without an object speaks for itself.
    /// Beside it the run that a row set aside is of.
    fn place(&mut self, line: &Line<'_>, object: Option<u32>) -> (Place, Option<Box<str>>) {
        let Some(object) = object else {
            let own = OwnMarks::of(line, self.shoppers);
            let books = Books { shoppers: self.shoppers, orders: self.orders };
            let reference = match (line.op, line.object) {
                ("quote", Some(code)) => Reference::Quote(code),
                _ => Reference::Nothing,
            };
            let attribution = books.attribute(own.marks(), reference);
            let order = books.order(own.marks(), reference, attribution.intent());
            let place = Place::new(&attribution, order);
            return (place, if let Attribution::SetAside(run) = attribution { run } else { None });
        };
        let root = self.objects.root(object);
        let place = self.tally.places.get(root).unwrap_or_else(|| {
            let books = Books { shoppers: self.shoppers, orders: self.orders };
            let reference = match line.provider {
                "payment" | "backup_payment" | "tax" => Reference::Object(root),
                _ => Reference::Nothing,
            };
            let marks = self.objects.marks(root);
            let attribution = books.attribute(marks, reference);
            let order = books.order(marks, reference, attribution.intent());
            self.tally.places.set(root, attribution, order)
        });
        let aside = if place.kind() == Kind::SetAside { self.tally.places.run(root).map(Into::into) } else { None };
        (place, aside)
    }

    fn count_faults(&mut self, line: &Line<'_>, place: &Place) {
        if line.fault.is_none() {
            return;
        }
        if let Some(money) = self.tally.money_of(place.intent()) {
            match line.provider {
                "payment" | "backup_payment" => money.payment_faults += 1,
                "tax" => money.tax_faults += 1,
                "warehouse" => money.warehouse_faults += 1,
                _ => {}
            }
        }
    }

    fn pay(&mut self, line: &Line<'_>, object: u32, intent: Option<u32>) {
        if line.op == "replay" || line.replayed {
            if let Some(money) = self.tally.money_of(intent) {
                money.replays += 1;
            }
            return;
        }
        let parent = self.objects.find(line.provider, line.parent);
        let root = self.objects.root(object);
        let currency = self.shoppers.currency(line.currency);
        self.tally.charges.take(line, object, parent, root, currency);
        let Some(money) = self.tally.money_of(intent) else { return };
        let amount = line.amount_minor.unwrap_or(0);
        match line.op {
            "authorise" | "capture" if line.took_effect() => {
                money.answers_lost += u32::from(line.answer_lost());
                if line.op == "capture" {
                    money.capture(amount, line, currency);
                }
            }
            "refund" if line.took_effect() => money.refunded_minor += amount,
            "refund_failed" => money.refunded_minor -= amount,
            // A dispute that is lost gives the customer everything back.
            "dispute" if line.state == Some("lost") => money.refunded_minor += amount,
            _ => {}
        }
    }

    fn settle_refund(&mut self, line: &Line<'_>) -> rusqlite::Result<()> {
        self.settled_refund.execute(params![line.state, line.object]).map(drop)
    }

    fn note_refund(
        &mut self,
        line: &Line<'_>,
        object: u32,
        intent: Option<u32>,
        order_seq: Option<i64>,
    ) -> rusqlite::Result<()> {
        let payment = self.objects.name(self.objects.root(object));
        self.refund.execute(params![
            line.id,
            line.object,
            line.parent,
            payment,
            intent,
            order_seq,
            line.amount_minor.unwrap_or(0),
            line.currency,
            line.state,
            line.key,
            line.fault,
            line.answer
        ])?;
        Ok(())
    }

    /// A quote bears out the tax of orders that name it, and of its intent's orders that name none.
    fn note_quote(&mut self, line: &Line<'_>, intent: Option<u32>) -> rusqlite::Result<()> {
        self.quote.execute(params![line.id, intent])?;
        let naming = line.object.map_or(&[][..], |code| self.orders.of_quote(code));
        let nameless = intent.map_or(&[][..], |intent| self.orders.of_intent(intent)).iter();
        let nameless = nameless.filter(|index| !self.orders.all[**index as usize].names_quote);
        for index in naming.iter().chain(nameless) {
            let tax_minor = self.orders.all[*index as usize].tax_minor;
            self.tally.purses[*index as usize].is_quoted |= tax_minor.is_some() && tax_minor == line.amount_minor;
        }
        Ok(())
    }

    fn file(&mut self, line: &Line<'_>, object: u32) {
        if !matches!(line.op, "document" | "commit" | "void") {
            return;
        }
        let currency = self.shoppers.currency(line.currency);
        let paper = paper(&mut self.tally.documents, &mut self.tally.document_of, object, line);
        paper.faults += u32::from(line.fault.is_some());
        if !line.took_effect() {
            return;
        }
        match (line.op, line.state) {
            ("document", state) => {
                paper.state = if state == Some("committed") { PaperState::Committed } else { PaperState::Saved };
                paper.amount_minor = line.amount_minor;
                paper.currency = currency;
            }
            ("commit", _) => paper.state = PaperState::Committed,
            _ => paper.state = PaperState::Voided,
        }
    }

    fn dispatch(&mut self, line: &Line<'_>, object: u32, place: &Place) {
        if !matches!(line.op, "dispatch" | "redelivery") {
            return;
        }
        let held_minor = place.order().map_or(0, |order| self.tally.purses[order as usize].held_minor);
        let paper = paper(&mut self.tally.dispatches, &mut self.tally.dispatch_of, object, line);
        paper.faults += u32::from(line.fault.is_some());
        paper.redeliveries += u32::from(line.op == "redelivery");
        if line.op == "dispatch" && !line.replayed {
            // The least that it was ever sent for.
            paper.held_minor = Some(paper.held_minor.map_or(held_minor, |known| known.min(held_minor)));
        }
    }
}

fn paper<'a>(all: &'a mut Vec<Paper>, of: &mut QuickMap<u32, u32>, object: u32, line: &Line<'_>) -> &'a mut Paper {
    let index = *of.entry(object).or_insert_with(|| {
        all.push(Paper {
            object,
            state: PaperState::Saved,
            amount_minor: None,
            currency: None,
            statement: line.id,
            held_minor: None,
            redeliveries: 0,
            faults: 0,
        });
        all.len() as u32 - 1
    });
    &mut all[index as usize]
}
