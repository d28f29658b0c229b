//! One pass over the statement: joins each row and adds up what it did.

use super::attribute::{Books, Reference};
use super::fit::Attribution;
use super::hash::QuickMap;
use super::lines::{self, Line, Part};
use super::objects::{Marks, Objects};
use super::orders::Orders;
use super::shoppers::Shoppers;
use rusqlite::{CachedStatement, Connection, params};
use std::collections::BTreeMap;

/// What the statement says about an intent.
#[derive(Clone, Debug, Default)]
pub(super) struct Money {
    pub captures: u32,
    pub captured_minor: i64,
    pub refunded_minor: i64,
    pub peak_minor: i64,
    pub answers_lost: u32,
    pub replays: u32,
    pub payment_faults: u32,
    pub tax_faults: u32,
    pub warehouse_faults: u32,
    pub currency: Option<Box<str>>,
}

/// A charge of the payment provider.
#[derive(Debug)]
pub(super) struct Charge {
    pub object: u32,
    pub currency: Option<Box<str>>,
    pub authorised_minor: Option<i64>,
    pub declined: bool,
    pub captures: u32,
    pub captured_minor: i64,
    pub refunded_minor: i64,
    pub released: bool,
    pub answers_lost: u32,
    pub faults: u32,
}

/// A tax document or a dispatch.
#[derive(Debug)]
pub(super) struct Paper {
    pub object: u32,
    pub state: PaperState,
    pub amount_minor: Option<i64>,
    pub currency: Option<Box<str>>,
    pub message: Option<Box<str>>,
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

/// Where an outermost object belongs.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub attribution: Attribution,
    pub order: Option<u32>,
}

/// The sums.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// By intent.
    pub money: Vec<Money>,
    pub charges: Vec<Charge>,
    pub documents: Vec<Paper>,
    pub dispatches: Vec<Paper>,
    /// By object; filled for outermost ones.
    pub places: Vec<Option<Place>>,
    /// Rows touched by a fault, by order.
    pub order_faults: QuickMap<u32, u32>,
    /// Rows of other runs.
    pub set_aside: BTreeMap<Box<str>, u64>,
    charge_of: QuickMap<u32, u32>,
    charges_under: QuickMap<u32, Vec<u32>>,
    document_of: QuickMap<u32, u32>,
    dispatch_of: QuickMap<u32, u32>,
}

/// The books and the statements that write what was found.
struct Pass<'a> {
    shoppers: &'a Shoppers,
    objects: &'a Objects,
    orders: &'a Orders,
    tally: Tally,
    join: CachedStatement<'a>,
    refund: CachedStatement<'a>,
    quote: CachedStatement<'a>,
}

impl Tally {
    pub(super) fn read(
        conn: &Connection,
        shoppers: &Shoppers,
        objects: &Objects,
        orders: &Orders,
    ) -> rusqlite::Result<Self> {
        let money = vec![Money::default(); shoppers.intents.len()];
        let places = vec![None; objects.all.len()];
        let mut pass = Pass {
            shoppers,
            objects,
            orders,
            tally: Self { money, places, ..Self::default() },
            join: conn.prepare_cached("INSERT INTO statement_join VALUES (?1, ?2, ?3, ?4, ?5)")?,
            refund: conn.prepare_cached(
                "INSERT INTO refund (statement, refund, charge, payment, intent, order_seq, amount_minor, currency, state, key,
                     fault, answer)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
            )?,
            quote: conn.prepare_cached("INSERT INTO tax_quote VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")?,
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
        let object = self.objects.of(line);
        let place = self.place(line, object);
        if let Attribution::SetAside(run) = place.attribution {
            *self.tally.set_aside.entry(run.unwrap_or_default()).or_default() += 1;
            return Ok(());
        }
        let intent = place.attribution.intent();
        let order_seq = place.order.map(|index| self.orders.all[index as usize].seq);
        self.join.execute(params![line.id, intent, order_seq, place.attribution.name(), place.attribution.mark()])?;
        self.count_faults(line, &place);
        match (line.provider, object) {
            ("payment", Some(object)) => {
                self.pay(line, object, intent);
                if line.op == "refund" && !line.replayed {
                    self.note_refund(line, object, intent, order_seq)?;
                }
            }
            ("tax", Some(object)) => self.file(line, object),
            ("tax", None) if line.op == "quote" => {
                self.quote.execute(params![
                    line.id,
                    line.object,
                    intent,
                    line.amount_minor,
                    line.currency,
                    line.fault,
                    line.answer
                ])?;
            }
            ("warehouse", Some(object)) => self.dispatch(line, object),
            _ => {}
        }
        Ok(())
    }

