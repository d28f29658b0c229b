//! The engine with one worker, its rows going into a run file.

use books::file::RunFile;
use books::opening::{MixName, Opening};
use books::writer::Writer;
use doorbuster::engine::{Course, Live, drive as drive_course};
use model::card::Card;
use model::plan::{Arrival, Manner, Phase, PhaseWindow, RunPlan};
use model::scenario::Scenario;
use model::seed::Seed;
use serde_json::Map;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch;

#[path = "../../tests/engine_course/mod.rs"]
#[allow(dead_code, reason = "only what builds a scenario is needed here")]
mod engine_course;

use engine_course::{ask, buy, capture, expect, expect_json, journey, json, request, scenario, step, text};
use model::journey::{Action, Body, Buy, Capture, KeyUse, Meaning, Missing, Request, Source};
use model::outcome::Reading;
use serde_json::json;

/// A load that is ready to go, and its run file.
pub struct Load {
    course: Course,
    writer: Writer,
    journeys: u64,
    _directory: tempfile::TempDir,
}

/// Opens a run file and stores the plan in it: what a run does once, however many requests follow.
pub fn prepare(shop: SocketAddr, rate: u64, journeys: u64) -> Load {
    let plan = plan(rate, journeys);
    let directory = tempfile::tempdir().expect("a directory");
    let opening = Opening { mix: vec![MixName { journey: "buys".into(), buys: true }], ..Opening::default() };
    let file = RunFile::create(&directory.path().join("run.db"), &opening, &plan).expect("a run file");
    let writer = Writer::start(file).expect("a writer");
    let never = watch::Sender::new(None);
    let course = Course {
        scenario: Arc::new(five_steps()),
        live: Arc::new(Live::new(plan.duration() + Duration::from_secs(5))),
        plan: Arc::new(plan),
        run: "r1".into(),
        shop: vec![format!("http://{shop}")],
        variables: Map::new(),
        start: Instant::now(),
        workers: 1,
        stop: never.subscribe(),
    };
    Load { course, writer, journeys, _directory: directory }
}

impl Load {
    /// Drives all journeys until their rows are committed, and tells how many requests they were.
    pub fn drive(&mut self) -> u64 {
        self.course.start = Instant::now();
        let (intake, rows) = (self.writer.intake(), self.writer.intake());
        let give = move |batch| rows.give(batch).expect("a writer that writes");
        let driven = drive_course(&self.course, give).expect("a load");
        intake.flush().expect("a writer that writes");
        assert_eq!(driven.arrivals.confirmed, self.journeys, "{:?}", driven.arrivals);
        driven.requests
    }
}

fn plan(rate: u64, journeys: u64) -> RunPlan {
    let arrival = |number: u64| Arrival {
        number,
        intended_us: number * 1_000_000 / rate,
        mix: 0,
        card: Card::Ok,
        manner: Manner::default(),
        seed: Seed(3).fork_nth(number),
    };
    let duration_us = journeys * 1_000_000 / rate;
    RunPlan {
        scenario: "five steps".into(),
        seed: Seed(3),
        duration_us,
        arrivals: (0..journeys).map(arrival).collect(),
        phases: vec![PhaseWindow { phase: Phase::Steady, from_us: 0, to_us: duration_us }],
    }
}

fn five_steps() -> Scenario {
    let weight = Some("popularity".into());
    let path = serde_json_path::JsonPath::parse("$.products[*]").expect("a path");
    let pick = Capture {
        name: "product".into(),
        from: Source::Pick { path, weight },
        missing: Missing::Fails,
        meaning: Meaning::Value,
    };
    let products = Request { captures: vec![pick], ..request("GET", "/products?limit=3") };
    let cart = Request { captures: vec![capture("cart", "$.cart")], ..post("/carts", &json!({})) };
    let lines = post("/carts/{{cart}}/lines", &json!({"sku": "{{product.sku}}", "quantity": 2}));
    let captures = vec![capture("shown", "$.total_minor"), capture("currency", "$.currency")];
    let quote = Request { captures, ..post("/carts/{{cart}}/quote", &json!({})) };
    let payment = json!({"email": "{{intent.email}}", "payment": {"method": "{{card}}"}, "total_minor": "{{shown}}"});
    let submit = Request {
        key: KeyUse::Step,
        expect: vec![expect_json(Reading::Ok, 201, "$.state", &json!("paid")), expect(Reading::Pending, 202, 202)],
        captures: vec![capture("order", "$.order"), capture("total", "$.total_minor")],
        ..post("/carts/{{cart}}/checkout", &payment)
    };
    let checkout = Buy { shown_total: Some(text("{{shown}}")), currency: Some(text("{{currency}}")), ..buy(submit) };
    scenario(vec![journey(
        "buys",
        vec![
            ask("products", products),
            ask("cart", cart),
            ask("lines", lines),
            ask("quote", quote),
            step("checkout", Action::Buy(Box::new(checkout))),
        ],
    )])
}

fn post(target: &str, body: &serde_json::Value) -> Request {
    Request { body: Body::Json(json(body)), key: KeyUse::Step, ..request("POST", target) }
}
