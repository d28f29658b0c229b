//! Counterexamples, told across the books.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use books::Joined;
use books::history;
use books::laws;
use books::rows::{Event, EventKind};
use model::record::{Book, Passage, TimelineEntry};

/// Tells the first violation of a law in the only history of a text.
fn tell(law: &str, text: &str, events: Vec<Event>) -> Vec<TimelineEntry> {
    let mut history = history::parse(text).unwrap().remove(0);
    history.books.batch.events = events;
    let joined = Joined::from_file(history.books.file().unwrap()).unwrap();
    let law = laws::built_in().into_iter().find(|it| it.name == law).unwrap();
    let found = joined.examine(&law);
    joined.timeline(&found.violations[0]).unwrap()
}

fn lines(entries: &[TimelineEntry]) -> Vec<String> {
    let book = |book| match book {
        Book::Shopper => "shopper",
        Book::Provider => "provider",
        Book::Shop => "shop",
        Book::Run => "run",
    };
    entries.iter().map(|entry| format!("{}: {}", book(entry.book), entry.text)).collect()
}

#[test]
fn a_double_charge_is_told_across_the_books() {
    let text = "history: fresh key per retry
        expect: violated
        shopper a confirmed shown=4590 order=O1 total=4590
        submit a key=11111111-4f2a -> no answer
        payment create pi_1 4590 intent=a key=p-aaaa order=O1 lost fault=lost-answers
        payment authorise ch_1 of pi_1 4590 intent=a key=p-aaaa state=succeeded lost fault=lost-answers
        payment capture ch_1 of pi_1 4590 intent=a key=p-aaaa lost fault=lost-answers
        payment capture ch_2 of pi_2 4590 intent=a key=p-bbbb
        submit a key=11111111-4f2a card=ok -> 201 ok order=O1 total=4590
        payment webhook evt_1 of pi_1 state=delivered status=200
        order O1 paid intent=a total=4590 states=pending,paid payment=pi_2";
    let began = Event {
        at_us: 300_000,
        kind: EventKind::FaultBegan,
        name: "lost-answers".into(),
        text: String::new(),
        undo: String::new(),
    };
    let late = Event { at_us: 90_000_000, ..began.clone() };
    let told = tell("no_intent_is_charged_twice", text, vec![began, late]);
    assert_eq!(
        lines(&told),
        [
            "shopper: is shown a total of 45.90 USD",
            "run: fault `lost-answers` begins",
            "shopper: submits the order, key …4f2a",
            "shopper: has no answer after 50 ms",
            "provider: prepares a payment of 45.90 USD, pi_1, order O1, key …aaaa; answer lost by fault `lost-answers`",
            "provider: authorises 45.90 USD, ch_1, key …aaaa; answer lost by fault `lost-answers`",
            "provider: captures 45.90 USD, ch_1, key …aaaa; answer lost by fault `lost-answers`",
            "provider: captures 45.90 USD, ch_2, key …bbbb",
            "shopper: submits the order, card `ok`, key …4f2a",
            "shopper: is answered 201: order O1 is paid for 45.90 USD",
            "shopper: has bought, with order O1",
            "provider: delivers a webhook, the shop answers 200",
            "shop: order O1: pending, then paid; total 45.90 USD; believes to have received 45.90 USD; payment pi_2",
        ]
    );
    assert_eq!(told[4].fault.as_deref(), Some("lost-answers"));
    assert_eq!(told[4].passage, Passage::AnswerLost);
    let breaking: Vec<usize> = (0..told.len()).filter(|place| told[*place].breaks).collect();
    assert_eq!(breaking, [7], "the second capture breaks the law");
    assert_eq!(told[12].at_ms, None);
}

#[test]
fn an_oversold_article_is_told_by_the_orders_that_took_it() {
    let text = "history: one too many
        expect: violated
        stock MUG 2
        order O1 paid intent=a lines=MUG*2
        order O2 paid intent=b lines=MUG*1
        order O3 failed intent=c lines=MUG*1";
    assert_eq!(
        lines(&tell("stock_is_never_oversold", text, vec![])),
        [
            "run: 2 of article MUG were declared",
            "shop: order O1 (paid) takes 2: 2 of 2",
            "shop: order O2 (paid) takes 1: 3 of 2"
        ]
    );
}

