//! Every law, on small histories that hold, violate and stay undecided.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use books::Joined;
use books::history::{self, Expect, History};
use books::laws::{self, Law, LawFinding};
use model::finding::Finding;
use std::path::{Path, PathBuf};

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios/laws")
}

fn histories(law: &Law) -> Vec<History> {
    let path = directory().join("histories").join(format!("{}.txt", law.name));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    history::parse(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn examine(law: &Law, history: &History) -> LawFinding {
    Joined::from_file(history.books.file().unwrap()).unwrap().examine(law)
}

fn differs(expect: Expect, found: &LawFinding) -> bool {
    let other = |expected: Option<u64>, counted: u64| expected.is_some_and(|expected| expected != counted);
    expect.finding != found.finding()
        || other(expect.examined, found.examined())
        || other(expect.violated, found.violated())
        || other(expect.undecided, found.undecided())
        || other(expect.exposed, found.exposure)
}

#[test]
fn every_law_finds_in_its_histories_what_they_say() {
    let mut wrong = Vec::new();
    for law in laws::built_in() {
        for history in histories(&law) {
            let found = examine(&law, &history);
            if differs(history.expect, &found) {
                wrong.push(format!(
                    "{}: {}\n  expected {:?}\n  found {found:#?}",
                    law.name, history.title, history.expect
                ));
            }
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
    let found: Vec<String> = laws::in_directory(&directory()).unwrap().into_iter().map(|law| law.name).collect();
    assert_eq!(names, found);
}

#[test]
fn every_violation_says_why() {
    for law in laws::built_in() {
        for history in histories(&law) {
            let found = examine(&law, &history);
            for subject in found.violations.iter().chain(&found.doubts) {
                assert!(
                    !subject.why.is_empty() && !subject.subject.is_empty(),
                    "{}: {}: {subject:?}",
                    law.name,
                    history.title
                );
            }
        }
    }
}
