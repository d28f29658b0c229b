//! What the payment provider keeps of a payment, and how its states follow each other. Pure: decides nothing about storage.

use serde::{Deserialize, Serialize};

use super::cards::{Card, Decline};
use super::challenge::Challenge;
use super::options::Options;
use super::test_cards::Authentication;

/// States of a payment, as Stripe names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Status {
    RequiresPaymentMethod,
    RequiresConfirmation,
    RequiresAction,
    Processing,
    RequiresCapture,
    Succeeded,
    Canceled,
}

impl Status {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::RequiresPaymentMethod => "requires_payment_method",
            Self::RequiresConfirmation => "requires_confirmation",
            Self::RequiresAction => "requires_action",
            Self::Processing => "processing",
            Self::RequiresCapture => "requires_capture",
            Self::Succeeded => "succeeded",
            Self::Canceled => "canceled",
        }
    }
}

/// When the money is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CaptureMethod {
    /// As soon as it is authorised.
    Automatic,
    /// The same, told by another word; Stripe's default of late.
    AutomaticAsync,
    /// When the shop asks.
    Manual,
}

/// A means of payment.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Method {
    pub(crate) id: String,
    pub(crate) card: Card,
    pub(crate) created: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) billing_email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) billing_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) billing_phone: Option<String>,
    #[serde(default, skip_serializing_if = "Address::is_unknown")]
    pub(crate) billing_address: Address,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) customer: Option<String>,
    pub(crate) metadata: Vec<(String, String)>,
    /// Owner; tokens belong to everybody.
    pub(crate) account: i64,
    /// Whether its holder was authenticated for later payments.
    #[serde(default)]
    pub(crate) is_set_up: bool,
}

impl Method {
    /// Whether the issuer wants to see the holder.
    pub(crate) const fn wants_holder(&self, is_absent: bool, is_asked: bool) -> bool {
        match self.card.authentication {
            Authentication::Never => false,
            Authentication::WhenAsked => is_asked,
            Authentication::Always => true,
            Authentication::UnlessSetUp => !self.is_set_up,
            Authentication::UnlessAbsent => !is_absent,
        }
    }
}

/// Where somebody lives.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Address {
    pub(crate) city: Option<String>,
    pub(crate) country: Option<String>,
    pub(crate) line1: Option<String>,
    pub(crate) line2: Option<String>,
    pub(crate) postal_code: Option<String>,
    pub(crate) state: Option<String>,
}

impl Address {
    fn is_unknown(&self) -> bool {
        *self == Self::default()
    }
}

/// Where goods are sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Shipping {
    pub(crate) address: Address,
    pub(crate) carrier: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) phone: Option<String>,
    pub(crate) tracking_number: Option<String>,
}

/// A customer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Customer {
    pub(crate) n: i64,
    pub(crate) id: String,
    pub(crate) account: i64,
    pub(crate) email: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) phone: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) address: Option<Address>,
    pub(crate) shipping: Option<Shipping>,
    pub(crate) preferred_locales: Vec<String>,
    pub(crate) tax_exempt: Option<String>,
    /// Of its attached methods the one that invoices take.
    pub(crate) default_method: Option<String>,
    pub(crate) metadata: Vec<(String, String)>,
    pub(crate) created: i64,
    pub(crate) is_deleted: bool,
}

/// Where a refund is to be found: its number leads to the payment that holds it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct RefundPlace {
    pub(crate) payment: i64,
    pub(crate) index: usize,
}

/// How a charge stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ChargeStatus {
    Pending,
    Succeeded,
    Failed,
}

/// One attempt to take the money.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Charge {
    pub(crate) id: String,
    pub(crate) amount: i64,
    pub(crate) amount_captured: i64,
    pub(crate) amount_refunded: i64,
    pub(crate) status: ChargeStatus,
    pub(crate) created: i64,
    pub(crate) method: Method,
    /// The authorisation was released.
    pub(crate) is_voided: bool,
    /// The balance's entry of what was captured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) balance_transaction: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) dispute: Option<String>,
    /// A dispute holds the money, or has taken it for good.
    pub(crate) is_charged_back: bool,
    pub(crate) edits: ChargeEdits,
    /// When an authorisation runs out, in unix microseconds of the vendors' clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) expires_us: Option<i64>,
    /// The holder was seen before it.
    #[serde(default)]
    pub(crate) is_authenticated: bool,
}

/// What a shop wrote on a charge itself; what is absent is as on its payment.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct ChargeEdits {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) metadata: Option<Vec<(String, String)>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) receipt_email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) fraud_report: Option<String>,
}

/// How a refund stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RefundStatus {
    Pending,
    Succeeded,
    /// It came back.
    Failed,
    Canceled,
}

impl RefundStatus {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Canceled => "canceled",
        }
    }
}

/// Money given back.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Refund {
    pub(crate) id: String,
    pub(crate) charge: String,
    pub(crate) amount: i64,
    pub(crate) created: i64,
    pub(crate) reason: Option<String>,
    pub(crate) metadata: Vec<(String, String)>,
    pub(crate) status: RefundStatus,
    pub(crate) failure_reason: Option<String>,
    pub(crate) balance_transaction: Option<String>,
    pub(crate) failure_balance_transaction: Option<String>,
    /// The idempotency key of the request that asked for it.
    pub(crate) key: Option<String>,
}

