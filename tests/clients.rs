//! Vendors' official clients, changed in nothing but the base address, live a whole life against the providers;
//! Toxiproxy's against the proxy. Schemathesis calls the reference shop in every way that its description allows.
//!
//! A suite is a file `tests/clients/<vendor>_life.py`; it gets a server of its own. `.ci/clients` installs the clients.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

/// What a suite talks to.
#[derive(Clone, Copy)]
enum Role {
    Providers,
    Proxy,
    /// The reference shop; what its providers listen on is told to it.
    Shop,
}

impl Role {
    const fn command(self) -> &'static str {
        match self {
            Self::Providers => "providers",
            Self::Proxy => "proxy",
            Self::Shop => "shop",
        }
    }

    /// The variable that hands its ready line to the suite.
    const fn variable(self) -> &'static str {
        match self {
            Self::Providers => "DOORBUSTER_PROVIDERS",
            Self::Proxy => "DOORBUSTER_PROXY",
            Self::Shop => "DOORBUSTER_SHOP",
        }
    }

    /// What vendors take days for takes a moment.
    fn config(self, directory: &Path, providers: &Value) -> Value {
        let at = |provider: &str| format!("http://{}", providers[provider].as_str().unwrap_or_default());
        match self {
            Self::Providers => json!({
                "store": directory.join("providers.db"),
                "processing_ms": 100,
                "desk": {
                    "dispute_after_ms": 50, "dispute_decided_ms": 50, "refund_settles_ms": 50, "refund_fails_ms": 50
                },
            }),
            Self::Proxy => json!({ "api": "127.0.0.1:0" }),
            Self::Shop => json!({
                "store": directory.join("shop.db"),
                "log": directory.join("shop.log"),
                "catalogue": {"products": [
                    {"sku": "tv", "name": "Television", "unit_minor": 49_900, "stock": 1_000, "popularity": 0.7},
                    {"sku": "cable", "name": "Cable", "unit_minor": 999, "stock": 1_000, "popularity": 0.9},
                ]},
                "promotions": [{"code": "TEN", "percent_bp": 1_000, "limit": 3}],
                "vouchers": [{"code": "V10", "balance_minor": 1_000}],
                "store_credit_minor": 300,
                "payment": {"url": at("payment"), "secret_key": "sk_test_described", "webhook_secret": "whsec_described"},
                // Countries that nobody can tax are among what is tried.
                "tax": {"url": at("tax"), "account": "a", "license": "l", "retries": 0, "fallback": {"rate": {"rate_bp": 825}}},
                "fulfilment": {"url": at("warehouse")},
            }),
        }
    }
}

/// A server as a process of its own, ended when dropped.
struct Server {
    child: Child,
    /// Its ready line: the addresses.
    ready: String,
    _directory: tempfile::TempDir,
}

impl Server {
    fn start(role: Role) -> Self {
        Self::beside(role, &Value::Null)
    }

    /// A server that calls `providers`, as their ready line tells them.
    fn beside(role: Role, providers: &Value) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("config.json");
        std::fs::write(&path, role.config(directory.path(), providers).to_string()).expect("written");
        let mut child = Command::new(env!("CARGO_BIN_EXE_doorbuster"))
            .args([role.command(), "--config"])
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

impl Drop for Server {
    fn drop(&mut self) {
        // Its standard input closes, so it ends.
        drop(self.child.stdin.take());
        self.child.wait().expect("it ends");
    }
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
fn passes(suite: &str, role: Role) {
    let python = python();
    let server = Server::start(role);
    let output = Command::new(python)
        .args(["-m", "unittest", "-v", suite])
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients"))
        .env(role.variable(), server.ready.trim())
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .expect("the virtual environment's python starts");
    let (told, printed) = (String::from_utf8_lossy(&output.stderr), String::from_utf8_lossy(&output.stdout));
    assert!(output.status.success(), "{suite} failed\n{told}\n{printed}");
}

#[test]
fn stripes_client_lives_a_whole_life() {
    passes("stripe_life", Role::Providers);
}

#[test]
fn adyens_client_lives_a_whole_life() {
    passes("adyen_life", Role::Providers);
}

#[test]
fn avalaras_client_lives_a_whole_life() {
    passes("avalara_life", Role::Providers);
}

#[test]
fn easyposts_client_lives_a_whole_life() {
    passes("easypost_life", Role::Providers);
}

#[test]
fn toxiproxys_client_lives_a_whole_life() {
    passes("toxiproxy_life", Role::Proxy);
}

#[test]
fn the_shop_keeps_what_its_description_promises() {
    let python = python();
    let providers = Server::start(Role::Providers);
    let providers_ready = serde_json::from_str(&providers.ready).expect("the ready line is JSON");
    let shop = Server::beside(Role::Shop, &providers_ready);
    let ready: Value = serde_json::from_str(&shop.ready).expect("the ready line is JSON");
    let output = Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients/shop_schemathesis.sh"))
        .arg(format!("http://{}", ready["listen"].as_str().expect("an address")))
        .env("SCHEMATHESIS", python.with_file_name("schemathesis"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        // Every call of the description, every boundary of what it takes, and one random example of each.
        .env("EXAMPLES", "1")
        .output()
        .expect("the script starts");
    let (told, printed) = (String::from_utf8_lossy(&output.stderr), String::from_utf8_lossy(&output.stdout));
    assert!(output.status.success(), "{told}\n{printed}");
}
