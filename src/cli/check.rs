//! `doorbuster check`: the same books give the same verdict, wherever they are read.

use clap::Args;
use std::path::PathBuf;
use std::process::ExitCode;

/// Repeat the judgement of a run from its books
///
/// Finishes the books of a run that was interrupted: a planned arrival without a row is unknown.
#[derive(Args)]
pub struct Check {
    /// The run file, or the directory of its run
    #[arg(value_name = "RUN.db", value_parser = super::run_file)]
    run: PathBuf,
    /// Print the whole record as JSON instead of the verdict
    #[arg(long)]
    json: bool,
}

impl Check {
    pub fn execute(self) -> ExitCode {
        match doorbuster::judgement::check(&self.run) {
            Err(error) => super::failed(super::HARNESS, &error),
            Ok(record) => {
                let text = if self.json {
                    reports::summary::json(&record)
                } else {
                    reports::terminal::verdict(&record, doorbuster::live::width(), doorbuster::live::colours())
                };
                super::print(&text);
                ExitCode::from(record.verdict.exit_code())
            }
        }
    }
}
