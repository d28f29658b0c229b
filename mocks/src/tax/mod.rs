//! The tax provider, on `AvaTax`'s wire.

mod actions;
pub(crate) mod changes;
mod company;
mod document;
mod errors;
mod lifecycle;
mod lines;
mod listing;
mod moment;
mod places;
mod rates;
mod request;
mod route;
mod transactions;
mod view;

use http::{HeaderName, HeaderValue};
use model::fault::Provider;
use parking_lot::Mutex;

use crate::accounts::{Accounts, Caller};
use crate::books::Books;
use crate::http::Call;
use crate::turn::Turn;
use crate::wire::{Answer, Headers, Refusal, Stop, Traits, Understood, Wire};

use actions::Action;
use company::Asker;
pub(crate) use document::Document;
pub(crate) use rates::{RateChange, Rates};
use request::{Address, Create, Kind};
use transactions::Known;
use view::Include;

/// The tax provider.
pub(crate) struct Tax {
    pub(crate) company: String,
    pub(crate) rates: Rates,
}

/// A request to it.
#[derive(Clone)]
pub(crate) struct Operation {
    ask: Ask,
    /// Parts of a transaction that its answer shows.
    include: Include,
    /// What a fault adds to every rate, in basis points.
    shift: i64,
    /// Whose documents they are.
    account: i64,
}

/// Under what an operation is decided.
#[derive(Clone, Copy)]
struct Terms<'a> {
    tax: &'a Tax,
    include: Include,
    shift: i64,
    /// What the vendor's clock says, in unix microseconds.
    now_us: i64,
}

/// What is asked.
#[derive(Clone)]
enum Ask {
    Ping(Asker),
    Companies,
    Company(String),
    Create { create: Box<Create>, known: Known },
    Act { code: String, kind: Option<Kind>, action: Action },
    Retrieve { code: String, kind: Option<Kind> },
    RetrieveById(i64),
    List(listing::Query),
    Resolve(Address),
    Rates(Address),
}

impl Wire for Tax {
    type Operation = Operation;

    const PROVIDER: Provider = Provider::Tax;

    fn greet(&self, _call: &Call) -> Option<Answer> {
        None
    }

    fn identify(&self, call: &Call, accounts: &Accounts, now_us: i64) -> Result<Caller, Answer> {
        let is_ping = call.path.trim_end_matches('/').ends_with("/utilities/ping");
        let credentials: Vec<String> = match (call.basic(), call.bearer()) {
            (Some((user, password)), _) if user.is_empty() && password.is_empty() => {
                return Err(errors::unauthorised());
            }
            (Some((user, password)), _) => vec![format!("{user}:{password}"), password, user],
            (None, Some(token)) if !token.is_empty() => vec![token.to_owned()],
            // Only the ping may be asked by a stranger.
            (None, _) if !is_ping => return Err(errors::unauthorised()),
            (None, _) => Vec::new(),
        };
        if let Some(caller) = accounts.run_of(credentials.iter().map(String::as_str)) {
            return Ok(caller);
        }
        if !accounts.is_open() && !is_ping {
            return Err(errors::unauthorised());
        }
        let run = call.run().or_else(|| accounts.only_run(now_us));
        Ok(Caller { account: 0, run, is_browser: false })
    }

    fn understand(&self, call: &Call, caller: &Caller, _books: &Mutex<Books>) -> Result<Understood<Operation>, Answer> {
        self.read(call, caller.account)
    }

    fn traits(&self, operation: &Operation, books: &mut Books) -> Traits {
        let of_document = |document: &Document| Traits {
            country: document.country().map(str::to_owned),
            currency: Some(document.currency.clone()),
            amount_minor: Some(document.total_minor()),
            ..Traits::default()
        };
        match &operation.ask {
            Ask::Create { create, .. } => Traits {
                country: create.country(),
                currency: Some(create.currency.clone()),
                amount_minor: Some(create.total_minor()),
                ..Traits::default()
            },
            Ask::Act { code, kind, .. } | Ask::Retrieve { code, kind } => {
                // Where the store cannot be read the operation itself will say so.
                let kind = kind.unwrap_or(Kind::SalesInvoice);
                transactions::find(code, kind, operation.account, books)
                    .ok()
                    .flatten()
                    .map_or_else(Traits::default, |of| of_document(&of))
            }
            Ask::Resolve(address) | Ask::Rates(address) => {
                Traits { country: address.country.clone(), ..Traits::default() }
            }
            Ask::Ping(_) | Ask::Companies | Ask::Company(_) | Ask::RetrieveById(_) | Ask::List(_) => Traits::default(),
        }
    }

