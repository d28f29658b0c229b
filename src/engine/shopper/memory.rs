//! What a shopper knows: captured variables, the card at hand, the mark of the present intent.

use crate::engine::script::{Own, Place, Script};
use model::card::Card;
use model::plan::Arrival;
use model::template::{Found, member};
use serde_json::Value;
use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::sync::Arc;
use thiserror::Error;

/// What every shopper's e-mail address ends in.
pub const MAIL_DOMAIN: &str = "@shoppers.example";

/// A variable that no step has set so far.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("`{0}` is not set")]
pub struct NotSet(pub String);

/// The variables of one shopper.
pub struct Memory {
    script: Arc<Script>,
    arrival: u64,
    holder_answer: &'static str,
    captured: RefCell<Vec<Option<Value>>>,
    /// The card at hand.
    pub card: Cell<Card>,
    /// The mark: `RUN.ARRIVAL.ORDINAL`.
    pub intent: RefCell<String>,
    /// The key of the request that is rendered now.
    pub key: RefCell<String>,
}

impl Memory {
    /// A shopper who knows nothing yet.
    pub fn new(script: Arc<Script>, slots: usize, arrival: &Arrival, intent: String) -> Self {
        Self {
            script,
            arrival: arrival.number,
            holder_answer: if arrival.manner.fails_challenge { "failed" } else { "succeeded" },
            captured: RefCell::new(vec![None; slots]),
            card: Cell::new(arrival.card),
            intent: RefCell::new(intent),
            key: RefCell::default(),
        }
    }

    /// Calls `use_it` with the value at a place.
    pub fn with<T>(&self, place: &Place, use_it: impl FnOnce(Found<'_>) -> T) -> Result<T, NotSet> {
        let text = |text: &str| Found::Text(Cow::Owned(text.to_owned()));
        Ok(match place {
            Place::Fixed(value) => use_it(Found::Json(value)),
            Place::Captured { slot, members, name } => {
                let captured = self.captured.borrow();
                let value = captured[*slot].as_ref().and_then(|value| member(value, members));
                use_it(Found::Json(value.ok_or_else(|| NotSet(name.clone()))?))
            }
            Place::Fed { feeder, column } => {
                let value = self.script.fed(*feeder, *column, self.arrival);
                use_it(Found::Text(Cow::Borrowed(value.ok_or_else(|| NotSet("the feeder's next row".into()))?)))
            }
            Place::Own(own) => match own {
                Own::CardToken => use_it(Found::Text(Cow::Borrowed(self.card.get().token()))),
                Own::CardNumber => use_it(Found::Text(Cow::Borrowed(self.card.get().number()))),
                Own::CardName => use_it(Found::Text(Cow::Borrowed(self.card.get().name()))),
                Own::Email => use_it(Found::Text(Cow::Owned(self.email()))),
                Own::Intent => use_it(text(&self.intent.borrow())),
                Own::Arrival => use_it(Found::Integer(self.arrival as i64)),
                Own::HolderAnswer => use_it(Found::Text(Cow::Borrowed(self.holder_answer))),
                Own::Key => use_it(text(&self.key.borrow())),
            },
        })
    }

    /// The text at a place, if it is set.
    pub fn text(&self, place: &Place) -> Option<String> {
        self.with(place, |found| {
            let mut text = String::new();
            found.write_text(&mut text);
            text
        })
        .ok()
    }

    /// The value at a place, if it is set.
    pub fn value(&self, place: &Place) -> Option<Value> {
        let own = |found: Found<'_>| found.into_value();
        self.with(place, own).ok()
    }

    /// What was captured into a slot.
    pub fn captured(&self, slot: usize) -> Option<Value> {
        self.captured.borrow()[slot].clone()
    }

    /// As if it had never been captured.
    pub fn forget(&self, slot: usize) {
        self.captured.borrow_mut()[slot] = None;
    }

    /// Takes what an answer gave.
    pub fn learn(&self, learnt: Vec<(usize, Value)>) {
        let mut captured = self.captured.borrow_mut();
        for (slot, value) in learnt {
            captured[slot] = Some(value);
        }
    }

    /// Unique to the intent; nobody can own an address of this domain (RFC 2606).
    pub fn email(&self) -> String {
        format!("{}{MAIL_DOMAIN}", self.intent.borrow())
    }
}
