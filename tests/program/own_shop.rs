//! A shop that is not ours, in another language, is judged by marks and a CSV orders book; a double charge seeded into it is
//! found.

use crate::harness::{Finished, doorbuster, free_port};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// The tiny shop, ended when dropped.
struct TinyShop(Child);

impl TinyShop {
    fn start(port: u16, payment: u16, orders: &Path, more: &[&str]) -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/own_shop/shop.py");
        let mut child = Command::new("python3")
            .arg(script)
            .args(["--port", &port.to_string(), "--payment", &format!("http://127.0.0.1:{payment}")])
            .arg("--orders")
            .arg(orders)
            .args(more)
            .stdout(Stdio::piped())
            .spawn()
            .expect("python3 starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("piped"))
            .read_line(&mut line)
            .expect("the shop says that it is ready");
        assert_eq!(line.trim(), "ready");
        Self(child)
    }
}

impl Drop for TinyShop {
    fn drop(&mut self) {
        self.0.kill().expect("it is our child");
        self.0.wait().expect("it ends");
    }
}

/// Without python3 the test says that it was left out; `.ci/run` refuses that.
fn python_is_here() -> bool {
    let here = Command::new("python3").arg("--version").output().is_ok_and(|output| output.status.success());
    assert!(here || std::env::var_os("DOORBUSTER_REQUIRE_PYTHON").is_none(), "python3 is missing");
    if !here {
        eprintln!("left out: there is no python3 on this machine");
    }
    here
}

/// Runs the scenario of the guide against the tiny shop, on free ports.
fn run(more: &[&str]) -> Finished {
    let directory = tempfile::tempdir().expect("a directory");
    let (port, payment) = (free_port(), free_port());
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/own_shop");
    for file in ["scenario.yaml", "journey.yaml", "export.yaml"] {
        let text = std::fs::read_to_string(source.join(file)).expect("it is in the repository");
        let text = text.replace("127.0.0.1:8080", &format!("127.0.0.1:{port}"));
        let text = text.replace("127.0.0.1:9001", &format!("127.0.0.1:{payment}"));
        std::fs::write(directory.path().join(file), text).expect("written");
    }
    let _shop = TinyShop::start(port, payment, &directory.path().join("orders.csv"), more);
    doorbuster(directory, &["run", "scenario.yaml", "--plain", "--out", "out"])
}

#[test]
fn an_honest_shop_passes() {
    if !python_is_here() {
        return;
    }
    let finished = run(&[]);
    finished.assert_honest();
    let law = finished.law("no_intent_is_charged_twice");
    assert!(law["exposure"].as_u64().expect("a count") >= 5, "{law}");
    let attributed = finished.law("every_statement_is_attributed");
    assert_eq!(attributed["finding"], "held", "{attributed}");
}

#[test]
fn a_double_charge_is_found_and_told() {
    if !python_is_here() {
        return;
    }
    let finished = run(&["--charge-twice-every", "20"]);
    assert_eq!(finished.code, 1, "{finished}");
    let law = finished.law("no_intent_is_charged_twice");
    assert_eq!(law["finding"], "violated");
    let captures = law["counterexamples"][0]["timeline"].as_array().expect("a timeline").iter();
    let captures = captures.filter(|entry| {
        let brief = entry["brief"].as_str().unwrap_or_default();
        brief == "captures 39.98 EUR" || brief == "charges 39.98 EUR"
    });
    let captures: Vec<&serde_json::Value> = captures.collect();
    assert_eq!(captures.len(), 2, "{law}");
    assert_eq!((&captures[0]["breaks"], &captures[1]["breaks"]), (&false.into(), &true.into()), "{law}");
}
