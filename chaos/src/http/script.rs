//! What becomes of the bytes of one read: passed on untouched, or rewritten piece by piece.

use std::time::Duration;

use super::exchange::Receipt;
use crate::toxics::Then;

/// A wait that a rule asks for; it ends with the rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Hold {
    /// The rule's number.
    pub rule: u64,
    pub wait: Duration,
}

/// Bytes that go on together, after their holds.
#[derive(Debug)]
pub(crate) struct Segment {
    pub bytes: Vec<u8>,
    pub holds: Vec<Hold>,
    /// Told when the last byte has been written.
    pub receipt: Option<Receipt>,
    pub then: Then,
}

impl Segment {
    pub(crate) const fn new(bytes: Vec<u8>, then: Then) -> Self {
        Self { bytes, holds: Vec::new(), receipt: None, then }
    }
}

/// What becomes of the bytes of one read.
#[derive(Debug)]
pub(crate) enum Flow {
    /// All of them go on as they came.
    Untouched,
    /// These go on instead.
    Rewritten(Vec<Segment>),
}

/// A flow that is being written.
pub(crate) struct Script<'a> {
    input: &'a [u8],
    at: usize,
    /// Empty while everything went on untouched.
    segments: Vec<Segment>,
    is_rewritten: bool,
}

impl<'a> Script<'a> {
    pub(crate) const fn new(input: &'a [u8]) -> Self {
        Self { input, at: 0, segments: Vec::new(), is_rewritten: false }
    }

    /// The bytes about which nothing has been said yet.
    pub(crate) fn rest(&self) -> &'a [u8] {
        &self.input[self.at..]
    }

    /// The next bytes go on as they are.
    pub(crate) fn pass(&mut self, count: usize) {
        let bytes = &self.input[self.at..self.at + count];
        self.at += count;
        if self.is_rewritten && !bytes.is_empty() {
            self.tail().bytes.extend_from_slice(bytes);
        }
    }

    /// The next bytes do not go on, or not yet.
    pub(crate) fn skip(&mut self, count: usize) {
        self.rewrite();
        self.at += count;
    }

    /// Other bytes go on here.
    pub(crate) fn insert(&mut self, bytes: &[u8]) {
        self.rewrite();
        self.tail().bytes.extend_from_slice(bytes);
    }

    /// What is said from here on goes on by itself, after these holds.
    pub(crate) fn hold(&mut self, holds: Vec<Hold>) {
        self.rewrite();
        self.segments.push(Segment { holds, ..Segment::new(Vec::new(), Then::More) });
    }

    /// Something comes after all that was said; nothing is said any more.
    pub(crate) fn end(&mut self, then: Then) {
        self.rewrite();
        self.at = self.input.len();
        self.tail().then = then;
    }

    /// A whole segment goes on here.
    pub(crate) fn push(&mut self, segment: Segment) {
        self.rewrite();
        self.segments.push(segment);
    }

    /// What was said last ends an answer.
    pub(crate) fn sign(&mut self, receipt: Receipt) {
        self.rewrite();
        self.tail().receipt = Some(receipt);
    }

    pub(crate) fn finish(self) -> Flow {
        if self.is_rewritten { Flow::Rewritten(self.segments) } else { Flow::Untouched }
    }

    fn rewrite(&mut self) {
        if !self.is_rewritten {
            self.is_rewritten = true;
            if self.at > 0 {
                self.segments.push(Segment::new(self.input[..self.at].to_vec(), Then::More));
            }
        }
    }

    /// The segment that still takes bytes.
    fn tail(&mut self) -> &mut Segment {
        let is_closed =
            self.segments.last().is_none_or(|segment| segment.then != Then::More || segment.receipt.is_some());
        if is_closed {
            self.segments.push(Segment::new(Vec::new(), Then::More));
        }
        self.segments.last_mut().expect("one has just been pushed where there was none")
    }
}
