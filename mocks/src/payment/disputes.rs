//! Disputes: the holder's bank takes the money back, the shop answers with evidence, the bank decides.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::balance::{self, Entry, EntryKind, Movement};
use super::charging::{brand, keep};
use super::evidence::{self, Verdict};
use super::form::Form;
use super::listing::{self, Listed};
use super::state::{Intent, merge};
use super::test_cards::Grievance;
use super::{chores, errors, intents, view};
use crate::statement::{Op, Row};
use crate::store::Table;
use crate::turn::{Happened, Turn};
use crate::wire::{Answer, Stop};

/// How a dispute stands, in Stripe's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum DisputeStatus {
    WarningNeedsResponse,
    WarningUnderReview,
    WarningClosed,
    NeedsResponse,
    UnderReview,
    Won,
    Lost,
}

impl DisputeStatus {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::WarningNeedsResponse => "warning_needs_response",
            Self::WarningUnderReview => "warning_under_review",
            Self::WarningClosed => "warning_closed",
            Self::NeedsResponse => "needs_response",
            Self::UnderReview => "under_review",
            Self::Won => "won",
            Self::Lost => "lost",
        }
    }

    const fn is_open(self) -> bool {
        matches!(self, Self::WarningNeedsResponse | Self::NeedsResponse)
    }

    const fn is_under_review(self) -> bool {
        matches!(self, Self::WarningUnderReview | Self::UnderReview)
    }

    /// The bank only asks; the money is where it was.
    pub(super) const fn is_inquiry(self) -> bool {
        matches!(self, Self::WarningNeedsResponse | Self::WarningUnderReview | Self::WarningClosed)
    }
}

/// A charge that its holder disputes.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Dispute {
    pub(crate) n: i64,
    pub(crate) id: String,
    pub(crate) account: i64,
    /// Number of the payment, and which of its charges.
    pub(crate) payment: i64,
    pub(crate) charge_at: usize,
    pub(crate) payment_id: String,
    pub(crate) charge: String,
    pub(crate) amount: i64,
    pub(crate) currency: String,
    pub(crate) brand: String,
    pub(crate) grievance: Grievance,
    pub(crate) status: DisputeStatus,
    pub(crate) created: i64,
    pub(crate) evidence: Vec<(String, String)>,
    pub(crate) submissions: u32,
    pub(crate) metadata: Vec<(String, String)>,
    /// What it moved, oldest first.
    pub(crate) entries: Vec<Entry>,
}

/// Opens a dispute about what is left of a charge, unless nothing is or it is disputed already.
pub(super) fn open(payment: i64, at: usize, turn: &mut Turn<'_>) -> Result<(), Stop> {
    let Some(mut intent) = turn.books.intents.take(payment, &turn.books.reader)? else { return Ok(()) };
    intents::label(&intent, turn);
    let Some(charge) = intent.charges.get(at).filter(|charge| charge.dispute.is_none()) else { return Ok(()) };
    let amount = charge.amount_captured - charge.amount_refunded;
    let super::test_cards::Aftermath::Disputed(grievance) = charge.method.card.aftermath else { return Ok(()) };
    if amount <= 0 {
        return Ok(());
    }
    let n = turn.books.disputes.number();
    let mut dispute = Dispute {
        n,
        id: turn.books.identity.make("dp", n),
        account: intent.account,
        payment,
        charge_at: at,
        payment_id: intent.id.clone(),
        charge: charge.id.clone(),
        amount,
        currency: intent.currency.clone(),
        brand: charge.method.card.brand.name().to_owned(),
        grievance,
        status: match grievance {
            Grievance::Inquiry => DisputeStatus::WarningNeedsResponse,
            Grievance::Fraudulent | Grievance::ProductNotReceived => DisputeStatus::NeedsResponse,
        },
        created: turn.now_s(),
        evidence: Vec::new(),
        submissions: 0,
        metadata: Vec::new(),
        entries: Vec::new(),
    };
    intent.charges[at].dispute = Some(dispute.id.clone());
    if dispute.status.is_inquiry() {
        tell("charge.dispute.created", &dispute, &intent, turn);
    } else {
        intent.charges[at].is_charged_back = true;
        move_money(EntryKind::Dispute, &mut dispute, &intent, turn);
        state_row(&dispute, turn);
        tell("charge.dispute.created", &dispute, &intent, turn);
        tell("charge.dispute.funds_withdrawn", &dispute, &intent, turn);
    }
    keep(intent, turn);
    put(dispute, turn);
    Ok(())
}

