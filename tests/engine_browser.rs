//! The browser's part in a payment, in the journeys that users copy: challenges, sessions at the provider, edits in another
//! tab, accounts. The servers say what the reference shop and the payment provider say.

#![allow(dead_code, reason = "the tests of the engine share their helpers, and no file needs all of them")]

mod engine_course;

use books::rows::{AttemptKind, Purchase};
use engine_course::till::{Reply, Till, page, reply, with_status};
use engine_course::{Books, course, plan, run};
use model::card::Card;
use model::journey::{Action, Journey, Pause};
use model::outcome::{Outcome, Reading, Refusal};
use model::plan::Manner;
use model::scenario::Scenario;
use model::scenario_file::{Files, Overrides, load};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

struct Scenarios;

impl Files for Scenarios {
    fn read(&self, relative_path: &str) -> Result<String, String> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios").join(relative_path);
        std::fs::read_to_string(path).map_err(|error| error.to_string())
    }
}

/// A scenario of one journey of the repository, whose shoppers do not think.
fn scenario(journey: &str) -> Scenario {
    let text = format!(
        "name: small\ndescription: One journey.\nseed: 1\nshop: {{url: \"http://127.0.0.1:1\"}}\n\
         traffic: {{shape: [{{constant: {{rate: 1/s, for: 1s}}}}]}}\nfeeders: {{address: {{csv: feeders/addresses.csv}}}}\n\
         journeys: [journeys/{journey}.yaml]\n\
         mix: [{{journey: {journey}, manners: {{repeat_pause: 5ms, repeats: 2}}}}]\n"
    );
    let mut scenario =
        load("small.yaml", &text, &Scenarios, Overrides::default()).unwrap_or_else(|all| panic!("{all}"));
    scenario.journeys.iter_mut().for_each(hurry);
    scenario
}

fn hurry(journey: &mut Journey) {
    for step in &mut journey.steps {
        if let Action::Buy(buy) = &mut step.action {
            buy.action.iter_mut().for_each(|act| at_once(&mut act.step.action));
            if let Some(settle) = &mut buy.settle {
                (settle.every, settle.deadline) = (Duration::from_millis(5), Duration::from_millis(200));
            }
        }
        at_once(&mut step.action);
    }
}

fn at_once(action: &mut Action) {
    if let Action::Think(pause) = action {
        *pause = Pause::Fixed(Duration::ZERO);
    }
}

fn order(status: u16, state: &str) -> Reply {
    reply(status, &json!({"order": "DB-1", "state": state, "total_minor": 1250, "currency": "USD"}))
}

fn total(state: &str, total_minor: i64) -> Reply {
    reply(200, &json!({"order": "DB-1", "state": state, "total_minor": total_minor, "currency": "USD"}))
}

fn redirect(to: &str) -> Reply {
    with_status(page(""), 303).with("location", to)
}

fn careful() -> Manner {
    Manner { repeats: 2, looks: true, ..Manner::default() }
}

