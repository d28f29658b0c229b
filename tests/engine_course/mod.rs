//! Small loads for the engine's tests: journeys in a few words, plans by the clock, servers in this process.

pub mod till;

use axum::Router;
use books::rows::{ArrivalEnd, Attempt, Batch, Purchase, Timings, TurnedAway, Window};
use doorbuster::engine::{Course, Driven, Live, Stop, drive};
use hdrhistogram::Histogram;
use model::card::Card;
use model::connections::Connections;
use model::journey::{
    Action, Body, Buy, Capture, Check, Expectation, Journey, KeyUse, Manners, Meaning, Missing, Poll, Redirects,
    Request, Source, StatusRange, Step,
};
use model::outcome::Reading;
use model::plan::{Arrival, Manner, Phase, PhaseWindow, RunPlan};
use model::scenario::{
    BackupAccount, FraudAccount, MixEntry, OwnShop, Place, Providers, Record, Scenario, Settlement, Shop,
};
use model::seed::Seed;
use model::template::{JsonTemplate, Template};
use model::traffic::{Arrivals, Segment, Traffic};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// Text with variables.
pub fn text(template: &str) -> Template {
    Template::parse(template).expect("a template")
}

/// JSON with variables.
pub fn json(value: &Value) -> JsonTemplate {
    match value {
        Value::String(text) => JsonTemplate::parse_text(text).expect("a template"),
        Value::Array(items) => JsonTemplate::Array(items.iter().map(json).collect()),
        Value::Object(members) => {
            JsonTemplate::Object(members.iter().map(|(name, value)| (name.clone(), json(value))).collect())
        }
        other => JsonTemplate::Literal(other.clone()),
    }
}

/// A request that any 200 or 201 answers well.
pub fn request(method: &str, target: &str) -> Request {
    Request {
        method: method.into(),
        target: text(target),
        headers: Vec::new(),
        body: Body::Empty,
        redirects: Redirects::Keep,
        timeout: Duration::from_secs(5),
        key: KeyUse::None,
        expect: vec![expect(Reading::Ok, 200, 201)],
        captures: Vec::new(),
        refund: None,
    }
}

/// A reading for statuses.
pub fn expect(reading: Reading, from: u16, to: u16) -> Expectation {
    Expectation { reading, statuses: vec![StatusRange(from, to)], checks: Vec::new() }
}

/// A reading for a status whose body has a value at a path.
pub fn expect_json(reading: Reading, status: u16, path: &str, value: &Value) -> Expectation {
    let path = serde_json_path::JsonPath::parse(path).expect("a path");
    Expectation {
        reading,
        statuses: vec![StatusRange(status, status)],
        checks: vec![Check::JsonEquals(path, json(value))],
    }
}

/// What a node of the answer is called.
pub fn capture(name: &str, path: &str) -> Capture {
    let from = Source::Json(serde_json_path::JsonPath::parse(path).expect("a path"));
    Capture { name: name.into(), from, missing: Missing::Fails, meaning: Meaning::Value }
}

/// A step.
pub fn step(name: &str, action: Action) -> Step {
    Step { name: name.into(), only_if: None, action }
}

/// A step of one request.
pub fn ask(name: &str, request: Request) -> Step {
    step(name, Action::Request(Box::new(request)))
}

/// A poll, as quick as tests need.
pub fn poll(request: Request) -> Poll {
    Poll { request, every: Duration::from_millis(5), deadline: Duration::from_secs(2) }
}

/// A purchase at a path that answers `{"order": …, "total_minor": …}`.
pub fn buy(submit: Request) -> Buy {
    Buy {
        submit,
        shown_total: None,
        currency: None,
        order: "order".into(),
        total: Some("total".into()),
        look: None,
        settle: None,
        action: Vec::new(),
        edit: None,
        second_card: None,
        cancel: None,
        basket: None,
        ship_to: None,
        account: None,
        promotion: None,
    }
}

/// A journey of these steps.
pub fn journey(name: &str, steps: Vec<Step>) -> Journey {
    Journey { name: name.into(), steps }
}

