//! Stripe's errors.

use serde::Serialize;

use super::cards::Decline;
use super::view::{IntentView, SetupView};
use crate::wire::Answer;

#[derive(Serialize)]
struct Envelope<'a> {
    error: Error<'a>,
}

#[derive(Serialize)]
struct Error<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    decline_code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    param: Option<&'a str>,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    doc_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    charge: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payment_intent: Option<&'a IntentView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    setup_intent: Option<&'a SetupView<'a>>,
}

fn answer(status: u16, error: Error<'_>) -> Answer {
    Answer::json(status, &Envelope { error })
}

fn doc_url(code: &str) -> String {
    format!("https://stripe.com/docs/error-codes/{}", code.replace('_', "-"))
}

fn plain<'a>(kind: &'a str, code: Option<&'a str>, param: Option<&'a str>, message: &'a str) -> Error<'a> {
    let doc_url = code.map(doc_url);
    Error {
        kind,
        code,
        decline_code: None,
        param,
        message,
        doc_url,
        charge: None,
        payment_intent: None,
        setup_intent: None,
    }
}

/// A parameter that cannot be: nothing was begun, nothing is kept.
pub(super) fn invalid(code: &str, param: Option<&str>, message: &str) -> Answer {
    answer(400, plain("invalid_request_error", Some(code), param, message)).unkept()
}

/// As [`invalid`], where Stripe gives no code.
pub(super) fn invalid_plain(param: Option<&str>, message: &str) -> Answer {
    answer(400, plain("invalid_request_error", None, param, message)).unkept()
}

pub(super) fn missing(param: &str) -> Answer {
    invalid("parameter_missing", Some(param), &format!("Missing required param: {param}."))
}

/// The object does not exist.
pub(super) fn no_such(kind: &str, param: &str, id: &str) -> Answer {
    let message = format!("No such {kind}: '{id}'");
    answer(404, plain("invalid_request_error", Some("resource_missing"), Some(param), &message)).unkept()
}

/// As [`no_such`], where a parameter names it and not the address.
pub(super) fn no_reference(kind: &str, param: &str, id: &str) -> Answer {
    Answer { status: 400, ..no_such(kind, param, id) }
}

pub(super) fn no_route(method: &str, path: &str) -> Answer {
    let message = format!(
        "Unrecognized request URL ({method}: {path}). Please see https://stripe.com/docs or we can help at https://support.stripe.com/."
    );
    answer(404, plain("invalid_request_error", None, None, &message)).unkept()
}

/// The object's state forbids it: decided, so the answer is kept.
pub(super) fn forbidden(code: &str, param: Option<&str>, message: &str, intent: Option<&IntentView<'_>>) -> Answer {
    let error = plain("invalid_request_error", Some(code), param, message);
    answer(400, Error { payment_intent: intent, ..error })
}

/// As [`forbidden`], where Stripe gives no code.
pub(super) fn forbidden_plain(param: Option<&str>, message: &str) -> Answer {
    answer(400, plain("invalid_request_error", None, param, message))
}

/// The card was refused.
pub(super) fn declined(decline: &Decline, charge: Option<&str>, intent: Option<&IntentView<'_>>) -> Answer {
    let error = plain(decline.kind(), Some(decline.code), decline.param, decline.message);
    let status = if decline.kind() == "card_error" { 402 } else { 400 };
    answer(status, Error { decline_code: decline.decline_code, charge, payment_intent: intent, ..error })
}

/// The card was refused while it was set up.
pub(super) fn not_set_up(decline: &Decline, setup: &SetupView<'_>) -> Answer {
    let error = plain(decline.kind(), Some(decline.code), decline.param, decline.message);
    answer(402, Error { decline_code: decline.decline_code, setup_intent: Some(setup), ..error })
}

/// The state of an intent to set a method up forbids it.
pub(super) fn setup_forbids(message: &str, setup: &SetupView<'_>) -> Answer {
    let error = plain("invalid_request_error", Some("setup_intent_unexpected_state"), None, message);
    answer(400, Error { setup_intent: Some(setup), ..error })
}

pub(super) fn unauthorised(message: &str) -> Answer {
    answer(401, plain("invalid_request_error", None, None, message))
        .unkept()
        .header(http::header::WWW_AUTHENTICATE, http::HeaderValue::from_static("Basic realm=\"Stripe\""))
}

/// An error of the provider's own, or of the way to it.
pub(super) fn other(status: u16, kind: &str, code: Option<&str>, message: &str) -> Answer {
    answer(status, plain(kind, code, None, message)).unkept()
}
