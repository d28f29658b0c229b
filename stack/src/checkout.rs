//! A checkout, and paying a failed order with another card: who may begin, with which card, at which price.

use std::sync::Arc;

use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::{
    answer,
    cart::Price,
    clock::identifier,
    defects::Defect,
    order::{Brief, Number, PaymentProvider, State},
    pay::{Finding, Said},
    providers::gateway::{CARD_GIVEN, Card},
    refusal::{Refusal, known},
    shop::Shop,
    store::{Begin, BeginPayment, Begun, Charge, Claim, PaymentKind, Plan, Seen, StoreCredit},
    whole,
};

/// How often a cart that changes under its quote is quoted again.
const QUOTES_MAX: usize = 3;

/// What the shopper pays with. It has no `Debug`: it may hold a card.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Means {
    /// The provider's name of a card.
    Method(String),
    /// A card; exchanged for such a name at once.
    Card(Card),
    /// A card that the cart's account has kept.
    Saved(String),
}

/// The body of a checkout.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CheckoutBody {
    pub(crate) email: String,
    pub(crate) payment: Means,
    #[serde(default, deserialize_with = "whole::optional")]
    pub(crate) total_minor: Option<i64>,
    /// Whether the account's store credit is to be used.
    #[serde(default)]
    pub(crate) use_credit: bool,
    /// Whether the account keeps the card for another time.
    #[serde(default)]
    pub(crate) save_card: bool,
}

/// The body of another payment.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PaymentBody {
    pub(crate) payment: Means,
}

/// What a request was, for telling a repeat from another use of its key. Of a card only that it was one goes in.
pub(crate) fn fingerprint(parts: &[&str]) -> [u8; 16] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part.as_bytes());
    }
    hash.finalize()[..16].try_into().expect("a SHA-256 has 32 bytes")
}

impl Means {
    /// Whether it is what the published description promises.
    pub(crate) fn is_plausible(&self) -> bool {
        match self {
            Self::Method(name) | Self::Saved(name) => {
                let in_name = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
                (1..=128).contains(&name.len()) && name.bytes().all(in_name)
            }
            Self::Card(card) => card.is_plausible(),
        }
    }

    fn mark(&self) -> &str {
        match self {
            Self::Method(method) | Self::Saved(method) => method,
            Self::Card(_) => "card",
        }
    }
}

impl Shop {
    /// Orders a cart and pays for it.
    pub(crate) async fn check_out(
        self: &Arc<Self>,
        cart: String,
        key: String,
        carried: String,
        body: CheckoutBody,
    ) -> Result<Said, Refusal> {
        let work = self.keys.enter(&key);
        if work.is_none() && !self.defects.lets_a_key_in_twice() {
            return Err(known::IN_PROGRESS);
        }
        let total = body.total_minor.map(|total| total.to_string()).unwrap_or_default();
        let manner = match (body.use_credit, body.save_card) {
            (false, false) => "",
            (true, false) => "credit",
            (false, true) => "save",
            (true, true) => "credit, save",
        };
        let fingerprint = fingerprint(&["checkout", &cart, &body.email, body.payment.mark(), &total, manner]);
        let claim = Claim { key, fingerprint };
        let mut plan = self.plan(PaymentKind::Checkout);
        let payment = match body.payment {
            Means::Saved(card) => Means::Method(self.saved_method(&cart, &card).await?),
            payment => payment,
        };
        let (mut method, card) = match self.method(payment, &mut plan, &claim, &carried).await? {
            Ok(method) => method,
            Err(said) => return Ok(said),
        };
        let mut keeper = None;
        if body.save_card && method != CARD_GIVEN {
            let (account, kept) = self.method_to_keep(&cart, &method, &carried).await?;
            keeper = Some((account, std::mem::replace(&mut method, kept)));
        }
        let mut begin = Begin {
            cart,
            claim: claim.clone(),
            email: body.email,
            method,
            shown_total_minor: body.total_minor,
            store_credit: if body.use_credit { StoreCredit::Used } else { StoreCredit::Kept },
            carried,
            provider_key: identifier("pk_"),
            plan,
            stock_seen: None,
            seen: Seen::default(),
        };
        // The defect `check-then-decrement`: what is read here is written back in another transaction.
        if self.defects.has(Defect::CheckThenDecrement) {
            begin.stock_seen = Some(self.stock_of(&begin.cart).await?);
        }
        // The defect `charge-before-recovery-point`.
        if self.defects.has(Defect::ChargeBeforeRecoveryPoint) {
            return self.charge_then_store(begin).await;
        }
        // The defect `both-tabs-paid`: the key is the cart's, so that the provider sees the second tab's payment as the first's.
        if self.defects.has(Defect::BothTabsPaid) {
            begin.provider_key = format!("pk_{}", begin.cart);
        }
        if self.defects.looks_ahead() {
            begin.seen = self.look_ahead(&begin.cart, &begin.carried).await?;
        }
        let last_number = begin.seen.last_number;
        // The defect `order-before-claim`: cart and key are claimed at the end of the request.
        let unclaimed = self.defects.has(Defect::OrderBeforeClaim).then(|| begin.cart.clone());
        let mut said = self.begin(begin, card.as_ref(), &claim).await?;
        if let Some(last) = last_number {
            Self::told_as(&mut said, Number(last + 1));
        }
        if let Some(cart) = unclaimed {
            self.store.claim_late(&cart, claim).await.map_err(|error| self.refusal(error))?;
        }
        if let Some((account, method)) = keeper.filter(|_| said.stored.status == 201) {
            self.keep_card(&account, method).await;
        }
        Ok(said)
    }