    /// A row's own header says whose it is; otherwise its object does; a row without an object speaks for itself.
    fn place(&mut self, line: &Line<'_>, object: Option<u32>) -> Place {
        let books = Books { shoppers: self.shoppers, orders: self.orders };
        let Some(object) = object else {
            let mut marks = Marks::default();
            marks.add(line, self.shoppers);
            let reference = match (line.op, line.object) {
                ("quote", Some(code)) => Reference::Quote(code),
                _ => Reference::Nothing,
            };
            let attribution = books.attribute(&marks, reference);
            let order = books.order(&marks, reference, attribution.intent());
            return Place { attribution, order };
        };
        let root = self.objects.all[object as usize].root;
        if let Some(place) = &self.tally.places[root as usize] {
            return place.clone();
        }
        let object = &self.objects.all[root as usize];
        let reference = match line.provider {
            "payment" => Reference::Payment(&object.name),
            "tax" => Reference::Document(&object.name),
            _ => Reference::Nothing,
        };
        let attribution = books.attribute(&object.marks, reference);
        let order = books.order(&object.marks, reference, attribution.intent());
        let place = Place { attribution, order };
        self.tally.places[root as usize] = Some(place.clone());
        place
    }

    fn count_faults(&mut self, line: &Line<'_>, place: &Place) {
        if line.fault.is_none() {
            return;
        }
        if let Some(money) = self.tally.money_of(place.attribution.intent()) {
            match line.provider {
                "payment" => money.payment_faults += 1,
                "tax" => money.tax_faults += 1,
                "warehouse" => money.warehouse_faults += 1,
                _ => {}
            }
        }
        if line.provider == "payment"
            && let Some(order) = place.order
        {
            *self.tally.order_faults.entry(order).or_default() += 1;
        }
    }

    fn pay(&mut self, line: &Line<'_>, object: u32, intent: Option<u32>) {
        if line.op == "replay" || line.replayed {
            if let Some(money) = self.tally.money_of(intent) {
                money.replays += 1;
            }
            return;
        }
        let amount = line.amount_minor.unwrap_or(0);
        match line.op {
            "authorise" | "capture" => {
                let lost = u32::from(line.took_effect() && line.answer_lost());
                if let Some(money) = self.tally.money_of(intent) {
                    money.answers_lost += lost;
                    if line.op == "capture" && line.took_effect() {
                        money.captures += 1;
                        money.captured_minor += amount;
                        money.peak_minor = money.peak_minor.max(money.captured_minor - money.refunded_minor);
                        money.currency = money.currency.take().or_else(|| line.currency.map(Into::into));
                    }
                }
                let charge = self.charge(object, line);
                charge.answers_lost += lost;
                charge.faults += u32::from(line.fault.is_some());
                match (line.op, line.took_effect()) {
                    ("capture", true) => {
                        charge.captures += 1;
                        charge.captured_minor += amount;
                    }
                    ("authorise", true) => charge.authorised_minor = Some(amount),
                    ("authorise", false) => charge.declined = true,
                    _ => {}
                }
            }
            "refund" if line.took_effect() => {
                if let Some(money) = self.tally.money_of(intent) {
                    money.refunded_minor += amount;
                }
                if let Some(charge) = self.refunded_charge(line, object) {
                    charge.refunded_minor += amount;
                }
            }
            "void" => self.charge(object, line).released = true,
            "cancel" => {
                for charge in self.tally.charges_under.get(&object).into_iter().flatten() {
                    self.tally.charges[*charge as usize].released = true;
                }
            }
            _ => {}
        }
    }

