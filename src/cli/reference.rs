//! `doorbuster reference`: the scenario format, faults and laws, as Markdown.

use clap::{Args, ValueEnum};
use doorbuster::reference::Page;
use std::process::ExitCode;

/// Print a page of the reference: the scenario format, faults by name, laws
#[derive(Args)]
pub struct Reference {
    /// Which page
    page: Which,
}

#[derive(Clone, Copy, ValueEnum)]
enum Which {
    /// Every key of a scenario
    Scenario,
    /// Every fault that has a name
    Faults,
    /// Every law that comes with the program
    Laws,
}

impl Reference {
    pub fn execute(&self) -> ExitCode {
        let page = match self.page {
            Which::Scenario => Page::Format,
            Which::Faults => Page::Faults,
            Which::Laws => Page::Laws,
        };
        super::print(page.text().trim_end())
    }
}
