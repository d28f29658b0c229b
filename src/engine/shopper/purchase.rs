//! A purchase under way: what is known of it, written down however it ends.

use super::Shopper;
use super::trial::{Told, minor, text};
use crate::engine::script::{Buy, JsonText};
use books::rows::{Cancel, Purchase};
use model::outcome::{Outcome, Reading, Refusal};
use serde_json::Value;
use std::cell::Cell;

/// A purchase under way. Dropped before its end, it is written down as in flight.
pub struct Wish<'a> {
    shopper: &'a Shopper,
    buy: &'a Buy,
    intended_us: u64,
    shown_total_minor: Option<i64>,
    currency: Option<String>,
    basket: Option<Value>,
    ship_to: Option<Value>,
    account: Option<String>,
    promotion: Option<String>,
    /// The first answer that confirmed it.
    confirmed_us: Cell<Option<u64>>,
    cancel: Cell<Cancel>,
    /// The cart was edited while it was paid: the total first shown no longer is what is bought.
    edited: Cell<bool>,
    open: Cell<bool>,
}

impl<'a> Wish<'a> {
    /// A wish that is submitted now.
    pub fn new(shopper: &'a Shopper, buy: &'a Buy, intended_us: u64) -> Self {
        let shown = buy.shown_total.as_ref().and_then(|total| total.render(&shopper.memory).ok());
        let currency = buy.currency.as_ref().and_then(|currency| currency.render(&shopper.memory).ok());
        let told = |json: &Option<JsonText>| {
            let mut bytes = Vec::new();
            json.as_ref()?.render_into(&mut bytes, &shopper.memory).ok()?;
            serde_json::from_slice(&bytes).ok()
        };
        Self {
            shopper,
            buy,
            intended_us,
            shown_total_minor: shown.and_then(|total| total.trim().parse().ok()),
            currency: currency.map(|currency| currency.to_uppercase()),
            basket: told(&buy.basket),
            ship_to: told(&buy.ship_to),
            account: buy.account.as_ref().and_then(|account| Some(account.render(&shopper.memory).ok()?.into_owned())),
            // A variable that is not set: they asked for none.
            promotion: buy.promotion.as_ref().map(|code| code.render(&shopper.memory).unwrap_or_default().into_owned()),
            confirmed_us: Cell::new(None),
            cancel: Cell::new(Cancel::NotAsked),
            edited: Cell::new(false),
            open: Cell::new(true),
        }
    }

    /// Takes note of an answer: the first that confirms it is the one that counts.
    pub fn hear(&self, told: Told) {
        if told.reading == Reading::Ok && self.confirmed_us.get().is_none_or(|known| told.done_us < known) {
            self.confirmed_us.set(Some(told.done_us));
        }
    }

    /// The cart was edited, or may have been: what counts as shown is what a later answer says.
    pub fn edited(&self, told: Told) {
        match told.reading {
            Reading::Ok | Reading::Pending | Reading::Unexpected | Reading::Unanswered => {}
            Reading::ActionRequired
            | Reading::InProgress
            | Reading::AlreadyOrdered
            | Reading::Absent
            | Reading::Refused(_) => return,
        }
        self.edited.set(true);
        if self.confirmed_us.get().is_none()
            && let Some(slot) = self.buy.total
        {
            self.shopper.memory.forget(slot);
        }
    }

    /// What came of the wish to cancel.
    pub fn cancelled(&self, cancel: Cancel) {
        self.cancel.set(cancel);
    }

    /// The end.
    pub fn close(&self, outcome: Outcome, refusal: Option<Refusal>, now_us: u64) {
        self.open.set(false);
        let memory = &self.shopper.memory;
        let learnt = |slot: Option<usize>| slot.and_then(|slot| memory.captured(slot));
        let total_minor = learnt(self.buy.total).as_ref().and_then(minor);
        let row = Purchase {
            intent: memory.intent.borrow().clone(),
            arrival: self.shopper.arrival,
            email: memory.email(),
            intended_us: self.intended_us,
            done_us: self.confirmed_us.get().unwrap_or(now_us),
            outcome,
            refusal,
            shown_total_minor: if self.edited.get() { total_minor } else { self.shown_total_minor },
            currency: self.currency.clone(),
            order_number: learnt(self.buy.order).as_ref().and_then(text),
            total_minor,
            cancel: self.cancel.get(),
            basket: self.basket.clone().filter(|_| !self.edited.get()),
            ship_to: self.ship_to.clone(),
            account: self.account.clone(),
            promotion: self.promotion.clone(),
        };
        self.shopper.station.ledger.borrow_mut().purchased(row);
    }
}

impl Drop for Wish<'_> {
    fn drop(&mut self) {
        if self.open.get() {
            let confirmed = self.confirmed_us.get().is_some();
            let outcome = if confirmed { Outcome::Confirmed } else { Outcome::InFlight };
            self.close(outcome, None, self.shopper.station.clock.now_us());
        }
    }
}
