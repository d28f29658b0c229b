//! What a person types by mistake: each is told in a line or two, with code 2, and starts nothing.

use crate::harness::{Finished, doorbuster};
use std::net::TcpListener;
use std::path::Path;

fn empty() -> tempfile::TempDir {
    tempfile::tempdir().expect("a directory")
}

fn assert_told(finished: &Finished, expected: &str) {
    assert_eq!(finished.code, 2, "{finished}");
    assert!(finished.stderr.contains(expected), "`{expected}` is missing: {finished}");
    assert!(finished.stdout.is_empty(), "{finished}");
}

#[test]
fn a_run_file_that_is_not_there() {
    for command in ["check", "report", "heal"] {
        assert_told(
            &doorbuster(empty(), &[command, "absent.db"]),
            "invalid value 'absent.db' for '<RUN.db>': no such file",
        );
        assert_told(&doorbuster(empty(), &[command, "."]), "there is no `run.db` in this directory");
    }
}

#[test]
fn a_defect_that_is_not_there() {
    for command in [["run", "smoke.yaml"].as_slice(), &["prove"]] {
        let finished = doorbuster(empty(), &[command, &["--defect", "fresh-key-per-rety"]].concat());
        assert_told(&finished, "invalid value 'fresh-key-per-rety' for '--defect <SLUG>'");
        assert_told(&finished, "a similar value exists: 'fresh-key-per-retry'");
    }
}

#[test]
fn laws_that_are_not_there() {
    assert_told(&doorbuster(empty(), &["law", "test", "absent.sql"]), "failed to read `absent.sql`: No such file");
    assert_told(&doorbuster(empty(), &["law", "test", "."]), "failed to test `.`: there is no law (`.sql`) in it");
}

#[test]
fn an_address_in_use_is_told_before_anything_is_raised() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let scenarios = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let directory = empty();
    let text = std::fs::read_to_string(scenarios.join("smoke.yaml")).expect("a scenario");
    let text = text.replace("journeys/", &format!("{}/", scenarios.join("journeys").display()));
    let text = text.replace("csv: ", &format!("csv: {}/", scenarios.display()));
    let text = text.replace("prices: ", &format!("prices: {}/", scenarios.display()));
    std::fs::write(directory.path().join("taken.yaml"), format!("{text}\ntake_events: {address}\n")).expect("written");
    let finished = doorbuster(directory, &["run", "taken.yaml", "--plain", "--out", "out"]);
    let expected = format!(
        "failed to take events in at `{address}`: Address already in use (os error 98)\n  \
         hint: set another address in `take_events`, or port 0\n"
    );
    assert_told(&finished, &expected);
    assert!(!finished.file("out").exists(), "{finished}");
}
