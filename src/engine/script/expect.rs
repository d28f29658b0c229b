//! Expectations, captures and conditions made ready.

use super::place::{Place, Places, UnknownVariable};
use super::text::{JsonText, Text};
use super::way::Way;
use model::journey::{Capture, Check, Condition, Expectation, Meaning, Missing, Source, StatusRange};
use model::outcome::Reading;
use model::template::{JsonTemplate, Variable};
use regex::Regex;
use serde_json::Value;

/// A reading and what an answer must look like for it.
#[derive(Clone, Debug)]
pub struct Expected {
    /// What such an answer means.
    pub reading: Reading,
    /// Any of these; empty: any.
    pub statuses: Vec<StatusRange>,
    /// All of these.
    pub checks: Vec<Checked>,
}

/// Something that a body or header must satisfy.
#[derive(Clone, Debug)]
pub enum Checked {
    /// The first node equals a value that never changes.
    JsonIs(Way, Value),
    /// The first node equals a value with variables.
    JsonBecomes(Way, JsonText),
    /// There is a node.
    JsonExists(Way),
    /// There is none.
    JsonAbsent(Way),
    /// The text contains this.
    BodyContains(Text),
    /// The text fits.
    BodyMatches(Regex),
    /// The header equals the value.
    HeaderEquals(String, Text),
}

/// A named part of an answer.
#[derive(Clone, Debug)]
pub struct Captured {
    /// Where it goes.
    pub slot: usize,
    /// Name of the variable.
    pub name: String,
    /// Where it is found.
    pub from: From,
    /// What is done when nothing is found.
    pub missing: Missing,
    /// What the value is.
    pub meaning: Meaning,
}

/// Where a captured value is found.
#[derive(Clone, Debug)]
pub enum From {
    /// First node, with its type.
    Json(Way),
    /// One of the nodes.
    Pick(Way, Option<String>),
    /// A header.
    Header(String),
    /// A cookie of the shopper.
    Cookie(String),
    /// The address after redirects.
    FinalAddress,
    /// First group over the body, or over a variable.
    Regex(Regex, Option<Place>),
}

/// Whether a step is taken.
#[derive(Clone, Debug)]
pub enum When {
    /// The value exists, and is not null or false.
    Set(Place),
    /// It does not.
    Unset(Place),
    /// It equals this.
    Equals(Place, Value),
    /// Drawn.
    Chance(f64),
}

impl Expected {
    /// Resolves the variables.
    pub fn compile(expectation: &Expectation, places: &Places) -> Result<Self, UnknownVariable> {
        let checks = expectation.checks.iter().map(|check| Checked::compile(check, places));
        Ok(Self {
            reading: expectation.reading,
            statuses: expectation.statuses.clone(),
            checks: checks.collect::<Result<_, _>>()?,
        })
    }
}

impl Checked {
    fn compile(check: &Check, places: &Places) -> Result<Self, UnknownVariable> {
        Ok(match check {
            Check::JsonEquals(path, JsonTemplate::Literal(value)) => Self::JsonIs(Way::compile(path), value.clone()),
            Check::JsonEquals(path, value) => Self::JsonBecomes(Way::compile(path), JsonText::compile(value, places)?),
            Check::JsonExists(path) => Self::JsonExists(Way::compile(path)),
            Check::JsonAbsent(path) => Self::JsonAbsent(Way::compile(path)),
            Check::BodyContains(text) => Self::BodyContains(Text::compile(text, places)?),
            Check::BodyMatches(regex) => Self::BodyMatches(regex.clone()),
            Check::HeaderEquals(name, value) => Self::HeaderEquals(name.clone(), Text::compile(value, places)?),
        })
    }
}

impl Captured {
    /// Resolves the variables.
    pub fn compile(capture: &Capture, places: &Places) -> Result<Self, UnknownVariable> {
        let from = match &capture.from {
            Source::Json(path) => From::Json(Way::compile(path)),
            Source::Pick { path, weight } => From::Pick(Way::compile(path), weight.clone()),
            Source::Header(name) => From::Header(name.clone()),
            Source::Cookie(name) => From::Cookie(name.clone()),
            Source::FinalAddress => From::FinalAddress,
            Source::Regex { regex, of } => {
                let of = of.as_deref().map(|name| place(name, places)).transpose()?;
                From::Regex(regex.clone(), of)
            }
        };
        let slot = places.slot(&capture.name).ok_or_else(|| UnknownVariable(capture.name.clone()))?;
        Ok(Self { slot, name: capture.name.clone(), from, missing: capture.missing, meaning: capture.meaning })
    }
}

impl When {
    /// Resolves the variables.
    pub fn compile(condition: &Condition, places: &Places) -> Result<Self, UnknownVariable> {
        Ok(match condition {
            Condition::Set(name) => Self::Set(place(name, places)?),
            Condition::Unset(name) => Self::Unset(place(name, places)?),
            Condition::Equals(name, value) => Self::Equals(place(name, places)?, value.clone()),
            Condition::Chance(chance) => Self::Chance(*chance),
        })
    }
}

/// The place of a variable named outside a template: `name` or `name.member`.
fn place(name: &str, places: &Places) -> Result<Place, UnknownVariable> {
    let mut words = name.split('.').map(str::to_owned);
    let name = words.next().unwrap_or_default();
    places.find(&Variable { name, members: words.collect() })
}
