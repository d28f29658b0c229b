//! Three runs made by hand: one that passes, one with a double charge, one that proves nothing.

mod figures;
mod stories;

use figures::{faults, generator, machine, noise, objectives, phases, series, steps};
use model::finding::{Finding, Verdict};
use model::objective::{Target, Unit};
use model::record::{
    Arrivals, Chosen, EventKind, EventRecord, LawRecord, MoneyRecord, ObjectiveRecord, RunRecord, SCHEMA_VERSION, Stake,
};
use std::collections::BTreeMap;
use stories::{double_charge, wrong_total};

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
    stock.remark = "the shop's orders book is not there".into();
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
        remark: String::new(),
        excluded_rate: model::judge::excluded_rate(exposure),
        at_stake: Vec::new(),
        counterexamples: Vec::new(),
        first_evidence_ms: None,
    }
}
