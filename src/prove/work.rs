//! The work of a proof: starts runs as there is room for them, keeps what they showed, gives those that proved neither a second
//! go with the machine to themselves.

use super::matrix::{Matrix, Trial};
use super::progress::{Part, Progress};
use super::results::Results;
use super::schedule::{Load, Queued, Room, next};
use super::{Options, ProveError, child};
use crate::live::View;
use model::proof::{Outcome, TrialRecord, Turn};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Between two drawings of the live line.
const TICK: Duration = Duration::from_secs(1);

/// What the work came to.
pub struct Worked {
    /// The result that counts of every run that is done, in the order of the matrix.
    pub trials: Vec<TrialRecord>,
    /// Whether it was interrupted.
    pub interrupted: bool,
}

/// A run that is still to be made.
#[derive(Clone)]
struct Waiting {
    trial: Trial,
    turn: Turn,
}

impl Waiting {
    /// What it takes; a second go takes the whole machine.
    fn load(&self) -> Load {
        match self.turn {
            Turn::First => self.trial.load,
            Turn::Alone => Load { peak_per_s: None, ..self.trial.load },
        }
    }

    /// Seed by seed; second goes come last, so that nothing new waits for the machine to empty for them.
    fn queued(&self) -> Queued {
        let round = match self.turn {
            Turn::First => self.trial.seed,
            Turn::Alone => u64::MAX,
        };
        Queued { load: self.load(), round }
    }
}

/// Makes all runs that are not done: first those with a defect, then those of the honest shop.
pub async fn work(options: &Options, matrix: &Matrix, results: &mut Results) -> Result<Worked, ProveError> {
    let interrupted = watch_for_interrupt()?;
    let room = Room::of(options.jobs);
    let (honest, with_defect): (Vec<Waiting>, Vec<Waiting>) =
        matrix.trials.iter().filter_map(|trial| open(trial, results)).partition(|it| it.trial.defect.is_none());
    let mut progress = Progress::new(View::for_terminal(), matrix.trials.len(), room);
    let mut crew = Crew { options: Arc::new(options.clone()), room, interrupted: interrupted.clone() };
    for (trial, known) in matrix.trials.iter().filter_map(|trial| Some((trial, results.of(trial)?))) {
        progress.saw(trial, known);
    }
    progress.enter(Part::WithDefect, queue(&honest));
    progress.look_ahead(&queue(&with_defect), &[]);
    progress.begin(with_defect.len() + honest.len());
    crew.make(with_defect, results, &mut progress).await?;
    progress.enter(Part::Honest, Vec::new());
    crew.make(honest, results, &mut progress).await?;
    progress.end();
    let trials = matrix.trials.iter().filter_map(|trial| counts(results.of(trial)?)).collect();
    let interrupted = *interrupted.borrow();
    Ok(Worked { trials, interrupted })
}

fn queue(waiting: &[Waiting]) -> Vec<Queued> {
    waiting.iter().map(Waiting::queued).collect()
}

/// A run that is still to be made, and whether it is its second go.
fn open(trial: &Trial, results: &Results) -> Option<Waiting> {
    let turn = match results.of(trial).map(|known| (known.outcome, known.turn)) {
        None | Some((Outcome::Failed, Turn::Alone)) => Turn::First,
        Some((outcome, Turn::First)) if outcome.is_open() => Turn::Alone,
        Some(_) => return None,
    };
    Some(Waiting { trial: trial.clone(), turn })
}

/// A result that has had its second go where it needed one.
fn counts(known: &TrialRecord) -> Option<TrialRecord> {
    (known.turn == Turn::Alone || !known.outcome.is_open()).then(|| known.clone())
}

/// Who makes the runs.
struct Crew {
    options: Arc<Options>,
    room: Room,
    interrupted: watch::Receiver<bool>,
}

impl Crew {
    /// Makes runs until none is left or the user interrupts.
    async fn make(
        &mut self,
        mut waiting: Vec<Waiting>,
        results: &mut Results,
        progress: &mut Progress,
    ) -> Result<(), ProveError> {
        let mut under_way: JoinSet<(Trial, Option<TrialRecord>)> = JoinSet::new();
        let mut tick = tokio::time::interval(TICK);
        let mut begun: Vec<(Waiting, Instant)> = Vec::new();
        loop {
            while !*self.interrupted.borrow() {
                let busy: Vec<Load> = begun.iter().map(|(it, _)| it.load()).collect();
                let Some(chosen) = next(&queue(&waiting), &busy, self.room) else { break };
                let it = waiting.remove(chosen);
                let options = Arc::clone(&self.options);
                under_way.spawn(child::run(options, it.trial.clone(), it.turn, self.interrupted.clone()));
                begun.push((it, Instant::now()));
            }
            tokio::select! {
                ended = under_way.join_next() => {
                    let Some(ended) = ended else { return Ok(()) };
                    let (trial, found) = ended.expect("a watched run does not panic");
                    begun.retain(|(it, _)| it.trial.name() != trial.name());
                    let Some(found) = found else { continue };
                    if found.turn == Turn::First && found.outcome.is_open() {
                        waiting.push(Waiting { trial: trial.clone(), turn: Turn::Alone });
                    }
                    results.add(found.clone())?;
                    progress.saw(&trial, &found);
                    progress.look_ahead(&queue(&waiting), &since_start(&begun));
                    progress.finished(&trial, &found);
                }
                _ = tick.tick() => progress.look_ahead(&queue(&waiting), &since_start(&begun)),
            }
            progress.draw(begun.iter().map(|(it, _)| it.trial.name()));
        }
    }
}

/// What is under way, and for how long.
fn since_start(begun: &[(Waiting, Instant)]) -> Vec<(Load, Duration)> {
    begun.iter().map(|(it, since)| (it.load(), since.elapsed())).collect()
}

/// Turns true with Ctrl-C or SIGTERM; the second one ends at once, and the runs with it.
fn watch_for_interrupt() -> Result<watch::Receiver<bool>, ProveError> {
    let (told, heard) = watch::channel(false);
    let mut terminate = signal(SignalKind::terminate()).map_err(ProveError::Start)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(ProveError::Start)?;
    tokio::spawn(async move {
        loop {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            if told.send_replace(true) {
                std::process::exit(130);
            }
        }
    });
    Ok(heard)
}
