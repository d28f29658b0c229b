//! Values of one word: durations, rates, shares, numbers, names, addresses, templates, paths and expressions.

use super::desk::{At, Sees};
use super::form::{Book, Kind};
use super::node::NodeKind;
use crate::money::Currency;
use crate::target::Target;
use crate::template::Template;
use serde_json::{Value, json};
use std::time::Duration;

/// A value of one word.
pub(super) struct Scalar<T> {
    pub parse: fn(&str) -> Option<T>,
    pub expected: &'static str,
    pub hint: Option<&'static str>,
    pub schema: fn() -> Value,
}

impl<T> Kind for Scalar<T> {
    type Value = T;

    fn read(&self, at: &At<'_>) -> Option<T> {
        let value = match &at.node.kind {
            NodeKind::Scalar { text, .. } if !at.node.is_null() => (self.parse)(text),
            NodeKind::Scalar { .. } | NodeKind::List(_) | NodeKind::Map(_) => None,
        };
        if value.is_none() {
            at.expected(self.expected, self.hint.map(String::from));
        }
        value
    }

    fn schema(&self, _: &mut Book) -> Value {
        (self.schema)()
    }
}

/// Text that is not empty.
pub(super) const fn text() -> Scalar<String> {
    Scalar {
        parse: |text| (!text.is_empty()).then(|| text.to_owned()),
        expected: "text",
        hint: None,
        schema: || json!({ "type": "string", "minLength": 1 }),
    }
}

/// A name: lower-case letters, digits, `-` and `_`.
pub(super) const fn name() -> Scalar<String> {
    Scalar {
        parse: |text| {
            let fits = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || "-_".contains(letter);
            (!text.is_empty() && text.len() <= 64 && text.chars().all(fits)).then(|| text.to_owned())
        },
        expected: "a name",
        hint: Some("names are made of lower-case letters, digits, `-` and `_`, at most 64"),
        schema: || json!({ "type": "string", "pattern": "^[a-z0-9_-]{1,64}$" }),
    }
}

const DURATION_HINT: &str = "write a duration such as `500ms`, `90s` or `2m`";

/// A duration, zero allowed.
pub(super) const fn duration() -> Scalar<Duration> {
    Scalar { parse: parse_duration, expected: "a duration", hint: Some(DURATION_HINT), schema: duration_schema }
}

/// A duration of more than nothing.
pub(super) const fn some_time() -> Scalar<Duration> {
    Scalar {
        parse: |text| parse_duration(text).filter(|duration| !duration.is_zero()),
        expected: "a duration of more than 0",
        hint: Some(DURATION_HINT),
        schema: duration_schema,
    }
}

/// How far a clock may be moved: a year at most, more than any run lasts.
pub(super) const fn far_time() -> Scalar<Duration> {
    Scalar {
        parse: |text| parse_time(text, 366.0 * 86_400e6).filter(|duration| !duration.is_zero()),
        expected: "a duration of more than 0, at most a year",
        hint: Some("write a duration such as `90s`, `25h` or `192h`"),
        schema: duration_schema,
    }
}

/// From `500ms`; at most a day.
pub(super) fn parse_duration(text: &str) -> Option<Duration> {
    parse_time(text, 86_400e6)
}

fn parse_time(text: &str, us_max: f64) -> Option<Duration> {
    let (number, unit) = split_unit(text)?;
    let unit_us = match unit {
        "us" => 1.0,
        "ms" => 1e3,
        "s" => 1e6,
        "m" | "min" => 60e6,
        "h" => 3600e6,
        _ => return None,
    };
    let us = number * unit_us;
    (us <= us_max).then(|| Duration::from_micros(us.round() as u64))
}

fn duration_schema() -> Value {
    json!({ "type": "string", "pattern": "^[0-9]+(\\.[0-9]+)?(us|ms|s|m|min|h)$" })
}

/// A number and the letters after it.
fn split_unit(text: &str) -> Option<(f64, &str)> {
    let end = text.find(|letter: char| !letter.is_ascii_digit() && letter != '.')?;
    text.starts_with(|first: char| first.is_ascii_digit()).then_some(())?;
    Some((text[..end].parse().ok()?, &text[end..]))
}

const RATE_HINT: &str = "write a rate such as `60/s` or `90/min`";

/// Arrivals a second, zero allowed.
pub(super) const fn rate() -> Scalar<f64> {
    Scalar { parse: parse_rate, expected: "a rate", hint: Some(RATE_HINT), schema: rate_schema }
}

/// Arrivals a second, more than none.
pub(super) const fn some_rate() -> Scalar<f64> {
    Scalar {
        parse: |text| parse_rate(text).filter(|rate| *rate > 0.0),
        expected: "more than 0",
        hint: Some(RATE_HINT),
        schema: rate_schema,
    }
}

/// From `60/s`; at most a million a second.
fn parse_rate(text: &str) -> Option<f64> {
    let (number, unit) = split_unit(text)?;
    let rate = match unit {
        "/s" => number,
        "/m" | "/min" => number / 60.0,
        "/h" => number / 3600.0,
        _ => return None,
    };
    (rate <= 1e6).then_some(rate)
}

fn rate_schema() -> Value {
    json!({ "type": "string", "pattern": "^[0-9]+(\\.[0-9]+)?/(s|m|min|h)$" })
}

