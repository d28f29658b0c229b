//! What a fault does: effects inside a provider, and toxics on a link.

use super::form::{Form, Kind, defined, object};
use super::kinds::{case, choice, shapes, word_or, words};
use super::scalars::{
    Scalar, count, duration, far_time, integer, number, parse_duration, some, some_rate, some_time, status, text,
};
use crate::fault::{Delay, Effect, Ending, LinkEffect, Malformation, Toxic};
use serde_json::json;
use std::time::Duration;

/// `effect`.
pub(super) fn effect() -> impl Kind<Value = Effect> {
    defined(
        "Effect",
        choice(vec![
            case("delay", "Answers later than it could.", delay().map(Effect::Delay)),
            case("respond", "Answers this instead; nothing is executed.", object("Respond", respond)),
            word_or(
                "commit_then_drop",
                "Executes, then drops the connection.",
                object("CommitThenDrop", |form| Some(Effect::CommitThenDrop { ending: ending(form)? })),
            ),
            word_or(
                "drop_before_commit",
                "Drops the connection; nothing is executed.",
                object("DropBeforeCommit", |form| Some(Effect::DropBeforeCommit { ending: ending(form)? })),
            ),
            word_or(
                "error_after_commit",
                "Executes, then answers an error.",
                object("ErrorAfterCommit", error_after_commit),
            ),
            case("drip", "Answers rightly, a few bytes at a time.", object("Drip", drip)),
            word_or(
                "malformed",
                "Executes, then answers a body that is none of the provider's.",
                object("Malformed", malformed),
            ),
            word_or(
                "decline",
                "Says no in the provider's own words.",
                object("Decline", |form| {
                    let code = form.optional("code", "The provider's code; its general one by default.", text());
                    form.at()?;
                    Some(Effect::Decline { code })
                }),
            ),
            word_or(
                "commit_twice",
                "Executes twice under one key.",
                object("CommitTwice", |_| Some(Effect::CommitTwice {})),
            ),
            case(
                "shift",
                "Moves tax rates or shipping prices (basis points) or fraud scores (points).",
                object("Shift", |form| {
                    let by = form.required("by", "Up, or down below zero.", integer());
                    Some(Effect::Shift { by: by? })
                }),
            ),
            case(
                "clock_ahead",
                "The providers' clock is ahead while the fault lasts.",
                object("ClockAhead", |form| {
                    let by = form.required("by", "By how much.", far_time());
                    Some(Effect::ClockAhead { ms: ms(by?) })
                }),
            ),
            case("rate_limit", "Refuses with 429 what exceeds a token bucket.", object("RateLimit", rate_limit)),
            case("barrier", "Holds answers until several requests have met.", object("Barrier", barrier)),
            word_or("webhook_duplicate", "Delivers each webhook several times.", object("WebhookDuplicate", duplicate)),
            case("webhook_delay", "Delivers webhooks late.", delay().map(Effect::WebhookDelay)),
            word_or("webhook_lose", "Never delivers.", object("WebhookLose", |_| Some(Effect::WebhookLose {}))),
            word_or(
                "webhook_early",
                "Delivers before the API's own answer leaves.",
                object("WebhookEarly", |_| Some(Effect::WebhookEarly {})),
            ),
            word_or(
                "webhook_reorder",
                "Holds an older event of an order until a newer one is delivered.",
                object("WebhookReorder", |form| {
                    let deadline = form.defaulted("deadline", "Longest hold.", "3s", some_time());
                    Some(Effect::WebhookReorder { deadline_ms: ms(deadline?) })
                }),
            ),
            word_or(
                "webhook_forge",
                "Before each event, a stranger sends one that claims success.",
                object("WebhookForge", |_| Some(Effect::WebhookForge {})),
            ),
        ]),
    )
}

