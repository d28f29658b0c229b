//! How fast a run file is written, joined and judged: `cargo run --release -p books --example throughput -- 200000`.

use books::Joined;
use books::file::RunFile;
use books::intake::{Complete, Fact, LoadEnd, Settled};
use books::laws;
use books::opening::{MixName, Opening};
use books::rows::{
    ArrivalEnd, Attempt, AttemptKind, Batch, Cancel, OrderLine, OrderRow, OrderState, Purchase, StatementRow,
};
use books::writer::Writer;
use model::card::Card;
use model::outcome::{Outcome, Reading};
use model::plan::{Arrival, Manner, RunPlan};
use model::seed::Seed;
use std::error::Error;
use std::time::Instant;

/// Purchases in one batch.
const BATCH: u64 = 2_000;

fn main() -> Result<(), Box<dyn Error>> {
    let intents: u64 = std::env::args().nth(1).map_or(Ok(100_000), |count| count.parse())?;
    let directory = std::env::temp_dir().join(format!("doorbuster-throughput-{}", std::process::id()));
    std::fs::create_dir(&directory)?;
    let path = directory.join("run.db");
    let opening = Opening {
        run: "r1".into(),
        mix: vec![MixName { journey: "buyer".into(), buys: true }],
        stock: [("MUG".into(), 1 << 40)].into(),
        ..Opening::default()
    };
    let plan = RunPlan {
        scenario: "throughput".into(),
        seed: Seed(1),
        duration_us: intents * 1000,
        arrivals: (0..intents).map(arrival).collect(),
        phases: vec![],
    };
    let began = Instant::now();
    let file = RunFile::create(&path, &opening, &plan)?;
    report("plan", intents, began);

    let writer = Writer::start(file)?;
    let intake = writer.intake();
    let batches = |of: fn(u64) -> Batch| {
        (0..intents).step_by(BATCH as usize).map(move |from| {
            (from..intents.min(from + BATCH)).map(of).fold(Batch::default(), |mut sum, mut one| {
                sum.arrivals.append(&mut one.arrivals);
                sum.purchases.append(&mut one.purchases);
                sum.attempts.append(&mut one.attempts);
                sum.statement.append(&mut one.statement);
                sum
            })
        })
    };
    let made: Vec<Batch> = batches(attempts).collect();
    let began = Instant::now();
    made.into_iter().try_for_each(|batch| intake.give(batch))?;
    intake.flush()?;
    report("attempts", intents * 2, began);
    let began = Instant::now();
    batches(shopper).try_for_each(|batch| intake.give(batch))?;
    intake.flush()?;
    report("arrivals and purchases", intents * 2, began);
    let began = Instant::now();
    batches(statement).try_for_each(|batch| intake.give(batch))?;
    intake.flush()?;
    report("statement rows", intents * 8, began);
    let began = Instant::now();
    for from in (0..intents).step_by(BATCH as usize) {
        intake.orders((from..intents.min(from + BATCH)).map(order).collect())?;
    }
    for fact in [
        Fact::LoadEnded(LoadEnd::Completed),
        Fact::StatementReadTo { process: 0, seq: intents * 8, complete: Complete::Yes },
        Fact::OrdersRead(Complete::Yes),
        Fact::Settled { how: Settled::Quiet, waited_us: 1 },
    ] {
        intake.fact(fact)?;
    }
    intake.flush()?;
    report("orders", intents, began);
    let began = Instant::now();
    writer.stop()?.close()?;
    report("join", intents, began);
    println!("{:>30}: {:.0} MB", "file", std::fs::metadata(&path)?.len() as f64 / 1e6);

    let joined = Joined::open(&path)?;
    for law in laws::built_in() {
        let began = Instant::now();
        let found = joined.examine(&law);
        let seconds = began.elapsed().as_secs_f64();
        println!("{seconds:>8.3} s  {}: {}, {} examined", law.name, found.finding().name(), found.examined());
    }
    let began = Instant::now();
    report("purchases read", joined.purchases()?.len() as u64, began);
    std::fs::remove_dir_all(&directory)?;
    Ok(())
}

fn report(what: &str, rows: u64, began: Instant) {
    let seconds = began.elapsed().as_secs_f64();
    println!("{what:>30}: {rows} in {seconds:.2} s, {:.2} million/s", rows as f64 / seconds / 1e6);
}

