//! The statement: what the providers say happened, one row for each thing that did.

use std::borrow::Cow;

use bytes::Bytes;
use serde::Serialize;
use serde_json::Value;

use model::card::Card;
use model::fault::Provider;

/// What a row is about; the word is the `op` of the statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Op {
    Create,
    Challenge,
    Authorise,
    Capture,
    Void,
    Expire,
    Cancel,
    Refund,
    RefundFailed,
    Dispute,
    Replay,
    KeyReused,
    Quote,
    Document,
    Commit,
    Adjust,
    Decision,
    Rate,
    Label,
    Dispatch,
    Redelivery,
    Webhook,
    Fault,
    RefusedByFault,
}

/// The name of a shopper's card by its last digits; none for a card that shoppers do not have.
pub(crate) fn card_name(last4: &str) -> Option<&'static str> {
    Card::ALL.into_iter().find(|card| card.number().ends_with(last4)).map(Card::name)
}

/// What became of the answer of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AnswerFate {
    /// It left as it was meant.
    Sent,
    /// It was destroyed after the operation had been committed.
    Lost,
    /// Something else was sent in its stead.
    Altered,
}

/// The part of a row that differs between the rows of one operation.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) op: Op,
    pub(crate) object: Option<String>,
    pub(crate) parent: Option<String>,
    pub(crate) state: Option<&'static str>,
    pub(crate) amount_minor: Option<i64>,
    pub(crate) currency: Option<String>,
    pub(crate) detail: Option<Value>,
}

impl Row {
    pub(crate) const fn new(op: Op) -> Self {
        Self { op, object: None, parent: None, state: None, amount_minor: None, currency: None, detail: None }
    }

    pub(crate) fn object(mut self, id: impl Into<String>) -> Self {
        self.object = Some(id.into());
        self
    }

    pub(crate) fn parent(mut self, id: impl Into<String>) -> Self {
        self.parent = Some(id.into());
        self
    }

    pub(crate) const fn state(mut self, state: &'static str) -> Self {
        self.state = Some(state);
        self
    }

    pub(crate) fn money(mut self, amount_minor: i64, currency: &str) -> Self {
        self.amount_minor = Some(amount_minor);
        self.currency = Some(currency.to_owned());
        self
    }

    pub(crate) fn detail(mut self, detail: Value) -> Self {
        self.detail = Some(detail);
        self
    }
}

/// The part that the rows of one operation share.
#[derive(Clone, Debug)]
pub(crate) struct Stamp {
    pub(crate) at_us: i64,
    pub(crate) run: Option<String>,
    pub(crate) provider: Provider,
    pub(crate) key: Option<String>,
    pub(crate) replayed: bool,
    pub(crate) http_status: Option<u16>,
    pub(crate) intent: Option<String>,
    pub(crate) order: Option<String>,
    pub(crate) email: Option<String>,
    pub(crate) fault: Option<String>,
    pub(crate) effect: Option<Cow<'static, str>>,
    pub(crate) answer: Option<AnswerFate>,
}

impl Stamp {
    /// A stamp for something that no request caused.
    pub(crate) const fn bare(at_us: i64, run: Option<String>, provider: Provider) -> Self {
        Self {
            at_us,
            run,
            provider,
            key: None,
            replayed: false,
            http_status: None,
            intent: None,
            order: None,
            email: None,
            fault: None,
            effect: None,
            answer: None,
        }
    }
}

/// A row as it is written: field order and names are the public format.
#[derive(Serialize)]
struct Line<'a> {
    seq: i64,
    at_us: i64,
    run: Option<&'a str>,
    provider: &'static str,
    op: Op,
    object: Option<&'a str>,
    parent: Option<&'a str>,
    state: Option<&'a str>,
    amount_minor: Option<i64>,
    currency: Option<&'a str>,
    key: Option<&'a str>,
    replayed: bool,
    http_status: Option<u16>,
    intent: Option<&'a str>,
    order: Option<&'a str>,
    email: Option<&'a str>,
    fault: Option<&'a str>,
    effect: Option<&'a str>,
    answer: Option<AnswerFate>,
    detail: Option<&'a Value>,
}

/// The rows of one operation as lines of JSON, numbered from `first_seq`.
pub(crate) fn render(first_seq: i64, stamp: &Stamp, rows: &[Row]) -> Bytes {
    crate::sheet::lines(rows.iter().enumerate().map(|(offset, row)| Line {
        seq: first_seq + offset as i64,
        at_us: stamp.at_us,
        run: stamp.run.as_deref(),
        provider: stamp.provider.name(),
        op: row.op,
        object: row.object.as_deref(),
        parent: row.parent.as_deref(),
        state: row.state,
        amount_minor: row.amount_minor,
        currency: row.currency.as_deref(),
        key: stamp.key.as_deref(),
        replayed: stamp.replayed,
        http_status: stamp.http_status,
        intent: stamp.intent.as_deref(),
        order: stamp.order.as_deref(),
        email: stamp.email.as_deref(),
        fault: stamp.fault.as_deref(),
        effect: stamp.effect.as_deref(),
        answer: stamp.answer,
        detail: row.detail.as_ref(),
    }))
}
