//! The second payment provider, on Adyen's wire.

mod asked;
mod asking;
mod body;
mod cards;
mod checks;
mod disputes;
mod errors;
mod means;
mod methods;
mod modifications;
mod notification;
mod payments;
mod reference;
mod refusals;
mod route;
mod sessions;
mod settlement;
mod state;
mod view;
mod waits;

use http::{HeaderName, HeaderValue};
use model::fault::Provider;
use parking_lot::Mutex;

use crate::accounts::{Accounts, Caller};
use crate::books::Books;
use crate::http::Call;
use crate::idempotency::Key;
use crate::store::StoredAnswer;
use crate::turn::Turn;
use crate::wire::{Answer, Headers, Refusal, Stop, Traits, Understood, Wire};

use asked::{Asked, Decline};
use payments::Manner;
pub(crate) use settlement::settlement;
pub(crate) use state::{Payment, Session, StoredMethod};
pub(crate) use waits::do_due;

/// Longest key that Adyen takes.
const KEY_LENGTH_MAX: usize = 64;
/// How long a key is kept, in microseconds: 7 days.
const KEY_KEPT_US: i64 = 7 * 86_400 * 1_000_000;
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// The second payment provider.
pub(crate) struct Adyen {
    /// How long a payment that was received takes until its outcome is known, in milliseconds.
    pub(crate) processing_ms: u64,
    /// How long the holder may take to reply, in milliseconds.
    pub(crate) challenge_ms: u64,
    /// What browsers reach it by, without a slash at the end.
    pub(crate) public_url: String,
}

/// A request to it, routed and read.
#[derive(Clone)]
pub(crate) struct Operation {
    asked: Asked,
    decline: Option<Decline>,
}

impl Wire for Adyen {
    type Operation = Operation;

    const PROVIDER: Provider = Provider::BackupPayment;

    fn greet(&self, _call: &Call) -> Option<Answer> {
        None
    }

    fn identify(&self, call: &Call, accounts: &Accounts, _now_us: i64) -> Result<Caller, Answer> {
        // The page that asks the holder belongs to the payment's account; its address cannot be guessed.
        if let Some(account) = route::page_account(&call.path) {
            let run = accounts.lease(account).map(|lease| lease.run.clone());
            return Ok(Caller { account, run, is_browser: true });
        }
        let of_browser = || call.query_value("clientKey");
        let key = call.header("x-api-key").map(str::to_owned).or_else(|| call.basic().map(|(_, password)| password));
        let key = key.or_else(of_browser).unwrap_or_default();
        accounts.identify_any(&key).map_err(|_| errors::unauthorised())
    }

    fn understand(&self, call: &Call, _caller: &Caller, books: &Mutex<Books>) -> Result<Understood<Operation>, Answer> {
        let asked = route::read(call)?;
        let is_write = call.method == http::Method::POST && !matches!(asked, Asked::Reply(..));
        let key = is_write.then(|| call.header("idempotency-key")).flatten().filter(|key| !key.is_empty());
        if key.is_some_and(|key| key.len() > KEY_LENGTH_MAX) {
            return Err(errors::invalid("702", "Idempotency keys may have at most 64 characters"));
        }
        let key = key.map(|key| {
            let identity = books.lock().identity;
            let fingerprint =
                identity.hash("request", 0, &format!("{} {}", call.path, String::from_utf8_lossy(&call.body)));
            Key { text: key.to_owned(), fingerprint, kept_us: KEY_KEPT_US, endpoint: call.path.clone() }
        });
        let (labels, reads_store) = (asked.labels(), asked.reads_store());
        Ok(Understood { operation: Operation { asked, decline: None }, key, labels, reads_store })
    }

