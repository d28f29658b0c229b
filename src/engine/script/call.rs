//! A request made ready: what never changes is parsed and written out once.

use super::expect::{Captured, Expected};
use super::place::{Places, UnknownVariable};
use super::text::{JsonText, Text};
use crate::engine::address::{self, Base, path_and_query};
use bytes::Bytes;
use http::uri::PathAndQuery;
use http::{HeaderName, HeaderValue, Method, header};
use model::journey::{Body, KeyUse, Redirects, RefundWish, Request};
use model::template::Template;
use std::time::Duration;
use thiserror::Error;

/// What makes our traffic known to whoever looks at a log.
const USER_AGENT: HeaderValue =
    HeaderValue::from_static(concat!("doorbuster/", env!("CARGO_PKG_VERSION"), " (synthetic traffic)"));

/// Why a request cannot be made ready.
#[derive(Debug, Error)]
pub enum CallError {
    /// A variable that nothing sets.
    #[error(transparent)]
    Variable(#[from] UnknownVariable),
    /// Not a method.
    #[error("`{0}` is not a method")]
    Method(String),
    /// Not a header's name.
    #[error("`{0}` is not the name of a header")]
    HeaderName(String),
    /// Not a header's value.
    #[error("the value of header `{0}` cannot be sent")]
    HeaderValue(String),
}

/// What all requests to the shop have in common.
#[derive(Clone, Copy, Debug)]
pub struct ShopCalls<'a> {
    /// Where it is, at each of its addresses.
    pub base: &'a Base,
    /// The scenario's default headers.
    pub defaults: &'a [(String, Template)],
    /// The run's id.
    pub run: &'a HeaderValue,
}

/// One request and how its answer is read.
#[derive(Clone, Debug)]
pub struct Call {
    /// Under which row of the timings it counts.
    pub row: usize,
    /// The method.
    pub method: Method,
    /// Where it goes.
    pub target: Target,
    /// Headers that never change.
    headers: Fixed,
    /// Headers with variables.
    varying: Vec<(HeaderName, Text, Scope)>,
    /// What is sent.
    pub payload: Payload,
    /// What is done about redirects.
    pub redirects: Redirects,
    /// Until the last byte is read.
    pub timeout: Duration,
    /// Whether an `Idempotency-Key` is sent.
    pub key: KeyUse,
    /// The first that fits tells the reading.
    pub expect: Vec<Expected>,
    /// What is kept.
    pub captures: Vec<Captured>,
    /// The money that is asked back by it.
    pub refund: Option<Refund>,
}

/// Money asked back.
#[derive(Clone, Debug)]
pub struct Refund {
    /// The number of the order.
    pub order: Text,
    /// How much; all that is left when absent.
    pub amount: Option<Text>,
}

impl Refund {
    fn compile(wish: &RefundWish, places: &Places) -> Result<Self, CallError> {
        let amount = wish.amount.as_ref().map(|amount| Text::compile(amount, places)).transpose()?;
        Ok(Self { order: Text::compile(&wish.order, places)?, amount })
    }
}

/// Headers without variables, each name once.
type Headers = Vec<(HeaderName, HeaderValue)>;

#[derive(Clone, Debug)]
struct Fixed {
    shop: Headers,
    elsewhere: Headers,
}

/// To whom a header is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// To the shop only.
    Shop,
    /// To whoever is addressed.
    Everyone,
}

/// Where a request goes.
#[derive(Clone, Debug)]
pub enum Target {
    /// Always to the same path of the shop, its prefix included.
    Fixed(PathAndQuery),
    /// To a path of the shop or a full address.
    Varying(Text),
}

/// What is sent.
#[derive(Clone, Debug)]
pub enum Payload {
    /// Always the same, or nothing.
    Fixed(Bytes),
    /// JSON.
    Json(JsonText),
    /// A form.
    Form(Vec<(String, Text)>),
    /// Anything else.
    Raw(Text),
}

