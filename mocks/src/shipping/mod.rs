//! The provider of shipping rates and labels, on `EasyPost`'s wire.

mod address;
mod errors;
mod listing;
mod parcel;
mod route;
mod services;
mod shipment;
mod tracker;
mod view;

use http::{HeaderName, HeaderValue};
use model::fault::Provider;
use parking_lot::Mutex;
use serde_json::json;

use crate::accounts::{Accounts, Caller};
use crate::books::Books;
use crate::http::Call;
use crate::store::Table;
use crate::turn::Turn;
use crate::wire::{Answer, Headers, Refusal, Stop, Traits, Understood, Wire};

pub(crate) use address::Address;
use address::{Place, Verify};
use listing::{Of, Query};
pub(crate) use parcel::Parcel;
use services::Services;
pub(crate) use shipment::Shipment;
pub(crate) use tracker::Tracker;

/// How the vendor's keys of its live mode begin.
const LIVE_PREFIX: &str = "EZAK";

const SHIPMENTS: Of = Of { table: Table::Shipment, prefix: "shp", name: "shipments", is_purchasable: true };
const ADDRESSES: Of = Of { table: Table::Address, prefix: "adr", name: "addresses", is_purchasable: false };
const TRACKERS: Of = Of { table: Table::Tracker, prefix: "trk", name: "trackers", is_purchasable: false };

/// The provider of shipping.
pub(crate) struct Shipping {
    services: Services,
}

/// A request to it.
#[derive(Clone)]
pub(crate) struct Operation {
    ask: Ask,
    /// What a fault adds to every price, in basis points.
    shift: i64,
}

/// What is asked.
#[derive(Clone)]
enum Ask {
    MakeAddress { place: Box<Place>, verify: Verify, is_wrapped: bool },
    Address(String),
    VerifyAddress(String),
    Addresses(Query),
    MakeParcel(parcel::Measures),
    Parcel(String),
    Ship(Box<shipment::Create>),
    Shipment(String),
    Shipments(Query),
    Rates(String),
    SmartRates(String),
    Rerate(String),
    Buy { shipment: String, rate: String, insurance: Option<String> },
    Refund(String),
    Rate(String),
    Track { code: String, carrier: Option<String> },
    Tracker(String),
    Trackers(Query),
}

impl Shipping {
    pub(crate) fn new() -> Self {
        Self { services: Services::new() }
    }
}

impl Wire for Shipping {
    type Operation = Operation;

    const PROVIDER: Provider = Provider::Shipping;

    fn greet(&self, _call: &Call) -> Option<Answer> {
        None
    }

    fn identify(&self, call: &Call, accounts: &Accounts, now_us: i64) -> Result<Caller, Answer> {
        let key = call.basic().map(|(user, _)| user).or_else(|| call.bearer().map(str::to_owned));
        let key = key.filter(|key| !key.is_empty()).ok_or_else(errors::unauthorised)?;
        if key.starts_with(LIVE_PREFIX) {
            return Err(errors::wrong_key());
        }
        let caller = accounts.identify_any(&key).map_err(|_| errors::wrong_key())?;
        // Rows of a key that nobody leased carry the run that the caller names.
        let run = caller.run.or_else(|| call.run()).or_else(|| accounts.only_run(now_us));
        Ok(Caller { run, ..caller })
    }

    fn understand(
        &self,
        call: &Call,
        _caller: &Caller,
        _books: &Mutex<Books>,
    ) -> Result<Understood<Operation>, Answer> {
        route::read(call)
    }

    fn traits(&self, operation: &Operation, books: &mut Books) -> Traits {
        let mut of_shipment = |id: &str| {
            let n = books.identity.read("shp", id)?;
            // Where the store cannot be read the operation itself will say so.
            let found = books.shipments.take(n, &books.reader).ok().flatten()?;
            Some(Traits {
                country: Some(found.to.place.country()),
                currency: Some(found.currency.clone()),
                amount_minor: found.rates.first().map(|rate| rate.price_minor),
                ..Traits::default()
            })
        };
        match &operation.ask {
            Ask::Ship(create) => {
                Traits { country: create.to.country(), currency: Some(create.currency.clone()), ..Traits::default() }
            }
            Ask::Shipment(id) | Ask::Rates(id) | Ask::SmartRates(id) | Ask::Rerate(id) | Ask::Refund(id) => {
                of_shipment(id).unwrap_or_default()
            }
            Ask::Buy { shipment, .. } => of_shipment(shipment).unwrap_or_default(),
            Ask::MakeAddress { place, .. } => Traits { country: Some(place.country()), ..Traits::default() },
            Ask::Address(_)
            | Ask::VerifyAddress(_)
            | Ask::Addresses(_)
            | Ask::MakeParcel(_)
            | Ask::Parcel(_)
            | Ask::Shipments(_)
            | Ask::Rate(_)
            | Ask::Track { .. }
            | Ask::Tracker(_)
            | Ask::Trackers(_) => Traits::default(),
        }
    }

