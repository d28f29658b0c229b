//! The main job as its users do it: run, check, report; and what is left when it is cut off.

use crate::harness::{copy_scenarios, doorbuster};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

fn scenario(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios").join(name).display().to_string()
}

#[test]
fn a_smoke_run_passes_and_its_books_give_the_same_verdict_again() {
    let directory = tempfile::tempdir().expect("a directory");
    let finished = doorbuster(directory, &["run", &scenario("smoke.yaml"), "--plain", "--out", "out"]);
    finished.assert_honest();
    for name in ["run.db", "report.html", "summary.json", "summary.md", "junit.xml"] {
        assert!(finished.file("out").join(name).exists(), "{name} is missing");
    }
    assert!(!finished.file("out/run.db-wal").exists(), "one file is one file");

    let summary = finished.summary();
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/summary.schema.json");
    let schema = serde_json::from_str(&std::fs::read_to_string(schema).expect("a schema")).expect("JSON");
    assert!(jsonschema::is_valid(&schema, &summary), "the summary fits its published schema");

    // The same file elsewhere, judged by another process, says the same.
    let elsewhere = tempfile::tempdir().expect("a directory");
    std::fs::copy(finished.file("out/run.db"), elsewhere.path().join("run.db")).expect("copied");
    let checked = doorbuster(elsewhere, &["check", "run.db", "--json"]);
    assert_eq!(checked.code, finished.code, "{checked}");
    let again: serde_json::Value = serde_json::from_str(&checked.stdout).expect("JSON");
    assert_eq!(again, summary);
}

#[test]
fn equal_scenario_and_seed_give_an_equal_plan() {
    let plan = |seed: &str| {
        let directory = tempfile::tempdir().expect("a directory");
        let finished = doorbuster(directory, &["run", &scenario("smoke.yaml"), "--plan-only", "--seed", seed]);
        assert_eq!(finished.code, 0, "{finished}");
        finished.stdout
    };
    assert_eq!(plan("5"), plan("5"));
    assert_ne!(plan("5"), plan("6"));
}

#[test]
fn a_busy_port_is_named() {
    let busy = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = busy.local_addr().expect("an address").to_string();
    let directory = tempfile::tempdir().expect("a directory");
    let text = std::fs::read_to_string(scenario("smoke.yaml")).expect("it is in the repository");
    copy_scenarios(directory.path());
    let text = format!("{text}\nproviders: {{listen: {{payment: {address}}}}}\n");
    std::fs::write(directory.path().join("busy.yaml"), text).expect("written");
    let finished = doorbuster(directory, &["run", "busy.yaml", "--plain", "--out", "out"]);
    assert_eq!(finished.code, 4, "{finished}");
    assert!(finished.stderr.contains(&address), "{finished}");
    assert!(finished.stderr.starts_with("failed to "), "{finished}");
}

#[test]
fn an_output_directory_that_holds_a_run_is_refused() {
    let directory = tempfile::tempdir().expect("a directory");
    std::fs::create_dir(directory.path().join("out")).expect("made");
    std::fs::write(directory.path().join("out/run.db"), "precious").expect("written");
    let finished = doorbuster(directory, &["run", &scenario("smoke.yaml"), "--plain", "--out", "out"]);
    assert_eq!(finished.code, 2, "{finished}");
    assert_eq!(std::fs::read_to_string(finished.file("out/run.db")).expect("still there"), "precious");
}

#[test]
fn one_interrupt_ends_the_load_and_judges_what_there_is() {
    let mut cut = Cut::start();
    cut.send(&Signal::Interrupt);
    let code = cut.wait();
    assert_eq!(code, Some(3), "an interrupted run is inconclusive: {}", cut.output());
    let record = cut.check();
    assert_eq!(record["verdict"], "inconclusive");
    assert!(record["reasons"][0].as_str().expect("a reason").contains("interrupted"), "{}", record["reasons"]);
    for reasons in [&record["reasons"], &record["generator"]["reasons"]] {
        assert!(!reasons.to_string().contains("planned rate"), "nobody was to begin after it: {reasons}");
    }
    cut.assert_no_orphans();
}