fn arrival(number: u64) -> Arrival {
    let manner = Manner { looks: true, repeats: 3, ..Manner::default() };
    Arrival { number, intended_us: number * 1000, mix: 0, card: Card::Ok, manner, seed: Seed(number) }
}

fn attempts(number: u64) -> Batch {
    let attempt = |kind, reading| Attempt {
        arrival: number,
        intent: Some(format!("r1.{number}.0")),
        step: "checkout".into(),
        kind,
        key: Some(format!("00000000-0000-4000-8000-{number:012}")),
        intended_us: number * 1000,
        sent_us: Some(number * 1000 + 50),
        done_us: number * 1000 + 9_000,
        status: Some(201),
        reading,
        order_number: Some(format!("DB-{number}")),
        total_minor: Some(4590),
        card: Some("ok".into()),
        remark: None,
    };
    Batch {
        attempts: vec![attempt(AttemptKind::Submit, Reading::Ok), attempt(AttemptKind::Look, Reading::Ok)],
        ..Batch::default()
    }
}

fn shopper(number: u64) -> Batch {
    let purchase = Purchase {
        intent: format!("r1.{number}.0"),
        arrival: number,
        email: format!("r1.{number}.0@shopper.example"),
        intended_us: number * 1000,
        done_us: number * 1000 + 9_000,
        outcome: Outcome::Confirmed,
        refusal: None,
        shown_total_minor: Some(4590),
        currency: Some("USD".into()),
        order_number: Some(format!("DB-{number}")),
        total_minor: Some(4590),
        cancel: Cancel::NotAsked,
        basket: None,
        ship_to: None,
    };
    let end = ArrivalEnd {
        number,
        begun_us: Some(number * 1000),
        ended_us: number * 1000 + 9_000,
        outcome: Outcome::Confirmed,
        refusal: None,
        step: None,
    };
    Batch { purchases: vec![purchase], arrivals: vec![end], ..Batch::default() }
}

fn statement(number: u64) -> Batch {
    let row =
        |place: u64, provider: &str, op: &str, object: String, parent: Option<String>, amount: i64| StatementRow {
            seq: number * 8 + place + 1,
            at_us: number,
            run: Some("r1".into()),
            provider: provider.into(),
            op: op.into(),
            object: Some(object),
            parent,
            state: Some(if provider == "tax" { "committed" } else { "succeeded" }.into()),
            amount_minor: Some(amount),
            currency: Some("usd".into()),
            key: Some(format!("k-{number}")),
            replayed: false,
            http_status: Some(200),
            intent: Some(format!("r1.{number}.0")),
            order: Some(format!("DB-{number}")),
            email: None,
            fault: None,
            effect: None,
            answer: Some("sent".into()),
            detail: None,
        };
    let (pi, ch) = (format!("pi_{number}"), format!("ch_{number}"));
    let statement = vec![
        row(0, "tax", "quote", format!("q_{number}"), None, 340),
        row(1, "payment", "create", pi.clone(), None, 4590),
        row(2, "payment", "authorise", ch.clone(), Some(pi.clone()), 4590),
        row(3, "payment", "capture", ch, Some(pi.clone()), 4590),
        row(4, "payment", "webhook", format!("evt_{number}"), Some(pi.clone()), 0),
        row(5, "payment", "webhook", format!("evt_{number}b"), Some(pi), 0),
        row(6, "tax", "document", format!("DB-{number}"), None, 340),
        row(7, "warehouse", "dispatch", format!("d_{number}"), None, 0),
    ];
    Batch { statement, ..Batch::default() }
}

fn order(number: u64) -> OrderRow {
    let state = |seq, state: &str| OrderState { seq, state: state.into() };
    let line = |sku: &str| OrderLine { sku: sku.into(), quantity: 1, unit_minor: 2125, given_up: 0 };
    OrderRow {
        seq: number + 1,
        number: format!("DB-{number}"),
        state: "fulfilled".into(),
        currency: Some("USD".into()),
        tax_minor: Some(340),
        total_minor: Some(4590),
        paid_minor: Some(4590),
        tax_source: Some("quote".into()),
        tax_quote: Some(format!("q_{number}")),
        tax_document: Some(format!("DB-{number}")),
        payment: Some(format!("pi_{number}")),
        run: Some("r1".into()),
        intent: Some(format!("r1.{number}.0")),
        lines: vec![line("MUG"), line("CUP")],
        history: vec![state(1, "pending"), state(2, "paid"), state(3, "fulfilled")],
        dispatch: Some("sent".into()),
        ..OrderRow::default()
    }
}
