//! Stripe's addresses.

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
    Setup,
    Session,
}

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Route {
    Create(Object),
    Retrieve(Object, String),
    UpdateIntent(String),
    UpdateSetup(String),
    List(Object),
    Search,
    Confirm(String),
    Capture(String),
    Cancel(String),
    ConfirmSetup(String),
    CancelSetup(String),
    ExpireSession(String),
    LineItems(String),
    /// The page of a hosted checkout: session and token.
    Checkout {
        id: String,
        token: String,
        is_posted: bool,
    },
    /// The page of a challenge: object and token.
    Challenge {
        id: String,
        token: String,
        is_posted: bool,
    },
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
            ("POST", ["v1", "payment_intents", _]) => Self::UpdateIntent(id(2)),
            ("POST", ["v1", "payment_intents", _, "confirm"]) => Self::Confirm(id(2)),
            ("POST", ["v1", "payment_intents", _, "capture"]) => Self::Capture(id(2)),
            ("POST", ["v1", "payment_intents", _, "cancel"]) => Self::Cancel(id(2)),
            ("POST", ["v1", "setup_intents"]) => Self::Create(Object::Setup),
            ("GET", ["v1", "setup_intents"]) => Self::List(Object::Setup),
            ("GET", ["v1", "setup_intents", _]) => Self::Retrieve(Object::Setup, id(2)),
            ("POST", ["v1", "setup_intents", _]) => Self::UpdateSetup(id(2)),
            ("POST", ["v1", "setup_intents", _, "confirm"]) => Self::ConfirmSetup(id(2)),
            ("POST", ["v1", "setup_intents", _, "cancel"]) => Self::CancelSetup(id(2)),
            ("POST", ["v1", "checkout", "sessions"]) => Self::Create(Object::Session),
            ("GET", ["v1", "checkout", "sessions"]) => Self::List(Object::Session),
            ("GET", ["v1", "checkout", "sessions", _]) => Self::Retrieve(Object::Session, id(3)),
            ("GET", ["v1", "checkout", "sessions", _, "line_items"]) => Self::LineItems(id(3)),
            ("POST", ["v1", "checkout", "sessions", _, "expire"]) => Self::ExpireSession(id(3)),
            ("GET" | "POST", ["pay", _, _, _]) => {
                Self::Checkout { id: id(2), token: id(3), is_posted: method == "POST" }
            }
            ("GET" | "POST", ["3ds", _, _, _]) => {
                Self::Challenge { id: id(2), token: id(3), is_posted: method == "POST" }
            }
            (_, parts) => Self::Desk(Desk::read(method, parts)?),
        })
    }

    /// What a shopper's browser may ask with a publishable key.
    pub(super) const fn is_for_browsers(&self) -> bool {
        match self {
            Self::Desk(desk) => desk.is_for_browsers(),
            _ => matches!(
                self,
                Self::Retrieve(Object::Intent | Object::Setup, _)
                    | Self::Confirm(_)
                    | Self::ConfirmSetup(_)
                    | Self::Challenge { .. }
                    | Self::Checkout { .. }
            ),
        }
    }

    /// Whether the answer is a page for people.
    pub(super) const fn is_page(&self) -> bool {
        matches!(self, Self::Challenge { .. } | Self::Checkout { .. })
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
            Self::Create(object) | Self::Retrieve(object, _) | Self::List(object) => match object {
                Object::Intent => Shape::Intent,
                Object::Setup => Shape::Setup,
                Object::Session => Shape::Session,
            },
            Self::UpdateIntent(_) | Self::Search | Self::Confirm(_) | Self::Capture(_) | Self::Cancel(_) => {
                Shape::Intent
            }
            Self::UpdateSetup(_) | Self::ConfirmSetup(_) | Self::CancelSetup(_) => Shape::Setup,
            Self::ExpireSession(_) => Shape::Session,
            Self::LineItems(_) | Self::Checkout { .. } | Self::Challenge { .. } => Shape::Plain,
            Self::Desk(desk) => desk.shape(),
        }
    }

    const fn is_list(&self) -> bool {
        match self {
            Self::Desk(desk) => desk.is_list(),
            _ => matches!(self, Self::List(_) | Self::Search | Self::LineItems(_)),
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
            | Self::UpdateIntent(id)
            | Self::Confirm(id)
            | Self::Capture(id)
            | Self::Cancel(id)
            | Self::Challenge { id, .. } => identity.read("pi", id),
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
