//! Quotes: what a cart costs with tax, and what happens when the tax provider does not say.

use serde_json::json;

use crate::{
    cart::{Cart, Price, Quote, TaxSource, tax_at},
    clock::{backoff, identifier},
    config::Fallback,
    providers::tax::{Kind, Taxable},
    refusal::{Refusal, known},
    shop::Shop,
    store::{Claim, Stored},
};

const BACKOFF_MAX_MS: u64 = 1_000;

impl Shop {
    /// Quotes a cart and keeps the quote with it; with a key, keeps the answer too.
    pub(crate) async fn quote_cart(&self, cart: &str, carried: &str, claim: Option<Claim>) -> Result<Stored, Refusal> {
        let cart = self.store.cart(cart).await.map_err(|error| self.refusal(error))?.ok_or(known::NOT_FOUND)?;
        if let Some(order) = cart.order_seq {
            return Err(known::CART_ORDERED.about(crate::order::Number(order)));
        }
        if cart.lines.is_empty() {
            return Err(known::CART_EMPTY);
        }
        let promotion =
            cart.promotion.as_ref().and_then(|code| self.config.promotions.iter().find(|it| it.code == *code));
        let price = Price::of(&cart.lines, promotion, self.config.shipping_minor);
        // The provider may be back: a fallback is asked for again, a quote is not.
        let valid = cart.quote.as_ref().filter(|quote| quote.source == TaxSource::Quote);
        let quote = match valid {
            Some(quote) => quote.clone(),
            None => self.tax_of(&cart, price, carried).await?,
        };
        let stored = Stored {
            status: 200,
            body: json!({
                "subtotal_minor": price.subtotal_minor,
                "discount_minor": price.discount_minor,
                "shipping_minor": price.shipping_minor,
                "tax_minor": quote.tax_minor,
                "total_minor": price.taxable_minor() + quote.tax_minor,
                "currency": self.config.currency,
                "tax_source": quote.source,
            })
            .to_string(),
        };
        if valid.is_none() || claim.is_some() {
            let answer = claim.map(|claim| (claim, stored.clone()));
            let kept = self.store.keep_quote(&cart.id, cart.version, quote, answer).await;
            kept.map_err(|error| self.refusal(error))?;
        }
        Ok(stored)
    }

    async fn tax_of(&self, cart: &Cart, price: Price, carried: &str) -> Result<Quote, Refusal> {
        let address = cart.address.as_ref().ok_or(known::NO_ADDRESS)?;
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
            currency: &self.config.currency,
            carried,
        };
        for repeat in 0..=self.config.tax.retries {
            if repeat > 0 {
                tokio::time::sleep(backoff(self.config.tax.backoff_ms, repeat - 1, BACKOFF_MAX_MS)).await;
            }
            if let Some(tax_minor) = self.tax.quote(&taxable).await {
                return Ok(Quote { code, tax_minor, source: TaxSource::Quote });
            }
        }
        // The defect `tax-outage-is-zero`.
        if self.defects.takes_no_quote_for_zero() {
            return Ok(Quote { code, tax_minor: 0, source: TaxSource::Quote });
        }
        match self.config.tax.fallback {
            Fallback::Block => Err(known::TAX_UNAVAILABLE),
            Fallback::Rate { rate_bp } => {
                let tax_minor = tax_at(price.taxable_minor(), rate_bp);
                Ok(Quote { code, tax_minor, source: TaxSource::Fallback })
            }
        }
    }
}
