//! A request made ready: what never changes is parsed and written out once.

use super::expect::{Captured, Expected};
use super::place::{Places, UnknownVariable};
use super::text::{JsonText, Text};
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use model::journey::{Body, KeyUse, Redirects, Request};
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

/// One request and how its answer is read.
#[derive(Clone, Debug)]
pub struct Call {
    /// Under which row of the timings it counts.
    pub row: usize,
    /// The method.
    pub method: Method,
    /// A path of the shop, or a full address.
    pub target: Text,
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
}

#[derive(Clone, Debug)]
struct Fixed {
    shop: HeaderMap,
    elsewhere: HeaderMap,
}

/// To whom a header is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// To the shop only.
    Shop,
    /// To whoever is addressed.
    Everyone,
}

/// What is sent.
#[derive(Clone, Debug)]
pub enum Payload {
    /// Nothing.
    Empty,
    /// JSON.
    Json(JsonText),
    /// A form.
    Form(Vec<(String, Text)>),
    /// Anything else.
    Raw(Text),
}

impl Call {
    /// Resolves the variables; `defaults` go to the shop with every request.
    pub fn compile(
        request: &Request,
        row: usize,
        defaults: &[(String, Template)],
        run: &HeaderValue,
        places: &Places,
    ) -> Result<Self, CallError> {
        let mut headers = Fixed { shop: HeaderMap::new(), elsewhere: HeaderMap::new() };
        headers.put(header::USER_AGENT, &USER_AGENT, Scope::Everyone);
        headers.put(HeaderName::from_static("doorbuster-run"), run, Scope::Shop);
        let (payload, content_type) = compile_body(&request.body, places)?;
        if let Some(content_type) = content_type {
            headers.put(header::CONTENT_TYPE, &content_type, Scope::Everyone);
        }
        let mut varying = Vec::new();
        let scoped = defaults.iter().map(|header| (header, Scope::Shop));
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
            target: Text::compile(&request.target, places)?,
            headers,
            varying,
            payload,
            redirects: request.redirects,
            timeout: request.timeout,
            key: request.key,
            expect: request.expect.iter().map(|expected| Expected::compile(expected, places)).collect::<Result<_, _>>()?,
            captures: request.captures.iter().map(|capture| Captured::compile(capture, places)).collect::<Result<_, _>>()?,
        })
    }

    /// The headers that never change, for the shop or for somebody else.
    pub const fn headers(&self, scope: Scope) -> &HeaderMap {
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
            self.elsewhere.insert(name.clone(), value.clone());
        }
        self.shop.insert(name, value.clone());
    }
}

fn compile_body(body: &Body, places: &Places) -> Result<(Payload, Option<HeaderValue>), CallError> {
    Ok(match body {
        Body::Empty => (Payload::Empty, None),
        Body::Json(template) => {
            (Payload::Json(JsonText::compile(template, places)?), Some(HeaderValue::from_static("application/json")))
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
