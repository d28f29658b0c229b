//! What can go wrong with a run file.

use std::path::PathBuf;

/// Completes "failed to …".
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file could not be made.
    #[error("create the run file `{}`: {source}", path.display())]
    Create {
        /// Where.
        path: PathBuf,
        /// What `SQLite` says.
        source: rusqlite::Error,
    },
    /// The file could not be opened.
    #[error("open the run file `{}`: {source}", path.display())]
    Open {
        /// Where.
        path: PathBuf,
        /// What `SQLite` says.
        source: rusqlite::Error,
    },
    /// The file is something else.
    #[error("open `{}`: it is not a run file", path.display())]
    NotARunFile {
        /// Where.
        path: PathBuf,
    },
    /// The file was written by another version.
    #[error("open the run file `{}`: its layout is version {found}, this program reads version {}", path.display(), crate::schema::VERSION)]
    OtherVersion {
        /// Where.
        path: PathBuf,
        /// Its version.
        found: i64,
    },
    /// The books are not joined and the file cannot be written to.
    #[error("join the books of `{}`: the file is read-only; copy it to a place that can be written to", path.display())]
    ReadOnly {
        /// Where.
        path: PathBuf,
    },
    /// The disk has no room for what the join adds to the file.
    #[error(
        "join the books of `{}`: its disk is full\n  hint: free some space and repeat it, nothing of the run is lost",
        path.display()
    )]
    Full {
        /// Where.
        path: PathBuf,
    },
    /// A part of the file could not be read.
    #[error("read {what} from the run file: {source}")]
    Read {
        /// Which part.
        what: &'static str,
        /// What `SQLite` says.
        source: rusqlite::Error,
    },
    /// A part of the file could not be written.
    #[error("write {what} to the run file: {source}")]
    Write {
        /// Which part.
        what: &'static str,
        /// What `SQLite` says.
        source: rusqlite::Error,
    },
    /// A stored histogram is damaged.
    #[error("read a histogram of step `{step}` from the run file: {reason}")]
    Histogram {
        /// Of which step.
        step: String,
        /// What is wrong.
        reason: String,
    },
    /// The thread that writes could not be started, or died.
    #[error("run the writer of the run file: {0}")]
    Thread(String),
    /// An earlier write failed; nothing more is written.
    #[error("{0}")]
    Halted(String),
}

/// Names the part that a `SQLite` error was about.
pub(crate) trait While<T> {
    /// For reads.
    fn reading(self, what: &'static str) -> Result<T, Error>;
    /// For writes.
    fn writing(self, what: &'static str) -> Result<T, Error>;
}

impl<T> While<T> for rusqlite::Result<T> {
    fn reading(self, what: &'static str) -> Result<T, Error> {
        self.map_err(|source| Error::Read { what, source })
    }

    fn writing(self, what: &'static str) -> Result<T, Error> {
        self.map_err(|source| Error::Write { what, source })
    }
}
