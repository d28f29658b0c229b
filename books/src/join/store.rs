//! Writes what the join found into the derived tables.

use super::by_object::ByObject;
use super::charges::Charges;
use super::credit::{Paid, Served};
use super::fit::Attribution;
use super::hash::QuickMap;
use super::lines::Provider;
use super::listed::{Listed, Lists};
use super::maybe::{CurrencyId, Whole};
use super::names::Names;
use super::objects::Objects;
use super::orders::{Order, Orders};
use super::places::{Kind, Place};
use super::shoppers::Shoppers;
use super::tally::Tally;
use model::money::Currency;
use rusqlite::{Connection, params};
use std::collections::{BTreeMap, BTreeSet};

/// All that was found.
pub(super) struct Found<'a> {
    pub conn: &'a Connection,
    pub shoppers: &'a mut Shoppers,
    pub objects: &'a Objects,
    pub orders: &'a Orders,
    pub tally: Tally,
}

/// Orders and charges whose marks fit several intents, by each of these.
#[derive(Default)]
struct Maybe {
    orders: QuickMap<u32, u32>,
    charges: QuickMap<u32, u32>,
}

/// What orders come to, each by their places.
struct Sums {
    maybe: Maybe,
    paid: Vec<Paid>,
    served: Vec<Served>,
    /// Pieces sent.
    pieces: Vec<i64>,
    listed: Vec<Listed>,
}

