//! One run of a proof: a child of the same binary, watched to its end, and what its record shows.

use super::Options;
use super::matrix::Trial;
use model::proof::{Catcher, Outcome, Seen, TrialRecord, Turn, seen};
use model::record::RunRecord;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::process::{Child, Command};
use tokio::sync::watch;

/// What start and judgement may take beside load, drain and quiet; a machine that is busy elsewhere takes its time.
const SLACK: Duration = Duration::from_secs(150);

/// How long a run that was told to end may take to do so in good order.
const ENDING: Duration = Duration::from_secs(30);

/// How a child ended.
enum Ended {
    ByItself(ExitStatus),
    TooSlow(Duration),
    Interrupted,
}

/// Makes the run; none where it was interrupted, which leaves nothing behind.
pub async fn run(
    options: Arc<Options>,
    trial: Trial,
    turn: Turn,
    interrupted: watch::Receiver<bool>,
) -> (Trial, Option<TrialRecord>) {
    let directory = options.out.join("runs").join(trial.name());
    let began = Instant::now();
    let began_at_ms = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64);
    let seen = match watched(&options, &trial, &directory, interrupted).await {
        Ok(Ended::Interrupted) => {
            drop(std::fs::remove_dir_all(&directory));
            return (trial, None);
        }
        Ok(Ended::ByItself(status)) => judged(&trial, &directory, status),
        Ok(Ended::TooSlow(after)) => failed(format!("it did not end within {:.0} s", after.as_secs_f64())),
        Err(error) => failed(format!("it could not be started: {error}")),
    };
    let kept = options.keep || !seen.outcome.is_as_hoped();
    if !kept {
        // What cannot be removed costs room and nothing else.
        drop(std::fs::remove_dir_all(&directory));
    }
    let record = TrialRecord {
        defect: trial.defect.as_ref().map(|(slug, _)| slug.clone()),
        scenario: trial.scenario.clone(),
        seed: trial.seed,
        fingerprint: trial.fingerprint.clone(),
        turn,
        outcome: seen.outcome,
        exposure: seen.exposure,
        violated: seen.violated,
        first_evidence_ms: seen.first_evidence_ms,
        others: seen.others,
        reasons: seen.reasons,
        began_at_ms,
        took_s: began.elapsed().as_secs_f64(),
        directory: kept.then(|| directory.display().to_string()),
        command: command(&options, &trial),
    };
    (trial, Some(record))
}

async fn watched(
    options: &Options,
    trial: &Trial,
    directory: &Path,
    mut interrupted: watch::Receiver<bool>,
) -> io::Result<Ended> {
    let mut child = start(options, trial, directory)?;
    let lifeline = child.stdin.take();
    let longest = trial.load.longest + SLACK;
    let ended = tokio::select! {
        status = child.wait() => return status.map(Ended::ByItself),
        () = tokio::time::sleep(longest) => Ended::TooSlow(longest),
        _ = interrupted.wait_for(|interrupted| *interrupted) => Ended::Interrupted,
    };
    // The end of its standard input tells it to end in good order; dropped, it is killed.
    drop(lifeline);
    drop(tokio::time::timeout(ENDING, child.wait()).await);
    Ok(ended)
}

fn start(options: &Options, trial: &Trial, directory: &Path) -> io::Result<Child> {
    // What an earlier call left here was cut off, or is run again.
    match std::fs::remove_dir_all(directory) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    std::fs::create_dir_all(directory)?;
    let log = File::create(log_of(directory))?;
    let mut child = Command::new(&options.program);
    child.args(arguments(options, trial)).args(["--plain", "--lifeline", "--out"]).arg(directory);
    child.stdin(Stdio::piped()).stdout(log.try_clone()?).stderr(log).kill_on_drop(true);
    // Ctrl-C reaches it through us alone, and once.
    child.process_group(0).spawn()
}

/// What the user would type, without what only serves the proof.
fn arguments(options: &Options, trial: &Trial) -> Vec<String> {
    let scenario = options.scenarios.join(&trial.scenario).display().to_string();
    let mut arguments = vec!["run".into(), scenario, "--seed".into(), trial.seed.to_string()];
    if let Some((defect, catcher)) = &trial.defect {
        arguments.extend(["--defect".into(), defect.clone()]);
        if let Catcher::Law(law) = catcher {
            arguments.extend(["--until-broken".into(), law.clone()]);
        }
    }
    arguments
}

fn command(options: &Options, trial: &Trial) -> String {
    let whole: Vec<String> = std::iter::once("doorbuster".into()).chain(arguments(options, trial)).collect();
    crate::run::command_line(&whole)
}

fn log_of(directory: &Path) -> PathBuf {
    directory.join("output.log")
}

/// What a run that ended by itself shows.
fn judged(trial: &Trial, directory: &Path, status: ExitStatus) -> Seen {
    let record = std::fs::read(directory.join("summary.json")).ok();
    let record: Option<RunRecord> = record.and_then(|text| serde_json::from_slice(&text).ok());
    match (record, status.code()) {
        (Some(record), Some(code)) if code == i32::from(record.verdict.exit_code()) => {
            seen(&record, trial.defect.as_ref().map(|(_, catcher)| catcher))
        }
        _ => failed(format!("it ended with {status}{}", last_words(directory))),
    }
}

/// The last line of its output, where there is one.
fn last_words(directory: &Path) -> String {
    let text = std::fs::read(log_of(directory)).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let last = text.lines().rev().find(|line| !line.trim().is_empty());
    last.map_or_else(String::new, |line| format!(": {}", line.trim()))
}

fn failed(reason: String) -> Seen {
    Seen {
        outcome: Outcome::Failed,
        exposure: 0,
        violated: 0,
        first_evidence_ms: None,
        others: Vec::new(),
        reasons: vec![reason],
    }
}
