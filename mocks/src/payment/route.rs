//! Stripe's addresses, and which fields each may expand.

use super::desk::Desk;
use super::expand::{Paths, Shape};
use super::form::Form;
use super::state::Intent;
use crate::books::Books;
use crate::wire::Answer;

/// A kind of object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Object {
    Intent,
}

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Route {
    Create(Object),
    Retrieve(Object, String),
    Update(Object, String),
    List(Object),
    Search,
    Confirm(String),
    Capture(String),
    Cancel(String),
    /// Everything that is not about payments themselves.
    Desk(Desk),
}

impl Route {
    /// The route of a method and the parts of a path.
    pub(super) fn read(method: &str, segments: &[String]) -> Option<Self> {
        let parts: Vec<&str> = segments.iter().map(String::as_str).collect();
        let id = |at: usize| segments[at].clone();
        Some(match (method, parts.as_slice()) {
            ("GET", ["v1", "payment_intents", "search"]) => Self::Search,
            ("POST", ["v1", "payment_intents"]) => Self::Create(Object::Intent),
            ("GET", ["v1", "payment_intents"]) => Self::List(Object::Intent),
            ("GET", ["v1", "payment_intents", _]) => Self::Retrieve(Object::Intent, id(2)),
            ("POST", ["v1", "payment_intents", _]) => Self::Update(Object::Intent, id(2)),
            ("POST", ["v1", "payment_intents", _, "confirm"]) => Self::Confirm(id(2)),
            ("POST", ["v1", "payment_intents", _, "capture"]) => Self::Capture(id(2)),
            ("POST", ["v1", "payment_intents", _, "cancel"]) => Self::Cancel(id(2)),
            (_, parts) => Self::Desk(Desk::read(method, parts)?),
        })
    }

    /// What a shopper's browser may ask with a publishable key.
    pub(super) const fn is_for_browsers(&self) -> bool {
        match self {
            Self::Desk(desk) => desk.is_for_browsers(),
            _ => matches!(self, Self::Retrieve(Object::Intent, _) | Self::Confirm(_)),
        }
    }

    /// Whether the answer is read from the store.
    pub(super) const fn reads_store(&self) -> bool {
        match self {
            Self::Desk(desk) => desk.reads_store(),
            _ => matches!(self, Self::List(_) | Self::Search),
        }
    }

    /// What the answer is, or is a list of.
    const fn shape(&self) -> Shape {
        match self {
            Self::Create(Object::Intent)
            | Self::Retrieve(Object::Intent, _)
            | Self::Update(Object::Intent, _)
            | Self::List(Object::Intent)
            | Self::Search
            | Self::Confirm(_)
            | Self::Capture(_)
            | Self::Cancel(_) => Shape::Intent,
            Self::Desk(desk) => desk.shape(),
        }
    }

    const fn is_list(&self) -> bool {
        match self {
            Self::Desk(desk) => desk.is_list(),
            _ => matches!(self, Self::List(_) | Self::Search),
        }
    }

    /// The paths to expand; one that leads nowhere is a 400.
    pub(super) fn expand(&self, form: &Form) -> Result<Paths, Answer> {
        Paths::read(form, self.shape(), self.is_list())
    }

    /// The payment that the request is about, where it names one.
    pub(super) fn payment(&self, form: &Form, books: &mut Books) -> Option<Intent> {
        let identity = books.identity;
        let of_charge = |id: &str| identity.read_part("ch", id).map(|(n, _)| n);
        let n = match self {
            Self::Retrieve(Object::Intent, id)
            | Self::Update(Object::Intent, id)
            | Self::Confirm(id)
            | Self::Capture(id)
            | Self::Cancel(id) => identity.read("pi", id),
            Self::Desk(desk) => {
                let payment = form.get("payment_intent").and_then(|id| identity.read("pi", id));
                payment.or_else(|| desk.charge(form).and_then(of_charge))
            }
            _ => None,
        }?;
        // Where the store cannot be read the operation itself will say so.
        books.intents.take(n, &books.reader).ok().flatten()
    }
}