#[test]
fn a_charge_that_nobody_made_is_told_by_its_rows() {
    let text = "history: unknown
        expect: violated
        payment capture ch_9 of pi_9 100 order=X
        payment refund re_9 of ch_9 100 state=refused";
    assert_eq!(
        lines(&tell("every_statement_is_attributed", text, vec![]))[0],
        "provider: captures 1.00 USD, ch_9, order X"
    );
}

#[test]
fn a_number_in_a_file_is_told_by_its_card() {
    let text = "history: log
        expect: violated
        file /var/shop.log bytes=9
        seen ok in=/var/shop.log count=3";
    assert_eq!(
        lines(&tell("no_card_number_is_stored", text, vec![])),
        ["shop: file /var/shop.log holds the number of card `ok`, 3 times"]
    );
}

#[test]
fn every_violation_of_every_history_can_be_told() {
    let directory = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios/laws/histories");
    for law in laws::built_in() {
        let text = std::fs::read_to_string(directory.join(format!("{}.txt", law.name))).unwrap();
        for history in history::parse(&text).unwrap() {
            let joined = Joined::from_file(history.books.file().unwrap()).unwrap();
            let found = joined.examine(&law);
            for subject in &found.violations {
                assert!(!joined.timeline(subject).unwrap().is_empty(), "{}: {}", law.name, history.title);
            }
        }
    }
}

/// The first evidence of a law's violations in the only history of a text, in microseconds.
fn evidence(law: &str, text: &str) -> Option<u64> {
    let history = history::parse(text).unwrap().remove(0);
    let joined = Joined::from_file(history.books.file().unwrap()).unwrap();
    let law = laws::built_in().into_iter().find(|it| it.name == law).unwrap();
    joined.first_evidence_us(&law, &joined.examine(&law).violations).unwrap()
}

#[test]
fn evidence_begins_where_money_moved_and_not_where_it_was_prepared() {
    let text = "history: charged twice
        expect: violated
        shopper a confirmed shown=4590 order=O1 total=4590
        submit a key=11111111-4f2a -> 201 ok order=O1 total=4590
        payment create pi_1 4590 intent=a
        payment capture ch_1 of pi_1 4590 intent=a
        payment capture ch_2 of pi_2 4590 intent=a
        order O1 paid intent=a total=4590 states=pending,paid payment=pi_2";
    let prepared_later = text.replace(
        "payment create pi_1 4590 intent=a\n",
        "payment create pi_0 4590 intent=a\n        payment create pi_1 4590 intent=a\n",
    );
    let (first, later) =
        (evidence("no_intent_is_charged_twice", text), evidence("no_intent_is_charged_twice", &prepared_later));
    assert!(first.is_some() && later > first, "{first:?}, {later:?}");
}

#[test]
fn without_a_row_of_the_statement_the_shopper_s_answer_is_the_evidence() {
    let text = "history: an order that nobody paid
        expect: violated
        shopper a confirmed shown=4590 order=O1 total=4590
        submit a key=11111111-4f2a -> 201 ok order=O1 total=4590
        payment create pi_1 4590 intent=a
        order O1 paid intent=a total=4590 states=pending,paid";
    assert!(evidence("no_order_without_a_charge", text).is_some());
    let nobody = text.replace("submit a key=11111111-4f2a -> 201 ok order=O1 total=4590\n", "");
    assert_eq!(evidence("no_order_without_a_charge", &nobody), None);
}

#[test]
fn a_canary_is_no_evidence_of_when_the_load_showed_it() {
    let canary = "history: charged twice before anybody came
        expect: violated
        shopper a confirmed shown=4590 order=O2 total=4590
        payment capture ch_1 of pi_1 4590 intent=r1.7000.0
        payment capture ch_2 of pi_2 4590 intent=r1.7000.0
        order O1 paid intent=r1.7000.0 total=4590 payment=pi_2
        payment capture ch_3 of pi_3 4590 intent=a
        order O2 paid intent=a total=4590";
    assert_eq!(evidence("no_intent_is_charged_twice", canary), None);
    let both = format!("{canary}\n        payment capture ch_4 of pi_4 4590 intent=a");
    let (first, alone) = (
        evidence("no_intent_is_charged_twice", &both),
        evidence("no_intent_is_charged_twice", &both.replace("r1.7000.0", "a1")),
    );
    assert!(first.is_some() && first > alone, "the shopper's own charge is the first: {first:?}, {alone:?}");
}
