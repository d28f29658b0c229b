//! Who may use the interface: no web page in a browser, and elsewhere than on loopback only who has the token.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::{AUTHORIZATION, USER_AGENT};
use http::{HeaderMap, HeaderValue, StatusCode};
use subtle::ConstantTimeEq;

use super::Control;
use crate::refused::Refused;

pub(super) async fn admit(State(control): State<Arc<Control>>, request: Request, next: Next) -> Response {
    match refusal(request.headers(), control.token.as_deref()) {
        Some(refusal) => refusal,
        None => next.run(request).await,
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
