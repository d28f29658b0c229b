//! A law beside its histories: what it says about each, and how that differs from what was expected.

use super::{Law, LawFinding, LawRow};
use crate::error::Error;
use crate::history::{Expect, History};
use crate::joined::Joined;

/// Rows that are told of a history.
const ROWS_MAX: usize = 20;

/// What a law said about one history.
#[derive(Clone, Debug)]
pub struct Trial {
    /// What happens in the history.
    pub title: String,
    /// What the law said.
    pub found: LawFinding,
    /// The first rows that it returned, at most 20.
    pub rows: Vec<LawRow>,
    /// How that differs from what was expected, a sentence each; empty where it does not.
    pub differences: Vec<String>,
}

/// Examines a law over the books of a history.
pub fn try_on(law: &Law, history: &History) -> Result<Trial, Error> {
    let joined = Joined::from_file(history.books.file()?)?;
    let found = joined.examine(law);
    let rows = super::rows(&joined.conn, law, ROWS_MAX);
    let differences = differences(history.expect, &found);
    Ok(Trial { title: history.title.clone(), found, rows, differences })
}

fn differences(expect: Expect, found: &LawFinding) -> Vec<String> {
    let mut differences = Vec::new();
    if expect.finding != found.finding() {
        differences.push(format!("expected {}, found {}", expect.finding.name(), found.finding().name()));
    }
    let counts = [
        ("examined", expect.examined, found.examined()),
        ("violated", expect.violated, found.violated()),
        ("undecided", expect.undecided, found.undecided()),
        ("exposed", expect.exposed, found.exposure),
    ];
    for (name, expected, counted) in counts {
        if let Some(expected) = expected.filter(|expected| *expected != counted) {
            differences.push(format!("expected {name}={expected}, found {name}={counted}"));
        }
    }
    differences
}
