//! What a shopper sends, how they read the answers, and how a journey goes on or ends: what the rooms share.

#![allow(dead_code, reason = "the tests of the engine share their helpers, and no file needs all of them")]

mod course;
#[path = "../engine_course/mod.rs"]
mod engine_course;
mod requests;
mod turned_away;

use engine_course::till::Till;
use engine_course::{Books, ask, course, journey, json, plan, request, run, scenario};
use model::journey::{Body, Capture, Condition, Missing, Request, Source, Step};
use model::outcome::{Outcome, Refusal};
use model::plan::Manner;
use model::scenario::{Record, Scenario};
use serde_json::Value;
use serde_json_path::JsonPath;

/// One shopper takes these steps.
fn walk(till: &Till, steps: Vec<Step>) -> Books {
    walk_in(till, scenario(vec![journey("walk", steps)]))
}

fn walk_in(till: &Till, mut scenario: Scenario) -> Books {
    scenario.record = Record::All;
    run(&course(scenario, plan(1, 1_000, Manner::default()), till.address))
}

fn with_body(method: &str, target: &str, body: &Value) -> Request {
    Request { body: Body::Json(json(body)), ..request(method, target) }
}

fn capture_from(name: &str, from: Source) -> Capture {
    Capture { name: name.into(), from, missing: Missing::Fails, meaning: model::journey::Meaning::Value }
}

fn path(path: &str) -> JsonPath {
    JsonPath::parse(path).expect("a path")
}

fn outcome(books: &Books) -> (Outcome, Option<Refusal>, Option<&str>) {
    let end = &books.arrivals[0];
    (end.outcome, end.refusal, end.step.as_deref())
}

fn step_if(name: &str, only_if: Condition, request: Request) -> Step {
    Step { only_if: Some(only_if), ..ask(name, request) }
}
