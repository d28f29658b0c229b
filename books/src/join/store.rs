//! Writes what the join found into the derived tables.

use super::fit::Attribution;
use super::hash::QuickMap;
use super::objects::{Marks, Objects};
use super::orders::Orders;
use super::shoppers::Shoppers;
use super::tally::{Paper, PaperState, Place, Tally};
use model::money::Currency;
use rusqlite::{Connection, params};
use std::collections::{BTreeMap, BTreeSet};

/// All that was found.
pub(super) struct Found<'a> {
    pub conn: &'a Connection,
    pub shoppers: &'a Shoppers,
    pub objects: &'a Objects,
    pub orders: &'a mut Orders,
    pub tally: &'a Tally,
}

/// Orders and charges whose marks fit several intents, by each of these.
#[derive(Default)]
struct Maybe {
    orders: QuickMap<u32, u32>,
    charges: QuickMap<u32, u32>,
}

impl Found<'_> {
    pub(super) fn store(mut self) -> rusqlite::Result<()> {
        self.credit_orders();
        let maybe = self.store_candidates()?;
        self.store_intents(&maybe)?;
        self.store_charges()?;
        self.store_documents()?;
        self.store_dispatches()?;
        self.store_effects()?;
        self.store_orders()?;
        self.store_currencies()?;
        self.store_set_aside()
    }

    fn place(&self, object: u32) -> Option<&Place> {
        self.tally.places[self.objects.all[object as usize].root as usize].as_ref()
    }

    fn seq(&self, place: Option<&Place>) -> Option<i64> {
        place.and_then(|place| place.order).map(|index| self.orders.all[index as usize].seq)
    }

    /// Adds to each order what its charges, documents and dispatches did.
    fn credit_orders(&mut self) {
        let tally = self.tally;
        let index_of = |object: u32, objects: &Objects| -> Option<usize> {
            let place = tally.places[objects.all[object as usize].root as usize].as_ref()?;
            place.order.map(|index| index as usize)
        };
        for charge in &tally.charges.all {
            if let Some(index) = index_of(charge.object, self.objects) {
                let order = &mut self.orders.all[index];
                order.charges += 1;
                order.captures += charge.captures;
                order.captured_minor += charge.captured_minor;
                order.returned_minor += charge.refunded_minor;
                order.answers_lost += charge.answers_lost;
                order.open_minor += charge.open_minor();
                order.unpayable |= charge.is_unpayable();
            }
        }
        for document in &tally.documents {
            if let Some(index) = index_of(document.object, self.objects) {
                let order = &mut self.orders.all[index];
                order.documents += u32::from(document.state != PaperState::Voided);
                order.document_faults += document.faults;
            }
        }
        for dispatch in &tally.dispatches {
            if let Some(index) = index_of(dispatch.object, self.objects) {
                let order = &mut self.orders.all[index];
                order.dispatches += 1;
                order.redeliveries += dispatch.redeliveries;
                order.dispatch_faults += dispatch.faults;
            }
        }
        for (index, faults) in &tally.order_faults {
            self.orders.all[*index as usize].faults += faults;
        }
    }

    fn store_candidates(&self) -> rusqlite::Result<Maybe> {
        let mut maybe = Maybe::default();
        let mut insert = self.conn.prepare("INSERT INTO candidate (book, subject, intent) VALUES (?1, ?2, ?3)")?;
        for order in &self.orders.all {
            for intent in order.attribution.candidates() {
                *maybe.orders.entry(*intent).or_default() += 1;
                insert.execute(params!["order", &*order.number, intent])?;
            }
        }
        for charge in &self.tally.charges.all {
            let name = &self.objects.all[charge.object as usize].name;
            for intent in self.place(charge.object).map_or(&[][..], |place| place.attribution.candidates()) {
                *maybe.charges.entry(*intent).or_default() += 1;
                insert.execute(params!["statement", &**name, intent])?;
            }
        }
        Ok(maybe)
    }

    fn store_intents(&self, maybe: &Maybe) -> rusqlite::Result<()> {
        let mut charges: QuickMap<u32, u32> = QuickMap::default();
        for charge in &self.tally.charges.all {
            if let Some(intent) = self.place(charge.object).and_then(|place| place.attribution.intent()) {
                *charges.entry(intent).or_default() += 1;
            }
        }
        let mut insert = self.conn.prepare(
            "INSERT INTO intent VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19,
                 ?20, ?21, ?22, ?23, ?24)",
        )?;
        for (id, intent) in self.shoppers.intents.iter().enumerate() {
            let id = id as u32;
            let orders = self.orders.of_intent(id).iter().map(|index| &self.orders.all[*index as usize]);
            let accepted = orders.clone().filter(|order| order.accepted);
            let owed = accepted.clone().filter_map(|order| order.due_minor).max();
            let owed = owed.or_else(|| orders.clone().filter_map(|order| order.due_minor).max());
            let money = &self.tally.money[id as usize];
            let currency = money.currency.clone().or_else(|| orders.clone().find_map(|order| order.currency.clone()));
            insert.execute(params![
                id,
                &*intent.name,
                intent.arrival,
                intent.purchase,
                currency.or_else(|| intent.currency.clone()).as_deref(),
                intent.submits,
                intent.submits_unanswered,
                intent.told_pending,
                orders.clone().count() as i64,
                accepted.clone().count() as i64,
                accepted.filter(|order| order.pending).count() as i64,
                maybe.orders.get(&id).copied().unwrap_or(0),
                owed,
                charges.get(&id).copied().unwrap_or(0),
                maybe.charges.get(&id).copied().unwrap_or(0),
                money.captures,
                money.captured_minor,
                money.refunded_minor,
                money.peak_minor,
                money.answers_lost,
                money.replays,
                money.payment_faults,
                money.tax_faults,
                money.warehouse_faults,
            ])?;
        }
        let mut insert = self.conn.prepare("INSERT INTO acknowledged (intent, order_number) VALUES (?1, ?2)")?;
        for (intent, number) in &self.shoppers.acknowledged {
            insert.execute(params![intent, number.as_deref()])?;
        }
        Ok(())
    }

    fn store_charges(&self) -> rusqlite::Result<()> {
        let mut insert = self.conn.prepare(
            "INSERT INTO charge (charge, payment, provider, captures_refused, intent, order_seq, attribution, currency, authorised_minor, declined, captures,
                 captured_minor, refunded_minor, released, open_minor, answers_lost, faults)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16,
                 ?17)",
        )?;
        for charge in &self.tally.charges.all {
            let object = &self.objects.all[charge.object as usize];
            let place = self.place(charge.object);
            insert.execute(params![
                &*object.name,
                &*self.objects.all[object.root as usize].name,
                charge.provider,
                charge.captures_refused,
                place.and_then(|place| place.attribution.intent()),
                self.seq(place),
                attribution_name(place),
                charge.currency.as_deref(),
                charge.authorised_minor,
                charge.declined,
                charge.captures,
                charge.captured_minor,
                charge.refunded_minor,
                charge.is_released(),
                charge.open_minor(),
                charge.answers_lost,
                charge.faults,
            ])?;
        }
        Ok(())
    }

    fn store_documents(&self) -> rusqlite::Result<()> {
        let mut insert = self.conn.prepare(
            "INSERT INTO tax_document (document, intent, order_seq, attribution, state, amount_minor, currency, faults)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?;
        for document in &self.tally.documents {
            let place = self.place(document.object);
            let state = match document.state {
                PaperState::Saved => "saved",
                PaperState::Committed => "committed",
                PaperState::Voided => "voided",
            };
            insert.execute(params![
                &*self.objects.all[document.object as usize].name,
                place.and_then(|place| place.attribution.intent()),
                self.seq(place),
                attribution_name(place),
                state,
                document.amount_minor,
                document.currency.as_deref(),
                document.faults,
            ])?;
        }
        Ok(())
    }

    fn store_dispatches(&self) -> rusqlite::Result<()> {
        let mut insert = self.conn.prepare(
            "INSERT INTO dispatch (dispatch, intent, order_seq, attribution, message, redeliveries, faults)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?;
        for dispatch in &self.tally.dispatches {
            let place = self.place(dispatch.object);
            insert.execute(params![
                &*self.objects.all[dispatch.object as usize].name,
                place.and_then(|place| place.attribution.intent()),
                self.seq(place),
                attribution_name(place),
                dispatch.message.as_deref(),
                dispatch.redeliveries,
                dispatch.faults,
            ])?;
        }
        Ok(())
    }

    fn store_effects(&self) -> rusqlite::Result<()> {
        let mut payments: BTreeMap<u32, (i64, Option<&str>, u32)> = BTreeMap::new();
        for charge in
            self.tally.charges.all.iter().filter(|charge| charge.captures > 0 || charge.authorised_minor.is_some())
        {
            let root = self.objects.all[charge.object as usize].root;
            let sum = payments.entry(root).or_default();
            sum.0 += if charge.captures > 0 { charge.captured_minor } else { charge.authorised_minor.unwrap_or(0) };
            sum.1 = charge.currency.as_deref();
            sum.2 += charge.faults;
        }
        for (root, (amount, currency, faults)) in payments {
            self.store_effect("payment", root, Some(amount), currency, faults)?;
        }
        let papers = |papers: &[Paper], provider| {
            papers.iter().try_for_each(|paper| {
                self.store_effect(provider, paper.object, paper.amount_minor, paper.currency.as_deref(), paper.faults)
            })
        };
        papers(&self.tally.documents, "tax")?;
        papers(&self.tally.dispatches, "warehouse")
    }

    fn store_effect(
        &self,
        provider: &str,
        object: u32,
        amount_minor: Option<i64>,
        currency: Option<&str>,
        faults: u32,
    ) -> rusqlite::Result<()> {
        let root = &self.objects.all[self.objects.all[object as usize].root as usize];
        let Some(place) = self.place(object) else { return Ok(()) };
        let marks: &Marks = &root.marks;
        let described = match &place.attribution {
            Attribution::Joined(..) => String::new(),
            Attribution::SetAside(_) => return Ok(()),
            Attribution::Undecided(..) | Attribution::Conflict(_) | Attribution::Nobody => {
                marks.describe(self.shoppers)
            }
        };
        let mut insert = self.conn.prepare_cached(
            "INSERT INTO effect (provider, object, amount_minor, currency, intent, order_seq, attribution, mark, marks, faults)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        )?;
        insert.execute(params![
            provider,
            &*self.objects.all[object as usize].name,
            amount_minor,
            currency,
            place.attribution.intent(),
            self.seq(Some(place)),
            place.attribution.name(),
            place.attribution.mark(),
            described,
            faults,
        ])?;
        Ok(())
    }

    fn store_orders(&self) -> rusqlite::Result<()> {
        let mut insert = self.conn.prepare(
            "INSERT INTO order_join
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20)",
        )?;
        for order in self.orders.all.iter().filter(|order| !order.set_aside()) {
            insert.execute(params![
                order.seq,
                order.attribution.intent(),
                order.attribution.name(),
                order.attribution.mark(),
                order.accepted,
                order.refunded_minor,
                order.booked_back_minor,
                order.charges,
                order.captures,
                order.captured_minor,
                order.returned_minor,
                order.open_minor,
                order.answers_lost,
                order.faults,
                order.unpayable,
                order.documents,
                order.dispatches,
                order.redeliveries,
                order.dispatch_faults,
                order.document_faults,
            ])?;
        }
        Ok(())
    }

    fn store_currencies(&self) -> rusqlite::Result<()> {
        let mut codes: BTreeSet<&str> = BTreeSet::from([""]);
        codes.extend(self.shoppers.intents.iter().filter_map(|intent| intent.currency.as_deref()));
        codes.extend(self.orders.all.iter().filter_map(|order| order.currency.as_deref()));
        codes.extend(self.tally.charges.all.iter().filter_map(|charge| charge.currency.as_deref()));
        codes.extend(self.tally.money.iter().filter_map(|money| money.currency.as_deref()));
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

fn attribution_name(place: Option<&Place>) -> &'static str {
    place.map_or(Attribution::Nobody.name(), |place| place.attribution.name())
}