/// `rule.effect`: what happens to an exchange on a link.
pub(super) fn link_effect() -> impl Kind<Value = LinkEffect> {
    defined(
        "LinkEffect",
        choice(vec![
            case("delay_request", "The request goes on later.", delay().map(LinkEffect::DelayRequest)),
            case("delay_answer", "The answer goes on later.", delay().map(LinkEffect::DelayAnswer)),
            word_or(
                "drop_request",
                "Never passed on; the connection ends.",
                object("DropRequest", |form| Some(LinkEffect::DropRequest { ending: ending(form)? })),
            ),
            word_or(
                "drop_answer",
                "Passed on; the answer is not, and the connection ends.",
                object("DropAnswer", |form| Some(LinkEffect::DropAnswer { ending: ending(form)? })),
            ),
            case(
                "truncate_answer",
                "The answer is cut, and the connection ends.",
                object("TruncateAnswer", |form| {
                    let bytes = form.required("bytes", "Of the body that are let through.", count());
                    Some(LinkEffect::TruncateAnswer { bytes: bytes? })
                }),
            ),
            case(
                "respond",
                "Not passed on; this is answered.",
                object("LinkRespond", |form| {
                    let (status, body) = instead(form)?;
                    Some(LinkEffect::Respond { status, body })
                }),
            ),
            case(
                "replace_answer",
                "Passed on; this is answered in the stead of the answer.",
                object("ReplaceAnswer", |form| {
                    let (status, body) = instead(form)?;
                    Some(LinkEffect::ReplaceAnswer { status, body })
                }),
            ),
            word_or(
                "corrupt_answer",
                "A byte of the answer's body is changed.",
                object("CorruptAnswer", |_| Some(LinkEffect::CorruptAnswer {})),
            ),
        ]),
    )
}

fn instead(form: &mut Form<'_>) -> Option<(u16, Option<String>)> {
    let status = form.required("status", "HTTP status.", status());
    let body = form.optional("body", "Empty by default.", text());
    Some((status?, body))
}

/// `toxic`.
pub(super) fn toxic() -> impl Kind<Value = Toxic> {
    defined(
        "Toxic",
        choice(vec![
            case(
                "latency",
                "Delays every chunk.",
                object("Latency", |form| {
                    let latency = form.required("latency", "By how much.", some_time());
                    let jitter = form.defaulted("jitter", "Uniform deviation to either side.", "0ms", duration());
                    Some(Toxic::Latency { latency_ms: ms(latency?), jitter_ms: ms(jitter?) })
                }),
            ),
            case(
                "timeout",
                "Drops data and closes after the timeout; 0s never closes.",
                object("Timeout", |form| {
                    let timeout = form.required("after", "The timeout.", duration());
                    Some(Toxic::Timeout { timeout_ms: ms(timeout?) })
                }),
            ),
            word_or(
                "reset_peer",
                "Resets the connection.",
                object("ResetPeer", |form| {
                    let timeout = form.defaulted("after", "From the first data.", "0ms", duration());
                    Some(Toxic::ResetPeer { timeout_ms: ms(timeout?) })
                }),
            ),
            case(
                "bandwidth",
                "Lets only so much through.",
                object("Bandwidth", |form| {
                    let rate = form.required("rate_kb", "Thousands of bytes a second; 0 stalls.", count());
                    Some(Toxic::Bandwidth { rate_kb: rate? })
                }),
            ),
            case(
                "slow_close",
                "Delays the end of the stream.",
                object("SlowClose", |form| {
                    let delay = form.required("delay", "By how much.", some_time());
                    Some(Toxic::SlowClose { delay_ms: ms(delay?) })
                }),
            ),
            case(
                "slicer",
                "Cuts data into small pieces.",
                object("Slicer", |form| {
                    let size = form.required("bytes", "Bytes in a piece.", some());
                    let variation =
                        form.defaulted("variation", "Uniform deviation to either side, in bytes.", "0", count());
                    let pause = form.defaulted("pause", "After each piece.", "0ms", duration());
                    Some(Toxic::Slicer {
                        average_size: size?,
                        size_variation: variation?,
                        delay_us: pause?.as_micros() as u64,
                    })
                }),
            ),
            case(
                "limit_data",
                "Closes after exactly so many bytes.",
                object("LimitData", |form| {
                    let bytes = form.required("bytes", "For each connection and direction.", count());
                    Some(Toxic::LimitData { bytes: bytes? })
                }),
            ),
            word_or(
                "down",
                "Refuses new connections and ends the open ones.",
                object("Down", |_| Some(Toxic::Down {})),
            ),
        ]),
    )
}

