//! One pass over the statement: joins each row and adds up what it did.

use super::attribute::{Books, Reference};
use super::by_object::ByObject;
use super::charges::Charges;
use super::dispatches::Dispatch;
use super::documents::Document;
use super::fit::Attribution;
use super::lines::{Line, Op, Provider};
use super::maybe::Whole;
use super::money::Money;
use super::objects::Objects;
use super::orders::Orders;
use super::parcels::{AllSent, Waiting};
use super::places::{Kind, Place, Places};
use super::purse::{Purse, Quote};
use super::queue::Emptied;
use super::refunds::{Refund, RefundTexts};
use super::shoppers::Shoppers;
use super::statement::{Addressed, Loose, Statement};
use super::written::{self, Desk, Whose};
use rusqlite::Connection;
use std::collections::{BTreeMap, VecDeque};
use std::ops::ControlFlow;

/// The sums.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// By intent.
    pub money: Vec<Money>,
    pub charges: Charges,
    pub documents: ByObject<Document>,
    pub dispatches: ByObject<Dispatch>,
    pub refunds: ByObject<Refund>,
    /// What was sent of each order.
    pub sent: AllSent,
    /// Rows that send an order elsewhere than it says, each with the order.
    pub misdirected: Vec<(i64, u32)>,
    /// Rows with an address that is not that of their intent, each with the intent.
    pub stray_mail: Vec<(i64, u32)>,
    pub places: Places,
    /// By order.
    pub purses: Vec<Purse>,
    /// Rows of other runs.
    pub set_aside: BTreeMap<Box<str>, u64>,
}

/// The books, what is still to come, and what was found.
struct Pass<'a> {
    shoppers: &'a Shoppers,
    objects: &'a Objects,
    /// Those that are still to come.
    loose: Emptied<Loose>,
    orders: &'a Orders,
    refund_texts: VecDeque<RefundTexts>,
    addressed: VecDeque<Addressed>,
    parcels: Waiting,
    tally: Tally,
    desk: &'a mut Desk,
}

impl Tally {
    /// Goes through the rows once more; of the statement its objects stay.
    pub(super) fn read(
        conn: &Connection,
        shoppers: &Shoppers,
        statement: Statement,
        orders: &Orders,
    ) -> rusqlite::Result<(Self, Objects)> {
        let Statement { objects, lines, loose, refunds, addressed, parcels, .. } = statement;
        let (seen, tally) =
            (&objects, Self::with_room(shoppers.intents.len(), orders.all.len(), objects.len(), parcels.lines()));
        let mut tally = written::while_working(conn, move |desk| {
            let mut pass = Pass {
                shoppers,
                objects: seen,
                loose: loose.into_iter(),
                orders,
                refund_texts: refunds,
                addressed,
                parcels: parcels.wait(),
                tally,
                desk,
            };
            // Where it breaks, the sums are not used.
            let _ = lines.drain(|line| pass.take(line));
            pass.tally
        })?;
        tally.money.resize_with(shoppers.intents.len(), Money::default);
        tally.purses.resize_with(orders.all.len(), Purse::default);
        Ok((tally, objects))
    }

    /// Room is asked for at once: what grows step by step leaves holes behind.
    fn with_room(intents: usize, orders: usize, objects: usize, lines_sent: usize) -> Self {
        Self {
            money: Vec::with_capacity(intents),
            charges: Charges::with_room(orders, objects),
            documents: ByObject::with_room(orders, objects),
            dispatches: ByObject::with_room(orders, objects),
            sent: AllSent::with_room(lines_sent),
            places: Places::with_room(objects),
            purses: Vec::with_capacity(orders),
            ..Self::default()
        }
    }

    fn money_of(&mut self, intent: Option<u32>) -> Option<&mut Money> {
        Some(at(&mut self.money, intent?))
    }
}

/// The sums of one of them; they are made as rows come to them, so that what is given back makes room for them.
fn at<T: Default>(all: &mut Vec<T>, index: u32) -> &mut T {
    let index = index as usize;
    if index >= all.len() {
        all.resize_with(index + 1, T::default);
    }
    &mut all[index]
}

