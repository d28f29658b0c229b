//! What stands on the run's clock beside shoppers: actions, events that others tell, rules on a link; and a shop of two processes.

use crate::harness::{Finished, doorbuster};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};

/// Two dozen purchases within three seconds, and nothing that has to be proved to the permille.
const COMMON: &str = r"
traffic:
  shape: [{constant: {rate: 8/s, for: 3s}}]
  arrivals: even
  recovery: 1s
  drain: 8s
settlement: {quiet_for: 500ms, settle_within: 8s}
";

/// For scenarios without objectives of their own.
const UNMEASURED: &str =
    "objectives: {availability: off, order_creation: off, payment_authorisation: off, checkout_p95: off}\n";

/// A directory with the scenario in it, and the journey that it names.
fn written(scenario: &str) -> tempfile::TempDir {
    let directory = tempfile::tempdir().expect("a directory");
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    std::fs::copy(repository.join("proofs/journeys/one-article.yaml"), directory.path().join("one-article.yaml"))
        .expect("it is in the repository");
    std::fs::copy(repository.join("shapes/unit_price.csv"), directory.path().join("unit_price.csv"))
        .expect("it is in the repository");
    let objectives = if scenario.contains("\nobjectives:") { "" } else { UNMEASURED };
    let text = format!("{}{COMMON}{objectives}", scenario.trim_start());
    std::fs::write(directory.path().join("scenario.yaml"), text).expect("written");
    directory
}

fn run(scenario: &str) -> Finished {
    doorbuster(written(scenario), &["run", "scenario.yaml", "--plain", "--out", "out"])
}

fn text(finished: &Finished, name: &str) -> String {
    std::fs::read_to_string(finished.file("out").join(name)).expect("a report")
}

