//! `traffic` and `feeders`: when shoppers come and what they know.

use super::desk::At;
use super::form::{Form, Kind, object};
use super::journey::pause;
use super::kinds::{case, choice, list, spotted, table, words};
use super::scalars::{duration, number, rate, some, some_rate, some_time, text};
use crate::connections::{Connections, Http, Per};
use crate::scenario::{Feeder, Reuse};
use crate::traffic::{Arrivals, Crowd, Segment, Traffic};
use std::collections::BTreeMap;

/// `traffic`.
pub(super) fn traffic(form: &mut Form<'_>) -> Option<Traffic> {
    let segments = form.optional("shape", "Open model: stretches of load, one after the other.", list(segment()));
    let about = "Closed model, instead of a shape: a fixed population, whose users walk, think, and walk again.";
    let crowd = form.optional("closed", about, object("Closed", crowd));
    let arrivals = words(&[("poisson", Arrivals::Poisson), ("even", Arrivals::Even)]);
    let arrivals = form.defaulted("arrivals", "At random as customers come, or evenly spaced.", "poisson", arrivals);
    let warm_up = form.defaulted("warm_up", "From the start; left out of default objectives.", "0s", duration());
    let recovery = form.defaulted("recovery", "How long after each fault counts as recovery.", "5s", duration());
    let drain = form.defaulted("drain", "How long journeys may run on after the last arrival.", "30s", duration());
    let connections = object("Connections", connections);
    let connections = form.optional("connections", "How shoppers reach their servers.", connections);
    if form.has("closed") && form.has("arrivals") {
        let hint = "nothing is scheduled in a closed model: leave `arrivals` out";
        form.wrong("arrivals", "does not go with `closed`", hint);
    }
    form.one_key(&["shape", "closed"], "customers of a sale come as they come: `shape`; a fixed population: `closed`")?;
    let segments = if form.has("closed") { Vec::new() } else { segments? };
    if form.lists_nothing("shape") {
        form.wrong("shape", "has no stretches", "begin with `- constant: {rate: 10/s, for: 30s}`");
    }
    // With a stretch missing, nothing that follows from the length of the load could be said.
    if !form.has("closed") && (segments.is_empty() || form.items("shape") != Some(segments.len())) {
        return None;
    }
    let crowd = if form.has("closed") { Some(crowd?) } else { None };
    let traffic = Traffic {
        segments,
        crowd,
        arrivals: arrivals?,
        warm_up: warm_up?,
        recovery: recovery?,
        drain: drain?,
        connections: connections.unwrap_or_default(),
    };
    if !traffic.duration().is_zero() && traffic.warm_up >= traffic.duration() {
        form.wrong("warm_up", "is as long as the load itself", "shorten it, or lengthen the load");
    }
    Some(traffic)
}

fn crowd(form: &mut Form<'_>) -> Option<Crowd> {
    let users = form.required("users", "How many there are.", some());
    let hatch = form.required("hatch", "How many of them begin a second.", some_rate());
    let lasts = form.required("for", "From the first of them until nobody begins another walk.", some_time());
    let about = "From the end of a walk to the next: `300ms`, `200ms..800ms`, or drawn from a distribution.";
    let think = form.optional("think", about, pause());
    let (users, hatch, lasts) = (users?, hatch?, lasts?);
    if users > USERS_MAX {
        form.wrong("users", "is more than one machine can be", "a closed model has at most 5000 users");
    }
    let hatching_s = (users - 1) as f64 / hatch;
    if hatching_s >= lasts.as_secs_f64() {
        form.wrong("for", "ends before all users have begun", "lengthen it, or raise `hatch`");
    }
    Some(Crowd { users: users.min(USERS_MAX) as u32, hatch, lasts, think })
}

fn connections(form: &mut Form<'_>) -> Option<Connections> {
    let per = words(&[("pool", Per::Pool), ("shopper", Per::Shopper)]);
    let about = "Shared by all, as behind a balancer; or of each shopper, as a browser's, and closed with the journey.";
    let per = form.defaulted("per", about, "pool", per);
    let about = "How many to one server at most: of the pool, or of each shopper; by default as many as are needed, of a shopper 6.";
    let max = form.optional("max", about, some());
    let http = words(&[("1", Http::One), ("2", Http::Two)]);
    let about = "The version: `2` where TLS agrees to it, and to the shop without TLS at once; else 1.1.";
    let http = form.defaulted("http", about, "1", http);
    Some(Connections { per: per?, max: max.map(|max| max as usize), http: http?, authorities: None })
}

fn segment() -> impl Kind<Value = Segment> {
    choice(vec![
        case("constant", "The same rate throughout.", object("Constant", constant)),
        case("ramp", "From one rate to another, in a straight line.", object("Ramp", ramp)),
        case("step", "One rate, then at once another.", object("StepInRate", step)),
        case("spike", "A base rate with a triangular peak in the middle.", object("Spike", spike)),
        case("curve", "A curve through points, scaled.", object("Curve", curve)),
    ])
}

