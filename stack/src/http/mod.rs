//! The shop over HTTP/1.1: one match from method and path to what is asked, and one place where answers are written.

use std::{convert::Infallible, sync::Arc};

use bytes::Bytes;
use http::{
    HeaderMap, HeaderValue, Method, Request, Response, StatusCode,
    header::{CONTENT_TYPE, RETRY_AFTER},
};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;

use crate::{
    pay::Said,
    refusal::{Refusal, known},
    shop::Shop,
    store::{Stored, Told},
};

mod admin;
mod carts;
mod orders;

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
    let (route, reply) = match Limited::new(body, BODY_MAX_BYTES).collect().await {
        Ok(body) => {
            let query = head.uri.query().map(str::to_owned);
            let asked = Asked { headers: head.headers, query, body: body.to_bytes() };
            route(&shop, &head.method, head.uri.path(), asked).await
        }
        Err(_) => (NONE, Err(Refusal::new(413, "too_large", "the body is too large or was cut off"))),
    };
    let reply = reply.unwrap_or_else(Reply::from);
    shop.metrics.http(route, reply.status);
    Ok(written(reply))
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

/// The route of whatever is not here; the indexes are those of [`crate::metrics::ROUTES`].
const NONE: usize = 19;

/// Finds what is asked for and does it; answers its index in the metrics too.
async fn route(shop: &Arc<Shop>, method: &Method, path: &str, asked: Asked) -> (usize, Result<Reply, Refusal>) {
    let mut parts = [""; 4];
    let mut depth = 0;
    for part in path.split('/').skip(1) {
        if depth == parts.len() {
            return (NONE, Err(known::NOT_FOUND));
        }
        parts[depth] = part;
        depth += 1;
    }
    let (get, post, put) = (method == Method::GET, method == Method::POST, method == Method::PUT);
    match &parts[..depth] {
        ["products"] if get => (0, Ok(carts::products(shop, &asked))),
        ["products", sku] if get => (1, carts::product(shop, sku).await),
        ["carts"] if post => (2, carts::open(shop, &asked).await),
        ["carts", cart, "lines"] if post => (3, carts::add_line(shop, cart, &asked).await),
        ["carts", cart, "address"] if put => (4, carts::set_address(shop, cart, &asked).await),
        ["carts", cart, "promotion"] if post => (5, carts::promote(shop, cart, &asked).await),
        ["carts", cart, "quote"] if post => (6, carts::quote(shop, cart, &asked).await),
        ["carts", cart, "checkout"] if post => (7, orders::check_out(shop, cart, &asked).await),
        ["orders", number, "payments"] if post => (8, orders::pay_again(shop, number, &asked).await),
        ["orders", number] if get => (9, orders::look(shop, number).await),
        ["carts", cart, "order"] if get => (10, orders::of_cart(shop, cart).await),
        ["orders", number, "cancel"] if post => (11, orders::cancel(shop, number, &asked).await),
        ["orders", number, "refunds"] if post => (12, orders::refund(shop, number, &asked).await),
        ["webhooks", "payment"] if post => (13, orders::take_event(shop, &asked).await),
        ["healthz"] if get => (14, Ok(Reply::text("text/plain", "ok\n"))),
        ["metrics"] if get => (15, admin::metrics(shop).await),
        ["admin", "quiet"] if get => (16, admin::quiet(shop).await),
        ["admin", "export", "orders"] if get => (17, admin::export_orders(shop, &asked).await),
        ["admin", "export", "files"] if get => (18, Ok(admin::export_files(shop))),
        _ => (NONE, Err(known::NOT_FOUND)),
    }
}

impl Asked {
    /// A header's value, if it is text.
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// A parameter of the query.
    fn parameter(&self, name: &str) -> Option<String> {
        let query = self.query.as_deref()?.as_bytes();
        form_urlencoded::parse(query).find(|(found, _)| found == name).map(|(_, value)| value.into_owned())
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
        serde_json::from_slice(&self.body).map_err(|_| known::BAD_REQUEST)
    }

    /// The idempotency key where one is required.
    fn key(&self) -> Result<String, Refusal> {
        match self.header("idempotency-key") {
            Some(key) if (1..=255).contains(&key.len()) => Ok(key.to_owned()),
            _ => Err(known::KEY_MISSING),
        }
    }
}
