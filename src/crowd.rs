//! The child that keeps the population of a closed model: goose hatches the users, each of which walks again and again.
//!
//! Goose owns its process – signals, log, output – so it has one of its own. The walks are those of the open model; goose
//! sends no request itself and measures nothing. Rows go to standard output, a line of JSON each; a line on standard input
//! stops the load with so many milliseconds of grace, and its end stops it at once.

use crate::engine::{self, Course, Doorway, Driven, Live, Stop, enter};
use crate::run::{RunError, monotonic_us, read_scenario};
use books::rows::Batch;
use goose::config::GooseConfiguration;
use goose::goose::{Scenario as Kind, Transaction, TransactionFunction};
use goose::{GooseAttack, GooseError};
use model::record::Arrivals;
use serde::{Deserialize, Serialize};
use std::io::{BufRead, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// The environment variable that holds the variables that are the same for everyone, as JSON.
pub const VARIABLES: &str = "DOORBUSTER_CROWD_VARIABLES";

/// What the child is to do.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Assignment {
    /// The scenario file.
    pub scenario: PathBuf,
    /// Another seed than the scenario's.
    pub seed: Option<u64>,
    /// The run's plan; a scenario that was edited meanwhile has another one.
    pub plan_hash: String,
    /// The run's id.
    pub run: String,
    /// The shop's base addresses.
    pub shop: Vec<String>,
    /// Threads of shoppers.
    pub workers: usize,
    /// Start of the load on the machine's monotonic clock, in microseconds.
    pub start_us: u64,
}

/// A line of standard output.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Line {
    /// Rows for the books.
    Rows(Box<Batch>),
    /// The last line.
    Closing(Closing),
}

/// What was counted in all.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Closing {
    /// How the arrivals ended; they balance.
    pub arrivals: Arrivals,
    /// Requests ended.
    pub requests: u64,
    /// Processor time of the threads of shoppers, in seconds.
    pub cpu_s: f64,
    /// The end, from the start of the load.
    pub ended_us: u64,
}

/// Why the crowd did not come.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The scenario cannot be used.
    #[error(transparent)]
    Scenario(#[from] RunError),
    /// It is not the run's.
    #[error("drive the crowd: the scenario is not the one that the run began with, or has no closed model")]
    OtherScenario,
    /// The variables are missing, or no JSON.
    #[error("drive the crowd: `{VARIABLES}` holds no variables")]
    Variables,
    /// The load could not be driven.
    #[error(transparent)]
    Engine(#[from] engine::Error),
    /// No runtime.
    #[error("start")]
    Runtime(#[from] std::io::Error),
    /// Goose refused, or ended by itself.
    #[error("drive the crowd: goose ended{}", .0.as_ref().map_or_else(String::new, |error| format!(": {error}")))]
    Goose(Option<Box<GooseError>>),
}

/// Drives a closed model to its end.
pub fn serve(assignment: Assignment) -> Result<(), Error> {
    let loaded = read_scenario(&assignment.scenario, assignment.seed)?;
    let crowd = loaded.scenario.traffic.crowd;
    let crowd = crowd.filter(|_| loaded.plan_hash == assignment.plan_hash).ok_or(Error::OtherScenario)?;
    let variables = std::env::var(VARIABLES).map_err(|_| Error::Variables)?;
    let start = Instant::now() + Duration::from_micros(assignment.start_us.saturating_sub(monotonic_us()));
    let stop = watch::Sender::new(None);
    let course = Course {
        plan: Arc::clone(&loaded.plan),
        run: assignment.run,
        shop: assignment.shop,
        variables: serde_json::from_str(&variables).map_err(|_| Error::Variables)?,
        start,
        workers: assignment.workers,
        stop: stop.subscribe(),
        live: Arc::new(Live::new(loaded.plan.duration() + loaded.scenario.traffic.drain)),
        scenario: loaded.scenario,
    };
    std::thread::spawn(move || listen(&stop));
    let _ = engine::raise_open_files();
    secure_clients();
    let sink = |batch| say(&Line::Rows(Box::new(batch)));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (doorway, visited) = enter(&course, &sink)?;
    let driven = runtime.block_on(async {
        let attack = attack(&course.shop[0], crowd.users, crowd.hatch, doorway).map_err(goose_failed)?;
        let closed = tokio::task::spawn_blocking(move || visited.close(&sink));
        tokio::time::sleep_until(start.into()).await;
        // Goose hatches users and has no end of its own: the doors close, and the load is over when all are gone.
        tokio::select! {
            driven = closed => Ok(driven.map_err(|_| engine::Error::WorkerEnded(0))??),
            ended = attack.execute() => Err(ended.err().map_or(Error::Goose(None), goose_failed)),
        }
    })?;
    let cpu_s = driven.cpu().as_secs_f64();
    let Driven { arrivals, requests, ended_us, .. } = driven;
    say(&Line::Closing(Closing { arrivals, requests, cpu_s, ended_us }));
    Ok(())
}

fn goose_failed(error: GooseError) -> Error {
    Error::Goose(Some(Box::new(error)))
}

/// Goose makes a client for each user, which none of them asks; it does not build without somebody to secure it.
fn secure_clients() {
    // Whoever was there first is as good.
    let _ = tokio_rustls::rustls::crypto::ring::default_provider().install_default();
}

/// Goose with all that we have no use for turned off: its measurements, its controllers, its words.
fn attack(shop: &str, users: u32, hatch: f64, doorway: Doorway) -> Result<GooseAttack, GooseError> {
    let mut configuration = GooseConfiguration::default();
    configuration.host = shop.into();
    configuration.users = Some(users as usize);
    configuration.hatch_rate = Some(hatch.to_string());
    configuration.no_metrics = true;
    configuration.no_print_metrics = true;
    configuration.no_telnet = true;
    configuration.no_websocket = true;
    configuration.quiet = 3;
    let walk: TransactionFunction = Arc::new(move |user| {
        let doorway = doorway.clone();
        let (number, nth) = (user.weighted_users_index as u64, user.get_iterations() as u64);
        Box::pin(async move {
            doorway.walk(number, nth).await;
            Ok(())
        })
    });
    let kind = Kind::new("shopper").register_transaction(Transaction::new(walk));
    Ok(GooseAttack::initialize_with_config(configuration)?.register_scenario(kind))
}

/// Until the run says stop, or is gone.
fn listen(stop: &watch::Sender<Option<Stop>>) {
    let mut line = String::new();
    let read = std::io::stdin().lock().read_line(&mut line);
    let grace_ms = read.ok().and_then(|_| line.trim().parse().ok()).unwrap_or(0);
    stop.send_replace(Some(Stop { grace: Duration::from_millis(grace_ms) }));
}

/// A line for the run; one that is gone has closed standard input too, which ends the load.
fn say(line: &Line) {
    let mut text = serde_json::to_vec(line).expect("rows are plain JSON");
    text.push(b'\n');
    let mut out = std::io::stdout().lock();
    drop(out.write_all(&text).and_then(|()| out.flush()));
}
