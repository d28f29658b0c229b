//! The reference shop: the defendant. A checkout as production would have it – stock with holds, idempotent calls,
//! payments with recovery points, an outbox, a reconciler – and seeded mistakes, off by default, for proving that a
//! judge finds them. It knows nothing of whoever judges it.

mod account;
mod answer;
mod capture;
mod cart;
mod catalogue;
mod checkout;
mod clock;
mod config;
mod defects;
mod dispute;
mod door;
mod flags;
mod fraud;
mod http;
mod instances;
mod log;
mod metrics;
mod money;
mod order;
mod outbox;
mod pay;
mod providers;
mod quote;
mod reconciler;
mod refund;
mod refusal;
mod reprice;
mod routing;
mod server;
mod session;
mod shipping;
mod shop;
mod store;
mod webhooks;
mod whole;
mod works;

pub use cart::Address;
pub use config::{
    BackupPayment, Breaker, Capture, Catalogue, Config, Fallback, FlatRate, Fraud, Fulfilment, OnTimeout, Payment,
    Product, Promotion, Shipping, SplitDispatch, Tax, TlsFiles, Voucher,
};
pub use defects::{Defect, UnknownDefect};
pub use door::BadTls;
pub use flags::{FlagValues, PaymentRoute};
pub use providers::BadAddress;
pub use server::{Error, Running, serve};
