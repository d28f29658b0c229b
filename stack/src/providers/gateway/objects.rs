//! Objects of Stripe's wire, as far as the shop reads them, and what an intent proves.

use serde::Deserialize;

use super::{Attempt, Change, Held};
use crate::store::{Challenge, Proof};

/// A payment intent.
#[derive(Debug, Deserialize)]
pub(crate) struct Intent {
    pub(crate) id: String,
    status: String,
    #[serde(default)]
    amount: i64,
    #[serde(default)]
    amount_received: i64,
    #[serde(default)]
    client_secret: Option<String>,
    #[serde(default)]
    next_action: Option<NextAction>,
    #[serde(default)]
    last_payment_error: Option<CardError>,
    #[serde(default)]
    metadata: Metadata,
}

#[derive(Debug, Deserialize)]
struct NextAction {
    #[serde(default)]
    redirect_to_url: Option<RedirectTo>,
}

#[derive(Debug, Deserialize)]
struct RedirectTo {
    #[serde(default)]
    url: Option<String>,
}

/// What the shop wrote on an object.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Metadata {
    /// The payment's row.
    #[serde(default)]
    pub(crate) payment: Option<String>,
    /// `DB-…`.
    #[serde(default)]
    pub(crate) order: Option<String>,
    /// The refund's row.
    #[serde(default)]
    pub(crate) refund: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct CardError {
    #[serde(default)]
    code: Option<String>,
    #[serde(default)]
    decline_code: Option<String>,
}

impl CardError {
    pub(super) fn reason(self) -> String {
        self.decline_code.or(self.code).unwrap_or_else(|| "generic_decline".into())
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct ErrorBody {
    pub(super) error: ErrorDetail,
}

#[derive(Debug, Deserialize)]
pub(super) struct ErrorDetail {
    #[serde(rename = "type")]
    pub(super) kind: String,
    #[serde(flatten)]
    pub(super) card: CardError,
    #[serde(default)]
    pub(super) payment_intent: Option<Named>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Named {
    pub(super) id: String,
    #[serde(default)]
    pub(super) latest_charge: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Listed {
    pub(super) data: Vec<Intent>,
}

#[derive(Debug, Deserialize)]
pub(super) struct RefundObject {
    #[serde(default)]
    pub(super) id: Option<String>,
    pub(super) status: String,
}

impl RefundObject {
    pub(super) fn change(self) -> Change {
        match self.status.as_str() {
            "succeeded" => Change::Done { reference: self.id },
            // The provider owes it and says later whether it arrived.
            "pending" | "requires_action" => {
                self.id.map_or(Change::Unknown, |reference| Change::Received { reference })
            }
            "failed" | "canceled" => Change::Refused,
            _ => Change::Unknown,
        }
    }
}

impl Intent {
    /// What an intent proves.
    pub(super) fn attempt(self) -> Attempt {
        match self.status.as_str() {
            "succeeded" => Attempt::Proven(Proof::Succeeded { intent: self.id }),
            "requires_capture" => Attempt::Proven(Proof::Authorised { intent: self.id, until_ms: None }),
            // An intent that a browser may still confirm goes either way.
            "requires_payment_method" => match self.last_payment_error {
                Some(error) => Attempt::Proven(Proof::Declined { intent: Some(self.id), code: error.reason() }),
                None => Attempt::Waiting(Challenge { intent: self.id, client_secret: self.client_secret, url: None }),
            },
            "requires_action" | "requires_confirmation" => {
                let url = self.next_action.and_then(|action| action.redirect_to_url?.url);
                Attempt::Waiting(Challenge { intent: self.id, client_secret: self.client_secret, url })
            }
            "canceled" => Attempt::Proven(Proof::Declined { intent: Some(self.id), code: "canceled".into() }),
            _ => Attempt::Doubt { again: true },
        }
    }

    /// Whether the shop wrote this order on it.
    pub(super) fn is_of(&self, order: &str) -> bool {
        self.metadata.order.as_deref() == Some(order)
    }

    /// The intent as a payment that the provider holds.
    pub(super) fn held(self) -> Held {
        Held {
            intent: self.id.clone(),
            payment: self.metadata.payment.as_deref().and_then(|id| id.parse().ok()),
            amount_minor: self.amount,
            captured_minor: self.amount_received,
            attempt: self.attempt(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn intent(status: &str) -> Attempt {
        let json = serde_json::json!({"id": "pi_1", "status": status});
        serde_json::from_value::<Intent>(json).unwrap().attempt()
    }

    #[test]
    fn an_intent_that_may_still_succeed_proves_nothing() {
        assert_eq!(intent("processing"), Attempt::Doubt { again: true });
        for status in ["requires_action", "requires_confirmation", "requires_payment_method"] {
            assert!(matches!(intent(status), Attempt::Waiting(_)), "{status}");
        }
        assert_eq!(intent("succeeded"), Attempt::Proven(Proof::Succeeded { intent: "pi_1".into() }));
        let authorised = Proof::Authorised { intent: "pi_1".into(), until_ms: None };
        assert_eq!(intent("requires_capture"), Attempt::Proven(authorised));
    }
}
