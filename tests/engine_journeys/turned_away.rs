//! Who came to buy and never got to submit: written down at the step that kept them from it.

use super::engine_course::till::{Reply, Till, page, reply, silence};
use super::engine_course::{Books, ask, buy, course, expect, expect_json, journey, plan, request, run, scenario, step};
use model::journey::{Action, Condition, KeyUse, Pause, Request, Step};
use model::outcome::{Outcome, Reading, Refusal};
use model::plan::Manner;
use serde_json::json;
use std::time::Duration;

/// One shopper looks at a page, opens a cart and buys, at a shop whose cart answers like that.
fn cart(replies: &[Reply], manner: Manner, buys: Step) -> Books {
    let till =
        Till::open(&[("/", &[page("")]), ("/cart", replies), ("/buy", &[reply(201, &json!({"state": "paid"}))])]);
    let opens = Request {
        timeout: Duration::from_millis(50),
        expect: vec![
            expect(Reading::Ok, 200, 299),
            expect_json(Reading::Refused(Refusal::SoldOut), 409, "$.error.code", &json!("sold_out")),
        ],
        ..request("POST", "/cart")
    };
    let think = step("think", Action::Think(Pause::Fixed(Duration::from_millis(20))));
    let steps = vec![ask("page", request("GET", "/")), think, ask("cart", opens), buys];
    run(&course(scenario(vec![journey("buyer", steps)]), plan(1, 1_000, manner), till.address))
}

fn buys() -> Step {
    let expect = vec![expect(Reading::Ok, 201, 201)];
    step("buy", Action::Buy(Box::new(buy(Request { key: KeyUse::Step, expect, ..request("POST", "/buy") }))))
}

fn ends(books: &Books) -> Vec<(Outcome, Option<Refusal>, &str)> {
    books.turned_away.iter().map(|row| (row.outcome, row.refusal, row.step.as_str())).collect()
}

#[test]
fn whoever_cannot_open_a_cart_came_to_buy_all_the_same() {
    let broken = cart(&[reply(503, &json!({}))], Manner::default(), buys());
    assert_eq!(ends(&broken), [(Outcome::Rejected, Some(Refusal::Technical), "cart")]);
    let silent = cart(&[silence()], Manner::default(), buys());
    assert_eq!(ends(&silent), [(Outcome::Unknown, None, "cart")]);
    let sold_out = cart(&[reply(409, &json!({"error": {"code": "sold_out"}}))], Manner::default(), buys());
    assert_eq!(ends(&sold_out), [(Outcome::Rejected, Some(Refusal::SoldOut), "cart")]);
    for books in [&broken, &silent, &sold_out] {
        assert!(books.purchases.is_empty(), "nothing was submitted");
        let away = &books.turned_away[0];
        assert!(away.intended_us >= 20_000, "the moment is that of the step, not of the arrival: {away:?}");
        assert!(away.ended_us >= away.intended_us);
        assert_eq!(away.arrival, books.arrivals[0].number);
    }
}

#[test]
fn a_refused_connection_turns_away_at_the_first_step() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port");
    let steps = vec![ask("page", request("GET", "/")), buys()];
    let books = run(&course(scenario(vec![journey("buyer", steps)]), plan(1, 1_000, Manner::default()), closed));
    assert_eq!(ends(&books), [(Outcome::Unknown, None, "page")]);
}

#[test]
fn whoever_did_not_mean_to_buy_was_not_kept_from_it() {
    let broken = [reply(503, &json!({}))];
    let leaves = Manner { abandons_at: Some(3), ..Manner::default() };
    assert_eq!(ends(&cart(&broken, leaves, buys())), [], "they would have left before the purchase");
    let drawn = |chance| Step { only_if: Some(Condition::Chance(chance)), ..buys() };
    assert_eq!(ends(&cart(&broken, Manner::default(), drawn(0.0))), [], "the draw was against it");
    assert_eq!(ends(&cart(&broken, Manner::default(), drawn(1.0))).len(), 1);
    assert_eq!(ends(&cart(&broken, Manner::default(), ask("another page", request("GET", "/")))), []);
}

#[test]
fn whoever_came_to_their_purchase_is_not_turned_away_after_it() {
    let till = Till::open(&[("/buy", &[reply(201, &json!({"state": "paid"}))]), ("/no", &[reply(500, &json!({}))])]);
    let walk =
        |steps| run(&course(scenario(vec![journey("buyer", steps)]), plan(1, 1_000, Manner::default()), till.address));
    let thanks = ask("thanks", request("GET", "/no"));
    assert_eq!(ends(&walk(vec![buys(), thanks.clone()])), []);
    let another = walk(vec![buys(), thanks, buys()]);
    assert_eq!(another.arrivals[0].outcome, Outcome::Confirmed, "what was bought stays bought");
    assert_eq!(ends(&another), [(Outcome::Rejected, Some(Refusal::Technical), "thanks")], "the second wish failed");
}

#[test]
fn at_the_end_of_the_load_only_those_who_wait_for_the_shop_were_kept_from_buying() {
    let till = Till::open(&[("/cart", &[silence()])]);
    let walk = |first| {
        let mut scenario = scenario(vec![journey("buyer", vec![first, buys()])]);
        scenario.traffic.drain = Duration::from_millis(60);
        run(&course(scenario, plan(1, 1_000, Manner::default()), till.address))
    };
    let waits = walk(ask("cart", Request { timeout: Duration::from_secs(60), ..request("POST", "/cart") }));
    assert_eq!(ends(&waits), [(Outcome::InFlight, None, "cart")]);
    let thinks = walk(step("think", Action::Think(Pause::Fixed(Duration::from_secs(60)))));
    assert_eq!(thinks.arrivals[0].outcome, Outcome::InFlight);
    assert_eq!(ends(&thinks), [], "we cut them off, not the shop");
}
