//! What a shop does that looks first and acts later: the longer parts of the seeded defects around ordering. Each is called
//! from the place of its mistake.

use std::sync::Arc;

use crate::{
    cart::Cart,
    clock::identifier,
    defects::Defect,
    order::Number,
    pay::Said,
    providers::{Guard, gateway::Attempt},
    refusal::{Refusal, known},
    shop::Shop,
    store::{Charge, Proof, Refund, Seen},
};

impl Shop {
    /// The defects `cart-read-outside-lock` and `shared-order-number`: what is seen here is acted upon in another
    /// transaction, whatever has happened in between.
    pub(crate) async fn look_ahead(&self, cart: &str, carried: &str) -> Result<Seen, Refusal> {
        let mut seen = Seen::default();
        if self.defects.has(Defect::CartReadOutsideLock) {
            seen.cart = Some(self.cart_as_it_is(cart, carried).await?);
        }
        if self.defects.has(Defect::SharedOrderNumber) {
            seen.last_number = Some(self.store.last_number().await.map_err(|error| self.refusal(error))?);
        }
        Ok(seen)
    }

    async fn cart_as_it_is(&self, cart: &str, carried: &str) -> Result<Cart, Refusal> {
        let mut cart = self.store.cart(cart).await.map_err(|error| self.refusal(error))?.ok_or(known::NOT_FOUND)?;
        let discount_minor = self.discount_of(&cart);
        if cart.fitting_quote(discount_minor, &self.config.currency).is_none() {
            cart.quote = Some(self.priced(&cart, discount_minor, None, carried).await?);
        }
        Ok(cart)
    }

    /// The defect `shared-order-number`: the shopper is told the number that was worked out beforehand.
    pub(crate) fn told_as(said: &mut Said, number: Number) {
        if let Ok(mut body) = serde_json::from_str::<serde_json::Value>(&said.stored.body)
            && let Some(order) = body.get_mut("order")
        {
            *order = number.to_string().into();
            said.stored.body = body.to_string();
        }
    }

    /// The defect `webhook-and-checkout-both-pay`: the checkout looks for the open payment of its order, finds that there is
    /// none any more, and makes one.
    pub(crate) async fn pay_beside(self: &Arc<Self>, charge: &Charge) {
        let Ok(Some(other)) = self.store.pay_beside(charge.payment, identifier("pk_")).await else { return };
        let Some(_work) = self.paying.enter(&other.payment) else { return };
        if let Attempt::Proven(proof) = self.attempt(&other, None, false, Guard::None).await
            && let Err(error) = self.settle(other.payment, proof, None, "checkout", None).await
        {
            self.log.store_trouble("a payment was not settled", &error);
        }
    }

    /// The defects `find-or-create-without-index` and `check-then-act-on-order`: no order was seen for what was paid, so one
    /// is made.
    pub(crate) async fn order_again(self: &Arc<Self>, payment: i64, intent: String) -> Result<(), Refusal> {
        let settled = self.store.order_again(payment, intent).await.map_err(|error| self.refusal(error))?;
        self.took_effect(&settled.moves, settled.messages, settled.refund);
        Ok(())
    }

    /// The defect `compensation-refunds-good-order`: the checkout finds its payment booked by somebody else, takes that for
    /// its own failure, and undoes what it did itself.
    pub(crate) async fn compensate(&self, charge: &Charge, proof: Proof) {
        let Proof::Succeeded { intent } = proof else { return };
        let refund = Refund {
            id: 0,
            key: identifier("rk_"),
            amount_minor: charge.amount_minor,
            provider: charge.provider,
            intent,
            reference: None,
            brief: charge.brief.clone(),
        };
        // Nothing of it was ever in the book: a rolled back workflow leaves no trace.
        drop(self.gateways.of(charge.provider).refund(&refund).await);
    }
}
