//! Which parameters each call knows; any other is refused, as Stripe does.

use super::desk::{Desk, Kind};
use super::errors;
use super::form::Form;
use super::route::{Object, Route};
use crate::wire::Answer;

/// What every call takes; the rest of them comes from browsers.
const ALWAYS: [&str; 11] = [
    "expand",
    "key",
    "client_secret",
    "_stripe_version",
    "_stripe_account",
    "payment_user_agent",
    "guid",
    "muid",
    "sid",
    "referrer",
    "time_on_page",
];

const INTENT_CREATE: &str = "amount currency automatic_payment_methods confirm customer customer_account description metadata off_session payment_method receipt_email setup_future_usage shipping statement_descriptor statement_descriptor_suffix application_fee_amount capture_method confirmation_method confirmation_token error_on_requires_action mandate mandate_data on_behalf_of payment_method_configuration payment_method_data payment_method_options payment_method_types excluded_payment_method_types radar_options return_url transfer_data transfer_group use_stripe_sdk amount_details payment_details hooks";
const INTENT_UPDATE: &str = "amount currency customer customer_account description metadata payment_method receipt_email setup_future_usage shipping statement_descriptor statement_descriptor_suffix application_fee_amount capture_method payment_method_configuration payment_method_data payment_method_options payment_method_types excluded_payment_method_types transfer_data transfer_group amount_details payment_details hooks";
const INTENT_CONFIRM: &str = "payment_method receipt_email setup_future_usage shipping capture_method confirmation_token error_on_requires_action mandate mandate_data off_session payment_method_data payment_method_options payment_method_types excluded_payment_method_types radar_options return_url use_stripe_sdk amount_details payment_details hooks";
const INTENT_CAPTURE: &str = "amount_to_capture metadata application_fee_amount final_capture statement_descriptor statement_descriptor_suffix transfer_data amount_details payment_details hooks";
const SETUP_CREATE: &str = "automatic_payment_methods confirm customer customer_account description metadata payment_method usage attach_to_self confirmation_token flow_directions mandate_data on_behalf_of payment_method_configuration payment_method_data payment_method_options payment_method_types excluded_payment_method_types return_url single_use use_stripe_sdk";
const SETUP_UPDATE: &str = "customer customer_account description metadata payment_method attach_to_self flow_directions payment_method_configuration payment_method_data payment_method_options payment_method_types excluded_payment_method_types";
const SETUP_CONFIRM: &str = "payment_method confirmation_token mandate_data payment_method_data payment_method_options return_url use_stripe_sdk";
const SESSION_CREATE: &str = "adaptive_pricing after_expiration allow_promotion_codes automatic_tax billing_address_collection branding_settings cancel_url client_reference_id consent_collection currency custom_fields custom_text customer customer_creation customer_email customer_update discounts excluded_payment_method_types expires_at invoice_creation line_items locale metadata mode name_collection optional_items origin_context payment_intent_data payment_method_collection payment_method_configuration payment_method_data payment_method_options payment_method_types permissions phone_number_collection redirect_on_completion return_url saved_payment_method_options setup_intent_data shipping_address_collection shipping_options submit_type subscription_data success_url tax_id_collection ui_mode wallet_options";
const REFUND_CREATE: &str = "amount charge currency customer instructions_email metadata origin payment_intent reason refund_application_fee reverse_transfer";
const LIST: &str = "created ending_before limit starting_after";

/// Keys of hashes that are looked into.
const NESTED: [(&str, &str); 6] = [
    ("automatic_payment_methods", "enabled allow_redirects"),
    ("shipping", "address carrier name phone tracking_number"),
    ("shipping[address]", "city country line1 line2 postal_code state"),
    ("transfer_data", "amount destination"),
    (
        "payment_method_data",
        "type card billing_details metadata allow_redisplay radar_options us_bank_account link shared_payment_granted_token",
    ),
    (
        "payment_method_options[card]",
        "capture_method cvc_token installments mandate_options moto network request_extended_authorization request_incremental_authorization request_multicapture request_overcapture request_three_d_secure require_cvc_recollection setup_future_usage statement_descriptor_suffix_kana statement_descriptor_suffix_kanji three_d_secure verification_method",
    ),
];

/// Parameters that an empty value cannot unset.
const NEVER_EMPTY: [&str; 9] = [
    "amount",
    "currency",
    "confirm",
    "customer",
    "payment_method",
    "capture_method",
    "amount_to_capture",
    "return_url",
    "payment_intent",
];