/// A scenario whose mix has each journey once.
pub fn scenario(journeys: Vec<Journey>) -> Scenario {
    let mix = (0..journeys.len()).map(|journey| MixEntry {
        journey,
        weight: 1.0,
        manners: Manners { repeat_pause: model::journey::Pause::Fixed(Duration::from_millis(5)), ..Manners::default() },
        cards: vec![(Card::Ok, 1.0)],
    });
    Scenario {
        name: "small".into(),
        description: String::new(),
        seed: Seed(1),
        shop: Shop::Own(OwnShop {
            url: String::new(),
            orders: None,
            stock: BTreeMap::new(),
            vouchers: BTreeMap::new(),
            promotions: BTreeMap::new(),
            files: Vec::new(),
        }),
        providers: Providers {
            place: Place::Started { listen: BTreeMap::new() },
            webhooks: None,
            secret_key: "sk_test_1".into(),
            backup_payment: BackupAccount {
                api_key: "key".into(),
                merchant_account: "M".into(),
                hmac_key: "00".into(),
                webhooks: None,
            },
            fraud: FraudAccount { auth_token: "token".into(), shop_domain: "shop.example".into(), webhooks: None },
        },
        actions: Vec::new(),
        take_events: None,
        allow_targets: Vec::new(),
        traffic: Traffic {
            crowd: None,
            segments: vec![Segment::Constant { rate: 1.0, lasts: Duration::from_secs(1) }],
            arrivals: Arrivals::Even,
            warm_up: Duration::ZERO,
            recovery: Duration::ZERO,
            drain: Duration::from_secs(5),
            connections: Connections::default(),
        },
        headers: Vec::new(),
        mix: mix.collect(),
        journeys,
        set_up: Vec::new(),
        tear_down: Vec::new(),
        feeders: BTreeMap::new(),
        faults: Vec::new(),
        required_laws: BTreeMap::new(),
        law_directories: Vec::new(),
        objectives: Vec::new(),
        settlement: Settlement { quiet_for: Duration::ZERO, settle_within: Duration::ZERO },
        record: Record::Money,
        secrets: Vec::new(),
        law_spots: BTreeMap::new(),
        sources: Vec::new(),
    }
}

/// So many arrivals at an even distance, all of the first mix entry and with these manners.
pub fn plan(count: u64, every_us: u64, manner: Manner) -> RunPlan {
    let arrival = |number: u64| Arrival {
        number,
        intended_us: number * every_us,
        mix: 0,
        card: Card::Ok,
        manner,
        seed: Seed(7).fork_nth(number),
    };
    let duration_us = count * every_us;
    RunPlan {
        scenario: "small".into(),
        seed: Seed(7),
        duration_us,
        arrivals: (0..count).map(arrival).collect(),
        phases: vec![PhaseWindow { phase: Phase::Steady, from_us: 0, to_us: duration_us }],
    }
}

/// A load that starts now, on one worker, and is never stopped.
pub fn course(scenario: Scenario, plan: RunPlan, shop: SocketAddr) -> Course {
    let lasts = plan.duration() + scenario.traffic.drain;
    let never = watch::Sender::new(None::<Stop>);
    Course {
        scenario: Arc::new(scenario),
        plan: Arc::new(plan),
        run: "r1".into(),
        shop: vec![format!("http://{shop}")],
        variables: Map::new(),
        start: Instant::now(),
        workers: 1,
        stop: never.subscribe(),
        live: Arc::new(Live::new(lasts)),
    }
}

/// All rows of a load.
#[derive(Debug, Default)]
pub struct Books {
    /// As counted by the engine.
    pub driven: Option<Driven>,
    /// By number.
    pub arrivals: Vec<ArrivalEnd>,
    /// By arrival.
    pub purchases: Vec<Purchase>,
    /// As they came.
    pub turned_away: Vec<TurnedAway>,
    /// By the intended time.
    pub attempts: Vec<Attempt>,
    /// As they came.
    pub timings: Vec<Timings>,
}

impl Books {
    /// Response times of a step over the whole load, all readings together.
    pub fn response_us(&self, step: &str) -> Histogram<u64> {
        let mut merged = Histogram::new(3).expect("three digits");
        for timings in &self.timings {
            if timings.step == step && matches!(timings.window, Window::Phase(_)) {
                merged.add(&timings.response_us).expect("the histogram grows");
            }
        }
        merged
    }
}

/// Drives a load to its end and gathers its rows.
pub fn run(course: &Course) -> Books {
    let batches: Arc<Mutex<Vec<Batch>>> = Arc::default();
    let into = Arc::clone(&batches);
    let driven = drive(course, move |batch| into.lock().expect("no panic holds it").push(batch)).expect("a load");
    let mut books = Books { driven: Some(driven), ..Books::default() };
    for batch in batches.lock().expect("no panic holds it").drain(..) {
        books.arrivals.extend(batch.arrivals);
        books.purchases.extend(batch.purchases);
        books.turned_away.extend(batch.turned_away);
        books.attempts.extend(batch.attempts);
        books.timings.extend(batch.timings);
    }
    books.arrivals.sort_by_key(|end| end.number);
    books.purchases.sort_by_key(|purchase| purchase.arrival);
    books.attempts.sort_by_key(|attempt| (attempt.arrival, attempt.intended_us, attempt.sent_us));
    books
}

/// Serves on a free port, on a thread of its own, until the process ends.
pub fn serve(router: Router) -> SocketAddr {
    let (told, address) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
            told.send(listener.local_addr().expect("an address")).expect("the test waits");
            axum::serve(listener, router).await.expect("a server");
        });
    });
    address.recv().expect("a server")
}
