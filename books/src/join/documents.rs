//! Tax documents, as the rows of the statement tell them.

use super::by_object::ByObject;
use super::lines::{Line, Op};
use super::maybe::{CurrencyId, Whole};
use super::places::Kind;
use super::store::Found;
use rusqlite::params;

/// A tax document.
#[derive(Debug)]
pub(super) struct Document {
    pub object: u32,
    pub state: DocumentState,
    pub amount_minor: Whole,
    pub currency: Option<CurrencyId>,
    pub faults: u32,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DocumentState {
    Saved,
    Committed,
    Voided,
}

impl DocumentState {
    const fn name(self) -> &'static str {
        match self {
            Self::Saved => "saved",
            Self::Committed => "committed",
            Self::Voided => "voided",
        }
    }
}

impl ByObject<Document> {
    /// Adds what a row of the tax provider says.
    pub(super) fn take(&mut self, line: &Line<'_>, object: u32) {
        let kind = line.kind;
        if !matches!(kind.op, Op::Document | Op::Commit | Op::VoidDocument) {
            return;
        }
        let document = self.meet(object, || Document {
            object,
            state: DocumentState::Saved,
            amount_minor: Whole::NONE,
            currency: None,
            faults: 0,
        });
        document.faults += u32::from(kind.fault.is_some());
        if !kind.took_effect() {
            return;
        }
        match (kind.op, kind.state.as_deref()) {
            (Op::Document, state) => {
                let is_committed = state == Some("committed");
                document.state = if is_committed { DocumentState::Committed } else { DocumentState::Saved };
                document.amount_minor = line.amount_minor.into();
                document.currency = kind.currency;
            }
            (Op::Commit, _) => document.state = DocumentState::Committed,
            _ => document.state = DocumentState::Voided,
        }
    }
}

impl Found<'_> {
    pub(super) fn store_documents(&self) -> rusqlite::Result<()> {
        let mut insert = self
            .conn
            .prepare("INSERT INTO tax_document VALUES (NULL, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)")?;
        for document in self.tally.documents.all() {
            let place = self.place(document.object);
            let order = self.order(place);
            insert.execute(params![
                self.objects.name(document.object),
                place.and_then(|place| place.intent()),
                order.map(|order| order.seq),
                place.map_or(Kind::Nobody.code(), |place| place.kind().code()),
                place.and_then(|place| place.mark_code()),
                self.described(document.object, place),
                document.state.name(),
                document.amount_minor,
                self.currency(document.currency),
                document.faults,
                order.is_some_and(|order| order.paid),
            ])?;
        }
        Ok(())
    }
}
