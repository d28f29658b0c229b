//! Asking the holder: a page of ours that sends the browser back, and the details that the shop brings to get the result.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, LOCATION};
use serde_json::Value;

use super::body::DetailsRequest;
use super::payments::Manner;
use super::reference::{self, Kind};
use super::refusals::Refusal;
use super::state::{Payment, Reply, Stage, Step};
use super::{errors, payments, view};
use crate::turn::Turn;
use crate::wire::{Answer, Stop};

/// The payment that a text of ours leads to, if it is the caller's and the text is whole.
fn of_data(data: &str, turn: &mut Turn<'_>) -> Result<Option<Payment>, Stop> {
    let Some((psp, _)) = data.split_once('.') else { return Ok(None) };
    let found = payments::find(psp, turn)?;
    Ok(found.filter(|payment| view::payment_data(payment, turn.books.identity) == data))
}

fn no_details() -> Answer {
    errors::invalid("14_0408", "The value for 'details' is invalid or has expired.")
}

/// `POST /payments/details`.
pub(super) fn details(
    request: &DetailsRequest,
    decline: Option<Refusal>,
    Manner { base, .. }: Manner<'_>,
    turn: &mut Turn<'_>,
) -> Result<Answer, Stop> {
    if request.details.is_empty() {
        return Err(errors::missing("details").into());
    }
    let (mut payment, reply) = match request.detail("redirectResult") {
        Some(result) => of_redirect(result, turn)?,
        None => of_native(request, turn)?,
    };
    payments::label(&payment, turn);
    // Whoever asks again is told what came of it.
    if let (Stage::Asked(step), Some(reply)) = (payment.stage, reply) {
        match reply {
            NativeReply::Identified => payment.stage = Stage::Asked(Step::Challenge),
            NativeReply::Replied(reply) => {
                if step != Step::Redirect {
                    payments::challenge_row(&payment, reply.name(), turn);
                }
                payments::conclude(&mut payment, reply, decline, turn)?;
            }
        }
        payments::keep(payment.clone(), turn);
    }
    Ok(view::payment(&payment, base, turn.books.identity))
}

/// What a shop's own page says of the holder.
#[derive(Clone, Copy)]
enum NativeReply {
    /// The device is known; now the holder is asked.
    Identified,
    Replied(Reply),
}

fn of_redirect(result: &str, turn: &mut Turn<'_>) -> Result<(Payment, Option<NativeReply>), Stop> {
    let n =
        reference::read(turn.books.identity, Kind::RedirectResult, result).map(|(n, _)| n).ok_or_else(no_details)?;
    let account = turn.context.caller.account;
    let found = turn.books.backup_payments.take(n, &turn.books.reader)?;
    let payment = found.filter(|payment| payment.account == account).ok_or_else(no_details)?;
    let reply = payment.reply.map(NativeReply::Replied);
    Ok((payment, reply))
}

fn of_native(request: &DetailsRequest, turn: &mut Turn<'_>) -> Result<(Payment, Option<NativeReply>), Stop> {
    let names = ["threeDSResult", "threeds2.fingerprint", "threeds2.challengeResult"];
    let text = names.iter().find_map(|name| request.detail(name)).ok_or_else(no_details)?;
    let told: Value =
        STANDARD.decode(text).ok().and_then(|json| serde_json::from_slice(&json).ok()).unwrap_or_default();
    let data =
        request.payment_data.as_deref().or_else(|| told["authorisationToken"].as_str()).ok_or_else(no_details)?;
    let payment = of_data(data, turn)?.ok_or_else(no_details)?;
    let reply = match (payment.stage, told["transStatus"].as_str()) {
        (Stage::Asked(_), Some("Y" | "A")) => NativeReply::Replied(Reply::Authenticated),
        (Stage::Asked(_), Some(_)) => NativeReply::Replied(Reply::Failed),
        (Stage::Asked(Step::Fingerprint), None) if told["threeDSCompInd"].is_string() => NativeReply::Identified,
        _ => return Ok((payment, None)),
    };
    Ok((payment, Some(reply)))
}

/// The page that asks the holder.
pub(super) fn page(data: &str, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
    let Some(payment) = of_data(data, turn)? else { return Err(html(404, "There is no such payment.").into()) };
    let is_open = payment.reply.is_none() && payment.stage == Stage::Asked(Step::Redirect);
    let form = if is_open {
        "<form method=\"post\">\
         <button name=\"outcome\" value=\"complete\">Complete</button>\
         <button name=\"outcome\" value=\"fail\">Fail</button>\
         <button name=\"outcome\" value=\"cancel\">Cancel</button></form>"
    } else {
        "<form method=\"post\"><button>Return to the shop</button></form>"
    };
    let text = format!("<p>Your bank asks: do you pay {} {} minor units?</p>{form}", payment.currency, payment.amount);
    Ok(html(200, &text))
}

/// What the holder chose on the page: sends the browser back to the shop.
pub(super) fn reply(data: &str, outcome: Option<&str>, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
    let Some(mut payment) = of_data(data, turn)? else { return Err(html(404, "There is no such payment.").into()) };
    payments::label(&payment, turn);
    if payment.reply.is_none() && payment.stage == Stage::Asked(Step::Redirect) {
        let reply = match outcome {
            Some("complete") => Reply::Authenticated,
            Some("fail") => Reply::Failed,
            Some("cancel") => Reply::Abandoned,
            Some(_) | None => return Err(html(400, "Choose an outcome: complete, fail or cancel.").into()),
        };
        payment.reply = Some(reply);
        payments::challenge_row(&payment, reply.name(), turn);
        payments::keep(payment.clone(), turn);
    }
    let result = reference::make(turn.books.identity, Kind::RedirectResult, payment.n, 0);
    let back = payment.return_url.as_deref().unwrap_or_default();
    let mark = if back.contains('?') { '&' } else { '?' };
    let location = HeaderValue::try_from(format!("{back}{mark}redirectResult={result}"));
    let location = location.map_err(|_| html(400, "The shop's address cannot be gone back to."))?;
    Ok(html(302, "").header(LOCATION, location))
}

fn html(status: u16, text: &str) -> Answer {
    let page = format!("<!DOCTYPE html>\n<html><head><title>3-D Secure</title></head><body>{text}</body></html>\n");
    Answer::new(status, page)
        .unkept()
        .header(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"))
        .header(CACHE_CONTROL, HeaderValue::from_static("no-store"))
}