fn ms(duration: Duration) -> u64 {
    duration.as_millis() as u64
}

fn ending(form: &mut Form<'_>) -> Option<Ending> {
    let endings = words(&[("fin", Ending::Fin), ("rst", Ending::Rst)]);
    form.defaulted("ending", "An orderly end of stream, or a reset.", "fin", endings)
}

/// `2s`, `100ms..400ms`, or a log-normal.
fn delay() -> impl Kind<Value = Delay> {
    let short = Scalar {
        parse: |text| match text.split_once("..") {
            None => parse_duration(text).map(|time| Delay::Fixed { ms: ms(time) }),
            Some((from, to)) => {
                let (from, to) = (ms(parse_duration(from)?), ms(parse_duration(to)?));
                (from <= to).then_some(Delay::Uniform { ms_min: from, ms_max: to })
            }
        },
        expected: "a duration or a range of them",
        hint: Some("write `2s` or `100ms..400ms`"),
        schema: || json!({ "type": "string", "pattern": "^[0-9.]+(us|ms|s|m|min|h)([.][.][0-9.]+(us|ms|s|m|min|h))?$" }),
    };
    defined(
        "Delay",
        shapes().scalar(short).map(object("LogNormalDelay", |form| {
            let median = form.required("median", "Half are shorter.", some_time());
            let sigma = form.required("sigma", "Standard deviation of the logarithm.", number());
            Some(Delay::LogNormal { median_ms: ms(median?), sigma: sigma? })
        })),
    )
}

fn respond(form: &mut Form<'_>) -> Option<Effect> {
    let status = form.required("status", "HTTP status.", status());
    let body = form.optional("body", "The provider's own error shape by default.", text());
    Some(Effect::Respond { status: status?, body })
}

fn error_after_commit(form: &mut Form<'_>) -> Option<Effect> {
    let status = form.defaulted("status", "500 or above.", "500", status());
    let status = status?;
    if status < 500 {
        form.wrong("status", &format!("is `{status}`, expected 500 or above"), "use `respond` for refusals");
    }
    Some(Effect::ErrorAfterCommit { status })
}

fn malformed(form: &mut Form<'_>) -> Option<Effect> {
    let bodies = words(&[
        ("truncated", Malformation::Truncated),
        ("html", Malformation::Html),
        ("empty", Malformation::Empty),
        ("garbage", Malformation::Garbage),
    ]);
    let body = form.defaulted("body", "In which way.", "truncated", bodies);
    Some(Effect::Malformed { body: body? })
}

fn drip(form: &mut Form<'_>) -> Option<Effect> {
    let bytes = form.required("bytes", "Bytes in a piece.", some());
    let pause = form.required("pause", "Between pieces.", some_time());
    Some(Effect::Drip { bytes: bytes? as usize, pause_ms: ms(pause?) })
}

fn rate_limit(form: &mut Form<'_>) -> Option<Effect> {
    let rate = form.required("rate", "Requests let through.", some_rate());
    let burst = form.defaulted("burst", "Size of the bucket.", "1", some());
    let retry_after = form.defaulted("retry_after", "What `Retry-After` says, in whole seconds.", "1s", duration());
    Some(Effect::RateLimit { per_second: rate?, burst: burst? as u32, retry_after_s: retry_after?.as_secs() as u32 })
}

fn barrier(form: &mut Form<'_>) -> Option<Effect> {
    let count = form.required("count", "How many requests meet before all are let go.", some());
    let deadline = form.required("deadline", "Longest hold.", some_time());
    Some(Effect::Barrier { count: count? as u32, deadline_ms: ms(deadline?) })
}

fn duplicate(form: &mut Form<'_>) -> Option<Effect> {
    let copies = form.defaulted("copies", "Extra deliveries.", "1", some());
    let gap = form.defaulted("gap", "Pause between them.", "100ms", duration());
    Some(Effect::WebhookDuplicate { copies: copies? as u32, gap_ms: ms(gap?) })
}
