//! Entry points for fuzzers and for tests over arbitrary bytes: whatever comes, nothing panics and no byte is lost.

use std::sync::Arc;

use axum::body::Bytes;
use model::fault::{LinkRule, Stream};
use serde_json::json;

use crate::api::body_of;
use crate::counters::Counters;
use crate::http::{Flow, Segment, Watch};
use crate::lag::Lag;
use crate::rules::{Rule, check};
use crate::toxics::Attributes;
use crate::wire;

/// Both directions of a connection as a watch lets them go on.
#[derive(Default)]
struct Passed {
    up: Vec<u8>,
    down: Vec<u8>,
}

impl Passed {
    fn of(&mut self, stream: Stream) -> &mut Vec<u8> {
        match stream {
            Stream::Upstream => &mut self.up,
            Stream::Downstream => &mut self.down,
        }
    }

    fn add(&mut self, stream: Stream, segments: Vec<Segment>) {
        for segment in segments {
            self.of(stream).extend_from_slice(&segment.bytes);
        }
    }
}

/// Reads the bytes as what two peers say to each other, in pieces: a byte for direction and length, then the piece.
fn pieces(mut bytes: &[u8]) -> impl Iterator<Item = (Stream, &[u8])> {
    std::iter::from_fn(move || {
        let (how, rest) = bytes.split_first()?;
        let stream = if how & 1 == 0 { Stream::Upstream } else { Stream::Downstream };
        // Zero stands for all that is left.
        let length = match usize::from(how >> 1) {
            0 => rest.len(),
            length => length.min(rest.len()),
        };
        let (piece, left) = rest.split_at(length);
        bytes = left;
        Some((stream, piece))
    })
}

fn converse(bytes: &[u8], rules: &[Arc<Rule>]) -> Passed {
    let mut watch = Watch::new(Arc::new(Counters::new(Arc::default())));
    watch.follow(rules, 0);
    let mut passed = Passed::default();
    for (stream, piece) in pieces(bytes).filter(|(_, piece)| !piece.is_empty()) {
        for direction in [Stream::Upstream, Stream::Downstream] {
            passed.add(direction, watch.take_due(direction));
        }
        match watch.pass(stream, piece) {
            Flow::Untouched => passed.of(stream).extend_from_slice(piece),
            Flow::Rewritten(segments) => passed.add(stream, segments),
        }
    }
    for stream in [Stream::Upstream, Stream::Downstream] {
        let due = watch.take_due(stream);
        passed.add(stream, due);
        if let Flow::Rewritten(segments) = watch.end(stream) {
            passed.add(stream, segments);
        }
    }
    passed
}

/// The boundaries between messages: rules that meet nothing change nothing, and rules that meet everything never panic.
pub fn boundaries(bytes: &[u8]) {
    let mut said = Passed::default();
    for (stream, piece) in pieces(bytes) {
        said.of(stream).extend_from_slice(piece);
    }
    let counters = Counters::new(Arc::<Lag>::default());
    let rule = |when: serde_json::Value, effect: serde_json::Value| {
        let json = json!({"id": "r", "run": "r", "seed": 1, "probability": 0.5, "when": when, "effect": effect});
        let rule: LinkRule = serde_json::from_value(json).expect("a rule as the interface takes it");
        Arc::new(Rule::new(rule, 0, counters.rule_tally("r")))
    };
    let idle = rule(json!({"path": "\n"}), json!({"drop_request": {}}));
    for rules in [&[][..], &[idle]] {
        let passed = converse(bytes, rules);
        assert!(passed.up == said.up, "requests changed on their way");
        assert!(passed.down == said.down, "answers changed on their way");
    }
    let effects = [
        json!({"delay_request": {"fixed": {"ms": 1}}}),
        json!({"delay_answer": {"fixed": {"ms": 1}}}),
        json!({"drop_request": {}}),
        json!({"drop_answer": {}}),
        json!({"truncate_answer": {"bytes": 3}}),
        json!({"respond": {"status": 500, "body": "no"}}),
        json!({"replace_answer": {"status": 500}}),
        json!({"corrupt_answer": {}}),
    ];
    for effect in effects {
        converse(bytes, &[rule(json!({}), effect)]);
    }
}

/// The bodies of the control interface.
pub fn bodies(bytes: &[u8]) {
    let body = Bytes::copy_from_slice(bytes);
    let _ = body_of::<wire::NewProxy>(&body);
    let _ = body_of::<wire::ProxyChange>(&body);
    let _ = body_of::<wire::Lease>(&body);
    let _ = body_of::<wire::Faults>(&body);
    if let Ok(rule) = body_of::<LinkRule>(&body) {
        let _ = check(&rule);
    }
    if let Ok(new) = body_of::<wire::NewToxic>(&body) {
        for kind in ["latency", "bandwidth", "slow_close", "slicer", "timeout", "reset_peer", "limit_data", &new.kind] {
            if let Ok(attributes) = Attributes::parse(kind, new.attributes.clone()) {
                let again = attributes.overlaid(attributes.to_json()).expect("they were attributes before");
                assert!(again == attributes, "attributes changed on their way");
            }
        }
    }
}
