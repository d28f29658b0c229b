//! Children are started, harmed and ended as ordered, and none outlives its supervisor.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use chaos::process::{Error, Process, Spec, Usage};
use tempfile::TempDir;

const DEADLINE: Duration = Duration::from_secs(20);

/// Ready at once, then writes a line to its log for ever; ends when its input does.
const COUNTING: &str = r#"
echo '{"role":"counter","word":"'"$1$WORD"'"}'
(while :; do echo tick >&2; sleep 0.01; done) &
ticker=$!
cat >/dev/null
kill $ticker
exit 0
"#;

struct Scene {
    folder: TempDir,
}

impl Scene {
    fn new() -> Self {
        Self { folder: TempDir::new().unwrap() }
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("child.log")
    }

    fn spec(&self, script: &str) -> Spec {
        Spec {
            name: "child".to_owned(),
            program: PathBuf::from("/bin/sh"),
            args: ["-c", script, "sh"].map(OsString::from).to_vec(),
            env: vec![("WORD".into(), "!".into())],
            log: self.log(),
            ready_within: DEADLINE,
        }
    }

    fn ticks(&self) -> u64 {
        fs::metadata(self.log()).map_or(0, |file| file.len())
    }
}

async fn until(condition: impl Fn() -> bool) {
    let began = Instant::now();
    while !condition() {
        assert!(began.elapsed() < DEADLINE, "should have become true by now");
        tokio::task::yield_now().await;
    }
}

/// Whether no process of this id runs: gone, or dead and not yet collected.
fn is_over(id: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{id}/stat"));
    stat.map_or(true, |stat| stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with(['Z', 'X'])))
}

#[tokio::test]
async fn tells_what_the_child_said_and_ends_with_its_lifeline() {
    let scene = Scene::new();
    let mut child = Process::start(scene.spec(COUNTING)).await.unwrap();
    assert_eq!(child.ready()["word"], "!");
    assert!(child.usage().is_some_and(|usage| usage.resident_bytes > 0));
    let status = child.stop(DEADLINE).await.unwrap();
    assert_eq!(status.code(), Some(0));
    assert_eq!(child.usage(), None);
    assert!(matches!(child.pause(), Err(Error::Ended { .. })));
}

#[tokio::test]
async fn a_paused_child_makes_no_progress_until_it_is_resumed() {
    let scene = Scene::new();
    let mut child = Process::start(scene.spec(COUNTING)).await.unwrap();
    until(|| scene.ticks() > 0).await;
    child.pause().unwrap();
    // It ticks a hundred times a second until every process of its group has stopped.
    let settled = std::cell::Cell::new((scene.ticks(), Instant::now()));
    until(|| {
        if scene.ticks() != settled.get().0 {
            settled.set((scene.ticks(), Instant::now()));
        }
        settled.get().1.elapsed() > Duration::from_millis(200)
    })
    .await;
    let paused_at = settled.get().0;
    child.resume().unwrap();
    until(|| scene.ticks() > paused_at).await;
    child.pause().unwrap();
    assert!(child.stop(DEADLINE).await.unwrap().success(), "a paused child can be stopped in order");
}

#[tokio::test]
async fn a_killed_child_starts_again_with_other_arguments() {
    let scene = Scene::new();
    let mut child = Process::start(scene.spec(COUNTING)).await.unwrap();
    let first = child.id().unwrap();
    let status = child.kill().await.unwrap();
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(9));
    assert!(is_over(first));
    child.kill().await.unwrap();
    let args = ["-c", COUNTING, "sh", "again"].map(OsString::from).to_vec();
    child.restart(Some(args)).await.unwrap();
    assert_eq!(child.ready()["word"], "again!");
    child.restart(None).await.unwrap();
    assert_eq!(child.ready()["word"], "again!");
    assert_ne!(child.id(), Some(first));
    let log = fs::read_to_string(scene.log()).unwrap_or_default();
    assert!(log.lines().all(|line| line == "tick"));
}

#[tokio::test]
async fn an_early_death_shows_the_end_of_this_starts_log() {
    let scene = Scene::new();
    fs::write(scene.log(), "of an earlier start\n").unwrap();
    let script = "echo 'cannot open the store' >&2; echo 'giving up' >&2; exit 7";
    let error = Process::start(scene.spec(script)).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "start child: it ended before it was ready (exit status: 7)\n  cannot open the store\n  giving up"
    );
}

#[tokio::test]
async fn a_silent_child_is_given_up_and_does_not_stay() {
    let scene = Scene::new();
    let id_file = scene.folder.path().join("id");
    let script = format!("echo $$ >{}; echo waiting >&2; cat; cat", id_file.display());
    let mut spec = scene.spec(&script);
    spec.ready_within = Duration::from_millis(300);
    let error = Process::start(spec).await.unwrap_err();
    assert_eq!(error.to_string(), "start child: no ready line within 300ms\n  waiting");
    let id = read_id(&id_file);
    until(|| is_over(id)).await;
}

#[tokio::test]
async fn a_ready_line_that_is_no_json_is_shown() {
    let scene = Scene::new();
    let error = Process::start(scene.spec("echo hello; cat")).await.unwrap_err();
    assert_eq!(error.to_string(), "start child: its ready line is not JSON: `hello`");
    let mut spec = scene.spec("");
    spec.program = "/no/such/program".into();
    let error = Process::start(spec).await.unwrap_err();
    assert_eq!(error.to_string(), "start child (/no/such/program)");
}

#[tokio::test]
async fn a_deaf_child_is_killed_when_the_deadline_passes() {
    let scene = Scene::new();
    let mut child = Process::start(scene.spec("echo 1; while :; do sleep 1; done")).await.unwrap();
    let status = child.stop(Duration::from_millis(50)).await.unwrap();
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(9));
}

#[tokio::test]
async fn dropping_ends_the_child_and_what_it_started() {
    let scene = Scene::new();
    let id_file = scene.folder.path().join("id");
    let script = format!("sleep 1000 & echo $! >{}; echo 1; wait", id_file.display());
    let child = Process::start(scene.spec(&script)).await.unwrap();
    let (id, grandchild) = (child.id().unwrap(), read_id(&id_file));
    assert!(!is_over(grandchild));
    drop(child);
    until(|| is_over(id) && is_over(grandchild)).await;
}

#[tokio::test]
async fn the_child_leads_a_process_group_of_its_own() {
    let scene = Scene::new();
    let child = Process::start(scene.spec(COUNTING)).await.unwrap();
    let stat = fs::read_to_string(format!("/proc/{}/stat", child.id().unwrap())).unwrap();
    let group = stat.rsplit_once(") ").unwrap().1.split(' ').nth(2).unwrap().to_owned();
    assert_eq!(group, child.id().unwrap().to_string());
}

#[test]
fn work_shows_in_the_cpu_time() {
    let before = Usage::own().unwrap();
    let began = Instant::now();
    while Usage::own().unwrap().cpu_s < before.cpu_s + 0.03 {
        assert!(began.elapsed() < DEADLINE);
    }
}

fn read_id(path: &Path) -> u32 {
    fs::read_to_string(path).unwrap().trim().parse().unwrap()
}
