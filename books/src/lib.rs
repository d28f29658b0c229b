//! The run file: schema, writer, views, the runner of laws.
//!
//! Three books are kept independently in one `SQLite` file: the shopper's history, the providers' statements, the shop's
//! orders. They come in through the [`writer`], are laid side by side by the join, and are judged by laws, each a SQL
//! query over the public views.

mod amount;
mod error;
pub mod file;
mod histogram;
pub mod history;
mod insert;
pub mod intake;
mod join;
mod joined;
pub mod laws;
pub mod opening;
pub mod orders;
pub mod read;
pub mod rows;
mod schema;
pub mod settlement;
pub mod timeline;
pub mod writer;

pub use error::Error;
pub use joined::Joined;
