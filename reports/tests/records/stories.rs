//! What befell single purchases of the run that fails.

use model::record::{Book, Chosen, Counterexample, Passage, TimelineEntry, Touch};

pub(super) fn double_charge(chosen: Chosen, weight: u64) -> Counterexample {
    let lost = TimelineEntry {
        fault: Some("lost-answers".into()),
        ..entry(
            Book::Provider,
            48_240.1,
            Passage::AnswerLost,
            "charges 129.90 USD",
            ", pi_1, key pay-7a; answer lost by fault `lost-answers`",
        )
    };
    let again = TimelineEntry {
        breaks: true,
        ..entry(Book::Provider, 50_262.8, Passage::Called, "charges 129.90 USD", ", pi_2, key pay-7b")
    };
    let late = TimelineEntry {
        fault: Some("lost-answers".into()),
        ..entry(Book::Provider, 50_400.0, Passage::Undelivered, "never delivers payment_intent.succeeded", "")
    };
    let began = TimelineEntry {
        fault: Some("lost-answers".into()),
        ..entry(Book::Run, 48_000.0, Passage::Nothing, "fault `lost-answers` begins", "")
    };
    let booked = "order A-10233 is paid, 129.90 USD";
    Counterexample {
        chosen,
        subject: "i-004417 (shopper 3,102, order A-10233)".into(),
        why: "2 captures: 259.80 USD was taken where 129.90 was owed; it was still so at the end".into(),
        sentence: "Nobody pays twice for one purchase. Order A-10233: 2 captures: 259.80 USD was taken where 129.90 was owed; \
                   it was still so at the end."
            .into(),
        weight,
        currency: Some("USD".into()),
        touched: vec![Touch {
            fault: "lost-answers".into(),
            what: "30% of payment answers lost after the charge".into(),
            did: vec!["the answer to “charges 129.90 USD” never reached the shop".into()],
        }],
        timeline: vec![
            began,
            entry(Book::Shopper, 48_212.0, Passage::Asked, "submits the order", ", card `ok`, key …k-91"),
            at_provider("tax", entry(Book::Provider, 48_219.4, Passage::Called, "quotes a tax of 9.62 USD", ", q_1")),
            at_provider("payment", lost),
            at_provider("payment", again),
            entry(Book::Shopper, 50_274.9, Passage::Answered, "order A-10233 is paid for 129.90 USD", ""),
            at_provider("payment", late),
            at_provider("payment", entry(Book::Provider, 50_600.0, Passage::Delivered, "delivers charge.succeeded", ", the shop answers 200")),
            TimelineEntry { brief: booked.into(), ..TimelineEntry::noted(Book::Shop, None, format!("{booked}; payment pi_2")) },
        ],
        query: "SELECT * FROM v1_statement WHERE intent = 'i-004417' ORDER BY seq".into(),
        rows_query: "SELECT seq, op FROM v1_statement WHERE intent = 'i-004417';".into(),
    }
}

pub(super) fn wrong_total() -> Counterexample {
    Counterexample {
        chosen: Chosen::FirstAndWorst,
        subject: "A-11877".into(),
        why: "the order says 79.99 USD, charged was 84.20 USD".into(),
        sentence: String::new(),
        weight: 421,
        currency: Some("USD".into()),
        touched: Vec::new(),
        timeline: vec![
            entry(Book::Shopper, 61_003.0, Passage::Nothing, "is shown a total of 79.99 USD", ""),
            at_provider("payment", entry(Book::Provider, 61_031.0, Passage::Called, "captures 84.20 USD", ", pi_9")),
            TimelineEntry {
                breaks: true,
                ..TimelineEntry::noted(Book::Shop, None, "order A-11877: paid, 79.99 USD".into())
            },
        ],
        query: String::new(),
        rows_query: String::new(),
    }
}

fn entry(book: Book, at_ms: f64, passage: Passage, brief: &str, more: &str) -> TimelineEntry {
    TimelineEntry { passage, brief: brief.into(), ..TimelineEntry::noted(book, Some(at_ms), format!("{brief}{more}")) }
}

fn at_provider(provider: &str, entry: TimelineEntry) -> TimelineEntry {
    TimelineEntry { provider: Some(provider.into()), ..entry }
}
