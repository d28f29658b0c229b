//! `EasyPost`'s errors.

use serde::Serialize;

use crate::wire::Answer;

#[derive(Serialize)]
struct Envelope<'a> {
    error: Error<'a>,
}

#[derive(Serialize)]
struct Error<'a> {
    code: &'a str,
    message: &'a str,
    errors: &'a [FieldError],
}

/// What is wrong with one field.
#[derive(Clone, Debug, Serialize)]
pub(super) struct FieldError {
    pub(super) field: &'static str,
    pub(super) message: &'static str,
}

pub(super) fn error(status: u16, code: &str, message: &str, errors: &[FieldError]) -> Answer {
    Answer::json(status, &Envelope { error: Error { code, message, errors } })
}

pub(super) fn not_found() -> Answer {
    error(404, "NOT_FOUND", "The requested resource could not be found.", &[])
}

pub(super) fn missing(field: &'static str) -> Answer {
    let blank = [FieldError { field, message: "cannot be blank" }];
    error(422, "PARAMETER.REQUIRED", "Missing required parameter.", &blank)
}

pub(super) fn invalid(field: &'static str, message: &'static str) -> Answer {
    error(422, "PARAMETER.INVALID", "A parameter is not what was expected.", &[FieldError { field, message }])
}

pub(super) fn bad_json() -> Answer {
    error(400, "BAD_REQUEST", "The request body is not the JSON that was expected.", &[])
}

pub(super) fn unauthorised() -> Answer {
    let message = "Authentication is required: use the API key as the user of Basic authentication.";
    error(401, "UNAUTHORIZED", message, &[])
}

pub(super) fn wrong_key() -> Answer {
    let message = "This api key is no longer active. Please use a different api key or reactivate this key.";
    error(403, "APIKEY.INACTIVE", message, &[])
}
