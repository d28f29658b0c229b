//! One request on the wire, redirects included: from a call made ready to a whole answer.

use super::Shopper;
use super::answer::Answer;
use super::memory::NotSet;
use crate::engine::address::{self, BadAddress, path_and_query, resolve};
use crate::engine::net::{AuthorityId, OpenError, Stopwatch, Whole};
use crate::engine::script::{Call, Payload, Scope, Target};
use bytes::Bytes;
use http::header::{CONTENT_TYPE, COOKIE, HOST, LOCATION, SET_COOKIE};
use http::uri::PathAndQuery;
use http::{HeaderName, HeaderValue, Method, Request, StatusCode, Uri};
use http_body_util::Full;
use model::journey::Redirects;
use model::outcome::Reading;
use std::pin::pin;
use std::time::Instant;
use thiserror::Error;

/// Room for the headers of most requests.
const HEADERS_MOST: usize = 12;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const INTENT: HeaderName = HeaderName::from_static("doorbuster-intent");
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// Why there is no whole answer. Never holds anything that was sent or received.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum NoAnswer {
    /// The request could not be written: nothing was sent.
    #[error("{0}")]
    Unsendable(String),
    /// No connection was had.
    #[error("{0}")]
    NoConnection(#[from] OpenError),
    /// The connection broke.
    #[error("{0}")]
    Broken(&'static str),
    /// The answer was not whole in time.
    #[error("no whole answer in time")]
    Timeout,
    /// The run ended before the answer.
    #[error("under way when the run ended")]
    Cut,
}

impl NoAnswer {
    /// What it means to the shopper: a request that we never meant to send is our own mistake, and no question left open.
    pub const fn reading(&self) -> Reading {
        match self {
            Self::Unsendable(_) | Self::NoConnection(OpenError::NotAllowed) => Reading::Unexpected,
            Self::NoConnection(_) | Self::Broken(_) | Self::Timeout | Self::Cut => Reading::Unanswered,
        }
    }
}

impl From<NotSet> for NoAnswer {
    fn from(not_set: NotSet) -> Self {
        Self::Unsendable(not_set.to_string())
    }
}

/// A request rendered but for its headers.
struct Prepared {
    authority: AuthorityId,
    scope: Scope,
    method: Method,
    path: PathAndQuery,
    body: Bytes,
}

impl Shopper {
    /// Sends the call and reads the answer, in the time that the call has.
    pub(super) async fn exchange(&self, call: &Call, key: Option<&str>, watch: &Stopwatch) -> Result<Answer, NoAnswer> {
        let prepared = self.prepare(call, key)?;
        let answer = pin!(self.follow(call, prepared, key, watch));
        tokio::time::timeout(call.timeout, answer).await.map_err(|_| NoAnswer::Timeout)?
    }

    fn prepare(&self, call: &Call, key: Option<&str>) -> Result<Prepared, NoAnswer> {
        let mut own_key = self.memory.key.borrow_mut();
        own_key.clear();
        own_key.push_str(key.unwrap_or_default());
        drop(own_key);
        let (authority, scope, path) = match &call.target {
            Target::Fixed(path) => (self.station.next_shop(), Scope::Shop, path.clone()),
            Target::Varying(text) => self.place(&text.render(&self.memory)?)?,
        };
        Ok(Prepared { authority, scope, method: call.method.clone(), path, body: self.body(&call.payload)? })
    }

    /// Where a rendered target is.
    fn place(&self, target: &str) -> Result<(AuthorityId, Scope, PathAndQuery), NoAnswer> {
        let shop = &self.station.script.shop;
        // What was rendered may hold a secret, so it is not repeated.
        let unsendable = |_: BadAddress| NoAnswer::Unsendable("the target is not an address".into());
        match shop.target(target).map_err(unsendable)? {
            address::Target::Shop(path) => {
                Ok((self.station.next_shop(), Scope::Shop, path_and_query(&shop.prefix, path).map_err(unsendable)?))
            }
            address::Target::Elsewhere(scheme, authority, path) => {
                let id = self.station.elsewhere(scheme, authority);
                let id = id.ok_or_else(|| NoAnswer::Unsendable("the target has no host".into()))?;
                Ok((id, Scope::Everyone, path_and_query("", path).map_err(unsendable)?))
            }
        }
    }

    fn body(&self, payload: &Payload) -> Result<Bytes, NoAnswer> {
        let mut out = Vec::new();
        match payload {
            Payload::Fixed(bytes) => return Ok(bytes.clone()),
            Payload::Json(json) => json.render_into(&mut out, &self.memory)?,
            Payload::Raw(text) => out.extend_from_slice(text.render(&self.memory)?.as_bytes()),
            Payload::Form(fields) => {
                let mut form = form_urlencoded::Serializer::new(String::new());
                for (name, text) in fields {
                    form.append_pair(name, &text.render(&self.memory)?);
                }
                out = form.finish().into_bytes();
            }
        }
        Ok(out.into())
    }

    async fn follow(
        &self,
        call: &Call,
        mut prepared: Prepared,
        key: Option<&str>,
        watch: &Stopwatch,
    ) -> Result<Answer, NoAnswer> {
        let mut left = match call.redirects {
            Redirects::Keep => 0,
            Redirects::Follow(times) => times,
        };
        loop {
            let request = self.request(call, &prepared, key)?;
            let whole = self.put_through(prepared.authority, request, watch).await?;
            if prepared.scope == Scope::Shop {
                self.keep_cookies(&whole, prepared.path.as_str());
            }
            if left > 0 && self.redirect(&whole, &mut prepared) {
                left -= 1;
                continue;
            }
            let origin = self.station.pool.borrow().origin(prepared.authority);
            return Ok(Answer::new(whole, origin, prepared.path));
        }
    }

    fn keep_cookies(&self, whole: &Whole, path: &str) {
        if whole.head.headers.contains_key(SET_COOKIE) {
            let now = Instant::now();
            let mut jar = self.jar.borrow_mut();
            whole.head.headers.get_all(SET_COOKIE).iter().for_each(|cookie| jar.take(cookie, path, now));
        }
    }

    fn request(&self, call: &Call, prepared: &Prepared, key: Option<&str>) -> Result<Request<Full<Bytes>>, NoAnswer> {
        let mut request = Request::new(Full::new(prepared.body.clone()));
        *request.method_mut() = prepared.method.clone();
        *request.uri_mut() = Uri::from(prepared.path.clone());
        let headers = request.headers_mut();
        headers.reserve(HEADERS_MOST);
        headers.extend(call.headers(prepared.scope).iter().cloned());
        if prepared.method == Method::GET && call.method != Method::GET {
            // The redirect made it a GET: there is no body to describe.
            headers.remove(CONTENT_TYPE);
        }
        headers.insert(HOST, self.station.pool.borrow().host(prepared.authority));
        if prepared.scope == Scope::Shop {
            headers.insert(INTENT, self.intent_header()?);
            headers.insert(TRACEPARENT, self.traceparent());
            if let Some(cookies) = self.jar.borrow().header(prepared.path.path(), Instant::now()) {
                headers.insert(COOKIE, cookies);
            }
        }
        if let Some(key) = key {
            headers.insert(IDEMPOTENCY_KEY, header_value("idempotency-key", key)?);
        }
        // Last, so that a journey has its way.
        for (name, text) in call.varying(prepared.scope) {
            let value = header_value(name.as_str(), &text.render(&self.memory)?)?;
            headers.insert(name, value);
        }
        Ok(request)
    }

    /// Turns `prepared` into what the redirect asks for; false when the answer is none that can be followed.
    fn redirect(&self, whole: &Whole, prepared: &mut Prepared) -> bool {
        let to_get = match whole.head.status {
            StatusCode::SEE_OTHER => prepared.method != Method::HEAD,
            StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND => prepared.method == Method::POST,
            StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT => false,
            _ => return false,
        };
        let Some(location) = whole.head.headers.get(LOCATION).and_then(|location| location.to_str().ok()) else {
            return false;
        };
        let from = self.station.pool.borrow().origin(prepared.authority);
        let Ok((authority, scope, path)) = self.place(&resolve(&from, prepared.path.as_str(), location)) else {
            return false;
        };
        if to_get {
            prepared.method = Method::GET;
            prepared.body = Bytes::new();
        }
        (prepared.authority, prepared.scope, prepared.path) = (authority, scope, path);
        true
    }
}

fn header_value(name: &str, value: &str) -> Result<HeaderValue, NoAnswer> {
    HeaderValue::from_str(value)
        .map_err(|_| NoAnswer::Unsendable(format!("the value of header `{name}` cannot be sent")))
}
