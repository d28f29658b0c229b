//! Adyen's errors.

use http::{HeaderName, HeaderValue};
use serde::Serialize;

use crate::wire::Answer;

/// Says whether the same request under the same key may be tried again.
const TRANSIENT: HeaderName = HeaderName::from_static("transient-error");

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "the fields are Adyen's")]
struct Error<'a> {
    status: u16,
    error_code: &'a str,
    message: &'a str,
    error_type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    psp_reference: Option<&'a str>,
}

fn error(status: u16, error_code: &str, message: &str, error_type: &str) -> Answer {
    Answer::json(status, &Error { status, error_code, message, error_type, psp_reference: None }).unkept()
}

/// The request says something that cannot be; nothing was begun.
pub(super) fn invalid(code: &str, message: &str) -> Answer {
    error(422, code, message, "validation")
}

/// As [`invalid`], where Adyen names the request by a reference.
pub(super) fn invalid_named(code: &str, message: &str, psp: &str) -> Answer {
    let body = Error { status: 422, error_code: code, message, error_type: "validation", psp_reference: Some(psp) };
    Answer::json(422, &body).unkept()
}

pub(super) fn missing(field: &str) -> Answer {
    invalid("702", &format!("Required field '{field}' is not provided."))
}

/// The body is not the JSON that the call takes.
pub(super) fn unexpected(what: &str, why: &str) -> Answer {
    error(400, "702", &format!("Structure of {what} unexpected: {why}"), "validation")
}

pub(super) fn unauthorised() -> Answer {
    error(401, "000", "HTTP Status Response - Unauthorized", "security")
}

pub(super) fn wrong_merchant() -> Answer {
    error(403, "901", "Invalid Merchant Account", "security")
}

pub(super) fn no_route() -> Answer {
    error(404, "000", "HTTP Status Response - Not Found", "validation")
}

pub(super) fn no_original() -> Answer {
    invalid("167", "Original pspReference required for this operation")
}

/// The key is being worked on, or was used for something else; only the first may be tried again.
pub(super) fn processed(status: u16) -> Answer {
    let answer = error(status, "704", "request already processed or in progress", "validation");
    if status == 409 { transient(answer) } else { answer }
}

/// An error of Adyen's own, or of the way to it.
pub(super) fn other(status: u16, message: &str) -> Answer {
    let answer = error(status, "000", message, if status < 500 { "validation" } else { "internal" });
    if status >= 500 || status == 429 { transient(answer) } else { answer }
}

fn transient(answer: Answer) -> Answer {
    answer.header(TRANSIENT, HeaderValue::from_static("true"))
}
