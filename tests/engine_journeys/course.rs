//! How a journey goes on or ends: conditions, expectations, polls, pauses.

use super::engine_course::till::{Till, page, reply, silence};
use super::engine_course::{
    ask, capture, course, expect, expect_json, journey, json, plan, poll, request, run, scenario, step, text,
};
use super::{outcome, path, step_if, walk};
use model::journey::{Action, Capture, Check, Condition, Expectation, Missing, Pause, Request};
use model::outcome::{Outcome, Reading, Refusal};
use model::plan::Manner;
use regex::Regex;
use serde_json::json;
use std::time::Duration;

#[test]
fn steps_that_fail_end_the_journey_as_their_reading_says() {
    let till = Till::open(&[
        ("/sold-out", &[reply(409, &json!({"error": {"code": "sold_out"}}))]),
        ("/broken", &[reply(500, &json!({}))]),
        ("/silent", &[silence()]),
        ("/ok", &[page("")]),
    ]);
    let sold_out = Request {
        expect: vec![
            expect(Reading::Ok, 200, 299),
            expect_json(Reading::Refused(Refusal::SoldOut), 409, "$.error.code", &json!("sold_out")),
        ],
        ..request("GET", "/sold-out")
    };
    let silent = Request { timeout: Duration::from_millis(50), ..request("GET", "/silent") };
    for (request, expected) in [
        (sold_out, (Outcome::Rejected, Some(Refusal::SoldOut), Some("it"))),
        (request("GET", "/broken"), (Outcome::Rejected, Some(Refusal::Technical), Some("it"))),
        (silent, (Outcome::Unknown, None, Some("it"))),
        (request("GET", "/ok"), (Outcome::Completed, None, None)),
    ] {
        assert_eq!(outcome(&walk(&till, vec![ask("it", request)])), expected);
    }
}

#[test]
fn conditions_skip_steps() {
    let till = Till::open(&[("/", &[reply(200, &json!({"yes": true, "no": false, "none": null, "n": 2}))])]);
    let first = Request {
        captures: vec![
            capture("yes", "$.yes"),
            capture("no", "$.no"),
            capture("none", "$.none"),
            capture("n", "$.n"),
            Capture { missing: Missing::Kept, ..capture("missing", "$.missing") },
        ],
        ..request("GET", "/")
    };
    let set = |name: &str| Condition::Set(name.into());
    let conditions = [
        (set("yes"), true),
        (set("no"), false),
        (set("none"), false),
        (set("missing"), false),
        (Condition::Unset("missing".into()), true),
        (Condition::Unset("n".into()), false),
        (Condition::Equals("n".into(), json!(2.0)), true),
        (Condition::Equals("n".into(), json!("2")), false),
        (Condition::Chance(1.0), true),
        (Condition::Chance(0.0), false),
    ];
    let mut steps = vec![ask("first", first)];
    for (index, (condition, _)) in conditions.iter().enumerate() {
        steps.push(step_if(&format!("s{index}"), condition.clone(), request("GET", &format!("/?{index}"))));
    }
    let books = walk(&till, steps);
    let taken =
        conditions.iter().enumerate().filter(|(_, (_, taken))| *taken).map(|(index, _)| format!("GET /?{index}"));
    assert_eq!(till.lines()[1..], taken.collect::<Vec<_>>());
    assert_eq!(outcome(&books), (Outcome::Completed, None, None));
}

