//! `doorbuster scenario`: is the file right, and what may stand in it.

use clap::{Args, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Subcommand)]
pub enum Scenario {
    /// Check scenario files; all mistakes of a file are reported at once
    Check(Check),
    /// Print the JSON Schema, for editors
    Schema(Schema),
}

/// Check scenario files; all mistakes of a file are reported at once
///
/// Also names each objective that the plan is too small to decide.
#[derive(Args)]
pub struct Check {
    /// The scenarios
    #[arg(required = true)]
    files: Vec<PathBuf>,
}

/// Print the JSON Schema, for editors
#[derive(Args)]
pub struct Schema {
    /// Of journey files instead of scenario files
    #[arg(long)]
    journey: bool,
}

impl Scenario {
    pub fn execute(self) -> ExitCode {
        match self {
            Self::Check(check) => check.execute(),
            Self::Schema(schema) => super::print(&if schema.journey {
                model::scenario_file::journey_schema()
            } else {
                model::scenario_file::schema()
            }),
        }
    }
}

impl Check {
    fn execute(self) -> ExitCode {
        let mut code = ExitCode::SUCCESS;
        for file in self.files {
            match doorbuster::run::check_scenario(&file) {
                Ok(text) => drop(super::print(&text)),
                Err(error) => code = super::failed(super::USAGE, &error),
            }
        }
        code
    }
}
