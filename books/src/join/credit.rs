//! What payments, documents and dispatches did, added up for the orders that they belong to.

use super::documents::DocumentState;
use super::maybe::Whole;
use super::store::Found;

/// What the statements say of an order.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Told {
    pub charges: u32,
    pub captures: u32,
    pub captured_minor: i64,
    pub returned_minor: i64,
    pub open_minor: i64,
    /// Charges with a capture that do not come to what is due; meaningless without that.
    pub charges_other: u32,
    /// Charges with a capture in another currency.
    pub charges_foreign: u32,
    pub unpayable: bool,
    pub answers_lost: u32,
    pub faults: u32,
    pub documents: u32,
    pub documents_open: u32,
    pub filed_minor: Whole,
    pub dispatches: u32,
    pub redeliveries: u32,
    pub dispatch_faults: u32,
    pub document_faults: u32,
}

impl Found<'_> {
    /// What the charges, documents and dispatches of each order did.
    pub(super) fn credit_orders(&self) -> Vec<Told> {
        let tally = self.tally;
        let mut all = vec![Told::default(); self.orders.all.len()];
        let index_of = |object: u32| -> Option<usize> { Some(self.place(object)?.order()? as usize) };
        for charge in tally.charges.all() {
            if let Some(index) = index_of(charge.object) {
                let order = &self.orders.all[index];
                let is_foreign = match (self.currency(charge.currency), self.currency(order.currency)) {
                    (Some(charged), Some(ordered)) => charged != ordered && !charged.is_empty() && !ordered.is_empty(),
                    (None, _) | (_, None) => false,
                };
                let told = &mut all[index];
                told.charges += 1;
                told.captures += charge.captures;
                told.captured_minor += charge.captured_minor;
                told.returned_minor += charge.refunded_minor;
                told.answers_lost += charge.answers_lost;
                told.open_minor += charge.open_minor();
                told.unpayable |= charge.is_unpayable();
                if charge.captures > 0 {
                    told.charges_other += u32::from(Some(charge.captured_minor) != order.due_minor.get());
                    told.charges_foreign += u32::from(is_foreign);
                }
            }
        }
        for document in tally.documents.all() {
            if let Some(index) = index_of(document.object) {
                let told = &mut all[index];
                told.document_faults += document.faults;
                if document.state != DocumentState::Voided {
                    told.documents += 1;
                    told.documents_open += u32::from(document.state != DocumentState::Committed);
                    if let Some(amount_minor) = document.amount_minor.get() {
                        told.filed_minor = Some(told.filed_minor.get().unwrap_or(0) + amount_minor).into();
                    }
                }
            }
        }
        for dispatch in tally.dispatches.all() {
            if let Some(index) = index_of(dispatch.object) {
                let told = &mut all[index];
                told.dispatches += 1;
                told.redeliveries += dispatch.redeliveries;
                told.dispatch_faults += dispatch.faults;
            }
        }
        for (told, purse) in all.iter_mut().zip(&tally.purses) {
            told.faults = purse.faults;
        }
        all
    }
}
