//! A request, read to its end.

use std::net::IpAddr;

use bytes::Bytes;
use http::{HeaderMap, Method, Request};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::{Body, Incoming};
use percent_encoding::percent_decode_str;
use std::time::Duration;

/// Largest body that a provider takes, in bytes.
const BODY_MAX: usize = 1 << 20;
/// Longest time that a body may take to arrive.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);

/// A request, read to its end.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) peer: IpAddr,
}

/// Why a request could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReadError {
    TooLarge,
    Unreadable,
}

impl Call {
    pub(crate) async fn read(request: Request<Incoming>, peer: IpAddr) -> Result<Self, ReadError> {
        let (head, body) = request.into_parts();
        let is_empty = Body::is_end_stream(&body);
        // Before anything is read, so that who waits to be told to go on is not.
        if body.size_hint().lower() > BODY_MAX as u64 {
            return Err(ReadError::TooLarge);
        }
        let body = if is_empty {
            Bytes::new()
        } else {
            let collected = tokio::time::timeout(BODY_TIMEOUT, Limited::new(body, BODY_MAX).collect()).await;
            match collected {
                Ok(Ok(body)) => body.to_bytes(),
                Ok(Err(error)) if error.is::<LengthLimitError>() => return Err(ReadError::TooLarge),
                Ok(Err(_)) | Err(_) => return Err(ReadError::Unreadable),
            }
        };
        Ok(Self {
            method: head.method,
            path: head.uri.path().to_owned(),
            query: head.uri.query().unwrap_or_default().to_owned(),
            headers: head.headers,
            body,
            peer,
        })
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The parts of the path, decoded; none for `/`.
    pub(crate) fn segments(&self) -> Vec<String> {
        let trimmed = self.path.trim_matches('/');
        if trimmed.is_empty() {
            return Vec::new();
        }
        trimmed.split('/').map(|part| percent_decode_str(part).decode_utf8_lossy().into_owned()).collect()
    }

    /// A parameter of the query.
    pub(crate) fn query_value(&self, name: &str) -> Option<String> {
        form_urlencoded::parse(self.query.as_bytes()).find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    }

    /// User and password of Basic authentication.
    pub(crate) fn basic(&self) -> Option<(String, String)> {
        use base64::Engine as _;
        let (scheme, encoded) = self.header("authorization")?.split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("basic") {
            return None;
        }
        let decoded = base64::engine::general_purpose::STANDARD.decode(encoded.trim()).ok()?;
        let decoded = String::from_utf8(decoded).ok()?;
        let (user, password) = decoded.split_once(':').unwrap_or((&decoded, ""));
        Some((user.to_owned(), password.to_owned()))
    }

    pub(crate) fn bearer(&self) -> Option<&str> {
        let (scheme, token) = self.header("authorization")?.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    }

    /// The shopper's intent, where the shop carries it on.
    pub(crate) fn intent(&self) -> Option<&str> {
        self.header("doorbuster-intent").filter(|mark| !mark.is_empty() && mark.len() <= 200)
    }

    /// The run that the caller says it belongs to: our header, or the first part of the mark.
    pub(crate) fn run(&self) -> Option<String> {
        let named = self.header("doorbuster-run").map(str::to_owned);
        named.or_else(|| self.intent()?.split_once('.').map(|(run, _)| run.to_owned())).filter(|run| !run.is_empty())
    }
}
