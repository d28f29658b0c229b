//! What a shopper sends, how they read the answers, and how a journey goes on or ends.

#![allow(dead_code, reason = "the tests of the engine share their helpers, and no file needs all of them")]

mod engine_course;

use engine_course::till::{Till, page, reply, silence};
use engine_course::{
    Books, ask, capture, course, expect, expect_json, journey, json, plan, poll, request, run, scenario, step, text,
};
use model::journey::{
    Action, Body, Capture, Check, Condition, Expectation, KeyUse, Missing, Pause, Redirects, Request, Source, Step,
};
use model::outcome::{Outcome, Reading, Refusal};
use model::plan::Manner;
use model::scenario::{Feeder, Record, Reuse, Scenario};
use regex::Regex;
use serde_json::{Value, json};
use serde_json_path::JsonPath;
use std::time::Duration;

/// One shopper takes these steps.
fn walk(till: &Till, steps: Vec<Step>) -> Books {
    walk_in(till, scenario(vec![journey("walk", steps)]))
}

fn walk_in(till: &Till, mut scenario: Scenario) -> Books {
    scenario.record = Record::All;
    run(&course(scenario, plan(1, 1_000, Manner::default()), till.address))
}

fn with_body(method: &str, target: &str, body: &Value) -> Request {
    Request { body: Body::Json(json(body)), ..request(method, target) }
}

fn capture_from(name: &str, from: Source) -> Capture {
    Capture { name: name.into(), from, missing: Missing::Fails, meaning: model::journey::Meaning::Value }
}

fn path(path: &str) -> JsonPath {
    JsonPath::parse(path).expect("a path")
}

fn outcome(books: &Books) -> (Outcome, Option<Refusal>, Option<&str>) {
    let end = &books.arrivals[0];
    (end.outcome, end.refusal, end.step.as_deref())
}

