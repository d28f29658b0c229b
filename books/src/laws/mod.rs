//! Laws: SQL queries over the public views, one row for each subject that they examine.
//!
//! A law file opens with comments that carry its sentence for people (`-- sentence: …`), the books that it needs
//! (`-- needs: orders, statement`), what counts as exposure (`-- exposure: …`), and, if so, why a violation stands even
//! where a book was not read to its end (`-- stands: …`), and, where not every movement is evidence, the kinds of statement
//! rows that a violation rests on (`-- evidence: refund`). Its query returns the columns `subject`, `finding`
//! (`held`, `violated`, `undecided`), `why`, `exposed` (0 or 1), and may add `intent` and `order_number`.

mod built_in;
mod finding;
mod header;
mod runner;
mod trial;

pub use built_in::built_in;
pub(crate) use built_in::is_built_in;
pub use finding::{Judgement, LawFinding, LawRow, Subject};
pub use header::{Law, LawError};
pub use runner::{examine, rows};
pub use trial::{Trial, try_on};

use std::path::Path;

/// A book that a law can need.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum NeededBook {
    /// The shopper's history.
    Shopper,
    /// The providers' statements.
    Statement,
    /// The shop's orders.
    Orders,
    /// The scan of the shop's files.
    Files,
    /// The payment providers' settlement reports.
    Settlement,
}

impl NeededBook {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Shopper, Self::Statement, Self::Orders, Self::Files, Self::Settlement];

    /// The word in a law's header; with `_book`, the column of `v1_run`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Shopper => "shopper",
            Self::Statement => "statement",
            Self::Orders => "orders",
            Self::Files => "files",
            Self::Settlement => "settlement",
        }
    }

    /// As sentences call it.
    #[must_use]
    pub const fn phrase(self) -> &'static str {
        match self {
            Self::Shopper => "the shopper's history",
            Self::Statement => "the providers' statement",
            Self::Orders => "the shop's orders book",
            Self::Files => "the scan of the shop's files",
            Self::Settlement => "the payment providers' settlement reports",
        }
    }
}

/// Reads the laws of a directory: every `NAME.sql`, by name.
pub fn in_directory(directory: &Path) -> Result<Vec<Law>, LawError> {
    let failed = |path: &Path, source| LawError::Unreadable { path: path.to_owned(), source };
    let entries = std::fs::read_dir(directory).map_err(|source| failed(directory, source))?;
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry.map_err(|source| failed(directory, source))?.path();
        if path.extension().is_some_and(|extension| extension == "sql") {
            paths.push(path);
        }
    }
    paths.sort();
    paths.iter().map(|path| read(path)).collect()
}

/// Reads one law; its name is that of the file.
pub fn read(path: &Path) -> Result<Law, LawError> {
    let unreadable = |source| LawError::Unreadable { path: path.to_owned(), source };
    let text = std::fs::read_to_string(path).map_err(unreadable)?;
    let name = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    Law::parse(&name, &text)
}