    fn execute(&self, operation: Operation, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
        let Operation { ask, include, shift, account } = operation;
        let now_us = turn.now_s() * 1_000_000 + turn.context.at_us % 1_000_000;
        let terms = Terms { tax: self, include, shift, now_us };
        match ask {
            Ask::Ping(asker) => Ok(company::ping(&asker)),
            Ask::Companies => Ok(self.companies()),
            Ask::Company(id) => Ok(self.one_company(&id)),
            Ask::Create { create, .. } if create.kind.is_quote() => transactions::quote(&create, terms, turn),
            Ask::Create { create, known } => transactions::create(&create, known, terms, turn),
            Ask::Act { code, kind, action } => lifecycle::act(&code, kind, action, terms, turn),
            Ask::Retrieve { code, kind } => {
                let document = transactions::existing(&code, kind, turn)?;
                Ok(Answer::json(200, &view::document(&document, include)))
            }
            Ask::RetrieveById(n) => {
                let found = turn.books.documents.take(n, &turn.books.reader)?;
                let document = found.filter(|document| document.account == account && !document.is_deleted);
                let document = document.ok_or_else(|| errors::no_document(&n.to_string()))?;
                transactions::label(&document, turn);
                Ok(Answer::json(200, &view::document(&document, include)))
            }
            Ask::List(query) => listing::list(&query, include, turn),
            Ask::Resolve(address) => places::resolve(terms, &address, turn),
            Ask::Rates(address) => places::rates(terms, address, turn),
        }
    }

    fn shift(&self, operation: &mut Operation, by: i64) -> bool {
        let has_rates = match &operation.ask {
            Ask::Create { .. } | Ask::Rates(_) => true,
            Ask::Act { action, .. } => matches!(action, Action::Adjust { .. }),
            Ask::Ping(_)
            | Ask::Companies
            | Ask::Company(_)
            | Ask::Retrieve { .. }
            | Ask::RetrieveById(_)
            | Ask::List(_)
            | Ask::Resolve(_) => false,
        };
        if has_rates {
            operation.shift = operation.shift.saturating_add(by);
        }
        has_rates
    }

    fn refuse(&self, refusal: &Refusal) -> Answer {
        match refusal {
            Refusal::TooLarge => errors::error(413, "RequestTooLarge", "The request is too large.", ""),
            Refusal::Unreadable => errors::error(400, "JsonFormatError", "The request could not be read.", ""),
            // Keys are unknown to this wire; a code is unique instead.
            Refusal::KeyInFlight { .. } | Refusal::KeyReused { .. } => {
                errors::error(409, "Conflict", "The request conflicts with another.", "")
            }
            Refusal::Broken => errors::error(500, "ServerError", "The server could not process the request.", ""),
            Refusal::Fault { status } => {
                errors::error(*status, "ServerUnreachable", "The service is temporarily unavailable.", "")
            }
            Refusal::TooManyRequests => errors::error(429, "RateLimitExceeded", "Too many requests.", ""),
        }
    }

    fn headers(&self, request_id: &str, _key: Option<&str>) -> Headers {
        // Our own identifiers are always fit for a header.
        let id = HeaderValue::try_from(request_id).map(|id| (HeaderName::from_static("x-correlation-id"), id));
        // How long the server worked, as the vendor writes it; what faults add is not the server's work.
        let duration = (HeaderName::from_static("serverduration"), HeaderValue::from_static("00:00:00.0010000"));
        id.into_iter().chain([duration]).collect()
    }
}
