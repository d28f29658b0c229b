//! A closed model, seen from the run: a child keeps the population, because goose owns its process; its rows come over its
//! standard output and go where those of an open model go.

use super::{Options, RunError};
use crate::crowd::{Assignment, Closing, Line, VARIABLES};
use crate::engine::{Course, Stop};
use books::rows::Batch;
use rustix::time::{ClockId, clock_gettime};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Instant;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, Command};

/// Why a closed model was not driven to its end.
#[derive(Debug, thiserror::Error)]
pub enum CrowdError {
    /// The child could not be started, or not be heard.
    #[error("drive the crowd: {0}")]
    System(#[from] std::io::Error),
    /// It said something that is no row.
    #[error("drive the crowd: it wrote a line that cannot be read: {0}")]
    Line(serde_json::Error),
    /// It ended before it had said how its arrivals ended.
    #[error("drive the crowd: it ended early ({status}); its log is `{}`", log.display())]
    Early {
        /// How.
        status: ExitStatus,
        /// What it said.
        log: PathBuf,
    },
}

/// Starts the child, takes its rows in until it ends, and gives back what it counted.
pub async fn drive(
    options: &Options,
    plan_hash: &str,
    mut course: Course,
    directory: &Path,
    sink: impl Fn(Batch),
) -> Result<Closing, RunError> {
    let log = directory.join("crowd.log");
    let mut child = start(options, plan_hash, &course, directory, &log).map_err(CrowdError::from)?;
    let mut orders = child.stdin.take().expect("it is piped");
    let mut lines = BufReader::new(child.stdout.take().expect("it is piped"));
    let (mut line, mut closing, mut stopping) = (Vec::new(), None, false);
    loop {
        tokio::select! {
            read = lines.read_until(b'\n', &mut line) => {
                if read.map_err(CrowdError::from)? == 0 {
                    break;
                }
                // Whatever else goose may say there is not ours.
                if line.first() == Some(&b'{') {
                    match serde_json::from_slice(&line).map_err(CrowdError::Line)? {
                        Line::Rows(batch) => {
                            course.live.take_in(&batch);
                            sink(*batch);
                        }
                        Line::Closing(said) => closing = Some(said),
                    }
                }
                line.clear();
            }
            Ok(stop) = course.stop.wait_for(Option::is_some), if !stopping => {
                stopping = true;
                let grace_ms = stop.map_or(0, |Stop { grace }| grace.as_millis());
                drop(stop);
                // One that is gone has stopped.
                drop(orders.write_all(format!("{grace_ms}\n").as_bytes()).await);
            }
        }
    }
    let status = child.wait().await.map_err(CrowdError::from)?;
    drop(orders);
    closing.ok_or_else(|| CrowdError::Early { status, log }.into())
}

fn start(options: &Options, plan_hash: &str, course: &Course, directory: &Path, log: &Path) -> std::io::Result<Child> {
    let assignment = Assignment {
        scenario: options.scenario.clone(),
        seed: options.seed,
        plan_hash: plan_hash.into(),
        run: course.run.clone(),
        shop: course.shop.clone(),
        workers: course.workers,
        start_us: monotonic_us() + course.start.saturating_duration_since(Instant::now()).as_micros() as u64,
    };
    let config = directory.join("crowd.json");
    std::fs::write(&config, serde_json::to_string_pretty(&assignment)?)?;
    let variables = serde_json::to_string(&course.variables)?;
    let mut command = Command::new(&options.program);
    command.arg("crowd").arg("--config").arg(config);
    // They may hold secrets, so they stand in no file.
    command.env(VARIABLES, variables);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(std::fs::File::create(log)?);
    command.process_group(0).kill_on_drop(true).spawn()
}

/// The machine's clock that never goes back, the same for all its processes.
pub fn monotonic_us() -> u64 {
    let time = clock_gettime(ClockId::Monotonic);
    time.tv_sec as u64 * 1_000_000 + time.tv_nsec as u64 / 1_000
}
