//! Vendors' official clients, changed in nothing but the base address, live a whole life against the providers.
//!
//! A suite is a file `tests/clients/<vendor>_life.py`; it gets providers of its own. `.ci/clients` installs the clients.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

/// Providers as a process of their own, ended when dropped.
struct Providers {
    child: Child,
    /// Their ready line: the addresses.
    ready: String,
    _directory: tempfile::TempDir,
}

impl Providers {
    fn start() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("providers.json");
        std::fs::write(&path, config(directory.path()).to_string()).expect("written");
        let mut child = Command::new(env!("CARGO_BIN_EXE_doorbuster"))
            .args(["providers", "--config"])
            .arg(&path)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        let mut ready = String::new();
        BufReader::new(child.stdout.take().expect("piped")).read_line(&mut ready).expect("the ready line");
        Self { child, ready, _directory: directory }
    }
}

impl Drop for Providers {
    fn drop(&mut self) {
        // Its standard input closes, so it ends.
        drop(self.child.stdin.take());
        self.child.wait().expect("it ends");
    }
}

/// What vendors take days for takes a moment.
fn config(directory: &Path) -> Value {
    let desk = json!({ "dispute_after_ms": 50, "dispute_decided_ms": 50, "refund_settles_ms": 50, "refund_fails_ms": 50 });
    json!({ "store": directory.join("providers.db"), "processing_ms": 100, "desk": desk })
}

/// Where `.ci/clients` installed the clients.
fn python() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), |path| root.join(path));
    let python = target.join("clients/python/bin/python");
    let pinned = std::fs::read(root.join("tests/clients/requirements.txt")).expect("it is in the repository");
    let is_right = std::fs::read(target.join("clients/installed.txt")).is_ok_and(|installed| installed == pinned);
    assert!(is_right, "the vendors' official clients are missing or outdated: run .ci/clients, then the tests again");
    python
}

/// Runs a suite to its end; shows what it printed when it did not pass.
fn passes(suite: &str) {
    let python = python();
    let providers = Providers::start();
    let output = Command::new(python)
        .args(["-m", "unittest", "-v", suite])
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients"))
        .env("DOORBUSTER_PROVIDERS", providers.ready.trim())
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .expect("the virtual environment's python starts");
    let (told, printed) = (String::from_utf8_lossy(&output.stderr), String::from_utf8_lossy(&output.stdout));
    assert!(output.status.success(), "{suite} failed\n{told}\n{printed}");
}

#[test]
fn stripes_client_lives_a_whole_life() {
    passes("stripe_life");
}