#[test]
fn every_source_of_a_capture_can_be_sent_again() {
    let answer = reply(200, &json!({"cart": "c_1", "total": 1250, "items": [{"id": 7}], "html": "<i>x</i>"}))
        .with("x-state", "fresh")
        .with("set-cookie", "session=s1; Path=/");
    let form = page(r#"<form><input name="token" value="a&amp;b&#39;c"></form>"#);
    let till = Till::open(&[("/first", &[answer]), ("/form", &[form]), ("/last", &[page("")])]);
    let first = Request {
        captures: vec![
            capture("cart", "$.cart"),
            capture("total", "$.total"),
            capture_from("item", Source::Pick { path: path("$.items[*]"), weight: None }),
            capture_from("state", Source::Header("X-State".into())),
            capture_from("session", Source::Cookie("session".into())),
            capture_from("address", Source::FinalAddress),
            capture("html", "$.html"),
            capture_from(
                "inner",
                Source::Regex { regex: Regex::new("<i>(.)</i>").expect("a regex"), of: Some("html".into()) },
            ),
        ],
        ..request("GET", "/first?q=1")
    };
    let token = Regex::new(r#"name="token" value="([^"]*)""#).expect("a regex");
    let form = Request {
        captures: vec![capture_from("token", Source::Regex { regex: token, of: None })],
        ..request("GET", "/form")
    };
    let sent = json!({"cart": "{{cart}}", "total": "{{total}}", "item": "{{item.id}}", "all": "{{item}}", "state": "{{state}}",
        "session": "{{session}}", "address": "{{address}}", "inner": "{{inner}}", "token": "{{token}}"});
    let last = with_body("POST", "/last", &sent);
    let books = walk(&till, vec![ask("first", first), ask("form", form), ask("last", last)]);

    assert_eq!(outcome(&books), (Outcome::Completed, None, None));
    let address = format!("http://{}/first?q=1", till.address);
    assert_eq!(
        till.asked()[2].json(),
        json!({"cart": "c_1", "total": 1250, "item": 7, "all": {"id": 7}, "state": "fresh", "session": "s1",
            "address": address, "inner": "x", "token": "a&b'c"})
    );
}

#[test]
fn an_answer_that_goes_on_must_have_what_is_captured() {
    let till = Till::open(&[("/", &[reply(200, &json!({"a": 1}))])]);
    let needs = |name: &str| Request { captures: vec![capture(name, &format!("$.{name}"))], ..request("GET", "/") };
    let uses = || ask("uses", request("GET", "/?{{a}}"));
    assert_eq!(outcome(&walk(&till, vec![ask("it", needs("a")), uses()])), (Outcome::Completed, None, None));
    let books = walk(&till, vec![ask("it", needs("b"))]);
    assert_eq!(outcome(&books), (Outcome::Rejected, Some(Refusal::Technical), Some("it")));
    assert_eq!(books.attempts[0].remark.as_deref(), Some("nothing to capture for `b`"));

    let mut kept = needs("c");
    kept.captures[0].missing = Missing::Kept;
    let books = walk(&till, vec![ask("it", kept), ask("uses", request("GET", "/?{{c}}"))]);
    assert_eq!(outcome(&books), (Outcome::Rejected, Some(Refusal::Technical), Some("uses")));
    let last = &books.attempts[1];
    assert_eq!((last.sent_us, last.remark.as_deref()), (None, Some("`c` is not set")), "nothing was sent");
}

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
fn the_shop_is_told_run_intent_and_trace_and_others_are_not() {
    let till = Till::open(&[("/own", &[page("").with("set-cookie", "a=1; Path=/")]), ("/again", &[page("")])]);
    let other = Till::open(&[("/pay", &[page("")])]);
    let mut pay = request("POST", &format!("http://{}/pay", other.address));
    pay.headers = vec![("X-Mark".into(), text("{{intent.id}}"))];
    let again =
        Request { key: KeyUse::Step, headers: vec![("x-default".into(), text("mine"))], ..request("POST", "/again") };
    let mut scenario =
        scenario(vec![journey("walk", vec![ask("own", request("GET", "/own")), ask("pay", pay), ask("again", again)])]);
    scenario.headers = vec![("x-default".into(), text("everyone")), ("x-who".into(), text("{{intent.email}}"))];
    let books = walk_in(&till, scenario);

    assert_eq!(outcome(&books), (Outcome::Completed, None, None));
    let [own, again] = &till.asked()[..] else { panic!("two requests") };
    assert_eq!((own.header("doorbuster-run"), own.header("doorbuster-intent")), ("r1", "r1.0.0"));
    assert_eq!((own.header("x-default"), own.header("x-who")), ("everyone", "r1.0.0@shoppers.example"));
    assert!(own.header("user-agent").starts_with("doorbuster/"));
    assert_eq!((own.header("cookie"), again.header("cookie")), ("", "a=1"));
    assert_eq!((own.header("idempotency-key"), again.header("idempotency-key")), ("", "r1.0.0.2"));
    assert_eq!(again.header("x-default"), "mine");
    let trace = |asked: &engine_course::till::Asked| asked.header("traceparent").to_owned();
    let (first, second) = (trace(own), trace(again));
    assert_eq!((first.len(), &first[..36], &first[52..]), (55, &second[..36], "-01"), "one trace");
    assert_ne!(first, second, "two spans");

    let asked = &other.asked()[0];
    for absent in ["doorbuster-run", "doorbuster-intent", "traceparent", "cookie", "x-default"] {
        assert_eq!(asked.header(absent), "", "{absent}");
    }
    assert_eq!(asked.header("x-mark"), "r1.0.0");
    assert_eq!(asked.header("host"), other.address.to_string());
}

#[test]
fn bodies_keep_types_and_forms_are_encoded() {
    let till = Till::open(&[
        ("/json", &[reply(200, &json!({"n": 3, "s": "a\"b"}))]),
        ("/form", &[page("")]),
        ("/raw", &[page("")]),
    ]);
    let first = Request { captures: vec![capture("n", "$.n"), capture("s", "$.s")], ..request("GET", "/json") };
    let json = with_body("POST", "/json", &json!({"quantity": "{{n}}", "text": "<{{s}}>", "list": [1, "{{card}}"]}));
    let fields = [("card[number]", "{{card.number}}"), ("note", "a b&{{s}}")];
    let fields = fields.map(|(name, value)| (name.to_owned(), text(value)));
    let form = Request { body: Body::Form(fields.into()), ..request("POST", "/form") };
    let raw = Body::Raw { content_type: "text/xml".into(), text: text("<n>{{n}}</n>") };
    let raw = Request { body: raw, ..request("PUT", "/raw") };
    walk(&till, vec![ask("a", first), ask("b", json), ask("c", form), ask("d", raw)]);

    let asked = till.asked();
    assert_eq!(asked[1].json(), json!({"quantity": 3, "text": "<a\"b>", "list": [1, "pm_card_visa"]}));
    assert_eq!(asked[1].header("content-type"), "application/json");
    assert_eq!(asked[2].body, "card%5Bnumber%5D=4242424242424242&note=a+b%26a%22b");
    assert_eq!((asked[3].line.as_str(), &asked[3].body[..]), ("PUT /raw", &b"<n>3</n>"[..]));
    assert_eq!(asked[3].header("content-type"), "text/xml");
}

#[test]
fn redirects_are_followed_with_their_cookies_or_kept() {
    let see_other = page("").with("set-cookie", "id=7; Path=/").with("location", "/next?x=1");
    let see_other = |status: u16| engine_course::till::with_status(see_other.clone(), status);
    let till = Till::open(&[
        ("/other", &[see_other(303)]),
        ("/same", &[see_other(307)]),
        ("/next", &[page("there")]),
        ("/round", &[engine_course::till::with_status(page("").with("location", "/round"), 302)]),
    ]);
    let post = |target: &str| Request {
        redirects: Redirects::Follow(3),
        captures: vec![capture_from("address", Source::FinalAddress)],
        ..with_body("POST", target, &json!({"a": 1}))
    };
    let address = format!("http://{}/next?x=1", till.address);
    let known = step_if("known", Condition::Equals("address".into(), address.into()), request("GET", "/next"));
    let books = walk(&till, vec![ask("other", post("/other")), known, ask("same", post("/same"))]);
    assert_eq!(outcome(&books), (Outcome::Completed, None, None));
    let lines = ["POST /other", "GET /next?x=1", "GET /next", "POST /same", "POST /next?x=1"];
    assert_eq!(till.lines(), lines);
    let asked = till.asked();
    assert_eq!((asked[1].header("cookie"), asked[1].header("content-type"), asked[1].body.len()), ("id=7", "", 0));
    assert_eq!(asked[4].json(), json!({"a": 1}));

    let kept = Request { expect: vec![expect(Reading::Ok, 303, 303)], ..request("POST", "/other") };
    assert_eq!(outcome(&walk(&till, vec![ask("kept", kept)])), (Outcome::Completed, None, None));
    let round = Request {
        expect: vec![expect(Reading::Pending, 302, 302)],
        redirects: Redirects::Follow(4),
        ..request("GET", "/round")
    };
    let before = till.lines().len();
    assert_eq!(outcome(&walk(&till, vec![ask("round", round)])), (Outcome::Completed, None, None));
    assert_eq!(till.lines().len() - before, 5, "the last redirect is the answer");
}

fn step_if(name: &str, only_if: Condition, request: Request) -> Step {
    Step { only_if: Some(only_if), ..ask(name, request) }
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

#[test]
fn arrivals_take_their_own_rows_of_a_feeder() {
    let till = Till::open(&[("/0", &[page("")]), ("/1", &[page("")]), ("/2", &[page("")])]);
    let mut scenario =
        scenario(vec![journey("fed", vec![ask("it", request("GET", "/{{intent.number}}?{{people.name}}"))])]);
    let rows = ["ann", "bob"].map(|name| vec!["x".into(), name.to_owned()]).into();
    let feeder = Feeder { columns: vec!["id".into(), "name".into()], rows, reuse: Reuse::Once };
    scenario.feeders.insert("people".into(), feeder.clone());
    let books = run(&course(scenario.clone(), plan(3, 20_000, Manner::default()), till.address));
    assert_eq!(till.lines(), ["GET /0?ann", "GET /1?bob"]);
    assert_eq!(books.arrivals[2].outcome, Outcome::Rejected, "the rows ran out");
    assert_eq!(books.arrivals[2].begun_us, None);

    scenario.feeders.insert("people".into(), Feeder { reuse: Reuse::Cycle, ..feeder });
    run(&course(scenario, plan(3, 20_000, Manner::default()), till.address));
    assert_eq!(till.lines()[2..], ["GET /0?ann", "GET /1?bob", "GET /2?ann"]);
}

#[test]
fn picks_are_drawn_by_weight_from_the_seed() {
    let products = json!({"products": [{"sku": "a", "w": 3}, {"sku": "b", "w": 1}, {"sku": "c", "w": 0}]});
    let till = Till::open(&[("/products", &[reply(200, &products)]), ("/a", &[page("")]), ("/b", &[page("")])]);
    let pick = Source::Pick { path: path("$.products[*]"), weight: Some("w".into()) };
    let list = Request { captures: vec![capture_from("product", pick)], ..request("GET", "/products") };
    let steps = vec![ask("list", list), ask("it", request("GET", "/{{product.sku}}"))];
    let picked = || {
        let till = till.clone();
        let before = till.lines().len();
        run(&course(scenario(vec![journey("pick", steps.clone())]), plan(400, 500, Manner::default()), till.address));
        let lines = till.lines().split_off(before);
        ["GET /a", "GET /b", "GET /c"].map(|line| lines.iter().filter(|asked| *asked == line).count())
    };
    let first = picked();
    assert_eq!((first[0] + first[1], first[2]), (400, 0));
    assert!((270..330).contains(&first[0]), "{first:?}");
    assert_eq!(first, picked(), "equal seeds, equal picks");
}

#[test]
fn an_address_on_a_page_is_followed_as_a_browser_does() {
    let form = page(r#"<form method="post" action="next?a=1&amp;b=2">"#);
    let till = Till::open(&[("/dir/page", &[form]), ("/dir/next", &[page("")])]);
    let regex = Regex::new(r#"action="([^"]*)""#).expect("an expression");
    let address = Capture {
        meaning: model::journey::Meaning::Address,
        ..capture_from("form", Source::Regex { regex, of: None })
    };
    let steps = vec![
        ask("page", Request { captures: vec![address], ..request("GET", "/dir/page?x=1") }),
        ask("answer", request("POST", "{{form}}")),
    ];
    walk(&till, steps);
    assert_eq!(till.lines(), ["GET /dir/page?x=1", "POST /dir/next?a=1&b=2"]);
}
