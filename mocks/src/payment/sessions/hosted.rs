//! The page of a checkout: a card is given, the payment is made, the holder goes back to the shop.

use super::{Session, Stage, find, keep, tell};
use crate::payment::charging::Manner;
use crate::payment::form::Form;
use crate::payment::pages::{self, escape};
use crate::payment::state::Status;
use crate::payment::{amounts, intents};
use crate::turn::Turn;
use crate::wire::{Answer, Stop};

/// The page, asked for (`None`) or paid on. A second visit finds what the first one did.
pub(in crate::payment) fn page(
    id: &str,
    token: &str,
    posted: Option<&Form>,
    manner: Manner<'_>,
    turn: &mut Turn<'_>,
) -> Result<Answer, Stop> {
    let mut session = find(id, turn).map_err(|stop| match stop {
        Stop::Answer(_) => Stop::from(pages::not_found()),
        Stop::Store(error) => Stop::Store(error),
    })?;
    if turn.books.identity.secret("checkout", session.n) != token {
        return Err(pages::not_found().into());
    }
    if session.stage == Stage::Open {
        complete_if_paid(&mut session, turn)?;
    }
    match (session.stage, posted) {
        (Stage::Complete, _) => Ok(leave(&session)),
        (Stage::Expired, _) => {
            Ok(pages::page(410, "This checkout has expired", "<p>Go back to the shop to start again.</p>"))
        }
        (Stage::Open, None) => Ok(form_page(&session, None)),
        (Stage::Open, Some(form)) => pay(session, form, manner, turn),
    }
}

fn leave(session: &Session) -> Answer {
    match &session.success_url {
        Some(url) => pages::redirect(&url.replace("{CHECKOUT_SESSION_ID}", &session.id), &[]),
        None => pages::page(200, "Thank you", "<p>You can close this page.</p>"),
    }
}

fn form_page(session: &Session, trouble: Option<&str>) -> Answer {
    let lines: Vec<String> = session
        .items
        .iter()
        .map(|item| {
            let price = amounts::written(item.total(), &item.currency);
            format!("<li>{} × {}: {price}</li>\n", item.quantity, escape(&item.name))
        })
        .collect();
    let lines = lines.concat();
    let said = trouble.map(|said| format!("<p role=\"alert\">{}</p>\n", escape(said))).unwrap_or_default();
    let back =
        session.cancel_url.as_deref().map(|url| format!("<p><a href=\"{}\">Back to the shop</a></p>", escape(url)));
    let body = format!(
        "{said}<ul>\n{lines}</ul>\n<p>Total: {}</p>\n<form method=\"post\">\n\
         <label>E-mail <input name=\"email\" type=\"email\" value=\"{}\"></label>\n\
         <label>Card number <input name=\"card_number\" inputmode=\"numeric\"></label>\n\
         <label>Month <input name=\"exp_month\"></label>\n<label>Year <input name=\"exp_year\"></label>\n\
         <label>CVC <input name=\"cvc\"></label>\n<button>Pay</button>\n</form>\n{}",
        amounts::written(session.total(), &session.currency),
        escape(session.customer_email.as_deref().unwrap_or_default()),
        back.unwrap_or_default(),
    );
    pages::page(if trouble.is_some() { 402 } else { 200 }, "Checkout", &body)
}

/// The parameters of the payment that a checkout makes.
fn parameters(session: &Session, form: &Form) -> Form {
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let mut pairs = vec![
        pair("amount", &session.total().to_string()),
        pair("currency", &session.currency),
        pair("confirm", "true"),
        pair("return_url", &session.url),
    ];
    if let Some(customer) = &session.customer {
        pairs.push(pair("customer", customer));
    }
    if let Some(method) = form.get("payment_method") {
        pairs.push(pair("payment_method", method));
    } else {
        pairs.push(pair("payment_method_data[type]", "card"));
        for (from, to) in
            [("card_number", "number"), ("exp_month", "exp_month"), ("exp_year", "exp_year"), ("cvc", "cvc")]
        {
            pairs.push(pair(&format!("payment_method_data[card][{to}]"), form.get(from).unwrap_or_default()));
        }
    }
    let said = session.payment_parameters.iter().any(|(name, _)| name == "receipt_email");
    if let Some(email) = form.get("email").or(session.customer_email.as_deref()).filter(|_| !said) {
        pairs.push(pair("receipt_email", email));
    }
    pairs.extend(session.payment_parameters.iter().cloned());
    Form::of(pairs)
}

/// Pays with the card that was given. The payment is made at the first attempt; a later one confirms it again.
fn pay(mut session: Session, form: &Form, manner: Manner<'_>, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
    let parameters = parameters(&session, form);
    if session.customer_email.is_none() {
        session.customer_email = form.text("email");
    }
    let told = match &session.payment {
        None => intents::create(&parameters, manner, turn),
        Some(id) => intents::confirm(id, &parameters, false, manner, turn),
    };
    let answer = match told {
        Ok(answer) => answer,
        Err(Stop::Answer(answer)) => *answer,
        Err(Stop::Store(error)) => return Err(Stop::Store(error)),
    };
    let body: serde_json::Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let payment = body["id"].as_str().or(body["error"]["payment_intent"]["id"].as_str());
    session.payment = payment.map(str::to_owned).or(session.payment);
    complete_if_paid(&mut session, turn)?;
    keep(session.clone(), turn);
    if session.stage == Stage::Complete {
        return Ok(leave(&session));
    }
    if let Some(url) = body["next_action"]["redirect_to_url"]["url"].as_str() {
        return Ok(pages::redirect(url, &[]));
    }
    Ok(form_page(&session, Some(body["error"]["message"].as_str().unwrap_or("The payment was not made."))))
}

/// The checkout is complete once its payment is.
fn complete_if_paid(session: &mut Session, turn: &mut Turn<'_>) -> Result<(), Stop> {
    let Some(id) = session.payment.clone() else { return Ok(()) };
    let payment = intents::find(&id, turn)?;
    if !matches!(payment.status, Status::Succeeded | Status::RequiresCapture | Status::Processing) {
        return Ok(());
    }
    session.stage = Stage::Complete;
    tell("checkout.session.completed", session, turn);
    keep(session.clone(), turn);
    Ok(())
}
