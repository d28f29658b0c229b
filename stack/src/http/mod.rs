//! The shop over HTTP: one match from route to what is asked, and one place where answers are written.

use std::{convert::Infallible, ops::RangeInclusive, sync::Arc};

use bytes::Bytes;
use http::{
    HeaderMap, HeaderValue, Method, Request, Response, StatusCode,
    header::{ALLOW, CONTENT_TYPE, RETRY_AFTER},
};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;

use crate::{
    pay::Said,
    refusal::{Refusal, known},
    shop::Shop,
    store::{Stored, Told},
};

mod accounts;
mod admin;
mod carts;
mod checks;
mod desk;
mod openapi;
mod orders;
mod payments;
pub(crate) mod route;
mod switches;

use route::{Found, Route};

const BODY_MAX_BYTES: usize = 64 * 1024;
const JSON: &str = "application/json";

/// A request, taken apart.
struct Asked {
    headers: HeaderMap,
    query: Option<String>,
    body: Bytes,
}

/// What is answered.
struct Reply {
    status: u16,
    content_type: &'static str,
    body: Bytes,
    replayed: bool,
    retry_after: bool,
}

impl Reply {
    fn json(status: u16, body: impl Into<Bytes>) -> Self {
        Self { status, content_type: JSON, body: body.into(), replayed: false, retry_after: false }
    }

    fn text(content_type: &'static str, body: impl Into<Bytes>) -> Self {
        Self { content_type, ..Self::json(200, body) }
    }
}

impl From<Stored> for Reply {
    fn from(stored: Stored) -> Self {
        Self::json(stored.status, stored.body)
    }
}

impl From<Said> for Reply {
    fn from(said: Said) -> Self {
        Self { replayed: said.replayed, ..said.stored.into() }
    }
}

impl From<Told> for Reply {
    fn from(told: Told) -> Self {
        Self { replayed: told.replayed, ..told.stored.into() }
    }
}

impl From<Refusal> for Reply {
    fn from(refusal: Refusal) -> Self {
        let retry_after = refusal.may_be_retried();
        Self { retry_after, ..refusal.stored().into() }
    }
}

/// Answers one request.
pub(crate) async fn answer(shop: Arc<Shop>, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let (route, values) = match route::find(&head.method, head.uri.path()) {
        Found::Route(route, values) => (route, values),
        Found::OtherMethods(methods) => return Ok(nowhere(&shop, METHOD, Some(&methods))),
        Found::Nothing => return Ok(nowhere(&shop, known::NOT_FOUND, None)),
    };
    let reply = match Limited::new(body, BODY_MAX_BYTES).collect().await {
        Ok(body) => {
            let query = head.uri.query().map(str::to_owned);
            let must_end = changes_something(&head.method, route);
            let values = values.map(str::to_owned);
            let asked = Asked { headers: head.headers, query, body: body.to_bytes() };
            let replied = if must_end {
                let at_work = Arc::clone(&shop);
                let work = async move { reply(&at_work, route, values.each_ref().map(String::as_str), asked).await };
                shop.works.to_the_end(work).await.unwrap_or(Err(known::BUSY))
            } else {
                reply(&shop, route, values.each_ref().map(String::as_str), asked).await
            };
            replied.unwrap_or_else(Reply::from)
        }
        Err(_) => TOO_LARGE.into(),
    };
    shop.metrics.http(route as usize, reply.status);
    Ok(written(reply))
}

const METHOD: Refusal = Refusal::new(405, "method_not_allowed", "this cannot be done here");
const TOO_LARGE: Refusal = Refusal::new(413, "too_large", "the body is too large or was cut off");
const MEDIA_TYPE: Refusal = Refusal::new(415, "unsupported_media_type", "the body must be JSON");

/// Whether a request is done to its end even when its client hangs up: whatever may store a step or move money, and so owes
/// others something afterwards. A browser that comes back from its bank does so with a `GET`.
fn changes_something(method: &Method, route: Route) -> bool {
    method != Method::GET || route == Route::OrderReturn
}

/// The answer where there is no route.
#[cold]
fn nowhere(shop: &Shop, refusal: Refusal, allow: Option<&str>) -> Response<Full<Bytes>> {
    shop.metrics.http(route::ROUTES, refusal.status);
    let mut response = written(refusal.into());
    if let Some(methods) = allow.and_then(|methods| HeaderValue::from_str(methods).ok()) {
        response.headers_mut().insert(ALLOW, methods);
    }
    response
}

fn written(reply: Reply) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(reply.body));
    *response.status_mut() = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(reply.content_type));
    if reply.replayed {
        headers.insert("idempotent-replayed", HeaderValue::from_static("true"));
    }
    if reply.retry_after {
        headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
    }
    response
}

