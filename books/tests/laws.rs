//! Every law, on small histories that hold, violate and stay undecided.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use books::history::{self, History};
use books::laws::{self, Law, Trial};
use model::finding::Finding;
use std::path::{Path, PathBuf};

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios/laws")
}

fn in_directory() -> Vec<Law> {
    laws::in_directory(&directory()).unwrap()
}

fn histories(law: &Law) -> Vec<History> {
    let path = directory().join("histories").join(format!("{}.txt", law.name));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    history::parse(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn tried(law: &Law) -> Vec<Trial> {
    histories(law).iter().map(|history| laws::try_on(law, history).unwrap()).collect()
}

#[test]
fn every_law_finds_in_its_histories_what_they_say() {
    let mut wrong = Vec::new();
    for law in in_directory() {
        for trial in tried(&law).iter().filter(|trial| !trial.differences.is_empty()) {
            wrong.push(format!("{}: {}: {}\n  {:?}", law.name, trial.title, trial.differences.join("; "), trial.found));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn every_law_has_histories_of_each_kind() {
    for law in laws::built_in() {
        let findings: Vec<Finding> = histories(&law).iter().map(|history| history.expect.finding).collect();
        for kind in [Finding::Held, Finding::Violated, Finding::Undecided] {
            assert!(findings.contains(&kind), "{}: no history is {}", law.name, kind.name());
        }
    }
}

#[test]
fn every_law_of_the_directory_is_built_in() {
    let mut names: Vec<String> = laws::built_in().into_iter().map(|law| law.name).collect();
    names.sort();
    let found: Vec<String> = in_directory().into_iter().map(|law| law.name).collect();
    assert_eq!(names, found);
}

#[test]
fn every_violation_says_why() {
    for law in in_directory() {
        for trial in tried(&law) {
            for subject in trial.found.violations.iter().chain(&trial.found.doubts) {
                let told = !subject.why.is_empty() && !subject.subject.is_empty();
                assert!(told, "{}: {}: {subject:?}", law.name, trial.title);
            }
        }
    }
}
