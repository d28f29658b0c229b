//! The way of the requests: each is recognised, met with the rules, and passed on, held back or kept.

use std::sync::Arc;

use model::seed::Seed;

use super::body::{Bite, Body};
use super::decision::{Decision, decide};
use super::exchange::{Asked, Course, Exchange, Ours};
use super::message::{self, Afterwards, Read, Request};
use super::script::{Flow, Script};
use super::watch::{Held, Watch};
use crate::rules::{Mark, Rule};
use crate::toxics::Then;

/// How much of a body is awaited to tell one request from another that has neither key nor intent, in bytes.
const GATHERED_BYTES_MAX: usize = 256 * 1024;

/// Where among the requests the next byte stands.
#[derive(Debug)]
pub(super) enum Requests {
    Head(Held),
    Body {
        body: Body,
        way: Way,
    },
    /// Everything goes on.
    Through,
    /// Nothing does.
    Void,
}

/// What becomes of the bytes of a body.
#[derive(Debug)]
pub(super) enum Way {
    Pass,
    /// They go on; none has come, and none may ever come unless the upstream says 100.
    PassExpected,
    Swallow,
    /// They wait with their head, until it is known what the request asks for.
    Gather(Box<Gathered>),
}

/// A request that waits for its body.
#[derive(Debug)]
pub(super) struct Gathered {
    raw: Vec<u8>,
    data: Vec<u8>,
    asks_for: String,
    facts: Facts,
    met: Vec<Arc<Rule>>,
}

/// What of a request is needed after its head is gone.
#[derive(Clone, Copy, Debug)]
struct Facts {
    asked: Asked,
    afterwards: Afterwards,
    expects_continue: bool,
}

impl Requests {
    /// Bytes that have not gone on.
    pub(super) fn held_back(self) -> Option<Vec<u8>> {
        match self {
            Self::Head(Held { bytes, is_passed: false }) if !bytes.is_empty() => Some(bytes),
            Self::Body { way: Way::Gather(gathered), .. } => Some(gathered.raw),
            Self::Head(_) | Self::Body { .. } | Self::Through | Self::Void => None,
        }
    }
}

impl Watch {
    pub(super) fn pass_requests(&mut self, bytes: &[u8]) -> Flow {
        let mut script = Script::new(bytes);
        while !script.rest().is_empty() {
            let rest = script.rest().len();
            match std::mem::replace(&mut self.requests, Requests::Through) {
                Requests::Head(held) => self.pass_request_head(held, &mut script),
                Requests::Body { body, way } => self.pass_request_body(body, way, &mut script),
                Requests::Through => script.pass(rest),
                Requests::Void => {
                    script.skip(rest);
                    self.requests = Requests::Void;
                }
            }
        }
        script.finish()
    }

    /// The client sends no more.
    pub(super) fn end_requests(&mut self) -> Flow {
        let mut script = Script::new(&[]);
        match std::mem::replace(&mut self.requests, Requests::Through) {
            Requests::Void => self.requests = Requests::Void,
            requests => {
                if let Some(held) = requests.held_back() {
                    script.insert(&held);
                    script.end(Then::End);
                }
            }
        }
        script.finish()
    }

    fn pass_request_head(&mut self, mut held: Held, script: &mut Script<'_>) {
        let rest = script.rest();
        if held.bytes.is_empty() {
            // Line breaks before a request mean nothing (RFC 9112, section 2.2).
            let breaks = rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
            if breaks > 0 {
                script.pass(breaks);
                self.requests = Requests::Head(held);
                return;
            }
            self.pass_whole_or_hold(rest, 0, &held, script);
            return;
        }
        let before = held.bytes.len();
        let mut joined = std::mem::take(&mut held.bytes);
        // Where the head ends is looked for only where it may: a slow sender must not make us read it a thousand times.
        joined.extend_from_slice(rest);
        let may_end = rest.contains(&b'\n') || joined.len() > message::HEAD_BYTES_MAX;
        if may_end {
            self.pass_whole_or_hold(&joined, before, &held, script);
        } else {
            self.hold_request(joined, rest.len(), &held, script);
        }
    }

    /// `bytes` are the `before` that were held and the rest of the script.
    fn pass_whole_or_hold(&mut self, bytes: &[u8], before: usize, held: &Held, script: &mut Script<'_>) {
        let fresh = bytes.len() - before;
        let mut slots = message::slots();
        match message::request(bytes, &mut slots) {
            Read::Whole(request, length) => {
                let met = self.met(&request, held);
                let body = Body::new(request.framing);
                if met.is_empty() {
                    let way = if request.expects_continue() { Way::PassExpected } else { Way::Pass };
                    let afterwards = request.afterwards;
                    let asked = Asked::of(request.method);
                    self.exchanges.push_back(Exchange { asked, afterwards, course: Course::Plain });
                    if before > 0 && !held.is_passed {
                        script.insert(&bytes[..before]);
                    }
                    script.pass(length - before);
                    self.go_on(body, way);
                } else {
                    script.skip(length - before);
                    self.meet(&request, met, body, &bytes[..length], script);
                }
            }
            Read::Partial => self.hold_request(bytes.to_vec(), fresh, held, script),
            Read::Foreign => {
                if before > 0 && !held.is_passed {
                    script.insert(&bytes[..before]);
                }
                script.pass(fresh);
                self.give_up();
            }
        }
    }

