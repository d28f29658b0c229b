//! Payments that the shopper's browser finishes: sessions that it confirms with the provider, and the way back from where a
//! holder authenticated. What a browser says is never believed; the provider is asked.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::json;

use crate::{
    answer,
    checkout::fingerprint,
    clock::identifier,
    defects::Defect,
    order::{Brief, Number},
    pay::Said,
    providers::gateway::Attempt,
    refusal::{Refusal, known},
    shop::Shop,
    store::{Begin, Begun, Challenge, Charge, Claim, PaymentKind, Proof, Seen, StoreCredit, Stored},
};

/// How often a cart that changes under its quote is quoted again.
const QUOTES_MAX: usize = 3;

/// The body of a session.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SessionBody {
    pub(crate) email: String,
    #[serde(default, deserialize_with = "crate::whole::optional")]
    pub(crate) total_minor: Option<i64>,
    /// Where the shopper's browser comes back to; the shop's own address when absent.
    #[serde(default)]
    pub(crate) return_url: Option<String>,
}

impl Shop {
    /// Orders a cart and opens a payment that the browser confirms.
    pub(crate) async fn open_session(
        self: &Arc<Self>,
        cart: String,
        key: String,
        carried: String,
        body: SessionBody,
    ) -> Result<Said, Refusal> {
        let _work = self.keys.enter(&key).ok_or(known::IN_PROGRESS)?;
        let total = body.total_minor.map(|total| total.to_string()).unwrap_or_default();
        let back = body.return_url.as_deref().unwrap_or_default();
        let claim = Claim { key, fingerprint: fingerprint(&["session", &cart, &body.email, &total, back]) };
        let begin = Begin {
            cart,
            claim: claim.clone(),
            email: body.email,
            method: String::new(),
            shown_total_minor: body.total_minor,
            store_credit: StoreCredit::Kept,
            carried,
            provider_key: identifier("pk_"),
            plan: self.plan(PaymentKind::Session),
            stock_seen: None,
            seen: Seen::default(),
        };
        for _ in 0..QUOTES_MAX {
            let begun = self.store.begin_checkout(begin.clone()).await.map_err(|error| self.refusal(error))?;
            match begun {
                Begun::Unquoted => drop(self.quote_cart(&begin.cart, &begin.carried, None).await?),
                Begun::Challenged(brief, challenge) => {
                    return Ok(self.opened(&brief, &challenge, body.return_url.as_deref()).into());
                }
                begun => {
                    let said = self.go_on(begun, None, &claim).await.ok_or(known::BUSY)?;
                    return self.session_of(said, body.return_url.as_deref()).await;
                }
            }
        }
        Err(known::BUSY)
    }

    /// The answer to a session that was just begun: where it waits for the browser, how to confirm it.
    async fn session_of(&self, said: Said, return_url: Option<&str>) -> Result<Said, Refusal> {
        if said.stored.status != 202 {
            return Ok(said);
        }
        let body: serde_json::Value = serde_json::from_str(&said.stored.body).map_err(|_| known::BUSY)?;
        let Some(number) = body["order"].as_str().and_then(Number::read) else { return Ok(said) };
        let payments = self.store.payments_of(number.0).await.map_err(|error| self.refusal(error))?;
        let Some((_, charge)) = payments.into_iter().find(|(state, _)| state.may_take_money()) else { return Ok(said) };
        let challenge = self.store.challenge_of(charge.payment).await.map_err(|error| self.refusal(error))?;
        match challenge.filter(|challenge| challenge.client_secret.is_some()) {
            Some(challenge) => Ok(self.opened(&charge.brief, &challenge, return_url).into()),
            None => Ok(said),
        }
    }

    fn opened(&self, brief: &Brief, challenge: &Challenge, return_url: Option<&str>) -> Stored {
        let payment = &self.config.payment;
        let back = format!("{}/orders/{}/return", self.public_url.trim_end_matches('/'), brief.number);
        let body = json!({
            "order": brief.number.to_string(),
            "state": brief.state,
            "total_minor": brief.total_minor,
            "currency": brief.currency,
            "payment": {
                "intent": challenge.intent,
                "client_secret": challenge.client_secret,
                "publishable_key": payment.publishable_key,
                "url": payment.browser_url.as_ref().unwrap_or(&payment.url),
                "return_url": return_url.unwrap_or(&back),
            },
            "poll": format!("/orders/{}", brief.number),
        });
        Stored { status: 201, body: body.to_string() }
    }

    /// The shopper is back: what the provider says counts. May come twice, and beside the provider's events.
    pub(crate) async fn come_back(
        self: &Arc<Self>,
        order: Number,
        redirect_result: Option<&str>,
    ) -> Result<Stored, Refusal> {
        let payments = self.store.payments_of(order.0).await.map_err(|error| self.refusal(error))?;
        let open = payments.into_iter().find(|(state, _)| state.may_take_money());
        if let Some((_, charge)) = open {
            let work = self.paying.enter(&charge.payment);
            // The defect `check-then-act-on-order` knows of no lock.
            if work.is_some() || self.defects.has(Defect::CheckThenActOnOrder) {
                self.look_after_return(&charge, redirect_result).await?;
            }
        }
        let brief = self.store.order(order.0).await.map_err(|error| self.refusal(error))?.ok_or(known::NOT_FOUND)?;
        Ok(answer::look(&brief))
    }

    /// Asks the provider what became of a payment that was open when the shopper came back.
    async fn look_after_return(
        self: &Arc<Self>,
        charge: &Charge,
        redirect_result: Option<&str>,
    ) -> Result<(), Refusal> {
        let intent = charge.intent.clone().unwrap_or_default();
        let held = self.gateways.of(charge.provider).retrieve(charge, &intent, redirect_result).await;
        match held.map(|held| held.attempt) {
            // A browser may confirm a session's intent with another card.
            Some(Attempt::Proven(Proof::Declined { .. })) if charge.kind == PaymentKind::Session => Ok(()),
            Some(Attempt::Proven(proof)) => {
                let is_paid = matches!(proof, Proof::Succeeded { .. });
                let settled = self.settle(charge.payment, proof, None, "the shopper came back", None).await;
                let settled = settled.map_err(|error| self.refusal(error))?;
                // The defect `check-then-act-on-order`: when it was asked for, the order was not there.
                if self.defects.has(Defect::CheckThenActOnOrder) && is_paid && settled.moves.is_empty() {
                    self.order_again(charge.payment, intent).await?;
                }
                Ok(())
            }
            Some(Attempt::Waiting(_) | Attempt::Nothing(_) | Attempt::Doubt { .. }) | None => Ok(()),
        }
    }
}
