//! Disputes: the holder of a card that is meant for it wants the money back as soon as it is captured.

use serde_json::json;

use super::body::DisputeRequest;
use super::cards::Fate;
use super::notification::{Notice, tell};
use super::reference::{self, Kind};
use super::settlement::{self, Movement};
use super::state::{Dispute, DisputeState, Payment, Stage};
use super::{checks, errors, payments, view};
use crate::statement::{Op, Row};
use crate::turn::Turn;
use crate::wire::{Answer, Stop};

/// What the shop does about a dispute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Defence {
    Defend,
    Accept,
}

fn row(payment: &Payment, dispute: &Dispute, state: &'static str, turn: &mut Turn<'_>) {
    let row = Row::new(Op::Dispute).object(dispute.psp.clone()).parent(payment.psp.clone());
    turn.row(row.state(state).money(dispute.amount, &payment.currency));
}

fn tell_dispute(payment: &Payment, dispute: &Dispute, event: &'static str, turn: &mut Turn<'_>) {
    let notice = Notice {
        event,
        psp: &dispute.psp,
        original: Some(&payment.psp),
        reference: &payment.reference,
        amount: dispute.amount,
        is_success: true,
        reason: "Other Fraud-Card Absent Environment".to_owned(),
        additional: vec![("chargebackReasonCode", "10.4".to_owned())],
    };
    tell(payment, &notice, turn);
}

/// The holder disputes what was captured, if this card's holder does and has not done so before.
pub(super) fn open(payment: &mut Payment, turn: &mut Turn<'_>) -> Result<(), Stop> {
    if payment.card.fate != Fate::Disputed || payment.stage != Stage::Authorised || payment.dispute.is_some() {
        return Ok(());
    }
    let psp = payments::part(payment, turn)?;
    let dispute = Dispute { psp, amount: payment.captured - payment.refunded, state: DisputeState::NeedsResponse };
    row(payment, &dispute, "needs_response", turn);
    settlement::book(payment, Movement::Chargeback, dispute.amount, (&dispute.psp, &payment.reference), turn);
    for event in ["NOTIFICATION_OF_CHARGEBACK", "CHARGEBACK"] {
        tell_dispute(payment, &dispute, event, turn);
    }
    payment.dispute = Some(dispute);
    Ok(())
}

/// `defendDispute` and `acceptDispute`: the first wins, the second loses.
pub(super) fn answer(defence: Defence, request: &DisputeRequest, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
    checks::merchant(request.merchant_account_code.as_deref(), turn)?;
    let psp = request.dispute_psp_reference.as_deref().ok_or_else(|| errors::missing("disputePspReference"))?;
    let account = turn.context.caller.account;
    let found = match reference::read(turn.books.identity, Kind::Payment, psp) {
        Some((n, _)) => turn.books.backup_payments.take(n, &turn.books.reader)?,
        None => None,
    };
    let mut payment = found.filter(|payment| payment.account == account).ok_or_else(errors::no_original)?;
    let open = payment.dispute.take_if(|dispute| dispute.psp == psp && dispute.state == DisputeState::NeedsResponse);
    let mut dispute =
        open.ok_or_else(|| errors::invalid("128", "The dispute is not open, or is that of another payment"))?;
    payments::label(&payment, turn);
    match defence {
        Defence::Defend => {
            dispute.state = DisputeState::Won;
            row(&payment, &dispute, "won", turn);
            let by = (dispute.psp.as_str(), payment.reference.as_str());
            settlement::book(&payment, Movement::ChargebackReversed, dispute.amount, by, turn);
            tell_dispute(&payment, &dispute, "CHARGEBACK_REVERSED", turn);
        }
        Defence::Accept => {
            dispute.state = DisputeState::Lost;
            row(&payment, &dispute, "lost", turn);
            tell_dispute(&payment, &dispute, "DISPUTE_DEFENSE_PERIOD_ENDED", turn);
        }
    }
    payment.dispute = Some(dispute);
    payments::keep(payment, turn);
    Ok(view::named(Answer::json(200, &json!({ "disputeServiceResult": { "success": true } })), psp))
}
