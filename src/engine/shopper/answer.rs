//! A whole answer, and what is found in it. Its body is parsed when something first asks.

use super::memory::MAIL_DOMAIN;
use super::seek::seek;
use crate::engine::address::resolve;
use crate::engine::net::Whole;
use crate::engine::script::Way;
use bytes::Bytes;
use http::uri::PathAndQuery;
use http::{HeaderMap, StatusCode};
use serde_json::Value;
use std::borrow::Cow;
use std::cell::OnceCell;
use std::rc::Rc;
use std::time::Instant;

/// In a body up to this size a value is sought, and found sooner than a tree of all values would be built.
const SOUGHT_BYTES_MAX: usize = 1024;

/// A body that is not JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotJson;

/// A whole answer, after redirects.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// Who answered, as `http://host:port`.
    pub origin: Rc<str>,
    /// The path and query that were answered.
    pub path: PathAndQuery,
    /// When its last byte was read.
    pub done: Instant,
    body: Bytes,
    json: OnceCell<Option<Value>>,
}

impl Answer {
    /// From what was read; `origin` and `path` are where it came from.
    pub fn new(whole: Whole, origin: Rc<str>, path: PathAndQuery) -> Self {
        Self {
            status: whole.head.status,
            headers: whole.head.headers,
            origin,
            path,
            done: whole.done,
            body: whole.body,
            json: OnceCell::new(),
        }
    }

    /// The body as JSON, if it is.
    pub fn json(&self) -> Option<&Value> {
        self.json.get_or_init(|| serde_json::from_slice(&self.body).ok()).as_ref()
    }

    /// The first node on a way. None when there is none, an error when the body is not JSON.
    pub fn node(&self, way: &Way) -> Result<Option<Cow<'_, Value>>, NotJson> {
        match way {
            Way::Straight(legs) if self.body.len() <= SOUGHT_BYTES_MAX && self.json.get().is_none() => {
                seek(&self.body, legs).map(|found| found.map(Cow::Owned)).map_err(|_| NotJson)
            }
            way => self.json().map(|tree| way.first(tree).map(Cow::Borrowed)).ok_or(NotJson),
        }
    }

    /// The body as text.
    pub fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.body)
    }

    /// An e-mail address of a shopper in the body that does not begin as `own` ones do.
    pub fn strangers_mail(&self, own: &str) -> Option<String> {
        let is_mail = |byte: &u8| byte.is_ascii_alphanumeric() || b".-_".contains(byte);
        memchr::memmem::find_iter(&self.body, MAIL_DOMAIN).find_map(|at| {
            let name = self.body[..at].iter().rposition(|byte| !is_mail(byte)).map_or(0, |before| before + 1);
            let name = &self.body[name..at];
            (!name.is_empty() && !name.starts_with(own.as_bytes()))
                .then(|| format!("{}{MAIL_DOMAIN}", String::from_utf8_lossy(name)))
        })
    }

    /// A header as text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// A full address from one that the answer names.
    pub fn resolve(&self, location: &str) -> String {
        resolve(&self.origin, self.path.as_str(), location)
    }

    /// The full address.
    pub fn address(&self) -> String {
        format!("{}{}", self.origin, self.path)
    }
}
