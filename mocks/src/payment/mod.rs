//! The payment provider, on Stripe's wire.

mod account;
mod amounts;
mod balance;
mod browsers;
mod captures;
mod cards;
mod challenge;
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
mod options;
mod pages;
mod params;
mod query;
mod refund_fate;
mod refunds;
mod route;
mod search;
mod secret;
mod sessions;
mod settlement;
mod setups;
mod state;
mod test_cards;
mod tokens;
mod view;
mod waits;
mod wallet;

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
use crate::store::StoredAnswer;
use crate::turn::{Labels, Turn};
use crate::wire::{Answer, Headers, IDEMPOTENT_REPLAYED, Refusal, Stop, Traits, Understood, Wire};

pub(crate) use balance::Entry;
pub(crate) use charging::settle_at;
pub(crate) use chores::{Chore, do_later};
pub(crate) use disputes::Dispute;
pub(crate) use domains::Domain;
use expand::Paths;
pub(crate) use form::Form;
use route::{Object, Route};
pub(crate) use sessions::Session;
pub(crate) use settlement::settlement;
pub(crate) use setups::Setup;
pub(crate) use state::{Customer, Intent, Method, RefundPlace};
pub(crate) use waits::do_due;

/// Longest key that Stripe takes.
const KEY_LENGTH_MAX: usize = 255;
/// How long Stripe keeps a key at least: 24 hours (*Idempotent requests*).
const KEY_KEPT_US: i64 = 24 * 3_600 * 1_000_000;

/// The payment provider.
pub(crate) struct Payment {
    /// How long a bank debit stays `processing`, in milliseconds.
    pub(crate) processing_ms: u64,
    /// How long a challenge waits for the holder, in milliseconds.
    pub(crate) challenge_ms: u64,
    /// What browsers reach this provider by, without a slash at the end.
    pub(crate) public_url: String,
}

/// A request to it, routed and read.
#[derive(Clone)]
pub(crate) struct Operation {
    route: Route,
    form: Form,
    expand: Paths,
    is_browser: bool,
    /// How a rule has it refused.
    declined: Option<cards::Behaviour>,
}

impl Wire for Payment {
    type Operation = Operation;

    const PROVIDER: Provider = Provider::Payment;

    fn greet(&self, call: &Call) -> Option<Answer> {
        (call.method == http::Method::OPTIONS).then(cors)
    }

