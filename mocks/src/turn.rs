//! One operation while it is decided: what it reads, and all that it will write.

use std::sync::Arc;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use model::fault::Provider;

use crate::accounts::{Accounts, Caller};
use crate::books::Books;
use crate::idempotency::Key;
use crate::payment::Chore;
use crate::rules::Rules;
use crate::sheet::json;
use crate::shelf::Progress;
use crate::statement::Row;
use crate::store::Write;
use crate::webhooks::{self, Outgoing};

/// What is known of a request before it is decided.
#[derive(Clone, Debug)]
pub(crate) struct Context {
    pub(crate) provider: Provider,
    pub(crate) caller: Caller,
    pub(crate) key: Option<Key>,
    /// The mark of the shopper's intent, where the shop carries it on.
    pub(crate) intent: Option<String>,
    pub(crate) request_id: String,
    pub(crate) at_us: i64,
    /// What the vendors' clock says, in unix microseconds: ages of keys, authorisations and objects count by it.
    pub(crate) clock_us: i64,
}

impl Context {
    /// The context of what a provider does by itself, such as settling a payment later.
    pub(crate) fn of_itself(
        ledger: &crate::ledger::Ledger,
        provider: Provider,
        account: i64,
        intent: Option<String>,
    ) -> Self {
        let run = ledger.accounts.read().lease(account).map(|lease| lease.run.clone());
        let at_us = crate::ledger::now_us();
        Self {
            provider,
            caller: Caller { account, run, is_browser: false },
            key: None,
            intent,
            request_id: String::new(),
            at_us,
            clock_us: ledger.clock_us(at_us),
        }
    }
}

/// Order, e-mail and the like that an operation is about.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Labels {
    pub(crate) order: Option<String>,
    pub(crate) email: Option<String>,
    /// What stands as the key where the wire has no idempotency key, such as a message's name.
    #[serde(skip)]
    pub(crate) key: Option<String>,
}

/// An event as the provider tells it.
pub(crate) struct Happened<'a, T> {
    /// Type of the event, such as `charge.succeeded`.
    pub(crate) kind: &'static str,
    /// Snapshot of the object.
    pub(crate) object: &'a T,
    /// The payment or charge that it is about.
    pub(crate) parent: &'a str,
    pub(crate) brand: Option<&'a str>,
    pub(crate) amount_minor: i64,
    /// The intent that the payment was made under.
    pub(crate) intent: Option<&'a str>,
    /// The payment's number: webhooks of one payment without an order are kept together by it.
    pub(crate) payment: i64,
}

/// One operation while it is decided, under the books' lock.
pub(crate) struct Turn<'a> {
    pub(crate) books: &'a mut Books,
    pub(crate) accounts: &'a parking_lot::RwLock<Accounts>,
    pub(crate) rules: &'a Rules,
    pub(crate) context: &'a Context,
    pub(crate) progress: Progress,
    pub(crate) writes: Vec<Write>,
    pub(crate) rows: Vec<Row>,
    pub(crate) labels: Labels,
    /// The shopper's intent that the object was made under, where the request itself carries none.
    pub(crate) mark: Option<String>,
    pub(crate) outgoing: Vec<Outgoing>,
    /// Timers that the operation set: payment and when, in unix microseconds.
    pub(crate) timers: Vec<(i64, i64)>,
    /// Chores that the operation left for later.
    pub(crate) chores: Vec<Chore>,
}

impl Turn<'_> {
    /// Unix seconds, as Stripe's objects carry them.
    pub(crate) const fn now_s(&self) -> i64 {
        self.context.clock_us / 1_000_000
    }

    pub(crate) fn row(&mut self, row: Row) {
        self.rows.push(row);
    }

    /// Stores an event and queues its webhooks; returns its text.
    pub(crate) fn happened<T: Serialize>(&mut self, event: &Happened<'_, T>) -> Bytes {
        let n = self.books.events.take();
        let id = self.books.identity.make("evt", n);
        let accounts = self.accounts.read();
        let wanted: Vec<_> = accounts
            .endpoints(self.context.caller.account)
            .iter()
            .filter(|endpoint| endpoint.wants(event.kind))
            .map(Arc::clone)
            .collect();
        drop(accounts);
        let payload = json(&webhooks::EventView {
            id: &id,
            object: "event",
            api_version: webhooks::API_VERSION,
            created: self.now_s(),
            data: webhooks::EventObject { object: event.object },
            livemode: false,
            pending_webhooks: wanted.len(),
            request: webhooks::EventCause {
                id: Some(self.context.request_id.as_str()).filter(|id| !id.is_empty()),
                idempotency_key: self.context.key.as_ref().map(|key| key.text.as_str()),
            },
            kind: event.kind,
        });
        let (kind, account) = (event.kind, self.context.caller.account);
        self.writes.push(Write::Event { n, account, kind, body: payload.clone() });
        for endpoint in wanted {
            webhooks::queue(self, event, n, &id, &endpoint, &payload);
        }
        payload
    }

    /// Queues a notification for each endpoint that wants it, where the text is signed by the endpoint's own secret: `render`
    /// makes it from that secret.
    pub(crate) fn notified(&mut self, event: &Happened<'_, ()>, id: &str, render: impl Fn(&str) -> Bytes) {
        let account = self.context.caller.account;
        let accounts = self.accounts.read();
        let endpoints = accounts.endpoints(account).iter();
        let wanted: Vec<_> = endpoints.filter(|endpoint| endpoint.wants(event.kind)).map(Arc::clone).collect();
        drop(accounts);
        for endpoint in wanted {
            let n = self.books.events.take();
            let payload = render(&endpoint.secret);
            self.writes.push(Write::Event { n, account, kind: event.kind, body: payload.clone() });
            webhooks::queue(self, event, n, id, &endpoint, &payload);
        }
    }
}
