//! The way of the answers: each is matched with its request, and passed on, withheld or spoilt.

use model::fault::Ending;

use super::body::{Bite, Body};
use super::exchange::{AnswerFate, Asked, Canned, Course, Governed, Receipt, framing_of_answer};
use super::message::{self, Afterwards, Answer, Read};
use super::requests::{Requests, Way};
use super::script::{Flow, Hold, Script};
use super::watch::{Held, Watch};
use crate::toxics::Then;

/// Where among the answers the next byte stands.
#[derive(Debug)]
pub(super) enum Answers {
    Head(Held),
    Body {
        body: Body,
        work: Work,
    },
    /// Everything goes on.
    Through,
    /// Nothing does.
    Void,
}

/// What becomes of the answer under way.
#[derive(Debug)]
pub(super) enum Work {
    Pass,
    /// It goes on, and it matters whether it arrives.
    Deliver(Receipt),
    Replace {
        canned: Canned,
        holds: Vec<Hold>,
        receipt: Receipt,
    },
    Truncate {
        left: u64,
        receipt: Receipt,
    },
    Corrupt {
        position: f64,
        receipt: Receipt,
    },
    /// The byte so far ahead is changed.
    CorruptAt {
        ahead: u64,
        receipt: Receipt,
    },
}

/// The head of an answer. The first bytes of it came earlier, and of these some have not gone on.
#[derive(Clone, Copy)]
struct Head<'b> {
    bytes: &'b [u8],
    before: usize,
    unsaid: usize,
}

impl Head<'_> {
    fn pass(&self, script: &mut Script<'_>) {
        if self.unsaid > 0 {
            script.insert(&self.bytes[..self.unsaid]);
        }
        script.pass(self.bytes.len() - self.before);
    }
}

impl Answers {
    /// Bytes that have not gone on.
    pub(super) fn held_back(self) -> Option<Vec<u8>> {
        match self {
            Self::Head(Held { bytes, is_passed: false }) if !bytes.is_empty() => Some(bytes),
            Self::Head(_) | Self::Body { .. } | Self::Through | Self::Void => None,
        }
    }
}

impl Watch {
    pub(super) fn pass_answers(&mut self, bytes: &[u8]) -> Flow {
        let mut script = Script::new(bytes);
        while !script.rest().is_empty() {
            let rest = script.rest().len();
            match std::mem::replace(&mut self.answers, Answers::Through) {
                Answers::Head(held) => self.pass_answer_head(held, &mut script),
                Answers::Body { body, work } => self.pass_answer_body(body, work, &mut script),
                Answers::Through => script.pass(rest),
                Answers::Void => {
                    script.skip(rest);
                    self.answers = Answers::Void;
                }
            }
        }
        script.finish()
    }

    /// The upstream sends no more.
    pub(super) fn end_answers(&mut self) -> Flow {
        let mut script = Script::new(&[]);
        match std::mem::replace(&mut self.answers, Answers::Through) {
            Answers::Body { body: Body::UntilEnd, work } => {
                self.end_answer(work, &mut script);
                script.end(Then::End);
            }
            Answers::Body { .. } | Answers::Through => {}
            Answers::Void => {
                self.answers = Answers::Void;
                // The connection ends as the rule says, and not otherwise.
                script.skip(0);
            }
            held @ Answers::Head(_) => {
                if let Some(bytes) = held.held_back() {
                    script.insert(&bytes);
                    script.end(Then::End);
                }
            }
        }
        script.finish()
    }

    fn pass_answer_head(&mut self, mut held: Held, script: &mut Script<'_>) {
        let rest = script.rest();
        let before = held.bytes.len();
        let joined = if before == 0 {
            None
        } else {
            let mut joined = std::mem::take(&mut held.bytes);
            joined.extend_from_slice(rest);
            Some(joined)
        };
        let bytes = joined.as_deref().unwrap_or(rest);
        let may_end = before == 0 || rest.contains(&b'\n') || bytes.len() > message::HEAD_BYTES_MAX;
        let read = if may_end { message::answer(bytes) } else { Read::Partial };
        let asked = self.exchanges.front().filter(|exchange| !matches!(exchange.course, Course::Ours { .. }));
        let asked = asked.map(|exchange| exchange.asked);
        match (read, asked) {
            (Read::Whole(answer, length), Some(asked)) => {
                let unsaid = if held.is_passed { 0 } else { before };
                self.take_answer(answer, asked, Head { bytes: &bytes[..length], before, unsaid }, script);
            }
            (Read::Partial, Some(_)) => self.hold_answer(bytes.to_vec(), rest.len(), &held, script),
            // An answer that nobody asked for, as a server gives before it closes an idle connection.
            (Read::Foreign, _) | (_, None) => {
                if before > 0 && !held.is_passed {
                    script.insert(&bytes[..before]);
                }
                script.pass(rest.len());
                self.give_up();
            }
        }
    }

    fn hold_answer(&mut self, joined: Vec<u8>, fresh: usize, held: &Held, script: &mut Script<'_>) {
        let is_governed = self.exchanges.front().is_some_and(|exchange| matches!(exchange.course, Course::Governed(_)));
        let is_passed = held.is_passed || !is_governed;
        if is_passed {
            script.pass(fresh);
        } else {
            script.skip(fresh);
        }
        self.answers = Answers::Head(Held { bytes: joined, is_passed });
    }

