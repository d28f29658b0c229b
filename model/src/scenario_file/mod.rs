//! From text to a [`Scenario`]: the format of scenario and journey files, and everything that can be wrong with them.
//!
//! All mistakes are told at once, each with file, line and column. Nothing here opens a file: [`Files`] does.

mod actions;
mod buy;
mod check;
mod csv;
mod desk;
mod effects;
mod expect;
mod expressions;
mod faults;
mod form;
mod harm;
mod journey;
mod kinds;
mod mistake;
mod mix;
mod node;
mod objectives;
mod proofs;
mod providers;
mod request;
mod scalars;
mod schema;
mod shop;
mod targets;
mod top;
mod traffic;
mod variables;

pub use mistake::{Mistake, Mistakes, Spot};
pub use proofs::{ProofLine, proofs};
pub use schema::{journey_schema, schema};

use crate::scenario::Scenario;
use crate::seed::Seed;
use desk::{At, Desk};
use form::{Kind, object};

/// Where the texts of a scenario come from.
pub trait Files {
    /// The text of a file, its path relative to the directory of the scenario file; else why it cannot be read, as a
    /// fragment: `no such file`.
    fn read(&self, relative_path: &str) -> Result<String, String>;
}

/// What the command line sets instead of the file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Overrides {
    /// Another seed.
    pub seed: Option<Seed>,
}

/// Reads a scenario and all files that it names. `name` is how the user calls the file, `text` what it holds.
pub fn load(name: &str, text: &str, files: &dyn Files, overrides: Overrides) -> Result<Scenario, Mistakes> {
    let desk = Desk::new(files);
    let scenario = read(&desk, text, overrides);
    let (sources, mistakes) = desk.close();
    match scenario {
        Some(scenario) if mistakes.is_empty() => Ok(Scenario { sources, ..scenario }),
        _ => Err(Mistakes { scenario: name.into(), mistakes }),
    }
}

fn read(desk: &Desk<'_>, text: &str, overrides: Overrides) -> Option<Scenario> {
    let tree = desk.tree("", text)?;
    desk.keep("", schema::meaning(&tree, &["seed"]));
    let draft = object("Scenario", top::scenario).read(&At::root(desk, "", &tree))?;
    check::assemble(desk, &At::root(desk, "", &tree), draft, overrides)
}
