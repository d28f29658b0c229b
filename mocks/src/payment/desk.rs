//! What the desks behind a checkout ask: every address but those of payments themselves.

use super::charging::Manner;
use super::domains::{self, DomainKind};
use super::expand::Shape;
use super::form::Form;
use super::{account, charges, customers, disputes, endpoints, entries, errors, events, listing, methods};
use super::{refund_fate, refunds, search, tokens};
use crate::turn::Turn;
use crate::wire::{Answer, Stop};

/// A kind of object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Charge,
    Refund,
    Customer,
    Method,
    Dispute,
    Entry,
    Event,
    Endpoint,
    Token,
    Domain(DomainKind),
}

/// What is done to an object beside reading and writing it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    CaptureCharge,
    RefundCharge,
    RefundsOfCharge,
    CancelRefund,
    CloseDispute,
    Attach,
    Detach,
    MethodsOfCustomer,
    ValidateDomain,
}

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Desk {
    Create(Kind),
    List(Kind),
    Search(Kind),
    Retrieve(Kind, String),
    Update(Kind, String),
    Delete(Kind, String),
    Do(Act, String),
    /// One method of a customer.
    MethodOfCustomer(String, String),
    /// One refund of a charge.
    RefundOfCharge(String),
    Balance,
    Account,
}

fn collection(name: &str) -> Option<Kind> {
    Some(match name {
        "charges" => Kind::Charge,
        "refunds" => Kind::Refund,
        "customers" => Kind::Customer,
        "payment_methods" => Kind::Method,
        "disputes" => Kind::Dispute,
        "balance_transactions" => Kind::Entry,
        "events" => Kind::Event,
        "webhook_endpoints" => Kind::Endpoint,
        "tokens" => Kind::Token,
        "payment_method_domains" => Kind::Domain(DomainKind::PaymentMethod),
        _ => return None,
    })
}

impl Desk {
    /// The request of a method and the parts of a path.
    pub(super) fn read(method: &str, parts: &[&str]) -> Option<Self> {
        let owned = |id: &str| id.to_owned();
        // Two collections have a second name.
        let parts: &[&str] = match parts {
            ["v1", "apple_pay", "domains", rest @ ..] => &[&["v1", "apple_pay_domains"][..], rest].concat(),
            ["v1", "balance", "history", rest @ ..] => &[&["v1", "balance_transactions"][..], rest].concat(),
            parts => parts,
        };
        let kind = |name: &str| match name {
            "apple_pay_domains" => Some(Kind::Domain(DomainKind::ApplePay)),
            name => collection(name),
        };
        let asked = match (method, parts) {
            ("GET", ["v1", "balance"]) => Self::Balance,
            ("GET", ["v1", "account"]) => Self::Account,
            ("GET", ["v1", name, "search"]) if matches!(kind(name), Some(Kind::Charge | Kind::Customer)) => {
                Self::Search(kind(name)?)
            }
            ("GET", ["v1", name]) => Self::List(kind(name)?),
            ("POST", ["v1", name]) => Self::Create(kind(name)?),
            ("GET", ["v1", name, id]) => Self::Retrieve(kind(name)?, owned(id)),
            ("POST", ["v1", name, id]) => Self::Update(kind(name)?, owned(id)),
            ("DELETE", ["v1", name, id]) => Self::Delete(kind(name)?, owned(id)),
            ("GET", ["v1", "customers", id, "payment_methods"]) => Self::Do(Act::MethodsOfCustomer, owned(id)),
            ("GET", ["v1", "customers", id, "payment_methods", method]) => {
                Self::MethodOfCustomer(owned(id), owned(method))
            }
            ("GET", ["v1", "charges", id, "refunds"]) => Self::Do(Act::RefundsOfCharge, owned(id)),
            ("GET", ["v1", "charges", _, "refunds", id]) => Self::RefundOfCharge(owned(id)),
            ("POST", ["v1", name, id, act]) => Self::Do(act_of(name, act)?, owned(id)),
            _ => return None,
        };
        asked.is_served().then_some(asked)
    }

