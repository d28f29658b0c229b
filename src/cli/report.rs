//! `doorbuster report`: the reports again, from the books.

use clap::Args;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Write the reports of a run again
#[derive(Args)]
pub struct Report {
    /// The run file, or the directory of its run
    #[arg(value_name = "RUN.db", value_parser = super::run_file)]
    run: PathBuf,
    /// Where the reports go [default: beside the run file]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

impl Report {
    pub fn execute(self) -> ExitCode {
        let beside = self.run.parent().unwrap_or(Path::new(".")).to_owned();
        let directory = self.out.unwrap_or(beside);
        let written = doorbuster::judgement::check(&self.run)
            .and_then(|record| doorbuster::judgement::write_reports(&record, &directory));
        match written {
            Err(error) => super::failed(super::HARNESS, &error),
            Ok(paths) => {
                let names: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
                super::print(&names.join("\n"))
            }
        }
    }
}