/// Users of a closed model: each takes sockets of its own, and memory in goose.
const USERS_MAX: u64 = 5_000;

const FOR: &str = "How long.";

/// Stands for a rate that is wrong, which was noted: the stretch keeps its length for other checks.
const ANY_RATE: f64 = 1.0;

fn constant(form: &mut Form<'_>) -> Option<Segment> {
    let rate = form.required("rate", "Arrivals a second.", some_rate());
    let lasts = form.required("for", FOR, some_time());
    Some(Segment::Constant { rate: rate.unwrap_or(ANY_RATE), lasts: lasts? })
}

fn ramp(form: &mut Form<'_>) -> Option<Segment> {
    let from = form.required("from", "The rate at the start.", rate());
    let to = form.required("to", "The rate at the end.", rate());
    let lasts = form.required("for", FOR, some_time());
    let (from, to) = (from.unwrap_or(ANY_RATE), to.unwrap_or(ANY_RATE));
    not_both_zero(form, "to", from, to);
    Some(Segment::Ramp { from, to, lasts: lasts? })
}

fn step(form: &mut Form<'_>) -> Option<Segment> {
    let from = form.required("from", "The rate before.", rate());
    let to = form.required("to", "The rate after.", rate());
    let at = form.required("at", "When, from the start of the stretch.", duration());
    let lasts = form.required("for", "How long, both together.", some_time());
    let (from, to, at, lasts) = (from.unwrap_or(ANY_RATE), to.unwrap_or(ANY_RATE), at?, lasts?);
    not_both_zero(form, "to", from, to);
    if at >= lasts {
        form.wrong("at", "comes after the end of the stretch", "make `for` longer than `at`");
    }
    Some(Segment::Step { from, to, at, lasts })
}

fn spike(form: &mut Form<'_>) -> Option<Segment> {
    let base = form.required("base", "The rate at both ends.", rate());
    let peak = form.required("peak", "The rate in the middle.", some_rate());
    let lasts = form.required("for", FOR, some_time());
    Some(Segment::Spike { base: base.unwrap_or(ANY_RATE), peak: peak.unwrap_or(ANY_RATE), lasts: lasts? })
}

fn not_both_zero(form: &Form<'_>, key: &str, from: f64, to: f64) {
    if from <= 0.0 && to <= 0.0 {
        form.wrong(
            key,
            "is `0/s` at both ends, expected more than 0 at one",
            "leave the stretch out, or give it a rate",
        );
    }
}

fn curve(form: &mut Form<'_>) -> Option<Segment> {
    let csv =
        form.optional("csv", "A CSV file with a header; lines that begin with `#` are comments.", spotted(text()));
    let column = form.optional("column", "The column of relative intensities.", spotted(text()));
    let points = form.optional("points", "Relative intensities at even distances, instead of a file.", list(number()));
    let peak = form.required("peak", "The rate of the largest point.", some_rate());
    let lasts = form.required("for", FOR, some_time());
    form.one_key(&["csv", "points"], "name a file, or write the points");
    let points = match (form.at(), csv, points) {
        (Some(at), Some(csv), _) => {
            let Some(column) = column else {
                form.wrong("column", "lacks `column`", "name the column of the file that holds the intensities");
                return None;
            };
            let numbers = super::csv::column(at.desk, &csv, &column.value);
            match numbers {
                Ok(numbers) => numbers?,
                Err(problem) => {
                    at.desk.note(column.spot, problem, None);
                    return None;
                }
            }
        }
        (_, _, points) => points?,
    };
    let largest = points.iter().copied().fold(0.0, f64::max);
    if points.len() < 2 || largest <= 0.0 || points.iter().any(|point| *point < 0.0) {
        let key = if form.has("csv") { "column" } else { "points" };
        form.wrong(key, "is no curve", "a curve has at least two points, none below 0 and one above");
        return None;
    }
    Some(Segment::Curve {
        points: points.iter().map(|point| point / largest).collect(),
        peak: peak.unwrap_or(ANY_RATE),
        lasts: lasts?,
    })
}

/// `feeders`.
pub(super) fn feeders() -> impl Kind<Value = BTreeMap<String, Feeder>> {
    table(object("Feeder", feeder))
        .map(|members| members.into_iter().map(|(name, feeder)| (name.value, feeder)).collect())
}

fn feeder(form: &mut Form<'_>) -> Option<Feeder> {
    let csv =
        form.required("csv", "A CSV file with a header.", text().and(|path, at: &At<'_>| super::csv::table(at, &path)));
    let reuse = words(&[("once", Reuse::Once), ("cycle", Reuse::Cycle)]);
    let reuse = form.defaulted("reuse", "Each row once, or from the first again.", "cycle", reuse);
    let (columns, rows) = csv?;
    Some(Feeder { columns, rows, reuse: reuse? })
}
