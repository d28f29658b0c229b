//! The providers as a shop and a harness meet them: over HTTP, with their store on disk.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

mod adyen;
mod adyen_changes;
mod adyen_keys;
mod adyen_properties;
mod adyen_time;
mod avatax;
mod avatax_life;
mod bends;
mod captures;
mod desk;
mod easypost;
mod effects;
mod endpoint;
mod hosted;
mod idempotency;
mod leases;
mod manners;
mod proofs;
mod properties;
mod restart;
mod riskified;
mod statement;
mod stripe;
mod threeds;
mod warehouse;
mod webhooks;
mod world;