impl Call {
    /// Resolves the variables.
    pub fn compile(request: &Request, row: usize, shop: &ShopCalls<'_>, places: &Places) -> Result<Self, CallError> {
        let mut headers = Fixed { shop: Headers::new(), elsewhere: Headers::new() };
        headers.put(header::USER_AGENT, &USER_AGENT, Scope::Everyone);
        headers.put(HeaderName::from_static("doorbuster-run"), shop.run, Scope::Shop);
        let (payload, content_type) = compile_body(&request.body, places)?;
        if let Some(content_type) = content_type {
            headers.put(header::CONTENT_TYPE, &content_type, Scope::Everyone);
        }
        let mut varying = Vec::new();
        let scoped = shop.defaults.iter().map(|header| (header, Scope::Shop));
        for ((name, template), scope) in scoped.chain(request.headers.iter().map(|header| (header, Scope::Everyone))) {
            let parsed = HeaderName::from_bytes(name.as_bytes()).map_err(|_| CallError::HeaderName(name.clone()))?;
            let text = Text::compile(template, places)?;
            // A header of the step takes the place of a default one of the same name.
            varying.retain(|(known, _, _)| *known != parsed);
            match text.fixed() {
                Some(fixed) => {
                    let value = HeaderValue::from_str(fixed).map_err(|_| CallError::HeaderValue(name.clone()))?;
                    headers.put(parsed, &value, scope);
                }
                None => varying.push((parsed, text, scope)),
            }
        }
        Ok(Self {
            row,
            method: Method::from_bytes(request.method.as_bytes())
                .map_err(|_| CallError::Method(request.method.clone()))?,
            target: compile_target(&request.target, shop.base, places)?,
            headers,
            varying,
            payload,
            redirects: request.redirects,
            timeout: request.timeout,
            key: request.key,
            expect: request
                .expect
                .iter()
                .map(|expected| Expected::compile(expected, places))
                .collect::<Result<_, _>>()?,
            captures: request
                .captures
                .iter()
                .map(|capture| Captured::compile(capture, places))
                .collect::<Result<_, _>>()?,
            refund: request.refund.as_ref().map(|wish| Refund::compile(wish, places)).transpose()?,
        })
    }

    /// The headers that never change, for the shop or for somebody else.
    pub const fn headers(&self, scope: Scope) -> &Headers {
        match scope {
            Scope::Shop => &self.headers.shop,
            Scope::Everyone => &self.headers.elsewhere,
        }
    }

    /// The headers with variables, for the shop or for somebody else.
    pub fn varying(&self, scope: Scope) -> impl Iterator<Item = (&HeaderName, &Text)> {
        let sent = move |of: Scope| of == Scope::Everyone || scope == Scope::Shop;
        self.varying.iter().filter(move |(_, _, of)| sent(*of)).map(|(name, text, _)| (name, text))
    }
}

impl Fixed {
    fn put(&mut self, name: HeaderName, value: &HeaderValue, scope: Scope) {
        if scope == Scope::Everyone {
            replace(&mut self.elsewhere, name.clone(), value.clone());
        }
        replace(&mut self.shop, name, value.clone());
    }
}

fn replace(headers: &mut Headers, name: HeaderName, value: HeaderValue) {
    headers.retain(|(known, _)| *known != name);
    headers.push((name, value));
}

fn compile_target(target: &Template, base: &Base, places: &Places) -> Result<Target, CallError> {
    let text = Text::compile(target, places)?;
    let path = text.fixed().and_then(|fixed| match base.target(fixed) {
        Ok(address::Target::Shop(path)) => path_and_query(&base.prefix, path).ok(),
        Ok(address::Target::Elsewhere(..)) | Err(_) => None,
    });
    Ok(path.map_or(Target::Varying(text), Target::Fixed))
}

fn compile_body(body: &Body, places: &Places) -> Result<(Payload, Option<HeaderValue>), CallError> {
    Ok(match body {
        Body::Empty => (Payload::Fixed(Bytes::new()), None),
        Body::Json(template) => {
            let json = JsonText::compile(template, places)?;
            let payload = json.fixed().map(Bytes::copy_from_slice).map_or(Payload::Json(json), Payload::Fixed);
            (payload, Some(HeaderValue::from_static("application/json")))
        }
        Body::Form(fields) => {
            let fields = fields.iter().map(|(name, value)| Ok((name.clone(), Text::compile(value, places)?)));
            let content_type = HeaderValue::from_static("application/x-www-form-urlencoded");
            (Payload::Form(fields.collect::<Result<_, UnknownVariable>>()?), Some(content_type))
        }
        Body::Raw { content_type, text } => {
            let value =
                HeaderValue::from_str(content_type).map_err(|_| CallError::HeaderValue("content-type".into()))?;
            (Payload::Raw(Text::compile(text, places)?), Some(value))
        }
    })
}