/// Does what is asked for.
async fn reply(shop: &Arc<Shop>, route: Route, values: [&str; 2], asked: Asked) -> Result<Reply, Refusal> {
    let [first, second] = values;
    match route {
        Route::Products => carts::products(shop, &asked),
        Route::Product => carts::product(shop, first).await,
        Route::CartOpen => carts::open(shop, &asked).await,
        Route::CartLook => carts::look(shop, first).await,
        Route::CartLine => carts::set_line(shop, first, second, &asked).await,
        Route::CartLines => carts::add_line(shop, first, &asked).await,
        Route::CartAddress => carts::set_address(shop, first, &asked).await,
        Route::CartPromotion => carts::promote(shop, first, &asked).await,
        Route::CartVoucher => carts::use_voucher(shop, first, &asked).await,
        Route::AccountOpen => accounts::open(shop, &asked).await,
        Route::AccountLook => accounts::me(shop, &asked).await,
        Route::ExportStock => admin::export_stock(shop).await,
        Route::ExportVouchers => admin::export_vouchers(shop).await,
        Route::ExportAccounts => admin::export_accounts(shop).await,
        Route::ExportPromotions => admin::export_promotions(shop).await,
        Route::CartQuote => carts::quote(shop, first, &asked).await,
        Route::Checkout => orders::check_out(shop, first, &asked).await,
        Route::Payments => orders::pay_again(shop, first, &asked).await,
        Route::Order => orders::look(shop, first).await,
        Route::CartOrder => orders::of_cart(shop, first).await,
        Route::Cancel => orders::cancel(shop, first, &asked).await,
        Route::Refunds => orders::refund(shop, first, &asked).await,
        Route::CartSession => payments::open_session(shop, first, &asked).await,
        Route::OrderReturn => payments::come_back(shop, first, &asked).await,
        Route::BackupEvents => payments::take_notifications(shop, &asked).await,
        Route::Disputes => payments::disputes(shop).await,
        Route::DisputeAnswer => payments::answer_dispute(shop, first, &asked).await,
        Route::PaymentEvents => orders::take_event(shop, &asked).await,
        Route::FraudEvents => desk::take_opinion(shop, &asked).await,
        Route::OpenApi => Ok(Reply::json(200, openapi::published())),
        Route::Reviews => desk::reviews(shop).await,
        Route::ReviewEnd => desk::decide(shop, first, &asked).await,
        Route::Health => Ok(Reply::text("text/plain", "ok\n")),
        Route::Metrics => admin::metrics(shop).await,
        Route::Quiet => admin::quiet(shop).await,
        Route::Flags => Ok(switches::all(shop)),
        Route::Flag => switches::one(shop, first),
        Route::FlagSet => switches::flip(shop, first, &asked).await,
        Route::ExportOrders => admin::export_orders(shop, &asked).await,
        Route::ExportFiles => Ok(admin::export_files(shop)),
        Route::Clock => Ok(admin::tell_clock()),
        Route::ClockSet => admin::move_clock(&asked),
        Route::ClockRight => Ok(admin::right_clock()),
    }
}

impl Asked {
    /// A header's value, if it is text.
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// A parameter of the query; one that is there twice could be read two ways.
    fn parameter(&self, name: &str) -> Result<Option<String>, Refusal> {
        let Some(query) = self.query.as_deref() else { return Ok(None) };
        let mut values = form_urlencoded::parse(query.as_bytes()).filter(|(found, _)| found == name);
        let value = values.next().map(|(_, value)| value.into_owned());
        if values.next().is_some() { Err(known::BAD_REQUEST) } else { Ok(value) }
    }

    /// A number in the query.
    fn number(&self, name: &str, range: RangeInclusive<i64>) -> Result<Option<i64>, Refusal> {
        let Some(text) = self.parameter(name)? else { return Ok(None) };
        let number = text.parse().ok().filter(|number| range.contains(number));
        number.map(Some).ok_or(known::BAD_REQUEST)
    }

    /// The headers that calls to providers repeat, one `name: value` a line.
    fn carried(&self, shop: &Shop) -> String {
        let mut carried = String::new();
        for name in &shop.config.carry_headers {
            if let Some(value) = self.header(name) {
                carried.push_str(name);
                carried.push_str(": ");
                carried.push_str(value);
                carried.push('\n');
            }
        }
        carried
    }

    /// The body as JSON. A mistake's text is not told: it could repeat what is secret.
    fn json<T: serde::de::DeserializeOwned>(&self) -> Result<T, Refusal> {
        if self.headers.get(CONTENT_TYPE).is_some_and(|it| !is_json(it)) {
            return Err(MEDIA_TYPE);
        }
        serde_json::from_slice(&self.body).map_err(|_| known::BAD_REQUEST)
    }

    /// The same, where no body at all says nothing too.
    fn json_if_any<T: serde::de::DeserializeOwned>(&self) -> Result<T, Refusal> {
        if self.body.is_empty() { serde_json::from_str("{}").map_err(|_| known::BAD_REQUEST) } else { self.json() }
    }

    /// The idempotency key where one is required.
    fn key(&self) -> Result<String, Refusal> {
        self.key_if_any()?.ok_or(known::KEY_MISSING)
    }

    /// The idempotency key: up to 255 visible characters.
    fn key_if_any(&self) -> Result<Option<String>, Refusal> {
        let Some(key) = self.headers.get("idempotency-key") else { return Ok(None) };
        match key.to_str() {
            Ok(key) if (1..=255).contains(&key.len()) && key.bytes().all(|it| it.is_ascii_graphic()) => {
                Ok(Some(key.to_owned()))
            }
            Ok(_) | Err(_) => Err(known::KEY_MISSING),
        }
    }
}

/// Whether a content type is JSON, whatever its parameters.
fn is_json(content_type: &HeaderValue) -> bool {
    let essence = content_type.as_bytes().split(|&byte| byte == b';').next().unwrap_or_default();
    essence.trim_ascii().eq_ignore_ascii_case(JSON.as_bytes())
}
