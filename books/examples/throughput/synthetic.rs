//! A run that never was: books as a peak fills them, with a few per cent of lost answers, repeats, declined cards and refunds.

use books::Error;
use books::file::RunFile;
use books::intake::{Complete, Fact, Intake, LoadEnd, Settled};
use books::opening::{FaultKind, FaultPlan, MixName, Opening};
use books::rows::{
    ArrivalEnd, Attempt, AttemptKind, Batch, Cancel, Purchase, Sample, SettlementKind, SettlementRow, Timings, Window,
};
use books::writer::Writer;
use model::card::Card;
use model::outcome::{Outcome, Reading, Refusal};
use model::plan::{Arrival, Manner, Phase, PhaseWindow, RunPlan};
use model::seed::Seed;
use serde_json::json;
use std::path::Path;

#[path = "purchases.rs"]
mod purchases;

/// Arrivals a second, at a peak.
const RATE: u64 = 740;
/// Purchases in one batch.
const BATCH: u64 = 2_000;
/// Of this many arrivals one buys nothing.
const WINDOW_SHOPPER: u64 = 9;
const RUN: &str = "r0sz0jtfqhz";

/// What happens to one purchase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// Nothing.
    None,
    /// The provider's answer is lost, and the shop asks again.
    LostAnswer,
    /// The first card is declined, the second one pays.
    SecondCard,
    /// The card is declined, and there is no other.
    Declined,
    /// A part is given back.
    Refund,
    /// The shopper submits twice.
    Repeat,
    /// The warehouse hears of it twice.
    Redelivery,
}

impl Trouble {
    /// Of the n-th purchase.
    pub fn of(number: u64) -> Self {
        let drawn = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
        match drawn % 1000 {
            0..30 => Self::LostAnswer,
            30..60 => Self::SecondCard,
            60..80 => Self::Declined,
            80..100 => Self::Refund,
            100..130 => Self::Repeat,
            130..140 => Self::Redelivery,
            _ => Self::None,
        }
    }

    /// Whether there is an order that stands.
    pub fn sells(self) -> bool {
        self != Self::Declined
    }
}

/// Intended start of the n-th purchase, in microseconds.
pub fn intended_us(number: u64) -> u64 {
    number * 1_000_000 / RATE
}

/// What it costs.
pub fn total_minor(number: u64) -> i64 {
    1000 + (number % 7919) as i64
}

/// Writes a run of so many orders, its books not yet joined; returns the number of rows.
pub fn write(path: &Path, orders: u64) -> Result<u64, Error> {
    let buyers = orders;
    let arrivals = buyers + buyers / WINDOW_SHOPPER;
    let plan = plan(arrivals, buyers);
    let writer = Writer::start(RunFile::create(path, &opening(), &plan)?)?;
    let seconds = plan.duration_us / 1_000_000;
    drop(plan);
    let intake = writer.intake();
    for second in 0..seconds {
        intake.give(Batch { samples: samples(second as u32), timings: timings(second as u32), ..Batch::default() })?;
    }
    let mut seq = 0;
    for from in (0..arrivals).step_by(BATCH as usize) {
        let to = arrivals.min(from + BATCH);
        let mut batch = shoppers(from, to, buyers);
        (from..to.min(buyers)).for_each(|number| purchases::statement(number, &mut seq, &mut batch.statement));
        intake.give(batch)?;
    }
    for from in (0..buyers).step_by(BATCH as usize) {
        intake.orders((from..buyers.min(from + BATCH)).map(purchases::order).collect())?;
    }
    let mut line = 0;
    for from in (0..buyers).step_by(BATCH as usize) {
        let settlement = (from..buyers.min(from + BATCH)).flat_map(|number| settle(number, &mut line)).collect();
        intake.give(Batch { settlement, ..Batch::default() })?;
    }
    end(&intake, seq)?;
    let rows = intake.rows_written();
    drop(writer.stop()?);
    Ok(rows)
}