impl Pass<'_> {
    fn take(&mut self, line: Line<'_>) -> ControlFlow<()> {
        let (kind, line) = (line.kind, &line);
        let texts = if kind.op == Op::Refund && !kind.replayed && kind.provider.is_payment() {
            self.refund_texts.pop_front()
        } else {
            None
        };
        let loose = if line.object.is_none() { self.loose.next() } else { None };
        let object = line.object.or_else(|| loose.as_ref()?.object.get());
        let (place, aside) = match (object, &loose) {
            (None, Some(loose)) => self.place_of_row(loose),
            (Some(object), _) => self.place_of_object(line, object),
            (None, None) => return ControlFlow::Continue(()),
        };
        if place.kind() == Kind::SetAside {
            *self.tally.set_aside.entry(aside.unwrap_or_default()).or_default() += 1;
            return ControlFlow::Continue(());
        }
        let intent = place.intent();
        let order_seq = place.order().map(|index| self.orders.all[index as usize].seq);
        self.count_faults(line, &place);
        self.address(line, &place);
        if let Some(order) = place.order() {
            at(&mut self.tally.purses, order).take(line);
        }
        match (kind.provider, object) {
            (Provider::Payment | Provider::BackupPayment, Some(object)) => {
                self.take_payment(line, object, texts, intent, order_seq);
            }
            (Provider::Tax, Some(object)) => self.tally.documents.take(line, object),
            (Provider::Tax, None) if kind.op == Op::Quote => self.note_quote(line, intent, loose.as_ref()),
            (Provider::Warehouse, Some(object)) => self.dispatch(line, object, &place),
            _ => {}
        }
        let is_quote = kind.provider == Provider::Tax && kind.op == Op::Quote && object.is_none();
        self.desk.put(Whose { statement: line.id, place, order_seq, is_bitten: kind.fault.is_some(), is_quote })
    }

    /// A row without an object speaks for itself. Beside its place the run that it is of, when it is set aside.
    fn place_of_row(&self, loose: &Loose) -> (Place, Option<Box<str>>) {
        let books = Books { shoppers: self.shoppers, orders: self.orders };
        let reference = loose.quote.get().map_or(Reference::Nothing, Reference::Quote);
        let attribution = books.attribute(loose.marks.marks(), reference);
        let order = books.order(loose.marks.marks(), reference, attribution.intent());
        let place = Place::new(&attribution, order);
        (place, if let Attribution::SetAside(run) = attribution { run } else { None })
    }

    /// Whose an object is say the marks of all its rows.
    fn place_of_object(&mut self, line: &Line<'_>, object: u32) -> (Place, Option<Box<str>>) {
        let root = self.objects.root(object);
        let place = self.tally.places.get(root).unwrap_or_else(|| {
            let books = Books { shoppers: self.shoppers, orders: self.orders };
            let reference = match line.kind.provider {
                Provider::Payment | Provider::BackupPayment | Provider::Tax => Reference::Object(root),
                Provider::Warehouse | Provider::Other => Reference::Nothing,
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
        if line.kind.fault.is_none() {
            return;
        }
        if let Some(money) = self.tally.money_of(place.intent()) {
            match line.kind.provider {
                Provider::Payment | Provider::BackupPayment => money.payment_faults += 1,
                Provider::Tax => money.tax_faults += 1,
                Provider::Warehouse => money.warehouse_faults += 1,
                Provider::Other => {}
            }
        }
    }

    /// Whose address a row has that our header gives to a purchase.
    fn address(&mut self, line: &Line<'_>, place: &Place) {
        let own = match place.intent().filter(|_| line.kind.may_write() && place.is_by_header()) {
            Some(intent) => (intent, self.shoppers.intents[intent as usize].email),
            None => return,
        };
        if !own.1.is_known() {
            return;
        }
        if let Some(money) = self.tally.money_of(Some(own.0)) {
            money.mails += 1;
        }
        while self.addressed.front().is_some_and(|it| it.statement < line.id) {
            self.addressed.pop_front();
        }
        if self.addressed.front().is_some_and(|it| it.statement == line.id && it.email != own.1) {
            self.tally.stray_mail.push((line.id, own.0));
        }
    }

    fn take_payment(
        &mut self,
        line: &Line<'_>,
        object: u32,
        texts: Option<RefundTexts>,
        intent: Option<u32>,
        order_seq: Option<i64>,
    ) {
        if self.is_told_again(line, object, texts.as_ref()) {
            return;
        }
        self.pay(line, object, intent);
        if let Some(texts) = texts {
            self.note_refund(line, object, texts, intent, order_seq);
        }
    }

    fn pay(&mut self, line: &Line<'_>, object: u32, intent: Option<u32>) {
        let kind = line.kind;
        if kind.op == Op::Replay || kind.replayed {
            if let Some(money) = self.tally.money_of(intent) {
                money.replays += 1;
            }
            return;
        }
        self.tally.charges.take(line, object, line.parent, self.objects.root(object));
        let Some(money) = self.tally.money_of(intent) else { return };
        let amount = line.amount_minor.unwrap_or(0);
        match kind.op {
            Op::Authorise | Op::Capture if kind.took_effect() => {
                money.answers_lost += u32::from(kind.answer_lost());
                if kind.op == Op::Capture {
                    money.capture(amount, line);
                }
            }
            Op::Refund if kind.took_effect() => money.refunded_minor += amount,
            Op::RefundFailed => money.refunded_minor -= amount,
            // A dispute that is lost gives the customer everything back.
            Op::Dispute if kind.state.as_deref() == Some("lost") => money.refunded_minor += amount,
            _ => {}
        }
    }

    /// Whether a refund that was pending is settled: the same one, told once more. One that came back is marked so.
    fn is_told_again(&mut self, line: &Line<'_>, object: u32, texts: Option<&RefundTexts>) -> bool {
        let Some(known) = self.tally.refunds.get_mut(object) else { return false };
        known.came_back |= texts.is_none() && line.kind.op == Op::RefundFailed;
        let is_again = texts.is_some_and(|texts| texts.object.is_some());
        if is_again {
            known.state.clone_from(&line.kind.state);
        }
        is_again
    }

    fn note_refund(
        &mut self,
        line: &Line<'_>,
        object: u32,
        texts: RefundTexts,
        intent: Option<u32>,
        order_seq: Option<i64>,
    ) {
        let is_named = texts.object.is_some();
        let refund = Refund {
            statement: line.id,
            payment: self.objects.root(object),
            intent,
            order_seq,
            amount_minor: line.amount_minor.unwrap_or(0),
            currency: line.kind.currency,
            state: line.kind.state.clone(),
            fault: line.kind.fault.clone(),
            answer: line.kind.answer.clone(),
            came_back: false,
            texts,
        };
        if is_named {
            self.tally.refunds.meet(object, || refund);
        } else {
            self.tally.refunds.add_nameless(refund);
        }
    }

    /// A quote bears out the tax of orders that name it, and of its intent's orders that name none.
    fn note_quote(&mut self, line: &Line<'_>, intent: Option<u32>, loose: Option<&Loose>) {
        let naming = loose.and_then(|loose| loose.quote.get()).map_or(&[][..], |quote| self.orders.of_quote(quote));
        if let Some(loose) = loose.filter(|loose| loose.taxed_minor != Whole::NONE) {
            let quote = Quote { statement: line.id, taxed_minor: loose.taxed_minor };
            for index in naming {
                at(&mut self.tally.purses, *index).name_quote(quote, self.orders.all[*index as usize].sold_minor);
            }
        }
        let nameless = intent.map_or(&[][..], |intent| self.orders.of_intent(intent)).iter();
        let nameless = nameless.filter(|index| !self.orders.all[**index as usize].names_quote);
        for index in naming.iter().chain(nameless) {
            let tax_minor = self.orders.all[*index as usize].tax_minor;
            at(&mut self.tally.purses, *index).is_quoted |=
                tax_minor != Whole::NONE && tax_minor == line.amount_minor.into();
        }
    }

    fn dispatch(&mut self, line: &Line<'_>, object: u32, place: &Place) {
        if matches!(line.kind.op, Op::Dispatch | Op::Redelivery) {
            self.send(line, place);
            let held_minor = place.order().map_or(0, |order| at(&mut self.tally.purses, order).held_minor);
            self.tally.dispatches.take(line, object, held_minor);
        }
    }

    /// Notes what a message tells the warehouse to send, and where that is not what the order says.
    fn send(&mut self, line: &Line<'_>, place: &Place) {
        let (order, sent) = (place.order(), &mut self.tally.sent);
        let to = self.parcels.take(line.id, |pieces| {
            if let Some(order) = order {
                sent.send(order, pieces);
            }
        });
        if let (Some(order), Some(to)) = (order, to)
            && to.differs(&self.orders.all[order as usize].to)
        {
            self.tally.misdirected.push((line.id, order));
        }
    }
}