/// A payment with all that belongs to it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Intent {
    pub(crate) n: i64,
    pub(crate) id: String,
    pub(crate) account: i64,
    pub(crate) client_secret: String,
    pub(crate) amount: i64,
    pub(crate) currency: String,
    pub(crate) capture_method: CaptureMethod,
    pub(crate) status: Status,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) method: Option<Method>,
    pub(crate) created: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) canceled_at: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cancellation_reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) customer: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) receipt_email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) setup_future_usage: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) statement_descriptor: Option<String>,
    pub(crate) metadata: Vec<(String, String)>,
    /// Whether the client let the provider choose the methods.
    pub(crate) has_automatic_methods: bool,
    /// The last attempt's method, when the card refused it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) refused: Option<Method>,
    pub(crate) charges: Vec<Charge>,
    pub(crate) refunds: Vec<Refund>,
    /// The shopper's intent under which it was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) mark: Option<String>,
    /// E-mail of the customer, where the payment names none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) customer_email: Option<String>,
    /// What few shops say.
    #[serde(default, skip_serializing_if = "Options::is_plain")]
    pub(crate) options: Box<Options>,
    /// The latest challenge.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) challenge: Option<Challenge>,
    /// Made as a charge alone, the old way: there is no payment to be shown.
    pub(crate) is_bare: bool,
}

/// Why a refund is not made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RefundRefusal {
    /// Nothing was captured.
    NothingCaptured,
    /// All of it is refunded.
    AlreadyRefunded,
    /// More than is left; that much is, in minor units.
    TooMuch { left: i64 },
}

impl Intent {
    /// Its identifier, where there is a payment to be shown.
    pub(crate) fn shown_id(&self) -> Option<&str> {
        (!self.is_bare).then_some(self.id.as_str())
    }

    pub(crate) const fn is_manual(&self) -> bool {
        match self.capture_method {
            CaptureMethod::Manual => true,
            CaptureMethod::Automatic | CaptureMethod::AutomaticAsync => false,
        }
    }

    pub(crate) fn latest_charge(&self) -> Option<&Charge> {
        self.charges.last()
    }

    /// What can still be captured.
    pub(crate) fn amount_capturable(&self) -> i64 {
        match (self.status, self.latest_charge()) {
            (Status::RequiresCapture, Some(charge)) => charge.amount - charge.amount_captured,
            _ => 0,
        }
    }

    pub(crate) fn amount_received(&self) -> i64 {
        self.charges.iter().map(|charge| charge.amount_captured).sum()
    }

    /// Why the last attempt failed, while no later one was made.
    pub(crate) fn last_decline(&self) -> Option<(Decline, &Method)> {
        let method = self.refused.as_ref()?;
        Some((method.card.behaviour.decline()?, method))
    }

    /// The charge that the last refusal refused; a challenge is failed before there is one.
    pub(crate) fn refused_charge(&self) -> Option<&Charge> {
        let refused = self.refused.as_ref()?;
        self.latest_charge().filter(|charge| {
            charge.status == ChargeStatus::Failed && charge.method.card.behaviour == refused.card.behaviour
        })
    }

    pub(crate) fn meta(&self, name: &str) -> Option<&str> {
        self.metadata.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn order(&self) -> Option<&str> {
        order_of(&self.metadata)
    }

    pub(crate) fn email(&self) -> Option<&str> {
        self.receipt_email.as_deref().or_else(|| self.meta("email")).or(self.customer_email.as_deref())
    }

    /// The charge that holds captured money.
    pub(crate) fn paid_charge(&self) -> Option<&Charge> {
        self.charges.iter().rev().find(|charge| charge.status == ChargeStatus::Succeeded)
    }
}

impl Charge {
    /// Metadata as it is shown: its own, or its payment's.
    pub(crate) fn metadata<'a>(&'a self, of: &'a Intent) -> &'a [(String, String)] {
        self.edits.metadata.as_deref().unwrap_or(&of.metadata)
    }

    /// What a refund of `asked`, or of all, comes to.
    pub(crate) fn refundable(&self, asked: Option<i64>) -> Result<i64, RefundRefusal> {
        let left = self.amount_captured - self.amount_refunded;
        match asked.unwrap_or(left) {
            _ if self.amount_captured == 0 => Err(RefundRefusal::NothingCaptured),
            _ if left == 0 => Err(RefundRefusal::AlreadyRefunded),
            amount if amount > left => Err(RefundRefusal::TooMuch { left }),
            amount => Ok(amount),
        }
    }
}

/// The shop's order number among a payment's metadata.
pub(crate) fn order_of(metadata: &[(String, String)]) -> Option<&str> {
    ["order", "order_id", "order_number", "orderCode"]
        .iter()
        .find_map(|name| metadata.iter().find(|(key, _)| key == name))
        .map(|(_, value)| value.as_str())
}

/// Metadata as an update changes it: an empty value deletes.
pub(crate) fn merge(metadata: &mut Vec<(String, String)>, changes: Vec<(String, String)>) {
    for (key, value) in changes {
        metadata.retain(|(known, _)| *known != key);
        if !value.is_empty() {
            metadata.push((key, value));
        }
    }
}
