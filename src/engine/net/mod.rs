//! The client's side of HTTP: connections that know when they wrote, kept and used again, secured where the address says so.

mod connection;
mod pool;
mod shared;
mod shelves;
mod tls;
mod wire;

pub use connection::{Connection, Failure, Stopwatch, Whole};
pub use pool::{AuthorityId, OpenError, Pool, split};
pub use shared::{Lease, Shared};
pub use shelves::{Shelves, Slot, Speaks, Taken};
pub use tls::{TrustError, connector, trust};
pub use wire::{Stream, Wire, WriteMark};
