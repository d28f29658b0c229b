//! Pages that a holder's browser sees: the issuer's challenge, and what is said after it.

use http::HeaderValue;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, LOCATION};

use super::challenge::{self, Answered};
use super::charging::{Manner, keep};
use super::form::Form;
use super::intents::find;
use super::state::{Intent, Status};
use crate::turn::Turn;
use crate::wire::{Answer, Stop};

/// A page for people; nothing of it is kept under a key.
pub(super) fn page(status: u16, title: &str, body: &str) -> Answer {
    let text = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>{title}</title></head>\n<body>\n<h1>{title}</h1>\n{body}\n</body>\n</html>\n"
    );
    Answer::new(status, text)
        .unkept()
        .header(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"))
        .header(CACHE_CONTROL, HeaderValue::from_static("no-store"))
}

/// Text that may stand in a page, quotes included.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

/// Sends the browser on, with parameters added to the address.
pub(super) fn redirect(url: &str, parameters: &[(&str, &str)]) -> Answer {
    let (address, fragment) = url.split_once('#').map_or((url, None), |(address, rest)| (address, Some(rest)));
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in parameters {
        query.append_pair(name, value);
    }
    let query = query.finish();
    let joint = if query.is_empty() {
        ""
    } else if address.contains('?') {
        "&"
    } else {
        "?"
    };
    let fragment = fragment.map(|fragment| format!("#{fragment}")).unwrap_or_default();
    match HeaderValue::try_from(format!("{address}{joint}{query}{fragment}")) {
        Ok(location) => Answer::new(303, "").unkept().header(LOCATION, location),
        Err(_) => page(400, "Nowhere to go", "<p>The shop gave an address that no browser can go to.</p>"),
    }
}

pub(super) fn not_found() -> Answer {
    page(404, "Nothing here", "<p>There is no such page.</p>")
}

/// The form of a challenge; it posts to its own address.
pub(super) fn challenge_form(about: &str) -> Answer {
    page(
        200,
        "3-D Secure authentication",
        &format!(
            "<p>{}</p>\n<form method=\"post\">\n<button name=\"outcome\" value=\"succeeded\">Complete</button>\n<button name=\"outcome\" value=\"failed\">Fail</button>\n</form>",
            escape(about)
        ),
    )
}

/// What the holder answered, if it was an answer.
pub(super) fn outcome(form: &Form) -> Option<Answered> {
    match form.get("outcome") {
        Some("succeeded") => Some(Answered::Authenticated),
        Some("failed") => Some(Answered::Failed),
        _ => None,
    }
}

/// The challenge of a payment, asked for (`None`) or answered. A second visit finds what the first one did.
pub(super) fn challenge(
    id: &str,
    token: &str,
    posted: Option<&Form>,
    manner: Manner<'_>,
    turn: &mut Turn<'_>,
) -> Result<Answer, Stop> {
    let mut intent = find(id, turn).map_err(|stop| match stop {
        Stop::Answer(_) => Stop::from(not_found()),
        Stop::Store(error) => Stop::Store(error),
    })?;
    let latest = intent.challenge.as_ref().map_or(0, |challenge| challenge.ordinal);
    let ordinal = (1..=latest).rev().find(|ordinal| challenge::token(turn, "payment", intent.n, *ordinal) == token);
    let Some(ordinal) = ordinal else { return Err(not_found().into()) };
    let is_open = ordinal == latest && intent.status == Status::RequiresAction;
    match posted {
        None if is_open => {
            let about =
                format!("A payment of {} asks for you.", super::amounts::written(intent.amount, &intent.currency));
            return Ok(challenge_form(&about));
        }
        Some(form) if is_open => {
            let Some(answered) = outcome(form) else {
                return Err(page(400, "What do you say?", "<p>`outcome` must be succeeded or failed.</p>").into());
            };
            challenge::end(&mut intent, answered, manner, turn);
            keep(intent.clone(), turn);
        }
        None | Some(_) => {}
    }
    Ok(back(&intent, ordinal == latest))
}

/// Sends the holder back to the shop.
fn back(intent: &Intent, is_latest: bool) -> Answer {
    let has_gone_on = match intent.status {
        Status::Succeeded | Status::RequiresCapture | Status::Processing | Status::RequiresConfirmation => true,
        Status::RequiresPaymentMethod | Status::RequiresAction | Status::Canceled => false,
    };
    let status = if has_gone_on && is_latest { "succeeded" } else { "failed" };
    match intent.challenge.as_ref().and_then(|challenge| challenge.return_url.as_deref()) {
        Some(url) => redirect(
            url,
            &[
                ("payment_intent", &intent.id),
                ("payment_intent_client_secret", &intent.client_secret),
                ("redirect_status", status),
            ],
        ),
        None => page(200, "Thank you", "<p>You can close this page.</p>"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_added_where_a_query_goes() {
        let location = |url: &str| {
            let answer = redirect(url, &[("a", "1 2")]);
            answer.headers.iter().find(|(name, _)| name == LOCATION).map(|(_, value)| value.clone())
        };
        assert_eq!(location("http://shop/return"), Some("http://shop/return?a=1+2".parse().expect("a header")));
        assert_eq!(location("http://shop/r?b=3#top"), Some("http://shop/r?b=3&a=1+2#top".parse().expect("a header")));
        assert_eq!(location("http://shop/\n"), None);
    }

    #[test]
    fn text_cannot_leave_its_place() {
        assert_eq!(escape("<a href='x'>\"&"), "&lt;a href=&#39;x&#39;&gt;&quot;&amp;");
    }
}
