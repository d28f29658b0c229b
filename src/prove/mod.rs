//! The proof: the reference shop with each seeded defect under the scenario that exposes it, the same shop without under all
//! scenarios, each as a run of its own, and the table of what these runs showed.
//!
//! It does not know the shop: which defects there are is told by whoever calls.

mod child;
mod manifest;
mod matrix;
mod progress;
mod results;
mod schedule;
mod work;

use crate::judgement::JudgementError;
use model::proof::{Heading, ProofRecord, SeededDefect, assemble};
use model::scenario_file::Mistake;
use std::path::{Path, PathBuf};

/// What the user wants proven.
#[derive(Clone, Debug)]
pub struct Options {
    /// The directory of scenarios.
    pub scenarios: PathBuf,
    /// Where results and reports go.
    pub out: PathBuf,
    /// Which runs.
    pub extent: Extent,
    /// Seeds for each defect: 1 to this.
    pub seeds: u64,
    /// Seeds for the honest shop under each scenario: 1 to this.
    pub honest_seeds: u64,
    /// Runs beside each other, at most; each has room for a share of the machine.
    pub jobs: usize,
    /// Directories of runs that nobody needs to look at are kept too.
    pub keep: bool,
    /// The binary that plays the runs.
    pub program: PathBuf,
    /// The command line that repeats the proof.
    pub command: String,
}

/// Which runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Extent {
    /// Every defect, and the honest shop under every scenario.
    All,
    /// Every defect, and the honest shop under the scenarios of proofs.
    Quick,
    /// These defects, and the honest shop under their scenarios.
    Defects(Vec<String>),
    /// The honest shop under every scenario.
    Honest,
}

/// Why there is no proof.
#[derive(Debug, thiserror::Error)]
pub enum ProveError {
    /// The manifest cannot be read.
    #[error("read the manifest of proofs `{}`", path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The manifest has mistakes.
    #[error("read the manifest of proofs `{}`{}", path.display(), told(mistakes))]
    Mistakes {
        /// Which file.
        path: PathBuf,
        /// In order of line.
        mistakes: Vec<Mistake>,
    },
    /// A scenario of the honest shop cannot run.
    #[error("prove with scenario `{}`: {reason}", path.display())]
    Scenario {
        /// Which file.
        path: PathBuf,
        /// All that is wrong with it.
        reason: String,
    },
    /// Nothing to do.
    #[error("prove anything: there is no scenario in `{}`", .0.display())]
    Nothing(PathBuf),
    /// Another process proves in the same directory.
    #[error(
        "prove in `{}`: another proof is under way there\n  hint: wait for its end, or name another directory with `--out`",
        .0.display()
    )]
    UnderWay(PathBuf),
    /// A file or directory of the proof cannot be used.
    #[error("use `{}`", path.display())]
    Output {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The system gives no threads, no processes or no event queue.
    #[error("start")]
    Start(#[source] std::io::Error),
    /// A report could not be written.
    #[error(transparent)]
    Reports(#[from] JudgementError),
}

impl ProveError {
    /// Whether the user's input is at fault and not the harness.
    #[must_use]
    pub const fn is_usage(&self) -> bool {
        match self {
            Self::Unreadable { .. }
            | Self::Mistakes { .. }
            | Self::Scenario { .. }
            | Self::Nothing(_)
            | Self::UnderWay(_) => true,
            Self::Output { .. } | Self::Start(_) | Self::Reports(_) => false,
        }
    }
}

fn told(mistakes: &[Mistake]) -> String {
    mistakes.iter().map(|mistake| format!("\n{mistake}")).collect::<Vec<_>>().concat()
}

/// How a proof ended.
#[derive(Clone, Debug)]
pub struct Proof {
    /// What it shows.
    pub record: ProofRecord,
    /// Whether it was interrupted; the same command goes on.
    pub interrupted: bool,
    /// Where its page is.
    pub page: PathBuf,
}

/// Makes the runs that are missing, and writes the reports of all of them.
pub fn prove(options: &Options, defects: &[SeededDefect]) -> Result<Proof, ProveError> {
    let lines = manifest::read(options, defects)?;
    let program_hash = results::hash_of_file(&options.program)?;
    let matrix = matrix::Matrix::plan(options, &lines, &program_hash)?;
    std::fs::create_dir_all(&options.out).map_err(|source| ProveError::Output { path: options.out.clone(), source })?;
    // Held until the reports are written, which are one proof's too.
    let mut results = results::Results::open(&options.out)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(ProveError::Start)?;
    let worked = runtime.block_on(work::work(options, &matrix, &mut results))?;
    let record = assemble(heading(options, lines, &matrix, program_hash), worked.trials);
    let page = write_reports(&record, &options.out)?;
    Ok(Proof { record, interrupted: worked.interrupted, page })
}

fn heading(options: &Options, lines: Vec<manifest::Line>, matrix: &matrix::Matrix, program_hash: String) -> Heading {
    let defects = if options.extent == Extent::Honest { Vec::new() } else { lines };
    Heading {
        doorbuster_version: env!("CARGO_PKG_VERSION").into(),
        program_hash,
        written_at: jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        command: options.command.clone(),
        machine: crate::run::machine(),
        seeds: options.seeds,
        honest_seeds: options.honest_seeds,
        defects: defects.into_iter().map(|line| (line.defect, line.scenario, line.catcher)).collect(),
        honest: matrix.honest.clone(),
    }
}

/// Writes the record as a page, as Markdown and for machines; gives the path of the page.
fn write_reports(record: &ProofRecord, directory: &Path) -> Result<PathBuf, ProveError> {
    let files = [
        ("prove.json", reports::proof::json(record)),
        ("prove.md", reports::proof::markdown(record)),
        ("prove.html", reports::proof::html(record)),
    ];
    for (name, text) in files {
        let path = directory.join(name);
        std::fs::write(&path, text).map_err(|source| ProveError::Output { path, source })?;
    }
    Ok(directory.join("prove.html"))
}
