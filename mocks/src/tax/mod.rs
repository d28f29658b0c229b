//! The tax provider, on `AvaTax`'s wire.

mod decimal;
mod document;
mod errors;
mod rates;
mod request;
mod transactions;
mod view;

use http::{HeaderName, HeaderValue};
use model::fault::Provider;
use parking_lot::Mutex;
use serde::Serialize;

use crate::accounts::{Accounts, Caller};
use crate::books::Books;
use crate::http::Call;
use crate::turn::{Labels, Turn};
use crate::wire::{Answer, Headers, Refusal, Stop, Traits, Understood, Wire};

pub(crate) use document::Document;
pub(crate) use rates::Rates;
use request::{Create, Kind};

/// The tax provider.
pub(crate) struct Tax {
    pub(crate) company: String,
    pub(crate) rates: Rates,
}

/// A request to it.
#[derive(Clone)]
pub(crate) enum Operation {
    Ping { is_authenticated: bool },
    Create(Box<Create>),
    Commit(String),
    Void(String),
    Retrieve(String),
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Pong {
    version: &'static str,
    authenticated: bool,
    authentication_type: &'static str,
    authenticated_user_name: (),
    authenticated_account_id: i64,
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
            (Some((user, password)), _) => vec![format!("{user}:{password}"), password, user],
            (None, Some(token)) => vec![token.to_owned()],
            // Only the ping may be asked by a stranger.
            (None, None) if !is_ping => return Err(errors::unauthorised()),
            (None, None) => Vec::new(),
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

    fn understand(
        &self,
        call: &Call,
        _caller: &Caller,
        _books: &Mutex<Books>,
    ) -> Result<Understood<Operation>, Answer> {
        let segments = call.segments();
        let parts: Vec<&str> = segments.iter().map(String::as_str).collect();
        let of_company = |company: &str| self.check_company(company);
        let mut labels = Labels::default();
        let operation = match (call.method.as_str(), parts.as_slice()) {
            ("GET", ["api", "v2", "utilities", "ping"]) => {
                Operation::Ping { is_authenticated: call.basic().is_some() || call.bearer().is_some() }
            }
            ("POST", ["api", "v2", "transactions", "create" | "createoradjust"]) => {
                let create = Create::read(&call.body)?;
                of_company(create.company.as_deref().unwrap_or(&self.company))?;
                labels = Labels { order: create.order(), email: Some(create.customer.clone()), key: None };
                Operation::Create(Box::new(create))
            }
            ("POST", ["api", "v2", "companies", company, "transactions", code, "commit"]) => {
                of_company(company)?;
                request::check_flag(&call.body, "commit")?;
                labels.order = Some((*code).to_owned());
                Operation::Commit((*code).to_owned())
            }
            ("POST", ["api", "v2", "companies", company, "transactions", code, "void"]) => {
                of_company(company)?;
                request::check_void(&call.body)?;
                labels.order = Some((*code).to_owned());
                Operation::Void((*code).to_owned())
            }
            ("GET", ["api", "v2", "companies", company, "transactions", code]) => {
                of_company(company)?;
                labels.order = Some((*code).to_owned());
                Operation::Retrieve((*code).to_owned())
            }
            _ => return Err(errors::no_route(&call.path)),
        };
        Ok(Understood { operation, key: None, labels, reads_store: false })
    }

    fn traits(&self, operation: &Operation, books: &mut Books) -> Traits {
        let amount_minor = match operation {
            Operation::Create(create) => Some(create.total_minor()),
            Operation::Commit(code) | Operation::Void(code) | Operation::Retrieve(code) => {
                // Where the store cannot be read the operation itself will say so.
                transactions::find(code, books).ok().flatten().map(|(_, document)| document.total_minor())
            }
            Operation::Ping { .. } => None,
        };
        Traits { amount_minor, ..Traits::default() }
    }

    fn execute(&self, operation: Operation, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
        match operation {
            Operation::Ping { is_authenticated } => Ok(Answer::json(
                200,
                &Pong {
                    version: "25.11.0",
                    authenticated: is_authenticated,
                    authentication_type: if is_authenticated { "UsernamePassword" } else { "None" },
                    authenticated_user_name: (),
                    authenticated_account_id: 0,
                },
            )),
            Operation::Create(create) => match create.kind {
                Kind::SalesOrder => Ok(transactions::quote(&create, &self.rates, turn)),
                Kind::SalesInvoice => transactions::create(&create, &self.rates, turn),
            },
            Operation::Commit(code) => transactions::commit(&code, turn),
            Operation::Void(code) => transactions::void(&code, turn),
            Operation::Retrieve(code) => transactions::retrieve(&code, turn),
        }
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
        HeaderValue::try_from(request_id)
            .map(|id| vec![(HeaderName::from_static("x-correlation-id"), id)])
            .unwrap_or_default()
    }
}

impl Tax {
    fn check_company(&self, company: &str) -> Result<(), Answer> {
        if company.eq_ignore_ascii_case(&self.company) {
            return Ok(());
        }
        Err(errors::error(
            404,
            "CompanyNotFoundError",
            "Company not found.",
            &format!("The company '{company}' was not found."),
        ))
    }
}
