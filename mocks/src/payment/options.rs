//! What few shops say of a payment: shipping, descriptors, fees, and how it is to be confirmed.

use serde::{Deserialize, Serialize};

use super::form::Form;
use super::state::Shipping;
use super::{errors, form_parts};
use crate::wire::Answer;

/// Longest of the texts on a card holder's statement.
const DESCRIPTOR_LENGTH_MAX: usize = 22;

/// Who confirms a payment again after its challenge.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ConfirmationMethod {
    #[default]
    Automatic,
    /// The shop's server.
    Manual,
}

/// Whether the card may be captured in parts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Multicapture {
    #[default]
    Never,
    IfAvailable,
}

/// Where the money goes on to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Transfer {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) amount: Option<i64>,
    pub(crate) destination: String,
}

/// What few shops say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Options {
    pub(crate) confirmation_method: ConfirmationMethod,
    /// `allow_redirects=never` of the automatic methods.
    pub(crate) refuses_redirects: bool,
    pub(crate) method_types: Vec<String>,
    pub(crate) multicapture: Multicapture,
    /// `any` or `challenge`; Stripe shows `automatic` where nothing is said.
    pub(crate) request_three_d_secure: Option<String>,
    /// `capture_method=manual` of the card alone.
    pub(crate) card_capture_is_manual: bool,
    pub(crate) shipping: Option<Shipping>,
    pub(crate) statement_descriptor_suffix: Option<String>,
    pub(crate) transfer_group: Option<String>,
    pub(crate) transfer: Option<Transfer>,
    pub(crate) application_fee_amount: Option<i64>,
    pub(crate) on_behalf_of: Option<String>,
    /// The method whose holder was authenticated, where the shop confirms again.
    pub(crate) authenticated: Option<String>,
}

impl Options {
    /// Whether nothing of this was said: then it is not stored.
    pub(crate) fn is_plain(&self) -> bool {
        *self == Self::default()
    }

    /// Whether the shop asked for a challenge where one is possible.
    pub(crate) fn asks_for_challenge(&self) -> bool {
        matches!(self.request_three_d_secure.as_deref(), Some("any" | "challenge"))
    }

    /// Takes over what a form says.
    pub(super) fn read(&mut self, form: &Form) -> Result<(), Answer> {
        if let Some(method) = choice(form, "confirmation_method", &["automatic", "manual"])? {
            self.confirmation_method =
                if method == "manual" { ConfirmationMethod::Manual } else { ConfirmationMethod::Automatic };
        }
        if let Some(redirects) = choice(form, "automatic_payment_methods[allow_redirects]", &["always", "never"])? {
            self.refuses_redirects = redirects == "never";
        }
        let types = form.list("payment_method_types");
        if !types.is_empty() {
            check_types(&types)?;
            self.method_types = types;
        }
        self.read_card(form)?;
        if form.has_any("shipping") {
            self.shipping = read_shipping(form)?;
        }
        descriptor(form, "statement_descriptor")?;
        if let Some(suffix) = descriptor(form, "statement_descriptor_suffix")? {
            self.statement_descriptor_suffix = Some(suffix);
        }
        self.transfer_group = form.text("transfer_group").or(self.transfer_group.take());
        self.on_behalf_of = form.text("on_behalf_of").or(self.on_behalf_of.take());
        self.application_fee_amount = form.integer("application_fee_amount")?.or(self.application_fee_amount);
        if let Some(destination) = form.text("transfer_data[destination]") {
            self.transfer = Some(Transfer { amount: form.integer("transfer_data[amount]")?, destination });
        }
        Ok(())
    }

    fn read_card(&mut self, form: &Form) -> Result<(), Answer> {
        let named = |name: &str| format!("payment_method_options[card][{name}]");
        if let Some(asked) = choice(form, &named("request_multicapture"), &["if_available", "never"])? {
            self.multicapture = if asked == "if_available" { Multicapture::IfAvailable } else { Multicapture::Never };
        }
        if let Some(asked) = choice(form, &named("request_three_d_secure"), &["any", "automatic", "challenge"])? {
            self.request_three_d_secure = Some(asked.to_owned());
        }
        if choice(form, &named("capture_method"), &["manual"])?.is_some() {
            self.card_capture_is_manual = true;
        }
        Ok(())
    }
}

fn check_types(types: &[String]) -> Result<(), Answer> {
    let unknown = types.iter().find(|kind| !["card", "us_bank_account", "link"].contains(&kind.as_str()));
    match unknown {
        Some(kind) => Err(errors::invalid(
            "payment_intent_invalid_parameter",
            Some("payment_method_types"),
            &format!(
                "The payment method type provided: {kind} is invalid. Please ensure the provided type is activated in your dashboard (https://dashboard.stripe.com/account/payments/settings) and your account is enabled for any preview features that you are trying to use. See https://stripe.com/docs/payments/payment-methods/integration-options for supported payment method, currency, country, and parameter combinations."
            ),
        )),
        None => Ok(()),
    }
}

fn read_shipping(form: &Form) -> Result<Option<Shipping>, Answer> {
    for name in ["shipping[address][line1]", "shipping[name]"] {
        if !form.has(name) {
            return Err(errors::missing(name));
        }
    }
    Ok(form_parts::shipping(form, "shipping"))
}

/// A text for the card holder's statement.
fn descriptor(form: &Form, name: &str) -> Result<Option<String>, Answer> {
    let Some(text) = form.text(name) else { return Ok(None) };
    if text.chars().count() > DESCRIPTOR_LENGTH_MAX {
        let message = format!("Invalid string: {text}; must be at most {DESCRIPTOR_LENGTH_MAX} characters");
        return Err(errors::invalid_plain(Some(name), &message));
    }
    if text.contains(['<', '>', '\\', '\'', '"', '*']) {
        return Err(errors::invalid_plain(
            Some(name),
            "The statement descriptor contains characters that are not allowed: < > \\ ' \" *",
        ));
    }
    Ok(Some(text))
}

/// One of a few words; anything else is a 400 in Stripe's sentence.
pub(super) fn choice<'a>(form: &'a Form, name: &str, allowed: &[&str]) -> Result<Option<&'a str>, Answer> {
    let Some(word) = form.get(name) else { return Ok(None) };
    if allowed.contains(&word) {
        return Ok(Some(word));
    }
    let listed = match allowed {
        [only] => (*only).to_owned(),
        [one, two] => format!("{one} or {two}"),
        [rest @ .., last] => format!("{}, or {last}", rest.join(", ")),
        [] => String::new(),
    };
    let short = name.rsplit('[').next().unwrap_or(name).trim_end_matches(']');
    let few = if allowed.len() > 1 { "one of " } else { "" };
    Err(errors::invalid_plain(Some(name), &format!("Invalid {short}: must be {few}{listed}")))
}