    fn take_answer(&mut self, answer: Answer, asked: Asked, head: Head<'_>, script: &mut Script<'_>) {
        let is_tunnel = answer.status == 101 || (asked == Asked::Connect && (200..300).contains(&answer.status));
        if is_tunnel {
            head.pass(script);
            self.let_through();
            return;
        }
        if answer.status < 200 {
            head.pass(script);
            self.answers = Answers::Head(Held::nothing());
            return;
        }
        let body = Body::new(framing_of_answer(asked, answer.status, answer.framing));
        let front = self.exchanges.front_mut().expect("it has just been asked what it is");
        match std::mem::replace(&mut front.course, Course::Plain) {
            Course::Plain | Course::Ours { .. } => {
                head.pass(script);
                self.go_on_with_answer(body, Work::Pass, script);
            }
            Course::Governed(governed) => {
                script.skip(head.bytes.len() - head.before);
                self.govern(*governed, body, head.bytes, script);
            }
        }
    }

    fn govern(&mut self, governed: Governed, body: Body, head: &[u8], script: &mut Script<'_>) {
        let Governed { rules, answer_holds, answer } = governed;
        let receipt = Receipt::new(rules);
        if let AnswerFate::Replace(canned) = answer {
            let work = Work::Replace { canned, holds: answer_holds, receipt };
            self.go_on_with_answer(body, work, script);
            return;
        }
        script.hold(answer_holds);
        if let AnswerFate::Drop(ending) = answer {
            self.end_connection(ending, script);
            return;
        }
        script.insert(head);
        let work = match answer {
            AnswerFate::Truncate { bytes } => Work::Truncate { left: bytes, receipt },
            AnswerFate::Corrupt { position } => Work::Corrupt { position, receipt },
            AnswerFate::Pass | AnswerFate::Drop(_) | AnswerFate::Replace(_) => Work::Deliver(receipt),
        };
        self.go_on_with_answer(body, work, script);
    }

    fn go_on_with_answer(&mut self, body: Body, work: Work, script: &mut Script<'_>) {
        if body.is_done() {
            self.end_answer(work, script);
        } else if matches!(work, Work::Truncate { left: 0, .. }) {
            self.end_connection(Ending::Fin, script);
        } else {
            self.answers = Answers::Body { body, work };
        }
    }

    fn pass_answer_body(&mut self, mut body: Body, work: Work, script: &mut Script<'_>) {
        let rest = script.rest();
        let data_left = body.known_data();
        let (taken, is_data) = match body.bite(rest) {
            Bite::Data(count) => (count, true),
            Bite::Frame(count) => (count, false),
            Bite::Foreign => {
                script.pass(rest.len());
                self.give_up();
                return;
            }
        };
        let bytes = &rest[..taken];
        let work = match work {
            Work::Truncate { left, receipt } if is_data => {
                let passed = usize::try_from(left).unwrap_or(usize::MAX).min(taken);
                script.pass(passed);
                script.skip(taken - passed);
                if passed < taken {
                    self.end_connection(Ending::Fin, script);
                    return;
                }
                Work::Truncate { left: left - passed as u64, receipt }
            }
            Work::Corrupt { position, receipt } if is_data => {
                let ahead = (data_left.unwrap_or(taken as u64) as f64 * position) as u64;
                corrupt(ahead, bytes, receipt, script)
            }
            Work::CorruptAt { ahead, receipt } if is_data => corrupt(ahead, bytes, receipt, script),
            Work::Replace { .. } => {
                script.skip(taken);
                work
            }
            Work::Pass | Work::Deliver(_) | Work::Truncate { .. } | Work::Corrupt { .. } | Work::CorruptAt { .. } => {
                script.pass(taken);
                work
            }
        };
        self.go_on_with_answer(body, work, script);
    }

    fn end_answer(&mut self, work: Work, script: &mut Script<'_>) {
        self.answers = Answers::Head(Held::nothing());
        let exchange = self.exchanges.pop_front();
        match work {
            Work::Pass => {}
            Work::Deliver(receipt) | Work::Corrupt { receipt, .. } | Work::CorruptAt { receipt, .. } => {
                script.sign(receipt);
            }
            Work::Truncate { receipt, .. } => {
                script.sign(receipt);
                self.end_connection(Ending::Fin, script);
                return;
            }
            Work::Replace { canned, holds, receipt } => {
                drop(receipt);
                let (asked, afterwards) = exchange
                    .map_or((Asked::Other, Afterwards::KeepAlive), |exchange| (exchange.asked, exchange.afterwards));
                script.hold(holds);
                script.insert(&canned.bytes(asked, afterwards));
            }
        }
        if self.exchanges.is_empty() && matches!(self.requests, Requests::Body { way: Way::PassExpected, .. }) {
            // Answered without having asked for the body: what the client sends next may be that, or a request.
            self.give_up();
        }
        self.settle();
        for segment in std::mem::take(&mut self.due_down) {
            script.push(segment);
        }
    }

    /// Ends the connection after what was said; nothing goes on any more, either way.
    fn end_connection(&mut self, ending: Ending, script: &mut Script<'_>) {
        script.end(Then::Close(ending));
        self.requests = Requests::Void;
        self.answers = Answers::Void;
        self.exchanges.clear();
    }
}

/// Changes one byte, if it is among these.
fn corrupt(ahead: u64, bytes: &[u8], receipt: Receipt, script: &mut Script<'_>) -> Work {
    let index = usize::try_from(ahead).unwrap_or(usize::MAX);
    if index >= bytes.len() {
        script.pass(bytes.len());
        return Work::CorruptAt { ahead: ahead - bytes.len() as u64, receipt };
    }
    let mut changed = bytes.to_vec();
    changed[index] ^= 1;
    script.skip(bytes.len());
    script.insert(&changed);
    Work::Deliver(receipt)
}