/// What every shop of these tests answers before the checkout.
fn with_shelves(replies: &[(&'static str, &[Reply])]) -> Till {
    let product = json!({"sku": "A", "popularity": 1.0});
    let shelves = [reply(200, &json!({"products": [product]}))];
    let (article, cart) = ([reply(200, &product)], [reply(201, &json!({"cart": "c1"}))]);
    let (added, addressed) = ([reply(201, &json!({}))], [reply(200, &json!({}))]);
    let quoted = [reply(200, &json!({"total_minor": 1250, "currency": "USD"}))];
    let before: [(&'static str, &[Reply]); 6] = [
        ("/products", &shelves),
        ("/products/A", &article),
        ("/carts", &cart),
        ("/carts/c1/lines", &added),
        ("/carts/c1/address", &addressed),
        ("/carts/c1/quote", &quoted),
    ];
    Till::open(&before.iter().copied().chain(replies.iter().copied()).collect::<Vec<_>>())
}

/// One shopper of the journey.
fn walk(journey: &str, till: &Till, card: Card, manner: Manner) -> Books {
    let mut plan = plan(1, 1_000, manner);
    plan.arrivals[0].card = card;
    let mut course = course(scenario(journey), plan, till.address);
    course.variables.insert("shop".into(), json!({ "url": format!("http://{}", till.address) }));
    run(&course)
}

fn only(books: &Books) -> &Purchase {
    assert_eq!(books.purchases.len(), 1);
    assert_eq!(books.purchases[0].outcome, books.arrivals[0].outcome, "the arrival ends as its purchase");
    &books.purchases[0]
}

fn kinds(books: &Books) -> Vec<(AttemptKind, Reading)> {
    books.attempts.iter().filter(|row| row.kind != AttemptKind::Other).map(|row| (row.kind, row.reading)).collect()
}

/// Lines from the checkout on.
fn checkout(till: &Till, from: &str) -> Vec<String> {
    till.lines().into_iter().skip_while(|line| !line.contains(from)).collect()
}

/// A bank whose page posts to its own address, and then sends the browser to `back`.
fn bank(back: &str) -> Till {
    let form = page(r#"<form method="post"><button name="outcome" value="succeeded">Complete</button></form>"#);
    Till::open(&[("/3ds/page", &[form, redirect(back)])])
}

fn challenged(bank: SocketAddr) -> Reply {
    let url = format!("http://{bank}/3ds/page");
    let action = json!({"type": "redirect", "url": url});
    reply(202, &json!({"order": "DB-1", "state": "pending", "total_minor": 1250, "action": action}))
}

/// A shop that asks for authentication, and a bank that sends back to it.
fn challenging(returned: &[Reply]) -> (Till, Till) {
    let shop = with_shelves(&[("/orders/DB-1/return", returned)]);
    let bank = bank(&format!("http://{}/orders/DB-1/return?redirect_status=x", shop.address));
    (shop.and("/carts/c1/checkout", &[challenged(bank.address)]), bank)
}

#[test]
fn a_challenge_is_answered_at_the_bank_and_the_shop_is_returned_to() {
    let (shop, bank) = challenging(&[order(200, "authorised")]);
    let books = walk("authenticated-card", &shop, Card::Authenticate, careful());
    assert_eq!(only(&books).outcome, Outcome::Confirmed);
    assert_eq!(checkout(&shop, "/checkout"), ["POST /carts/c1/checkout", "GET /orders/DB-1/return?redirect_status=x"]);
    let asked = bank.asked();
    assert_eq!([&*asked[0].line, &*asked[1].line], ["GET /3ds/page", "POST /3ds/page"]);
    assert_eq!(asked[1].body, "outcome=succeeded");
    assert_eq!(asked[1].header("doorbuster-intent"), "", "the bank is not the shop");
    assert_eq!(
        kinds(&books),
        [
            (AttemptKind::Submit, Reading::ActionRequired),
            (AttemptKind::Authenticate, Reading::Ok),
            (AttemptKind::Authenticate, Reading::Ok),
            (AttemptKind::Return, Reading::Ok)
        ]
    );
}

#[test]
fn a_failed_challenge_is_a_decline_and_another_card_may_pay() {
    let failed = reply(200, &json!({"order": "DB-1", "state": "failed", "failure": "card_declined"}));
    let fails = Manner { fails_challenge: true, ..careful() };
    let (shop, bank) = challenging(std::slice::from_ref(&failed));
    let books = walk("authenticated-card", &shop, Card::Authenticate, fails);
    assert_eq!((only(&books).outcome, only(&books).refusal), (Outcome::Rejected, Some(Refusal::Declined)));
    assert_eq!(bank.asked()[1].body, "outcome=failed");

    let (shop, _bank) = challenging(&[failed]);
    let shop = shop.and("/orders/DB-1/payments", &[order(200, "paid")]);
    let books = walk("authenticated-card", &shop, Card::Authenticate, Manner { second_card: true, ..fails });
    assert_eq!(only(&books).outcome, Outcome::Confirmed);
}

#[test]
fn who_closes_the_tab_is_gone_and_was_told_nothing() {
    let (shop, bank) = challenging(&[order(200, "paid")]);
    let books = walk("authenticated-card", &shop, Card::Authenticate, Manner { closes_tab_at: Some(2), ..careful() });
    assert_eq!((only(&books).outcome, only(&books).order_number.as_deref()), (Outcome::Abandoned, Some("DB-1")));
    assert_eq!(bank.lines(), ["GET /3ds/page"]);
    assert!(!checkout(&shop, "/checkout").iter().any(|line| line.contains("return")));
}

#[test]
fn coming_back_twice_asks_twice_at_once_and_the_better_answer_counts() {
    let (shop, _bank) = challenging(&[order(200, "pending").after_ms(20), order(200, "paid")]);
    let books = walk("authenticated-card", &shop, Card::Authenticate, Manner { returns_twice: true, ..careful() });
    assert_eq!(only(&books).outcome, Outcome::Confirmed);
    assert_eq!(checkout(&shop, "/checkout").iter().filter(|line| line.contains("return")).count(), 2);
}

#[test]
fn a_card_that_nobody_asks_about_needs_no_bank() {
    let shop = with_shelves(&[("/carts/c1/checkout", &[order(201, "paid")])]);
    let books = walk("authenticated-card", &shop, Card::Ok, careful());
    assert_eq!(only(&books).outcome, Outcome::Confirmed);
    assert_eq!(kinds(&books), [(AttemptKind::Submit, Reading::Ok)]);
}

const CONFIRM: &str = "/v1/payment_intents/pi_1/confirm";

fn succeeded() -> Reply {
    reply(200, &json!({"id": "pi_1", "status": "succeeded", "next_action": null}))
}

fn session(provider: SocketAddr) -> Reply {
    let url = format!("http://{provider}");
    let mut payment = json!({"intent": "pi_1", "client_secret": "pi_1_secret", "publishable_key": "pk_test_1"});
    payment["url"] = url.into();
    payment["return_url"] = "http://shop.test/orders/DB-1/return".into();
    let order =
        json!({"order": "DB-1", "state": "pending", "total_minor": 1250, "currency": "USD", "payment": payment});
    reply(201, &order)
}

fn sessions(provider: &Till, replies: &[(&'static str, &[Reply])]) -> Till {
    with_shelves(replies).and("/carts/c1/session", &[session(provider.address)])
}

#[test]
fn a_session_is_confirmed_at_the_provider_without_the_shops_cookies() {
    let provider = Till::open(&[(CONFIRM, &[succeeded()])]);
    let shop = sessions(&provider, &[("/orders/DB-1/return", &[order(200, "paid")])]);
    let books = walk("browser-session", &shop, Card::Ok, careful());
    assert_eq!(only(&books).outcome, Outcome::Confirmed);
    let asked = &provider.asked()[0];
    assert_eq!(asked.header("authorization"), "Bearer pk_test_1");
    assert_eq!((asked.header("idempotency-key"), asked.header("doorbuster-run")), ("r1.0.0.11.a1", ""));
    let body = String::from_utf8(asked.body.to_vec()).expect("text");
    assert!(body.contains("client_secret=pi_1_secret") && body.contains("payment_method=pm_card_visa"), "{body}");
    assert_eq!(
        kinds(&books),
        [
            (AttemptKind::Submit, Reading::ActionRequired),
            (AttemptKind::Confirm, Reading::Ok),
            (AttemptKind::Return, Reading::Ok)
        ]
    );
    let confirm = books.attempts.iter().find(|row| row.kind == AttemptKind::Confirm).expect("a confirmation");
    assert_eq!((confirm.card.as_deref(), confirm.intent.as_deref()), (Some("ok"), Some("r1.0.0")));
}

#[test]
fn a_session_leads_over_the_bank_where_the_issuer_asks() {
    let shop =
        with_shelves(&[("/orders/DB-1/return", &[order(200, "pending")]), ("/orders/DB-1", &[order(200, "paid")])]);
    let bank = bank(&format!("http://{}/orders/DB-1/return?redirect_status=succeeded", shop.address));
    let url = format!("http://{}/3ds/page", bank.address);
    let asks = json!({"status": "requires_action", "next_action": {"redirect_to_url": {"url": url}}});
    let provider = Till::open(&[(CONFIRM, &[reply(200, &asks)])]);
    let shop = shop.and("/carts/c1/session", &[session(provider.address)]);
    let books = walk("browser-session", &shop, Card::Authenticate, careful());
    assert_eq!(only(&books).outcome, Outcome::Confirmed, "settled after the return: {:?}", kinds(&books));
    assert_eq!(bank.lines().len(), 2);
    assert_eq!(kinds(&books).last(), Some(&(AttemptKind::Settle, Reading::Ok)));
}

#[test]
fn a_confirmation_that_was_never_answered_is_taken_up_again_under_the_same_key() {
    let lost = with_status(page("<html>bad gateway</html>"), 502);
    let provider = Till::open(&[(CONFIRM, &[lost, succeeded()])]);
    let pending = order(200, "pending");
    let shop = sessions(
        &provider,
        &[("/orders/DB-1/return", &[order(200, "paid")]), ("/carts/c1/order", std::slice::from_ref(&pending))],
    );
    let books = walk("browser-session", &shop, Card::Ok, careful());
    assert_eq!(only(&books).outcome, Outcome::Confirmed);
    let keys: Vec<String> = provider.keys().into_iter().map(|(_, key)| key).collect();
    assert_eq!(keys, ["r1.0.0.11.a1", "r1.0.0.11.a1"]);
    let shop_keys: Vec<String> =
        shop.keys().into_iter().filter(|(line, _)| line.contains("session")).map(|(_, key)| key).collect();
    assert_eq!(shop_keys, ["r1.0.0.11", "r1.0.0.11"]);
}

#[test]
fn a_decline_at_the_provider_is_paid_with_another_card_under_another_key() {
    let declined = reply(402, &json!({"error": {"code": "card_declined"}}));
    let provider = Till::open(&[(CONFIRM, &[declined, succeeded()])]);
    let shop = sessions(
        &provider,
        &[("/orders/DB-1/return", &[order(200, "paid")]), ("/orders/DB-1", &[order(200, "pending")])],
    );
    let books = walk("browser-session", &shop, Card::Declined, Manner { second_card: true, ..careful() });
    assert_eq!(only(&books).outcome, Outcome::Confirmed);
    let keys: Vec<String> = provider.keys().into_iter().map(|(_, key)| key).collect();
    assert_eq!(keys, ["r1.0.0.11.a1", "r1.0.0.11.card.a1"]);
}

#[test]
fn an_edit_in_another_tab_changes_what_counts_as_shown() {
    let provider = Till::open(&[(CONFIRM, &[succeeded().after_ms(100)])]);
    let lines: &[Reply] = &[reply(200, &json!({"subtotal_minor": 3000}))];
    let shop = sessions(&provider, &[("/orders/DB-1/return", &[total("paid", 3300)]), ("/carts/c1/lines/A", lines)]);
    let manner = Manner { edits_after_us: Some(30_000), ..careful() };
    let books = walk("editing-buyer", &shop, Card::Ok, manner);
    let row = only(&books);
    assert_eq!((row.outcome, row.shown_total_minor, row.total_minor), (Outcome::Confirmed, Some(3300), Some(3300)));
    assert!(kinds(&books).contains(&(AttemptKind::Edit, Reading::Ok)));
    let edit = shop.asked().into_iter().find(|asked| asked.line.starts_with("PUT /carts/c1/lines/A")).expect("an edit");
    assert_eq!(edit.json(), json!({"quantity": 3}));

    let refused: &[Reply] = &[reply(409, &json!({"error": {"code": "cart_ordered"}}))];
    let shop = sessions(&provider, &[("/orders/DB-1/return", &[total("paid", 1250)]), ("/carts/c1/lines/A", refused)]);
    let books = walk("editing-buyer", &shop, Card::Ok, manner);
    assert_eq!((only(&books).outcome, only(&books).shown_total_minor), (Outcome::Confirmed, Some(1250)));
}

#[test]
fn who_is_done_before_the_edit_does_not_edit() {
    let provider = Till::open(&[(CONFIRM, &[succeeded()])]);
    let shop = sessions(&provider, &[("/orders/DB-1/return", &[order(200, "paid")])]);
    let books = walk("editing-buyer", &shop, Card::Ok, Manner { edits_after_us: Some(60_000_000), ..careful() });
    assert_eq!(only(&books).outcome, Outcome::Confirmed);
    assert!(!kinds(&books).iter().any(|(kind, _)| *kind == AttemptKind::Edit));
}

#[test]
fn an_account_buys_twice_the_second_time_with_the_card_kept() {
    let cards = json!({"account": "a_1", "credit_minor": 0, "cards": [{"saved": "pm_kept", "last4": "4242"}]});
    let second = reply(201, &json!({"order": "DB-2", "state": "paid", "total_minor": 700}));
    let opened: Value = json!({"account": "a_1", "token": "t1", "credit_minor": 500});
    let shop = with_shelves(&[
        ("/accounts", &[reply(201, &opened)]),
        ("/accounts/me", &[reply(200, &cards)]),
        ("/carts/c1/voucher", &[reply(200, &json!({"code": "GIFT", "balance_minor": 100}))]),
        ("/carts/c1/checkout", &[order(201, "paid"), second]),
    ]);
    let books = walk("account-buyer", &shop, Card::Ok, careful());
    assert_eq!(books.arrivals[0].outcome, Outcome::Confirmed);
    let bought: Vec<_> = books.purchases.iter().map(|row| (row.intent.as_str(), row.order_number.as_deref())).collect();
    assert_eq!(bought, [("r1.0.0", Some("DB-1")), ("r1.0.1", Some("DB-2"))]);
    let checkouts: Vec<_> = shop.asked().into_iter().filter(|asked| asked.line.ends_with("/checkout")).collect();
    assert_eq!(checkouts[0].json()["payment"], json!({"method": "pm_card_visa"}));
    assert_eq!(checkouts[1].json()["payment"], json!({"saved": "pm_kept"}));
    assert!(checkouts.iter().all(|asked| asked.header("authorization") == "Bearer t1"));
}
