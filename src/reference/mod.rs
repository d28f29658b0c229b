//! The reference pages: what may stand in a scenario, every fault that has a name, every law. Made from the code, so that they
//! say what is true; `docs/reference/` holds what this prints.

mod faults;
mod format;
mod laws;

/// A page of the reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Page {
    /// The scenario format.
    Format,
    /// Faults by name, effects, toxics.
    Faults,
    /// The built-in laws.
    Laws,
}

impl Page {
    /// All pages.
    pub const ALL: [Self; 3] = [Self::Format, Self::Faults, Self::Laws];

    /// Its file in `docs/reference/`.
    #[must_use]
    pub const fn file(self) -> &'static str {
        match self {
            Self::Format => "scenario.md",
            Self::Faults => "faults.md",
            Self::Laws => "laws.md",
        }
    }

    /// Its text, as Markdown.
    #[must_use]
    pub fn text(self) -> String {
        match self {
            Self::Format => format::page(),
            Self::Faults => faults::page(),
            Self::Laws => laws::page(),
        }
    }
}

/// A text as a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}
