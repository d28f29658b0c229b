//! What whole-program tests share: the binary, a directory of their own, and what a run left there.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What a command left.
pub struct Finished {
    /// Its exit code; -1 when a signal ended it.
    pub code: i32,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
    directory: tempfile::TempDir,
}

/// Runs the binary in a directory, to its end.
pub fn doorbuster(directory: tempfile::TempDir, arguments: &[&str]) -> Finished {
    let output = Command::new(env!("CARGO_BIN_EXE_doorbuster"))
        .args(arguments)
        .current_dir(directory.path())
        .output()
        .expect("the binary starts");
    Finished {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        directory,
    }
}

impl Finished {
    /// A file that the command left.
    #[must_use]
    pub fn file(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// `out/summary.json`.
    #[must_use]
    pub fn summary(&self) -> serde_json::Value {
        let text = std::fs::read_to_string(self.file("out/summary.json")).expect("a summary");
        serde_json::from_str(&text).expect("JSON")
    }

    /// Panics unless the run passed. On a machine too busy to send in time a run is inconclusive, as promised; then no law may be
    /// in doubt, and the harness must be the only reason.
    pub fn assert_honest(&self) {
        let summary = self.summary();
        let harness_was_slow = summary["generator"]["valid"] == false;
        assert!(self.code == 0 || (self.code == 3 && harness_was_slow), "{self}");
        for law in summary["laws"].as_array().expect("laws") {
            let open = law["finding"] == "violated" || law["finding"] == "undecided";
            assert!(!open, "{law}");
            assert!(law["required"] == false || law["exposure"].as_u64() >= law["exposure_min"].as_u64(), "{law}");
        }
    }

    /// A law of the summary.
    #[must_use]
    pub fn law(&self, name: &str) -> serde_json::Value {
        let summary = self.summary();
        let laws = summary["laws"].as_array().expect("laws").iter();
        laws.clone().find(|law| law["name"] == name).cloned().unwrap_or_else(|| panic!("no law {name}: {laws:?}"))
    }
}

impl fmt::Display for Finished {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "exit code {}\n--- stdout\n{}\n--- stderr\n{}", self.code, self.stdout, self.stderr)
    }
}

/// A port that was free a moment ago.
#[must_use]
pub fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port").port()
}

/// What scenarios of the repository refer to.
pub fn copy_scenarios(to: &Path) {
    for folder in ["journeys", "feeders", "shapes"] {
        std::fs::create_dir(to.join(folder)).expect("made");
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios").join(folder);
        for entry in std::fs::read_dir(from).expect("it is in the repository") {
            let path = entry.expect("an entry").path();
            std::fs::copy(&path, to.join(folder).join(path.file_name().expect("a name"))).expect("copied");
        }
    }
}
