//! The fuzzers' entry points over arbitrary bytes, and over bytes that look like HTTP and JSON for a while.

use chaos::fuzzing::{bodies, boundaries};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

/// What a conversation is made of, right and wrong.
const SAID: &[&str] = &[
    "GET / HTTP/1.1\r\n\r\n",
    "HEAD /a HTTP/1.1\r\nhost: a\r\n\r\n",
    "POST /a HTTP/1.1\r\ncontent-length: 3\r\n\r\nabc",
    "POST /a HTTP/1.1\r\nidempotency-key: k\r\ntransfer-encoding: chunked\r\n\r\n",
    "POST /a HTTP/1.1\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n",
    "CONNECT a:1 HTTP/1.1\r\n\r\n",
    "HTTP/1.1 100 Continue\r\n\r\n",
    "HTTP/1.1 101 Switching Protocols\r\n\r\n",
    "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello",
    "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
    "HTTP/1.1 204 No Content\r\n\r\n",
    "HTTP/1.0 200 OK\r\n\r\n",
    "3\r\nabc\r\n",
    "0\r\n\r\n",
    "0\r\na: b\r\n\r\n",
    "content-length: 99999999999999999999\r\n",
    "\r\n",
    "POS",
    "T /",
    "HTT",
    "\u{0}\u{ff}",
];

const JSON: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    "null",
    "-1",
    "1.5",
    "1e400",
    "18446744073709551615",
    "\"a\"",
    "\"name\"",
    "\"type\"",
    "\"attributes\"",
    "\"latency\"",
    "\"toxicity\"",
    "\"run\"",
    "\"seed\"",
    "\"effect\"",
    "\"respond\"",
    "\"status\"",
    "\"id\"",
    "\"proxies\"",
    "\"toxics\"",
    "\"ttl_ms\"",
    "\"listen\"",
];

/// As the entry point reads it: a byte for direction and length before each piece.
fn conversation(pieces: Vec<(bool, &str, u8)>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (is_answer, text, cut) in pieces {
        for piece in text.as_bytes().chunks(usize::from(cut.clamp(1, 100))) {
            bytes.push((piece.len() as u8) << 1 | u8::from(is_answer));
            bytes.extend_from_slice(piece);
        }
    }
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn arbitrary_bytes_pass_unharmed(bytes in vec(any::<u8>(), 0..600)) {
        boundaries(&bytes);
        bodies(&bytes);
    }

    #[test]
    fn what_looks_like_http_passes_unharmed(pieces in vec((any::<bool>(), select(SAID), 1..100u8), 0..24)) {
        boundaries(&conversation(pieces));
    }

    #[test]
    fn what_looks_like_json_is_refused_or_understood(pieces in vec(select(JSON), 0..24)) {
        bodies(pieces.concat().as_bytes());
    }
}
