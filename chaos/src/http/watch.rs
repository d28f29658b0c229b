//! The exchanges of one connection: both directions of it, and the rules that may meet them.

use std::collections::VecDeque;
use std::sync::Arc;

use model::fault::Stream;

use super::answers::Answers;
use super::exchange::{Course, Exchange, Ours};
use super::requests::Requests;
use super::script::{Flow, Segment};
use crate::counters::Counters;
use crate::rules::Rule;
use crate::toxics::Then;

/// A beginning of a head that waits for the rest.
#[derive(Debug)]
pub(super) struct Held {
    pub bytes: Vec<u8>,
    /// Whether these bytes have gone on already.
    pub is_passed: bool,
}

impl Held {
    pub(super) const fn nothing() -> Self {
        Self { bytes: Vec::new(), is_passed: false }
    }
}

/// Watches one connection.
#[derive(Debug)]
pub(crate) struct Watch {
    pub(super) rules: Vec<Arc<Rule>>,
    pub(super) requests: Requests,
    pub(super) answers: Answers,
    /// Those whose answer has not ended, the oldest first.
    pub(super) exchanges: VecDeque<Exchange>,
    /// What goes on now to the upstream, and to the client, without having been read just now.
    pub(super) due_up: Vec<Segment>,
    pub(super) due_down: Vec<Segment>,
    counters: Arc<Counters>,
    client: Client,
    protocol: Protocol,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Client {
    Listens,
    /// It ended its side: a client of HTTP that does so has given up.
    Gone,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Protocol {
    Http,
    Foreign,
    /// Foreign, on a proxy with rules.
    ForeignCounted,
}

impl Watch {
    pub(crate) const fn new(counters: Arc<Counters>) -> Self {
        Self {
            rules: Vec::new(),
            requests: Requests::Head(Held::nothing()),
            answers: Answers::Head(Held::nothing()),
            exchanges: VecDeque::new(),
            due_up: Vec::new(),
            due_down: Vec::new(),
            counters,
            client: Client::Listens,
            protocol: Protocol::Http,
        }
    }

    /// Follows a change of rules; `nth` is the connection's number.
    pub(crate) fn follow(&mut self, rules: &[Arc<Rule>], nth: u64) {
        self.rules = rules.iter().filter(|rule| rule.since <= nth).cloned().collect();
        self.count_foreign();
    }

    /// Whether a rule of this number is in force here.
    pub(crate) fn has_rule(&self, number: u64) -> bool {
        self.rules.iter().any(|rule| rule.number == number)
    }

    /// Goes over bytes that were read.
    pub(crate) fn pass(&mut self, stream: Stream, bytes: &[u8]) -> Flow {
        match stream {
            Stream::Upstream => self.pass_requests(bytes),
            Stream::Downstream => self.pass_answers(bytes),
        }
    }

    /// Notes the end of a stream.
    pub(crate) fn end(&mut self, stream: Stream) -> Flow {
        match stream {
            Stream::Upstream => {
                self.client = Client::Gone;
                self.end_requests()
            }
            Stream::Downstream => self.end_answers(),
        }
    }

    /// Takes what goes on now in this direction without having been read just now.
    pub(crate) fn take_due(&mut self, stream: Stream) -> Vec<Segment> {
        std::mem::take(match stream {
            Stream::Upstream => &mut self.due_up,
            Stream::Downstream => &mut self.due_down,
        })
    }

    /// Whether something goes on now to the upstream.
    pub(crate) const fn has_due_up(&self) -> bool {
        !self.due_up.is_empty()
    }

    /// Whether an answer that is written now has somebody who waits for it.
    pub(crate) fn client_listens(&self) -> bool {
        self.client == Client::Listens
    }

    /// Lets our own answers go whose turn has come.
    pub(super) fn settle(&mut self) {
        while let Some(Exchange { course: Course::Ours { ours: Ours::Answer(_) | Ours::End(_), .. }, .. }) =
            self.exchanges.front()
        {
            let Some(Exchange { asked, afterwards, course: Course::Ours { ours, holds } }) = self.exchanges.pop_front()
            else {
                return;
            };
            let segment = match ours {
                Ours::Unready(_) => return,
                Ours::Answer(canned) => Segment::new(canned.bytes(asked, afterwards), afterwards.then()),
                Ours::End(ending) => Segment::new(Vec::new(), Then::Close(ending)),
            };
            self.due_down.push(Segment { holds, ..segment });
        }
    }

    /// Gives up: from here on everything passes untouched.
    pub(super) fn let_through(&mut self) {
        if let Some(held) = std::mem::replace(&mut self.requests, Requests::Through).held_back() {
            self.due_up.push(Segment::new(held, Then::More));
        }
        if let Some(held) = std::mem::replace(&mut self.answers, Answers::Through).held_back() {
            self.due_down.push(Segment::new(held, Then::More));
        }
        self.exchanges.clear();
    }

    /// As [`Watch::let_through`], because it is no HTTP/1.
    pub(super) fn give_up(&mut self) {
        self.let_through();
        if self.protocol == Protocol::Http {
            self.protocol = Protocol::Foreign;
        }
        self.count_foreign();
    }

    fn count_foreign(&mut self) {
        if self.protocol == Protocol::Foreign && !self.rules.is_empty() {
            self.protocol = Protocol::ForeignCounted;
            self.counters.connections_foreign.add(1);
        }
    }
}