    pub(crate) async fn begin(
        self: &Arc<Self>,
        begin: Begin,
        card: Option<&Card>,
        claim: &Claim,
    ) -> Result<Said, Refusal> {
        for _ in 0..QUOTES_MAX {
            let phase = self.store.begin_checkout(begin.clone()).await.map_err(|error| self.refusal(error))?;
            match self.go_on(phase, card, claim).await {
                Some(said) => return Ok(said),
                None => drop(self.quote_cart(&begin.cart, &begin.carried, None).await?),
            }
        }
        Err(known::BUSY)
    }

    /// Pays a failed order with another card.
    pub(crate) async fn pay_again(
        self: &Arc<Self>,
        order: Number,
        key: String,
        carried: &str,
        body: PaymentBody,
    ) -> Result<Said, Refusal> {
        let _work = self.keys.enter(&key).ok_or(known::IN_PROGRESS)?;
        let claim = Claim { key, fingerprint: fingerprint(&["payment", &order.to_string(), body.payment.mark()]) };
        let mut plan = self.plan(PaymentKind::Checkout);
        let (method, card) = match self.method(body.payment, &mut plan, &claim, carried).await? {
            Ok(method) => method,
            Err(said) => return Ok(said),
        };
        let begin =
            BeginPayment { order: order.0, claim: claim.clone(), method, provider_key: identifier("pk_"), plan };
        let phase = self.store.begin_payment(begin).await.map_err(|error| self.refusal(error))?;
        self.go_on(phase, card.as_ref(), &claim).await.ok_or(known::BUSY)
    }

    /// The provider's name of what is paid with. A card goes to the provider unless the key is answered already.
    /// Where the first provider cannot name it, the second one takes the card itself: a name holds no money.
    async fn method(
        &self,
        means: Means,
        plan: &mut Plan,
        claim: &Claim,
        carried: &str,
    ) -> Result<Result<(String, Option<Card>), Said>, Refusal> {
        let card = match means {
            Means::Method(method) => return Ok(Ok((method, None))),
            // Only a cart's checkout knows whose card it would be.
            Means::Saved(_) => return Err(known::NO_CARD),
            Means::Card(card) => card,
        };
        if let Some(stored) = self.store.answer_of(claim).await.map_err(|error| self.refusal(error))? {
            return Ok(Err(Said { stored, replayed: true }));
        }
        if plan.provider == PaymentProvider::BackupPayment {
            return Ok(Ok((CARD_GIVEN.into(), Some(card))));
        }
        match self.gateways.tokenise(&card, &identifier("mk_"), carried).await {
            Ok(method) => Ok(Ok((method, Some(card)))),
            Err(refusal) if refusal == known::PAYMENT_UNAVAILABLE && self.may_go_elsewhere() => {
                plan.provider = PaymentProvider::BackupPayment;
                Ok(Ok((CARD_GIVEN.into(), Some(card))))
            }
            Err(refusal) => Err(refusal),
        }
    }

