//! Entry points for fuzzers and for tests over arbitrary bytes: whatever is asked, each provider answers in its own words and
//! nothing panics.

use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};
use serde_json::Value;
use tokio::runtime::{Builder, Runtime};

use crate::adyen::Adyen;
use crate::config::Config;
use crate::decision::Outcome;
use crate::error::Error;
use crate::fraud::Fraud;
use crate::http::Call;
use crate::ledger::{Ledger, now_us};
use crate::payment::{Form, Payment};
use crate::rules::Plan;
use crate::serve::open;
use crate::shipping::Shipping;
use crate::store::Store;
use crate::tax::{Rates, Tax};
use crate::turn::Context;
use crate::warehouse::Warehouse;
use crate::wire::Wire;

/// Requests in one input at most.
const CALLS_MAX: usize = 8;

/// Lets a caller in where the input names no credentials of its own.
const CREDENTIALS: [(&str, &str); 5] = [
    ("authorization", "Basic c2tfdGVzdF9hOg=="),
    ("x-api-key", "AQEsimulated"),
    ("x-riskified-shop-domain", "shop.example.com"),
    ("x-riskified-hmac-sha256", "00"),
    ("host", "provider"),
];

/// All providers on a store of their own, without sockets.
pub struct Providers {
    // First, so that what it drives ends before the store is closed.
    runtime: Runtime,
    ledger: Arc<Ledger>,
    payment: Payment,
    backup_payment: Adyen,
    tax: Tax,
    fraud: Fraud,
    shipping: Shipping,
    _store: Store,
}

impl Providers {
    /// Opens a store in a directory.
    ///
    /// # Panics
    /// Where the system gives no thread.
    pub fn open(directory: &Path) -> Result<Self, Error> {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a thread");
        let config = Config::new(directory.join("providers.db"));
        let (store, ledger) = {
            let _inside = runtime.enter();
            open(&config)?
        };
        let public_url = "http://127.0.0.1:1".to_owned();
        let (processing_ms, challenge_ms) = (config.processing_ms, config.challenge_ms);
        Ok(Self {
            runtime,
            ledger,
            payment: Payment { processing_ms, challenge_ms, public_url: public_url.clone() },
            backup_payment: Adyen { processing_ms, challenge_ms, public_url },
            tax: Tax {
                company: config.company,
                rates: Rates::new(&config.tax_rates, config.tax_default_basis_points, Vec::new()),
            },
            fraud: Fraud { config: config.fraud_rules },
            shipping: Shipping::new(),
            _store: store,
        })
    }

    /// Asks the first payment provider.
    pub fn payment(&self, bytes: &[u8]) -> Vec<u16> {
        self.converse(&self.payment, bytes)
    }

    /// Asks the second payment provider.
    pub fn backup_payment(&self, bytes: &[u8]) -> Vec<u16> {
        self.converse(&self.backup_payment, bytes)
    }

    /// Asks the tax provider.
    pub fn tax(&self, bytes: &[u8]) -> Vec<u16> {
        self.converse(&self.tax, bytes)
    }

    /// Asks the fraud provider.
    pub fn fraud(&self, bytes: &[u8]) -> Vec<u16> {
        self.converse(&self.fraud, bytes)
    }

    /// Asks the shipping provider.
    pub fn shipping(&self, bytes: &[u8]) -> Vec<u16> {
        self.converse(&self.shipping, bytes)
    }

    /// Asks the warehouse.
    pub fn warehouse(&self, bytes: &[u8]) -> Vec<u16> {
        self.converse(&Warehouse, bytes)
    }