#[test]
fn expectations_are_read_in_order_and_check_everything_named() {
    let body = json!({"state": "paid", "n": 1, "list": [1]});
    let checks: Vec<(Check, bool)> = vec![
        (Check::JsonEquals(path("$.state"), json(&json!("paid"))), true),
        (Check::JsonEquals(path("$.state"), json(&json!("{{intent.number}}"))), false),
        (Check::JsonEquals(path("$.n"), json(&json!(1.0))), true),
        (Check::JsonExists(path("$.list[0]")), true),
        (Check::JsonExists(path("$.errors")), false),
        (Check::JsonAbsent(path("$.errors")), true),
        (Check::JsonAbsent(path("$.state")), false),
        (Check::BodyContains(text("pai")), true),
        (Check::BodyContains(text("sold")), false),
        (Check::BodyMatches(Regex::new("\"n\": ?1").expect("a regex")), true),
        (Check::BodyMatches(Regex::new("^$").expect("a regex")), false),
        (Check::HeaderEquals("X-A".into(), text("{{intent.number}}")), true),
        (Check::HeaderEquals("x-a".into(), text("1")), false),
    ];
    let till = Till::open(&[("/", &[reply(200, &body).with("x-a", "0")])]);
    for (check, fits) in checks {
        let told = format!("{check:?}");
        let expectation = Expectation { reading: Reading::Ok, statuses: Vec::new(), checks: vec![check] };
        let refused =
            Expectation { reading: Reading::Refused(Refusal::Declined), statuses: Vec::new(), checks: Vec::new() };
        let it = Request { expect: vec![expectation, refused], ..request("GET", "/") };
        let expected = if fits { Outcome::Completed } else { Outcome::Rejected };
        assert_eq!(outcome(&walk(&till, vec![ask("it", it)])).0, expected, "{told}");
    }
}

#[test]
fn polls_go_on_until_yes_no_or_the_deadline() {
    let waiting = reply(200, &json!({"state": "open"}));
    let ready = reply(200, &json!({"state": "ready"}));
    let gone = reply(410, &json!({}));
    let till = Till::open(&[
        ("/ready", &[waiting.clone(), reply(500, &json!({})), waiting.clone(), ready]),
        ("/gone", &[waiting.clone(), gone]),
        ("/never", &[waiting]),
    ]);
    let polled = |target: &str| {
        let request = Request {
            expect: vec![
                expect_json(Reading::Ok, 200, "$.state", &json!("ready")),
                expect(Reading::Pending, 200, 200),
                expect(Reading::Refused(Refusal::SoldOut), 410, 410),
            ],
            ..request("GET", target)
        };
        let mut poll = poll(request);
        poll.deadline = Duration::from_millis(60);
        vec![step("poll", Action::Poll(Box::new(poll)))]
    };
    assert_eq!(outcome(&walk(&till, polled("/ready"))).0, Outcome::Completed);
    assert_eq!(till.lines().len(), 4);
    assert_eq!(outcome(&walk(&till, polled("/gone"))), (Outcome::Rejected, Some(Refusal::SoldOut), Some("poll")));
    assert_eq!(outcome(&walk(&till, polled("/never"))), (Outcome::Rejected, Some(Refusal::Technical), Some("poll")));
}

#[test]
fn thinking_delays_what_comes_next_and_is_no_response_time() {
    let till = Till::open(&[("/", &[page("")])]);
    let think = step("think", Action::Think(Pause::Fixed(Duration::from_millis(120))));
    let books = walk(&till, vec![ask("a", request("GET", "/")), think, ask("b", request("GET", "/"))]);
    let [a, b] = &books.attempts[..] else { panic!("two attempts") };
    assert_eq!(b.intended_us, a.done_us + 120_000);
    assert!(b.sent_us.expect("sent") >= b.intended_us);
    assert!(b.done_us - b.intended_us < 100_000, "the pause is not counted");
}

#[test]
fn an_abandoned_journey_ends_before_its_step() {
    let till = Till::open(&[("/", &[page("")])]);
    let steps = vec![ask("a", request("GET", "/")), ask("b", request("GET", "/"))];
    let manner = Manner { abandons_at: Some(1), ..Manner::default() };
    let books = run(&course(scenario(vec![journey("walk", steps)]), plan(1, 1_000, manner), till.address));
    assert_eq!(outcome(&books), (Outcome::Abandoned, None, Some("b")));
    assert_eq!(till.lines().len(), 1);
}
