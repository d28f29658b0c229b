//! Stripe's addresses, and which fields each may expand.

use super::errors;
use super::form::Form;
use super::state::Intent;
use super::view::Expand;
use crate::books::Books;
use crate::wire::Answer;

/// A kind of object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Object {
    Intent,
    Method,
    Charge,
    Refund,
    Customer,
    Setup,
    Session,
    Event,
    Endpoint,
}

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Route {
    Create(Object),
    Retrieve(Object, String),
    Update(Object, String),
    List(Object),
    Delete(Object, String),
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
    AppleDomains,
    /// The page of a challenge: object and token.
    Challenge {
        id: String,
        token: String,
        is_posted: bool,
    },
}

/// Fields that are null here, so that expanding them changes nothing.
const NULL_FIELDS: [&str; 8] =
    ["balance_transaction", "customer", "invoice", "review", "application", "on_behalf_of", "dispute", "source"];

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
            ("POST", ["v1", "setup_intents"]) => Self::Create(Object::Setup),
            ("GET", ["v1", "setup_intents"]) => Self::List(Object::Setup),
            ("GET", ["v1", "setup_intents", _]) => Self::Retrieve(Object::Setup, id(2)),
            ("POST", ["v1", "setup_intents", _]) => Self::Update(Object::Setup, id(2)),
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
            ("POST", ["v1", "payment_methods"]) => Self::Create(Object::Method),
            ("GET", ["v1", "payment_methods", _]) => Self::Retrieve(Object::Method, id(2)),
            ("GET", ["v1", "charges"]) => Self::List(Object::Charge),
            ("GET", ["v1", "charges", _]) => Self::Retrieve(Object::Charge, id(2)),
            ("POST", ["v1", "refunds"]) => Self::Create(Object::Refund),
            ("GET", ["v1", "refunds"]) => Self::List(Object::Refund),
            ("GET", ["v1", "refunds", _]) => Self::Retrieve(Object::Refund, id(2)),
            ("POST", ["v1", "refunds", _]) => Self::Update(Object::Refund, id(2)),
            ("POST", ["v1", "customers"]) => Self::Create(Object::Customer),
            ("GET", ["v1", "customers", _]) => Self::Retrieve(Object::Customer, id(2)),
            ("GET", ["v1", "events"]) => Self::List(Object::Event),
            ("GET", ["v1", "events", _]) => Self::Retrieve(Object::Event, id(2)),
            ("POST", ["v1", "webhook_endpoints"]) => Self::Create(Object::Endpoint),
            ("GET", ["v1", "webhook_endpoints"]) => Self::List(Object::Endpoint),
            ("GET", ["v1", "webhook_endpoints", _]) => Self::Retrieve(Object::Endpoint, id(2)),
            ("DELETE", ["v1", "webhook_endpoints", _]) => Self::Delete(Object::Endpoint, id(2)),
            ("GET", ["v1", "apple_pay", "domains"]) => Self::AppleDomains,
            ("GET" | "POST", ["3ds", _, _, _]) => {
                Self::Challenge { id: id(2), token: id(3), is_posted: method == "POST" }
            }
            _ => return None,
        })
    }

    /// What a shopper's browser may ask with a publishable key.
    pub(super) const fn is_for_browsers(&self) -> bool {
        matches!(
            self,
            Self::Create(Object::Method)
                | Self::Retrieve(Object::Intent | Object::Setup, _)
                | Self::Confirm(_)
                | Self::ConfirmSetup(_)
                | Self::Challenge { .. }
                | Self::Checkout { .. }
        )
    }

    /// Whether the answer is a page for people.
    pub(super) const fn is_page(&self) -> bool {
        matches!(self, Self::Challenge { .. } | Self::Checkout { .. })
    }

    /// Whether the answer is read from the store.
    pub(super) const fn reads_store(&self) -> bool {
        matches!(self, Self::List(_) | Self::Search | Self::Retrieve(Object::Event, _))
    }

    /// The kind of object that the answer is, or is a list of.
    const fn object(&self) -> Option<Object> {
        match self {
            Self::Create(object)
            | Self::Retrieve(object, _)
            | Self::Update(object, _)
            | Self::List(object)
            | Self::Delete(object, _) => Some(*object),
            Self::Search | Self::Confirm(_) | Self::Capture(_) | Self::Cancel(_) => Some(Object::Intent),
            Self::ConfirmSetup(_) | Self::CancelSetup(_) => Some(Object::Setup),
            Self::ExpireSession(_) => Some(Object::Session),
            Self::AppleDomains | Self::LineItems(_) | Self::Challenge { .. } | Self::Checkout { .. } => None,
        }
    }

    /// The fields to expand; one that the object does not have is a 400.
    pub(super) fn expand(&self, form: &Form) -> Result<Expand, Answer> {
        let is_list = matches!(self, Self::List(_) | Self::Search);
        let mut expand = Expand::default();
        for path in form.list("expand") {
            let field = if is_list { path.strip_prefix("data.") } else { Some(path.as_str()) };
            let is_known = field.zip(self.object()).is_some_and(|(field, object)| expand.set(object, field));
            if !is_known {
                return Err(errors::invalid_plain(
                    Some("expand"),
                    &format!("This property cannot be expanded ({path})."),
                ));
            }
        }
        Ok(expand)
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
            | Self::Cancel(id)
            | Self::Challenge { id, .. } => identity.read("pi", id),
            Self::Retrieve(Object::Charge, id) => of_charge(id),
            Self::Create(Object::Refund) => form
                .get("payment_intent")
                .and_then(|id| identity.read("pi", id))
                .or_else(|| form.get("charge").and_then(of_charge)),
            _ => None,
        }?;
        // Where the store cannot be read the operation itself will say so.
        books.intents.take(n, &books.reader).ok().flatten()
    }
}

impl Expand {
    /// Notes a field of an object; false when it has no such field.
    fn set(&mut self, object: Object, path: &str) -> bool {
        let (field, rest) = path.split_once('.').unwrap_or((path, ""));
        let is_deeper_known = rest.is_empty() || NULL_FIELDS.contains(&rest.rsplit('.').next().unwrap_or(rest));
        match (object, field) {
            (Object::Intent, "latest_charge") => self.latest_charge = true,
            (Object::Intent | Object::Setup, "payment_method") => self.payment_method = true,
            (Object::Charge | Object::Refund | Object::Session, "payment_intent") => self.payment_intent = true,
            (Object::Refund, "charge") => self.charge = true,
            (Object::Session, "line_items") => self.line_items = true,
            (Object::Setup, "latest_attempt") => {}
            (_, field) if NULL_FIELDS.contains(&field) => {}
            _ => return false,
        }
        is_deeper_known
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_fields_that_exist_are_expanded() {
        let route = Route::Create(Object::Intent);
        let form = Form::read(b"expand[]=latest_charge&expand[]=latest_charge.balance_transaction&expand[]=customer");
        assert!(route.expand(&form).is_ok_and(|expand| expand.latest_charge && !expand.payment_method));
        for path in ["nonsense", "data.latest_charge", "charge", "latest_charge.nonsense"] {
            let form = Form::read(format!("expand[]={path}").as_bytes());
            assert_eq!(route.expand(&form).err().map(|answer| answer.status), Some(400), "{path}");
        }
        assert!(
            Route::Search.expand(&Form::read(b"expand[]=data.latest_charge")).is_ok_and(|expand| expand.latest_charge)
        );
    }
}