/// What a call takes beside [`ALWAYS`]; nothing where it is not looked at.
fn known(route: &Route) -> Option<(&'static str, &'static str)> {
    Some(match route {
        Route::Create(Object::Intent) => (INTENT_CREATE, ""),
        Route::UpdateIntent(_) => (INTENT_UPDATE, ""),
        Route::Confirm(_) => (INTENT_CONFIRM, ""),
        Route::Capture(_) => (INTENT_CAPTURE, ""),
        Route::Cancel(_) | Route::CancelSetup(_) => ("cancellation_reason", ""),
        Route::Create(Object::Setup) => (SETUP_CREATE, ""),
        Route::UpdateSetup(_) => (SETUP_UPDATE, ""),
        Route::ConfirmSetup(_) => (SETUP_CONFIRM, ""),
        Route::Create(Object::Session) => (SESSION_CREATE, ""),
        Route::Desk(Desk::Create(Kind::Refund)) => (REFUND_CREATE, ""),
        Route::Desk(Desk::Update(Kind::Refund, _)) => ("metadata", ""),
        Route::List(Object::Intent) => (LIST, "customer customer_account"),
        Route::Desk(Desk::List(Kind::Charge)) => (LIST, "customer payment_intent transfer_group"),
        Route::Desk(Desk::List(Kind::Refund)) => (LIST, "charge payment_intent"),
        Route::List(Object::Setup) => (LIST, "customer customer_account payment_method attach_to_self"),
        Route::List(Object::Session) => {
            (LIST, "customer customer_account customer_details payment_intent payment_link status subscription")
        }
        Route::Retrieve(..) | Route::Desk(Desk::Retrieve(Kind::Charge | Kind::Refund, _)) | Route::ExpireSession(_) => {
            ("", "")
        }
        _ => return None,
    })
}

/// Refuses parameters that the call does not know, and empty ones where a value is needed.
pub(super) fn check(route: &Route, form: &Form) -> Result<(), Answer> {
    let Some((first, second)) = known(route) else { return Ok(()) };
    let is_known =
        |name: &str| first.split(' ').chain(second.split(' ')).any(|known| known == name) || ALWAYS.contains(&name);
    let mut unknown: Vec<&str> = Vec::new();
    for name in form.names() {
        let top = name.split('[').next().unwrap_or(name);
        let stranger = if is_known(top) { stranger_within(name) } else { Some(top) };
        if let Some(stranger) = stranger.filter(|stranger| !unknown.contains(stranger)) {
            unknown.push(stranger);
        }
    }
    match unknown.as_slice() {
        [] => {}
        [one] => {
            let guess = first.split(' ').find(|known| !known.is_empty() && is_close(one, known));
            let hint = guess.map(|guess| format!(". Did you mean {guess}?")).unwrap_or_default();
            let message = format!("Received unknown parameter: {one}{hint}");
            return Err(errors::invalid("parameter_unknown", Some(one), &message));
        }
        [one, ..] => {
            let message = format!("Received unknown parameters: {}", unknown.join(", "));
            return Err(errors::invalid("parameter_unknown", Some(one), &message));
        }
    }
    match NEVER_EMPTY.iter().find(|name| form.raw(name) == Some("")) {
        Some(name) => Err(errors::invalid(
            "parameter_invalid_empty",
            Some(name),
            &format!(
                "You passed an empty string for '{name}'. We assume empty values are an attempt to unset a parameter; however '{name}' cannot be unset. You should remove '{name}' from your request or supply a non-empty value."
            ),
        )),
        None => Ok(()),
    }
}

/// The whole name, where a hash that is looked into does not have that key.
fn stranger_within(name: &str) -> Option<&str> {
    let is_stranger = NESTED.iter().any(|(hash, keys)| {
        let inner = name.strip_prefix(hash).and_then(|rest| rest.strip_prefix('['));
        let key = inner.and_then(|inner| inner.split(']').next());
        key.is_some_and(|key| !key.is_empty() && !keys.split(' ').any(|known| known == key))
    });
    is_stranger.then_some(name)
}

/// Whether two names differ by one or two letters (Levenshtein 1966).
fn is_close(one: &str, other: &str) -> bool {
    let other: Vec<char> = other.chars().collect();
    if one.len().abs_diff(other.len()) > 2 || one.len() > 64 {
        return false;
    }
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, c) in one.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, d) in other.iter().enumerate() {
            let cost = diagonal + usize::from(c != *d);
            diagonal = row[j + 1];
            row[j + 1] = cost.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[other.len()] <= 2
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> String {
        let form = Form::read(text.as_bytes());
        check(&Route::Create(Object::Intent), &form)
            .err()
            .map(|answer| String::from_utf8_lossy(&answer.body).into_owned())
            .unwrap_or_default()
    }

    #[test]
    fn strangers_are_named() {
        assert_eq!(told("amount=1&currency=usd&metadata[any]=1&payment_method_options[card][moto]=true"), "");
        assert!(told("amout=1").contains("Received unknown parameter: amout. Did you mean amount?"));
        assert!(told("foo=1&bar[x]=2").contains("Received unknown parameters: foo, bar\""));
        let within = told("shipping[address][planet]=mars");
        assert!(within.contains("Received unknown parameter: shipping[address][planet]\""), "{within}");
        assert!(told("amount=").contains("parameter_invalid_empty"));
    }
}
