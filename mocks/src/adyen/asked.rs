//! What a request asks for.

use super::body::{
    DetailsRequest, DisputeRequest, MethodsRequest, ModificationRequest, PaymentRequest, SessionPayment,
};
use super::disputes::Defence;
use super::modifications::Change;
use super::refusals::{DECLINED, Refusal};
use crate::turn::Labels;

/// A call with its body.
#[derive(Clone)]
pub(super) enum Asked {
    Pay(Box<PaymentRequest>),
    Details(DetailsRequest),
    Change(Change, String, ModificationRequest),
    CancelByReference(ModificationRequest),
    Methods(MethodsRequest),
    OpenSession(Box<PaymentRequest>),
    SessionResult(String),
    PaySession(String, Box<SessionPayment>),
    ListStored {
        shopper: Option<String>,
        merchant: Option<String>,
    },
    DeleteStored {
        id: String,
        shopper: Option<String>,
        merchant: Option<String>,
    },
    Dispute(Defence, DisputeRequest),
    /// The page that asks the holder.
    Page(String),
    /// What the holder chose there.
    Reply(String, Option<String>),
}

/// A rule's no.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Decline {
    /// To a card.
    Card(Refusal),
    /// To a change, for this reason.
    Change(String),
}

/// Why the schemes refuse what they had been sent, unless a rule says it (Adyen, *`CAPTURE_FAILED` reasons*).
const CHANGE_FAILED: &str = "Capture rejected by card scheme because of a technical issue";
const REFUND_FAILED: &str = "Refund Failed";

impl Asked {
    /// How a rule declines it, if it can be declined.
    pub(super) fn declined(&self, code: Option<&str>) -> Option<Decline> {
        match self {
            Self::Pay(_) | Self::Details(_) | Self::PaySession(..) => {
                let named = code.and_then(Refusal::named);
                Some(Decline::Card(named.unwrap_or_else(|| Refusal::of_code(DECLINED))))
            }
            Self::Change(Change::Capture | Change::Adjust, ..) => {
                Some(Decline::Change(code.unwrap_or(CHANGE_FAILED).to_owned()))
            }
            Self::Change(Change::Refund | Change::Reverse, ..) => {
                Some(Decline::Change(code.unwrap_or(REFUND_FAILED).to_owned()))
            }
            Self::Change(Change::Cancel, ..)
            | Self::CancelByReference(_)
            | Self::Methods(_)
            | Self::OpenSession(_)
            | Self::SessionResult(_)
            | Self::ListStored { .. }
            | Self::DeleteStored { .. }
            | Self::Dispute(..)
            | Self::Page(_)
            | Self::Reply(..) => None,
        }
    }

    /// Whether it looks for what may not be in memory.
    pub(super) const fn reads_store(&self) -> bool {
        match self {
            Self::CancelByReference(_) | Self::Methods(_) | Self::ListStored { .. } => true,
            Self::Pay(_)
            | Self::Details(_)
            | Self::Change(..)
            | Self::OpenSession(_)
            | Self::SessionResult(_)
            | Self::PaySession(..)
            | Self::DeleteStored { .. }
            | Self::Dispute(..)
            | Self::Page(_)
            | Self::Reply(..) => false,
        }
    }

    /// Order and e-mail, as far as the request itself tells them.
    pub(super) fn labels(&self) -> Labels {
        match self {
            Self::Pay(request) | Self::OpenSession(request) => {
                let named = ["order", "order_id", "order_number", "orderCode"];
                let order = named.iter().find_map(|name| request.metadata.get(*name)).or(request.reference.as_ref());
                Labels { order: order.cloned(), email: request.shopper_email.clone(), key: None }
            }
            Self::CancelByReference(request) => {
                Labels { order: request.payment_reference.clone(), ..Labels::default() }
            }
            Self::Details(_)
            | Self::Change(..)
            | Self::Methods(_)
            | Self::SessionResult(_)
            | Self::PaySession(..)
            | Self::ListStored { .. }
            | Self::DeleteStored { .. }
            | Self::Dispute(..)
            | Self::Page(_)
            | Self::Reply(..) => Labels::default(),
        }
    }
}
