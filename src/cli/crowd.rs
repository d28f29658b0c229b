//! `doorbuster crowd`: the child that keeps the population of a closed model.

use clap::Args;
use doorbuster::crowd::{Assignment, Error, serve};
use std::path::PathBuf;
use std::process::ExitCode;

/// Keep the population of a closed model, for a run that started this
#[derive(Args)]
pub struct Crowd {
    /// JSON file with the assignment
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
}

impl Crowd {
    pub fn execute(self) -> ExitCode {
        let text = match std::fs::read_to_string(&self.config) {
            Ok(text) => text,
            Err(error) => return super::failed(super::USAGE, &error),
        };
        let assignment: Assignment = match serde_json::from_str(&text) {
            Ok(assignment) => assignment,
            Err(error) => return super::failed(super::USAGE, &error),
        };
        match serve(assignment) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error @ (Error::OtherScenario | Error::Variables)) => super::failed(super::USAGE, &error),
            Err(error) => super::failed(super::HARNESS, &error),
        }
    }
}
