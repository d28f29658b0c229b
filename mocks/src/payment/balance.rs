//! The balance: one entry for each time that money came or went, with the provider's fee.

use serde::{Deserialize, Serialize};

use super::chores;
use super::state::{Charge, Intent, order_of};
use super::test_cards::Aftermath;
use crate::turn::Turn;

/// Why money came or went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum EntryKind {
    Charge,
    Refund,
    /// A refund came back.
    RefundFailure,
    /// A dispute took the money away.
    Dispute,
    /// A dispute gave it back.
    DisputeReversal,
}

impl EntryKind {
    /// The type of a balance transaction.
    pub(super) const fn kind(self) -> &'static str {
        match self {
            Self::Charge => "charge",
            Self::Refund => "refund",
            Self::RefundFailure => "refund_failure",
            Self::Dispute | Self::DisputeReversal => "adjustment",
        }
    }

    /// The category in reports.
    pub(super) const fn category(self) -> &'static str {
        match self {
            Self::Charge => "charge",
            Self::Refund => "refund",
            Self::RefundFailure => "refund_failure",
            Self::Dispute => "dispute",
            Self::DisputeReversal => "dispute_reversal",
        }
    }
}

/// An entry of the balance.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Entry {
    pub(crate) id: String,
    pub(crate) account: i64,
    pub(crate) run: Option<String>,
    pub(crate) kind: EntryKind,
    /// Minor units; what goes is negative.
    pub(crate) amount: i64,
    pub(crate) fee: i64,
    pub(crate) currency: String,
    pub(crate) created: i64,
    /// The charge, refund or dispute that it comes from.
    pub(crate) source: String,
    pub(crate) description: Option<String>,
    pub(crate) charge: String,
    pub(crate) charge_created: i64,
    pub(crate) payment: String,
    pub(crate) order: Option<String>,
}

const DAY_S: i64 = 86_400;
/// Days until money can be paid out, as for an account in the United States.
const PAYOUT_DAYS: i64 = 2;
/// What a dispute costs, in minor units.
const DISPUTE_FEE: i64 = 1_500;

impl Entry {
    pub(crate) const fn net(&self) -> i64 {
        self.amount - self.fee
    }

    /// When it can be paid out, in unix seconds.
    pub(crate) const fn available_on(&self) -> i64 {
        (self.created / DAY_S + PAYOUT_DAYS) * DAY_S
    }
}

/// 2.9 % and 30 minor units, half a unit rounded up.
const fn charge_fee(amount: i64) -> i64 {
    (amount * 29 + 500) / 1_000 + 30
}

/// What an entry is about.
pub(super) struct Movement<'a> {
    pub(super) kind: EntryKind,
    /// Minor units, positive.
    pub(super) amount: i64,
    pub(super) source: &'a str,
    pub(super) description: Option<String>,
}

/// Books a movement of a charge's money; returns its entry.
pub(super) fn book(intent: &Intent, charge: &Charge, movement: Movement<'_>, turn: &mut Turn<'_>) -> Entry {
    let (amount, fee) = match movement.kind {
        EntryKind::Charge => (movement.amount, charge_fee(movement.amount)),
        EntryKind::Refund => (-movement.amount, 0),
        EntryKind::RefundFailure | EntryKind::DisputeReversal => (movement.amount, 0),
        EntryKind::Dispute => (-movement.amount, DISPUTE_FEE),
    };
    let n = turn.books.balance.number();
    let entry = Entry {
        id: turn.books.identity.make("txn", n),
        account: intent.account,
        run: turn.context.caller.run.clone(),
        kind: movement.kind,
        amount,
        fee,
        currency: intent.currency.clone(),
        created: turn.now_s(),
        source: movement.source.to_owned(),
        description: movement.description,
        charge: charge.id.clone(),
        charge_created: charge.created,
        payment: intent.id.clone(),
        order: order_of(&intent.metadata).map(str::to_owned),
    };
    turn.books.balance.put(n, entry.account, None, entry.clone(), &mut turn.writes, turn.progress);
    entry
}

/// Books what was just captured of a payment's charge; what its card's holder will dispute is left for later.
pub(super) fn captured(intent: &mut Intent, at: usize, amount: i64, turn: &mut Turn<'_>) {
    let description = intent.description.clone();
    let movement = Movement { kind: EntryKind::Charge, amount, source: &intent.charges[at].id, description };
    let entry = book(intent, &intent.charges[at], movement, turn);
    let charge = &mut intent.charges[at];
    // Of several captures the first one's entry stays the charge's own.
    if charge.balance_transaction.is_none() {
        charge.balance_transaction = Some(entry.id);
        if matches!(charge.method.card.aftermath, Aftermath::Disputed(_)) {
            let delay_ms = turn.books.pauses.dispute_after_ms;
            let task = chores::Task::OpenDispute { payment: intent.n, charge: at };
            chores::later(task, delay_ms, intent.mark.as_deref(), turn);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::charge_fee;

    #[test]
    fn the_fee_is_rounded_half_up() {
        for (amount, fee) in [(1_000, 59), (1_999, 88), (50, 31), (1, 30), (100_000, 2_930)] {
            assert_eq!(charge_fee(amount), fee, "{amount}");
        }
    }
}