impl Found<'_> {
    /// What was written is given back before there is more; `skus` are the articles that the books name.
    pub(super) fn store(mut self, skus: Names) -> rusqlite::Result<()> {
        self.store_refunds()?;
        let served = self.credit_services();
        self.store_documents()?;
        self.store_dispatches()?;
        self.tally.documents = ByObject::default();
        self.tally.dispatches = ByObject::default();
        let paid = self.credit_charges();
        let maybe = self.store_candidates()?;
        self.store_intents(&maybe)?;
        self.store_charges(&maybe, &paid)?;
        self.tally.charges = Charges::default();
        self.store_acknowledged()?;
        self.store_strays()?;
        let mut sent = std::mem::take(&mut self.tally.sent);
        let pieces = sent.seal(self.orders.all.len());
        let lists = Lists::read(self.conn, self.shoppers, self.orders, skus, sent)?;
        lists.store(self.conn, self.orders)?;
        self.store_orders(&Sums { maybe, paid, served, pieces, listed: lists.of_orders })?;
        self.store_currencies()?;
        self.store_set_aside()
    }

    pub(super) fn place(&self, object: u32) -> Option<Place> {
        self.tally.places.get(self.objects.root(object))
    }

    pub(super) fn order(&self, place: Option<Place>) -> Option<&Order> {
        place.and_then(|place| place.order()).map(|index| &self.orders.all[index as usize])
    }

    pub(super) fn currency(&self, code: Option<CurrencyId>) -> Option<&str> {
        code.map(|code| self.shoppers.currencies.get(code))
    }

    /// The marks found, for people, where they did not lead to an intent.
    pub(super) fn described(&self, object: u32, place: Option<Place>) -> Option<String> {
        let joined = place.is_none_or(|place| place.kind() == Kind::Joined);
        (!joined).then(|| self.objects.marks(self.objects.root(object)).describe(self.shoppers))
    }

    fn store_candidates(&self) -> rusqlite::Result<Maybe> {
        let mut maybe = Maybe::default();
        let mut insert = self.conn.prepare("INSERT INTO candidate (book, subject, intent) VALUES (?1, ?2, ?3)")?;
        for order in &self.orders.all {
            for intent in order.attribution.candidates() {
                *maybe.orders.entry(*intent).or_default() += 1;
                insert.execute(params!["order", self.shoppers.numbers.get(order.number), intent])?;
            }
        }
        for charge in self.tally.charges.all() {
            let name = self.objects.name(charge.object);
            for intent in self.tally.places.candidates(self.objects.root(charge.object)) {
                *maybe.charges.entry(*intent).or_default() += 1;
                insert.execute(params!["statement", name, intent])?;
            }
        }
        Ok(maybe)
    }

    fn store_intents(&self, maybe: &Maybe) -> rusqlite::Result<()> {
        // Charges of each intent: all, authorised, declined.
        let mut charges = vec![[0_u32; 3]; self.shoppers.intents.len()];
        for charge in self.tally.charges.all() {
            if let Some(intent) = self.place(charge.object).and_then(|place| place.intent()) {
                let counts = &mut charges[intent as usize];
                counts[0] += 1;
                counts[1] += u32::from(charge.authorised_minor != Whole::NONE);
                counts[2] += u32::from(charge.declined);
            }
        }
        let told_well = self.store_told()?;
        let mut insert = self.conn.prepare(
            "INSERT INTO intent VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19,
                 ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28, ?29)",
        )?;
        for (id, intent) in self.shoppers.intents.iter().enumerate() {
            let id = id as u32;
            let orders = self.orders.of_intent(id).iter().map(|index| &self.orders.all[*index as usize]);
            let accepted = orders.clone().filter(|order| order.accepted);
            let owed = accepted.clone().filter_map(|order| order.due_minor.get()).max();
            let owed = owed.or_else(|| orders.clone().filter_map(|order| order.due_minor.get()).max());
            let money = &self.tally.money[id as usize];
            let currency = money.currency.or_else(|| orders.clone().find_map(|order| order.currency));
            insert.execute(params![
                id,
                self.shoppers.name(id),
                intent.arrival,
                intent.purchase,
                self.currency(currency.or(intent.currency)),
                intent.submits,
                intent.submits_unanswered,
                intent.told_pending,
                orders.clone().count() as i64,
                accepted.clone().count() as i64,
                accepted.filter(|order| order.pending).count() as i64,
                maybe.orders.get(&id).copied().unwrap_or(0),
                owed,
                charges[id as usize][0],
                maybe.charges.get(&id).copied().unwrap_or(0),
                money.captures,
                money.captured_minor,
                money.refunded_minor,
                money.peak_minor,
                money.answers_lost,
                charges[id as usize][1],
                charges[id as usize][2],
                money.replays,
                money.payment_faults,
                money.tax_faults,
                money.warehouse_faults,
                money.mails,
                intent.cancel.code(),
                told_well[id as usize],
            ])?;
        }
        Ok(())
    }

    fn store_acknowledged(&self) -> rusqlite::Result<()> {
        let mut insert = self
            .conn
            .prepare("INSERT INTO acknowledged (intent, order_number, order_seq, accepted) VALUES (?1, ?2, ?3, ?4)")?;
        for (intent, number) in &self.shoppers.acknowledged {
            let orders = number.map_or(&[][..], |number| self.orders.by_number.all(number)).iter();
            let orders = orders.map(|index| &self.orders.all[*index as usize]).filter(|order| !order.set_aside());
            let best = orders.max_by_key(|order| (order.accepted, order.cancelled, std::cmp::Reverse(order.seq)));
            let number = number.map(|number| self.shoppers.numbers.get(number));
            let accepted = best.map(|order| order.accepted);
            insert.execute(params![intent, number, best.map(|order| order.seq), accepted])?;
        }
        let mut insert = self.conn.prepare("INSERT INTO repeated_key (key) VALUES (?1)")?;
        self.shoppers.repeated_keys.iter().try_for_each(|key| insert.execute([key]).map(drop))
    }

    /// What a payment reserved or moved, at the first of its charges that did: the sum, and rows touched by a fault.
    fn effect(&self, root: u32, place: u32) -> Option<(i64, u32)> {
        let mut moving = self.tally.charges.under(root).filter_map(|(at, it)| Some((at, it.moved_minor()?, it.faults)));
        let (first, moved, faults) = moving.next()?;
        let sums = || moving.fold((moved, faults), |sums, (_, moved, faults)| (sums.0 + moved, sums.1 + faults));
        (first == place).then(sums)
    }

    fn store_charges(&self, maybe: &Maybe, paid: &[Paid]) -> rusqlite::Result<()> {
        let mut insert = self.conn.prepare(
            "INSERT INTO charge VALUES (NULL, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19,
                 ?20, ?21, ?22, ?23, ?24, ?25)",
        )?;
        for (charge, index) in self.tally.charges.all().iter().zip(0..) {
            let root = self.objects.root(charge.object);
            let place = self.place(charge.object);
            let (intent, order) = (place.and_then(|place| place.intent()), self.order(place));
            let effect = self.effect(root, index);
            insert.execute(params![
                self.objects.name(charge.object),
                self.objects.name(root),
                if charge.provider == Provider::BackupPayment { "backup_payment" } else { "payment" },
                charge.captures_refused,
                intent,
                order.map(|order| order.seq),
                place.map_or(Kind::Nobody.code(), |place| place.kind().code()),
                place.and_then(|place| place.mark_code()),
                self.described(charge.object, place),
                self.currency(charge.currency),
                charge.authorised_minor,
                charge.declined,
                charge.captures,
                charge.captured_minor,
                charge.refunded_minor,
                charge.is_released(),
                charge.open_minor(),
                charge.answers_lost,
                charge.faults,
                effect.map(|(moved, _)| moved),
                effect.map(|(_, faults)| faults),
                order.map(|order| order.accepted),
                order.and_then(|order| order.due_minor.get()),
                place.and_then(|place| place.order()).map(|index| paid[index as usize].captured_minor),
                intent.map(|intent| maybe.orders.get(&intent).copied().unwrap_or(0)),
            ])?;
        }
        Ok(())
    }

    fn store_strays(&self) -> rusqlite::Result<()> {
        let mut insert = self.conn.prepare("INSERT INTO misdirected VALUES (?1, ?2)")?;
        for (statement, order) in &self.tally.misdirected {
            insert.execute(params![statement, self.orders.all[*order as usize].seq])?;
        }
        let mut insert = self.conn.prepare("INSERT INTO stray_mail VALUES (?1, ?2)")?;
        self.tally
            .stray_mail
            .iter()
            .try_for_each(|(statement, intent)| insert.execute(params![statement, intent]).map(drop))
    }

    fn store_orders(&self, sums: &Sums) -> rusqlite::Result<()> {
        let places: Vec<String> = (1..=53).map(|place| format!("?{place}")).collect();
        let mut insert = self.conn.prepare(&format!("INSERT INTO order_join VALUES ({})", places.join(", ")))?;
        for (index, order) in self.orders.all.iter().enumerate().filter(|(_, order)| !order.set_aside()) {
            let (listed, purse) = (&sums.listed[index], &self.tally.purses[index]);
            let intent = order.attribution.intent();
            let shopper = intent.map(|intent| &self.shoppers.intents[intent as usize]);
            let money = intent.map(|intent| &self.tally.money[intent as usize]);
            let (paid, served, quote) = (&sums.paid[index], &sums.served[index], purse.quote());
            insert.execute(params![
                order.seq,
                intent,
                order.attribution.code(),
                order.attribution.mark().map(super::fit::Mark::code),
                order.accepted,
                order.paid,
                order.due_minor,
                order.refunded_minor,
                order.booked_back_minor,
                paid.charges,
                paid.charges_other,
                paid.charges_foreign,
                paid.captures,
                paid.captured_minor,
                paid.returned_minor,
                paid.open_minor,
                paid.answers_lost,
                purse.faults,
                paid.unpayable,
                purse.is_challenged,
                purse.is_apart,
                purse.is_quoted,
                purse.disputes,
                purse.lost_minor,
                purse.quotes,
                quote.map(|quote| quote.statement),
                quote.map(|quote| quote.taxed_minor),
                served.documents,
                served.documents_open,
                served.filed_minor,
                served.dispatches,
                served.redeliveries,
                served.dispatch_faults,
                served.document_faults,
                listed.settled_lines,
                listed.settled_minor,
                listed.course(),
                listed.namesakes,
                listed.namesake,
                listed.told,
                listed.goods.map_or(0, |goods| goods.articles),
                sums.pieces[index],
                listed.goods.map_or(0, |goods| goods.ordered),
                listed.goods.map(|goods| goods.ordered_least),
                listed.goods.map(|goods| goods.unit_least_minor),
                listed.goods.map(|goods| goods.own_minor),
                listed.goods.map(|goods| goods.declared_minor),
                shopper.map_or(0, |shopper| shopper.submits),
                shopper.map_or(0, |shopper| shopper.told_pending),
                intent.map_or(0, |intent| sums.maybe.charges.get(&intent).copied().unwrap_or(0)),
                money.map_or(0, |money| money.tax_faults),
                money.map_or(0, |money| money.warehouse_faults),
                shopper.map(|shopper| shopper.shown_total_minor),
            ])?;
        }
        Ok(())
    }

    fn store_currencies(&self) -> rusqlite::Result<()> {
        let codes: BTreeSet<&str> = self.shoppers.currencies.codes().chain([""]).collect();
        let mut insert =
            self.conn.prepare("INSERT INTO currency (code, minor_digits, minor_unit) VALUES (?1, ?2, ?3)")?;
        for code in codes {
            let digits = match (code, Currency::parse(code)) {
                // Without a currency an amount is written in minor units.
                ("", _) => 0,
                (_, Some(currency)) => currency.minor_digits(),
                (_, None) => 2,
            };
            insert.execute(params![code, digits, f64::from(10_u32.pow(digits))])?;
        }
        Ok(())
    }

    fn store_set_aside(&self) -> rusqlite::Result<()> {
        let mut orders: BTreeMap<&str, u64> = BTreeMap::new();
        for order in &self.orders.all {
            if let Attribution::SetAside(run) = &order.attribution {
                *orders.entry(run.as_deref().unwrap_or_default()).or_default() += 1;
            }
        }
        let mut insert = self.conn.prepare("INSERT INTO set_aside (book, run, rows) VALUES (?1, ?2, ?3)")?;
        for (run, rows) in orders {
            insert.execute(params!["orders", run, rows as i64])?;
        }
        for (run, rows) in &self.tally.set_aside {
            insert.execute(params!["statement", &**run, *rows as i64])?;
        }
        Ok(())
    }
}
