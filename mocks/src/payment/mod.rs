//! The payment provider, on Stripe's wire.

mod account;
mod balance;
mod cards;
mod charges;
mod charging;
mod chores;
mod customers;
mod desk;
mod disputes;
mod domains;
mod endpoints;
mod entries;
mod errors;
mod events;
mod evidence;
mod expand;
mod form;
mod form_parts;
mod intents;
mod listing;
mod methods;
mod query;
mod refund_fate;
mod refunds;
mod route;
mod search;
mod settlement;
mod state;
mod test_cards;
mod tokens;
mod view;

use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN, AUTHORIZATION,
};
use http::{HeaderName, HeaderValue};
use model::fault::Provider;
use parking_lot::Mutex;

use crate::accounts::{Accounts, Caller, KeyRefusal};
use crate::books::Books;
use crate::http::Call;
use crate::idempotency::Key;
use crate::turn::{Labels, Turn};
use crate::wire::{Answer, Headers, Refusal, Stop, Traits, Understood, Wire};

pub(crate) use balance::Entry;
pub(crate) use charging::settle_at;
pub(crate) use chores::{Chore, do_later};
pub(crate) use disputes::Dispute;
pub(crate) use domains::Domain;
use expand::Paths;
use form::Form;
use route::{Object, Route};
pub(crate) use settlement::settlement;
pub(crate) use state::{Customer, Intent, Method, RefundPlace};
use view::Expand;

/// Longest key that Stripe takes.
const KEY_LENGTH_MAX: usize = 255;

/// The payment provider.
pub(crate) struct Payment {
    /// How long a bank debit stays `processing`, in milliseconds.
    pub(crate) processing_ms: u64,
}

/// A request to it, routed and read.
pub(crate) struct Operation {
    route: Route,
    form: Form,
    expand: Paths,
    is_browser: bool,
}

impl Wire for Payment {
    type Operation = Operation;

    const PROVIDER: Provider = Provider::Payment;

    fn greet(&self, call: &Call) -> Option<Answer> {
        (call.method == http::Method::OPTIONS).then(cors)
    }

    fn identify(&self, call: &Call, accounts: &Accounts, _now_us: i64) -> Result<Caller, Answer> {
        let key = match (call.bearer(), call.basic()) {
            (Some(token), _) => token.to_owned(),
            (None, Some((user, _))) => user,
            // A browser may send its publishable key as a parameter.
            (None, None) if !call.headers.contains_key(AUTHORIZATION) => {
                let of_body = || Form::read(&call.body).text("key");
                call.query_value("key").or_else(of_body).filter(|key| key.starts_with("pk_")).unwrap_or_default()
            }
            (None, None) => String::new(),
        };
        accounts.identify(&key).map_err(|refusal| match refusal {
            KeyRefusal::Missing => errors::unauthorised(
                "You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY').",
            ),
            KeyRefusal::Live => errors::unauthorised("This is a simulator: live keys are refused. Use a test key."),
            KeyRefusal::Unknown => errors::unauthorised("Invalid API Key provided."),
        })
    }

    fn understand(&self, call: &Call, caller: &Caller, books: &Mutex<Books>) -> Result<Understood<Operation>, Answer> {
        let identity = books.lock().identity;
        let route = Route::read(call.method.as_str(), &call.segments())
            .ok_or_else(|| errors::no_route(call.method.as_str(), &call.path))?;
        if caller.is_browser && !route.is_for_browsers() {
            return Err(errors::other(
                403,
                "invalid_request_error",
                Some("secret_key_required"),
                "This API call cannot be made with a publishable API key. Please use a secret API key.",
            ));
        }
        let is_write = call.method == http::Method::POST;
        if is_write && call.body.starts_with(b"{") {
            return Err(errors::invalid_plain(None, "Invalid request: the body must be form-encoded, not JSON."));
        }
        let form = Form::read(if is_write { &call.body } else { call.query.as_bytes() });
        let expand = route.expand(&form)?;
        let key = is_write.then(|| call.header("idempotency-key")).flatten().filter(|key| !key.is_empty());
        if key.is_some_and(|key| key.len() > KEY_LENGTH_MAX) {
            return Err(errors::invalid_plain(None, "Idempotency keys may have at most 255 characters."));
        }
        let key = key.map(|key| Key {
            text: key.to_owned(),
            fingerprint: identity.hash("request", 0, &format!("{} {}", call.path, form.canonical())),
        });
        let metadata = form.map("metadata");
        let email = metadata.iter().find(|(name, _)| name == "email").map(|(_, value)| value.clone());
        let labels = Labels {
            order: state::order_of(&metadata).map(str::to_owned),
            email: form.text("receipt_email").or(email),
            key: None,
        };
        let reads_store = route.reads_store();
        let operation = Operation { route, form, expand, is_browser: caller.is_browser };
        Ok(Understood { operation, key, labels, reads_store })
    }

