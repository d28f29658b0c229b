//! The open-model load engine: drives the arrivals of a plan through journeys, each at its intended instant.
//!
//! It knows nothing of faults, laws or verdicts: it sends, reads, and writes down. Worker k of n drives the arrivals
//! whose number leaves k when divided by n, on a thread, a runtime, sockets and books of its own; nothing in the path of a
//! request is shared or locked.

mod address;
mod clock;
mod course;
mod crowd;
mod dispatch;
mod ledger;
mod limits;
mod live;
mod net;
mod once;
mod script;
mod shopper;
mod station;
mod timings;
mod worker;

pub use address::BadAddress;
pub use course::{Course, Driven, Error, Stop, WorkerLoad, drive};
pub use crowd::{Doorway, Visited, enter};
pub use limits::raise_open_files;
pub use live::{Counts, Live, RecentCheckouts};
pub use net::{TrustError, trust};
pub use once::{Once, Walked, run_once};
pub use script::ScriptError;