fn put(dispute: Dispute, turn: &mut Turn<'_>) {
    turn.books.disputes.put(dispute.n, dispute.account, None, dispute, &mut turn.writes, turn.progress);
}

fn move_money(kind: EntryKind, dispute: &mut Dispute, intent: &Intent, turn: &mut Turn<'_>) {
    let Some(charge) = intent.charges.get(dispute.charge_at) else { return };
    let description = match kind {
        EntryKind::DisputeReversal => format!("Chargeback reversal for {}", charge.id),
        EntryKind::Dispute | EntryKind::Charge | EntryKind::Refund | EntryKind::RefundFailure => {
            format!("Chargeback withdrawal for {}", charge.id)
        }
    };
    let movement = Movement { kind, amount: dispute.amount, source: &dispute.id, description: Some(description) };
    dispute.entries.push(balance::book(intent, charge, movement, turn));
}

/// The statement knows of disputes that moved money.
fn state_row(dispute: &Dispute, turn: &mut Turn<'_>) {
    let row = Row::new(Op::Dispute).object(dispute.id.clone()).parent(dispute.charge.clone());
    let row = row.state(dispute.status.name()).money(dispute.amount, &dispute.currency);
    turn.row(row.detail(json!({ "payment_intent": dispute.payment_id })));
}

fn tell(kind: &'static str, dispute: &Dispute, intent: &Intent, turn: &mut Turn<'_>) {
    turn.happened(&Happened {
        kind,
        object: &view::dispute(dispute),
        parent: &dispute.charge,
        brand: brand(intent),
        amount_minor: dispute.amount,
        intent: intent.mark.as_deref(),
        payment: intent.n,
    });
}

/// A dispute of the caller's, with its payment.
fn find(id: &str, turn: &mut Turn<'_>) -> Result<(Dispute, Intent), Stop> {
    let no_such = || errors::no_such("dispute", "dispute", id);
    let n = turn.books.identity.read("dp", id).ok_or_else(no_such)?;
    let dispute = turn.books.disputes.take(n, &turn.books.reader)?;
    let dispute = dispute.filter(|dispute| dispute.account == turn.context.caller.account).ok_or_else(no_such)?;
    let intent = turn.books.intents.take(dispute.payment, &turn.books.reader)?.ok_or_else(no_such)?;
    intents::label(&intent, turn);
    Ok((dispute, intent))
}

pub(super) fn retrieve(id: &str, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
    let (dispute, _) = find(id, turn)?;
    Ok(Answer::json(200, &view::dispute(&dispute)))
}

pub(super) fn update(id: &str, form: &Form, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
    let (mut dispute, intent) = find(id, turn)?;
    let changes = evidence::read(form)?;
    let is_submitted = form.boolean("submit")?.unwrap_or(!changes.is_empty());
    if (is_submitted || !changes.is_empty()) && !dispute.status.is_open() {
        let message = if dispute.status.is_under_review() {
            "You cannot update the evidence of this dispute: it was submitted already."
        } else {
            "This dispute is already closed."
        };
        return Err(errors::invalid_plain(None, message).into());
    }
    merge(&mut dispute.evidence, changes);
    merge(&mut dispute.metadata, form.map("metadata"));
    if is_submitted {
        submit(&mut dispute, &intent, turn);
    }
    tell("charge.dispute.updated", &dispute, &intent, turn);
    let answer = Answer::json(200, &view::dispute(&dispute));
    put(dispute, turn);
    Ok(answer)
}

