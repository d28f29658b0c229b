//! The proof as its users do it: two defects and the honest shop under one scenario, then with other numbers of seeds: what is
//! known is not run again.

use crate::harness::{Finished, doorbuster};
use std::path::Path;
use std::process::Command;

const DEFECTS: [(&str, &str); 2] =
    [("cart-ordered-twice", "no_intent_gets_two_orders"), ("shared-order-number", "every_order_number_is_unique")];

fn scenarios() -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios").display().to_string()
}

fn arguments(scenarios: &str) -> Vec<&str> {
    let mut arguments = vec!["prove", "--scenarios", scenarios, "--out", "out"];
    arguments.extend(DEFECTS.iter().flat_map(|(defect, _)| ["--defect", *defect]));
    arguments
}

fn record(finished: &Finished) -> serde_json::Value {
    let text = std::fs::read_to_string(finished.file("out/prove.json")).expect("a proof");
    serde_json::from_str(&text).expect("JSON")
}

fn results(finished: &Finished) -> String {
    std::fs::read_to_string(finished.file("out/results.jsonl")).expect("results")
}

#[test]
fn two_defects_are_caught_the_honest_shop_is_not_accused_and_nothing_is_run_twice() {
    let scenarios = scenarios();
    let finished = doorbuster(tempfile::tempdir().expect("a directory"), &arguments(&scenarios));
    // On a machine too busy to send in time the honest run is inconclusive, as promised; nobody may be accused.
    assert!(finished.code == 0 || finished.code == 3, "{finished}");
    let proof = record(&finished);
    for (nth, (defect, law)) in DEFECTS.iter().enumerate() {
        let told = proof["defects"].as_array().expect("defects").iter().find(|told| told["slug"] == *defect);
        let told = told.unwrap_or_else(|| panic!("no defect {defect}: {finished}"));
        assert_eq!((&told["catcher"]["law"], &told["tally"]["good"]), (&(*law).into(), &1.into()), "{nth}: {told}");
        assert!(told["first_evidence_median_ms"].as_f64().is_some_and(|ms| ms < 10_000.0), "{told}");
    }
    assert_eq!(proof["figures"]["honest_runs"]["bad"], 0, "{finished}");
    for name in ["results.jsonl", "prove.md", "prove.html"] {
        assert!(finished.file("out").join(name).exists(), "{name} is missing");
    }
    let left = std::fs::read_dir(finished.file("out/runs")).expect("a directory").count();
    let hoped = proof["trials"].as_array().expect("trials").iter().all(|trial| trial["directory"].is_null());
    assert_eq!(left == 0, hoped, "books of runs that showed what was hoped for are removed");

    let lines = || results(&finished).lines().count();
    let before = lines();
    let again = |more: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_doorbuster"));
        command.args(arguments(&scenarios)).args(more).current_dir(finished.file("."));
        command.output().expect("the binary starts")
    };
    let more = again(&["--honest-seeds", "2"]);
    let told = String::from_utf8_lossy(&more.stdout).into_owned();
    assert!(told.starts_with("4 runs, 3 of them known from before;"), "{told}");
    let proof = record(&finished);
    assert_eq!((&proof["seeds"], &proof["honest_seeds"]), (&1.into(), &2.into()));
    assert_eq!(proof["figures"]["honest_runs"]["planned"], 2, "{told}");
    let after = lines();
    let gained: Vec<String> = results(&finished).lines().skip(before).map(str::to_owned).collect();
    assert!(!gained.is_empty() && gained.iter().all(|line| line.contains(r#""defect":null"#)), "{gained:?}");
    assert!(gained.iter().all(|line| line.contains(r#""seed":2"#)), "what is known is not run again: {gained:?}");

    let as_before = again(&[]);
    assert_eq!(as_before.status.code(), Some(finished.code), "{}", String::from_utf8_lossy(&as_before.stdout));
    assert_eq!(lines(), after, "fewer seeds take no run");
    assert_eq!(record(&finished)["figures"]["honest_runs"]["planned"], 1, "and count none beyond them");
}

#[test]
fn all_mistakes_of_the_manifest_are_told_at_once() {
    let directory = tempfile::tempdir().expect("a directory");
    std::fs::create_dir_all(directory.path().join("mine/proofs")).expect("made");
    let text = "cart-ordered-twise: {scenario: a.yaml, law: l}\ncoupon-overspent: {scenario: absent.yaml, law: l}\n";
    std::fs::write(directory.path().join("mine/proofs/proofs.yaml"), text).expect("written");
    let finished = doorbuster(directory, &["prove", "--scenarios", "mine"]);
    assert_eq!(finished.code, 2, "{finished}");
    for expected in [
        "failed to read the manifest of proofs `mine/proofs/proofs.yaml`\n",
        "has no line for the defect `cart-ordered-twice`",
        "cart-ordered-twise (line 1, column 1): is not a defect of the shop",
        "coupon-overspent.scenario (line 2, column 30): names `absent.yaml`, and there is no such file",
    ] {
        assert!(finished.stderr.contains(expected), "`{expected}` is missing: {finished}");
    }
}
