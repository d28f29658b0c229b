//! What a shop answers a dispute with, and what a test's evidence makes the bank decide.

use super::errors;
use super::form::Form;
use crate::wire::Answer;

/// Everything that a dispute's evidence can hold.
pub(super) const FIELDS: [&str; 27] = [
    "access_activity_log",
    "billing_address",
    "cancellation_policy",
    "cancellation_policy_disclosure",
    "cancellation_rebuttal",
    "customer_communication",
    "customer_email_address",
    "customer_name",
    "customer_purchase_ip",
    "customer_signature",
    "duplicate_charge_documentation",
    "duplicate_charge_explanation",
    "duplicate_charge_id",
    "product_description",
    "receipt",
    "refund_policy",
    "refund_policy_disclosure",
    "refund_refusal_explanation",
    "service_date",
    "service_documentation",
    "shipping_address",
    "shipping_carrier",
    "shipping_date",
    "shipping_documentation",
    "shipping_tracking_number",
    "uncategorized_file",
    "uncategorized_text",
];

/// Characters that all of a dispute's evidence may have.
const LENGTH_MAX: usize = 150_000;

/// The evidence that a form brings.
pub(super) fn read(form: &Form) -> Result<Vec<(String, String)>, Answer> {
    let evidence = form.map("evidence");
    if let Some((name, _)) = evidence.iter().find(|(name, _)| !FIELDS.contains(&name.as_str())) {
        let name = format!("evidence[{name}]");
        return Err(errors::invalid("parameter_unknown", Some(&name), &format!("Received unknown parameter: {name}")));
    }
    if evidence.iter().map(|(_, value)| value.chars().count()).sum::<usize>() > LENGTH_MAX {
        return Err(errors::invalid_plain(
            Some("evidence"),
            "The combined character count of all evidence must not exceed 150,000.",
        ));
    }
    Ok(evidence)
}

/// What the bank decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Win,
    Lose,
    /// An inquiry becomes a dispute.
    Escalate,
}

impl Verdict {
    /// What the evidence of a test asks for (Stripe, *Testing*, "Evidence").
    pub(super) fn of(evidence: &[(String, String)]) -> Option<Self> {
        let (_, text) = evidence.iter().find(|(name, _)| name == "uncategorized_text")?;
        match text.as_str() {
            "winning_evidence" => Some(Self::Win),
            "losing_evidence" => Some(Self::Lose),
            "escalate_inquiry_evidence" => Some(Self::Escalate),
            _ => None,
        }
    }
}