    async fn stock_of(&self, cart: &str) -> Result<Vec<(String, i64)>, Refusal> {
        let cart = self.store.cart(cart).await.map_err(|error| self.refusal(error))?.ok_or(known::NOT_FOUND)?;
        let mut seen = Vec::with_capacity(cart.lines.len());
        for line in cart.lines {
            let available = self.store.available(&line.sku).await.map_err(|error| self.refusal(error))?;
            seen.push((line.sku, available.unwrap_or(0)));
        }
        // The rest of the request goes on as it would in a shop that looks first and acts later.
        tokio::task::yield_now().await;
        Ok(seen)
    }

    /// The charge comes first, under a key that nobody will know again; then order, payment and the shopper's key are
    /// stored.
    async fn charge_then_store(self: &Arc<Self>, begin: Begin) -> Result<Said, Refusal> {
        let claim = begin.claim.clone();
        if let Some(stored) = self.store.answer_of(&claim).await.map_err(|error| self.refusal(error))? {
            return Ok(Said { stored, replayed: true });
        }
        let charge = self.unstored_charge(&begin).await?;
        let Finding::Proven(proof) = self.ask(&charge, None).await else { return Err(known::PAYMENT_UNAVAILABLE) };
        let phase = self.store.begin_checkout(begin).await.map_err(|error| self.refusal(error))?;
        let Begun::Charge(stored, Some(moved)) = phase else { return Err(known::BUSY) };
        self.took_effect(&[moved], Vec::new(), None);
        let settled = self.settle(stored.payment, proof, None, "checkout", Some(claim.key)).await;
        settled.map(|settled| answer::answer(&settled.standing).into()).map_err(|error| self.refusal(error))
    }

    async fn unstored_charge(&self, begin: &Begin) -> Result<Charge, Refusal> {
        let read = || async { self.store.cart(&begin.cart).await.map_err(|error| self.refusal(error)) };
        let mut cart = read().await?.ok_or(known::NOT_FOUND)?;
        if let Some(order) = cart.order_seq {
            return Err(known::CART_ORDERED.about(Number(order)));
        }
        if cart.quote.is_none() {
            self.quote_cart(&begin.cart, &begin.carried, None).await?;
            cart = read().await?.ok_or(known::NOT_FOUND)?;
        }
        let discount_minor = self.discount_of(&cart);
        let quote = cart.quote.as_ref().ok_or(known::BUSY)?;
        let price = Price::with_discount(&cart.lines, discount_minor, quote.shipping.amount_minor);
        let total_minor = price.total_minor(quote.tax_minor, &self.config.currency);
        if begin.shown_total_minor.is_some_and(|shown| shown != total_minor) {
            return Err(known::TOTAL_CHANGED);
        }
        Ok(Charge {
            payment: 0,
            key: begin.provider_key.clone(),
            method: begin.method.clone(),
            amount_minor: total_minor,
            provider: begin.plan.provider,
            kind: begin.plan.kind,
            capture: begin.plan.capture,
            intent: None,
            age_ms: 0,
            tried_before: false,
            brief: Brief {
                number: Number(0),
                cart: cart.id,
                state: State::Pending,
                total_minor,
                failure: None,
                credit_minor: 0,
                refunded_minor: 0,
                provider: None,
                fraud: None,
                in_review: false,
                currency: self.config.currency.clone(),
                email: begin.email.clone(),
                carried: begin.carried.clone(),
                address: String::new(),
            },
        })
    }
}
