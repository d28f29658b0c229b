//! One request from its intended start to its reading: timed, read, and written down however it ends.

use super::Shopper;
use super::answer::Answer;
use super::exchange::NoAnswer;
use super::reading::{Read, read};
use crate::engine::net::Stopwatch;
use crate::engine::script::Call;
use books::rows::{Attempt, AttemptKind};
use model::outcome::Reading;
use serde_json::Value;
use std::time::Duration;

/// What is asked, and why.
#[derive(Clone, Copy)]
pub struct Ask<'a> {
    /// What is asked.
    pub call: &'a Call,
    /// What it is for.
    pub kind: AttemptKind,
    /// The `Idempotency-Key`.
    pub key: Option<&'a str>,
    /// When it was meant to be sent.
    pub intended_us: u64,
    /// Slots of the order number and the total, for a purchase.
    pub order: Option<usize>,
    /// As above.
    pub total: Option<usize>,
}

/// What came of it.
#[derive(Clone, Copy, Debug)]
pub struct Told {
    /// How the answer was read.
    pub reading: Reading,
    /// Last byte read, or the end of the wait.
    pub done_us: u64,
    /// How long the server asks to wait.
    pub retry_after: Option<Duration>,
}

/// A request under way. Dropped before its end, it is written down as unanswered with its age.
struct Trial<'a> {
    shopper: &'a Shopper,
    ask: Ask<'a>,
    card: &'static str,
    watch: Stopwatch,
    open: bool,
}

impl Shopper {
    /// Asks, and takes in what is told.
    pub(super) async fn ask(&self, ask: Ask<'_>) -> Told {
        let mut trial =
            Trial { shopper: self, ask, card: self.memory.card.get().name(), watch: Stopwatch::default(), open: true };
        let answer = self.exchange(ask.call, ask.key, &trial.watch).await;
        match answer {
            Ok(answer) => {
                let done_us = self.station.clock.us(answer.done);
                let read = self.read(ask.call, &answer);
                let reading = read.reading;
                trial.close(done_us, Some(&answer), &read);
                self.memory.learn(read.learnt);
                Told { reading, done_us, retry_after: retry_after(&answer) }
            }
            Err(no_answer) => {
                let done_us = self.station.clock.now_us();
                let reading = no_answer.reading();
                trial.close(done_us, None, &unread(reading, &no_answer));
                Told { reading, done_us, retry_after: None }
            }
        }
    }

    fn read(&self, call: &Call, answer: &Answer) -> Read {
        read(call, answer, &self.memory, &self.jar.borrow(), self.seed.fork_nth(self.step.get() as u64))
    }
}

impl Trial<'_> {
    fn close(&mut self, done_us: u64, answer: Option<&Answer>, read: &Read) {
        self.open = false;
        let shopper = self.shopper;
        let sent_us = self.watch.sent.get().map(|sent| shopper.station.clock.us(sent));
        shopper.begun_us.set(shopper.begun_us.get().or(sent_us));
        let response_us = done_us.saturating_sub(self.ask.intended_us);
        let mut ledger = shopper.station.ledger.borrow_mut();
        ledger.timed(self.ask.call.row, read.reading, self.ask.intended_us, response_us);
        let shows = answer.and_then(|answer| answer.strangers_mail(&shopper.own_mail()));
        let to_keep = self.ask.kind != AttemptKind::Other || shows.is_some();
        let row = || Attempt { shows, ..self.row(sent_us, done_us, answer, read) };
        if to_keep {
            ledger.attempted(row());
        } else {
            ledger.requested(read.reading, done_us, response_us, row);
        }
    }

    fn row(&self, sent_us: Option<u64>, done_us: u64, answer: Option<&Answer>, read: &Read) -> Attempt {
        let learnt = |wanted: Option<usize>| {
            let found = read.learnt.iter().find(|(slot, _)| Some(*slot) == wanted);
            found.map(|(_, value)| value)
        };
        let asked_back = self.ask.call.refund.as_ref();
        let memory = &self.shopper.memory;
        Attempt {
            arrival: self.shopper.arrival,
            // Money is asked back for what was bought before.
            intent: asked_back.is_none().then(|| memory.intent.borrow().clone()),
            step: self.shopper.step_name().to_owned(),
            kind: self.ask.kind,
            key: self.ask.key.map(str::to_owned),
            intended_us: self.ask.intended_us,
            sent_us,
            done_us,
            status: answer.map(|answer| answer.status.as_u16()),
            reading: read.reading,
            order_number: learnt(self.ask.order)
                .and_then(text)
                .or_else(|| asked_back.and_then(|wish| Some(wish.order.render(memory).ok()?.into_owned()))),
            total_minor: learnt(self.ask.total)
                .and_then(minor)
                .or_else(|| asked_back.and_then(|wish| wish.amount.as_ref()?.render(memory).ok()?.trim().parse().ok())),
            card: carries_card(self.ask.kind).then(|| self.card.to_owned()),
            remark: read.remark.clone(),
            shows: None,
        }
    }
}

impl Drop for Trial<'_> {
    fn drop(&mut self) {
        if self.open {
            let now_us = self.shopper.station.clock.now_us();
            self.close(now_us, None, &unread(Reading::Unanswered, &NoAnswer::Cut));
        }
    }
}

fn unread(reading: Reading, why: &NoAnswer) -> Read {
    Read { reading, learnt: Vec::new(), remark: Some(why.to_string()) }
}

/// Whether the request names a card.
const fn carries_card(kind: AttemptKind) -> bool {
    match kind {
        AttemptKind::Submit | AttemptKind::SecondCard | AttemptKind::Confirm => true,
        AttemptKind::Authenticate
        | AttemptKind::Return
        | AttemptKind::Edit
        | AttemptKind::Look
        | AttemptKind::Settle
        | AttemptKind::Cancel
        | AttemptKind::Refund
        | AttemptKind::Other => false,
    }
}

/// The seconds of a `Retry-After`; a date is not waited for.
fn retry_after(answer: &Answer) -> Option<Duration> {
    answer.header("retry-after")?.parse().ok().map(Duration::from_secs)
}

/// A captured value as text.
pub fn text(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

/// A captured value as an amount in minor units.
pub fn minor(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.trim().parse().ok())
}
