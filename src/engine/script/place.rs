//! Where the value of a variable is found, decided before the load.
//!
//! A captured variable hides all others of its name; then come the shopper's own (`card`, `intent.id`, `intent.email`,
//! `intent.number`, `holder.answer`, `key`), feeders by name (`{{people.city}}`), and what is the same for the whole run.

use model::card::Card;
use model::scenario::Feeder;
use model::template::{Variable, member};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use thiserror::Error;

/// A variable that nothing sets.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("`{{{{{0}}}}}` is set by nothing")]
pub struct UnknownVariable(pub String);

/// Where a value is found.
#[derive(Clone, Debug)]
pub enum Place {
    /// The same for the whole run.
    Fixed(Value),
    /// Captured by a step.
    Captured {
        /// Index among the journey's captures.
        slot: usize,
        /// The way into it.
        members: Vec<String>,
        /// As the template names it.
        name: String,
    },
    /// A column of a feeder.
    Fed {
        /// Index in the order of the scenario's feeders.
        feeder: usize,
        /// Index of the column.
        column: usize,
    },
    /// Something of the shopper's own.
    Own(Own),
}

/// What belongs to a shopper.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Own {
    /// `card`, `card.token`: the ready-made payment method of the card at hand.
    CardToken,
    /// `card.number`.
    CardNumber,
    /// `card.name`.
    CardName,
    /// `intent.email`: unique to the intent.
    Email,
    /// `intent.id`: the mark.
    Intent,
    /// `intent.number`: the number in the plan.
    Arrival,
    /// `holder.answer`: `succeeded` or `failed`, what the holder answers when asked to authenticate.
    HolderAnswer,
    /// `key`: what the step sends as `Idempotency-Key`.
    Key,
}

/// All that variables of a journey can mean.
#[derive(Debug)]
pub struct Places<'a> {
    captured: Vec<&'a str>,
    feeders: &'a BTreeMap<String, Feeder>,
    fixed: &'a Map<String, Value>,
}

impl<'a> Places<'a> {
    /// `captured` in the order of slots.
    pub const fn new(
        captured: Vec<&'a str>,
        feeders: &'a BTreeMap<String, Feeder>,
        fixed: &'a Map<String, Value>,
    ) -> Self {
        Self { captured, feeders, fixed }
    }

    /// The slot of a captured variable.
    pub fn slot(&self, name: &str) -> Option<usize> {
        self.captured.iter().position(|captured| *captured == name)
    }

    /// The place of a variable.
    pub fn find(&self, variable: &Variable) -> Result<Place, UnknownVariable> {
        let unknown = || UnknownVariable(variable.to_string());
        let members = variable.members.as_slice();
        if let Some(slot) = self.slot(&variable.name) {
            return Ok(Place::Captured { slot, members: members.to_vec(), name: variable.to_string() });
        }
        if let Some(place) = own(&variable.name, members) {
            return Ok(place);
        }
        if let Some(feeder) = self.feeders.keys().position(|name| *name == variable.name) {
            let column = match members {
                [column] => self.feeders[&variable.name].columns.iter().position(|name| name == column),
                _ => None,
            };
            return column.map(|column| Place::Fed { feeder, column }).ok_or_else(unknown);
        }
        let fixed = self.fixed.get(&variable.name).and_then(|value| member(value, members));
        fixed.cloned().map(Place::Fixed).ok_or_else(unknown)
    }
}

fn own(name: &str, members: &[String]) -> Option<Place> {
    let members: Vec<&str> = members.iter().map(String::as_str).collect();
    Some(match (name, members.as_slice()) {
        ("card", [first, rest @ ..]) if Card::named(first).is_some() => {
            Place::Fixed(certain(Card::named(first)?, rest)?)
        }
        ("card", [] | ["token"]) => Place::Own(Own::CardToken),
        ("card", ["number"]) => Place::Own(Own::CardNumber),
        ("card", ["name"]) => Place::Own(Own::CardName),
        // Every test card takes any month to come and any code.
        ("card", same) => Place::Fixed(certain(Card::Ok, same)?),
        ("intent", ["id"]) => Place::Own(Own::Intent),
        ("intent", ["email"]) => Place::Own(Own::Email),
        ("intent", ["number"]) => Place::Own(Own::Arrival),
        ("holder", ["answer"]) => Place::Own(Own::HolderAnswer),
        ("key", []) => Place::Own(Own::Key),
        _ => return None,
    })
}

/// A member of a certain card.
fn certain(card: Card, members: &[&str]) -> Option<Value> {
    Some(match members {
        [] | ["token"] => card.token().into(),
        ["number"] => card.number().into(),
        ["name"] => card.name().into(),
        ["exp_month"] => json!(12),
        ["exp_year"] => json!(2034),
        ["cvc"] => json!("123"),
        _ => return None,
    })
}
