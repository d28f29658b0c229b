//! The provider of fraud decisions, on Riskified's wire.

mod decisions;
mod errors;
mod order;
mod score;

use http::header::ACCEPT;
use model::fault::Provider;
use parking_lot::Mutex;

use crate::accounts::{Accounts, Caller};
use crate::books::Books;
use crate::config::FraudConfig;
use crate::http::Call;
use crate::turn::{Labels, Turn};
use crate::webhooks::hmac_hex;
use crate::wire::{Answer, Headers, Refusal, Stop, Traits, Understood, Wire};

use decisions::Bent;
pub(crate) use decisions::{Decision, decide_due};
use order::Order;
pub(crate) use score::Velocity;

const SIGNATURE: &str = "x-riskified-hmac-sha256";
const SHOP: &str = "x-riskified-shop-domain";

/// The provider of fraud decisions.
pub(crate) struct Fraud {
    pub(crate) config: FraudConfig,
}

/// A request to it.
#[derive(Clone)]
pub(crate) struct Operation {
    ask: Ask,
    order: Order,
    bent: Bent,
}

/// What is asked about the order.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ask {
    Decide,
    Submit,
    Create,
    Cancel,
    /// Something happened to it that changes no decision.
    Note,
    /// A card was refused; the body names a `checkout` or an `order`.
    Denied {
        is_checkout: bool,
    },
}

impl Fraud {
    /// Whether a body was signed by who knows the token.
    fn check(&self, call: &Call, token: Option<&str>) -> Result<(), Answer> {
        let signature = call.header(SIGNATURE).filter(|signature| !signature.is_empty());
        let signature = signature.ok_or_else(|| errors::error(401, "The HMAC signature is missing"))?;
        let token = token.or(self.config.auth_token.as_deref());
        // Where nobody said a token, whatever is signed is taken.
        if token.is_none_or(|token| hmac_hex(token, &call.body).eq_ignore_ascii_case(signature)) {
            return Ok(());
        }
        Err(errors::error(401, "The HMAC signature does not match"))
    }
}

impl Wire for Fraud {
    type Operation = Operation;

    const PROVIDER: Provider = Provider::Fraud;

    fn greet(&self, _call: &Call) -> Option<Answer> {
        None
    }

    fn identify(&self, call: &Call, accounts: &Accounts, now_us: i64) -> Result<Caller, Answer> {
        let domain = call.header(SHOP).filter(|domain| !domain.is_empty());
        let domain = domain.ok_or_else(|| errors::error(401, "The shop domain is missing"))?;
        if let Some(lease) = accounts.shop(domain) {
            self.check(call, lease.auth_token.as_deref())?;
            return Ok(Caller { account: lease.account, run: Some(lease.run.clone()), is_browser: false });
        }
        if !accounts.is_open() {
            return Err(errors::error(404, "The shop was not found"));
        }
        self.check(call, None)?;
        let run = call.run().or_else(|| accounts.only_run(now_us));
        Ok(Caller { account: 0, run, is_browser: false })
    }

    fn understand(
        &self,
        call: &Call,
        _caller: &Caller,
        _books: &Mutex<Books>,
    ) -> Result<Understood<Operation>, Answer> {
        let segments = call.segments();
        let parts: Vec<&str> = segments.iter().map(String::as_str).collect();
        let ("POST", ["api", word]) = (call.method.as_str(), parts.as_slice()) else { return Err(errors::no_route()) };
        let version = call.header(ACCEPT.as_str()).and_then(|accept| accept.split("version=").nth(1));
        if version.is_some_and(|version| !version.starts_with('2')) {
            return Err(errors::error(406, "Only version 2 of the interface is served"));
        }
        let is_checkout = matches!(*word, "checkout_create" | "checkout_denied") && !call.body.is_empty();
        let named = Order::read(&call.body, if is_checkout { "checkout" } else { "order" });
        // A refused card is told of a checkout, or of the order that it was to pay.
        let (order, is_checkout) = match named {
            Err(_) if is_checkout => (Order::read(&call.body, "order")?, false),
            named => (named?, is_checkout),
        };
        let ask = match *word {
            "decide" => Ask::Decide,
            "submit" => Ask::Submit,
            "create" | "checkout_create" => Ask::Create,
            "update" if order.total_minor > 0 => Ask::Create,
            "update" | "refund" | "fulfill" | "decision" | "chargeback" => Ask::Note,
            "cancel" => Ask::Cancel,
            "checkout_denied" => Ask::Denied { is_checkout },
            _ => return Err(errors::no_route()),
        };
        let labels = Labels {
            order: Some(order.name.clone().unwrap_or_else(|| order.id.clone())),
            email: order.email.clone(),
            key: None,
        };
        let operation = Operation { ask, order, bent: Bent::default() };
        Ok(Understood { operation, key: None, labels, reads_store: false })
    }

    fn traits(&self, operation: &Operation, _books: &mut Books) -> Traits {
        let order = &operation.order;
        Traits {
            country: order.shipping_country.clone().or_else(|| order.billing_country.clone()),
            currency: Some(order.currency.clone()),
            amount_minor: Some(order.total_minor),
            ..Traits::default()
        }
    }

    fn execute(&self, operation: Operation, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
        let Operation { ask, order, bent } = operation;
        match ask {
            Ask::Decide | Ask::Submit => decisions::decide(order, bent, ask == Ask::Submit, &self.config, turn),
            Ask::Create => decisions::create(order, turn),
            Ask::Cancel | Ask::Note => decisions::note(&order.id, ask == Ask::Cancel, turn),
            Ask::Denied { is_checkout } => {
                Ok(decisions::denied(&order, if is_checkout { "checkout" } else { "order" }, turn))
            }
        }
    }

    fn decline(&self, operation: &mut Operation, _code: Option<&str>) -> bool {
        let is_decided = operation.ask == Ask::Decide;
        operation.bent.is_declined |= is_decided;
        is_decided
    }

    fn shift(&self, operation: &mut Operation, by: i64) -> bool {
        let is_scored = matches!(operation.ask, Ask::Decide | Ask::Submit);
        if is_scored {
            operation.bent.shift = operation.bent.shift.saturating_add(by).clamp(-score::SCORE_MAX, score::SCORE_MAX);
        }
        is_scored
    }

    fn refuse(&self, refusal: &Refusal) -> Answer {
        match refusal {
            Refusal::TooLarge => errors::error(413, "The request is too large"),
            Refusal::Unreadable => errors::error(400, "The request could not be read"),
            // Keys are unknown to this wire; an order is decided once.
            Refusal::KeyInFlight { .. } | Refusal::KeyReused { .. } => errors::error(409, "The order is being decided"),
            Refusal::Broken => errors::error(500, "Internal server error"),
            Refusal::Fault { status } => errors::error(*status, "The service is temporarily unavailable"),
            Refusal::TooManyRequests => errors::error(429, "Too many requests"),
        }
    }

    fn headers(&self, _request_id: &str, _key: Option<&str>) -> Headers {
        Vec::new()
    }
}