    fn traits(&self, operation: &Operation, books: &mut Books) -> Traits {
        let of_payment = |n: i64, books: &mut Books| books.backup_payments.take(n, &books.reader).ok().flatten();
        let (asked, known) = match &operation.asked {
            Asked::Pay(request) | Asked::OpenSession(request) => {
                let means = request.payment_method.as_ref();
                let stored = means.and_then(|means| means.stored_payment_method_id.as_deref());
                let brand = means.and_then(body::Means::number).map(cards::brand);
                let brand = brand.or_else(|| stored.and_then(cards::by_token).map(|card| card.brand));
                return Traits {
                    brand: brand.map(|brand| brand.trait_name().to_owned()),
                    country: request.country().map(str::to_owned),
                    currency: request.amount.as_ref().map(|amount| amount.currency.clone()),
                    amount_minor: request.amount.as_ref().map(|amount| amount.value),
                };
            }
            Asked::Change(_, psp, request) => {
                let n = reference::read(books.identity, reference::Kind::Payment, psp).map(|(n, _)| n);
                (request.amount.clone(), n.and_then(|n| of_payment(n, books)))
            }
            Asked::Details(request) => {
                let n = request
                    .detail("redirectResult")
                    .and_then(|result| reference::read(books.identity, reference::Kind::RedirectResult, result))
                    .map(|(n, _)| n);
                (None, n.and_then(|n| of_payment(n, books)))
            }
            Asked::CancelByReference(_)
            | Asked::Methods(_)
            | Asked::SessionResult(_)
            | Asked::PaySession(..)
            | Asked::ListStored { .. }
            | Asked::DeleteStored { .. }
            | Asked::Dispute(..)
            | Asked::Page(_)
            | Asked::Reply(..) => return Traits::default(),
        };
        Traits {
            brand: known.as_ref().map(|payment| payment.card.brand.trait_name().to_owned()),
            country: None,
            currency: asked
                .as_ref()
                .map(|amount| amount.currency.clone())
                .or(known.as_ref().map(|payment| payment.currency.clone())),
            amount_minor: asked.map(|amount| amount.value).or(known.map(|payment| payment.amount)),
        }
    }

    fn execute(&self, operation: Operation, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
        let Operation { asked, decline } = operation;
        let manner =
            Manner { base: &self.public_url, challenge_ms: self.challenge_ms, processing_ms: self.processing_ms };
        let (card, change) = match decline {
            Some(Decline::Card(refusal)) => (Some(refusal), None),
            Some(Decline::Change(why)) => (None, Some(why)),
            None => (None, None),
        };
        match asked {
            Asked::Pay(request) => payments::create(&request, card, manner, turn),
            Asked::Details(request) => asking::details(&request, card, manner, turn),
            Asked::Change(what, psp, request) => modifications::change(what, &psp, &request, change.as_deref(), turn),
            Asked::CancelByReference(request) => modifications::cancel_by_reference(&request, turn),
            Asked::Methods(request) => methods::all(&request, turn),
            Asked::OpenSession(request) => sessions::open(&request, turn),
            Asked::SessionResult(id) => sessions::result(&id, turn),
            Asked::PaySession(id, request) => sessions::pay(&id, &request, card, manner, turn),
            Asked::ListStored { shopper, merchant } => methods::list(shopper.as_deref(), merchant.as_deref(), turn),
            Asked::DeleteStored { id, shopper, merchant } => {
                methods::delete(&id, shopper.as_deref(), merchant.as_deref(), turn)
            }
            Asked::Dispute(defence, request) => disputes::answer(defence, &request, turn),
            Asked::Page(data) => asking::page(&data, turn),
            Asked::Reply(data, outcome) => asking::reply(&data, outcome.as_deref(), turn),
        }
    }

    fn decline(&self, operation: &mut Operation, code: Option<&str>) -> bool {
        operation.decline = operation.asked.declined(code);
        operation.decline.is_some()
    }

    fn refuse(&self, refusal: &Refusal) -> Answer {
        match refusal {
            Refusal::TooLarge => errors::other(413, "The request body is too large"),
            Refusal::Unreadable => errors::unexpected("request", "its body could not be read"),
            Refusal::KeyInFlight { .. } => errors::processed(409),
            Refusal::KeyReused { .. } => errors::processed(422),
            Refusal::Broken => errors::other(500, "An internal error occurred"),
            Refusal::Fault { status } => errors::other(*status, "Service temporarily unavailable"),
            Refusal::TooManyRequests => errors::other(429, "Too many requests"),
        }
    }

    fn told(&self, answer: Answer, first: Option<&StoredAnswer>) -> Answer {
        match first.and_then(|first| first.object.as_deref()) {
            Some(psp) => view::named(answer, psp),
            None => answer,
        }
    }

    fn echo(&self, call: &Call) -> Headers {
        call.headers.get(TRACEPARENT).map(|value| (TRACEPARENT, value.clone())).into_iter().collect()
    }

    fn headers(&self, _request_id: &str, key: Option<&str>) -> Headers {
        // A key may hold bytes that no header can; it is then not echoed.
        let key = key.and_then(|key| HeaderValue::try_from(key).ok());
        key.map(|key| (IDEMPOTENCY_KEY, key)).into_iter().collect()
    }
}
