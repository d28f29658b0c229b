//! What every request must have: a merchant account that is the caller's, an amount that can be; and when money is taken.

use model::money::Currency;

use super::body::{Amount, PaymentRequest};
use super::errors;
use super::state::CaptureMode;
use crate::accounts::CaptureSetting;
use crate::turn::Turn;
use crate::wire::Answer;

/// The merchant account of a request, if the caller may use it.
pub(super) fn merchant(named: Option<&str>, turn: &Turn<'_>) -> Result<String, Answer> {
    let named = named.filter(|name| !name.is_empty()).ok_or_else(errors::wrong_merchant)?;
    let accounts = turn.accounts.read();
    let bound = accounts.lease(turn.context.caller.account).and_then(|lease| lease.merchant_account.as_deref());
    if bound.is_some_and(|bound| bound != named) { Err(errors::wrong_merchant()) } else { Ok(named.to_owned()) }
}

/// The amount of a request, if it can be one.
pub(super) fn amount(asked: Option<&Amount>) -> Result<Amount, Answer> {
    let amount = asked.ok_or_else(|| errors::invalid("100", "No amount specified"))?;
    if amount.value < 0 || amount.value > AMOUNT_MAX {
        return Err(errors::invalid("137", "Invalid amount specified"));
    }
    let is_known = Currency::parse(&amount.currency).is_some_and(|currency| currency.code() == amount.currency);
    if !is_known || !CURRENCIES.contains(&amount.currency.as_str()) {
        return Err(errors::invalid("138", "Unsupported currency specified"));
    }
    Ok(amount.clone())
}

/// Largest amount, in minor units.
const AMOUNT_MAX: i64 = 99_999_999_999;

/// Currencies that cards are charged in (Adyen, *Currency codes and minor units*, the usual ones).
const CURRENCIES: [&str; 52] = [
    "AED", "ARS", "AUD", "BGN", "BHD", "BRL", "CAD", "CHF", "CLP", "CNY", "COP", "CZK", "DKK", "EGP", "EUR", "GBP",
    "HKD", "HUF", "IDR", "ILS", "INR", "IQD", "ISK", "JOD", "JPY", "KRW", "KWD", "KZT", "LYD", "MAD", "MXN", "MYR",
    "NOK", "NZD", "OMR", "PEN", "PHP", "PKR", "PLN", "QAR", "RON", "RSD", "SAR", "SEK", "SGD", "THB", "TND", "TRY",
    "TWD", "USD", "VND", "ZAR",
];

/// When the money is taken, by the payment or else by the account.
pub(super) fn capture_mode(request: &PaymentRequest, turn: &Turn<'_>) -> CaptureMode {
    let of_account = || {
        let accounts = turn.accounts.read();
        match accounts.lease(turn.context.caller.account).map(|lease| lease.capture) {
            Some(CaptureSetting::Manual) => CaptureMode::Manual,
            Some(CaptureSetting::Automatic) | None => CaptureMode::Immediate,
        }
    };
    let is_manual = request.additional("manualCapture").as_deref() == Some("true");
    match request.capture_delay_hours {
        _ if is_manual || is_pre_authorised(request) => CaptureMode::Manual,
        Some(0) => CaptureMode::Immediate,
        Some(hours) => CaptureMode::After(hours),
        None if request.additional("manualCapture").as_deref() == Some("false") => CaptureMode::Immediate,
        None => of_account(),
    }
}

/// Whether the amount may be changed later; then nothing is taken by itself.
pub(super) fn is_pre_authorised(request: &PaymentRequest) -> bool {
    request.additional("authorisationType").is_some_and(|kind| kind.eq_ignore_ascii_case("PreAuth"))
}
