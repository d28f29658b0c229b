//! What a run is asked to do, and why it could not.

use crate::arena::{PreflightError, RaiseError};
use crate::judgement::JudgementError;
use crate::live::View;
use std::path::PathBuf;

/// What the user wants of a run.
#[derive(Clone, Debug)]
pub struct Options {
    /// The scenario file.
    pub scenario: PathBuf,
    /// Another seed than the scenario's.
    pub seed: Option<u64>,
    /// Where run file and reports go.
    pub out: Option<PathBuf>,
    /// A seeded defect of the reference shop.
    pub defect: Option<String>,
    /// Hosts off loopback that the command line names.
    pub allow_targets: Vec<String>,
    /// Threads of the load generator.
    pub workers: usize,
    /// How progress is shown.
    pub view: View,
    /// The binary that plays the other roles.
    pub program: PathBuf,
    /// Laws that end the load once they are broken beyond doubt.
    pub until_broken: Vec<String>,
    /// What ends the load besides signals.
    pub lifeline: Lifeline,
    /// The command line that repeats the run.
    pub command: String,
    /// Bearer token for admin interfaces off loopback.
    pub admin_token: Option<String>,
}

/// What ends the load besides signals.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lifeline {
    /// Nothing.
    #[default]
    None,
    /// The end of standard input, held by whoever started the run.
    StandardInput,
}

/// Why a run did not come to a verdict.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The scenario has mistakes.
    #[error("{0}")]
    Mistakes(model::scenario_file::Mistakes),
    /// There is no scenario.
    #[error("read scenario `{path}`: {reason}")]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A target is not named on the command line.
    #[error(
        "send traffic to `{0}`, which is off loopback\n  hint: name it on the command line as well: --allow-target {0}"
    )]
    TargetNotNamed(String),
    /// A law of the scenario's directories cannot be used.
    #[error(transparent)]
    Laws(books::laws::LawError),
    /// A law that is to end the load does not exist.
    #[error(
        "run until `{0}` is broken: there is no such law\n  hint: `doorbuster reference laws` lists those that there are"
    )]
    UnknownLaw(String),
    /// A secret that a template names is not set.
    #[error("use the scenario: the environment variable `{0}`, which it names as a secret, is not set")]
    SecretMissing(String),
    /// The output directory cannot be used.
    #[error("use the output directory `{path}`: {reason}")]
    Output {
        /// Which.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The run file cannot be written.
    #[error("keep the books")]
    Books(#[from] books::Error),
    /// Shop, providers or proxy did not start.
    #[error(transparent)]
    Arena(#[from] RaiseError),
    /// The arena is not fit for load.
    #[error(transparent)]
    Preflight(#[from] PreflightError),
    /// The load generator could not work.
    #[error("drive the load")]
    Engine(#[from] crate::engine::Error),
    /// The child of a closed model failed.
    #[error(transparent)]
    Crowd(#[from] super::CrowdError),
    /// A set-up or tear-down journey did not go through.
    #[error("walk journey `{journey}` outside the load: it ended {outcome}{}", at(step.as_deref()))]
    Walk {
        /// Which.
        journey: String,
        /// How it ended.
        outcome: &'static str,
        /// At which step.
        step: Option<String>,
    },
    /// The door for events of other systems could not be opened.
    #[error("take events in at `{address}`\n  hint: set another address in `take_events`, or port 0")]
    Events {
        /// Where.
        address: String,
        /// Why.
        source: std::io::Error,
    },
    /// No journey to take.
    #[error("drive the load: the mix names no journey")]
    NothingToDo,
    /// The books could not be written to their end.
    #[error("{0}; what was written is in the run file, and `doorbuster check` judges it")]
    Halted(String),
    /// The system gives no threads or no event queue.
    #[error("start")]
    Runtime(#[source] std::io::Error),
    /// The books could not be judged.
    #[error(transparent)]
    Judgement(#[from] JudgementError),
}

impl RunError {
    /// Whether the user's input is at fault and not the harness.
    #[must_use]
    pub const fn is_usage(&self) -> bool {
        match self {
            Self::Mistakes(_)
            | Self::Unreadable { .. }
            | Self::TargetNotNamed(_)
            | Self::Laws(_)
            | Self::UnknownLaw(_)
            | Self::SecretMissing(_)
            | Self::Events { .. }
            | Self::Output { .. }
            | Self::Arena(RaiseError::NoDefects) => true,
            Self::Books(_)
            | Self::Arena(_)
            | Self::Preflight(_)
            | Self::Engine(_)
            | Self::Crowd(_)
            | Self::Runtime(_)
            | Self::Walk { .. }
            | Self::NothingToDo
            | Self::Halted(_)
            | Self::Judgement(_) => false,
        }
    }
}

fn at(step: Option<&str>) -> String {
    step.map(|step| format!(" at step `{step}`")).unwrap_or_default()
}
