//! `doorbuster completions`: so that a shell completes the others.

use clap::{Args, CommandFactory};
use clap_complete::Shell;
use std::process::ExitCode;

/// Print completions for a shell to standard output
#[derive(Args)]
pub struct Completions {
    /// The shell
    shell: Shell,
}

impl Completions {
    pub fn execute(self) -> ExitCode {
        clap_complete::generate(self.shell, &mut super::Cli::command(), "doorbuster", &mut std::io::stdout());
        ExitCode::SUCCESS
    }
}
