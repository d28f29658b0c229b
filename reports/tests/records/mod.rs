//! Three runs made by hand: one that passes, one with a double charge, one that proves nothing.

use model::finding::{Finding, Verdict};
use model::objective::{Target, Unit};
use model::record::{
    Arrivals, Book, Chosen, Counterexample, EventKind, EventRecord, FaultRecord, Generator, LawRecord, Machine,
    MoneyRecord, ObjectiveRecord, Passage, PhaseRecord, RunRecord, SCHEMA_VERSION, Series, Stake, StepRecord,
    TimelineEntry, Touch,
};
use std::collections::BTreeMap;

const SECONDS: usize = 150;

/// Every law with its sentence, what was examined and what was exposed in the run that passes.
const LAWS: [(&str, &str, u64, u64); 18] = [
    ("no_intent_is_charged_twice", "No intent is charged twice", 8_731, 612),
    ("no_intent_gets_two_orders", "No intent gets two orders", 8_731, 974),
    ("no_charge_without_an_order", "There is no charge without an order", 8_412, 612),
    ("no_order_without_a_charge", "There is no order without a charge", 8_412, 612),
    ("every_statement_is_attributed", "Every line of the provider’s statement belongs to an intent", 19_204, 19_204),
    (
        "the_charge_equals_the_order_total",
        "The charge equals the order total, and the total that the shopper was shown",
        8_412,
        8_412,
    ),
    ("no_acknowledged_order_is_lost", "No acknowledged order is lost", 8_412, 8_412),
    ("a_repeated_key_gets_the_same_answer", "A repeated key gets the same answer", 974, 974),
    ("stock_is_never_oversold", "Stock is never oversold", 240, 3),
    ("promotions_stay_within_their_limit", "Promotions stay within their limit", 2, 1),
    ("an_order_only_moves_forward", "An order only moves forward", 8_498, 1_212),
    ("no_refund_exceeds_the_capture", "No refund exceeds the capture", 214, 214),
    ("every_tax_amount_has_a_declared_source", "Every tax amount has a declared source", 8_498, 1_876),
    ("committed_tax_documents_match_paid_orders", "Committed tax documents match the paid orders", 8_412, 1_876),
    ("every_paid_order_is_fulfilled_once", "Every paid order is fulfilled once", 8_412, 0),
    ("no_authorisation_is_left_open", "No authorisation is left open", 9_012, 612),
    ("every_doubt_is_settled", "Every doubt is settled", 612, 612),
    ("no_card_number_is_stored", "No card number is stored", 41, 120),
];

pub fn pass() -> RunRecord {
    RunRecord {
        schema_version: SCHEMA_VERSION,
        run: "r-7f3a91c2".into(),
        scenario: "black-friday".into(),
        description: "The day shape of a large retailer’s Black Friday in two and a half minutes. The payment provider loses answers \
                      in the middle of the morning, tax turns slow in the evening."
            .into(),
        seed: 20_261_127,
        plan_hash: "9b1f0c5a7de84f6e2b13c0d4a9f8e7766554433221100ffeeddccbbaa9988776".into(),
        doorbuster_version: "0.1.0".into(),
        shop: "reference shop".into(),
        started_at: "2026-11-23T10:00:00Z".into(),
        duration_s: SECONDS as f64,
        command: "doorbuster run scenarios/black-friday.yaml --seed 20261127".into(),
        verdict: Verdict::Pass,
        reasons: Vec::new(),
        closed_users: None,
        arrivals: Arrivals { scheduled: 11_902, confirmed: 8_412, rejected: 311, unknown: 0, abandoned: 1_204, completed: 1_975, shed: 0, in_flight: 0 },
        refusals: BTreeMap::from([("declined".into(), 288), ("sold_out".into(), 15), ("technical".into(), 8)]),
        objectives: objectives(),
        laws: LAWS.iter().map(held).collect(),
        faults: faults(),
        events: Vec::new(),
        phases: phases(),
        steps: steps(),
        generator: generator(),
        machine: machine(),
        money: vec![MoneyRecord { currency: "USD".into(), captured_minor: 97_124_533, refunded_minor: 1_204_310, owed_minor: 95_920_223 }],
        series: series(0.0),
        remarks: vec!["12 statement rows of earlier runs set aside".into()],
    }
}