#[test]
fn a_killed_harness_leaves_a_readable_file_and_no_orphans() {
    let mut cut = Cut::start();
    cut.send(&Signal::Kill);
    cut.wait();
    cut.assert_no_orphans();
    let record = cut.check();
    assert_eq!(record["verdict"], "inconclusive");
    let arrivals = &record["arrivals"];
    let sum: u64 = ["confirmed", "rejected", "unknown", "abandoned", "completed", "shed", "in_flight"]
        .iter()
        .map(|name| arrivals[name].as_u64().expect("a count"))
        .sum();
    assert_eq!(arrivals["scheduled"], sum, "a planned arrival without a row is unknown: {arrivals}");
}

enum Signal {
    Interrupt,
    Kill,
}

/// A run that is cut off once the load is under way.
struct Cut {
    directory: tempfile::TempDir,
    child: Child,
    lines: Vec<String>,
    rest: Option<BufReader<std::process::ChildStdout>>,
}

impl Cut {
    fn start() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let mut child = Command::new(env!("CARGO_BIN_EXE_doorbuster"))
            .args(["run", &scenario("smoke.yaml"), "--plain", "--out", "out"])
            .current_dir(directory.path())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        let mut rest = BufReader::new(child.stdout.take().expect("piped"));
        let mut lines = Vec::new();
        // The first line of progress says that the load is under way.
        while !lines.last().is_some_and(|line: &String| line.contains("confirmed")) {
            let mut line = String::new();
            assert!(rest.read_line(&mut line).expect("readable") > 0, "the run ended early: {lines:?}");
            lines.push(line);
        }
        Self { directory, child, lines, rest: Some(rest) }
    }

    fn send(&self, signal: &Signal) {
        let signal = match signal {
            Signal::Interrupt => rustix::process::Signal::INT,
            Signal::Kill => rustix::process::Signal::KILL,
        };
        let id = rustix::process::Pid::from_raw(self.child.id().cast_signed()).expect("a process");
        rustix::process::kill_process(id, signal).expect("it is our child");
    }

    fn wait(&mut self) -> Option<i32> {
        let mut rest = self.rest.take().expect("waited for once");
        let mut line = String::new();
        while rest.read_line(&mut line).is_ok_and(|bytes| bytes > 0) {
            self.lines.push(std::mem::take(&mut line));
        }
        self.child.wait().expect("it ends").code()
    }

    fn output(&self) -> String {
        self.lines.concat()
    }

    fn run_file(&self) -> PathBuf {
        self.directory.path().join("out/run.db")
    }

    fn check(&self) -> serde_json::Value {
        let output = Command::new(env!("CARGO_BIN_EXE_doorbuster"))
            .arg("check")
            .arg(self.run_file())
            .arg("--json")
            .output()
            .expect("the binary starts");
        serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)))
    }

    /// No process is left that was started with this run's configuration.
    fn assert_no_orphans(&self) {
        let ours = self.directory.path().to_string_lossy().into_owned();
        let deadline = Instant::now() + Duration::from_secs(10);
        loop {
            let left: Vec<String> = std::fs::read_dir("/proc")
                .expect("a list of processes")
                .filter_map(|entry| std::fs::read_to_string(entry.ok()?.path().join("cmdline")).ok())
                .filter(|command| command.contains(&ours))
                .collect();
            if left.is_empty() {
                return;
            }
            assert!(Instant::now() < deadline, "orphans are left: {left:?}");
            std::thread::yield_now();
        }
    }
}

#[test]
fn mistakes_of_a_scenario_are_told_with_their_places() {
    let directory = tempfile::tempdir().expect("a directory");
    std::fs::write(directory.path().join("wrong.yaml"), "name: wrong\nduration: 5\n").expect("written");
    let finished = doorbuster(directory, &["run", "wrong.yaml"]);
    assert_eq!(finished.code, 2, "{finished}");
    assert!(finished.stderr.contains("(line 2, column 1)"), "{finished}");
    let missing = doorbuster(tempfile::tempdir().expect("a directory"), &["run", "nowhere.yaml"]);
    assert_eq!(missing.code, 2, "{missing}");
    assert!(missing.stderr.starts_with("failed to read scenario `nowhere.yaml`"), "{missing}");
}