/// A share from 0 to 1.
pub(super) const fn share() -> Scalar<f64> {
    Scalar {
        parse: |text| parse_share(text).filter(|share| (0.0..=1.0).contains(share)),
        expected: "a share from 0% to 100%",
        hint: Some("write a share such as `5%` or `0.05`"),
        schema: share_schema,
    }
}

/// A chance of more than nothing.
pub(super) const fn chance() -> Scalar<f64> {
    Scalar {
        parse: |text| parse_share(text).filter(|share| *share > 0.0 && *share <= 1.0),
        expected: "a chance above 0% and up to 100%",
        hint: Some("write a chance such as `30%` or `0.3`"),
        schema: share_schema,
    }
}

/// From `5%` or `0.05`.
pub(super) fn parse_share(text: &str) -> Option<f64> {
    match text.strip_suffix('%') {
        // Moving the point keeps `99.9%` the number nearest to 0.999, which a division does not.
        Some(percent) => {
            parse_number(percent.trim_end()).and_then(|_| format!("{}e-2", percent.trim_end()).parse().ok())
        }
        None => parse_number(text),
    }
}

fn share_schema() -> Value {
    json!({ "anyOf": [{ "type": "number", "minimum": 0, "maximum": 1 }, { "type": "string", "pattern": "^[0-9]+(\\.[0-9]+)? ?%$" }] })
}

fn parse_number(text: &str) -> Option<f64> {
    let fits = text.chars().all(|letter| letter.is_ascii_digit() || letter == '.');
    if fits { text.parse().ok() } else { None }
}

/// A number that is not negative.
pub(super) const fn number() -> Scalar<f64> {
    Scalar {
        parse: parse_number,
        expected: "a number of 0 or more",
        hint: None,
        schema: || json!({ "type": "number", "minimum": 0 }),
    }
}

/// A whole number of either sign.
pub(super) const fn integer() -> Scalar<i64> {
    Scalar {
        parse: |text| text.parse().ok().filter(|number: &i64| number.unsigned_abs() <= 1 << 53),
        expected: "a whole number",
        hint: None,
        schema: || json!({ "type": "integer" }),
    }
}

/// A whole number that is not negative.
pub(super) const fn count() -> Scalar<u64> {
    Scalar {
        parse: |text| text.parse().ok().filter(|number| *number <= 1 << 53),
        expected: "a whole number of 0 or more",
        hint: None,
        schema: || json!({ "type": "integer", "minimum": 0 }),
    }
}

/// A whole number of 1 or more.
pub(super) const fn some() -> Scalar<u64> {
    Scalar {
        parse: |text| text.parse().ok().filter(|number| (1..=1 << 53).contains(number)),
        expected: "a whole number of 1 or more",
        hint: None,
        schema: || json!({ "type": "integer", "minimum": 1 }),
    }
}

/// A number of 64 bits: a seed.
pub(super) const fn seed() -> Scalar<u64> {
    Scalar {
        parse: |text| text.parse().ok(),
        expected: "a whole number of at most 64 bits",
        hint: None,
        schema: || json!({ "type": "integer", "minimum": 0 }),
    }
}

/// Yes or no.
pub(super) const fn truth() -> Scalar<bool> {
    Scalar {
        parse: |text| text.parse().ok(),
        expected: "`true` or `false`",
        hint: None,
        schema: || json!({ "type": "boolean" }),
    }
}

/// A currency.
pub(super) const fn currency() -> Scalar<Currency> {
    Scalar {
        parse: Currency::parse,
        expected: "a currency",
        hint: Some("write its three letters, such as `USD`"),
        schema: || json!({ "type": "string", "pattern": "^[A-Za-z]{3}$" }),
    }
}

/// An HTTP status.
pub(super) const fn status() -> Scalar<u16> {
    Scalar {
        parse: |text| text.parse().ok().filter(|status| (100..=599).contains(status)),
        expected: "an HTTP status from 100 to 599",
        hint: None,
        schema: || json!({ "type": "integer", "minimum": 100, "maximum": 599 }),
    }
}

/// A base address: `http://host:port`, perhaps with a path; noted as a target of the run.
pub(super) fn address() -> impl Kind<Value = String> {
    Scalar {
        parse: |text| Target::of(text).map(|_| text.trim_end_matches('/').to_owned()),
        expected: "an address",
        hint: Some("write it with its scheme, such as `http://127.0.0.1:8080`"),
        schema: || json!({ "type": "string", "pattern": "^https?://" }),
    }
    .and(|address, at| {
        at.desk.target(at.spot(), &address);
        Some(address)
    })
}

/// Text with `{{variables}}`; those that it uses are remembered.
pub(super) fn template() -> impl Kind<Value = Template> {
    Scalar {
        parse: |text| Some(text.to_owned()),
        expected: "text",
        hint: None,
        schema: || json!({ "type": ["string", "number", "boolean"] }),
    }
    .and(|text, at| match Template::parse(&text) {
        Ok(template) => {
            template.variables().for_each(|variable| at.desk.uses(variable.clone(), at.spot(), Sees::Earlier));
            Some(template)
        }
        Err(bad) => {
            at.wrong(&bad.to_string(), Some(TEMPLATE_HINT.into()));
            None
        }
    })
}

/// How templates are written.
pub(super) const TEMPLATE_HINT: &str =
    "write `{{cart}}`, `{{product.sku}}` or `{{env:NAME}}`; `\\{{` stands for the braces";
