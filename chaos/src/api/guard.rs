//! Who may use the interface: no web page in a browser, and elsewhere than on loopback only who has the token. And how much may
//! be said to it, and how slowly.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::{AUTHORIZATION, USER_AGENT};
use http::{HeaderMap, HeaderValue, StatusCode};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use subtle::ConstantTimeEq;

use super::Control;
use crate::refused::Refused;

/// Largest body, in bytes: tens of thousands of rules.
const BODY_MAX: usize = 2 << 20;
/// Longest time that a body may take to arrive.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);

pub(super) async fn admit(State(control): State<Arc<Control>>, request: Request, next: Next) -> Response {
    match refusal(request.headers(), control.token.as_deref()) {
        Some(refusal) => refusal,
        None => match whole(request).await {
            Ok(request) => next.run(request).await,
            Err(refused) => refused.into_response(),
        },
    }
}

/// The request with all of its body.
async fn whole(request: Request) -> Result<Request, Refused> {
    let (head, body) = request.into_parts();
    let too_large = Refused::TooLarge { bytes_max: BODY_MAX };
    if HttpBody::size_hint(&body).lower() > BODY_MAX as u64 {
        return Err(too_large);
    }
    match tokio::time::timeout(BODY_TIMEOUT, Limited::new(body, BODY_MAX).collect()).await {
        Ok(Ok(body)) => Ok(Request::from_parts(head, Body::from(body.to_bytes()))),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(too_large),
        Ok(Err(_)) | Err(_) => Err(Refused::Unreadable),
    }
}

fn refusal(headers: &HeaderMap, token: Option<&str>) -> Option<Response> {
    let header = |name| headers.get(name).map_or(&b""[..], HeaderValue::as_bytes);
    // As Toxiproxy does: a page could otherwise drive a proxy on its reader's own machine.
    if header(USER_AGENT).starts_with(b"Mozilla/") {
        return Some((StatusCode::FORBIDDEN, "User agent not allowed\n").into_response());
    }
    let given = header(AUTHORIZATION).strip_prefix(b"Bearer ").unwrap_or_default();
    let admitted = token.is_none_or(|token| bool::from(given.ct_eq(token.as_bytes())));
    (!admitted).then(|| Refused::Token.into_response())
}