    /// Not every kind is written, listed or deleted.
    const fn is_served(&self) -> bool {
        match self {
            Self::Create(kind) => !matches!(kind, Kind::Dispute | Kind::Entry | Kind::Event),
            Self::List(kind) => !matches!(kind, Kind::Token),
            Self::Update(kind, _) => {
                !matches!(kind, Kind::Entry | Kind::Event | Kind::Token | Kind::Domain(DomainKind::ApplePay))
            }
            Self::Delete(kind, _) => {
                matches!(kind, Kind::Customer | Kind::Endpoint | Kind::Domain(DomainKind::ApplePay))
            }
            Self::Search(_)
            | Self::Retrieve(..)
            | Self::Do(..)
            | Self::MethodOfCustomer(..)
            | Self::RefundOfCharge(_)
            | Self::Balance
            | Self::Account => true,
        }
    }

    /// What a shopper's browser may ask with a publishable key.
    pub(super) const fn is_for_browsers(&self) -> bool {
        matches!(self, Self::Create(Kind::Method | Kind::Token))
    }

    /// Whether it moves money, so that a rule can have it declined.
    pub(super) const fn moves_money(&self) -> bool {
        matches!(self, Self::Create(Kind::Charge | Kind::Refund) | Self::Do(Act::CaptureCharge | Act::RefundCharge, _))
    }

    /// Whether the answer is read from the store.
    pub(super) const fn reads_store(&self) -> bool {
        matches!(
            self,
            Self::List(_)
                | Self::Search(_)
                | Self::Retrieve(Kind::Event, _)
                | Self::Do(Act::MethodsOfCustomer | Act::RefundsOfCharge, _)
                | Self::Balance
        )
    }

    pub(super) const fn is_list(&self) -> bool {
        matches!(self, Self::List(_) | Self::Search(_) | Self::Do(Act::MethodsOfCustomer | Act::RefundsOfCharge, _))
    }

    /// What the answer is, or is a list of.
    pub(super) const fn shape(&self) -> Shape {
        let kind = match self {
            Self::Create(kind)
            | Self::List(kind)
            | Self::Search(kind)
            | Self::Retrieve(kind, _)
            | Self::Update(kind, _)
            | Self::Delete(kind, _) => *kind,
            Self::Do(act, _) => match act {
                Act::CaptureCharge => Kind::Charge,
                Act::RefundCharge | Act::RefundsOfCharge | Act::CancelRefund => Kind::Refund,
                Act::CloseDispute => Kind::Dispute,
                Act::Attach | Act::Detach | Act::MethodsOfCustomer => Kind::Method,
                Act::ValidateDomain => return Shape::Plain,
            },
            Self::MethodOfCustomer(..) => Kind::Method,
            Self::RefundOfCharge(_) => Kind::Refund,
            Self::Balance | Self::Account => return Shape::Plain,
        };
        match kind {
            Kind::Charge => Shape::Charge,
            Kind::Refund => Shape::Refund,
            Kind::Customer => Shape::Customer,
            Kind::Method => Shape::Method,
            Kind::Dispute => Shape::Dispute,
            Kind::Entry => Shape::Entry,
            Kind::Event | Kind::Endpoint | Kind::Token | Kind::Domain(_) => Shape::Plain,
        }
    }

    /// The charge that the request is about, where it names one.
    pub(super) fn charge<'a>(&'a self, form: &'a Form) -> Option<&'a str> {
        match self {
            Self::Retrieve(Kind::Charge, id) | Self::Do(Act::CaptureCharge | Act::RefundCharge, id) => Some(id),
            Self::Create(Kind::Refund) => form.get("charge"),
            _ => None,
        }
    }

    pub(super) fn execute(&self, form: &Form, manner: Manner<'_>, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
        match self {
            Self::Create(kind) => create(*kind, form, manner, turn),
            Self::List(kind) => list(*kind, form, turn),
            Self::Search(Kind::Customer) => search::customers(form, turn),
            Self::Search(_) => search::charges(form, turn),
            Self::Retrieve(kind, id) => retrieve(*kind, id, turn),
            Self::Update(kind, id) => update(*kind, id, form, turn),
            Self::Delete(Kind::Customer, id) => customers::delete(id, turn),
            Self::Delete(Kind::Domain(kind), id) => domains::delete(*kind, id, turn),
            Self::Delete(_, id) => endpoints::delete(id, turn),
            Self::Do(act, id) => act.perform(id, form, manner, turn),
            Self::MethodOfCustomer(customer, method) => customers::method_of(customer, method, turn),
            Self::RefundOfCharge(id) => refunds::retrieve(id, turn),
            Self::Balance => account::balance(turn),
            Self::Account => Ok(account::account(turn)),
        }
    }
}

