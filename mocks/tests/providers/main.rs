//! The providers as a shop and a harness meet them: over HTTP, with their store on disk.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

mod avatax;
mod desk;
mod effects;
mod endpoint;
mod idempotency;
mod leases;
mod properties;
mod restart;
mod statement;
mod stripe;
mod warehouse;
mod webhooks;
mod world;