    fn traits(&self, operation: &Operation, books: &mut Books) -> Traits {
        let form = &operation.form;
        let known = operation.route.payment(&operation.form, books);
        let asked = ["amount", "amount_to_capture"].iter().find_map(|name| form.get(name)?.parse().ok());
        let named = form
            .get("payment_method")
            .and_then(|id| methods::find_any(id, books))
            .or_else(|| form.get("card[number]").and_then(|number| cards::by_number(number, 1, 2_099).ok()))
            .or_else(|| {
                form.get("payment_method_data[card][number]").and_then(|number| cards::by_number(number, 1, 2_099).ok())
            })
            .map(|card| card.brand);
        let charged = known.as_ref().and_then(|intent| {
            let method = intent.latest_charge().map(|charge| &charge.method).or(intent.method.as_ref());
            method.map(|method| method.card.brand)
        });
        let country = [
            "shipping[address][country]",
            "payment_method_data[billing_details][address][country]",
            "billing_details[address][country]",
            "metadata[country]",
        ]
        .iter()
        .find_map(|name| form.get(name));
        let currency = form.get("currency").map(str::to_owned);
        Traits {
            brand: named.or(charged).map(|brand| brand.name().to_owned()),
            country: country.map(str::to_owned),
            currency: currency.or_else(|| known.as_ref().map(|intent| intent.currency.clone())),
            amount_minor: asked.or(known.map(|intent| intent.amount)),
        }
    }

    fn execute(&self, operation: Operation, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
        let Operation { route, form, expand, is_browser } = &operation;
        let plain = Expand::default();
        let answer = match route {
            Route::Create(Object::Intent) => intents::create(form, plain, self.processing_ms, turn),
            Route::Retrieve(Object::Intent, id) => intents::retrieve(id, form, plain, *is_browser, turn),
            Route::Update(Object::Intent, id) => intents::update(id, form, plain, turn),
            Route::List(Object::Intent) => listing::payments(form, turn),
            Route::Search => search::payments(form, turn),
            Route::Confirm(id) => intents::confirm(id, form, plain, *is_browser, self.processing_ms, turn),
            Route::Capture(id) => intents::capture(id, form, plain, turn),
            Route::Cancel(id) => intents::cancel(id, form, plain, turn),
            Route::Desk(desk) => desk.execute(form, turn),
        }?;
        expand.follow(answer, turn)
    }

    fn refuse(&self, refusal: &Refusal) -> Answer {
        match refusal {
            Refusal::TooLarge => errors::other(413, "invalid_request_error", None, "The request body is too large."),
            Refusal::Unreadable => errors::other(400, "invalid_request_error", None, "The request body could not be read."),
            Refusal::KeyInFlight => errors::other(
                409,
                "idempotency_error",
                Some("idempotency_key_in_use"),
                "There is currently another in-progress request using this Idempotency Key (that probably means you submitted twice, and the other request is still going through). Please try again later.",
            )
            .header(SHOULD_RETRY, TRUE),
            Refusal::KeyReused { key } => errors::other(
                400,
                "idempotency_error",
                None,
                &format!("Keys for idempotent requests can only be used with the same parameters they were first used with. Try using a key other than '{key}' if you meant to execute a different request."),
            ),
            Refusal::Broken => errors::other(500, "api_error", None, "An unknown error occurred."),
            Refusal::Fault { status } => {
                let kind = match status {
                    400..=499 => "invalid_request_error",
                    _ => "api_error",
                };
                errors::other(*status, kind, None, "Sorry, something went wrong.")
            }
            Refusal::TooManyRequests => {
                errors::other(429, "rate_limit_error", Some("rate_limit"), "Request rate limit exceeded.").header(SHOULD_RETRY, TRUE)
            }
        }
    }

    fn headers(&self, request_id: &str, key: Option<&str>) -> Headers {
        let mut headers = Vec::with_capacity(6);
        headers.push((ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*")));
        headers.push((STRIPE_VERSION, HeaderValue::from_static(crate::webhooks::API_VERSION)));
        // A key may hold bytes that no header can; it is then not echoed.
        let named = [(REQUEST_ID, Some(request_id)), (IDEMPOTENCY_KEY, key)];
        headers.extend(named.into_iter().filter_map(|(name, value)| Some((name, HeaderValue::try_from(value?).ok()?))));
        headers
    }
}

const SHOULD_RETRY: HeaderName = HeaderName::from_static("stripe-should-retry");
const STRIPE_VERSION: HeaderName = HeaderName::from_static("stripe-version");
const REQUEST_ID: HeaderName = HeaderName::from_static("request-id");
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const TRUE: HeaderValue = HeaderValue::from_static("true");

/// A shopper's browser confirms payments itself, from the shop's pages.
fn cors() -> Answer {
    Answer::new(204, "")
        .header(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"))
        .header(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, POST, DELETE, OPTIONS"))
        .header(
            ACCESS_CONTROL_ALLOW_HEADERS,
            HeaderValue::from_static("*, authorization, content-type, idempotency-key, stripe-version"),
        )
}
