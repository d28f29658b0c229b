//! The rows of the statement, kept small: what thousands of them have in common is kept once.

use super::maybe::{CurrencyId, Whole};
use super::names::Names;
use super::objects::NOTHING;
use super::queue::Queue;
use super::stream::Cells;
use std::ops::ControlFlow;

/// Who wrote a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Provider {
    Payment,
    BackupPayment,
    Tax,
    Warehouse,
    /// Fraud, shipping, or one of the user's own.
    Other,
}

impl Provider {
    pub(super) fn named(name: &str) -> Self {
        match name {
            "payment" => Self::Payment,
            "backup_payment" => Self::BackupPayment,
            "tax" => Self::Tax,
            "warehouse" => Self::Warehouse,
            _ => Self::Other,
        }
    }

    /// Whether it takes money.
    pub(super) const fn is_payment(self) -> bool {
        matches!(self, Self::Payment | Self::BackupPayment)
    }
}

/// What was done, where the join asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Op {
    Create,
    Authorise,
    Capture,
    Void,
    Expire,
    Cancel,
    Challenge,
    Refund,
    RefundFailed,
    Dispute,
    Replay,
    Quote,
    Document,
    Commit,
    VoidDocument,
    Dispatch,
    Redelivery,
    /// Nothing that makes an object: messages, answers that a fault made up, questions.
    Loose,
    /// Whatever else.
    Other,
}

impl Op {
    fn named(name: &str, provider: Provider) -> Self {
        match name {
            "create" => Self::Create,
            "authorise" => Self::Authorise,
            "capture" => Self::Capture,
            "void" if provider == Provider::Tax => Self::VoidDocument,
            "void" => Self::Void,
            "expire" => Self::Expire,
            "cancel" => Self::Cancel,
            "challenge" => Self::Challenge,
            "refund" => Self::Refund,
            "refund_failed" => Self::RefundFailed,
            "dispute" => Self::Dispute,
            "replay" => Self::Replay,
            "quote" => Self::Quote,
            "document" => Self::Document,
            "commit" => Self::Commit,
            "dispatch" => Self::Dispatch,
            "redelivery" => Self::Redelivery,
            "webhook" | "fault" | "refused_by_fault" | "key_reused" | "rate" | "label" | "decision" => Self::Loose,
            _ => Self::Other,
        }
    }

    /// Whether its rows name an object whose marks are shared by all rows of the object.
    pub(super) const fn makes_object(self) -> bool {
        !matches!(self, Self::Loose | Self::Quote)
    }
}

/// What many rows have in common.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "one for each question that the join asks of a row")]
pub(super) struct Kind {
    /// The upper half of their ids.
    upper: i64,
    pub provider: Provider,
    pub op: Op,
    pub state: Option<Box<str>>,
    pub currency: Option<CurrencyId>,
    pub replayed: bool,
    pub fault: Option<Box<str>>,
    pub answer: Option<Box<str>>,
    /// Whether the provider made it by itself, beside the one that was asked for.
    pub is_doubled_by_provider: bool,
    /// Of a capture: whether no other one may follow.
    pub is_final: bool,
    pub has_email: bool,
}

impl Kind {
    /// Whether something was executed, and with success.
    pub(super) fn took_effect(&self) -> bool {
        !self.replayed && !matches!(self.state.as_deref(), Some("refused" | "declined" | "failed"))
    }

    /// Whether the provider writes to the address that it names, or may.
    pub(super) const fn may_write(&self) -> bool {
        self.has_email && !self.replayed && matches!(self.op, Op::Create | Op::Authorise | Op::Dispatch | Op::Document)
    }

    /// Whether a fault destroyed the answer of an operation that was executed.
    pub(super) fn answer_lost(&self) -> bool {
        matches!(self.answer.as_deref(), Some("lost" | "altered"))
    }
}

/// One row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line<'a> {
    pub id: i64,
    pub kind: &'a Kind,
    /// The object that it is about, its own or the one that it belongs to; none where it is the next of the loose ones.
    pub object: Option<u32>,
    /// The object that it names as the one that it belongs to.
    pub parent: Option<u32>,
    pub amount_minor: Option<i64>,
}

/// One row, packed.
#[derive(Clone, Copy, Debug)]
struct Packed {
    amount_minor: Whole,
    /// The lower half of the id.
    lower: u32,
    kind: u32,
    /// [`NOTHING`] of a loose one.
    object: u32,
    parent: u32,
}

/// The rows, in the order of the statement's sequence.
#[derive(Debug, Default)]
pub(super) struct Lines {
    all: Queue<Packed>,
    kinds: Vec<Kind>,
    /// Kinds by their parts, one after the other.
    by_parts: Names,
    parts: String,
}

/// The columns that make a kind, as [`SELECT`] has them.
const KIND_FROM: usize = 1;
const KIND_TO: usize = 11;