    /// Reads the bytes as requests, a line of `---` between two, and says with which statuses they were answered. `{id}` stands
    /// for the name of what the last answer made.
    fn converse<W: Wire>(&self, wire: &W, bytes: &[u8]) -> Vec<u16> {
        let mut id = String::from("none");
        let mut statuses = Vec::new();
        for text in String::from_utf8_lossy(bytes).split("\n---\n").take(CALLS_MAX) {
            let Some(call) = read(&text.replace("{id}", &id)) else { continue };
            let (status, body) = self.ask(wire, &call);
            assert!((200..500).contains(&status), "{} {}?{} was answered {status}", call.method, call.path, call.query);
            statuses.push(status);
            let named = serde_json::from_slice::<Value>(&body).unwrap_or_default();
            let made = ["id", "pspReference", "code"].iter().find_map(|name| named[*name].as_str());
            if let Some(made) = made {
                made.clone_into(&mut id);
            }
        }
        statuses
    }

    fn ask<W: Wire>(&self, wire: &W, call: &Call) -> (u16, Bytes) {
        let _inside = self.runtime.enter();
        if let Some(answer) = wire.greet(call) {
            return (answer.status, answer.body);
        }
        let at_us = now_us();
        wire.echo(call);
        let caller = wire.identify(call, &self.ledger.accounts.read(), at_us);
        let caller = match caller {
            Ok(caller) => caller,
            Err(answer) => return (answer.status, answer.body),
        };
        let understood = match wire.understand(call, &caller, &self.ledger.books) {
            Ok(understood) => understood,
            Err(answer) => return (answer.status, answer.body),
        };
        wire.traits(&understood.operation, &mut self.ledger.books.lock());
        wire.headers("req_1", understood.key.as_ref().map(|key| key.text.as_str()));
        if understood.reads_store {
            assert!(self.runtime.block_on(self.ledger.settled()).is_ok(), "the store is whole");
        }
        let context = Context {
            provider: W::PROVIDER,
            caller,
            key: understood.key,
            intent: call.intent().map(str::to_owned),
            request_id: "req_1".into(),
            at_us,
            clock_us: self.ledger.clock_us(at_us),
        };
        let mut operation = Some(understood.operation);
        let decided = self.ledger.operate(&context, understood.labels, &Plan::default(), |turn| {
            wire.execute(operation.take().expect("nothing is executed twice without a rule"), turn)
        });
        match decided.outcome {
            Outcome::Executed(answer) => (answer.status, answer.body),
            Outcome::Replayed(stored) => (stored.status, Bytes::new()),
            Outcome::KeyInFlight | Outcome::KeyReused { .. } => (409, Bytes::new()),
            Outcome::Broken => panic!("the store could not be read"),
        }
    }
}

/// A request as text: `METHOD /path?query`, a header on each line, an empty line, the body.
fn read(text: &str) -> Option<Call> {
    let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
    let mut lines = head.lines();
    let (method, target) = lines.next()?.split_once(' ')?;
    let target: Uri = target.parse().ok()?;
    let mut headers = HeaderMap::new();
    for (name, value) in lines.filter_map(|line| line.split_once(": ")) {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            headers.append(name, value);
        }
    }
    for (name, value) in CREDENTIALS {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    Some(Call {
        method: Method::try_from(method).ok()?,
        path: target.path().to_owned(),
        query: target.query().unwrap_or_default().to_owned(),
        headers,
        body: Bytes::copy_from_slice(body.as_bytes()),
        peer: IpAddr::V4(Ipv4Addr::LOCALHOST),
    })
}

/// Forms: every look at what was read is answered.
pub fn form(bytes: &[u8]) {
    let form = Form::read(bytes);
    let _ = form.canonical();
    let names: Vec<Cow<'_, str>> = form.names().map(Cow::from).collect();
    for name in &names {
        let root = name.split('[').next().unwrap_or_default();
        for name in [name.as_ref(), root] {
            let _ = (form.get(name), form.text(name), form.has(name), form.has_any(name), form.list(name));
            let _ = (form.map(name), form.under(name), form.places(name), form.raw(name));
            let _ = (form.integer(name).is_ok(), form.boolean(name).is_ok());
        }
    }
}