    fn execute(&self, operation: Operation, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
        let Operation { ask, shift } = operation;
        match ask {
            Ask::MakeAddress { place, verify, is_wrapped } => {
                let shown = address::view(&address::create(*place, verify, turn)?);
                Ok(Answer::json(201, &if is_wrapped { json!({ "address": shown }) } else { shown }))
            }
            Ask::Address(id) => Ok(Answer::json(200, &address::view(&address::find(&id, turn)?))),
            Ask::VerifyAddress(id) => {
                let shown = address::view(&address::verify(&id, turn)?);
                Ok(Answer::json(200, &json!({ "address": shown })))
            }
            Ask::Addresses(query) => listing::list::<Address>(&query, &ADDRESSES, address::view, turn),
            Ask::MakeParcel(measures) => Ok(Answer::json(201, &parcel::view(&parcel::make(measures, turn)))),
            Ask::Parcel(id) => Ok(Answer::json(200, &parcel::view(&parcel::find(&id, turn)?))),
            Ask::Ship(create) => shipment::create(*create, &self.services, shift, turn),
            Ask::Shipment(id) => Ok(Answer::json(200, &view::shipment(&shipment::find(&id, turn)?))),
            Ask::Shipments(query) => listing::list::<Shipment>(&query, &SHIPMENTS, view::shipment, turn),
            Ask::Rates(id) => {
                let shipment = shipment::find(&id, turn)?;
                Ok(Answer::json(200, &json!({ "rates": view::rates(&shipment) })))
            }
            Ask::SmartRates(id) => {
                let shipment = shipment::find(&id, turn)?;
                let rates: Vec<_> = shipment.rates.iter().map(|rate| view::smart_rate(rate, &shipment)).collect();
                Ok(Answer::json(200, &json!({ "result": rates })))
            }
            Ask::Rerate(id) => shipment::rerate(&id, &self.services, shift, turn),
            Ask::Buy { shipment, rate, insurance } => shipment::buy(&shipment, &rate, insurance, turn),
            Ask::Refund(id) => shipment::refund(&id, turn),
            Ask::Rate(id) => {
                let (n, _) = turn.books.identity.read_part("rate", &id).ok_or_else(errors::not_found)?;
                let shipment = shipment::find(&turn.books.identity.make("shp", n), turn)?;
                let rate = shipment.rates.iter().find(|rate| rate.id == id).ok_or_else(errors::not_found)?;
                Ok(Answer::json(200, &view::rate(rate, &shipment)))
            }
            Ask::Track { code, carrier } => {
                Ok(Answer::json(201, &tracker::view(&tracker::create(code, carrier, None, turn))))
            }
            Ask::Tracker(id) => Ok(Answer::json(200, &tracker::view(&tracker::find(&id, turn)?))),
            Ask::Trackers(query) => listing::list::<Tracker>(&query, &TRACKERS, tracker::view, turn),
        }
    }

    fn shift(&self, operation: &mut Operation, by: i64) -> bool {
        let is_rated = matches!(operation.ask, Ask::Ship(_) | Ask::Rerate(_));
        if is_rated {
            operation.shift = operation.shift.saturating_add(by);
        }
        is_rated
    }

    fn refuse(&self, refusal: &Refusal) -> Answer {
        match refusal {
            Refusal::TooLarge => errors::error(413, "PAYLOAD_TOO_LARGE", "The request body is too large.", &[]),
            Refusal::Unreadable => errors::bad_json(),
            // Keys are unknown to this wire.
            Refusal::KeyInFlight { .. } | Refusal::KeyReused { .. } => {
                errors::error(409, "CONFLICT", "The request conflicts with another.", &[])
            }
            Refusal::Broken => {
                errors::error(500, "INTERNAL_SERVER_ERROR", "We are unable to process the request.", &[])
            }
            Refusal::Fault { status } => {
                errors::error(*status, "SERVICE_UNAVAILABLE", "The service is temporarily unavailable.", &[])
            }
            Refusal::TooManyRequests => {
                errors::error(429, "RATE_LIMITED", "The request limit was exceeded; try again later.", &[])
            }
        }
    }

    fn headers(&self, request_id: &str, _key: Option<&str>) -> Headers {
        // Our own identifiers are always fit for a header.
        HeaderValue::try_from(request_id)
            .map(|id| vec![(HeaderName::from_static("x-ep-request-uuid"), id)])
            .unwrap_or_default()
    }
}
