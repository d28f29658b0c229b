//! `doorbuster run`: the main job.

use clap::Args;
use doorbuster::live::View;
use doorbuster::run::{Lifeline, Options, RunError};
use std::path::PathBuf;
use std::process::ExitCode;

/// Run a scenario: traffic, faults, books, verdict, report
///
/// Starts the reference shop, the provider simulators and the fault proxies as children on loopback unless the scenario
/// names others. Ctrl-C ends the load, undoes the faults and judges what there is; twice ends at once.
#[derive(Args)]
pub struct Run {
    /// The scenario
    scenario: PathBuf,
    /// Another seed than the scenario's
    #[arg(long)]
    seed: Option<u64>,
    /// Where run file and reports go [default: runs/TIME-SCENARIO]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Run the reference shop with a seeded defect, to see that it is found
    #[arg(long, value_name = "SLUG", value_parser = super::shop::defects(), hide_possible_values = true)]
    defect: Option<String>,
    /// End the load once this law is broken beyond doubt, looking every second; the run goes on to its verdict
    #[arg(long = "until-broken", value_name = "LAW", value_delimiter = ',')]
    until_broken: Vec<String>,
    /// End the load in good order when standard input ends
    #[arg(long, hide = true)]
    lifeline: bool,
    /// Print the plan as JSON and end
    #[arg(long)]
    plan_only: bool,
    /// Send traffic to this host off loopback, which the scenario's `allow_targets` must name too
    #[arg(long = "allow-target", value_name = "HOST")]
    allow_targets: Vec<String>,
    /// Plain lines instead of the live view
    #[arg(long)]
    plain: bool,
    /// Threads of the load generator
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=64))]
    workers: u16,
}

impl Run {
    pub fn execute(self) -> ExitCode {
        let program = match std::env::current_exe() {
            Ok(program) => program,
            Err(error) => return super::failed(super::HARNESS, &error),
        };
        let command = std::env::args().collect::<Vec<_>>();
        let options = Options {
            scenario: self.scenario,
            seed: self.seed,
            out: self.out,
            defect: self.defect,
            allow_targets: self.allow_targets,
            workers: usize::from(self.workers),
            view: if self.plain { View::Lines } else { View::for_terminal() },
            until_broken: self.until_broken,
            lifeline: if self.lifeline { Lifeline::StandardInput } else { Lifeline::None },
            program,
            command: doorbuster::run::command_line(&command),
            admin_token: std::env::var("DOORBUSTER_ADMIN_TOKEN").ok(),
        };
        if self.plan_only {
            return match doorbuster::run::plan_only(&options) {
                Ok(plan) => super::print(&plan),
                Err(error) => fail(&error),
            };
        }
        match doorbuster::run::run(&options) {
            Ok(verdict) => ExitCode::from(verdict.exit_code()),
            Err(error) => fail(&error),
        }
    }
}

fn fail(error: &RunError) -> ExitCode {
    super::failed(if error.is_usage() { super::USAGE } else { super::HARNESS }, error)
}
