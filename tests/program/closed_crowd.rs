//! The closed model as a whole: a child keeps the population, and its rows are judged like those of an open one.

use crate::harness::doorbuster;
use std::path::Path;

fn scenario() -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/closed-crowd.yaml").display().to_string()
}

#[test]
fn a_closed_crowd_is_accounted_for_and_judged_like_an_open_one() {
    let directory = tempfile::tempdir().expect("a directory");
    let finished = doorbuster(directory, &["run", &scenario(), "--plain", "--out", "out"]);
    finished.assert_honest();
    let summary = finished.summary();
    assert_eq!(summary["closed_users"], 5);
    for text in [
        finished.stdout.clone(),
        std::fs::read_to_string(finished.file("out/report.html")).expect("a page"),
        std::fs::read_to_string(finished.file("out/summary.md")).expect("a comment"),
    ] {
        assert!(text.to_lowercase().contains("closed model: 5 users"), "{text}");
    }

    let arrivals = &summary["arrivals"];
    let count = |name: &str| arrivals[name].as_u64().expect("a count");
    let ends = ["confirmed", "rejected", "unknown", "abandoned", "completed", "shed", "in_flight"];
    assert_eq!(count("scheduled"), ends.into_iter().map(count).sum::<u64>(), "{arrivals}");
    assert!(count("confirmed") > 5, "each user walks more than once: {arrivals}");
    assert_eq!((count("unknown"), count("shed"), count("in_flight")), (0, 0, 0), "{arrivals}");
    let begun: u64 =
        summary["series"]["begun"].as_array().expect("seconds").iter().filter_map(serde_json::Value::as_u64).sum();
    assert_eq!(begun, count("scheduled"), "nobody begins after the doors have closed");

    assert!(finished.law("no_intent_is_charged_twice")["exposure"].as_u64() >= Some(1), "answers were lost");
    let examined = finished.law("the_charge_equals_the_order_total")["examined"].as_u64();
    assert!(examined >= Some(count("confirmed")), "{examined:?} of {arrivals}");

    let elsewhere = tempfile::tempdir().expect("a directory");
    std::fs::copy(finished.file("out/run.db"), elsewhere.path().join("run.db")).expect("copied");
    let checked = doorbuster(elsewhere, &["check", "run.db", "--json"]);
    assert_eq!(checked.code, finished.code, "{checked}");
    let again: serde_json::Value = serde_json::from_str(&checked.stdout).expect("JSON");
    assert_eq!(again, summary);
}