/// Rows of the provider about its own rules (`fault`) belong to nobody and are left out.
pub(super) const SELECT: &str = "
    SELECT id, provider, op, state, currency, replayed, fault, answer, iif(effect = 'commit_twice', 1, 0),
           iif(op <> 'capture' OR detail IS NULL, 1, coalesce(detail ->> '$.final', 1)), email IS NOT NULL,
           object, parent, amount_minor, key, run, intent, order_number, email,
           iif(op = 'dispatch' AND provider = 'warehouse', detail, NULL),
           iif(op = 'quote', CAST(detail ->> '$.total_minor' AS INTEGER), NULL)
    FROM statement WHERE op <> 'fault' ORDER BY id";

/// One row as it is read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Read<'a> {
    pub id: i64,
    /// The number of its kind.
    pub kind: u32,
    pub object: Option<&'a str>,
    pub parent: Option<&'a str>,
    pub amount_minor: Option<i64>,
    pub key: Option<&'a str>,
    pub run: Option<&'a str>,
    pub intent: Option<&'a str>,
    pub order: Option<&'a str>,
    pub email: Option<&'a str>,
    /// JSON: what the warehouse is to send, and where to.
    pub parcel: Option<&'a str>,
    /// Of a quote: what tax was asked on.
    pub taxed_minor: Option<i64>,
}

impl Lines {
    /// Reads a row; `currency` numbers currencies.
    pub(super) fn read<'a>(
        &mut self,
        cells: Cells<'a>,
        currency: impl FnOnce(&str) -> CurrencyId,
    ) -> rusqlite::Result<Read<'a>> {
        let id = cells.known_number(0)?;
        Ok(Read {
            id,
            kind: self.kind_of(id >> 32, cells, currency)?,
            object: cells.text(KIND_TO)?,
            parent: cells.text(KIND_TO + 1)?,
            amount_minor: cells.number(KIND_TO + 2)?,
            key: cells.text(KIND_TO + 3)?,
            run: cells.text(KIND_TO + 4)?,
            intent: cells.text(KIND_TO + 5)?,
            order: cells.text(KIND_TO + 6)?,
            email: cells.text(KIND_TO + 7)?,
            parcel: cells.text(KIND_TO + 8)?,
            taxed_minor: cells.number(KIND_TO + 9)?,
        })
    }

    fn kind_of(
        &mut self,
        upper: i64,
        cells: Cells<'_>,
        currency: impl FnOnce(&str) -> CurrencyId,
    ) -> rusqlite::Result<u32> {
        self.parts.clear();
        // Nearly always the first process, and its first four thousand million rows.
        if upper != 0 {
            self.parts.push_str(&upper.to_string());
        }
        for column in KIND_FROM..KIND_TO {
            cells.append(column, &mut self.parts);
        }
        let number = self.by_parts.id(&self.parts);
        if number as usize == self.kinds.len() {
            let provider = Provider::named(cells.known_text(1)?);
            self.kinds.push(Kind {
                upper,
                provider,
                op: Op::named(cells.known_text(2)?, provider),
                state: cells.text(3)?.map(Into::into),
                currency: cells.text(4)?.map(currency),
                replayed: cells.flag(5)?,
                fault: cells.text(6)?.map(Into::into),
                answer: cells.text(7)?.map(Into::into),
                is_doubled_by_provider: cells.flag(8)?,
                is_final: cells.flag(9)?,
                has_email: cells.flag(10)?,
            });
        }
        Ok(number)
    }

    pub(super) fn kind(&self, number: u32) -> &Kind {
        &self.kinds[number as usize]
    }

    /// Adds a row about that object, or a loose one.
    pub(super) fn push(&mut self, read: &Read<'_>, object: Option<u32>, parent: Option<u32>) {
        self.all.push(Packed {
            amount_minor: read.amount_minor.into(),
            lower: read.id as u32,
            kind: read.kind,
            object: object.unwrap_or(NOTHING),
            parent: parent.unwrap_or(NOTHING),
        });
    }

    /// Calls `take` for each row until it breaks, and gives back the memory of those that it has seen.
    pub(super) fn drain(self, mut take: impl FnMut(Line<'_>) -> ControlFlow<()>) -> ControlFlow<()> {
        let Self { all, kinds, .. } = self;
        all.into_iter().try_for_each(|packed| take(packed.line(&kinds)))
    }
}

impl Packed {
    fn line(self, kinds: &[Kind]) -> Line<'_> {
        let kind = &kinds[self.kind as usize];
        let known = |object: u32| Some(object).filter(|object| *object != NOTHING);
        Line {
            id: kind.upper << 32 | i64::from(self.lower),
            kind,
            object: known(self.object),
            parent: known(self.parent),
            amount_minor: self.amount_minor.get(),
        }
    }
}