fn submit(dispute: &mut Dispute, intent: &Intent, turn: &mut Turn<'_>) {
    dispute.submissions += 1;
    if dispute.status.is_inquiry() {
        dispute.status = DisputeStatus::WarningUnderReview;
    } else {
        dispute.status = DisputeStatus::UnderReview;
        state_row(dispute, turn);
    }
    if Verdict::of(&dispute.evidence).is_some() {
        let delay_ms = turn.books.pauses.dispute_decided_ms;
        chores::later(chores::Task::DecideDispute { dispute: dispute.n }, delay_ms, intent.mark.as_deref(), turn);
    }
}

/// The bank decides as the evidence asks for.
pub(super) fn decide(n: i64, turn: &mut Turn<'_>) -> Result<(), Stop> {
    let Some(mut dispute) = turn.books.disputes.take(n, &turn.books.reader)? else { return Ok(()) };
    let Some(mut intent) = turn.books.intents.take(dispute.payment, &turn.books.reader)? else { return Ok(()) };
    let Some(verdict) = Verdict::of(&dispute.evidence).filter(|_| dispute.status.is_under_review()) else {
        return Ok(());
    };
    intents::label(&intent, turn);
    match (dispute.status.is_inquiry(), verdict) {
        (true, Verdict::Escalate) => {
            dispute.status = DisputeStatus::NeedsResponse;
            dispute.evidence.clear();
            intent.charges[dispute.charge_at].is_charged_back = true;
            move_money(EntryKind::Dispute, &mut dispute, &intent, turn);
            state_row(&dispute, turn);
            tell("charge.dispute.updated", &dispute, &intent, turn);
            tell("charge.dispute.funds_withdrawn", &dispute, &intent, turn);
        }
        (true, Verdict::Win | Verdict::Lose) => {
            dispute.status = DisputeStatus::WarningClosed;
            tell("charge.dispute.closed", &dispute, &intent, turn);
        }
        (false, Verdict::Win) => {
            dispute.status = DisputeStatus::Won;
            intent.charges[dispute.charge_at].is_charged_back = false;
            move_money(EntryKind::DisputeReversal, &mut dispute, &intent, turn);
            state_row(&dispute, turn);
            tell("charge.dispute.closed", &dispute, &intent, turn);
            tell("charge.dispute.funds_reinstated", &dispute, &intent, turn);
        }
        (false, Verdict::Lose | Verdict::Escalate) => lose(&mut dispute, &intent, turn),
    }
    keep(intent, turn);
    put(dispute, turn);
    Ok(())
}

fn lose(dispute: &mut Dispute, intent: &Intent, turn: &mut Turn<'_>) {
    if dispute.status.is_inquiry() {
        dispute.status = DisputeStatus::WarningClosed;
    } else {
        dispute.status = DisputeStatus::Lost;
        state_row(dispute, turn);
    }
    tell("charge.dispute.closed", dispute, intent, turn);
}

/// The shop gives in.
pub(super) fn close(id: &str, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
    let (mut dispute, intent) = find(id, turn)?;
    if !dispute.status.is_open() {
        return Err(errors::invalid_plain(None, "This dispute is already closed.").into());
    }
    lose(&mut dispute, &intent, turn);
    let answer = Answer::json(200, &view::dispute(&dispute));
    put(dispute, turn);
    Ok(answer)
}

pub(super) fn list(form: &Form, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
    let (charge, payment) = (form.text("charge"), form.text("payment_intent"));
    let asked = Listed { table: Table::Dispute, prefix: "dp", kind: "dispute", url: "/v1/disputes", marked: None };
    let place = |dispute: &Dispute| (dispute.n, dispute.created);
    let found = listing::numbered(&asked, form, turn, place, |dispute| {
        charge.as_ref().is_none_or(|charge| *charge == dispute.charge)
            && payment.as_ref().is_none_or(|payment| *payment == dispute.payment_id)
    })?;
    Ok(found.told(view::dispute))
}
