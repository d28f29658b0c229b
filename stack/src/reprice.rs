//! A cart that is edited while its payment session is open: order and payment change together, or not at all. The order is
//! changed first and remembers what it was; once the provider has taken the new amount that is forgotten, and where the
//! payment was confirmed meanwhile the order goes back to what was confirmed.

use std::sync::Arc;

use crate::{
    cart::{Cart, Line, Price},
    defects::Defect,
    order::Number,
    providers::gateway::{Attempt, Change},
    refusal::{Refusal, known},
    shop::Shop,
    store::{CartChange, Charge, Claim, Edit, EditEnd, PaymentKind, PaymentState, Stored},
};

impl Shop {
    /// Edits the lines of a cart whose session is open; `telling` says the changed cart.
    pub(crate) async fn edit_in_session(
        self: &Arc<Self>,
        cart: &str,
        change: CartChange,
        claim: Option<Claim>,
        telling: impl FnOnce(&Cart) -> Stored,
    ) -> Result<Stored, Refusal> {
        let mut cart = self.store.cart(cart).await.map_err(|error| self.refusal(error))?.ok_or(known::NOT_FOUND)?;
        let order = cart.order_seq.ok_or(known::CART_ORDERED)?;
        let ordered = || known::CART_ORDERED.about(Number(order));
        let payments = self.store.payments_of(order).await.map_err(|error| self.refusal(error))?;
        let open = payments.into_iter().find(|(state, charge)| {
            *state == PaymentState::Waiting && charge.kind == PaymentKind::Session && charge.intent.is_some()
        });
        let (_, before) = open.ok_or_else(ordered)?;
        let _work = self.paying.enter(&before.payment).ok_or_else(ordered)?;
        if !self.store.claim_payment(before.payment).await.map_err(|error| self.refusal(error))? {
            return Err(ordered());
        }
        apply(&mut cart.lines, change);
        let discount_minor = self.discount_of(&cart);
        let quote = self.priced(&cart, discount_minor, None, &before.brief.carried).await?;
        let price = Price::with_discount(&cart.lines, discount_minor, quote.shipping.amount_minor);
        let edit = Edit {
            payment: before.payment,
            cart: cart.id.clone(),
            version: cart.version,
            lines: cart.lines.clone(),
            total_minor: price.total_minor(quote.tax_minor, &self.config.currency),
            price,
            quote,
        };
        let charge = self.store.begin_edit(edit).await.map_err(|error| self.refusal(error))?;
        let stored = telling(&cart);
        let answer = claim.map(|claim| (claim, stored.clone()));
        match self.tell_amount(&charge, answer).await {
            Some(EditEnd::Agreed) => Ok(stored),
            Some(EditEnd::Undone) => Err(ordered()),
            None => Err(known::PAYMENT_UNAVAILABLE),
        }
    }

    /// Tells the provider what a session costs now, and ends the edit by its answer; `None` while nobody knows.
    async fn tell_amount(&self, charge: &Charge, answer: Option<(Claim, Stored)>) -> Option<EditEnd> {
        let gateway = self.gateways.of(charge.provider);
        // The defect `stale-payment-amount`: the provider is not told.
        let change = if self.defects.has(Defect::StalePaymentAmount) {
            Change::Done { reference: None }
        } else {
            gateway.reprice(charge, charge.amount_minor).await
        };
        let end = match change {
            Change::Done { .. } | Change::Received { .. } => EditEnd::Agreed,
            Change::Refused => EditEnd::Undone,
            // It may have arrived: the payment itself tells.
            Change::Unknown => {
                let held = gateway.retrieve(charge, charge.intent.as_deref()?, None).await?;
                match held.attempt {
                    _ if held.amount_minor == charge.amount_minor => EditEnd::Agreed,
                    Attempt::Waiting(_) => return None,
                    Attempt::Proven(_) | Attempt::Nothing(_) | Attempt::Doubt { .. } => EditEnd::Undone,
                }
            }
        };
        self.store.end_edit(charge.payment, end, answer).await.ok()?;
        Some(end)
    }

    /// Ends edits that a lost answer or a crash left half-way.
    pub(crate) async fn end_edits(&self) {
        let Ok(charges) = self.store.open_edits().await else { return };
        for charge in charges {
            let Some(_work) = self.paying.enter(&charge.payment) else { continue };
            if self.store.claim_payment(charge.payment).await.unwrap_or(false) {
                self.tell_amount(&charge, None).await;
            }
        }
    }
}

/// The lines after a change; whether there is enough of them is seen when they are held.
fn apply(lines: &mut Vec<Line>, change: CartChange) {
    let (sku, quantity, unit_minor, adds) = match change {
        CartChange::AddLine { sku, quantity, unit_minor } => (sku, quantity, unit_minor, true),
        CartChange::SetLine { sku, quantity, unit_minor } => (sku, quantity, unit_minor, false),
        _ => return,
    };
    match lines.iter_mut().find(|line| line.sku == sku) {
        Some(line) => {
            line.quantity = if adds { line.quantity.saturating_add(quantity) } else { quantity };
            line.unit_minor = unit_minor;
        }
        None => lines.push(Line { sku, quantity, unit_minor }),
    }
    lines.retain(|line| line.quantity > 0);
    lines.sort_by(|a, b| a.sku.cmp(&b.sku));
}
