//! The providers: payment, tax, fraud, shipping, warehouse, as simulators that keep books of their own.
//!
//! Every request takes one path ([`serve`] → accept → rules → idempotency → state machine → store → answer); a provider is
//! its wire and its state machine, one folder each, and knows nothing of faults, keys or storage. An operation is written to
//! the store before its answer leaves, so a killed process has answered nothing that it does not remember.

mod accounts;
mod admin;
mod adyen;
mod books;
mod calendar;
mod config;
mod decimal;
mod decision;
mod due;
mod error;
mod fate;
mod fraud;
#[doc(hidden)]
pub mod fuzzing;
mod http;
mod idempotency;
mod identity;
mod ledger;
mod luhn;
mod metrics;
mod names;
mod payment;
mod pipeline;
mod retention;
mod rules;
mod serve;
mod settlement;
mod sheet;
mod shelf;
mod shipping;
mod statement;
mod store;
mod tax;
mod turn;
mod warehouse;
mod webhooks;
mod wire;

pub use config::{Config, DeskConfig, FraudConfig, TaxRate, TaxRateChange, WebhookConfig};
pub use error::Error;
pub use serve::{Addresses, Running, serve};
