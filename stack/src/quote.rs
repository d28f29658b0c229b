//! Quotes: what a cart costs with shipping and tax, and what happens when their providers do not say.

use serde_json::json;

use crate::{
    cart::{Address, Cart, Price, Quote, TaxSource, tax_at},
    clock::{backoff, identifier},
    config::Fallback,
    defects::Defect,
    order::Number,
    providers::tax::{Kind, Taxable},
    refusal::{Refusal, known},
    shipping::{Asking, Basket, Shipping, ShippingSource, weight_g},
    shop::Shop,
    store::{Claim, Stored},
};

const BACKOFF_MAX_MS: u64 = 1_000;

impl Shop {
    /// Quotes a cart and keeps the quote with it; with a key, keeps the answer too.
    pub(crate) async fn quote_cart(&self, cart: &str, carried: &str, claim: Option<Claim>) -> Result<Stored, Refusal> {
        let cart = self.store.cart(cart).await.map_err(|error| self.refusal(error))?.ok_or(known::NOT_FOUND)?;
        if let Some(order) = cart.order_seq {
            return Err(known::CART_ORDERED.about(Number(order)));
        }
        let discount_minor = self.discount_of(&cart);
        let kept = cart.fitting_quote(discount_minor, &self.config.currency);
        let final_quote = kept.filter(|quote| !self.may_be_improved(quote));
        let quote = match final_quote {
            Some(quote) => quote.clone(),
            None => self.priced(&cart, discount_minor, kept, carried).await?,
        };
        let is_new = final_quote.is_none();
        let stored = self.told(&cart, discount_minor, &quote);
        if is_new || claim.is_some() {
            let answer = claim.map(|claim| (claim, stored.clone()));
            let kept = self.store.keep_quote(&cart.id, cart.version, quote, answer).await;
            kept.map_err(|error| self.refusal(error))?;
        }
        Ok(stored)
    }

    /// What the cart's promotion takes off, while promotions are on.
    pub(crate) fn discount_of(&self, cart: &Cart) -> i64 {
        let promotion = cart.promotion.as_ref().filter(|_| self.flags.promotions());
        let promotion = promotion.and_then(|code| self.config.promotions.iter().find(|it| it.code == *code));
        Price::of(&cart.lines, promotion, 0).discount_minor
    }

    /// The provider may be back: what stands in for its word is asked for again, its word is not.
    fn may_be_improved(&self, quote: &Quote) -> bool {
        let shipping_may_be_had = self.shipping.is_some() && self.flags.shipping_quotes();
        quote.source == TaxSource::Fallback || (quote.shipping.source == ShippingSource::Table && shipping_may_be_had)
    }

    fn told(&self, cart: &Cart, discount_minor: i64, quote: &Quote) -> Stored {
        let price = Price::with_discount(&cart.lines, discount_minor, quote.shipping.amount_minor);
        let total_minor = price.total_minor(quote.tax_minor, &self.config.currency);
        let credit_minor = cart.voucher_covers_minor(total_minor, &self.config.currency);
        let body = json!({
            "subtotal_minor": price.subtotal_minor,
            "discount_minor": price.discount_minor,
            "shipping_minor": price.shipping_minor,
            "tax_minor": quote.tax_minor,
            "rounding_minor": total_minor - price.taxable_minor() - quote.tax_minor,
            "total_minor": total_minor,
            "currency": self.config.currency,
            "tax_source": quote.source,
            "shipping_source": quote.shipping.source,
            "credit_minor": credit_minor,
            "due_minor": total_minor - credit_minor,
        });
        Stored { status: 200, body: body.to_string() }
    }

    /// Asks for shipping, then for the tax on both; what an earlier quote has by a provider's word stays.
    pub(crate) async fn priced(
        &self,
        cart: &Cart,
        discount_minor: i64,
        kept: Option<&Quote>,
        carried: &str,
    ) -> Result<Quote, Refusal> {
        if cart.lines.is_empty() {
            return Err(known::CART_EMPTY);
        }
        let address = cart.address.as_ref().ok_or(known::NO_ADDRESS)?;
        let shipping = match kept.map(|quote| &quote.shipping) {
            Some(shipping) if shipping.source != ShippingSource::Table => shipping.clone(),
            Some(_) | None => self.shipping_of(cart, address, carried).await,
        };
        let price = Price::with_discount(&cart.lines, discount_minor, shipping.amount_minor);
        let taxed = kept
            .filter(|quote| quote.source == TaxSource::Quote && quote.shipping.amount_minor == shipping.amount_minor);
        let (code, tax_minor, source) = match taxed {
            Some(quote) => (quote.code.clone(), quote.tax_minor, quote.source),
            None => self.tax_of(cart, address, price, carried).await?,
        };
        let priced = cart.fingerprint(discount_minor, &self.config.currency);
        Ok(Quote { code, tax_minor, source, shipping, priced })
    }

    async fn shipping_of(&self, cart: &Cart, address: &Address, carried: &str) -> Shipping {
        let Some(desk) = &self.shipping else {
            let amount_minor = self.config.shipping_minor;
            return Shipping { amount_minor, source: ShippingSource::Flat, quote: None };
        };
        let basket = Basket {
            cart: &cart.id,
            address,
            weight_g: weight_g(&cart.lines, |sku| self.catalogue.product(sku).map_or(0, |it| it.weight_g)),
            currency: &self.config.currency,
            carried,
        };
        desk.rate(&basket, if self.flags.shipping_quotes() { Asking::Provider } else { Asking::TableOnly }).await
    }

    /// The tax, with the code that it was asked for under and where it came from.
    async fn tax_of(
        &self,
        cart: &Cart,
        address: &Address,
        price: Price,
        carried: &str,
    ) -> Result<(String, i64, TaxSource), Refusal> {
        let code = identifier("q_");
        let taxable = Taxable {
            kind: Kind::Quote,
            code: &code,
            customer: &cart.id,
            reference: &cart.id,
            lines: &cart.lines,
            address,
            discount_minor: price.discount_minor,
            shipping_minor: price.shipping_minor,
            charged_tax_minor: None,
            currency: &self.config.currency,
            carried,
        };
        for repeat in 0..=self.config.tax.retries {
            if repeat > 0 {
                tokio::time::sleep(backoff(self.config.tax.backoff_ms, repeat - 1, BACKOFF_MAX_MS)).await;
            }
            if let Some(tax_minor) = self.tax.quote(&taxable).await {
                return Ok((code, tax_minor, TaxSource::Quote));
            }
        }
        // The defect `tax-outage-is-zero`.
        if self.defects.has(Defect::TaxOutageIsZero) {
            return Ok((code, 0, TaxSource::Quote));
        }
        match self.config.tax.fallback {
            Fallback::Block => Err(known::TAX_UNAVAILABLE),
            Fallback::Rate { rate_bp } => Ok((code, tax_at(price.taxable_minor(), rate_bp), TaxSource::Fallback)),
        }
    }
}
