//! A purchase and all manners around it: which requests follow which answers, under which keys, and what is written down.

#![allow(dead_code, reason = "the tests of the engine share their helpers, and no file needs all of them")]

mod engine_course;

use books::rows::{AttemptKind, Cancel, Purchase};
use engine_course::till::{Reply, Till, reply, silence};
use engine_course::{
    Books, ask, buy, capture, course, expect, expect_json, journey, json, plan, poll, request, run, scenario, step,
    text,
};
use model::journey::{Action, Body, Buy, KeyUse, Missing, Request};
use model::outcome::{Outcome, Reading, Refusal};
use model::plan::{Manner, Submits};
use serde_json::json;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_millis(60);

/// A shopper who looks and repeats, as most do.
fn careful() -> Manner {
    Manner { repeats: 3, looks: true, ..Manner::default() }
}

fn paid() -> Reply {
    reply(201, &json!({"order": "DB-1", "state": "paid", "total_minor": 1250}))
}

fn pending() -> Reply {
    reply(202, &json!({"order": "DB-1", "state": "pending", "total_minor": 1250}))
}

fn declined() -> Reply {
    reply(402, &json!({"error": {"code": "card_declined"}, "order": "DB-1"}))
}

fn in_progress() -> Reply {
    reply(409, &json!({"error": {"code": "key_in_progress"}}))
}

fn ordered() -> Reply {
    reply(409, &json!({"error": {"code": "cart_ordered"}}))
}

fn no_order() -> Reply {
    reply(404, &json!({"error": {"code": "no_order"}}))
}

/// A call about an order, with everything that the reference journeys expect.
fn about_order(method: &str, target: &str) -> Request {
    let captured = |name: &str, path: &str| model::journey::Capture { missing: Missing::Kept, ..capture(name, path) };
    Request {
        timeout: PATIENCE,
        expect: vec![
            expect_json(Reading::Ok, 200, "$.state", &json!("paid")),
            expect_json(Reading::Ok, 201, "$.state", &json!("paid")),
            expect_json(Reading::Pending, 200, "$.state", &json!("pending")),
            expect(Reading::Pending, 202, 202),
            expect(Reading::Refused(Refusal::Declined), 402, 402),
            expect_json(Reading::InProgress, 409, "$.error.code", &json!("key_in_progress")),
            expect_json(Reading::AlreadyOrdered, 409, "$.error.code", &json!("cart_ordered")),
            expect(Reading::Refused(Refusal::SoldOut), 410, 410),
            expect(Reading::Absent, 404, 404),
        ],
        captures: vec![captured("order", "$.order"), captured("total", "$.total_minor")],
        ..request(method, target)
    }
}

fn checkout() -> Buy {
    let pays = |target| Request {
        key: KeyUse::Step,
        body: Body::Json(json(&json!({"email": "{{intent.email}}", "method": "{{card}}"}))),
        ..about_order("POST", target)
    };
    Buy {
        shown_total: Some(text("{{shown}}")),
        currency: Some(text("{{currency}}")),
        look: Some(about_order("GET", "/look")),
        settle: Some(poll(about_order("GET", "/orders"))),
        second_card: Some(pays("/card")),
        cancel: Some(Request {
            expect: vec![expect(Reading::Ok, 200, 200), expect(Reading::Refused(Refusal::Technical), 410, 410)],
            ..about_order("POST", "/cancel")
        }),
        ..buy(pays("/buy"))
    }
}