    /// The rules that meet a request, unless it was on its way before there was any.
    fn met(&self, request: &Request<'_, '_>, held: &Held) -> Vec<Arc<Rule>> {
        if held.is_passed {
            return Vec::new();
        }
        self.rules.iter().filter(|rule| rule.meets(request)).cloned().collect()
    }

    fn hold_request(&mut self, joined: Vec<u8>, fresh: usize, held: &Held, script: &mut Script<'_>) {
        let before = joined.len() - fresh;
        let is_passed = held.is_passed || self.rules.is_empty();
        if is_passed {
            if before > 0 && !held.is_passed {
                script.insert(&joined[..before]);
            }
            script.pass(fresh);
        } else {
            script.skip(fresh);
        }
        self.requests = Requests::Head(Held { bytes: joined, is_passed });
    }

    /// A request that rules meet: decided at once, or when its body is there, if nothing else tells it from others.
    fn meet(
        &mut self,
        request: &Request<'_, '_>,
        met: Vec<Arc<Rule>>,
        body: Body,
        head: &[u8],
        script: &mut Script<'_>,
    ) {
        let facts = Facts {
            asked: Asked::of(request.method),
            afterwards: request.afterwards,
            expects_continue: request.expects_continue(),
        };
        let asks_for = format!("{} {}", request.method, request.target);
        let mark = Mark::of(request);
        let is_awaited = mark.is_none() && !body.is_done() && !facts.expects_continue;
        if is_awaited && met.iter().any(|rule| rule.draws()) {
            let gathered = Gathered { raw: head.to_vec(), data: Vec::new(), asks_for, facts, met };
            self.requests = Requests::Body { body, way: Way::Gather(Box::new(gathered)) };
            return;
        }
        let mark = mark.unwrap_or_else(|| Mark::made(asks_for));
        self.follow_decision(decide(&met, &mark), facts, body, head, script);
    }

    /// `bytes` are the head, and what was awaited of the body.
    fn follow_decision(&mut self, decision: Decision, facts: Facts, body: Body, bytes: &[u8], script: &mut Script<'_>) {
        let Facts { asked, mut afterwards, expects_continue } = facts;
        match decision {
            Decision::Pass(holds, course) => {
                if !holds.is_empty() {
                    script.hold(holds);
                }
                script.insert(bytes);
                self.exchanges.push_back(Exchange { asked, afterwards, course });
                self.go_on(body, if expects_continue { Way::PassExpected } else { Way::Pass });
            }
            Decision::Keep { holds, ours: Ours::End(ending) } => {
                let course = Course::Ours { holds, ours: Ours::End(ending) };
                self.exchanges.push_back(Exchange { asked, afterwards, course });
                self.requests = Requests::Void;
                script.skip(script.rest().len());
            }
            Decision::Keep { holds, ours: Ours::Unready(canned) | Ours::Answer(canned) } => {
                // A client that waits for 100 need not send the body any more: where the next request begins is unknown.
                let ours = if expects_continue {
                    afterwards = Afterwards::Close;
                    Ours::Answer(canned)
                } else {
                    Ours::Unready(canned)
                };
                self.exchanges.push_back(Exchange { asked, afterwards, course: Course::Ours { holds, ours } });
                self.go_on(body, Way::Swallow);
            }
        }
        self.settle();
    }

    fn go_on(&mut self, body: Body, way: Way) {
        if body.is_done() {
            self.end_request(&way);
        } else {
            self.requests = Requests::Body { body, way };
        }
    }

    fn pass_request_body(&mut self, mut body: Body, way: Way, script: &mut Script<'_>) {
        let rest = script.rest();
        let (taken, is_data) = match body.bite(rest) {
            Bite::Data(count) => (count, true),
            Bite::Frame(count) => (count, false),
            Bite::Foreign => {
                if let Way::Gather(gathered) = way {
                    script.insert(&gathered.raw);
                }
                script.pass(rest.len());
                self.give_up();
                return;
            }
        };
        let way = match way {
            Way::Pass | Way::PassExpected => {
                script.pass(taken);
                Way::Pass
            }
            Way::Swallow => {
                script.skip(taken);
                Way::Swallow
            }
            Way::Gather(mut gathered) => {
                script.skip(taken);
                gathered.raw.extend_from_slice(&rest[..taken]);
                if is_data {
                    gathered.data.extend_from_slice(&rest[..taken]);
                }
                if body.is_done() || gathered.raw.len() > GATHERED_BYTES_MAX {
                    let Gathered { raw, data, asks_for, facts, met } = *gathered;
                    let hash = Seed(0).fork(&String::from_utf8_lossy(&data)).0;
                    let mark = Mark::made(format!("{asks_for} {hash:x}"));
                    self.follow_decision(decide(&met, &mark), facts, body, &raw, script);
                    return;
                }
                Way::Gather(gathered)
            }
        };
        self.go_on(body, way);
    }

    fn end_request(&mut self, way: &Way) {
        if matches!(way, Way::Swallow)
            && let Some(Exchange { course: Course::Ours { ours, .. }, .. }) = self.exchanges.back_mut()
            && let Ours::Unready(canned) = ours
        {
            *ours = Ours::Answer(canned.clone());
            self.settle();
        }
        self.requests = Requests::Head(Held::nothing());
    }
}