fn opening() -> Opening {
    let measure = |name: &str, target: serde_json::Value| json!({"measure": name, "scope": "Run", "target": target});
    Opening {
        run: RUN.into(),
        scenario: "a million orders".into(),
        mix: [("buyer", true), ("window-shopper", false)]
            .map(|(journey, buys)| MixName { journey: journey.into(), buys })
            .into(),
        stock: (0..100).map(|sku| (format!("SKU-{sku:04}"), 1 << 32)).collect(),
        promotions: [("DOORS20".into(), 1 << 32)].into(),
        faults: vec![FaultPlan {
            name: "lost-answers".into(),
            what: "3% of payment answers lost after the fact".into(),
            target: FaultKind::Provider,
            from_us: 0,
            to_us: 1_000_000,
        }],
        objectives: json!([
            {"measure": {"CheckoutLatency": 950}, "scope": "Run", "target": {"at_most": 500.0}},
            measure("Availability", json!({"at_least": 0.9})),
            measure("OrderCreation", json!({"at_least": 0.9})),
            measure("PaymentAuthorisation", json!({"at_least": 0.85})),
        ]),
        settle_within_us: 60_000_000,
        ..Opening::default()
    }
}

fn plan(arrivals: u64, buyers: u64) -> RunPlan {
    let duration_us = (arrivals * 1_000_000 / RATE).next_multiple_of(1_000_000);
    let manner = Manner { looks: true, repeats: 3, ..Manner::default() };
    let arrival = |number| Arrival {
        number,
        intended_us: intended_us(number),
        mix: u32::from(number >= buyers),
        card: Card::Ok,
        manner,
        seed: Seed(number),
    };
    RunPlan {
        scenario: "a million orders".into(),
        seed: Seed(1),
        duration_us,
        arrivals: (0..arrivals).map(arrival).collect(),
        phases: vec![PhaseWindow { phase: Phase::Steady, from_us: 0, to_us: duration_us }],
    }
}

fn shoppers(from: u64, to: u64, buyers: u64) -> Batch {
    let mut batch = Batch::default();
    for number in from..to {
        let trouble = Trouble::of(number);
        let buys = number < buyers;
        let outcome = match (buys, trouble.sells()) {
            (true, true) => Outcome::Confirmed,
            (true, false) => Outcome::Rejected,
            (false, _) => Outcome::Completed,
        };
        let refusal = (outcome == Outcome::Rejected).then_some(Refusal::Declined);
        batch.arrivals.push(ArrivalEnd {
            number,
            begun_us: Some(intended_us(number) + 300),
            ended_us: intended_us(number) + 3_009_000,
            outcome,
            refusal,
            step: None,
        });
        if buys {
            batch.purchases.push(purchase(number, outcome, refusal));
            attempts(number, trouble, &mut batch.attempts);
        }
    }
    batch
}

fn purchase(number: u64, outcome: Outcome, refusal: Option<Refusal>) -> Purchase {
    let intended_us = intended_us(number) + 3_000_000;
    Purchase {
        intent: format!("{RUN}.{number}.0"),
        arrival: number,
        email: format!("{RUN}.{number}.0@shoppers.example"),
        intended_us,
        done_us: intended_us + 9_000 + number % 40_000,
        outcome,
        refusal,
        shown_total_minor: Some(total_minor(number)),
        currency: Some("USD".into()),
        order_number: Some(purchases::order_number(number)),
        total_minor: Some(total_minor(number)),
        cancel: Cancel::NotAsked,
        basket: None,
        ship_to: None,
        promotion: None,
        account: None,
    }
}

fn attempts(number: u64, trouble: Trouble, attempts: &mut Vec<Attempt>) {
    let mut attempt = |kind: AttemptKind, nth: u64, reading: Reading| {
        let intended_us = intended_us(number) + 3_000_000 + nth * 4_000;
        let told = reading == Reading::Ok;
        attempts.push(Attempt {
            arrival: number,
            intent: Some(format!("{RUN}.{number}.0")),
            step: "checkout".into(),
            kind,
            key: matches!(kind, AttemptKind::Submit | AttemptKind::SecondCard)
                .then(|| format!("{number:08x}-0000-4000-8000-{:012x}", u64::from(kind == AttemptKind::SecondCard))),
            intended_us,
            sent_us: Some(intended_us + 50),
            done_us: intended_us + 9_000,
            status: Some(if told { 201 } else { 402 }),
            reading,
            order_number: told.then(|| purchases::order_number(number)),
            total_minor: told.then(|| total_minor(number)),
            card: Some("ok".into()),
            remark: None,
            shows: None,
        });
    };
    let declined = Reading::Refused(Refusal::Declined);
    match trouble {
        Trouble::None | Trouble::LostAnswer | Trouble::Refund | Trouble::Redelivery => {
            attempt(AttemptKind::Submit, 0, Reading::Ok);
        }
        Trouble::SecondCard => {
            attempt(AttemptKind::Submit, 0, declined);
            attempt(AttemptKind::SecondCard, 1, Reading::Ok);
        }
        Trouble::Declined => attempt(AttemptKind::Submit, 0, declined),
        Trouble::Repeat => {
            attempt(AttemptKind::Submit, 0, Reading::Ok);
            attempt(AttemptKind::Submit, 1, Reading::Ok);
        }
    }
    if number.is_multiple_of(20) {
        attempt(AttemptKind::Other, 2, Reading::Absent);
    }
}