/// One shopper buys at a shop with these answers.
fn purchase(manner: Manner, replies: &[(&'static str, &[Reply])]) -> (Books, Till) {
    let quote = reply(200, &json!({"total_minor": 1250, "currency": "usd"}));
    let quote: &[Reply] = &[quote];
    let all: Vec<_> = replies.iter().copied().chain([("/quote", quote)]).collect();
    let till = Till::open(&all);
    let shown = Request {
        captures: vec![capture("shown", "$.total_minor"), capture("currency", "$.currency")],
        ..request("GET", "/quote")
    };
    let steps = vec![ask("quote", shown), step("checkout", Action::Buy(Box::new(checkout())))];
    let books = run(&course(scenario(vec![journey("buys", steps)]), plan(1, 1_000, manner), till.address));
    (books, till)
}

/// Path and key of every request after the quote; keys are told by what follows the intent.
fn asked(till: &Till) -> Vec<String> {
    let short = |(line, key): (String, String)| {
        let path = line.split(' ').nth(1).expect("a path").trim_start_matches('/').to_owned();
        if key.is_empty() { path } else { format!("{path} {}", key.trim_start_matches("r1.0.0.")) }
    };
    till.keys().into_iter().skip(1).map(short).collect()
}

fn only(books: &Books) -> &Purchase {
    assert_eq!(books.purchases.len(), 1);
    &books.purchases[0]
}

fn kinds(books: &Books) -> Vec<(AttemptKind, Reading)> {
    books.attempts.iter().filter(|row| row.kind != AttemptKind::Other).map(|row| (row.kind, row.reading)).collect()
}

fn outcome(books: &Books) -> (Outcome, Option<Refusal>) {
    let (purchase, end) = (only(books), &books.arrivals[0]);
    assert_eq!((purchase.outcome, purchase.refusal), (end.outcome, end.refusal), "the arrival ends as its purchase");
    (purchase.outcome, purchase.refusal)
}

#[test]
fn a_purchase_is_written_down_with_all_that_was_learnt() {
    let (books, till) = purchase(careful(), &[("/buy", &[paid()])]);
    assert_eq!(outcome(&books), (Outcome::Confirmed, None));
    assert_eq!(asked(&till), ["buy 1"]);
    let sent = till.asked()[1].json();
    assert_eq!(sent, json!({"email": "r1.0.0@shoppers.example", "method": "pm_card_visa"}));

    let row = only(&books);
    assert_eq!((row.intent.as_str(), row.email.as_str()), ("r1.0.0", "r1.0.0@shoppers.example"));
    assert_eq!((row.shown_total_minor, row.currency.as_deref()), (Some(1250), Some("USD")));
    assert_eq!((row.order_number.as_deref(), row.total_minor), (Some("DB-1"), Some(1250)));
    assert_eq!(row.cancel, Cancel::NotAsked);
    let attempt = books.attempts.iter().find(|row| row.kind == AttemptKind::Submit).expect("a submission");
    assert_eq!(
        (attempt.step.as_str(), attempt.key.as_deref(), attempt.status),
        ("checkout", Some("r1.0.0.1"), Some(201))
    );
    assert_eq!((attempt.card.as_deref(), attempt.order_number.as_deref()), (Some("ok"), Some("DB-1")));
    assert!(attempt.intended_us <= attempt.sent_us.expect("sent") && attempt.sent_us.expect("sent") <= attempt.done_us);
    assert_eq!((row.intended_us, row.done_us), (attempt.intended_us, attempt.done_us));
}

#[test]
fn no_answer_is_followed_by_a_look_and_the_same_key() {
    let (books, till) =
        purchase(careful(), &[("/buy", &[silence(), reply(503, &json!({})), paid()]), ("/look", &[no_order()])]);
    assert_eq!(asked(&till), ["buy 1", "look", "buy 1", "look", "buy 1"]);
    assert_eq!(outcome(&books), (Outcome::Confirmed, None));
    assert_eq!(
        kinds(&books),
        [
            (AttemptKind::Submit, Reading::Unanswered),
            (AttemptKind::Look, Reading::Absent),
            (AttemptKind::Submit, Reading::Unexpected),
            (AttemptKind::Look, Reading::Absent),
            (AttemptKind::Submit, Reading::Ok),
        ]
    );
    let last = books.attempts.last().expect("attempts");
    assert_eq!(only(&books).done_us, last.done_us);
    assert!(only(&books).done_us - only(&books).intended_us >= PATIENCE.as_micros() as u64, "all waiting counts");
}

#[test]
fn a_look_that_finds_the_order_ends_the_purchase() {
    let (books, till) = purchase(careful(), &[("/buy", &[silence()]), ("/look", &[paid()])]);
    assert_eq!((asked(&till), outcome(&books)), (vec!["buy 1".into(), "look".into()], (Outcome::Confirmed, None)));
    assert_eq!(only(&books).order_number.as_deref(), Some("DB-1"));

    let (books, till) = purchase(careful(), &[("/buy", &[silence()]), ("/look", &[declined()])]);
    assert_eq!(asked(&till), ["buy 1", "look"]);
    assert_eq!(outcome(&books), (Outcome::Rejected, Some(Refusal::Declined)));

    let (books, till) =
        purchase(careful(), &[("/buy", &[silence()]), ("/look", &[pending()]), ("/orders", &[pending(), paid()])]);
    assert_eq!(asked(&till), ["buy 1", "look", "orders", "orders"]);
    assert_eq!(outcome(&books), (Outcome::Confirmed, None));
}

#[test]
fn what_is_never_answered_stays_unknown() {
    let (books, till) = purchase(Manner { repeats: 1, looks: false, ..Manner::default() }, &[("/buy", &[silence()])]);
    assert_eq!(asked(&till), ["buy 1", "buy 1"]);
    assert_eq!(outcome(&books), (Outcome::Unknown, None));
    let last = books.attempts.last().expect("attempts");
    assert_eq!(last.remark.as_deref(), Some("no whole answer in time"));

    let (books, _) = purchase(
        Manner { repeats: 2, looks: true, ..Manner::default() },
        &[("/buy", &[reply(500, &json!({}))]), ("/look", &[silence()])],
    );
    assert_eq!(outcome(&books), (Outcome::Unknown, None));
    assert_eq!(books.arrivals[0].step.as_deref(), Some("checkout"));
}

#[test]
fn a_pending_order_is_asked_after_until_it_is_decided() {
    let (books, till) = purchase(careful(), &[("/buy", &[pending()]), ("/orders", &[pending(), silence(), paid()])]);
    assert_eq!(asked(&till), ["buy 1", "orders", "orders", "orders"]);
    assert_eq!(outcome(&books), (Outcome::Confirmed, None));
    assert_eq!(kinds(&books)[0], (AttemptKind::Submit, Reading::Pending));
    assert_eq!(only(&books).done_us, books.attempts.last().expect("attempts").done_us, "final is when it is settled");

    let (books, _) = purchase(careful(), &[("/buy", &[pending()]), ("/orders", &[pending(), declined()])]);
    assert_eq!(outcome(&books), (Outcome::Rejected, Some(Refusal::Declined)));
}

#[test]
fn a_key_in_progress_is_repeated_without_a_look() {
    let hasty = in_progress().with("retry-after", "0");
    let (books, till) = purchase(careful(), &[("/buy", &[hasty.clone(), hasty, paid()])]);
    assert_eq!(asked(&till), ["buy 1", "buy 1", "buy 1"]);
    assert_eq!(outcome(&books), (Outcome::Confirmed, None));
}

#[test]
fn a_double_click_sends_the_same_key_twice_at_once() {
    let manner = Manner { submits: Submits::DoubleClick { gap_us: 2_000 }, ..careful() };
    let (books, till) = purchase(manner, &[("/buy", &[paid().after_ms(30), in_progress()])]);
    assert_eq!(asked(&till), ["buy 1", "buy 1"]);
    assert_eq!(outcome(&books), (Outcome::Confirmed, None));
    let [first, second] = &books.attempts[books.attempts.len() - 2..] else { panic!("two attempts") };
    assert!(
        second.intended_us == first.intended_us + 2_000 && second.sent_us.expect("sent") < first.done_us,
        "at once"
    );
    assert_eq!((first.reading, second.reading), (Reading::Ok, Reading::InProgress));

    let (books, till) = purchase(manner, &[("/buy", &[silence(), in_progress(), paid()]), ("/look", &[no_order()])]);
    assert_eq!(asked(&till), ["buy 1", "buy 1", "buy 1"], "the click in progress is asked again");
    assert_eq!(outcome(&books), (Outcome::Confirmed, None));
}

#[test]
fn a_second_tab_sends_a_key_of_its_own_and_any_yes_counts() {
    let manner = Manner { submits: Submits::SecondTab { gap_us: 0 }, ..careful() };
    let (books, till) = purchase(manner, &[("/buy", &[ordered(), paid()])]);
    let mut keys = asked(&till);
    keys.sort();
    assert_eq!(keys, ["buy 1", "buy 1.tab"]);
    assert_eq!(outcome(&books), (Outcome::Confirmed, None));

    let gap = Manner { submits: Submits::SecondTab { gap_us: 10_000 }, ..careful() };
    let (books, till) = purchase(gap, &[("/buy", &[declined(), ordered()]), ("/look", &[declined()])]);
    assert_eq!(asked(&till), ["buy 1", "buy 1.tab", "look"], "an order that exists already is looked for");
    assert_eq!(outcome(&books), (Outcome::Rejected, Some(Refusal::Declined)));

    let (books, till) = purchase(gap, &[("/buy", &[declined(), silence(), paid()]), ("/look", &[no_order()])]);
    assert_eq!(asked(&till), ["buy 1", "buy 1.tab", "look", "buy 1.tab"], "the tab without an answer is repeated");
    assert_eq!(outcome(&books), (Outcome::Confirmed, None));
}

#[test]
fn a_declined_shopper_pays_with_another_card_under_another_key() {
    let manner = Manner { second_card: true, ..careful() };
    let (books, till) =
        purchase(manner, &[("/buy", &[declined()]), ("/card", &[silence(), paid()]), ("/look", &[no_order()])]);
    assert_eq!(asked(&till), ["buy 1", "card 1.card", "look", "card 1.card"]);
    assert_eq!(outcome(&books), (Outcome::Confirmed, None));
    let second = books.attempts.iter().find(|row| row.kind == AttemptKind::SecondCard).expect("a second card");
    assert_eq!((second.card.as_deref(), second.intent.as_deref()), (Some("mastercard"), Some("r1.0.0")));
    assert_eq!(till.asked()[2].json()["method"], "pm_card_mastercard");

    let (books, till) = purchase(careful(), &[("/buy", &[declined()])]);
    assert_eq!((asked(&till), outcome(&books)), (vec!["buy 1".into()], (Outcome::Rejected, Some(Refusal::Declined))));
    let (books, till) = purchase(manner, &[("/buy", &[reply(410, &json!({}))])]);
    assert_eq!((asked(&till), outcome(&books)), (vec!["buy 1".into()], (Outcome::Rejected, Some(Refusal::SoldOut))));
}

#[test]
fn a_confirmed_order_is_cancelled_by_those_who_change_their_mind() {
    let manner = Manner { cancels: true, ..careful() };
    let yes = reply(200, &json!({}));
    let (books, till) = purchase(manner, &[("/buy", &[paid()]), ("/cancel", &[silence(), yes])]);
    assert_eq!(asked(&till), ["buy 1", "cancel 1.cancel", "cancel 1.cancel"]);
    assert_eq!((outcome(&books), only(&books).cancel), ((Outcome::Confirmed, None), Cancel::Confirmed));
    let submitted = books.attempts.iter().find(|row| row.kind == AttemptKind::Submit).expect("a submission");
    assert_eq!(only(&books).done_us, submitted.done_us, "the purchase was final before the cancellation");

    let (books, till) = purchase(manner, &[("/buy", &[paid()]), ("/cancel", &[reply(410, &json!({}))])]);
    assert_eq!(asked(&till), ["buy 1", "cancel 1.cancel"]);
    assert_eq!((outcome(&books), only(&books).cancel), ((Outcome::Confirmed, None), Cancel::Asked));
}

#[test]
fn a_purchase_cut_off_by_the_end_is_in_flight() {
    let till =
        Till::open(&[("/quote", &[reply(200, &json!({"total_minor": 1, "currency": "usd"}))]), ("/buy", &[silence()])]);
    let shown = Request {
        captures: vec![capture("shown", "$.total_minor"), capture("currency", "$.currency")],
        ..request("GET", "/quote")
    };
    let mut checkout = checkout();
    checkout.submit.timeout = Duration::from_secs(60);
    let steps = vec![ask("quote", shown), step("checkout", Action::Buy(Box::new(checkout)))];
    let mut scenario = scenario(vec![journey("buys", steps)]);
    scenario.traffic.drain = Duration::from_millis(150);
    let books = run(&course(scenario, plan(1, 1_000, careful()), till.address));
    assert_eq!(outcome(&books), (Outcome::InFlight, None));
    assert_eq!(kinds(&books), [(AttemptKind::Submit, Reading::Unanswered)]);
    let attempt = books.attempts.last().expect("attempts");
    assert_eq!(attempt.remark.as_deref(), Some("under way when the run ended"));
    assert!(attempt.sent_us.is_some() && attempt.done_us > attempt.intended_us);
    assert_eq!(books.driven.expect("driven").arrivals.in_flight, 1);
}

#[test]
fn a_second_purchase_of_a_journey_is_another_intent() {
    let till = Till::open(&[("/buy", &[paid(), reply(201, &json!({"state": "paid"}))])]);
    let buys = |name: &str| {
        let submit = Request { key: KeyUse::Step, ..about_order("POST", "/buy") };
        step(name, Action::Buy(Box::new(buy(submit))))
    };
    let steps = vec![buys("first"), buys("second")];
    let books = run(&course(scenario(vec![journey("buys", steps)]), plan(1, 1_000, careful()), till.address));
    let intents: Vec<_> = till.asked().iter().map(|asked| asked.header("doorbuster-intent").to_owned()).collect();
    assert_eq!(intents, ["r1.0.0", "r1.0.1"]);
    let orders: Vec<_> = books.purchases.iter().map(|row| (row.intent.as_str(), row.order_number.as_deref())).collect();
    assert_eq!(orders, [("r1.0.0", Some("DB-1")), ("r1.0.1", None)], "an order number is not carried over");
}