fn act_of(collection: &str, act: &str) -> Option<Act> {
    Some(match (collection, act) {
        ("charges", "capture") => Act::CaptureCharge,
        ("charges", "refund" | "refunds") => Act::RefundCharge,
        ("refunds", "cancel") => Act::CancelRefund,
        ("disputes", "close") => Act::CloseDispute,
        ("payment_methods", "attach") => Act::Attach,
        ("payment_methods", "detach") => Act::Detach,
        ("payment_method_domains", "validate") => Act::ValidateDomain,
        _ => return None,
    })
}

impl Act {
    fn perform(self, id: &str, form: &Form, manner: Manner<'_>, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
        match self {
            Self::CaptureCharge => charges::capture(id, form, manner.declined, turn),
            Self::RefundCharge => refunds::create(Some(id), form, manner.declined, turn),
            Self::RefundsOfCharge => {
                let url = format!("/v1/charges/{id}/refunds");
                listing::refunds(Some((id, &url)), form, turn)
            }
            Self::CancelRefund => refund_fate::cancel(id, turn),
            Self::CloseDispute => disputes::close(id, turn),
            Self::Attach => methods::attach(id, form, turn),
            Self::Detach => methods::detach(id, turn),
            Self::MethodsOfCustomer => customers::methods_of(id, form, turn),
            Self::ValidateDomain => domains::retrieve(DomainKind::PaymentMethod, id, turn),
        }
    }
}

fn create(kind: Kind, form: &Form, manner: Manner<'_>, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
    match kind {
        Kind::Charge => charges::create(form, manner, turn),
        Kind::Refund => refunds::create(None, form, manner.declined, turn),
        Kind::Customer => customers::create(form, turn),
        Kind::Method => methods::create(form, turn),
        Kind::Endpoint => endpoints::create(form, turn),
        Kind::Token => tokens::create(form, turn),
        Kind::Domain(kind) => domains::create(kind, form, turn),
        Kind::Dispute | Kind::Entry | Kind::Event => Err(errors::no_route("POST", "").into()),
    }
}

fn list(kind: Kind, form: &Form, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
    match kind {
        Kind::Charge => listing::charges(form, turn),
        Kind::Refund => listing::refunds(None, form, turn),
        Kind::Customer => customers::list(form, turn),
        Kind::Method => methods::list(form, turn),
        Kind::Dispute => disputes::list(form, turn),
        Kind::Entry => entries::list(form, turn),
        Kind::Event => events::list(form, turn),
        Kind::Endpoint => endpoints::list(form, turn),
        Kind::Domain(kind) => domains::list(kind, form, turn),
        Kind::Token => Err(errors::no_route("GET", "").into()),
    }
}

fn retrieve(kind: Kind, id: &str, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
    match kind {
        Kind::Charge => charges::retrieve(id, turn),
        Kind::Refund => refunds::retrieve(id, turn),
        Kind::Customer => customers::retrieve(id, turn),
        Kind::Method => methods::retrieve(id, turn),
        Kind::Dispute => disputes::retrieve(id, turn),
        Kind::Entry => entries::retrieve(id, turn),
        Kind::Event => events::retrieve(id, turn),
        Kind::Endpoint => endpoints::retrieve(id, turn),
        Kind::Token => tokens::retrieve(id, turn),
        Kind::Domain(kind) => domains::retrieve(kind, id, turn),
    }
}

fn update(kind: Kind, id: &str, form: &Form, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
    match kind {
        Kind::Charge => charges::update(id, form, turn),
        Kind::Refund => refunds::update(id, form, turn),
        Kind::Customer => customers::update(id, form, turn),
        Kind::Method => methods::update(id, form, turn),
        Kind::Dispute => disputes::update(id, form, turn),
        Kind::Endpoint => endpoints::update(id, form, turn),
        Kind::Domain(kind) => domains::update(kind, id, form, turn),
        Kind::Entry | Kind::Event | Kind::Token => Err(errors::no_route("POST", "").into()),
    }
}
