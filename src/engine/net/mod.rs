//! The client's side of HTTP/1.1: connections that know when they wrote, kept alive and used again.

mod connection;
mod pool;
mod wire;

pub use connection::{Connection, Failure, Stopwatch, Whole};
pub use pool::{AuthorityId, OpenError, Pool, split};
