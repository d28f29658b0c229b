//! `doorbuster prove`: every seeded defect is caught, and the honest shop is never accused.

use clap::Args;
use doorbuster::prove::{Extent, Options, ProveError};
use model::proof::SeededDefect;
use stack::Defect;
use std::io::IsTerminal;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::process::ExitCode;

/// Columns where there is no terminal, as in a pipeline's log: the whole table.
const LINE_WIDTH: usize = 140;

/// Seeds that can be asked for.
const SEEDS: RangeInclusive<u64> = 1..=10_000;

/// Runs beside each other for each core.
const JOBS_PER_CORE: usize = 2;

/// Prove that every seeded defect is caught and the honest shop never accused
///
/// Runs the reference shop with each of its seeded defects under the scenario that exposes it, and without any under every
/// scenario, and prints who was caught by the law or objective that was named beforehand. Results are kept as they come: the
/// same command goes on where it was cut off. Exit codes: 0 all caught and none accused, 1 a defect escaped or an honest run
/// was accused, 3 some runs prove neither.
#[derive(Args)]
pub struct Prove {
    /// This defect, and the honest shop under its scenario; can be repeated
    #[arg(long = "defect", value_name = "SLUG", value_parser = super::shop::defects(), hide_possible_values = true, conflicts_with_all = ["quick", "honest"])]
    defects: Vec<String>,
    /// Each defect with seeds 1 to N, and so the honest shop under each scenario unless `--honest-seeds` says otherwise
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(SEEDS))]
    seeds: u64,
    /// The honest shop under each scenario with seeds 1 to N [default: as `--seeds`]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(SEEDS))]
    honest_seeds: Option<u64>,
    /// Every defect, and the honest shop under the scenarios of proofs only
    #[arg(long, conflicts_with = "honest")]
    quick: bool,
    /// The honest shop only, under every scenario
    #[arg(long)]
    honest: bool,
    /// Runs beside each other, at most; each has room for 45 arrivals/s [default: two for each core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    jobs: Option<u16>,
    /// The directory of scenarios
    #[arg(long, value_name = "DIR", default_value = "scenarios")]
    scenarios: PathBuf,
    /// Where results and reports go
    #[arg(long, value_name = "DIR", default_value = "runs/prove")]
    out: PathBuf,
    /// Keep the directories of all runs, also of those that showed what was hoped for
    #[arg(long)]
    keep: bool,
}

impl Prove {
    pub fn execute(self) -> ExitCode {
        let program = match std::env::current_exe() {
            Ok(program) => program,
            Err(error) => return super::failed(super::HARNESS, &error),
        };
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let options = Options {
            scenarios: self.scenarios,
            out: self.out,
            extent: match (self.quick, self.honest, self.defects) {
                (true, _, _) => Extent::Quick,
                (_, true, _) => Extent::Honest,
                (_, _, defects) if !defects.is_empty() => Extent::Defects(defects),
                _ => Extent::All,
            },
            seeds: self.seeds,
            honest_seeds: self.honest_seeds.unwrap_or(self.seeds),
            jobs: self.jobs.map_or(cores * JOBS_PER_CORE, usize::from),
            keep: self.keep,
            program,
            command: doorbuster::run::command_line(&std::env::args().collect::<Vec<_>>()),
        };
        match doorbuster::prove::prove(&options, &seeded()) {
            Err(error) => fail(&error),
            Ok(proof) => {
                let width = if std::io::stdout().is_terminal() { doorbuster::live::width() } else { LINE_WIDTH };
                let table = reports::proof::terminal(&proof.record, width, doorbuster::live::colours());
                let mut text = format!("\n{table}");
                text += &format!("\nproof: {}", proof.page.display());
                if proof.interrupted {
                    text += "\ninterrupted: the same command goes on from here";
                }
                super::print(&text);
                ExitCode::from(proof.record.verdict.exit_code())
            }
        }
    }
}

/// The shop's own list.
fn seeded() -> Vec<SeededDefect> {
    let told = |defect: Defect| SeededDefect {
        slug: defect.slug().into(),
        summary: defect.summary().into(),
        origin: defect.origin().into(),
    };
    Defect::ALL.into_iter().map(told).collect()
}

fn fail(error: &ProveError) -> ExitCode {
    super::failed(if error.is_usage() { super::USAGE } else { super::HARNESS }, error)
}
