//! Which address asks for what.

use super::actions::Action;
use super::company::Asker;
use super::request::{Address, Create, Kind};
use super::transactions::Known;
use super::view::Include;
use super::{Ask, Operation, Tax, errors, listing};
use crate::http::Call;
use crate::turn::Labels;
use crate::wire::{Answer, Understood};

impl Tax {
    /// Reads a request.
    pub(super) fn read(&self, call: &Call, account: i64) -> Result<Understood<Operation>, Answer> {
        let segments = call.segments();
        let parts: Vec<&str> = segments.iter().map(String::as_str).collect();
        let ["api", "v2", rest @ ..] = parts.as_slice() else { return Err(errors::no_route(&call.path)) };
        let mut labels = Labels::default();
        let ask = match (call.method.as_str(), rest) {
            ("GET", ["utilities", "ping"]) => Ask::Ping(asker(call)),
            ("GET", ["companies"]) => Ask::Companies,
            ("GET", ["companies", id]) => Ask::Company((*id).to_owned()),
            ("POST", ["transactions", "create"]) => self.read_create(&call.body, Known::Replace, &mut labels)?,
            ("POST", ["transactions", "createoradjust"]) => {
                // The transaction stands in an envelope here.
                let body: serde_json::Value =
                    serde_json::from_slice(&call.body).map_err(|error| errors::bad_json(&error.to_string()))?;
                let inner = body.get("createTransactionModel").unwrap_or(&body).to_string();
                self.read_create(inner.as_bytes(), Known::Adjust, &mut labels)?
            }
            ("GET", ["transactions", id]) => match id.parse() {
                Ok(id) => Ask::RetrieveById(id),
                Err(_) => return Err(errors::no_document(id)),
            },
            ("GET", ["companies", company, "transactions"]) => {
                self.check_company(company)?;
                Ask::List(listing::Query::read(
                    call.query_value("$filter").as_deref(),
                    call.query_value("$top").as_deref(),
                    call.query_value("$skip").as_deref(),
                )?)
            }
            ("GET", ["companies", company, "transactions", code]) => {
                self.check_company(company)?;
                labels.order = Some((*code).to_owned());
                Ask::Retrieve { code: (*code).to_owned(), kind: document_type(call)? }
            }
            // With the type in the path, as one of the client's calls has it.
            ("GET", ["companies", company, "transactions", code, "types", kind]) => {
                self.check_company(company)?;
                labels.order = Some((*code).to_owned());
                Ask::Retrieve { code: (*code).to_owned(), kind: Some(read_kind(kind)?) }
            }
            ("POST", ["companies", company, "transactions", code, word]) => {
                self.check_company(company)?;
                let action = Action::read(word, &call.body)?.ok_or_else(|| errors::no_route(&call.path))?;
                labels.order = Some((*code).to_owned());
                Ask::Act { code: (*code).to_owned(), kind: document_type(call)?, action }
            }
            ("POST", ["addresses", "resolve"]) => {
                let address: Address =
                    serde_json::from_slice(&call.body).map_err(|error| errors::bad_json(&error.to_string()))?;
                Ask::Resolve(address)
            }
            ("GET", ["addresses", "resolve"]) => Ask::Resolve(address_of(call)),
            ("GET", ["taxrates", "byaddress"]) => {
                Ask::Rates(required(call, &["line1", "region", "postalCode", "country"])?)
            }
            ("GET", ["taxrates", "bypostalcode"]) => Ask::Rates(required(call, &["country", "postalCode"])?),
            _ => return Err(errors::no_route(&call.path)),
        };
        let shows_all = matches!(ask, Ask::Create { .. } | Ask::Act { .. });
        let include = match call.query_value("$include") {
            Some(text) if !text.is_empty() && !shows_all => Include::read(&text),
            _ if shows_all => Include::ALL,
            _ => Include::read(""),
        };
        let reads_store = matches!(ask, Ask::List(_));
        Ok(Understood { operation: Operation { ask, include, shift: 0, account }, key: None, labels, reads_store })
    }

    fn read_create(&self, body: &[u8], known: Known, labels: &mut Labels) -> Result<Ask, Answer> {
        let create = Create::read(body)?;
        self.check_company(create.company.as_deref().unwrap_or(&self.company))?;
        *labels = Labels { order: create.order(), email: Some(create.customer.clone()), key: None };
        Ok(Ask::Create { create: Box::new(create), known })
    }
}

fn asker(call: &Call) -> Asker {
    match (call.basic(), call.bearer()) {
        (Some((user, _)), _) => Asker::User(user),
        (None, Some(_)) => Asker::Token,
        (None, None) => Asker::Nobody,
    }
}

fn document_type(call: &Call) -> Result<Option<Kind>, Answer> {
    match call.query_value("documentType").as_deref() {
        None | Some("" | "Any") => Ok(None),
        Some(word) => read_kind(word).map(Some),
    }
}

fn read_kind(word: &str) -> Result<Kind, Answer> {
    Kind::read(word).ok_or_else(|| errors::out_of_range("documentType", &format!("{word} is no type of document.")))
}

fn address_of(call: &Call) -> Address {
    let field = |name: &str| call.query_value(name).filter(|value| !value.is_empty());
    Address {
        line1: field("line1"),
        line2: field("line2"),
        line3: field("line3"),
        city: field("city"),
        region: field("region"),
        postal_code: field("postalCode"),
        country: field("country"),
    }
}

fn required(call: &Call, names: &[&str]) -> Result<Address, Answer> {
    let missing = names.iter().find(|name| call.query_value(name).is_none_or(|value| value.is_empty()));
    missing.map_or_else(|| Ok(address_of(call)), |name| Err(errors::missing(name)))
}
