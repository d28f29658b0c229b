//! `doorbuster`: proves that a shop survives its biggest day.

mod cli;

use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    cli::Cli::parse().dispatch()
}
