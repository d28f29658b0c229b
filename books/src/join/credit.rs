//! What payments, documents and dispatches did, added up for the orders that they belong to.

use super::documents::DocumentState;
use super::objects::Objects;
use super::store::Found;

impl Found<'_> {
    /// Adds to each order what its charges, documents and dispatches did.
    pub(super) fn credit_orders(&mut self) {
        let tally = self.tally;
        let index_of = |object: u32, objects: &Objects| -> Option<usize> {
            let order = tally.places.get(objects.root(object))?.order()?;
            Some(order as usize)
        };
        for charge in &tally.charges.all {
            if let Some(index) = index_of(charge.object, self.objects) {
                let (due_minor, currency) = (self.orders.all[index].due_minor, self.orders.all[index].currency);
                let is_foreign = match (self.currency(charge.currency), self.currency(currency)) {
                    (Some(charged), Some(ordered)) => charged != ordered && !charged.is_empty() && !ordered.is_empty(),
                    (None, _) | (_, None) => false,
                };
                let told = &mut self.orders.all[index].told;
                told.charges += 1;
                told.captures += charge.captures;
                told.captured_minor += charge.captured_minor;
                told.returned_minor += charge.refunded_minor;
                told.answers_lost += charge.answers_lost;
                told.open_minor += charge.open_minor();
                told.unpayable |= charge.is_unpayable();
                if charge.captures > 0 {
                    told.charges_other += u32::from(Some(charge.captured_minor) != due_minor);
                    told.charges_foreign += u32::from(is_foreign);
                }
            }
        }
        for document in tally.documents.all() {
            if let Some(index) = index_of(document.object, self.objects) {
                let told = &mut self.orders.all[index].told;
                told.document_faults += document.faults;
                if document.state != DocumentState::Voided {
                    told.documents += 1;
                    told.documents_open += u32::from(document.state != DocumentState::Committed);
                    if let Some(amount_minor) = document.amount_minor {
                        told.filed_minor = Some(told.filed_minor.unwrap_or(0) + amount_minor);
                    }
                }
            }
        }
        for dispatch in tally.dispatches.all() {
            if let Some(index) = index_of(dispatch.object, self.objects) {
                let told = &mut self.orders.all[index].told;
                told.dispatches += 1;
                told.redeliveries += dispatch.redeliveries;
                told.dispatch_faults += dispatch.faults;
            }
        }
        for (order, purse) in self.orders.all.iter_mut().zip(&tally.purses) {
            order.told.faults = purse.faults;
        }
    }
}
