//! A dispute as Stripe shows it.

use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::payment::disputes::{Dispute, DisputeStatus};
use crate::payment::evidence;
use crate::payment::test_cards::Grievance;

use super::{Empty, EntryView, Pairs, entry};

/// Seconds that a shop has to answer.
const ANSWER_S: i64 = 9 * 86_400;

/// Every field of the evidence, null where nothing was brought.
struct Evidence<'a>(&'a [(String, String)]);

impl Serialize for Evidence<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(evidence::FIELDS.len() + 1))?;
        for name in evidence::FIELDS {
            let value = self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value);
            map.serialize_entry(name, &value)?;
        }
        map.serialize_entry("enhanced_evidence", &Empty {})?;
        map.end()
    }
}

#[derive(serde::Serialize)]
struct Details {
    due_by: i64,
    enhanced_eligibility: Empty,
    has_evidence: bool,
    past_due: bool,
    submission_count: u32,
}

#[derive(serde::Serialize)]
struct Card<'a> {
    brand: &'a str,
    case_type: &'static str,
    network: &'a str,
    network_reason_code: &'static str,
}

#[derive(serde::Serialize)]
struct Method<'a> {
    card: Card<'a>,
    #[serde(rename = "type")]
    kind: &'static str,
}

#[derive(serde::Serialize)]
pub(in crate::payment) struct DisputeView<'a> {
    id: &'a str,
    object: &'static str,
    amount: i64,
    balance_transaction: Option<&'a str>,
    balance_transactions: Vec<EntryView<'a>>,
    charge: &'a str,
    created: i64,
    currency: &'a str,
    enhanced_eligibility_types: [(); 0],
    evidence: Evidence<'a>,
    evidence_details: Details,
    is_charge_refundable: bool,
    livemode: bool,
    metadata: Pairs<'a>,
    payment_intent: &'a str,
    payment_method_details: Method<'a>,
    reason: &'static str,
    status: DisputeStatus,
}

/// A dispute.
pub(in crate::payment) fn dispute(of: &Dispute) -> DisputeView<'_> {
    let (reason, network_reason_code) = match of.grievance {
        Grievance::Fraudulent | Grievance::Inquiry => ("fraudulent", "10.4"),
        Grievance::ProductNotReceived => ("product_not_received", "13.1"),
    };
    DisputeView {
        id: &of.id,
        object: "dispute",
        amount: of.amount,
        balance_transaction: of.entries.first().map(|entry| entry.id.as_str()),
        balance_transactions: of.entries.iter().map(entry).collect(),
        charge: &of.charge,
        created: of.created,
        currency: &of.currency,
        enhanced_eligibility_types: [],
        evidence: Evidence(&of.evidence),
        evidence_details: Details {
            due_by: (of.created + ANSWER_S) / 86_400 * 86_400 - 1,
            enhanced_eligibility: Empty {},
            has_evidence: !of.evidence.is_empty(),
            past_due: false,
            submission_count: of.submissions,
        },
        is_charge_refundable: of.status.is_inquiry(),
        livemode: false,
        metadata: Pairs(&of.metadata),
        payment_intent: &of.payment_id,
        payment_method_details: Method {
            card: Card {
                brand: &of.brand,
                case_type: if of.status.is_inquiry() { "inquiry" } else { "chargeback" },
                network: &of.brand,
                network_reason_code,
            },
            kind: "card",
        },
        reason,
        status: of.status,
    }
}
