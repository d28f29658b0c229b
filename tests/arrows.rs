//! The arrows between crates, as ARCHITECTURE.md draws them: judge and defendant share no code.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

const OURS: [&str; 7] = ["books", "chaos", "doorbuster", "mocks", "model", "reports", "stack"];

/// Who may depend on whom.
fn allowed() -> BTreeMap<&'static str, BTreeSet<&'static str>> {
    BTreeMap::from([
        ("model", BTreeSet::new()),
        ("stack", BTreeSet::new()),
        ("books", BTreeSet::from(["model"])),
        ("chaos", BTreeSet::from(["model"])),
        ("mocks", BTreeSet::from(["model"])),
        ("reports", BTreeSet::from(["model"])),
        // `stack` only for the binary, see below.
        ("doorbuster", BTreeSet::from(["books", "chaos", "mocks", "model", "reports", "stack"])),
    ])
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn crates_depend_on_each_other_only_along_the_arrows() {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).expect("cargo metadata is JSON");
    let mut seen = BTreeMap::new();
    for package in metadata["packages"].as_array().expect("packages") {
        let name = package["name"].as_str().expect("a name").to_owned();
        let ours: BTreeSet<String> = package["dependencies"]
            .as_array()
            .expect("dependencies")
            .iter()
            .map(|dependency| dependency["name"].as_str().expect("a name").to_owned())
            .filter(|dependency| OURS.contains(&dependency.as_str()))
            .collect();
        seen.insert(name, ours);
    }
    let allowed: BTreeMap<String, BTreeSet<String>> = allowed()
        .into_iter()
        .map(|(name, targets)| (name.to_owned(), targets.into_iter().map(str::to_owned).collect()))
        .collect();
    assert_eq!(seen.keys().collect::<Vec<_>>(), allowed.keys().collect::<Vec<_>>());
    for (name, targets) in &seen {
        assert!(targets.is_subset(&allowed[name]), "{name} depends on {targets:?}, allowed are {:?}", allowed[name]);
    }
}

#[test]
fn no_library_code_names_the_shop() {
    let mut offenders = Vec::new();
    visit(&root().join("src"), &mut |path, text| {
        let of_the_binary = path.ends_with("src/main.rs") || path.starts_with(root().join("src/cli"));
        if !of_the_binary && (text.contains("stack::") || text.contains("use stack")) {
            offenders.push(path.to_owned());
        }
    });
    assert_eq!(offenders, Vec::<PathBuf>::new());
}

#[test]
fn the_model_touches_nothing_of_the_world() {
    let mut offenders = Vec::new();
    visit(&root().join("model/src"), &mut |path, text| {
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        for forbidden in [
            "std::fs",
            "TcpStream",
            "TcpListener",
            "UdpSocket",
            "std::env",
            "std::thread",
            "SystemTime",
            "Instant::now",
            "async fn",
            "thread_rng",
        ] {
            if code.contains(forbidden) {
                offenders.push(format!("{}: {forbidden}", path.display()));
            }
        }
    });
    assert_eq!(offenders, Vec::<String>::new());
}

fn visit(directory: &Path, see: &mut impl FnMut(&Path, &str)) {
    for entry in std::fs::read_dir(directory).expect("a directory") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            visit(&path, see);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            see(&path, &std::fs::read_to_string(&path).expect("UTF-8"));
        }
    }
}