    fn charge(&mut self, object: u32, line: &Line<'_>) -> &mut Charge {
        let charges = &mut self.tally.charges;
        let index = *self.tally.charge_of.entry(object).or_insert_with(|| {
            charges.push(Charge {
                object,
                currency: line.currency.map(Into::into),
                authorised_minor: None,
                declined: false,
                captures: 0,
                captured_minor: 0,
                refunded_minor: 0,
                released: false,
                answers_lost: 0,
                faults: 0,
            });
            let index = charges.len() as u32 - 1;
            let root = self.objects.all[object as usize].root;
            self.tally.charges_under.entry(root).or_default().push(index);
            index
        });
        &mut charges[index as usize]
    }

    /// A refund names its charge, or the payment; then it is of the first charge that still holds money.
    fn refunded_charge(&mut self, line: &Line<'_>, object: u32) -> Option<&mut Charge> {
        let parent = self.objects.find(line.provider, line.parent).unwrap_or(object);
        let named = self.tally.charge_of.get(&parent).copied();
        let charges = &self.tally.charges;
        let index = named.or_else(|| {
            let under = self.tally.charges_under.get(&self.objects.all[object as usize].root)?;
            let holds =
                |index: &&u32| charges[**index as usize].captured_minor > charges[**index as usize].refunded_minor;
            under.iter().find(holds).or(under.first()).copied()
        });
        self.tally.charges.get_mut(index? as usize)
    }

    fn note_refund(
        &mut self,
        line: &Line<'_>,
        object: u32,
        intent: Option<u32>,
        order_seq: Option<i64>,
    ) -> rusqlite::Result<()> {
        let payment = &self.objects.all[self.objects.all[object as usize].root as usize].name;
        self.refund.execute(params![
            line.id,
            line.object,
            line.parent,
            &**payment,
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

    fn file(&mut self, line: &Line<'_>, object: u32) {
        if !matches!(line.op, "document" | "commit" | "void") {
            return;
        }
        let paper = paper(&mut self.tally.documents, &mut self.tally.document_of, object, line);
        paper.faults += u32::from(line.fault.is_some());
        if !line.took_effect() {
            return;
        }
        match (line.op, line.state) {
            ("document", state) => {
                paper.state = if state == Some("committed") { PaperState::Committed } else { PaperState::Saved };
                paper.amount_minor = line.amount_minor;
                paper.currency = line.currency.map(Into::into);
            }
            ("commit", _) => paper.state = PaperState::Committed,
            _ => paper.state = PaperState::Voided,
        }
    }

    fn dispatch(&mut self, line: &Line<'_>, object: u32) {
        if !matches!(line.op, "dispatch" | "redelivery") {
            return;
        }
        let paper = paper(&mut self.tally.dispatches, &mut self.tally.dispatch_of, object, line);
        paper.faults += u32::from(line.fault.is_some());
        paper.redeliveries += u32::from(line.op == "redelivery");
    }
}

fn paper<'a>(all: &'a mut Vec<Paper>, of: &mut QuickMap<u32, u32>, object: u32, line: &Line<'_>) -> &'a mut Paper {
    let index = *of.entry(object).or_insert_with(|| {
        all.push(Paper {
            object,
            state: PaperState::Saved,
            amount_minor: None,
            currency: None,
            message: line.key.map(Into::into),
            redeliveries: 0,
            faults: 0,
        });
        all.len() as u32 - 1
    });
    &mut all[index as usize]
}