    fn identify(&self, call: &Call, accounts: &Accounts, _now_us: i64) -> Result<Caller, Answer> {
        if let Some(account) = hosted_account(&call.path) {
            let run = accounts.lease(account).map(|lease| lease.run.clone());
            return Ok(Caller { account, run, is_browser: true });
        }
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
                "You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY'). See https://stripe.com/docs/api#authentication for details, or we can help at https://support.stripe.com/.",
            ),
            KeyRefusal::Live => errors::unauthorised("This is a simulator: live keys are refused. Use a test key."),
            KeyRefusal::Unknown => errors::unauthorised(&format!("Invalid API Key provided: {}", masked(&key))),
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
                "This API call cannot be made with a publishable API key. Please use a secret API key. You can find a list of your API keys at https://dashboard.stripe.com/account/apikeys.",
            ));
        }
        let is_write = call.method == http::Method::POST;
        let is_json = call.header("content-type").is_some_and(|kind| kind.starts_with("application/json"));
        if is_write && (is_json && !call.body.is_empty() || call.body.starts_with(b"{")) {
            return Err(errors::invalid_plain(
                None,
                "Invalid request (check that your POST content type is application/x-www-form-urlencoded). If you have any questions, we can help at https://support.stripe.com/.",
            ));
        }
        let form = Form::read(if is_write { &call.body } else { call.query.as_bytes() });
        params::check(&route, &form)?;
        let expand = route.expand(&form)?;
        let key = is_write.then(|| call.header("idempotency-key")).flatten();
        if key.is_some_and(|key| key.trim().is_empty()) {
            return Err(errors::invalid_plain(None, "Idempotency Key must be a non-empty string."));
        }
        if key.is_some_and(|key| key.len() > KEY_LENGTH_MAX) {
            return Err(errors::invalid_plain(None, "Idempotency keys may have at most 255 characters."));
        }
        let key = key.map(|key| Key {
            text: key.to_owned(),
            fingerprint: identity.hash("request", 0, &format!("{} {}", call.path, form.canonical())),
            kept_us: KEY_KEPT_US,
            endpoint: call.path.clone(),
        });
        let metadata = form.map("metadata");
        let email = metadata.iter().find(|(name, _)| name == "email").map(|(_, value)| value.clone());
        let labels = Labels {
            order: state::order_of(&metadata).map(str::to_owned),
            email: form.text("receipt_email").or(email),
            key: None,
        };
        let reads_store = route.reads_store();
        let operation = Operation { route, form, expand, is_browser: caller.is_browser, declined: None };
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
        let answer = self.run(&operation, turn);
        if !operation.is_browser || operation.route.is_page() {
            return answer;
        }
        match answer {
            Ok(answer) => Ok(browsers::restrict(answer)),
            Err(Stop::Answer(answer)) => Err(browsers::restrict(*answer).into()),
            Err(Stop::Store(error)) => Err(Stop::Store(error)),
        }
    }

    fn decline(&self, operation: &mut Operation, code: Option<&str>) -> bool {
        let is_confirmed = || operation.form.boolean("confirm").ok().flatten().unwrap_or(false);
        let can_be = match &operation.route {
            Route::Create(Object::Intent) => is_confirmed(),
            Route::Confirm(_) | Route::Capture(_) => true,
            Route::Desk(desk) => desk.moves_money(),
            _ => false,
        };
        operation.declined = can_be.then(|| cards::Behaviour::declining(code));
        can_be
    }

    fn refuse(&self, refusal: &Refusal) -> Answer {
        match refusal {
            Refusal::TooLarge => errors::other(413, "invalid_request_error", None, "The request body is too large."),
            Refusal::Unreadable => errors::other(400, "invalid_request_error", None, "The request body could not be read."),
            Refusal::KeyInFlight { key } => errors::other(
                409,
                "idempotency_error",
                Some("idempotency_key_in_use"),
                &format!("There is currently another in-progress request using this Idempotent Key (that probably means you submitted twice, and the other request is still going through): {key}. Please try again later."),
            )
            .header(SHOULD_RETRY, TRUE),
            Refusal::KeyReused { key, endpoints: Some((first, second)) } => errors::other(
                400,
                "idempotency_error",
                None,
                &format!("Keys for idempotent requests can only be used for the same endpoint they were first used for ('{first}' vs '{second}'). Try using a key other than '{key}' if you meant to execute a different request."),
            ),
            Refusal::KeyReused { key, endpoints: None } => errors::other(
                400,
                "idempotency_error",
                None,
                &format!("Keys for idempotent requests can only be used with the same parameters they were first used with. Try using a key other than '{key}' if you meant to execute a different request."),
            ),
            Refusal::Broken => errors::other(500, "api_error", None, "An unknown error occurred."),
            Refusal::Fault { status: 429 } => errors::other(
                429,
                "invalid_request_error",
                Some("lock_timeout"),
                "This object cannot be accessed right now because another API request or Stripe process is currently accessing it. If you see this error intermittently, retry the request. If you see this error frequently and are making multiple concurrent requests to a single object, make your requests serially or at a lower rate. For more details, see https://stripe.com/docs/rate-limits#object-lock-timeouts.",
            )
            .header(SHOULD_RETRY, TRUE),
            Refusal::Fault { status } => {
                let kind = match status {
                    400..=499 => "invalid_request_error",
                    _ => "api_error",
                };
                errors::other(*status, kind, None, "Sorry, something went wrong.")
            }
            Refusal::TooManyRequests => {
                errors::other(429, "rate_limit_error", Some("rate_limit"), "Request rate limit exceeded. Learn more about rate limits here https://stripe.com/docs/rate-limits.").header(SHOULD_RETRY, TRUE)
            }
        }
    }

    fn told(&self, mut answer: Answer, first: Option<&StoredAnswer>) -> Answer {
        if matches!(answer.status, 400 | 402 | 404) {
            answer = answer.header(SHOULD_RETRY, FALSE);
        }
        let Some(first) = first else { return answer };
        let named = HeaderValue::try_from(first.request.as_str()).expect("our requests are named in ASCII");
        answer.header(IDEMPOTENT_REPLAYED, TRUE).header(ORIGINAL_REQUEST, named)
    }

    fn echo(&self, call: &Call) -> Headers {
        call.headers.get(STRIPE_VERSION).map(|version| (STRIPE_VERSION, version.clone())).into_iter().collect()
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

impl Payment {
    /// Decides a request by its route.
    fn run(&self, operation: &Operation, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
        let Operation { route, form, expand, is_browser, declined } = operation;
        let manner = charging::Manner {
            processing_ms: self.processing_ms,
            challenge_ms: self.challenge_ms,
            public_url: &self.public_url,
            declined: *declined,
        };
        let answer = match route {
            Route::Create(Object::Intent) => intents::create(form, manner, turn),
            Route::Create(Object::Setup) => setups::create(form, manner, turn),
            Route::Create(Object::Session) => sessions::create(form, manner, turn),
            Route::Retrieve(Object::Intent, id) => intents::retrieve(id, form, *is_browser, turn),
            Route::Retrieve(Object::Setup, id) => setups::retrieve(id, form, *is_browser, turn),
            Route::Retrieve(Object::Session, id) => sessions::retrieve(id, turn),
            Route::UpdateIntent(id) => intents::update(id, form, turn),
            Route::UpdateSetup(id) => setups::update(id, form, turn),
            Route::List(Object::Intent) => listing::payments(form, turn),
            Route::List(Object::Setup) => setups::list(form, turn),
            Route::List(Object::Session) => sessions::list(form, turn),
            Route::Search => search::payments(form, turn),
            Route::Confirm(id) => intents::confirm(id, form, *is_browser, manner, turn),
            Route::Capture(id) => captures::capture(id, form, *declined, turn),
            Route::Cancel(id) => captures::cancel(id, form, turn),
            Route::ConfirmSetup(id) => setups::confirm(id, form, *is_browser, manner, turn),
            Route::CancelSetup(id) => setups::cancel(id, form, turn),
            Route::LineItems(id) => sessions::items(id, form, turn),
            Route::ExpireSession(id) => sessions::expire(id, turn),
            Route::Checkout { id, token, is_posted } => {
                sessions::page(id, token, is_posted.then_some(form), manner, turn)
            }
            Route::Challenge { id, token, is_posted } if id.starts_with("seti_") => {
                setups::challenge(id, token, is_posted.then_some(form), turn)
            }
            Route::Challenge { id, token, is_posted } => {
                pages::challenge(id, token, is_posted.then_some(form), manner, turn)
            }
            Route::Desk(desk) => desk.execute(form, manner, turn),
        }?;
        expand.follow(answer, turn)
    }
}

const SHOULD_RETRY: HeaderName = HeaderName::from_static("stripe-should-retry");
const STRIPE_VERSION: HeaderName = HeaderName::from_static("stripe-version");
const REQUEST_ID: HeaderName = HeaderName::from_static("request-id");
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const ORIGINAL_REQUEST: HeaderName = HeaderName::from_static("original-request");
const FALSE: HeaderValue = HeaderValue::from_static("false");
const TRUE: HeaderValue = HeaderValue::from_static("true");

/// A key as Stripe repeats it: its kind and its last four letters.
fn masked(key: &str) -> String {
    let letters: Vec<char> = key.chars().take(200).collect();
    let shown = key.match_indices('_').nth(1).map_or(0, |(at, _)| at + 1).min(letters.len());
    let last = letters.len().saturating_sub(4).max(shown);
    let stars = "*".repeat(last - shown);
    letters[..shown].iter().copied().chain(stars.chars()).chain(letters[last..].iter().copied()).collect()
}

/// The account that a page of ours belongs to: its address says so, and is known to nobody else.
fn hosted_account(path: &str) -> Option<i64> {
    path.strip_prefix("/3ds/").or_else(|| path.strip_prefix("/pay/"))?.split('/').next()?.parse().ok()
}

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
