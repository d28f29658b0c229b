//! The answers to checkouts and payments: rendered here once, sent and kept in the same words.

use serde_json::json;

use crate::{
    order::Brief,
    refusal::{Refusal, known},
    store::{Challenge, NotCharged, Standing, Stored},
};

impl Refusal {
    /// As sent.
    pub(crate) fn stored(&self) -> Stored {
        Stored { status: self.status, body: self.body().to_string() }
    }
}

/// The final answer for what is true of an order; `None` where the same wish may still come true.
pub(crate) fn final_answer(standing: &Standing) -> Option<Stored> {
    let stored = answer(standing);
    (stored.status < 500).then_some(stored)
}

/// What the shopper is told of a settled order.
pub(crate) fn answer(standing: &Standing) -> Stored {
    match standing {
        Standing::Accepted(brief) => Stored { status: 201, body: order(brief).to_string() },
        Standing::Declined { brief, code } => {
            let mut declined = known::DECLINED.about(brief.number);
            declined.decline_code = Some(code.clone());
            declined.stored()
        }
        Standing::NotCharged { brief, reason } => match reason {
            NotCharged::Unavailable => known::PAYMENT_UNAVAILABLE,
            NotCharged::Refused => known::PAYMENT_REFUSED,
            NotCharged::Suspected => known::SUSPECTED,
            NotCharged::Forced => known::PAYMENT_FAILED,
        }
        .about(brief.number)
        .stored(),
    }
}

/// The payment's outcome is unknown: where to look.
pub(crate) fn pending(brief: &Brief) -> Stored {
    let mut body = order(brief);
    body["state"] = "pending".into();
    body["poll"] = format!("/orders/{}", brief.number).into();
    Stored { status: 202, body: body.to_string() }
}

/// The holder must authenticate: where, and where to look afterwards.
pub(crate) fn challenged(brief: &Brief, challenge: &Challenge) -> Stored {
    let mut body = order(brief);
    body["state"] = "pending".into();
    body["poll"] = format!("/orders/{}", brief.number).into();
    if let Some(url) = &challenge.url {
        body["action"] = json!({"type": "redirect", "url": url});
    }
    Stored { status: 202, body: body.to_string() }
}

/// An order in the words of checkout answers.
fn order(brief: &Brief) -> serde_json::Value {
    let mut body = json!({
        "order": brief.number.to_string(),
        "state": brief.state,
        "total_minor": brief.total_minor,
        "currency": brief.currency,
    });
    if let Some(provider) = brief.provider {
        body["provider"] = json!(provider);
    }
    body["credit_minor"] = brief.credit_minor.into();
    if brief.in_review {
        body["review"] = true.into();
    }
    body
}

/// An order as looked at.
pub(crate) fn look(brief: &Brief) -> Stored {
    let mut body = order(brief);
    body["refunded_minor"] = brief.refunded_minor.into();
    if let Some(failure) = brief.failure {
        body["failure"] = json!(failure);
    }
    Stored { status: 200, body: body.to_string() }
}
