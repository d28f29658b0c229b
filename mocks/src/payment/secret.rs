//! The secret by which a browser proves that the shop has shown it a payment.

use super::errors;
use super::form::Form;
use crate::wire::Answer;

/// What has a secret, as errors name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Held {
    PaymentIntent,
    SetupIntent,
}

impl Held {
    const fn error(self) -> (&'static str, &'static str) {
        match self {
            Self::PaymentIntent => (
                "payment_intent_invalid_parameter",
                "The client_secret provided does not match the client_secret associated with the PaymentIntent.",
            ),
            Self::SetupIntent => (
                "setup_intent_invalid_parameter",
                "The client_secret provided does not match the client_secret associated with the SetupIntent.",
            ),
        }
    }

    /// A browser must show the secret that the shop was given; whoever shows one must show the right one.
    pub(super) fn check(self, secret: &str, form: &Form, is_browser: bool) -> Result<(), Answer> {
        match form.get("client_secret") {
            Some(shown) if shown == secret => Ok(()),
            Some(_) => {
                let (code, message) = self.error();
                Err(errors::invalid(code, Some("client_secret"), message))
            }
            None if is_browser => Err(errors::missing("client_secret")),
            None => Ok(()),
        }
    }
}
