//! `AvaTax`'s errors.

use http::HeaderValue;
use serde::Serialize;

use super::rates::NoPlace;
use super::request::Address;
use crate::wire::Answer;

#[derive(Serialize)]
struct Envelope<'a> {
    error: Error<'a>,
}

#[derive(Serialize)]
struct Error<'a> {
    code: &'a str,
    message: &'a str,
    target: &'static str,
    details: [Detail<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Detail<'a> {
    code: &'a str,
    number: u32,
    message: &'a str,
    description: &'a str,
    fault_code: &'static str,
    help_link: String,
    severity: &'static str,
}

pub(super) fn error(status: u16, code: &str, message: &str, description: &str) -> Answer {
    let (target, fault_code) = if status < 500 { ("IncorrectData", "Client") } else { ("Unknown", "Server") };
    let number = match code {
        "AuthenticationException" => 30,
        "EntityNotFoundError" => 4,
        "DocumentCodeConflict" => 303,
        "GetTaxError" => 300,
        "DocStatusError" => 301,
        "CannotModifyLockedTransaction" => 1_009,
        "DuplicateEntry" => 31,
        "ValueRequiredError" => 5,
        "JsonFormatError" => 21,
        _ => 1,
    };
    let help_link = format!("http://developer.avalara.com/avatax/errors/{code}");
    let detail = Detail { code, number, message, description, fault_code, help_link, severity: "Error" };
    Answer::json(status, &Envelope { error: Error { code, message, target, details: [detail] } })
}

pub(super) fn unauthorised() -> Answer {
    error(
        401,
        "AuthenticationException",
        "Authentication failed.",
        "Please provide an account and licence key, or a bearer token, in the Authorization header.",
    )
    .header(http::header::WWW_AUTHENTICATE, HeaderValue::from_static("Basic"))
}

pub(super) fn no_route(path: &str) -> Answer {
    error(404, "EntityNotFoundError", "Nothing was found at this address.", path)
}

pub(super) fn no_document(code: &str) -> Answer {
    let description = format!("The transaction '{code}' was not found.");
    error(404, "EntityNotFoundError", "Transaction not found.", &description)
}

pub(super) fn missing(field: &str) -> Answer {
    error(
        400,
        "ValueRequiredError",
        &format!("Field {field} is required."),
        &format!("Please provide a value for {field}."),
    )
}

pub(super) fn out_of_range(field: &str, description: &str) -> Answer {
    error(400, "ValueRangeError", &format!("Field {field} is out of range."), description)
}

pub(super) fn bad_json(why: &str) -> Answer {
    error(400, "JsonFormatError", "The request is not the JSON that was expected.", why)
}

/// Nothing can be computed for a place that is none.
pub(super) fn no_place(why: NoPlace, address: &Address) -> Answer {
    let shown = |text: &Option<String>| text.clone().unwrap_or_default();
    let (country, region) = (shown(&address.country), shown(&address.region));
    match why {
        NoPlace::Country => {
            error(400, "GetTaxError", "Unknown country name or code.", &format!("'{country}' is no country."))
        }
        NoPlace::Region => {
            let description = format!("'{region}' is no region of {country}.");
            error(400, "GetTaxError", "Unknown region name or code.", &description)
        }
    }
}
