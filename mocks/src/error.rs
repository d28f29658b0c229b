//! What keeps the providers from serving.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Completes "failed to …".
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// An address could not be had.
    #[error("listen on {address} for the {interface} interface: {source}")]
    Listen {
        /// The address asked for.
        address: SocketAddr,
        /// Whose it is.
        interface: &'static str,
        /// Why.
        source: io::Error,
    },
    /// The store could not be opened or read.
    #[error("open the providers' store `{}`: {source}", path.display())]
    Store {
        /// The file.
        path: PathBuf,
        /// Why.
        source: rusqlite::Error,
    },
    /// The file beside the store that long bodies are kept in could not be opened.
    #[error("open the providers' bodies `{}`: {source}", path.display())]
    Bodies {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file beside the store that keeps other processes out could not be locked.
    #[error("lock the providers' store `{}`: {source}", path.display())]
    Lock {
        /// The store.
        path: PathBuf,
        /// Why; `WouldBlock` when another process has it.
        source: io::Error,
    },
    /// The store was written by another version.
    #[error("open the providers' store `{}`: it has format {found}, this program reads {expected}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// Format of the file.
        found: i64,
        /// Format that is understood.
        expected: i64,
    },
    /// What the store holds is not what was written.
    #[error("read {what} from the providers' store: {source}")]
    Content {
        /// What was read.
        what: &'static str,
        /// Why.
        source: serde_json::Error,
    },
    /// The configuration names a rate of tax that cannot be.
    #[error("read the changes of tax rates: {0}")]
    RateChange(String),
}
