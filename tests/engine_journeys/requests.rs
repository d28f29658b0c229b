//! What a shopper sends: what was captured, bodies, addresses, rows of feeders.

use super::engine_course::till::{self, Till, page, reply};
use super::engine_course::{ask, capture, course, expect, journey, plan, request, run, scenario, text};
use super::{capture_from, outcome, path, step_if, walk, walk_in, with_body};
use model::journey::{Body, Capture, Condition, KeyUse, Missing, Redirects, Request, Source};
use model::outcome::{Outcome, Reading, Refusal};
use model::plan::Manner;
use model::scenario::{Feeder, Reuse};
use regex::Regex;
use serde_json::json;

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
    let trace = |asked: &till::Asked| asked.header("traceparent").to_owned();
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
    let see_other = |status: u16| till::with_status(see_other.clone(), status);
    let till = Till::open(&[
        ("/other", &[see_other(303)]),
        ("/same", &[see_other(307)]),
        ("/next", &[page("there")]),
        ("/round", &[till::with_status(page("").with("location", "/round"), 302)]),
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