pub fn fail() -> RunRecord {
    let mut record = pass();
    record.run = "r-2c4410de".into();
    record.scenario = "lost-answers".into();
    record.description = "Three in ten payment answers are lost after the charge was made, for a minute.".into();
    record.shop = "reference shop, defect fresh-key-per-retry".into();
    record.command = "doorbuster run scenarios/lost-answers.yaml --defect fresh-key-per-retry --seed 7".into();
    record.seed = 7;
    record.verdict = Verdict::Fail;
    record.reasons = vec![
        "no_intent_is_charged_twice is violated for 203 of 8,731 intents".into(),
        "the_charge_equals_the_order_total is violated for 2 of 8,412 orders".into(),
        "checkout_p95 in recovery is 1,240 ms, target at most 500 ms".into(),
    ];
    record.laws[0].finding = Finding::Violated;
    record.laws[0].violated = 203;
    record.laws[0].at_stake = vec![Stake { currency: "USD".into(), amount_minor: 2_348_122 }];
    record.laws[0].counterexamples = vec![double_charge(Chosen::First, 12_990), double_charge(Chosen::Worst, 99_900)];
    record.laws[0].first_evidence_ms = Some(31_204.0);
    record.laws[5].finding = Finding::Violated;
    record.laws[5].violated = 2;
    record.laws[5].counterexamples = vec![wrong_total()];
    record.laws.iter_mut().filter(|law| law.finding == Finding::Violated).for_each(|law| law.excluded_rate = None);
    record.events = vec![
        EventRecord { at_s: 38.5, kind: EventKind::Action, name: "open-the-sale".into(), text: "done".into() },
        EventRecord {
            at_s: 52.0,
            kind: EventKind::External,
            name: "CheckoutSlow".into(),
            text: "firing p95 is 2 s".into(),
        },
    ];
    record.laws.sort_by_key(|law| std::cmp::Reverse(law.finding));
    record.objectives.push(ObjectiveRecord {
        name: "checkout_p95".into(),
        phase: "recovery".into(),
        target: Target::AtMost(500.0),
        unit: Unit::Milliseconds,
        measured: Some(1_240.4),
        low: Some(1_102.0),
        high: Some(1_391.0),
        samples: 1_204,
        finding: Finding::Violated,
        remark: "worst from 1:32 to 1:42: 1,812 ms".into(),
    });
    record.series = series(0.06);
    record.money[0].captured_minor += 2_348_122;
    record
}

pub fn inconclusive() -> RunRecord {
    let mut record = pass();
    record.run = "r-90ab77e1".into();
    record.scenario = "tax-outage".into();
    record.command = "doorbuster run scenarios/tax-outage.yaml --seed 3".into();
    record.seed = 3;
    record.verdict = Verdict::Inconclusive;
    record.reasons = vec![
        "the generator was slow for 41 of 150 s: dispatch lag p99 was 38.2 ms, its budget is 5 ms".into(),
        "no_intent_is_charged_twice met 12 hazards, the scenario requires 100".into(),
        "checkout_p95 outside faults cannot be said: the interval holds the target".into(),
    ];
    record.arrivals = Arrivals {
        scheduled: 11_902,
        confirmed: 3_120,
        rejected: 88,
        unknown: 4,
        abandoned: 402,
        completed: 811,
        shed: 7_469,
        in_flight: 8,
    };
    record.refusals = BTreeMap::from([("declined".into(), 88)]);
    let first = &mut record.laws[0];
    (first.finding, first.exposure, first.undecided, first.excluded_rate) = (Finding::Undecided, 12, 4, None);
    let stock = &mut record.laws[8];
    (stock.finding, stock.examined, stock.exposure, stock.required) = (Finding::NotExercised, 0, 0, false);
    stock.excluded_rate = None;
    record.laws.sort_by_key(|law| std::cmp::Reverse(law.finding));
    let checkout = &mut record.objectives[0];
    (checkout.measured, checkout.low, checkout.high) = (Some(488.0), Some(431.0), Some(566.0));
    (checkout.samples, checkout.finding) = (1_411, Finding::Undecided);
    checkout.remark = "41 s left out because the harness was slow".into();
    let payment = &mut record.objectives[5];
    (payment.measured, payment.low, payment.high, payment.samples, payment.finding) =
        (None, None, None, 0, Finding::NotExercised);
    record.generator.valid = false;
    record.generator.dispatch_lag_p99_ms = 38.2;
    record.generator.dispatch_lag_max_ms = 204.5;
    record.generator.shed = 7_469;
    record.generator.invalid_seconds = 41;
    record.generator.reasons =
        vec!["dispatch lag p99 was 38.2 ms, its budget is 5 ms".into(), "7,469 arrivals were shed".into()];
    record.series.lag_ms =
        (0..SECONDS).map(|second| Some(if second > 100 { 30.0 + noise(second, 6) * 60.0 } else { 1.0 })).collect();
    record.series.begun.iter_mut().skip(100).for_each(|begun| *begun /= 3);
    record
}

