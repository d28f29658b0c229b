//! Faults on links, processes and stores: a TCP proxy that breaks connections on demand, a client for any Toxiproxy, a
//! supervisor for child processes of ours, and somebody else who holds the lock of an SQLite file.
//!
//! The proxy speaks Toxiproxy's interface (<https://github.com/Shopify/toxiproxy#http-api>), so that existing clients
//! drive it. A change of faults meets open connections as well as new ones. Beside toxics, which know bytes, a link has
//! rules, which know HTTP.

mod api;
mod chain;
pub mod client;
mod connection;
mod counters;
mod direction;
mod door;
mod faults;
#[doc(hidden)]
pub mod fuzzing;
mod http;
mod lag;
mod lease;
pub mod process;
mod proxy;
mod queue;
mod refused;
mod registry;
mod rules;
mod server;
pub mod store;
mod timer;
mod toxics;
pub mod wire;

pub use server::{Config, Error, Running, runtime, serve};
