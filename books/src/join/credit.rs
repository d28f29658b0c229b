//! What payments, documents and dispatches did, added up for the orders that they belong to.

use super::documents::DocumentState;
use super::maybe::Whole;
use super::store::Found;

/// What the charges of an order did.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Paid {
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
}

/// What the documents and dispatches of an order did.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Served {
    pub documents: u32,
    pub documents_open: u32,
    pub document_faults: u32,
    pub filed_minor: Whole,
    pub dispatches: u32,
    pub redeliveries: u32,
    pub dispatch_faults: u32,
}

impl Found<'_> {
    fn order_of(&self, object: u32) -> Option<usize> {
        Some(self.place(object)?.order()? as usize)
    }

    /// What the charges of each order did.
    pub(super) fn credit_charges(&self) -> Vec<Paid> {
        let mut all = vec![Paid::default(); self.orders.all.len()];
        for charge in self.tally.charges.all() {
            let Some(index) = self.order_of(charge.object) else { continue };
            let (order, paid) = (&self.orders.all[index], &mut all[index]);
            let is_foreign = match (self.currency(charge.currency), self.currency(order.currency)) {
                (Some(charged), Some(ordered)) => charged != ordered && !charged.is_empty() && !ordered.is_empty(),
                (None, _) | (_, None) => false,
            };
            paid.charges += 1;
            paid.captures += charge.captures;
            paid.captured_minor += charge.captured_minor;
            paid.returned_minor += charge.refunded_minor;
            paid.answers_lost += charge.answers_lost;
            paid.open_minor += charge.open_minor();
            paid.unpayable |= charge.is_unpayable();
            if charge.captures > 0 {
                paid.charges_other += u32::from(Some(charge.captured_minor) != order.due_minor.get());
                paid.charges_foreign += u32::from(is_foreign);
            }
        }
        all
    }

    /// What the documents and dispatches of each order did.
    pub(super) fn credit_services(&self) -> Vec<Served> {
        let mut all = vec![Served::default(); self.orders.all.len()];
        for document in self.tally.documents.all() {
            let Some(index) = self.order_of(document.object) else { continue };
            let served = &mut all[index];
            served.document_faults += document.faults;
            if document.state != DocumentState::Voided {
                served.documents += 1;
                served.documents_open += u32::from(document.state != DocumentState::Committed);
                if let Some(amount_minor) = document.amount_minor.get() {
                    served.filed_minor = Some(served.filed_minor.get().unwrap_or(0) + amount_minor).into();
                }
            }
        }
        for dispatch in self.tally.dispatches.all() {
            let Some(index) = self.order_of(dispatch.object) else { continue };
            let served = &mut all[index];
            served.dispatches += 1;
            served.redeliveries += dispatch.redeliveries;
            served.dispatch_faults += dispatch.faults;
        }
        all
    }
}
