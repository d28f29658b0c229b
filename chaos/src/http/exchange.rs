//! A request and its answer, what the rules have in mind for them, and the proof that an answer was delivered.

use std::sync::Arc;

use http::StatusCode;
use model::fault::Ending;

use super::message::{Afterwards, Framing};
use super::script::Hold;
use crate::rules::Rule;

/// What of a request's method an answer's framing depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    Head,
    Connect,
    Other,
}

impl Asked {
    pub(crate) fn of(method: &str) -> Self {
        match method {
            "HEAD" => Self::Head,
            "CONNECT" => Self::Connect,
            _ => Self::Other,
        }
    }
}

/// An exchange whose answer has not ended yet.
#[derive(Debug)]
pub(crate) struct Exchange {
    pub asked: Asked,
    pub afterwards: Afterwards,
    pub course: Course,
}

/// Who answers.
#[derive(Debug)]
pub(crate) enum Course {
    /// The upstream, and no rule is concerned.
    Plain,
    /// The upstream, and rules are.
    Governed(Box<Governed>),
    /// We do, in the upstream's stead, after these holds.
    Ours { holds: Vec<Hold>, ours: Ours },
}

/// What rules have in mind for an exchange that reaches the upstream.
#[derive(Debug)]
pub(crate) struct Governed {
    /// Those whose effect it is under.
    pub rules: Vec<Arc<Rule>>,
    pub answer_holds: Vec<Hold>,
    pub answer: AnswerFate,
}

/// What becomes of an answer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum AnswerFate {
    Pass,
    Drop(Ending),
    Truncate {
        bytes: u64,
    },
    Replace(Canned),
    /// Where in the data the changed byte stands, in [0, 1).
    Corrupt {
        position: f64,
    },
}

/// What we do instead of passing a request on.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Ours {
    /// Its body is still to come.
    Unready(Canned),
    Answer(Canned),
    End(Ending),
}

/// An answer of our own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Canned {
    pub status: u16,
    pub body: String,
}

impl Canned {
    /// The bytes on the wire.
    pub(crate) fn bytes(&self, asked: Asked, afterwards: Afterwards) -> Vec<u8> {
        let reason = StatusCode::from_u16(self.status).ok().and_then(|status| status.canonical_reason()).unwrap_or("");
        let mut bytes = format!("HTTP/1.1 {} {reason}\r\n", self.status).into_bytes();
        if afterwards == Afterwards::Close {
            bytes.extend_from_slice(b"connection: close\r\n");
        }
        let has_body = !matches!(self.status, 204 | 304);
        if has_body {
            let kind = if self.body.starts_with(['{', '[']) { "application/json" } else { "text/plain; charset=utf-8" };
            let length = self.body.len();
            bytes.extend_from_slice(format!("content-type: {kind}\r\ncontent-length: {length}\r\n").as_bytes());
        }
        bytes.extend_from_slice(b"\r\n");
        if has_body && asked != Asked::Head {
            bytes.extend_from_slice(self.body.as_bytes());
        }
        bytes
    }
}

/// How the body of an answer ends in truth (RFC 9112, section 6.3).
pub(crate) const fn framing_of_answer(asked: Asked, status: u16, framing: Framing) -> Framing {
    match (asked, status) {
        (Asked::Head, _) | (_, 204 | 304) => Framing::Length(0),
        _ => framing,
    }
}

/// An answer that the upstream gave. Unless it is delivered, dropping it counts a hazard: done, and nobody knows.
#[derive(Debug)]
pub(crate) struct Receipt {
    rules: Vec<Arc<Rule>>,
}

impl Receipt {
    pub(crate) const fn new(rules: Vec<Arc<Rule>>) -> Self {
        Self { rules }
    }

    /// The client has it.
    pub(crate) fn delivered(mut self) {
        self.rules.clear();
    }
}

impl Drop for Receipt {
    fn drop(&mut self) {
        for rule in &self.rules {
            rule.tally.hazardous.add(1);
        }
    }
}
