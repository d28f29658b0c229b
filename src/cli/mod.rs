//! The command line: what can be said, and who does it.

mod check;
mod completions;
mod crowd;
mod heal;
mod law;
mod prove;
mod reference;
mod report;
mod run;
mod scenario;
mod serve;
mod shop;

use clap::{Parser, Subcommand};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Exit code of a usage error: a scenario or flag that cannot be used.
pub const USAGE: u8 = 2;
/// Exit code of an error of the harness itself.
pub const HARNESS: u8 = 4;

/// Proves that a shop survives its biggest day.
///
/// Replays peak checkout traffic against a shop, breaks the providers that it depends on, and judges from three independent
/// books – the shopper's history, the providers' statements, the shop's orders – whether customers got their orders in
/// time and nobody was charged twice.
#[derive(Parser)]
#[command(
    name = "doorbuster",
    version,
    propagate_version = true,
    after_long_help = "Exit codes:\n  0  Pass\n  1  Fail: a law is broken or an objective is missed\n  2  usage: a flag or a scenario cannot be used\n  3  Inconclusive: the run proves neither\n  4  the harness itself failed\n\nFirst run:\n  doorbuster run scenarios/black-friday.yaml"
)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run a scenario: traffic, faults, books, verdict, report
    Run(run::Run),
    /// Repeat the judgement of a run from its books
    Check(check::Check),
    /// Write the reports of a run again
    Report(report::Report),
    /// Undo the faults that a run left behind
    Heal(heal::Heal),
    /// Prove that every seeded defect is caught and the honest shop never accused
    Prove(prove::Prove),
    /// Check scenario files, print their JSON Schema
    #[command(subcommand)]
    Scenario(scenario::Scenario),
    /// Laws: list them, read one, try one of your own on its histories
    #[command(subcommand)]
    Law(law::Laws),
    /// Print the reference: the scenario format, faults, laws
    Reference(reference::Reference),
    /// Serve the reference shop
    Shop(serve::Serve),
    /// Serve the provider simulators: payment, tax, fraud, shipping, warehouse
    Providers(serve::Serve),
    /// Serve the fault proxy (Toxiproxy's interface)
    Proxy(serve::Serve),
    /// Keep the population of a closed model; started by a run
    #[command(hide = true)]
    Crowd(crowd::Crowd),
    /// Print shell completions
    Completions(completions::Completions),
}

impl Cli {
    /// Does what was asked for.
    pub fn dispatch(self) -> ExitCode {
        match self.command {
            Command::Run(command) => command.execute(),
            Command::Check(command) => command.execute(),
            Command::Report(command) => command.execute(),
            Command::Heal(command) => command.execute(),
            Command::Prove(command) => command.execute(),
            Command::Scenario(command) => command.execute(),
            Command::Law(command) => command.execute(),
            Command::Reference(command) => command.execute(),
            Command::Shop(command) => command.execute(serve::Role::Shop),
            Command::Providers(command) => command.execute(serve::Role::Providers),
            Command::Proxy(command) => command.execute(serve::Role::Proxy),
            Command::Crowd(command) => command.execute(),
            Command::Completions(command) => command.execute(),
        }
    }
}

/// The run file that a person names: the file itself, or the directory of its run.
pub fn run_file(named: &str) -> Result<PathBuf, String> {
    let named = Path::new(named);
    let file = if named.is_dir() { named.join("run.db") } else { named.to_owned() };
    match std::fs::metadata(&file) {
        Ok(_) => Ok(file),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && file != named => {
            Err("there is no `run.db` in this directory".into())
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err("no such file".into()),
        Err(error) => Err(error.to_string()),
    }
}

/// Prints `failed to …` and what caused it, and gives the code to exit with.
pub fn failed(code: u8, error: &dyn std::error::Error) -> ExitCode {
    let text = error.to_string();
    let text = text.strip_prefix("failed to ").unwrap_or(&text);
    // What stands below the first line – hints, mistakes – stays below the cause.
    let (first, below) = text.split_once('\n').map_or((text, ""), |(first, _)| (first, &text[first.len()..]));
    let mut told = first.to_owned();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let text = inner.to_string();
        // Many errors repeat their cause in their own words.
        if !told.contains(&text) {
            told = format!("{told}: {text}");
        }
        cause = inner.source();
    }
    eprintln!("failed to {told}{below}");
    ExitCode::from(code)
}

/// Prints to standard output; a reader that has left is no error.
fn print(text: &str) -> ExitCode {
    use std::io::Write;
    drop(writeln!(std::io::stdout(), "{text}"));
    ExitCode::SUCCESS
}