#[test]
fn actions_are_done_on_the_run_clock_and_told_with_what_came_of_them() {
    let finished = run(r"
name: with-actions
description: Two actions, one of which finds nothing.
shop: {reference: {products: {count: 4, prices: unit_price.csv, stock: 1000}}}
journeys: [one-article.yaml]
mix: [{journey: one-article, cards: {ok: 100}}]
actions:
  - {name: look-at-the-shelf, at: 1s, call: {get: /products?limit=1}}
  - {name: purge-nothing, at: 2s, call: {get: /there-is-no-such-page}}
");
    finished.assert_honest();
    let events = finished.summary()["events"].clone();
    let of = |name: &str| {
        let found = events.as_array().expect("a list").iter().find(|event| event["name"] == name);
        found.cloned().unwrap_or_else(|| panic!("no event {name}: {events}"))
    };
    let (done, missed) = (of("look-at-the-shelf"), of("purge-nothing"));
    assert_eq!((&done["kind"], &done["text"]), (&"action".into(), &"done".into()));
    assert!(done["at_s"].as_f64().is_some_and(|at_s| (1.0..2.0).contains(&at_s)), "{done}");
    assert!(missed["text"].as_str().is_some_and(|text| text.contains("answered 404")), "{missed}");

    let page = text(&finished, "report.html");
    let plot = page.split("<svg class=\"plot ").nth(1).expect("a plot");
    assert!(plot.contains("action look-at-the-shelf"), "the charts mark it");
    for told in [finished.stdout.clone(), text(&finished, "summary.md")] {
        assert!(told.contains("look-at-the-shelf: done"), "{told}");
        assert!(told.contains("purge-nothing: answered 404"), "{told}");
    }
}

#[test]
fn what_other_systems_tell_stands_in_the_reports() {
    let directory = written(
        r"
name: with-events
description: An alert fires while the load is under way.
shop: {reference: {products: {count: 4, prices: unit_price.csv, stock: 1000}}}
journeys: [one-article.yaml]
mix: [{journey: one-article, cards: {ok: 100}}]
take_events: 127.0.0.1:0
",
    );
    let mut child = Command::new(env!("CARGO_BIN_EXE_doorbuster"))
        .args(["run", "scenario.yaml", "--plain", "--out", "out"])
        .current_dir(directory.path())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines().map_while(Result::ok);
    let door = lines.find(|line| line.starts_with("events are taken in at ")).expect("the door is named");
    let address = door.split("http://").nth(1).and_then(|rest| rest.split('/').next()).expect("an address").to_owned();
    assert!(post(&address, r#"{"name": "deploy", "text": "v42 <goes> live"}"#).contains(" 202 "));
    let alerts = r#"{"alerts": [{"status": "firing", "labels": {"alertname": "CheckoutSlow"}, "annotations": {"summary": "p95 is 2 s"}}]}"#;
    assert!(post(&address, alerts).contains(" 202 "));
    assert!(post(&address, "no JSON").contains(" 400 "));
    let rest: Vec<String> = lines.collect();
    child.wait().expect("it ends");

    let read = |name: &str| std::fs::read_to_string(directory.path().join("out").join(name)).expect("a report");
    let summary: serde_json::Value = serde_json::from_str(&read("summary.json")).expect("JSON");
    let told: Vec<(&str, &str)> = summary["events"]
        .as_array()
        .expect("a list")
        .iter()
        .filter(|event| event["kind"] == "external")
        .map(|event| (event["name"].as_str().expect("a name"), event["text"].as_str().expect("a text")))
        .collect();
    assert_eq!(told, [("deploy", "v42 <goes> live"), ("CheckoutSlow", "firing p95 is 2 s")]);
    let page = read("report.html");
    assert!(page.contains("v42 &lt;goes&gt; live") && page.contains("told by another system"));
    assert!(page.split("<svg class=\"plot ").nth(1).expect("a plot").contains("CheckoutSlow"), "the charts mark it");
    assert!(read("summary.md").contains("CheckoutSlow: firing p95 is 2 s"));
    assert!(rest.iter().any(|line| line.contains("CheckoutSlow: firing p95 is 2 s")), "{rest:?}");
}

/// The head of the answer to a POST.
fn post(address: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("the door is open");
    let length = body.len();
    write!(
        stream,
        "POST /events HTTP/1.1\r\nhost: {address}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    )
    .expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("answered");
    answer
}

#[test]
fn a_rule_on_a_link_loses_answers_and_counts_them() {
    let finished = run(r"
name: with-a-link-rule
description: The proxy before the payment provider loses every third answer to a charge.
shop:
  reference:
    products: {count: 4, prices: unit_price.csv, stock: 1000}
    settings: {reconcile_every_ms: 200, payment: {timeout_ms: 500}}
journeys: [one-article.yaml]
mix: [{journey: one-article, cards: {ok: 100}}]
faults:
  - name: every-third
    at: 500ms
    for: 2s
    link: payment
    rule:
      when: {method: POST, path: /v1/payment_intents, nth: [1, 4, 7, 10, 13]}
      effect: {drop_answer: {ending: rst}}
");
    finished.assert_honest();
    let summary = finished.summary();
    let fault = &summary["faults"][0];
    let count = |name: &str| fault[name].as_u64().unwrap_or_else(|| panic!("{name} of {fault}"));
    assert!(count("applied") >= 3, "{fault}");
    assert!(count("matched") >= count("applied") && count("hazardous") >= 1, "{fault}");
    assert_eq!(finished.law("no_intent_is_charged_twice")["finding"], "held");
}

#[test]
fn two_instances_serve_one_shop_and_one_alone_goes_on() {
    let finished = run(r"
name: with-two-instances
description: Two processes serve the shop; the first is away for the second half.
shop:
  reference:
    instances: 2
    products: {count: 4, prices: unit_price.csv, stock: 1000}
journeys: [one-article.yaml]
mix: [{journey: one-article, manners: {repeats: 6, repeat_pause: 200ms..400ms}, cards: {ok: 100}}]
faults:
  - {name: away, at: 1s, process: shop, harm: {kill: {restart_after: 1500ms}}}
");
    finished.assert_honest();
    let summary = finished.summary();
    let steps = summary["steps"].as_array().expect("a list");
    let browse = steps.iter().find(|step| step["step"] == "browse").expect("everybody looks first");
    // A page that is being written at the instant of the kill is cut off; half of all would fail for the second and a half after it.
    assert!(browse["failed"].as_u64() <= Some(1), "the other instance serves while the first is away: {browse}");
    let confirmed = summary["series"]["confirmed"].as_array().expect("seconds");
    assert!(confirmed[2].as_u64() > Some(0), "the first one is back: {confirmed:?}");
    assert!(finished.file("out/arena/shop-2.log").exists(), "the second instance has a log of its own");
}

#[test]
fn shoppers_who_cannot_open_a_cart_count_as_failed_where_they_failed() {
    let finished = run(r"
name: with-closed-doors
description: The shop is away for a second and a half; whoever comes meanwhile is refused a connection.
shop: {reference: {products: {count: 4, prices: unit_price.csv, stock: 1000}}}
journeys: [one-article.yaml]
mix: [{journey: one-article, cards: {ok: 100}}]
faults:
  - {name: away, at: 1s, process: shop, harm: {kill: {restart_after: 1500ms}}}
objectives:
  availability: 10%
  order_creation: off
  payment_authorisation: off
  checkout_p95: off
  in: {away: {availability: 99%}}
");
    let summary = finished.summary();
    let of = |phase: &str| {
        let found =
            summary["objectives"].as_array().expect("a list").iter().find(|objective| objective["phase"] == phase);
        let objective = found.unwrap_or_else(|| panic!("no objective in {phase}: {summary}"));
        (objective["samples"].as_u64().expect("a count"), objective["measured"].as_f64().expect("a share"))
    };
    let ((faulty, served), (rest, others)) = (of("away"), of("outside faults"));
    // Arrivals of the second before the kill, and of the second and a half without a shop.
    assert!(faulty >= 18 && served < 0.7, "{served} of {faulty}: {finished}");
    let arrivals = &summary["arrivals"];
    let count = |name: &str| arrivals[name].as_u64().expect("a count");
    let came = count("confirmed") + count("unknown") + count("rejected") + count("in_flight");
    assert_eq!(faulty + rest, came, "nobody vanishes from the measure: {arrivals}");
    assert!((served * faulty as f64 + others * rest as f64 - count("confirmed") as f64).abs() < 1e-6, "{arrivals}");
    assert!(summary["remarks"].to_string().contains("came to buy could not submit"), "{}", summary["remarks"]);
}
