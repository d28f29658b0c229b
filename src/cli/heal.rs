//! `doorbuster heal`: undoes what the run file says is still broken.

use clap::Args;
use std::path::PathBuf;
use std::process::ExitCode;

/// Undo the faults that a run left behind
///
/// Faults on servers of ours end by themselves within 10 s of the run's death. This is for controllers that are not ours,
/// such as a Toxiproxy that a team runs.
#[derive(Args)]
pub struct Heal {
    /// The run file, or the directory of its run
    #[arg(value_name = "RUN.db", value_parser = super::run_file)]
    run: PathBuf,
}

impl Heal {
    pub fn execute(self) -> ExitCode {
        let token = std::env::var("DOORBUSTER_ADMIN_TOKEN").ok();
        match doorbuster::faults::heal_run(&self.run, token.as_deref()) {
            Err(error) => super::failed(super::HARNESS, &error),
            Ok(lines) => super::print(&lines.join("\n")),
        }
    }
}
