//! The child's side: it ends with its lifeline or on SIGTERM, and not even a paused child outlives a killed parent.
//!
//! The program is its own child, and its own parent between: the first argument names the role.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use chaos::process::{Process, Spec, lifeline_closed};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

const DEADLINE: Duration = Duration::from_secs(20);

#[tokio::main]
async fn main() {
    let args: Vec<String> = std::env::args().collect();
    match args.get(1).map(String::as_str) {
        Some("child") => child().await,
        Some("parent") => parent(&args[2]).await,
        // A harness asks for the names of the tests in this way.
        Some("--list") => println!("lifeline: test"),
        _ => tests().await,
    }
}

async fn child() {
    let closed = lifeline_closed();
    println!("{}", json!({"id": std::process::id()}));
    closed.await;
}

async fn parent(log: &str) {
    let child = start("child", log).await;
    child.pause().unwrap();
    println!("{}", child.ready());
    std::future::pending::<()>().await;
}

async fn start(role: &str, log: &str) -> Process {
    let spec = Spec {
        name: role.to_owned(),
        program: std::env::current_exe().unwrap(),
        args: [role, log].map(OsString::from).to_vec(),
        env: Vec::new(),
        log: PathBuf::from(log),
        ready_within: DEADLINE,
    };
    Process::start(spec).await.unwrap()
}

async fn tests() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log").display().to_string();
    a_closed_lifeline_ends_the_child(&log).await;
    a_signal_ends_the_child(&log).await;
    a_paused_child_dies_with_a_killed_parent(&log).await;
    println!("lifeline: 3 passed");
}

async fn a_closed_lifeline_ends_the_child(log: &str) {
    let mut child = start("child", log).await;
    assert_eq!(child.stop(DEADLINE).await.unwrap().code(), Some(0));
}

async fn a_signal_ends_the_child(log: &str) {
    for signal in [Signal::TERM, Signal::INT] {
        let mut child = start("child", log).await;
        kill_process(Pid::from_raw(child.id().unwrap() as i32).unwrap(), signal).unwrap();
        let status = tokio::time::timeout(DEADLINE, child.wait()).await.unwrap().unwrap();
        assert_eq!(status.code(), Some(0), "{signal:?} ends it in order");
    }
}

/// The kernel hangs up and continues the stopped members of a process group whose last outside parent is gone.
async fn a_paused_child_dies_with_a_killed_parent(log: &str) {
    let mut parent = start("parent", log).await;
    let id = parent.ready()["id"].as_u64().unwrap();
    // A process counts as stopped when its last thread is.
    until(|| thread_states(id).iter().all(|state| *state == 'T')).await;
    parent.kill().await.unwrap();
    until(|| thread_states(id).iter().all(|state| matches!(state, 'Z' | 'X'))).await;
}

/// The states of the threads of a process, as `ps` names them; none when it is gone.
fn thread_states(id: u64) -> Vec<char> {
    let Ok(threads) = fs::read_dir(format!("/proc/{id}/task")) else {
        return Vec::new();
    };
    let stats = threads.flatten().filter_map(|thread| fs::read_to_string(thread.path().join("stat")).ok());
    stats.filter_map(|stat| stat.rsplit_once(") ")?.1.chars().next()).collect()
}

async fn until(condition: impl Fn() -> bool) {
    let began = Instant::now();
    while !condition() {
        assert!(began.elapsed() < DEADLINE, "should have become true by now");
        tokio::task::yield_now().await;
    }
}