fn held(law: &(&str, &str, u64, u64)) -> LawRecord {
    let (name, sentence, examined, exposure) = *law;
    LawRecord {
        name: name.into(),
        sentence: sentence.into(),
        required: exposure > 100,
        exposure_min: if exposure > 100 { 100 } else { 0 },
        finding: Finding::Held,
        examined,
        violated: 0,
        undecided: 0,
        exposure,
        excluded_rate: model::judge::excluded_rate(exposure),
        at_stake: Vec::new(),
        counterexamples: Vec::new(),
        first_evidence_ms: None,
    }
}

fn entry(book: Book, at_ms: f64, passage: Passage, brief: &str, more: &str) -> TimelineEntry {
    TimelineEntry { passage, brief: brief.into(), ..TimelineEntry::noted(book, Some(at_ms), format!("{brief}{more}")) }
}

fn at_provider(provider: &str, entry: TimelineEntry) -> TimelineEntry {
    TimelineEntry { provider: Some(provider.into()), ..entry }
}

fn double_charge(chosen: Chosen, weight: u64) -> Counterexample {
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

fn wrong_total() -> Counterexample {
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

fn objectives() -> Vec<ObjectiveRecord> {
    let objective = |name: &str, target, unit, measured: f64, low: f64, high: f64, samples| ObjectiveRecord {
        name: name.into(),
        phase: "outside faults".into(),
        target,
        unit,
        measured: Some(measured),
        low: Some(low),
        high: Some(high),
        samples,
        finding: Finding::Held,
        remark: String::new(),
    };
    let mut recovery = objective("time_to_recover", Target::AtMost(15.0), Unit::Seconds, 4.0, 3.0, 6.0, 2);
    recovery.phase = "run".into();
    vec![
        objective("checkout_p95", Target::AtMost(500.0), Unit::Milliseconds, 212.4, 198.0, 231.0, 5_411),
        objective("checkout_p99", Target::AtMost(1_500.0), Unit::Milliseconds, 402.0, 371.0, 466.0, 5_411),
        objective("availability", Target::AtLeast(0.999), Unit::Ratio, 0.999_8, 0.999_2, 1.0, 5_419),
        objective("order_creation", Target::AtLeast(0.995), Unit::Ratio, 1.0, 0.999_3, 1.0, 5_419),
        objective("payment_authorisation", Target::AtLeast(0.97), Unit::Ratio, 0.994, 0.990_1, 0.996_7, 5_702),
        objective("provider_calls_per_order", Target::AtMost(8.0), Unit::Count, 5.31, 5.22, 5.44, 8_412),
        objective("reconciliation_discrepancies", Target::AtMost(0.0), Unit::Count, 0.0, 0.0, 0.0, 8_412),
        recovery,
    ]
}

fn faults() -> Vec<FaultRecord> {
    vec![
        FaultRecord {
            name: "lost-answers".into(),
            what: "30% of payment answers lost after the charge".into(),
            from_s: 40.0,
            to_s: 75.0,
            matched: Some(2_041),
            applied: Some(612),
            hazardous: Some(612),
            intents: Some(588),
            recovered_after_s: Some(4.0),
        },
        FaultRecord {
            name: "slow-tax".into(),
            what: "tax answers two seconds late".into(),
            from_s: 100.0,
            to_s: 115.0,
            matched: Some(1_876),
            applied: Some(1_876),
            hazardous: None,
            intents: Some(1_644),
            recovered_after_s: Some(1.0),
        },
    ]
}

fn phases() -> Vec<PhaseRecord> {
    let phase = |label: &str, faulty, from_s, to_s, purchases, failed, p99_ms| PhaseRecord {
        label: label.into(),
        faulty,
        from_s,
        to_s,
        purchases,
        confirmed: purchases - failed,
        failed,
        p50_ms: Some(88.0),
        p95_ms: Some(212.4),
        p99_ms,
    };
    vec![
        phase("warm-up", false, 0.0, 10.0, 204, 0, Some(371.0)),
        phase("steady", false, 10.0, 40.0, 1_702, 0, Some(402.0)),
        phase("lost-answers", true, 40.0, 75.0, 2_611, 8, Some(4_210.0)),
        phase("recovery", false, 75.0, 100.0, 1_702, 0, Some(402.0)),
        phase("slow-tax", true, 100.0, 115.0, 1_100, 61, None),
        phase("evening", false, 115.0, 150.0, 1_404, 0, Some(390.0)),
    ]
}

fn steps() -> Vec<StepRecord> {
    let step = |journey: &str, step: &str, requests, failed, scale: f64| StepRecord {
        journey: journey.into(),
        step: step.into(),
        requests,
        failed,
        p50_ms: 3.1 * scale,
        p95_ms: 9.4 * scale,
        p99_ms: 17.8 * scale,
        p999_ms: 44.0 * scale,
        max_ms: 210.0 * scale,
    };
    vec![
        step("browse", "front page", 11_902, 0, 0.3),
        step("buy", "search", 9_927, 0, 0.8),
        step("buy", "add to cart", 19_204, 0, 1.0),
        step("buy", "address and tax", 9_012, 0, 9.0),
        step("buy", "checkout", 8_731, 8, 22.0),
    ]
}

fn generator() -> Generator {
    Generator {
        valid: true,
        dispatch_lag_p50_ms: 0.07,
        dispatch_lag_p99_ms: 0.41,
        dispatch_lag_max_ms: 3.9,
        dispatch_lag_budget_ms: 5.0,
        shed: 0,
        requests: 58_776,
        cpu_us_per_request: Some(61.4),
        shop_cpu_s: Some(41.2),
        providers_cpu_s: Some(12.9),
        proxy_cpu_s: Some(2.2),
        invalid_seconds: 0,
        reasons: Vec::new(),
    }
}

fn machine() -> Machine {
    Machine { system: "Linux 6.1, x86_64".into(), processor: "AMD EPYC 7B13".into(), cores: 2, memory_mib: 7_951 }
}

/// A day: a slow morning, a peak at noon, a second wave; and a share of purchases that fails while answers are lost.
fn series(failing: f64) -> Series {
    let wave = |second: usize| {
        let at = second as f64 / SECONDS as f64;
        12.0 + 50.0 * (-(at - 0.42).powi(2) / 0.03).exp() + 34.0 * (-(at - 0.8).powi(2) / 0.012).exp()
    };
    let lost = |second: usize| (40..75).contains(&second);
    let slow = |second: usize| (100..115).contains(&second);
    let latency = |second: usize, base: f64, salt: usize| {
        let fault = if lost(second) {
            4.0 + base / 60.0
        } else if slow(second) {
            9.0
        } else {
            1.0
        };
        Some((base * fault * (0.85 + 0.3 * noise(second, salt))).round())
    };
    let mut series = Series::default();
    for second in 0..SECONDS {
        let planned = wave(second);
        let begun = planned + (noise(second, 1) - 0.5) * planned.sqrt() * 2.0;
        let failed = if lost(second) { begun * 0.85 * failing } else { 0.0 };
        let refused = begun * 0.05 * noise(second, 2);
        series.planned.push(planned.round() as u64);
        series.begun.push(begun.round() as u64);
        series.confirmed.push((begun * 0.85 - failed - refused).round() as u64);
        series.refused.push(refused.round() as u64);
        series.failed.push(failed.round() as u64);
        series.p50_ms.push(latency(second, 88.0, 3));
        series.p95_ms.push(latency(second, 200.0, 4));
        series.p99_ms.push(if second == 60 { None } else { latency(second, 380.0, 5) });
        series.lag_ms.push(Some(0.4 + noise(second, 6) * 0.9));
    }
    series
}

/// Between 0 and 1, the same every time.
fn noise(second: usize, salt: usize) -> f64 {
    let mixed = (second as u64 * 64 + salt as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
}