fn settle(number: u64, last: &mut u64) -> Vec<SettlementRow> {
    let trouble = Trouble::of(number);
    let mut lines = Vec::new();
    let mut line = |kind, object: String, gross_minor| {
        *last += 1;
        lines.push(SettlementRow {
            provider: "payment".into(),
            line: *last,
            kind,
            object,
            payment: Some(purchases::payment(number, trouble)),
            order: Some(purchases::order_number(number)),
            gross_minor,
            fee_minor: 30 + gross_minor.max(0) / 35,
            currency: "USD".into(),
        });
    };
    if trouble.sells() {
        let payment = purchases::payment(number, trouble);
        line(SettlementKind::Charge, format!("ch_{}00", &payment[3..]), total_minor(number));
    }
    if trouble == Trouble::Refund {
        line(SettlementKind::Refund, format!("re_{number:018x}"), -purchases::REFUND_MINOR);
    }
    lines
}

/// As many as the monitor of a run takes.
fn samples(second: u32) -> Vec<Sample> {
    let outcomes = ["payment.create_payment.ok", "payment.create_method.ok", "tax.quote.ok", "tax.document.ok"];
    let calls = outcomes.map(|name| (format!("shop.calls.{name}"), 700.0));
    let generator = [("begun", 740.0), ("lag_max_us", 2100.0), ("late", 0.0), ("cpu_s", 0.3), ("shed", 0.0)];
    let generator = generator.map(|(name, value)| (format!("generator.{name}"), value));
    let processes = ["harness", "providers", "proxy", "shop"];
    let processes = processes.map(|name| [(format!("cpu.{name}"), 0.3), (format!("memory.{name}"), 4e7)]);
    let latency = ["payment", "tax", "fulfilment"].into_iter().flat_map(|provider| {
        (1..=23).map(move |bound| (format!("shop.latency.{provider}.{}", f64::from(bound) / 1000.0), 700.0))
    });
    let named = calls.into_iter().chain(generator).chain(processes.into_iter().flatten()).chain(latency);
    named.map(|(name, value)| Sample { second, name, value }).collect()
}

fn timings(second: u32) -> Vec<Timings> {
    let mut response_us = hdrhistogram::Histogram::new(2).expect("two digits are within the histogram's range");
    (0..60_u64).for_each(|nth| response_us += 900 + nth * nth * 7);
    let steps = ["browse", "product", "open-cart", "add", "checkout", "look"];
    let timing = |(step, window): (&str, Window)| Timings {
        window,
        journey: "buyer".into(),
        step: step.into(),
        reading: Reading::Ok,
        response_us: response_us.clone(),
    };
    let windows = [Window::Second(second), Window::Phase(0)];
    steps.iter().flat_map(|step| windows.map(|window| (*step, window))).map(timing).collect()
}

fn end(intake: &Intake, seq: u64) -> Result<(), Error> {
    let facts = [("workers", 1.0), ("lag_p50_us", 129.0), ("lag_p99_us", 2159.0), ("lag_max_us", 3135.0)];
    for (name, value) in facts {
        intake.fact(Fact::Other { name: format!("generator.{name}"), value: value.to_string() })?;
    }
    for fact in [
        Fact::LoadBegan(1_795_450_916_000_000),
        Fact::LoadEnded(LoadEnd::Completed),
        Fact::StatementReadTo { process: 0, seq, complete: Complete::Yes },
        Fact::OrdersRead(Complete::Yes),
        Fact::SettlementRead(Complete::Yes),
        Fact::ScannedFile { file: "shop.db".into(), bytes: 1 },
        Fact::FilesScanned(Complete::Yes),
        Fact::Settled { how: Settled::Quiet, waited_us: 1 },
    ] {
        intake.fact(fact)?;
    }
    intake.flush()
}
